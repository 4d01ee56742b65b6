"""Cells ↔ bytes: which shard holds a cell, and how the entries of its index are read and written. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GridError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid

__all__ = ["EMPTY", "ENTRY", "ENTRY_BYTES", "MISSING", "Entry", "Layout", "block_shape", "shard_shape"]

Entry = tuple[int, int]

ENTRY = Struct("<QQ")  # offset from the start of the shard, length; in bytes
ENTRY_BYTES = ENTRY.size
MISSING = 2**64 - 1
EMPTY = ENTRY.pack(MISSING, MISSING)

MAX_WHOLE_CELLS = 20_000  # 129 × 129 pictures still are one file
CUT_CELLS = 10_000  # and an axis that must be cut is cut into files of about this many
PICTURE_AXES = 3  # y, x, rgb
_KEY = re.compile(r"c(?:\.(?:0|[1-9][0-9]{0,9}))+")


def shard_shape(grid: Grid) -> Cell:
    """Choose how many cells of each axis share one file; see `block_shape`."""
    return block_shape(grid.shape)


def block_shape(counts: Cell) -> Cell:
    """Choose how many chunks along each dimension share one file.

    Whole dimensions from the last on, as long as they make no more than 20,000 chunks; the one before them is cut into
    equal pieces of about 10,000 chunks.

    Parameters
    ----------
    counts : tuple of int
        How many chunks there are along each dimension, at least 1.

    Returns
    -------
    tuple of int
        One number per dimension, from 1 to its count.
    """
    shape = [1] * len(counts)
    for k in reversed(range(len(shape))):
        steps, cells = counts[k], math.prod(shape)
        if cells * steps > MAX_WHOLE_CELLS:
            pieces = math.ceil(steps / max(1, CUT_CELLS // cells))
            shape[k] = math.ceil(steps / pieces)
            break
        shape[k] = steps
    return tuple(shape)


@dataclass(frozen=True)
class Layout:
    """Where the cells of a grid are.

    A shard is a block of cells in one file: an index of 16 bytes a cell in C order, then the pictures in any order.

    Parameters
    ----------
    grid_shape : tuple of int
        Steps of each axis.
    shard_shape : tuple of int
        Cells of each axis in one shard, from 1 to its steps. Shards at the far edge may reach beyond the grid.
    longest : int
        The most bytes an encoded picture may have.
    inner_axes : int
        How many dimensions each of them has: y, x and rgb.
    """

    grid_shape: Cell
    shard_shape: Cell
    longest: int
    inner_axes: int = PICTURE_AXES

    @cached_property
    def shard_cells(self) -> int:
        """How many cells a shard has, those beyond the grid too."""
        return math.prod(self.shard_shape)

    @cached_property
    def index_bytes(self) -> int:
        """How many bytes its index takes; pictures begin after them."""
        return self.shard_cells * ENTRY_BYTES

    @cached_property
    def shards(self) -> Cell:
        """How many shards there are along each axis."""
        return tuple(-(-steps // cells) for steps, cells in zip(self.grid_shape, self.shard_shape, strict=True))

    def locate(self, cell: Sequence[int]) -> tuple[Cell, int]:
        """Find a cell.

        Parameters
        ----------
        cell : sequence of int
            Of this grid; not checked.

        Returns
        -------
        shard : tuple of int
            Which shard, counted along each axis.
        place : int
            Which entry of its index.
        """
        shard, place = [], 0
        for index, cells in zip(cell, self.shard_shape, strict=True):
            which, within = divmod(int(index), cells)
            shard.append(which)
            place = place * cells + within
        return tuple(shard), place

    def locate_many(self, flats: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find many cells.

        Parameters
        ----------
        flats : ndarray of int64, shape (n,)
            Places in the grid, in C order.

        Returns
        -------
        shards : ndarray of int64, shape (n,)
            Which shard, as its place among all shards in C order.
        places : ndarray of int64, shape (n,)
            Which entry of its index.

        Raises
        ------
        GridError
            If one of them is no cell of this grid.
        """
        cells = math.prod(self.grid_shape)
        if flats.size and not 0 <= flats.min() <= flats.max() < cells:
            raise GridError("no such cell", wanted=f"0..{cells - 1}", got=f"{flats.min()}..{flats.max()}")
        shards, places = np.zeros(flats.shape, np.int64), np.zeros(flats.shape, np.int64)
        along = np.unravel_index(flats, self.grid_shape)
        for index, cells, count in zip(along, self.shard_shape, self.shards, strict=True):
            which, within = np.divmod(index, cells)
            shards = shards * count + which
            places = places * cells + within
        return shards, places

    def flats(self, shard: Cell, places: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return which cells stand at some places of a shard's index; the way back from `locate_many`.

        Parameters
        ----------
        shard : tuple of int
        places : ndarray of intp, shape (n,)
            None of them beyond the grid; see `inside`.

        Returns
        -------
        ndarray of int64, shape (n,)
            Places in the grid, in C order.
        """
        within = np.unravel_index(places, self.shard_shape)
        blocks = zip(shard, self.shard_shape, within, strict=True)
        along = tuple(which * cells + index for which, cells, index in blocks)
        return np.ravel_multi_index(along, self.grid_shape).astype(np.int64)

    def shard(self, place: int) -> Cell:
        """Return the shard at a place among all shards in C order."""
        return tuple(int(which) for which in np.unravel_index(place, self.shards))

    def key(self, shard: Cell) -> str:
        """Name the file of a shard, as Zarr does: ``c.0.2.0.0.0``, the picture's own axes last."""
        return ".".join(["c", *map(str, shard), *["0"] * self.inner_axes])

    def shard_of_key(self, key: str) -> Cell | None:
        """Return the shard that a file name stands for; None where it stands for none of this grid."""
        if not _KEY.fullmatch(key):
            return None
        shard = tuple(int(part) for part in key.split(".")[1 : -self.inner_axes])
        if len(shard) != len(self.shards) or self.key(shard) != key:
            return None
        return shard if all(which < count for which, count in zip(shard, self.shards, strict=True)) else None

    def inside(self, shard: Cell) -> NDArray[np.bool_]:
        """Tell which entries of a shard are cells of the grid, shape ``(shard_cells,)``."""
        mask = np.zeros(self.shard_shape, np.bool_)
        sizes = zip(shard, self.shard_shape, self.grid_shape, strict=True)
        mask[tuple(slice(0, steps - which * cells) for which, cells, steps in sizes)] = True
        return mask.reshape(-1)

    def plausible(self, index: NDArray[np.uint64], file_bytes: int) -> NDArray[np.bool_]:
        """Tell which entries can stand for a picture: neither missing, nor too long, nor outside the file's pictures.

        Parameters
        ----------
        index : ndarray of uint64, shape (n, 2)
            Offsets and lengths.
        file_bytes : int
            The size of the shard, taken after the entries were read: a file only grows.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        offsets, lengths = index[:, 0], index[:, 1]
        good: NDArray[np.bool_] = (offsets >= self.index_bytes) & (offsets <= file_bytes)
        good &= (lengths > 0) & (lengths <= self.longest)
        good &= offsets + lengths <= file_bytes  # a sum that wraps around is out by the lines before
        return good
