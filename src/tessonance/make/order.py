"""In which order cells are painted, and by which worker: level by level, cells that share work together. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from tessonance.grid import MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Grid

__all__ = ["Group", "Plan", "level_groups"]

LEVELS_AHEAD = 2  # how far a worker looks for cells it shares work with before it takes another's


@dataclass
class Group:
    """Cells of one level that share the values of the slow axes.

    Parameters
    ----------
    key : tuple of int
        Their indices along the slow axes; empty where no axis is slow.
    flats : ndarray of int64
        The cells not yet handed out, as flat indices.
    """

    key: tuple[int, ...]
    flats: NDArray[np.int64]

    def take(self, most: int) -> NDArray[np.int64]:
        """Hand out up to `most` cells."""
        taken, self.flats = self.flats[:most], self.flats[most:]
        return taken


def level_groups(grid: Grid, flats: NDArray[np.int64], slow_axes: Sequence[str]) -> list[Group]:
    """Sort cells so that those sharing the values of the slow axes stand together.

    Parameters
    ----------
    grid : Grid
    flats : ndarray of int64, shape (n,)
    slow_axes : sequence of str
        Names of axes; those that the grid does not have are passed over.

    Returns
    -------
    list of Group
        In ascending order of their keys; within a group in C order.
    """
    if not flats.size:
        return []
    slow = [grid.names.index(name) for name in slow_axes if name in grid.names]
    if not slow:
        return [Group((), flats)]
    indices = np.unravel_index(flats, grid.shape)
    keys = np.stack([indices[k] for k in slow], axis=1)
    unique, member = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(member.ravel(), kind="stable")
    parts = np.split(flats[order], np.cumsum(np.bincount(member.ravel()))[:-1])
    return [Group(tuple(int(i) for i in key), part) for key, part in zip(unique, parts, strict=True)]


class Plan:
    """Hands out the missing cells of a grid, coarse levels first.

    A worker goes on with values of the slow axes that it has painted before, so that what those cells share (a canvas,
    a prompt) is made once and by one worker; only when nothing else is left does it help another.

    Parameters
    ----------
    grid : Grid
    is_painted : callable
        Given flat indices, shape ``(n,)``, tells which are painted; asked once per level.
    slow_axes : sequence of str
    last_level : int, optional
        No finer level than this.
    chunks : iterable of ndarray of int64, optional
        Only these cells, in this order, as flat indices in parts; instead of all levels.
    owners : dict, optional
        Who went on with which values of the slow axes, kept from one plan of a run to the next.
    """

    def __init__(
        self,
        grid: Grid,
        is_painted: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
        *,
        slow_axes: Sequence[str] = (),
        last_level: int | None = None,
        chunks: Iterable[NDArray[np.int64]] | None = None,
        owners: dict[tuple[int, ...], int] | None = None,
    ) -> None:
        self._owner = {} if owners is None else owners
        if chunks is None:
            levels = range(grid.levels if last_level is None else last_level + 1)
            chunks = (flats for level in levels for flats in grid.level_chunks(level, MOST_AT_ONCE))
        self._levels = self._open_levels(grid, is_painted, slow_axes, chunks)
        self._ahead: deque[list[Group]] = deque(islice(self._levels, LEVELS_AHEAD))

    @staticmethod
    def _open_levels(
        grid: Grid,
        is_painted: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
        slow_axes: Sequence[str],
        chunks: Iterable[NDArray[np.int64]],
    ) -> Iterator[list[Group]]:
        for flats in chunks:
            if groups := level_groups(grid, flats[~is_painted(flats)], slow_axes):
                yield groups

    def take(self, worker: int, most: int) -> NDArray[np.int64]:
        """Hand a worker its next cells.

        Parameters
        ----------
        worker : int
            Who asks.
        most : int
            How many cells at the most.

        Returns
        -------
        ndarray of int64
            Flat indices of cells that share the values of the slow axes; empty when nothing is left.
        """
        while self._ahead and not self._ahead[0]:
            self._ahead.popleft()
            self._ahead.extend(islice(self._levels, 1))
        if not self._ahead:
            return np.empty(0, np.int64)
        groups, group = self._choose(worker)
        if group.key:
            self._owner.setdefault(group.key, worker)
        taken = group.take(most)
        if not group.flats.size:
            groups.remove(group)
        return taken

    def release(self, worker: int) -> None:
        """Let the others take over the values of the slow axes that a worker went on with."""
        for key in [key for key, owner in self._owner.items() if owner == worker]:
            del self._owner[key]

    def _choose(self, worker: int) -> tuple[list[Group], Group]:
        for groups in self._ahead:
            for wanted in (worker, None):
                if group := next((g for g in groups if self._owner.get(g.key) == wanted), None):
                    return groups, group
        first = self._ahead[0]
        return first, max(first, key=lambda g: g.flats.size)
