"""Drawing on a translucent panel: premultiplied RGBA, so that it lies over any picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "Colour",
    "bar",
    "blurred",
    "disc",
    "fixed",
    "lay",
    "line",
    "over",
    "ramp",
    "rounded",
    "shine",
    "tint",
    "write",
]

Colour = tuple[int, int, int]
SHIFT = 4  # OpenCV draws on sixteenths of a pixel, so that what moves slowly does not hop


def over(panel: NDArray[np.uint8], mask: NDArray[np.uint8], colour: Colour, *, strength: float = 1.0) -> None:
    """Lay a colour over a panel through a mask of the same size.

    Parameters
    ----------
    panel : ndarray of uint8, shape (h, w, 4)
        Changed in place.
    mask : ndarray of uint8, shape (h, w)
        Where, 0..255.
    colour : (int, int, int)
    strength : float
        How opaque it is, 0..1.
    """
    cover = mask[..., None] * np.float32(strength / 255)
    panel[...] = panel + cover * (np.array([*colour, 255], np.float32) - panel) + np.float32(0.5)


def write(panel: NDArray[np.uint8], mask: NDArray[np.uint8], at: tuple[float, float], colour: Colour) -> None:
    """Lay a mask over a panel with its upper left corner at a place; what falls outside is cut."""
    x, y = round(at[0]), round(at[1])
    part = panel[max(y, 0) : max(y + mask.shape[0], 0), max(x, 0) : max(x + mask.shape[1], 0)]
    top, left = max(-y, 0), max(-x, 0)
    over(part, mask[top : top + part.shape[0], left : left + part.shape[1]], colour)


def tint(colour: Colour, share: float, towards: Colour = (255, 255, 255)) -> Colour:
    """Mix a colour with another; `share` 0 is the colour itself, 1 the other."""
    mixed = [round(a + (b - a) * share) for a, b in zip(colour, towards, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def rounded(size: tuple[int, int], radius: float) -> NDArray[np.uint8]:
    """Return the mask of a filled rectangle with round corners, shape ``(height, width)``."""
    width, height = size
    x = np.abs(np.arange(width) + 0.5 - width / 2) - (width / 2 - radius)
    y = np.abs(np.arange(height) + 0.5 - height / 2) - (height / 2 - radius)
    away = np.hypot(np.maximum(x, 0), np.maximum(y, 0)[:, None])
    inside: NDArray[np.uint8] = (255 * np.clip(radius + 0.5 - away, 0, 1)).astype(np.uint8)
    return inside


def disc(panel: NDArray[np.uint8], centre: Sequence[float], radius: float, colour: Colour) -> None:
    """Lay a disc over a panel, its centre and its edge anywhere between the pixels."""
    left, top = math.floor(centre[0] - radius), math.floor(centre[1] - radius)
    across = np.arange(math.ceil(2 * radius) + 2, dtype=np.float32) + np.float32(0.5)
    away = np.hypot(across + (left - centre[0]), (across + (top - centre[1]))[:, None])
    write(panel, (255 * np.clip(radius + 0.5 - away, 0, 1)).astype(np.uint8), (left, top), colour)


def line(
    mask: NDArray[np.uint8], start: Sequence[float], stop: Sequence[float], light: float, *, width: float = 1.0
) -> None:
    """Draw a line of some brightness, 0..255, on a mask of shape ``(h, w)``."""
    cv2.line(mask, fixed(start), fixed(stop), light, max(1, round(width)), cv2.LINE_AA, SHIFT)


def bar(
    panel: NDArray[np.uint8], left: float, top: float, right: float, bottom: float, colour: Colour, strength: float
) -> None:
    """Lay a rectangle over a panel, its edges anywhere between the pixels."""
    x0, y0 = math.floor(left), math.floor(top)
    columns = np.arange(x0, math.ceil(right), dtype=np.float32)
    rows = np.arange(y0, math.ceil(bottom), dtype=np.float32)
    along = np.clip(np.minimum(columns + 1, right) - np.maximum(columns, left), 0, 1)
    down = np.clip(np.minimum(rows + 1, bottom) - np.maximum(rows, top), 0, 1)
    mask = (255 * strength * down[:, None] * along).astype(np.uint8)
    write(panel, mask, (x0, y0), colour)


def blurred(mask: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Blur a mask: three boxes are a Gaussian to the eye, at a seventh of its cost."""
    box = 2 * round(sigma) | 1
    for _ in range(3):
        mask = np.asarray(cv2.blur(mask, (box, box)), np.uint8)
    return mask


def ramp(*stops: tuple[float, Colour]) -> NDArray[np.uint8]:
    """Return the colours of 256 brightnesses, for `shine`; stops are ``(share of full brightness, colour)``."""
    shares, colours = zip(*stops, strict=True)
    table = [np.interp(np.linspace(0, 1, 256), shares, channel) for channel in zip(*colours, strict=True)]
    return np.stack([*table, np.zeros(256)], -1).astype(np.uint8)[:, None]


def shine(panel: NDArray[np.uint8], mask: NDArray[np.uint8], colours: NDArray[np.uint8]) -> None:
    """Add light to a panel: what lies below shines through, as with any glow."""
    light = cv2.LUT(cv2.merge([mask] * 4), colours)
    panel[...] = cv2.add(panel, light)


def lay(frame: NDArray[np.uint8], panel: NDArray[np.uint8], corner: tuple[int, int]) -> None:
    """Lay a panel over a frame, in place, with its upper left corner at ``(x, y)``."""
    x, y = corner
    part = frame[y : y + panel.shape[0], x : x + panel.shape[1]]
    through = cv2.cvtColor(255 - panel[..., 3], cv2.COLOR_GRAY2RGB)
    colours = cv2.cvtColor(panel, cv2.COLOR_RGBA2RGB)  # a slice of the channels is fifty times as slow to add
    part[...] = cv2.add(cv2.multiply(part, through, scale=1 / 255), colours)


def fixed(place: Sequence[float]) -> tuple[int, int]:
    """Return a place in OpenCV's sixteenths of a pixel; its pixels are points at integers."""
    return round((place[0] - 0.5) * 2**SHIFT), round((place[1] - 0.5) * 2**SHIFT)
