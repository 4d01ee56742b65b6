"""A picture brought to the size of a frame."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Literal, get_args

import cv2
import numpy as np

from tessonance.errors import RenderError, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FITS", "Fit", "Region", "check_fit", "covering", "cut", "fit", "kept"]

Fit = Literal["cover", "contain", "stretch"]
FITS: tuple[str, ...] = get_args(Fit)
Region = tuple[int, int, int, int]  # left, top, width and height in pixels of a picture


def fit(
    picture: NDArray[np.uint8], size: tuple[int, int], mode: str = "cover", *, into: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Bring a picture to a size.

    Parameters
    ----------
    picture : ndarray of uint8, shape (h, w, 3)
    size : (int, int)
        Width and height of the frame.
    mode : {"cover", "contain", "stretch"}
        Fill the frame and cut what stands over, show the whole picture between black bars, or change its proportions.
    into : ndarray of uint8, shape (height, width, 3), optional
        Where to put the frame; memory that is new for every frame costs as much as the enlarging.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        `into`, or new memory, or the picture itself where its size is right already. Pixel centres stand at halves;
        reduced by area, enlarged by the bicubic kernel.

    Raises
    ------
    RenderError
        If there is no such mode.
    """
    check_fit(mode)
    width, height = size
    if mode == "cover":
        picture = cut(picture, size)
    if picture.shape[:2] == (height, width):
        return picture
    frame = np.empty((height, width, 3), np.uint8) if into is None else into
    if mode == "contain":
        _resize(picture, _middle(frame, picture.shape[1] / picture.shape[0]))
    else:
        _resize(picture, frame)
    return frame


def check_fit(mode: str) -> None:
    """Raise RenderError unless there is such a mode."""
    if mode not in FITS:
        raise RenderError(f"there is no fit {mode!r}", hint=nearest(mode, FITS))


def _resize(picture: NDArray[np.uint8], into: NDArray[np.uint8]) -> None:
    height, width = into.shape[:2]
    smaller = width < picture.shape[1] and height < picture.shape[0]
    cv2.resize(picture, (width, height), dst=into, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def cut(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the largest middle part of a picture that has the proportions of a frame: what ``cover`` shows of it."""
    left, top, width, height = kept((picture.shape[1], picture.shape[0]), size)
    return picture[top : top + height, left : left + width]


def kept(picture: tuple[int, int], frame: tuple[int, int]) -> Region:
    """Return the largest middle part of a picture that has the proportions of a frame.

    Equally much is cut on both sides, or the picture would sit aside; so the proportions hold to a pixel.

    Parameters
    ----------
    picture, frame : (int, int)
        Width and height.

    Returns
    -------
    (int, int, int, int)
        Left, top, width and height, in pixels of the picture.
    """
    (width, height), aspect = picture, frame[0] / frame[1]
    if width > height * aspect:
        side = min(round((width - height * aspect) / 2), (width - 1) // 2)
        return side, 0, width - 2 * side, height
    side = min(round((height - width / aspect) / 2), (height - 1) // 2)
    return 0, side, width, height - 2 * side


def covering(picture: tuple[int, int], frame: tuple[int, int]) -> Region:
    """Return the part of a picture that ``cover`` looks at, with a pixel more on each side that is cut.

    Parameters
    ----------
    picture, frame : (int, int)
        Width and height.

    Returns
    -------
    (int, int, int, int)
        Left, top, width and height, in pixels of the picture.
    """
    (width, height), aspect = picture, frame[0] / frame[1]
    side = max(0, floor((width - height * aspect) / 2) - 1)
    above = max(0, floor((height - width / aspect) / 2) - 1)
    return side, above, width - 2 * side, height - 2 * above


def _middle(frame: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """Return the largest middle part of a frame that has an aspect ratio, and make the rest black."""
    height, width = frame.shape[:2]
    wide, tall = min(width, max(1, round(height * aspect))), min(height, max(1, round(width / aspect)))
    top, left = (height - tall) // 2, (width - wide) // 2
    frame[:top], frame[top + tall :], frame[:, :left], frame[:, left + wide :] = 0, 0, 0, 0
    return frame[top : top + tall, left : left + wide]
