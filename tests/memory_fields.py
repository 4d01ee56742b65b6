"""Fields in memory, for the tests of what moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tessonance.grid import Cell


class MemoryField(NamedTuple):
    """A field as a bake has it."""

    forward: np.ndarray
    backward: np.ndarray
    scale: float


class MemoryFields:
    """Fields of all edges between some knots, made when they are asked for, and a note of what was."""

    def __init__(self, knots: Sequence[Sequence[int]], make: Callable[[int, Cell], MemoryField | None]) -> None:
        self.knots = tuple(np.array(along) for along in knots)
        self._make = make
        self.asked: list[tuple[int, Cell]] = []

    def baked(self) -> int:
        """Return how many edges are baked: all there are."""
        return self.edges()

    def edges(self) -> int:
        """Return how many edges there are."""
        return 1

    def field(self, axis: int, edge: Cell) -> MemoryField | None:
        """Make a field."""
        self.asked.append((axis, edge))
        return self._make(axis, edge)


def wild(size: tuple[int, int], pixels: float) -> Callable[[int, Cell], MemoryField | None]:
    """Return what makes fields of noise, up to so many pixels; every fifth edge cross-fades."""

    def make(axis: int, edge: Cell) -> MemoryField | None:
        rng = np.random.default_rng((axis, *edge))
        if rng.random() < 0.2:
            return None
        shape = (-(-size[1] // 4), -(-size[0] // 4), 2)
        forward, backward = rng.integers(-127, 128, (2, *shape), np.int8)
        return MemoryField(forward, backward, float(rng.uniform(0.2, 1.0)) * pixels / 127)

    return make
