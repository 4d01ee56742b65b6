"""Layers and how much each tells in a frame. Pure."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FAINT", "MOST_SHARES", "LayerMove", "Share", "telling"]

MOST_SHARES = 64  # six axes off a knot, in four passes
FAINT = 1 / 512  # of a frame: half a step of 255, which no eye and no 8-bit pixel holds


class LayerMove(NamedTuple):
    """How a field moves a picture.

    Parameters
    ----------
    layer : int
        That of the field.
    backward : bool
        Whether it is the field's direction for the second picture of its edge.
    by : int
        What a unit of it moves by; see `tessonance.sampling.fields.steps`.
    """

    layer: int
    backward: bool
    by: int


class Share(NamedTuple):
    """A picture in a frame.

    Parameters
    ----------
    layer : int
        That of the picture.
    weight : float
    moves : tuple of LayerMove
        What moves it; empty where it stays.
    """

    layer: int
    weight: float
    moves: tuple[LayerMove, ...] = ()


def telling(shares: Iterable[Share]) -> list[Share]:
    """Return the shares that tell in a frame, one per layer and way it is moved, the largest first; they sum to 1.

    Left out are the smallest, as long as all that is left out stays below a 512th of the frame: near a knot that
    saves half of the pictures of each axis, and where followers come to rest they are near one for long.
    """
    weights: dict[tuple[int, tuple[LayerMove, ...]], float] = {}
    for layer, weight, moves in shares:
        weights[layer, moves] = weights.get((layer, moves), 0.0) + weight
    told = [Share(layer, weight, moves) for (layer, moves), weight in weights.items()]
    told = sorted(told, key=attrgetter("weight"), reverse=True)[:MOST_SHARES]
    faint = 0.0
    while len(told) > 1 and faint + told[-1].weight < FAINT:
        faint += told.pop().weight
    total = sum(share.weight for share in told)
    return [share._replace(weight=share.weight / total) for share in told]
