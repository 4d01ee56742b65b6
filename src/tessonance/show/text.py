"""Words and figures as small masks, drawn once and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["clipped", "label", "line_height"]

SPACE = 0.28  # between words, of the font's size: its own is two pixels of eleven, and words run into one another


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load the font that Pillow carries within itself: no font file is searched for."""
    return ImageFont.load_default(size)


def line_height(size: float) -> int:
    """Return how many pixels a line of text is high; its masks are as high, whatever stands in them."""
    font = _font(size)
    if isinstance(font, ImageFont.FreeTypeFont):
        return sum(font.getmetrics())
    return int(font.getbbox("Ag")[3])


@lru_cache(maxsize=2048)
def label(text: str, size: float) -> NDArray[np.uint8]:
    """Return the mask of a text.

    Parameters
    ----------
    text : str
    size : float
        Of the font, in pixels.

    Returns
    -------
    ndarray of uint8, shape (line_height(size), width)
        0 where there is no ink, 255 where there is nothing else; shared, so read-only.
    """
    font, words, left = _font(size), text.split(" "), [0]
    for word in words:
        left.append(left[-1] + round(font.getlength(word)) + round(SPACE * size))
    image = Image.new("L", (max(1, left[-1] - round(SPACE * size)), line_height(size)))
    for word, x in zip(words, left, strict=False):
        ImageDraw.Draw(image).text((x, 0), word, fill=255, font=font)
    mask = np.asarray(image)
    mask.flags.writeable = False
    return mask


@lru_cache(maxsize=256)
def clipped(text: str, size: float, width: int) -> str:
    """Shorten a text until it is at most `width` pixels wide."""
    if label(text, size).shape[1] <= width:
        return text
    while len(text) > 1 and label(text + "…", size).shape[1] > width:
        text = text[:-1]
    return text + "…"
