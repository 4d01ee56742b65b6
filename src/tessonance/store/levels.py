"""The finest complete level of a tesseract, found shard by shard instead of cell by cell. Pure."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.store.layout import Layout

__all__ = ["complete_level"]


def complete_level(grid: Grid, layout: Layout, shards: Iterable[tuple[Cell, NDArray[np.bool_]]]) -> int | None:
    """Return the finest level all of whose cells are painted; what `Grid.complete_level` says, sooner.

    A shard without a missing picture needs no look at its cells, and one without a file counts as a whole, by the
    coarsest level that it has cells of. A million painted cells take some 20 ms so.

    Parameters
    ----------
    grid : Grid
    layout : Layout
    shards : iterable of (shard, painted)
        Every shard that has a file, and which of its cells are painted, shape ``(shard_cells,)``.

    Returns
    -------
    int or None
        None where not even level 0 is complete.
    """
    along = [axis.level_of_index for axis in grid.axes]
    coarsest = [
        np.minimum.reduceat(levels, np.arange(0, len(levels), cells))
        for levels, cells in zip(along, layout.shard_shape, strict=True)
    ]
    found = np.zeros(grid.levels, np.int64)  # shards that have a file, by the coarsest level they have cells of
    missing = grid.levels  # the coarsest level that lacks a picture
    for shard, painted in shards:
        level = max(int(levels[which]) for levels, which in zip(coarsest, shard, strict=True))
        found[level] += 1
        if level < missing and not painted.all():
            gaps = ~painted & layout.inside(shard)
            missing = min(missing, _coarsest_of(along, layout, shard, gaps, grid.levels))
    for level, count in enumerate(np.cumsum(found).tolist()):
        if count < math.prod(int((levels <= level).sum()) for levels in coarsest):
            missing = min(missing, level)
    return missing - 1 if missing else None


def _coarsest_of(
    along: list[NDArray[np.uint8]], layout: Layout, shard: Cell, which: NDArray[np.bool_], none: int
) -> int:
    """Return the coarsest level of some cells of a shard; `none` where there are none."""
    blocks = [
        np.resize(levels[place * cells : (place + 1) * cells], cells)  # what lies beyond the grid is not among `which`
        for levels, place, cells in zip(along, shard, layout.shard_shape, strict=True)
    ]
    levels: NDArray[np.uint8] = reduce(np.maximum, np.ix_(*blocks)).reshape(-1)
    return int(levels[which].min(initial=none))
