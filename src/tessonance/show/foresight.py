"""Which pictures a show will need next, the most urgent first. Pure."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GridError
from tessonance.sampling.taps import taps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.sampling.taps import Along, Edge, Tap

__all__ = ["Foresight"]

# Seconds ahead at which the coordinate is guessed, the next frame first. Music soon changes its mind: guessing further
# than the cells of three frames was tried on songs and gave more late pictures, since the next ones had to wait.
HORIZON = (0.0167, 0.0083, 0.025, 0.033, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3)
FRAMES_GUESSED = 3
STANDING = 1e-4  # below this velocity, per second, there is nothing to guess
MOST_AROUND = 4096  # cells around a place that are put in order


class Foresight:
    """Tells which cells a coordinate needs, will need, and may need.

    Parameters
    ----------
    grid : Grid
    knots : sequence of sequences of int
        What is painted; see `taps`.
    method : {"nearest", "blend", "morph"}
    """

    def __init__(self, grid: Grid, knots: Sequence[Along], *, method: str = "blend") -> None:
        self._grid, self._method = grid, method
        self._knots = [[int(index) for index in along] for along in knots]
        self._around_of: tuple[int, ...] | None = None
        self._around: list[Cell] = []
        self._offsets = _offsets(len(grid.axes))

    def soon(
        self,
        coordinate: Sequence[float],
        velocity: Sequence[float] | None = None,
        known: Iterable[Sequence[float]] = (),
    ) -> list[Cell | Edge]:
        """Return the cells that are needed now, and those on the way, in the order in which they will be needed.

        Where pictures morph, the edges along which those of a place move come after its cells.

        Parameters
        ----------
        coordinate : sequence of float, length N
        velocity : sequence of float, length N, optional
            How the coordinate moves, per second; what is no number counts as standing still.
        known : iterable of sequences of float
            Coordinates that are known to come, the next one first; they come before what is guessed.

        Returns
        -------
        list of Cell or Edge
            Each once.
        """
        found: dict[Cell | Edge, None] = {}
        cells = 0
        for place in (coordinate, *known):
            cells += self._add(place, found)
        most = cells + (FRAMES_GUESSED - 1 << len(self._grid.axes))
        for place in self._guessed(coordinate, velocity):
            if cells > most:
                break
            cells += self._add(place, found)
        return list(found)

    def around(self, coordinate: Sequence[float]) -> list[Cell]:
        """Return the cells around a place, the nearest first: what is needed when the music turns round.

        Parameters
        ----------
        coordinate : sequence of float, length N

        Returns
        -------
        list of Cell
            Distances are counted in knots. The same list again as long as the knots at the place are the same.
        """
        base = tuple(_ordinal(u, k, self._grid, self._knots) for k, u in enumerate(coordinate))
        if base != self._around_of:
            self._around_of, self._around = base, self._cells_around(base)
        return self._around

    def coarse(self, most: int) -> list[Cell]:
        """Return a coarse grid of at most so many cells over the whole tesseract, so that something is near anywhere.

        Parameters
        ----------
        most : int

        Returns
        -------
        list of Cell
            Fewer knots of each axis, the ends among them; the middle cell alone where even the corners are too many.
        """
        for level in range(self._grid.levels - 1, -1, -1):
            along = [_thinned(knots, level) for knots in self._knots]
            if math.prod(map(len, along)) <= most:
                return list(product(*along))
        return [tuple(knots[len(knots) // 2] for knots in self._knots)][: max(0, most)]

    def _add(self, place: Sequence[float], found: dict[Cell | Edge, None]) -> int:
        """Add the cells of a place, the heaviest first, then its edges; return how many of the cells are new."""
        here = taps(place, self._grid, self._knots, method="nearest" if self._method == "nearest" else "blend")
        before = len(found)
        found.update((tap.cell, None) for tap in sorted(here, key=_lightness))
        cells = len(found) - before
        if cells and self._method == "morph":  # naming edges takes longer than all the rest
            here = taps(place, self._grid, self._knots, method="morph")
            found.update((shift.edge, None) for tap in here for shift in tap.shifts)
        return cells

    def _guessed(self, coordinate: Sequence[float], velocity: Sequence[float] | None) -> Iterator[list[float]]:
        speeds = [] if velocity is None else [v if math.isfinite(v) else 0.0 for v in map(float, velocity)]
        if not any(abs(v) > STANDING for v in speeds):
            return
        for seconds in HORIZON:
            yield [u + v * seconds for u, v in zip(coordinate, speeds, strict=True)]

    def _cells_around(self, base: tuple[int, ...]) -> list[Cell]:
        ordinals = self._offsets + np.array(base)
        inside = np.ones(len(ordinals), np.bool_)
        columns = []
        for k, (axis, knots) in enumerate(zip(self._grid.axes, self._knots, strict=True)):
            count = len(knots)
            if not axis.closed:
                inside &= (ordinals[:, k] >= 0) & (ordinals[:, k] < count)
            columns.append(np.array(knots)[ordinals[:, k] % count])
        cells = np.stack(columns, axis=1)[inside].tolist()
        return list(dict.fromkeys(map(tuple, cells)))


def _lightness(tap: Tap) -> float:
    return -tap.weight


def _ordinal(u: float, k: int, grid: Grid, knots: list[list[int]]) -> int:
    """Return the number of the knot at or before a place on an axis."""
    axis = grid.axes[k]
    if not math.isfinite(u):
        raise GridError("no such coordinate", wanted="finite numbers", got=str(u))
    place = (u % 1.0 if axis.closed else min(max(u, 0.0), 1.0)) * axis.edges
    return max(0, int(np.searchsorted(knots[k], place + 1e-7, "right")) - 1)


def _offsets(axes: int) -> NDArray[np.int64]:
    """Return steps to the knots around a place between 0 and 1 of each axis, the nearest to its middle first."""
    reach = int((MOST_AROUND ** (1 / axes) - 2) / 2)  # none for seven axes and more: their next knots are many enough
    along = np.arange(-reach, reach + 2)
    steps = np.stack(np.meshgrid(*[along] * axes, indexing="ij"), axis=-1).reshape(-1, axes)
    order = np.argsort(((steps - 0.5) ** 2).sum(axis=1), kind="stable")
    return steps[order[:MOST_AROUND]]


def _thinned(knots: list[int], level: int) -> list[int]:
    """Return 2**level + 1 of some knots, evenly, with both ends; fewer where there are not so many."""
    count = min(len(knots), 2**level + 1)
    places = np.linspace(0, len(knots) - 1, count).round().astype(int)
    return [knots[place] for place in dict.fromkeys(places.tolist())]
