"""The view of a painting: how large a canvas has to be, and the picture that is seen of it, turned and near or far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.painting.form import Bytes

__all__ = ["Extent", "extent", "seen"]

MOST_ANGLES = 721  # half a degree apart, on a whole turn
ROOM = 1.02  # for the pixels beyond the last one that a bicubic look needs


class Extent(NamedTuple):
    """How far something reaches from the middle, where half the picture's shorter side is 1."""

    across: float
    down: float

    @property
    def shorter(self) -> float:
        """The smaller of both."""
        return min(self)


def extent(width: int, height: int, turns: Sequence[float], magnification: float) -> Extent:
    """Return how much of a canvas is seen from a picture that turns.

    Parameters
    ----------
    width, height : int
        Of the picture.
    turns : sequence of float
        The first and the last turn, in whole turns.
    magnification : float
        The smallest one.

    Returns
    -------
    Extent
    """
    half = Extent(width / min(width, height), height / min(width, height))
    first, last = min(turns), max(turns)
    count = max(1, math.ceil(min(last - first, 1.0) * (MOST_ANGLES - 1))) + 1
    angles = 2 * math.pi * np.linspace(first, last if last - first < 1 else first + 1, count)
    cos, sin = np.abs(np.cos(angles)), np.abs(np.sin(angles))
    scale = ROOM / magnification
    across = float((cos * half.across + sin * half.down).max())
    down = float((sin * half.across + cos * half.down).max())
    return Extent(across * scale, down * scale)


def seen(canvas: Bytes, reach: Extent, size: tuple[int, int], *, turn: float, magnification: float) -> Bytes:
    """Look at a canvas.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (rows, columns, 3)
    reach : Extent
        Of the canvas.
    size : (int, int)
        Width and height of the picture.
    turn : float
        Whole turns, clockwise.
    magnification : float

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    import cv2

    width, height = size
    rows, columns = canvas.shape[:2]
    per_pixel = 2 / (min(width, height) * magnification)
    x_scale, y_scale = columns / (2 * reach.across), rows / (2 * reach.down)
    cos, sin = math.cos(2 * math.pi * turn) * per_pixel, math.sin(2 * math.pi * turn) * per_pixel
    middle = (width - 1) / 2, (height - 1) / 2
    look = np.array([[cos * x_scale, sin * x_scale, 0.0], [-sin * y_scale, cos * y_scale, 0.0]])
    look[:, 2] = [(columns - 1) / 2, (rows - 1) / 2] - look[:, :2] @ middle
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(canvas, look, (width, height), flags=how, borderMode=cv2.BORDER_REFLECT_101)
