"""Noise that is the same for every picture, or travels between the noises of several seeds at constant variance.

Between two noises x and y lies ``cos(a) x + sin(a) y``; between the corners of several axes, the sum of their noises
with the products of these weights, whose squares sum to 1. A mixture of independent normal noises is normal noise
again (after E. Bodin et al., "Linear combinations of latents in generative models", arXiv:2408.08558).
"""

from __future__ import annotations

import math
import sys
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tessonance.generators.diffusion.values import Stops

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tessonance.grid import Axis

__all__ = ["Noise", "Source", "drawn_by_sources"]


class Source(torch.Generator):  # type: ignore[misc]
    """A generator on the CPU, for one picture: with several seeds, each draw is the mixture of theirs.

    Before each step it begins anew, at a place of its own, so that the noise of a step does not depend on how many
    there were before it.
    """

    parts: list[tuple[float, int, torch.Generator]]

    @classmethod
    def of(cls, mixture: Sequence[tuple[float, int]]) -> Source:
        """Make one of weights and seeds."""
        source = cls("cpu")
        source.parts = [(weight, seed, torch.Generator("cpu")) for weight, seed in mixture]
        source.begin()
        return source

    def begin(self, step: int | None = None) -> None:
        """Go to the noise that a picture starts from, or to that of a step."""
        for _, seed, generator in self.parts:
            generator.manual_seed(seed if step is None else _mixed_seed(seed, 1 + step))
        first = self.parts[0][1]
        self.manual_seed(first if step is None else _mixed_seed(first, 1 + step))

    def draw(self, randn: Any, shape: Sequence[int], keywords: Mapping[str, Any]) -> torch.Tensor:
        """Draw once from every seed, and mix."""
        drawn = [weight * randn(shape, generator=generator, **keywords) for weight, _, generator in self.parts]
        return drawn[0] if len(drawn) == 1 else torch.stack(drawn).sum(dim=0)


class Noise:
    """Which noise a point has.

    Parameters
    ----------
    seed : int
        Of the project; for grids without a seed axis.
    seeds : mapping of str to sequence of int
        Those between which axes travel.
    axes : sequence of Axis
    """

    def __init__(self, seed: int, seeds: Mapping[str, Sequence[int]], axes: Sequence[Axis]) -> None:
        self._seed = seed
        self._travels = [
            (axis.name, tuple(seeds[axis.name]), Stops(len(seeds[axis.name]), closed=axis.closed))
            for axis in axes
            if axis.name in seeds
        ]

    def source(self, point: Mapping[str, float]) -> Source:
        """Return a generator that begins with a point's noise."""
        return Source.of(self.mixture(point))

    def mixture(self, point: Mapping[str, float]) -> list[tuple[float, int]]:
        """Return the weights and seeds of the noises that are mixed at a point; the squares sum to 1."""
        if not self._travels:
            return [(1.0, self._seed)]
        sides = []
        for name, seeds, stops in self._travels:
            low, high, share = stops.between(point[name])
            ends = ((math.cos(math.pi / 2 * share), low), (math.sin(math.pi / 2 * share), high))
            sides.append([(weight, seeds[stop]) for weight, stop in ends if abs(weight) > 1e-9])
        mixed = []
        for corner in product(*sides):
            weight = math.prod(weight for weight, _ in corner)
            mixed.append((weight, _mixed_seed(*(seed for _, seed in corner)) if len(corner) > 1 else corner[0][1]))
        return mixed


def _mixed_seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


@contextmanager
def drawn_by_sources() -> Iterator[None]:
    """Let everything of diffusers that draws noise draw it from `Source`, as long as this lasts."""
    from diffusers.utils import torch_utils

    randn = torch_utils.randn_tensor

    def draw(shape: Sequence[int], generator: Any = None, **keywords: Any) -> torch.Tensor:
        sources = generator if isinstance(generator, list) else [generator]
        if not all(isinstance(source, Source) for source in sources):
            return randn(shape, generator=generator, **keywords)
        if len(sources) == 1:
            return sources[0].draw(randn, shape, keywords)
        return torch.cat([source.draw(randn, (1, *shape[1:]), keywords) for source in sources])

    modules = [module for name, module in sys.modules.items() if name.startswith("diffusers.")]
    holders = [module for module in modules if vars(module).get("randn_tensor") is randn]
    for module in holders:
        vars(module)["randn_tensor"] = draw
    try:
        yield
    finally:
        for module in holders:
            vars(module)["randn_tensor"] = randn
