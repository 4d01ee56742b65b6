"""What a text encoder gave for several prompts, mixed: embeddings, pooled ones, masks, in whatever shape they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["mixed", "stacked"]


def mixed(encoded: Sequence[Any], weights: Sequence[float]) -> Any:
    """Return the weighted sum of encoded prompts.

    Parameters
    ----------
    encoded : sequence
        Tensors, or tuples and lists of such: what an encoder returns for one prompt, for each of them.
    weights : sequence of float
        They sum to 1.

    Returns
    -------
    object
        The same kind of thing. Numbers are mixed in float32; masks and positions, which are none, are united.
    """
    first = encoded[0]
    if isinstance(first, tuple | list):
        return type(first)(mixed(parts, weights) for parts in zip(*encoded, strict=True))
    if not isinstance(first, torch.Tensor) or len(encoded) == 1:
        return first
    if any(part.shape != first.shape for part in encoded):
        encoded = _padded(encoded)
    if not first.is_floating_point():
        return torch.stack(list(encoded)).amax(dim=0)
    total = torch.zeros(encoded[0].shape, dtype=torch.float32, device=first.device)
    for part, weight in zip(encoded, weights, strict=True):
        total += weight * part.float()
    return total.to(first.dtype)


def stacked(samples: Sequence[Any]) -> Any:
    """Return what an encoder would have returned for several prompts at once, of what it returned for each."""
    first = samples[0]
    if isinstance(first, tuple):
        return tuple(stacked(parts) for parts in zip(*samples, strict=True))
    if isinstance(first, list):
        return [item for sample in samples for item in sample]
    if not isinstance(first, torch.Tensor) or first.ndim == 0 or first.shape[0] != 1:
        return first  # such as positions, which are the same for all
    return torch.cat(_padded(samples) if any(part.shape != first.shape for part in samples) else list(samples))


def _padded(parts: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Fill up with zeros what is shorter: encoders that do not fill up prompts themselves."""
    shape = [max(sides) for sides in zip(*(part.shape for part in parts), strict=True)]
    padded = [part.new_zeros(shape) for part in parts]
    for whole, part in zip(padded, parts, strict=True):
        whole[tuple(slice(side) for side in part.shape)] = part
    return padded
