"""Which cells are painted to see whether others need not be, and what a sample proves. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import count, islice, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.grid import Cell, Grid, Knots

__all__ = ["around", "at", "at_least", "evenly", "midpoints", "neighbours", "skipped"]

TRIES = 50  # for each cell wanted, until it is taken for granted that there are no more
SURE = 0.95


def evenly(counts: Sequence[int], most: int) -> list[Cell]:
    """Return different places of a box, spread over it evenly and always the same.

    An additive recurrence with the powers of the plastic number and its kin (M. Roberts, "The Unreasonable
    Effectiveness of Quasirandom Sequences", 2018).

    Parameters
    ----------
    counts : sequence of int
        The length of each side, at least 1.
    most : int
        How many places; all of them where there are no more.

    Returns
    -------
    list of tuple of int
    """
    if math.prod(counts) <= most:
        return list(product(*map(range, counts)))
    root = 2.0
    for _ in range(60):  # of x ** (d + 1) = x + 1
        root = (1 + root) ** (1 / (len(counts) + 1))
    steps = [root ** -(k + 1) for k in range(len(counts))]
    drawn = (tuple(int((0.5 + j * a) % 1.0 * n) for a, n in zip(steps, counts, strict=True)) for j in count(1))
    return list(islice(dict.fromkeys(islice(drawn, TRIES * most)), most))


def midpoints(grid: Grid, levels: Sequence[int], k: int, most: int) -> list[Cell]:
    """Return cells that stand between two knots of one axis, and on knots of all others.

    Parameters
    ----------
    grid : Grid
    levels : sequence of int
        Of each axis.
    k : int
        The axis, which has a further level.
    most : int

    Returns
    -------
    list of Cell
    """
    knots = grid.knots(levels)
    between = np.setdiff1d(grid.axes[k].knots(levels[k] + 1), knots[k])
    box = (*knots[:k], between, *knots[k + 1 :])
    return [at(box, place) for place in evenly([len(along) for along in box], most)]


def neighbours(grid: Grid, knots: Knots, k: int, most: int) -> list[tuple[Cell, Cell, Cell]]:
    """Return runs of three cells, one step apart along an axis, the first of them on a knot."""
    axis = grid.axes[k]
    if axis.steps < 3:
        return []
    starts = knots[k] if axis.closed else np.unique(np.minimum(knots[k], axis.steps - 3))
    runs = []
    for place in evenly([len(starts) if j == k else len(along) for j, along in enumerate(knots)], most):
        cell = at((*knots[:k], starts, *knots[k + 1 :]), place)
        first, second, third = ((*cell[:k], (cell[k] + step) % axis.steps, *cell[k + 1 :]) for step in range(3))
        runs.append((first, second, third))
    return runs


def skipped(grid: Grid, knots: Knots, most: int) -> list[Cell]:
    """Return cells that are not on the knots, each as likely as any other, always the same."""
    random = np.random.default_rng([len(along) for along in knots])
    on = [set(along.tolist()) for along in knots]
    left = grid.size - math.prod(map(len, knots))
    found: dict[Cell, None] = {}
    for _ in range(TRIES * most):
        if len(found) >= min(most, left):
            break
        cell = tuple(int(random.integers(steps)) for steps in grid.shape)
        if not all(index in along for index, along in zip(cell, on, strict=True)):
            found[cell] = None
    return list(found)


def around(grid: Grid, knots: Knots, cell: Cell) -> tuple[list[Cell], list[float]]:
    """Return the knots around a cell, the first axis slowest, and where it is between them.

    Returns
    -------
    corners : list of Cell
        2 to the power of the number of axes that it is off a knot of.
    shares : list of float
        0..1, of these axes.
    """
    ends: list[tuple[int, ...]] = []
    shares = []
    for index, along, axis in zip(cell, knots, grid.axes, strict=True):
        after = bisect_right(along, index)
        low = int(along[after - 1])
        if low == index:
            ends.append((low,))
            continue
        high = int(along[after]) if after < len(along) else int(along[0]) + axis.steps  # across the seam
        ends.append((low, high % axis.steps))
        shares.append((index - low) / (high - low))
    return list(product(*ends)), shares


def at_least(accepted: int, tried: int, *, sure: float = SURE) -> float:
    """Return the share of all that a random sample proves, with some certainty.

    The lower bound of C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits", Biometrika 26, 1934.

    Parameters
    ----------
    accepted, tried : int
    sure : float
        0..1.

    Returns
    -------
    float
        0..1; 0 without a sample.
    """
    if not accepted:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        tail = sum(math.comb(tried, n) * middle**n * (1 - middle) ** (tried - n) for n in range(accepted, tried + 1))
        low, high = (middle, high) if tail < 1 - sure else (low, middle)
    return low


def at(box: Knots, place: Cell) -> Cell:
    """Return the cell at a place of some knots."""
    return tuple(int(along[index]) for along, index in zip(box, place, strict=True))
