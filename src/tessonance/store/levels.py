"""The finest complete levels of a tesseract, found shard by shard instead of cell by cell. Pure."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from tessonance.grid import MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.store.layout import Layout

    IsPainted = Callable[[NDArray[np.int64]], NDArray[np.bool_]]

__all__ = ["Complete", "by_asking", "by_shards"]

MOST_CHECKS = 256  # of sets of knots, where a server must be asked for each


@dataclass(frozen=True)
class Complete:
    """How far a tesseract is painted without a gap.

    Parameters
    ----------
    level : int or None
        The finest level all of whose cells are painted; None where not even level 0 is.
    levels : tuple of int
        For each axis a level of its own, none below `level`: of all such knots that are wholly painted, those with the
        most cells. Empty where `level` is None.
    """

    level: int | None = None
    levels: tuple[int, ...] = ()


def by_shards(grid: Grid, layout: Layout, shards: Iterable[tuple[Cell, NDArray[np.bool_]]]) -> Complete:
    """Find out from the indices of the shards.

    A cell belongs to a level of each axis, that at which its index becomes a knot. Knots are complete where no cell of
    their levels, or of coarser ones, is missing. A shard without a missing picture needs no look at its cells, and one
    without a file counts as a whole, by the coarsest levels that it has cells of. A million painted cells take some
    20 ms so.

    Parameters
    ----------
    grid : Grid
    layout : Layout
    shards : iterable of (shard, painted)
        Every shard that has a file, and which of its cells are painted, shape ``(shard_cells,)``.

    Returns
    -------
    Complete
    """
    along = [axis.level_of_index for axis in grid.axes]
    coarsest = [
        np.minimum.reduceat(levels, np.arange(0, len(levels), cells))
        for levels, cells in zip(along, layout.shard_shape, strict=True)
    ]
    shape = tuple(axis.levels for axis in grid.axes)
    found = np.zeros(shape, np.int64)  # shards that have a file, by the coarsest levels they have cells of
    missing = np.zeros(shape, np.bool_)
    for shard, painted in shards:
        levels = tuple(int(levels[which]) for levels, which in zip(coarsest, shard, strict=True))
        found[levels] += 1
        if not missing[levels] and not painted.all():
            gaps = ~painted & layout.inside(shard)
            missing.reshape(-1)[_codes(along, shape, layout, shard)[gaps]] = True
    counts = [np.bincount(levels, minlength=count) for levels, count in zip(coarsest, shape, strict=True)]
    missing |= found < reduce(np.multiply.outer, counts)
    for k in range(len(shape)):
        missing = np.logical_or.accumulate(missing, axis=k)
    return _finest(grid, ~missing)


def _codes(along: list[NDArray[np.uint8]], shape: Cell, layout: Layout, shard: Cell) -> NDArray[np.intp]:
    """Return the levels of a shard's cells, as one number each."""
    codes = np.zeros((1,) * len(shape), np.intp)
    for k, (levels, place, cells) in enumerate(zip(along, shard, layout.shard_shape, strict=True)):
        block = np.resize(levels[place * cells : (place + 1) * cells], cells)  # beyond the grid: nobody asks for that
        codes = codes * shape[k] + block.reshape(tuple(-1 if j == k else 1 for j in range(len(shape))))
    return codes.reshape(-1)


def _finest(grid: Grid, complete: NDArray[np.bool_]) -> Complete:
    """Return the finest of the levels that are complete."""
    last = [count - 1 for count in complete.shape]
    level = None
    for candidate in range(grid.levels):
        if not complete[tuple(min(candidate, most) for most in last)]:
            break
        level = candidate
    if level is None:
        return Complete()
    least = [min(level, most) for most in last]
    counts = [_counts(grid, k)[start:].astype(float) for k, start in enumerate(least)]
    sizes = reduce(np.multiply.outer, counts) * complete[tuple(slice(start, None) for start in least)]
    best = np.unravel_index(int(sizes.argmax()), sizes.shape)
    return Complete(level, tuple(start + int(more) for start, more in zip(least, best, strict=True)))


def _counts(grid: Grid, k: int) -> NDArray[np.int64]:
    """Return how many knots an axis has at each of its levels."""
    axis = grid.axes[k]
    return np.cumsum(np.bincount(axis.level_of_index, minlength=axis.levels))


def by_asking(grid: Grid, is_painted: IsPainted) -> Complete:
    """Find out by asking for cells, few of them where few are painted.

    Parameters
    ----------
    grid : Grid
    is_painted : callable
        Given flat indices, shape ``(n,)``, tells which of them are painted, shape ``(n,)``.

    Returns
    -------
    Complete
        Where very many sets of knots would have to be looked at, `levels` may not be the finest.
    """
    level = grid.complete_level(is_painted)
    if level is None:
        return Complete()
    counts = [_counts(grid, k) for k in range(len(grid.axes))]

    def size(levels: Cell) -> int:
        return math.prod(int(along[at]) for along, at in zip(counts, levels, strict=True))

    best = tuple(min(level, axis.levels - 1) for axis in grid.axes)
    waiting, seen, checks = [(-size(best), best)], {best}, 0
    while waiting and checks < MOST_CHECKS:
        _, here = heapq.heappop(waiting)
        best = max(best, here, key=size)
        for k, axis in enumerate(grid.axes):
            finer = (*here[:k], here[k] + 1, *here[k + 1 :])
            if finer[k] < axis.levels and finer not in seen:
                seen.add(finer)
                checks += 1
                if _is_complete(grid, here, k, is_painted):
                    heapq.heappush(waiting, (-size(finer), finer))
    return Complete(level, best)


def _is_complete(grid: Grid, levels: Cell, k: int, is_painted: IsPainted) -> bool:
    """Tell whether complete knots are still complete when one axis is bisected once more."""
    knots = grid.knots(levels)
    between = np.setdiff1d(grid.axes[k].knots(levels[k] + 1), knots[k])
    new = (*knots[:k], between, *knots[k + 1 :])
    return all(is_painted(flats).all() for flats in grid.knots_chunks(new, MOST_AT_ONCE))
