"""What the reports' pages are made of: heat maps, curves, thumbnails and words, as text that stands inside HTML."""

from __future__ import annotations

import base64
import math
import re
from html import escape
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.smooth.findings import Survey

__all__ = ["curve", "heat_map", "heat_values", "marked", "thumbnail"]

MOST_BINS = 96  # columns and rows of a heat map
GROUND = (26, 22, 22)  # BGR, where nothing was measured
WIDTH, HEIGHT = 600, 72  # units of a curve


def heat_values(survey: Survey, axis: int) -> NDArray[np.float64]:
    """Return the steps along an axis over the grid.

    Parameters
    ----------
    survey : Survey
    axis : int

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        Columns run along the axis, rows along the next other one; means over the rest, and over neighbours where there
        are more than 96. NaN where nothing was measured.
    """
    other = next((k for k in range(len(survey.knots)) if k != axis and len(survey.knots[k]) > 1), None)
    columns = len(survey.knots[axis]) if survey.axes[axis].closed else max(1, len(survey.knots[axis]) - 1)
    rows = len(survey.knots[other]) if other is not None else 1
    shape = min(rows, MOST_BINS), min(columns, MOST_BINS)
    place = [{index: number for number, index in enumerate(along)} for along in survey.knots]
    total, count = np.zeros(shape), np.zeros(shape)
    for cell, step in survey.axes[axis].steps:
        row = place[other][cell[other]] * shape[0] // rows if other is not None else 0
        column = min(place[axis][cell[axis]], columns - 1) * shape[1] // columns
        total[row, column] += step
        count[row, column] += 1
    return np.where(count > 0, total / np.maximum(count, 1), math.nan)


def heat_map(values: NDArray[np.float64], most: float) -> str:
    """Return a heat map as the address of a PNG with one pixel a value; `most` is the brightest."""
    known = np.isfinite(values)
    codes = np.clip(np.where(known, values, 0) / (most or 1.0) * 255, 0, 255).astype(np.uint8)
    coloured = np.asarray(cv2.applyColorMap(codes, cv2.COLORMAP_INFERNO), np.uint8)
    coloured[~known] = GROUND
    return _address(".png", coloured)


def thumbnail(picture: NDArray[np.uint8], width: int) -> str:
    """Return a picture of at most `width` pixels as the address of a JPEG."""
    scale = min(1.0, width / picture.shape[1])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return _address(".jpg", np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), np.uint8), cv2.IMWRITE_JPEG_QUALITY, 86)


def marked(text: str) -> str:
    """Return words as HTML; what stands between backticks is shown as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def curve(lines: Sequence[tuple[str, Sequence[float]]], most: float) -> str:
    """Draw curves over each other as SVG, with the value at the top beside them.

    Parameters
    ----------
    lines : sequence of (str, sequence of float)
        A CSS class and the values of each; one that is not finite leaves a gap.
    most : float
        The value at the top.

    Returns
    -------
    str
    """
    drawn = "".join(f'<path class="{kind}" d="{_path(values, most or 1.0)}"/>' for kind, values in lines)
    svg = f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{drawn}</svg>'
    return f'<div class="plot"><span>{most:.2f}</span>{svg}</div>'


def _path(values: Sequence[float], most: float) -> str:
    parts, pen = [], "M"
    for number, value in enumerate(values):
        if not math.isfinite(value):
            pen = "M"
            continue
        x = WIDTH * (number + 0.5) / len(values)
        y = HEIGHT - (HEIGHT - 4) * min(1.0, value / most) - 2
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return " ".join(parts)


def _address(kind: str, picture: NDArray[np.uint8], *flags: int) -> str:
    _, data = cv2.imencode(kind, picture, flags)
    mime = {".png": "image/png", ".jpg": "image/jpeg"}[kind]
    return f"data:{mime};base64,{base64.b64encode(data.tobytes()).decode()}"
