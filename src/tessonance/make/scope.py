"""Which cells a run is about: all of them, some levels, a slice, a list from a file, or so many."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GridError, TessError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Grid

__all__ = ["cells_wanted", "level_wanted", "pictures_of"]

_SLICE = re.compile(r"(-?\d+)?(:)?(-?\d+)?(?::0*(\d+))?")


def level_wanted(text: str, grid: Grid) -> int:
    """Read ``level:K``, or ``K``, for ``--until``.

    Parameters
    ----------
    text : str
    grid : Grid

    Returns
    -------
    int
        From 0 to the grid's last level.

    Raises
    ------
    GridError
        If there is no such level.
    """
    found = re.fullmatch(r"(?:level:)?(\d+)", text.strip())
    if not found or int(found[1]) >= grid.levels:
        raise GridError(
            "there is no such level", where="--until", wanted=f"level:0 to level:{grid.levels - 1}", got=text
        )
    return int(found[1])


def cells_wanted(text: str, grid: Grid) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]]:
    """Read a choice of cells for ``--cells``.

    Parameters
    ----------
    text : str
        Slices of indices by axis, ``bloom=0:9,ink=4`` or in the order of the axes ``0:9,4`` (the end left out, as in
        Python; an axis that is not named is whole), or the name of a ``.csv`` with a row of indices per cell; its first
        row may name the axes.
    grid : Grid

    Returns
    -------
    callable
        Given flat indices, shape ``(n,)``, tells which of them are wanted, shape ``(n,)``.

    Raises
    ------
    GridError
        If an axis or a cell is not there.
    TessError
        If the file cannot be read.
    """
    if text.lower().endswith(".csv"):
        flats = np.array(sorted(_from_csv(Path(text), grid)), np.int64)
        return lambda asked: np.isin(asked, flats)
    masks = [np.ones(axis.steps, np.bool_) for axis in grid.axes]
    for place, part in enumerate(text.split(",")):
        name, _, span = part.rpartition("=")
        k = _axis(name.strip(), place, grid)
        masks[k] = _along(grid.axes[k], span.strip())

    def wanted(asked: NDArray[np.int64]) -> NDArray[np.bool_]:
        chosen = np.ones(asked.shape, np.bool_)
        for mask, index in zip(masks, np.unravel_index(asked, grid.shape), strict=True):
            chosen &= mask[index]
        return chosen

    return wanted


def pictures_of(budget: float | str, grid: Grid) -> int:
    """Return how many pictures a budget is.

    Parameters
    ----------
    budget : int, float or str
        A number of pictures; or a share of the grid: a float above 0 and at most 1, or text such as ``10%`` or ``0.1``.
    grid : Grid

    Returns
    -------
    int
        From the number of cells of level 0 to that of all cells.

    Raises
    ------
    TessError
        If it is neither, or less than level 0 takes.
    """
    text = str(budget).strip()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%|(\d*\.\d+(?:e-?\d+)?|1e-\d+)|(\d+)", text)
    if not found:
        raise _no_budget(text)
    share = float(found[1]) / 100 if found[1] else float(found[2]) if found[2] else None
    if share is not None and not 0 < share <= 1:
        raise _no_budget(text)
    pictures = int(found[3]) if share is None else math.floor(share * grid.size + 1e-9)
    if pictures < (least := math.prod(map(len, grid.knots(0)))):
        raise TessError(
            "the budget is too small",
            where="--budget",
            wanted=f"at least {least:,} pictures, the ends of every axis, of {grid.size:,}",
            got=f"{text}: {pictures:,}",
        )
    return min(pictures, grid.size)


def _no_budget(text: str) -> TessError:
    return TessError(
        "this is no budget", where="--budget", wanted="a share such as 10%, or a number of pictures", got=repr(text)
    )


def _axis(name: str, place: int, grid: Grid) -> int:
    if not name and place < len(grid.axes):
        return place
    if not name:
        raise GridError("there are more slices than axes", where="--cells", wanted=", ".join(grid.names))
    if name not in grid.names:
        raise GridError(f"there is no axis {name!r}", where="--cells", hint=nearest(name, grid.names))
    return grid.names.index(name)


def _along(axis: Axis, span: str) -> NDArray[np.bool_]:
    found = _SLICE.fullmatch(span)
    if not span or not found or found[4] == "0":
        raise GridError("this is no slice", where="--cells", wanted="4, 0:9 or 0:17:2", got=repr(span))
    first, colon, last, stride = found.groups()
    mask = np.zeros(axis.steps, np.bool_)
    if colon:
        mask[slice(*(int(part) if part else None for part in (first, last, stride)))] = True
    elif -axis.steps <= int(first) < axis.steps:
        mask[int(first)] = True
    if not mask.any():
        raise GridError("the slice is empty", where="--cells", wanted=f"indices below {axis.steps}", got=span)
    return mask


def _from_csv(path: Path, grid: Grid) -> set[int]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TessError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=path) from None
    order = list(range(len(grid.axes)))
    if rows and not rows[0][0].strip().lstrip("-").isdigit():
        names = [name.strip() for name in rows.pop(0)]
        if sorted(names) != sorted(grid.names):
            raise GridError("the columns are not the axes", where=path, wanted=", ".join(grid.names), got=str(names))
        order = [names.index(name) for name in grid.names]
    return {_row(row, order, grid, f"{path}, row {number}") for number, row in enumerate(rows, 1)}


def _row(row: list[str], order: list[int], grid: Grid, where: str) -> int:
    try:
        return grid.flat([int(row[k]) for k in order])
    except (ValueError, IndexError, GridError):
        raise GridError("this is no cell", where=where, wanted=f"indices below {grid.shape}", got=str(row)) from None
