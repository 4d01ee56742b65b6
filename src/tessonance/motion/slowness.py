"""How slowly each edge is to be crossed so that no frame changes more than a limit allows. Pure."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GridError, ProjectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from tessonance.grid import Axis, Grid

__all__ = ["SHARES", "Slowness", "axis_lengths", "edge_shape", "unmeasured"]

SHARES = (1 / 16, 1 / 4, 1.0)  # of an edge, at which its distances are known
# What a frame may show of the limit, by how long it lasts. FLIP is concave: at 60 frames a second the same motion adds
# up to more than at 30, so the shorter frame is what holds, unless it may show a little more.
FRAMES = ((1 / 30, 1.0), (1 / 60, 1.1))
FAINT = 1e-6  # a distance below which an edge changes nothing
STEEPEST, FLATTEST = 1.0, 0.35  # exponents with which a distance may begin: straight, or as bent as was ever seen


class Slowness:
    """A limit of perceived difference per second, as the time that each edge of a grid takes at least.

    Parameters
    ----------
    grid : Grid
    knots : sequence of sequences of int
        The indices along each axis that the distances are of.
    distances : sequence of array_like
        One array per axis: its shape is the number of knots of each axis, but along its own axis the number of edges
        (see `edge_shape`), and 3 at last: the perceived difference (FLIP) from the edge's first knot to the frame at
        1/16, 1/4 and 1 of it. NaN where it is not known: there the mean of the axis holds, and an axis of which nothing
        is known is not limited.
    limit : float
        Perceived difference per second, above 0, as frames at 30 a second show it.

    Raises
    ------
    GridError
        If the distances do not fit the grid and its knots.
    ProjectError
        If the limit is not above 0.

    Notes
    -----
    Between the three distances, and below the first, a distance is taken for a power of the way; beyond an edge,
    edges add up. What differs along the other axes is interpolated between their knots.
    """

    def __init__(self, grid: Grid, knots: Sequence[ArrayLike], distances: Sequence[ArrayLike], *, limit: float) -> None:
        if not limit > 0:
            raise ProjectError("a speed limit is above 0", got=str(limit))
        along = [np.asarray(indices, np.intp) for indices in knots]
        self.limit = limit
        self.axes = tuple(_Along(axis, indices) for axis, indices in zip(grid.axes, along, strict=True))
        counts = [len(indices) for indices in along]
        self._seconds = [
            _seconds(_checked(given, edge_shape(grid, counts, k)), self.axes[k], k, limit)
            for k, given in enumerate(distances)
        ]
        if len(self._seconds) != len(counts):
            raise GridError("there are no distances of every axis", wanted=str(len(counts)), got=str(len(distances)))
        self._strides = [_strides(grid, counts, k) for k in range(len(counts))]

    def at(self, places: Sequence[tuple[int, int, float]]) -> list[float]:
        """Return how many seconds a whole axis would take at the speed that the limit allows here, axis by axis.

        Parameters
        ----------
        places : sequence of (int, int, float)
            For each axis the edge, the knot behind it, and the share of the way between them; see `Along.find`.
        """
        found = []
        for k, (seconds, strides) in enumerate(zip(self._seconds, self._strides, strict=True)):
            corners = [(places[k][0] * strides[k], 1.0)]
            for other, (before, after, share) in enumerate(places):
                if other == k:
                    continue
                stride = strides[other]
                if share <= 0.0 or before == after:
                    corners = [(flat + before * stride, weight) for flat, weight in corners]
                else:
                    rest = 1.0 - share
                    corners = [
                        corner
                        for flat, weight in corners
                        for corner in ((flat + before * stride, weight * rest), (flat + after * stride, weight * share))
                    ]
            found.append(sum([seconds[flat] * weight for flat, weight in corners]))
        return found


class _Along:
    """The knots of one axis as coordinates."""

    def __init__(self, axis: Axis, knots: NDArray[np.intp]) -> None:
        self.closed, self.count = axis.closed, len(knots)
        places = [float(index) / axis.edges if axis.edges else 0.0 for index in knots]
        if axis.closed and self.count > 1:
            places.append(places[0] + 1.0)
        self.knots = places
        self.edges = len(places) - 1
        self.lengths = np.diff(places)

    def find(self, place: float, forwards: bool) -> tuple[int, float, float]:
        """Return the edge that is ahead of a place, the share of it that lies behind, and the place among its knots."""
        if not self.edges:
            return 0, 0.0, place
        knots = self.knots
        if self.closed and (place < knots[0] or (place == knots[0] and not forwards)):
            place += 1.0
        edge = (bisect_right(knots, place) if forwards else bisect_left(knots, place)) - 1
        edge = min(max(edge, 0), self.edges - 1)
        start = knots[edge]
        return edge, min(max((place - start) / (knots[edge + 1] - start), 0.0), 1.0), place


def edge_shape(grid: Grid, counts: Sequence[int], axis: int) -> tuple[int, ...]:
    """Return the shape of the distances of an axis: knots of each axis, edges along its own, and three shares."""
    edges = counts[axis] if grid.axes[axis].closed and counts[axis] > 1 else counts[axis] - 1
    return (*counts[:axis], edges, *counts[axis + 1 :], len(SHARES))


def axis_lengths(distances: Sequence[ArrayLike]) -> list[float]:
    """Return the perceived length of each axis: the mean over its rows of the sum of their edges; NaN if unknown."""
    lengths = []
    for axis, given in enumerate(distances):
        whole = np.asarray(given, np.float64)[..., -1]
        known = whole[np.isfinite(whole)]
        lengths.append(float(known.mean()) * whole.shape[axis] if known.size else float("nan"))
    return lengths


def unmeasured(distances: Sequence[ArrayLike]) -> list[int]:
    """Return the axes that have edges, but none whose distance is known: no speed limit holds along them."""
    return [axis for axis, given in enumerate(distances) if np.size(given) and np.isnan(np.asarray(given)).all()]


def _checked(given: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = np.asarray(given, np.float64)
    if values.shape != shape:
        raise GridError("these are not the distances of this grid", wanted=f"shape {shape}", got=f"{values.shape}")
    if np.any(values < 0) or np.any(np.isinf(values)):
        raise GridError("a distance is not below 0, and finite")
    return values


def _seconds(distances: NDArray[np.float64], along: _Along, axis: int, limit: float) -> array[float]:
    """Return the seconds of a whole axis at the pace of each edge, flat."""
    if not distances.size:
        others = [count for k, count in enumerate(distances.shape[:-1]) if k != axis]
        return array("f", bytes(4 * math.prod(others)))
    known = np.asarray(np.isfinite(distances).all(axis=-1))
    mean = distances[known].mean(axis=0) if known.any() else np.zeros(len(SHARES))
    filled = np.maximum.accumulate(np.where(known[..., None], distances, mean), axis=-1)
    edge_seconds = np.zeros(filled.shape[:-1])
    for frame, share in FRAMES:
        edge_seconds = np.maximum(edge_seconds, frame / _way(filled, share * limit * frame))
    lengths = along.lengths.reshape([-1 if k == axis else 1 for k in range(edge_seconds.ndim)])
    return array("f", (edge_seconds / lengths).astype(np.float32).tobytes())


def _way(distances: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """Return how many edges change by no more than `most`: the inverse of the distance as a function of the way."""
    logs = np.log(np.maximum(distances, FAINT))
    near, middle, whole = logs[..., 0], logs[..., 1], logs[..., 2]
    wanted, step = np.log(most), np.log(4.0)
    first = np.clip((middle - near) / step, FLATTEST, STEEPEST)
    second = np.clip((whole - middle) / step, FLATTEST, STEEPEST)
    below = np.exp(np.log(SHARES[0]) + (wanted - near) / first)
    between = np.exp(np.log(SHARES[1]) + (wanted - middle) / np.where(wanted < middle, first, second))
    beyond = most / np.maximum(distances[..., 2], FAINT)
    return np.where(wanted < near, below, np.where(wanted < whole, np.minimum(between, 1.0), beyond))


def _strides(grid: Grid, counts: Sequence[int], axis: int) -> list[int]:
    shape = list(edge_shape(grid, counts, axis)[:-1])
    shape[axis] = max(1, shape[axis])
    strides = [1] * len(shape)
    for k in reversed(range(len(shape) - 1)):
        strides[k] = strides[k + 1] * shape[k + 1]
    return strides
