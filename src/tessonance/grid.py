"""The grid that axes span: pure arithmetic on cells, points, neighbours, levels and knots."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.axis import Axis
from tessonance.errors import GridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Axis", "Cell", "Grid", "Knots", "Point"]

Cell = tuple[int, ...]
Point = dict[str, float]
Knots = tuple["NDArray[np.intp]", ...]

MAX_AXES = 16
MAX_CELLS = 1_000_000_000
MOST_AT_ONCE = 1_000_000  # cells whose indices are held in memory together


class Grid:
    """The axes together: an N-dimensional grid of cells.

    Parameters
    ----------
    axes : sequence of Axis
        From 1 to 16 axes of different names; at most 1,000,000,000 cells.

    Raises
    ------
    GridError
        If there are no axes, too many, too many cells, or two of one name.
    """

    def __init__(self, axes: Sequence[Axis]) -> None:
        self.axes = tuple(axes)
        names = [axis.name.lower() for axis in self.axes]  # not every disk tells A from a
        if not 1 <= len(names) <= MAX_AXES:
            raise GridError("a grid has from 1 to 16 axes", got=f"{len(names)} axes")
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise GridError("two axes have the same name", where=f"axis {twice!r}", hint="rename one of them")
        if self.size > MAX_CELLS:
            raise GridError("the grid has too many cells", wanted=f"at most {MAX_CELLS:,}", got=f"{self.size:,}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.axes == other.axes

    def __hash__(self) -> int:
        return hash(self.axes)

    def __repr__(self) -> str:
        return "Grid(" + " × ".join(f"{axis.name}[{axis.steps}]" for axis in self.axes) + ")"

    @property
    def names(self) -> tuple[str, ...]:
        """The axes' names."""
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of steps of each axis."""
        return tuple(axis.steps for axis in self.axes)

    @property
    def size(self) -> int:
        """The number of cells."""
        return math.prod(self.shape)

    @property
    def levels(self) -> int:
        """How many levels there are until every cell belongs to one."""
        return max(axis.levels for axis in self.axes)

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """The number of edges along each axis, shape ``(N,)``: a coordinate of 1 in steps."""
        return np.array([axis.edges for axis in self.axes], np.float64)

    @cached_property
    def closed(self) -> NDArray[np.bool_]:
        """Which axes are closed, shape ``(N,)``."""
        return np.array([axis.closed for axis in self.axes])

    @cached_property
    def _values(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(axis.values for axis in self.axes)

    @cached_property
    def _first_levels(self) -> tuple[NDArray[np.uint8], ...]:
        return tuple(axis.level_of_index for axis in self.axes)

    def cell(self, flat: int) -> Cell:
        """Return the cell at a place in C order, the last axis fastest."""
        if not 0 <= flat < self.size:
            raise GridError("no such cell", wanted=f"0..{self.size - 1}", got=str(flat))
        return tuple(int(index) for index in np.unravel_index(flat, self.shape))

    def flat(self, cell: Sequence[int]) -> int:
        """Return the place of a cell in C order, the last axis fastest."""
        self.check(cell)
        place = 0
        for index, steps in zip(cell, self.shape, strict=True):
            place = place * steps + int(index)
        return place

    def check(self, cell: Sequence[int]) -> None:
        """Raise GridError unless `cell` is a cell of this grid."""
        if len(cell) != len(self.axes) or not all(0 <= i < n for i, n in zip(cell, self.shape, strict=True)):
            raise GridError("no such cell", where=repr(self), wanted=f"an index below {self.shape}", got=str(cell))

    def point(self, cell: Sequence[int]) -> Point:
        """Return the parameter values of a cell, what a generator is given."""
        self.check(cell)
        return {a.name: float(v[i]) for a, v, i in zip(self.axes, self._values, cell, strict=True)}

    def coordinate(self, cell: Sequence[int]) -> NDArray[np.float64]:
        """Return where a cell stands, 0..1 along each axis; 0 where an axis has one step."""
        self.check(cell)
        return np.asarray(cell, np.float64) / np.maximum(self.edges, 1.0)

    def nearest(self, coordinate: ArrayLike) -> Cell:
        """Return the cell nearest to a coordinate.

        Parameters
        ----------
        coordinate : array_like, shape (N,)
            0..1 along each axis; what lies outside is clamped, or wrapped on a closed axis.

        Returns
        -------
        Cell
            The index tuple of the nearest cell; halves go to the even index.
        """
        index = np.rint(self.place(coordinate)).astype(int)
        return tuple(int(i) % n for i, n in zip(index, self.shape, strict=True))

    def place(self, coordinate: ArrayLike) -> NDArray[np.float64]:
        """Return a coordinate in steps: clamped to 0..edges, or wrapped on closed axes; shape ``(N,)``."""
        u = np.asarray(coordinate, np.float64)
        if u.shape != (len(self.axes),) or not np.isfinite(u).all():
            raise GridError("no such coordinate", wanted=f"{len(self.axes)} finite numbers", got=str(coordinate))
        inside = np.where(self.closed, u % 1.0, np.clip(u, 0.0, 1.0))
        place: NDArray[np.float64] = inside * self.edges
        return place

    def neighbours(self, cell: Sequence[int]) -> Iterator[tuple[int, Cell]]:
        """Yield ``(axis number, neighbouring cell)`` for each cell one step away."""
        self.check(cell)
        for k, axis in enumerate(self.axes):
            beside = (cell[k] - 1, cell[k] + 1)
            for other in sorted({i % axis.steps for i in beside} if axis.closed else set(beside)):
                if 0 <= other < axis.steps and other != cell[k]:
                    yield k, (*cell[:k], other, *cell[k + 1 :])

    def knots(self, level: int | Sequence[int]) -> Knots:
        """Return the knots of every axis at a level, or at a level of its own for each axis."""
        levels = [level] * len(self.axes) if isinstance(level, int) else level
        return tuple(axis.knots(of_axis) for axis, of_axis in zip(self.axes, levels, strict=True))

    def level_cells(self, level: int) -> NDArray[np.int64]:
        """Return the flat indices of the cells that come new at a level, in C order.

        Parameters
        ----------
        level : int
            From 0 to ``levels - 1``.

        Returns
        -------
        ndarray of int64, shape (n,)
            Cells of this level that belong to no earlier one. All levels together are all cells, each once.
        """
        return np.concatenate(list(self.level_chunks(level, self.size)))

    def level_chunks(self, level: int, most: int) -> Iterator[NDArray[np.int64]]:
        """Yield `level_cells` in parts, so that a large grid takes little memory.

        Parameters
        ----------
        level : int
        most : int
            Cells looked at in one part, those of earlier levels counted in; at least 1.

        Yields
        ------
        ndarray of int64, shape (n,)
            In C order, also from part to part; some may be empty.
        """
        for block in self._blocks(self.knots(level), most):
            yield self._new_at(level, block)

    def knots_chunks(self, knots: Knots, most: int) -> Iterator[NDArray[np.int64]]:
        """Yield the flat indices of all cells on some knots, in C order, in parts of at most `most` cells."""
        for block in self._blocks(knots, most):
            flats = np.zeros((1,) * len(self.axes), np.int64)
            for k, index in enumerate(block):
                flats = flats * self.axes[k].steps + self._along(index, k)
            yield flats.reshape(-1)

    def _blocks(self, knots: Knots, most: int) -> Iterator[Knots]:
        """Cut the product of some knots into blocks of at most `most` cells, in C order; `most` is at least 1."""
        split = next(k for k in range(len(knots)) if math.prod(map(len, knots[k + 1 :])) <= max(1, most))
        per_part = max(1, most // math.prod(map(len, knots[split + 1 :])))
        for leading in product(*(along.tolist() for along in knots[:split])):
            for first in range(0, len(knots[split]), per_part):
                fixed = (np.array([index]) for index in leading)
                yield (*fixed, knots[split][first : first + per_part], *knots[split + 1 :])

    def _along(self, values: NDArray[Any], k: int) -> NDArray[Any]:
        """Lay values along axis `k` of an array with a dimension for each axis."""
        return values.reshape(tuple(-1 if j == k else 1 for j in range(len(self.axes))))

    def _new_at(self, level: int, indices: Knots) -> NDArray[np.int64]:
        """Return the cells of a block that come new at a level."""
        flats = np.zeros((1,) * len(self.axes), np.int64)
        first = np.zeros((1,) * len(self.axes), np.uint8)
        for k, (axis, index) in enumerate(zip(self.axes, indices, strict=True)):
            flats = flats * axis.steps + self._along(index, k)
            first = np.maximum(first, self._along(self._first_levels[k][index], k))
        new: NDArray[np.int64] = flats[first == level]
        return new

    def complete_level(self, is_painted: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> int | None:
        """Return the finest level all of whose cells are painted.

        Parameters
        ----------
        is_painted : callable
            Given flat indices, shape ``(n,)``, tells which of them are painted, shape ``(n,)``.

        Returns
        -------
        int or None
            None where not even level 0 is complete.
        """
        complete = None
        for level in range(self.levels):
            if not all(is_painted(flats).all() for flats in self.level_chunks(level, MOST_AT_ONCE)):
                break
            complete = level
        return complete

    def corners(self) -> Iterator[Cell]:
        """Yield the cells at the ends of every axis, the first cell first."""
        yield from product(*(sorted({0, axis.steps - 1}) for axis in self.axes))
