"""The sheet of a trial: its pictures, each with the values that it was painted for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.contact import check_sheet
from tessonance.outputs import replacing

if TYPE_CHECKING:
    from PIL.Image import Image

    from tessonance.trials import Trial

__all__ = ["draw_trial", "write_trial"]

GAP, MARGIN, CAPTION = 10, 24, 40
INK, FAINT, GROUND = (236, 236, 240), (150, 152, 164), (14, 14, 18)
MOST_ACROSS = 2400
LARGEST, SMALLEST = 480, 96  # width of a picture


def write_trial(tried: Trial, path: str | Path, *, force: bool = False) -> Path:
    """Write the sheet of a trial as PNG.

    Parameters
    ----------
    tried : Trial
    path : path-like
    force : bool
        Whether to replace a file that exists.

    Returns
    -------
    Path

    Raises
    ------
    TessError
        OutputExists, or because it cannot be written.
    """
    path = Path(path)
    check_sheet(path, force=force)
    with replacing(path) as file:
        draw_trial(tried).save(file, format="PNG")
    return path


def draw_trial(tried: Trial) -> Image:
    """Draw the pictures of a trial, with their values below them.

    Parameters
    ----------
    tried : Trial

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    from PIL import Image, ImageDraw, ImageFont

    columns, width = _layout(len(tried.tried), tried.kind)
    height = max(1, round(width * tried.project.picture.height / tried.project.picture.width))
    rows = math.ceil(len(tried.tried) / columns)
    size = (2 * MARGIN + columns * (width + GAP) - GAP, 2 * MARGIN + rows * (height + CAPTION + GAP) - GAP)
    image = Image.new("RGB", size, GROUND)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    for k, one in enumerate(tried.tried):
        left, top = MARGIN + k % columns * (width + GAP), MARGIN + k // columns * (height + CAPTION + GAP)
        picture = Image.fromarray(np.ascontiguousarray(one.picture)).resize((width, height), Image.Resampling.LANCZOS)
        image.paste(picture, (left, top))
        for line, text in enumerate(_caption(tried, k, width, draw, font)):
            draw.text((left, top + height + 4 + 17 * line), text, INK if line == 0 else FAINT, font)
    return image


def _layout(count: int, kind: str) -> tuple[int, int]:
    """Return how many pictures stand in a row, and how wide each is."""
    columns = count if count <= 4 or (kind == "line" and count <= 9) else math.ceil(math.sqrt(count * 1.5))
    return columns, max(SMALLEST, min(LARGEST, MOST_ACROSS // columns - GAP))


def _caption(tried: Trial, number: int, width: int, draw: object, font: object) -> list[str]:
    """Return one or two lines: the values, broken where there is no room for more."""
    one = tried.tried[number]
    shown = [tried.axis] if tried.axis else list(one.point)
    parts, lines = [f"{name} {one.point[name]:.3g}" for name in shown], [""]
    for part in parts:
        joined = f"{lines[-1]}, {part}" if lines[-1] else part
        if draw.textlength(joined, font) > width and lines[-1]:  # type: ignore[attr-defined]
            lines.append(part)
        else:
            lines[-1] = joined
    return lines[:2]
