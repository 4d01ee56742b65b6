"""Which cells of a grid are measured: whole rows along each axis, all of them or a fair sample. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tessonance.grid import Cell, Grid, Knots

__all__ = ["Row", "knots_edges", "plan"]


@dataclass(frozen=True)
class Row:
    """Cells in a row along an axis.

    Parameters
    ----------
    axis : int
        The axis' number.
    places : tuple of int
        Where the cells are among the axis' knots, ascending.
    cells : tuple of Cell
    closed : bool
        Whether the last cell is followed by the first.
    """

    axis: int
    places: tuple[int, ...]
    cells: tuple[Cell, ...]
    closed: bool


def knots_edges(grid: Grid, knots: Knots, axis: int) -> int:
    """Return how many edges lie along one axis between its knots."""
    count = len(knots[axis])
    return count if grid.axes[axis].closed and count > 2 else count - 1


def plan(grid: Grid, knots: Knots, *, most: int, seed: int = 0) -> tuple[list[Row], bool]:
    """Choose the rows to measure.

    Parameters
    ----------
    grid : Grid
    knots : tuple of ndarray of int
        The indices along each axis.
    most : int
        How many pictures to look at, each counted in every row it is in; at least 2.
    seed : int
        Which sample, where there are more.

    Returns
    -------
    rows : list of Row
        Of each axis with an edge, rows that are spread over the grid at random; of a row that is longer than its axis'
        share of the pictures, a part.
    complete : bool
        Whether these are all the edges there are.
    """
    shape = [len(along) for along in knots]
    axes = [k for k, count in enumerate(shape) if count > 1]
    if math.prod(shape) * len(axes) <= most:
        return [row for k in axes for row in _all(grid, knots, k)], True
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for number, k in enumerate(axes):
        share = max(2, (most - sum(len(row.cells) for row in rows)) // (len(axes) - number))
        length = min(shape[k], share)
        others = math.prod(shape) // shape[k]
        for line in _some(random, others, max(1, share // length)):
            start = int(random.integers(shape[k] - length + 1))
            rows.append(_row(grid, knots, k, line, range(start, start + length)))
    return rows, False


def _all(grid: Grid, knots: Knots, axis: int) -> Iterator[Row]:
    shape = [len(along) for along in knots]
    for line in range(math.prod(shape) // shape[axis]):
        yield _row(grid, knots, axis, line, range(shape[axis]))


def _some(random: np.random.Generator, total: int, count: int) -> list[int]:
    """Draw different numbers below `total` without listing them all."""
    if count >= total:
        return list(range(total))
    if total <= 1_000_000:
        return sorted(random.choice(total, count, replace=False).tolist())
    found: set[int] = set()
    while len(found) < count:
        found.update(random.integers(total, size=count - len(found)).tolist())
    return sorted(found)


def _row(grid: Grid, knots: Knots, axis: int, line: int, places: Sequence[int]) -> Row:
    """Return a row by its number among those along the axis, the last of the other axes fastest."""
    others = [len(along) for k, along in enumerate(knots) if k != axis]
    fixed = [int(index) for index in np.unravel_index(line, others)] if others else []
    at = [int(knots[k][index]) for k, index in zip((k for k in range(len(knots)) if k != axis), fixed, strict=True)]
    cells = tuple((*at[:axis], int(knots[axis][place]), *at[axis:]) for place in places)
    whole = len(places) == len(knots[axis])
    return Row(axis, tuple(places), cells, closed=whole and grid.axes[axis].closed and len(places) > 2)
