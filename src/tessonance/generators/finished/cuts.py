"""Finished pictures that are parts of one file: the cells of a contact sheet, the frames of a video."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from tessonance.clips import Clip
from tessonance.errors import ProjectError
from tessonance.generators.finished.entries import Entry
from tessonance.images import MOST_BYTES, decode_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tessonance.generators.painting.form import Bytes

__all__ = ["FramesSource", "SheetSource"]

MOST_SHEET_PIXELS = 400_000_000


class SheetSource:
    """The cells of a contact sheet or an X-Y plot.

    Parameters
    ----------
    path : Path
    name : str
        What to call it.
    cells : (int, int)
        Columns and rows.
    size : (int, int)
        Width and height of a cell; (0, 0) where the sheet has nothing but cells.
    gap : int
        Pixels between two cells.
    offset : (int, int), optional
        Where the first cell begins; where legends stand only left and above, they are what is left over.
    axes : sequence of str
        The one that runs down and the one that runs right; or one alone, in the order of reading.

    Raises
    ------
    ProjectError
        If the cells do not fit.
    GeneratorError
        If it is no picture.
    """

    is_concurrent, is_counted = True, True
    strange: tuple[str, ...] = ()

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        cells: tuple[int, int],
        size: tuple[int, int],
        gap: int,
        offset: tuple[int, int] | None,
        axes: Sequence[str],
    ) -> None:
        if min(cells) < 1 or not 1 <= len(axes) <= 2:
            raise ProjectError(
                "it is not said how many cells this sheet has",
                where=name,
                wanted="cells = [9, 5] for 9 columns and 5 rows, and one or two axes",
                got=f"cells = {list(cells)}, axes: {', '.join(axes)}",
            )
        self._sheet = decode_picture(_read(path), where=name, most_pixels=MOST_SHEET_PIXELS)
        self._gap = gap
        self._size, self._offset = _fit(self._sheet, name, cells=cells, size=size, gap=gap, offset=offset)
        self.axes = tuple(axes)
        places = product(range(cells[1]), range(cells[0]))
        self._places = {f"{name}, row {row + 1}, column {column + 1}": (row, column) for row, column in places}
        self.entries = tuple(
            Entry(word, dict(zip(axes, (str(row), str(column)) if len(axes) == 2 else (str(k),), strict=True)))
            for k, (word, (row, column)) in enumerate(self._places.items())
        )

    def encoded(self, entry: Entry) -> None:
        """Return None: a cell is no file."""

    def picture(self, entry: Entry) -> Bytes:
        """Cut a cell out."""
        row, column = self._places[entry.name]
        (width, height), (left, top) = self._size, self._offset
        y, x = top + row * (height + self._gap), left + column * (width + self._gap)
        return np.ascontiguousarray(self._sheet[y : y + height, x : x + width])

    def close(self) -> None:
        """Nothing is open."""


class FramesSource:
    """The frames of a video, along one axis.

    Parameters
    ----------
    path : Path
    name : str
        What to call it.
    steps : int
        How many frames to take, evenly spread, the first and the last among them; 0 for all.
    axis : str

    Raises
    ------
    GeneratorError
        If it is no video.
    """

    is_concurrent, is_counted = False, True
    strange: tuple[str, ...] = ()

    def __init__(self, path: Path, name: str, *, steps: int, axis: str) -> None:
        self._clip = Clip(path, where=name)
        most = self._clip.frames
        if steps > most:
            raise ProjectError("the video has fewer frames", where=name, wanted=f"at most {most} steps", got=str(steps))
        numbers = np.rint(np.linspace(0, most - 1, steps or most)).astype(int).tolist()
        self.axes: tuple[str, ...] = (axis,)
        self._numbers = {f"{name}, frame {number}": number for number in numbers}
        self.entries = tuple(Entry(word, {axis: str(k)}) for k, word in enumerate(self._numbers))

    def encoded(self, entry: Entry) -> None:
        """Return None: a frame is no file."""

    def picture(self, entry: Entry) -> Bytes:
        """Decode a frame."""
        return self._clip.frame(self._numbers[entry.name])

    def close(self) -> None:
        """Close the video."""
        self._clip.close()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", where=path) from None
    if len(raw) > MOST_BYTES:
        raise ProjectError("this file is too large", where=path, wanted=f"at most {MOST_BYTES:,} bytes")
    return raw


def _fit(
    sheet: Bytes,
    name: str,
    *,
    cells: tuple[int, int],
    size: tuple[int, int],
    gap: int,
    offset: tuple[int, int] | None,
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the size of a cell and where the first one begins, both as width and height."""
    whole = sheet.shape[1], sheet.shape[0]
    between = [(count - 1) * gap for count in cells]
    if not all(size):
        start = offset or (0, 0)
        rest = [side - first - gaps for side, first, gaps in zip(whole, start, between, strict=True)]
        if any(left <= 0 or left % count for left, count in zip(rest, cells, strict=True)):
            raise ProjectError(
                "the sheet does not divide into so many cells",
                where=name,
                wanted=f"{cells[0]} columns and {cells[1]} rows of whole pixels, {gap} between them",
                got=f"{whole[0]} × {whole[1]} pixels",
                hint="say the size of a cell, and the gap between two",
            )
        return (rest[0] // cells[0], rest[1] // cells[1]), start
    covered = [count * side + gaps for count, side, gaps in zip(cells, size, between, strict=True)]
    start = offset or (whole[0] - covered[0], whole[1] - covered[1])
    if any(first < 0 or first + used > side for first, used, side in zip(start, covered, whole, strict=True)):
        wanted = f"at least {covered[0] + max(start[0], 0)} × {covered[1] + max(start[1], 0)} pixels"
        raise ProjectError("the sheet is too small", where=name, wanted=wanted, got=f"{whole[0]} × {whole[1]}")
    return size, start
