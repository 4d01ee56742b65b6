"""Axes and the grid they span: pure arithmetic on cells, points, neighbours, levels and knots."""

from __future__ import annotations

import math
import re
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from tessonance.errors import GridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Axis", "Cell", "Grid", "Knots", "Point"]

Cell = tuple[int, ...]
Point = dict[str, float]
Knots = tuple["NDArray[np.intp]", ...]

MAX_AXES = 16
MAX_STEPS = 1_000_000
MAX_RECORDED = 10_000  # values that stand in a small document
MAX_CELLS = 1_000_000_000
MOST_AT_ONCE = 1_000_000  # cells whose indices are held in memory together
RESERVED_NAMES = frozenset(
    {"frames", "bake", "y", "x", "rgb"}  # names of arrays, groups and dimensions inside the file
    | {"con", "prn", "aux", "nul"}  # an axis is a folder there, and Windows keeps these
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class Axis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter of the generator and the values it takes.

    Parameters
    ----------
    name : str
        A letter, then letters, digits and underscores.
    start, stop : float
        The range; ``from`` and ``to`` in the project file. `stop` may be below `start`.
    steps : int
        How many values, from 1 to 1,000,000. A closed axis leaves `stop` out, because it is `start` again.
    closed : bool
        Whether the ends meet, as those of an angle or a hue do.
    spacing : {"even", "perceptual"}
        How the values stand between `start` and `stop`: evenly, or as far apart as makes neighbouring pictures look
        equally different. The latter is for `tessonance.generate` to find out; until then they stand evenly.
    recorded : tuple of float, optional
        ``values`` in files: where the values of a perceptual axis stand, once that is decided. From `start` to `stop`
        in order, one for each step; a closed axis leaves `stop` out. At most 10,000.

    Raises
    ------
    GridError
        If the name, the range or the number of steps cannot be.
    """

    name: str
    start: float = msgspec.field(default=0.0, name="from")
    stop: float = msgspec.field(default=1.0, name="to")
    steps: int
    closed: bool = False
    spacing: Literal["even", "perceptual"] = "even"
    recorded: tuple[float, ...] | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="values")

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name.lower() in RESERVED_NAMES:
            raise GridError(
                "this cannot be the name of an axis",
                where=f"axis {self.name!r}",
                wanted="a letter, then letters, digits or _; bake, frames, x, y, rgb and Windows' devices are taken",
            )
        most = MAX_STEPS if self.spacing == "even" else MAX_RECORDED
        if not 1 <= self.steps <= most:
            raise GridError(
                "steps is out of range",
                where=f"axis {self.name!r}",
                wanted=f"a whole number from 1 to {most:,}",
                got=f"steps = {self.steps}",
                hint="17, 33 or 65 make good levels",
            )
        if not (math.isfinite(self.start) and math.isfinite(self.stop)) or (self.start == self.stop and self.steps > 1):
            raise GridError(
                "the range is no range",
                where=f"axis {self.name!r}",
                wanted="two different finite numbers, from and to",
                got=f"from = {self.start}, to = {self.stop}",
            )
        if self.recorded is not msgspec.UNSET and not self._is_in_order(self.recorded):
            raise GridError(
                "these are not its values",
                where=f"axis {self.name!r}",
                wanted=f"{self.steps} numbers in order from {self.start} to {self.stop}, of a perceptual axis",
                got=f"values = {list(self.recorded)!r:.80}",
                hint="leave values out: `tess generate` finds them",
            )

    def _is_in_order(self, values: tuple[float, ...]) -> bool:
        """Tell whether these can be the values of this axis."""
        if self.spacing != "perceptual" or len(values) != self.steps or values[0] != self.start:
            return False
        way = np.sign(self.stop - self.start) * np.diff([*values, self.stop])
        inner = way if self.closed or self.steps == 1 else way[:-1]
        last_fits = self.closed or self.steps == 1 or values[-1] == self.stop
        return bool(last_fits and np.isfinite(way).all() and (inner > 0).all()) or self.steps == 1

    @property
    def is_decided(self) -> bool:
        """Whether it is known where its values stand."""
        return self.spacing == "even" or self.recorded is not msgspec.UNSET

    @property
    def edges(self) -> int:
        """How many edges the axis has: one fewer than its steps, or as many where the ends meet."""
        if self.steps == 1:
            return 0
        return self.steps if self.closed else self.steps - 1

    @property
    def values(self) -> NDArray[np.float64]:
        """The parameter's values, shape ``(steps,)``."""
        if self.recorded is not msgspec.UNSET:
            return np.array(self.recorded)
        if self.steps == 1:
            return np.array([self.start])
        return self.start + (self.stop - self.start) * (np.arange(self.steps) / self.edges)

    def value(self, place: float) -> float:
        """Return the value at a place in steps, 0..edges, between those of the steps beside it."""
        ends = np.append(self.values, self.stop) if self.closed else self.values
        return float(np.interp(place, np.arange(len(ends)), ends))

    def place(self, value: float) -> float:
        """Return where a value is, in steps; beyond the ends, as if its steps went on evenly."""
        if self.steps == 1:
            return 0.0
        share = (value - self.start) / (self.stop - self.start)
        if self.spacing == "even" or not 0 <= share <= 1:
            return share * self.edges
        ends = np.append(self.values, self.stop) if self.closed else self.values
        return float(np.interp(share, (ends - self.start) / (self.stop - self.start), np.arange(len(ends))))

    @property
    def levels(self) -> int:
        """How many levels bisect the axis until every step is a knot; at least 1."""
        return 1 + math.ceil(math.log2(self.edges)) if self.edges > 1 else 1

    def knots(self, level: int) -> NDArray[np.intp]:
        """Return the indices that stand after `level` bisections, in ascending order.

        Level 0 holds both ends; on a closed axis, whose ends are one, it holds index 0.
        A level beyond the last is the last.

        Parameters
        ----------
        level : int
            From 0.

        Returns
        -------
        ndarray of intp
            Indices into `values`.
        """
        places = next(islice(self._bisections(), min(level, self.levels - 1), None))
        return places[:-1] if places[-1] == self.steps else places  # the end of a closed axis is its beginning

    @property
    def level_of_index(self) -> NDArray[np.uint8]:
        """The level at which each index becomes a knot, shape ``(steps,)``."""
        first = np.full(self.steps, self.levels - 1, np.uint8)
        for level, places in enumerate(self._bisections()):
            index = places % self.steps
            first[index] = np.minimum(first[index], level)
        return first

    def _bisections(self) -> Iterator[NDArray[np.intp]]:
        """Yield the knots of each level in ascending order; a closed axis has its end besides its beginning."""
        places = np.unique(np.array([0, self.edges], np.intp))
        for _ in range(self.levels):
            yield places
            halved = np.stack([places[:-1], (places[:-1] + places[1:]) // 2], axis=1).reshape(-1)
            halved = np.append(halved, places[-1])
            places = halved[np.insert(np.diff(halved) > 0, 0, True)]  # between neighbours there is no half


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
