"""Finished pictures: a folder, a list, a contact sheet or a video; nothing is painted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.clips import SUFFIXES as VIDEOS
from tessonance.errors import GeneratorError, ProjectError
from tessonance.files import file_in
from tessonance.generators import GeneratorKind
from tessonance.generators.finished.arrange import arranged
from tessonance.generators.presets import PresetFiles
from tessonance.images import SUFFIXES as PICTURES
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.finished.entries import Source
    from tessonance.generators.painting.form import Bytes
    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["Folder", "FolderOptions", "fitted_to", "folder", "kind_of_source", "open_source", "source_of"]

MOST_CELLS = 10_000


class FolderOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `folder`.

    Parameters
    ----------
    source : str
        A folder, a ``.csv``, a picture (a contact sheet) or a video; beside the project file.
    pattern : str
        Of a folder: names with places for the axes, such as ``flower_{height}_{blot}.png``.
    values : dict of str to list of str
        What stands in the names, step by step, of axes that are no evenly spaced numbers.
    column : str
        Of a CSV: the one with the names of the files; the first that begins with FILE where it is empty.
    cells : (int, int)
        Of a sheet: columns and rows. The first axis runs down, the second right.
    cell : (int, int)
        Of a sheet: width and height of a cell; (0, 0) where it has nothing but cells.
    gap : int
        Of a sheet: pixels between two cells.
    offset : (int, int), optional
        Of a sheet: where the first cell begins; what is left over at the left and above, unless given.
    fit : {"exact", "cover", "stretch"}
        What becomes of pictures of another size: they are refused, cut, or pulled to shape.
    """

    source: str
    pattern: str = ""
    values: dict[str, list[str]] = {}
    column: str = ""
    cells: tuple[int, int] = (0, 0)
    cell: tuple[int, int] = (0, 0)
    gap: int = 0
    offset: tuple[int, int] | None = None
    fit: Literal["exact", "cover", "stretch"] = "exact"

    def __post_init__(self) -> None:
        for name, numbers in (("cells", self.cells), ("cell", self.cell), ("offset", self.offset or (0, 0))):
            if not all(0 <= value <= MOST_CELLS for value in numbers):
                raise ProjectError(f"{name} is out of range", wanted=f"0..{MOST_CELLS}", got=str(list(numbers)))
        if not 0 <= self.gap <= MOST_CELLS:
            raise ProjectError("gap is out of range", wanted=f"0..{MOST_CELLS} pixels", got=str(self.gap))


class Folder:
    """Gives out finished pictures, each for the cell that it belongs to.

    Parameters
    ----------
    project : Project
        Its axes are those that the pictures tell of.

    Raises
    ------
    ProjectError
        For a source that cannot be read or does not fit the axes.
    """

    batch_size = 1
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        self._own = options(FolderOptions, project.generator.options, "[generator]")
        self._source, self._grid = source_of(project, self._own), project.grid
        self._size = project.picture.width, project.picture.height
        self._entries = arranged(self._source, self._grid, self._own.values).entries

    def paint(self, points: Sequence[Point]) -> Bytes:
        """Give the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def close(self) -> None:
        """Close what is open."""
        self._source.close()

    def _picture(self, point: Point) -> Bytes:
        cell = tuple(int(np.abs(axis.values - point[axis.name]).argmin()) for axis in self._grid.axes)
        if cell not in self._entries:
            raise GeneratorError("there is no finished picture for this cell", where=str(dict(point)))
        entry = self._entries[cell]
        return fitted_to(self._source.picture(entry), self._size, self._own.fit, where=entry.name)


def source_of(project: Project, own: FolderOptions) -> Source:
    """Open the finished pictures of a project; see `open_source`."""
    return open_source(project.folder, own, axes=project.grid.names, steps=project.axes[0].steps)


def open_source(folder: str | None, own: FolderOptions, *, axes: Sequence[str] = (), steps: int = 0) -> Source:
    """Open finished pictures.

    Parameters
    ----------
    folder : str or None
        Of the project file that names them; None if nobody named that.
    own : FolderOptions
    axes : sequence of str
        Names of the axes. A folder tells them itself; of a list all columns that vary are taken unless given; a sheet
        has ``down`` and ``right`` and a video ``time``, unless given.
    steps : int
        How many frames of a video are taken; 0 for all.

    Returns
    -------
    Source

    Raises
    ------
    ProjectError
        If they cannot be read.
    GeneratorError
        If it is no picture, or no video.
    """
    from tessonance.generators.finished.cuts import FramesSource, SheetSource
    from tessonance.generators.finished.files import FolderSource, ListSource

    kind = kind_of_source(own.source)
    if kind == "folder":
        return FolderSource(_folder(folder, own.source), own.pattern)
    path = file_in(folder, own.source)
    if kind == "list":
        return ListSource(path, column=own.column, axes=axes)
    if kind == "sheet":
        names = axes or ("down", "right")
        return SheetSource(path, own.source, cells=own.cells, size=own.cell, gap=own.gap, offset=own.offset, axes=names)
    if len(axes) > 1:
        raise ProjectError("a video has one axis", where=own.source, got=", ".join(axes))
    return FramesSource(path, own.source, steps=steps, axis=(*axes, "time")[0])


def kind_of_source(source: str) -> Literal["folder", "list", "sheet", "video"]:
    """Tell from its ending what a source is."""
    suffix = Path(source).suffix.lower()
    if suffix == ".csv":
        return "list"
    if suffix in PICTURES:
        return "sheet"
    return "video" if suffix in VIDEOS else "folder"


def fitted_to(picture: Bytes, size: tuple[int, int], fit: str, *, where: str) -> Bytes:
    """Bring a picture to a size.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    size : (int, int)
        Width and height.
    fit : {"exact", "cover", "stretch"}
    where : str
        What to call it in errors.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    GeneratorError
        If it has another size, and `fit` is ``"exact"``.
    """
    import cv2

    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    if fit == "exact":
        raise GeneratorError(
            "this picture has another size",
            where=where,
            wanted=f"{size[0]} × {size[1]}",
            got=f"{width} × {height}",
            hint='fit = "cover" or "stretch" brings all to one size',
        )
    if fit == "cover":
        scale = max(size[0] / width, size[1] / height)
        kept = [min(side, max(1, round(wanted / scale))) for side, wanted in zip((width, height), size, strict=True)]
        left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
        picture = np.ascontiguousarray(picture[top : top + kept[1], left : left + kept[0]])
    shrinks = size[0] < picture.shape[1] and size[1] < picture.shape[0]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def _folder(folder: str | None, source: str) -> Path:
    if folder is None:
        hint = "name its project file"
        raise ProjectError("folders are followed only from a project file that you name", where=source, hint=hint)
    if not (place := Path(folder, source)).is_dir():
        kinds = "a folder, a .csv, a picture or a video"
        raise ProjectError("there is no such source", where=source, wanted=kinds, got=f"nothing in {folder}")
    return place


def _files(own: FolderOptions) -> tuple[str, ...]:
    """Return the file that all pictures are parts of; pictures of their own may still be added or replaced."""
    return (own.source,) if kind_of_source(own.source) in ("sheet", "video") else ()


folder = GeneratorKind(
    summary="Finished pictures: a folder, a list, a contact sheet or a video. `tess import` writes the project.",
    open=Folder,
    options=FolderOptions,
    axes={},
    presets=PresetFiles("folder"),
    files=_files,
)
