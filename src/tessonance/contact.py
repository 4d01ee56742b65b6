"""Contact sheets: a labelled picture of any two-dimensional slice of a tesseract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, GridError, MissingPicture, OutputExists, TessError, nearest
from tessonance.outputs import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from tessonance.grid import Axis, Cell, Grid
    from tessonance.store import Tesseract

__all__ = ["check_sheet", "draw_sheet", "sheet"]

GAP, MARGIN, LEFT, TOP = 4, 24, 96, 96
INK, FAINT, GROUND, HOLE = (236, 236, 240), (150, 152, 164), (14, 14, 18), (30, 30, 38)
MAX_SIDE_PIXELS = 16_000


def sheet(
    tesseract: Tesseract,
    path: str | Path,
    *,
    axes: tuple[str, str] | None = None,
    at: Mapping[str, float] | None = None,
    most: int = 9,
    width: int = 160,
    force: bool = False,
) -> Path:
    """Write a contact sheet as PNG; `draw_sheet` gives it as an image and tells the parameters.

    Parameters
    ----------
    tesseract : Tesseract
    path : path-like
        The PNG file.
    axes, at, most, width
        See `draw_sheet`.
    force : bool
        Whether to replace a file that exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TessError
        OutputExists, GridError for axes or values that are not there, or because the file cannot be written.
    """
    path = Path(path)
    check_sheet(path, force=force)
    image = draw_sheet(tesseract, axes=axes, at=at, most=most, width=width)
    with replacing(path) as file:
        image.save(file, format="PNG")
    return path


def check_sheet(path: Path, *, force: bool = False) -> None:
    """Refuse a path that no sheet can be written to, before hours are spent on its pictures.

    Parameters
    ----------
    path : Path
    force : bool
        Whether a file that exists may be replaced.

    Raises
    ------
    OutputExists
        If it exists and `force` is not set.
    TessError
        If it is not called a PNG, or its folder is not there.
    """
    if path.suffix.lower() != ".png":
        raise TessError("a sheet is a PNG", where=path, hint=f"{path.stem}.png")
    if not path.parent.is_dir():
        raise TessError("the folder is not there", where=path.parent, hint="make it, or write elsewhere")
    if path.exists() and not force:
        raise OutputExists("exists already", where=path, hint="--force replaces it")


def draw_sheet(
    tesseract: Tesseract,
    *,
    axes: tuple[str, str] | None = None,
    at: Mapping[str, float] | None = None,
    most: int = 9,
    width: int = 160,
) -> Image:
    """Draw a contact sheet: one axis downwards, one to the right, the others held still.

    Parameters
    ----------
    tesseract : Tesseract
    axes : (str, str), optional
        The axis that runs downwards and the one that runs to the right; the first two unless given.
    at : mapping of str to float, optional
        Values of the other axes, in their own units; each at its middle unless given.
    most : int
        How many cells of an axis are shown at the most, evenly spread; at least 2.
    width : int
        Width of each picture in pixels, 16..1024.

    Returns
    -------
    PIL.Image.Image
        RGB. Cells that are not painted are dark.

    Raises
    ------
    GridError
        For an axis or a value that is not there, or a sheet beyond 16,000 pixels.
    """
    from PIL import Image

    grid = tesseract.grid
    down, right = _two_axes(grid, axes)
    held = _held(grid, at or {}, shown={down, right})
    rows = _spread(grid.axes[down], most) if down != right else np.zeros(1, int)
    columns = _spread(grid.axes[right], most)
    height = max(1, round(width * tesseract.project.picture.height / tesseract.project.picture.width))
    size = (LEFT + len(columns) * (width + GAP) + MARGIN, TOP + len(rows) * (height + GAP) + MARGIN)
    if not 16 <= width <= 1024 or max(size) > MAX_SIDE_PIXELS:
        raise GridError("the sheet would be too large or too small", wanted="fewer cells, or width 16..1024")
    image = Image.new("RGB", size, GROUND)
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            cell = _cell(held, {down: int(row), right: int(column)})
            place = (LEFT + c * (width + GAP), TOP + r * (height + GAP))
            image.paste(_thumbnail(tesseract, cell, (width, height)), place)
    _label(image, tesseract, (down, right), rows=rows, columns=columns, picture=(width, height), held=held)
    return image


def _two_axes(grid: Grid, axes: tuple[str, str] | None) -> tuple[int, int]:
    if axes is None:
        return (0, 1) if len(grid.axes) > 1 else (0, 0)
    for name in axes:
        if name not in grid.names:
            raise GridError(f"there is no axis {name!r}", hint=nearest(name, grid.names))
    return grid.names.index(axes[0]), grid.names.index(axes[1])


def _held(grid: Grid, at: Mapping[str, float], *, shown: set[int]) -> dict[int, int]:
    if unknown := next((name for name in at if name not in grid.names), None):
        raise GridError(f"there is no axis {unknown!r}", hint=nearest(unknown, grid.names))
    return {
        k: int(np.abs(axis.values - at[axis.name]).argmin()) if axis.name in at else axis.steps // 2
        for k, axis in enumerate(grid.axes)
        if k not in shown
    }


def _spread(axis: Axis, most: int) -> NDArray[np.int64]:
    count = min(axis.steps, max(2, most))
    return np.unique(np.rint(np.linspace(0, axis.steps - 1, count)).astype(np.int64))


def _cell(held: dict[int, int], shown: dict[int, int]) -> Cell:
    indices = {**held, **shown}
    return tuple(indices[k] for k in range(len(indices)))


def _thumbnail(tesseract: Tesseract, cell: Cell, size: tuple[int, int]) -> Image:
    from PIL import Image

    try:
        picture = Image.fromarray(tesseract.picture(cell))
    except (MissingPicture, DamagedPicture):
        return Image.new("RGB", size, HOLE)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _label(
    image: Image,
    tesseract: Tesseract,
    shown: tuple[int, int],
    *,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    picture: tuple[int, int],
    held: dict[int, int],
) -> None:
    from PIL import ImageDraw, ImageFont

    draw, axes = ImageDraw.Draw(image), tesseract.grid.axes
    title, small = ImageFont.load_default(22), ImageFont.load_default(14)
    down, right = axes[shown[0]], axes[shown[1]]
    still = ", ".join(f"{axes[k].name} {axes[k].values[index]:.3g}" for k, index in held.items())
    draw.text((MARGIN, 18), tesseract.name, INK, title)
    names = right.name if down is right else f"{down.name} down  ·  {right.name} right"  # the font has no arrows
    draw.text((MARGIN, 50), names, FAINT, small)
    room = image.width - 3 * MARGIN - draw.textlength(names, small)
    while still and draw.textlength(still, small) > room:
        still = still.rpartition(", ")[0]  # of many axes, those that there is room for
    draw.text((image.width - MARGIN, 50), still, FAINT, small, anchor="ra")
    for c, index in enumerate(columns):
        x = LEFT + c * (picture[0] + GAP) + picture[0] // 2
        _text(draw, (x, TOP - 8), f"{right.values[index]:.3g}", "ms")
    for r, index in enumerate(rows):
        if down is not right:
            _text(draw, (LEFT - 12, TOP + r * (picture[1] + GAP) + picture[1] // 2), f"{down.values[index]:.3g}", "rm")


def _text(draw: ImageDraw, place: tuple[int, int], text: str, anchor: str) -> None:
    from PIL import ImageFont

    draw.text(place, text, FAINT, ImageFont.load_default(14), anchor=anchor)
