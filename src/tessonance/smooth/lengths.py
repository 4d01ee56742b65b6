"""How far every edge of a grid is for the eye: at 1/16, at 1/4, and whole."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture
from tessonance.motion.slowness import SHARES, edge_shape, unmeasured
from tessonance.smooth.distance import calibrate, distance, glance
from tessonance.smooth.guess import fade
from tessonance.smooth.views import view

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.store import Tesseract

__all__ = ["distances_of", "edge_distances"]

MOST_EDGES = 5000  # that are measured where there is no bake: ten seconds of one core
PAIRS = 60  # that the quick distance is calibrated on; 200 give a sure correlation, this many a sure mean


def edge_distances(
    read: Callable[[Cell], NDArray[np.uint8]],
    grid: Grid,
    knots: Knots,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[NDArray[np.float32]]:
    """Measure every edge between the knots, as cross-fading shows it.

    Parameters
    ----------
    read : callable
        Cell → picture. MissingPicture and DamagedPicture are holes.
    grid : Grid
    knots : tuple of ndarray of int
    progress : callable

    Returns
    -------
    list of ndarray of float32
        One per axis, as `tessonance.motion.slowness.Slowness` takes them; NaN at holes.
    """
    counts = [len(along) for along in knots]
    small = _Small(read, knots)
    edges = [(k, edge) for k in range(len(counts)) for edge in np.ndindex(*edge_shape(grid, counts, k)[:-1])]
    found = [np.full(edge_shape(grid, counts, k), np.nan, np.float32) for k in range(len(counts))]
    for done, (k, edge) in enumerate(edges, 1):
        pair = small.pair(k, edge, counts[k])
        if pair is not None:
            here = glance(pair[0])
            found[k][edge] = [distance(here, glance(fade(*pair, share))) for share in SHARES]
        progress(done, len(edges))
    if not edges:
        return found
    picked = np.random.default_rng(0).permutation(len(edges))[:PAIRS]
    pairs = [small.pair(k, edge, counts[k]) for k, edge in (edges[i] for i in picked)]
    shown = [(a, fade(a, b, share)) for (a, b), share in product(filter(None, pairs), SHARES)]
    if not shown:
        return found
    flips = calibrate(shown)
    return [np.where(np.isnan(values), values, flips(np.nan_to_num(values))).astype(np.float32) for values in found]


def distances_of(tesseract: Tesseract) -> tuple[Knots, list[NDArray[np.float32]]]:
    """Return how far the edges of a tesseract are, as `tess bake` measured them; unless it is baked, measure some now.

    Returns
    -------
    knots : tuple of ndarray of int
        What the distances are of: of a tesseract that is not baked, at most so fine that it takes seconds.
    distances : list of ndarray of float32

    Raises
    ------
    TesseractError
        If no level of it is complete.
    """
    if (bake := tesseract.bake()) is not None:
        baked = [bake.distances(axis) for axis in range(len(bake.knots))]
        if not unmeasured(baked):  # else it was stopped before it came to an axis
            return bake.knots, baked
    knots = tesseract.knots()
    level = next((level for level in reversed(range(tesseract.grid.levels)) if _few(tesseract.grid.knots(level))), 0)
    if not _few(knots):
        knots = tesseract.grid.knots(level)
    return knots, edge_distances(tesseract.picture, tesseract.grid, knots)


def _few(knots: Knots) -> bool:
    return math.prod(map(len, knots)) * len(knots) <= MOST_EDGES


class _Small:
    """Pictures by their place among the knots, at the size that they are compared at."""

    def __init__(self, read: Callable[[Cell], NDArray[np.uint8]], knots: Knots) -> None:
        self._read, self._knots = read, knots
        self._kept: dict[Cell, NDArray[np.float32] | None] = {}

    def pair(self, axis: int, edge: Cell, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return both pictures of an edge; None where one is missing."""
        beyond = (*edge[:axis], (edge[axis] + 1) % count, *edge[axis + 1 :])
        first, second = self._picture(edge), self._picture(beyond)
        return None if first is None or second is None else (first, second)

    def _picture(self, place: Cell) -> NDArray[np.float32] | None:
        if place not in self._kept:
            cell = tuple(int(along[index]) for along, index in zip(self._knots, place, strict=True))
            try:
                self._kept[place] = view(self._read(cell))
            except (MissingPicture, DamagedPicture):
                self._kept[place] = None
        return self._kept[place]
