"""Canary cells: a few pictures that every worker paints, to see whether all paint alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from msgspec.structs import replace

from tessonance.store import codec_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.project import Picture

__all__ = ["Canaries", "Drift", "distance"]

MOST_EDGES = 6
SHARE = 0.1  # of the median edge: more than that is drift
SMALLEST_LIMIT = 0.5 / 255  # what rounding on another processor does is less
SMALLEST_SIDE = 8


class Drift(NamedTuple):
    """How far a worker's canaries are from those of the first, and how far they may be.

    Parameters
    ----------
    distance : float
        The largest of the canaries' distances.
    limit : float
        A tenth of the median edge, but never less than half a code value.
    """

    distance: float
    limit: float

    @property
    def is_too_far(self) -> bool:
        """Whether this worker paints other pictures."""
        return self.distance > self.limit


class Canaries:
    """A few fixed cells: the first worker paints them and some neighbours, every other worker paints them after him.

    Parameters
    ----------
    grid : Grid
    picture : Picture
        ``[picture]`` of the project.

    Attributes
    ----------
    cells : tuple of Cell
        The first corner, the last one and the centre; fewer where they coincide.
    neighbours : tuple of Cell
        Cells a step away from one of them; every axis is there as long as there are at most 6.
    codec : PictureCodec
        How these pictures travel: without loss, for JPEG makes of a last bit here and there more than it is.
    """

    def __init__(self, grid: Grid, picture: Picture) -> None:
        self.codec = codec_for(replace(picture, codec="lossless"))
        first, last = tuple(0 for _ in grid.shape), tuple(steps - 1 for steps in grid.shape)
        centre = tuple(steps // 2 for steps in grid.shape)
        self.cells: tuple[Cell, ...] = tuple(dict.fromkeys([first, last, centre]))
        edges = _edges(grid, self.cells)
        self.neighbours: tuple[Cell, ...] = tuple(beside for _, beside in edges)
        self._from = [start for start, _ in edges]
        self._first: list[bytes] = []
        self._limit = SMALLEST_LIMIT

    def learn(self, pictures: Sequence[bytes], neighbours: Sequence[bytes]) -> None:
        """Take one worker's pictures as those that the others are compared with.

        Parameters
        ----------
        pictures : sequence of bytes
            Of `cells`, encoded.
        neighbours : sequence of bytes
            Of `neighbours`, encoded.
        """
        self._first = list(pictures)
        edges = [self._between(pictures[start], beside) for start, beside in zip(self._from, neighbours, strict=True)]
        self._limit = max(SMALLEST_LIMIT, SHARE * float(np.median(edges))) if edges else SMALLEST_LIMIT

    def drift(self, pictures: Sequence[bytes]) -> Drift:
        """Compare a worker's pictures with those learnt.

        Parameters
        ----------
        pictures : sequence of bytes
            Of `cells`, encoded.

        Returns
        -------
        Drift

        Raises
        ------
        DamagedPicture
            If one is no picture of the project.
        """
        return Drift(max(map(self._between, self._first, pictures)), self._limit)

    def _between(self, one: bytes, other: bytes) -> float:
        return 0.0 if one == other else distance(self.codec.decode(one), self.codec.decode(other))


def _edges(grid: Grid, cells: Sequence[Cell]) -> list[tuple[int, Cell]]:
    """Choose edges, one along each axis in turn, and each from the next of the cells."""
    edges = []
    for turn in range(min(MOST_EDGES, max(len(cells), len(grid.axes)))):
        start = turn % len(cells)
        along = [beside for axis, beside in grid.neighbours(cells[start]) if axis == turn % len(grid.axes)]
        edges += [(start, beside) for beside in along[:1]]
    return edges


def distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return how different two pictures are: the root mean square difference, averaged over octaves.

    The pictures are halved, by means of 2 × 2 pixels, as long as their shorter side stays at 8 pixels or more. Every
    size counts alike: fine grain counts in a few of them, a change of form or colour in all.

    Parameters
    ----------
    one, other : ndarray of uint8, shape (height, width, 3)
        sRGB, compared as coded.

    Returns
    -------
    float
        0 for equal pictures; 1 for black and white.
    """
    difference = (one.astype(np.float32) - other.astype(np.float32)) / np.float32(255)
    octaves = [_root_mean_square(difference)]
    while min(difference.shape[:2]) >= 2 * SMALLEST_SIDE:
        difference = _halved(difference)
        octaves.append(_root_mean_square(difference))
    return float(np.mean(octaves))


def _root_mean_square(difference: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(difference), dtype=np.float64)))


def _halved(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    even = picture[:height, :width]
    mean: NDArray[np.float32] = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4)
    return mean
