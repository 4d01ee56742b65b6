"""A picture brought to the size of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import cv2
import numpy as np

from tessonance.errors import RenderError, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FITS", "Fit", "check_fit", "fit"]

Fit = Literal["cover", "contain", "stretch"]
FITS: tuple[str, ...] = get_args(Fit)


def fit(picture: NDArray[np.uint8], size: tuple[int, int], mode: str = "cover") -> NDArray[np.uint8]:
    """Bring a picture to a size.

    Parameters
    ----------
    picture : ndarray of uint8, shape (h, w, 3)
    size : (int, int)
        Width and height of the frame.
    mode : {"cover", "contain", "stretch"}
        Fill the frame and cut what stands over, show the whole picture between black bars, or change its proportions.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        The picture itself where its size is right already. Pixel centres stand at halves; reduced by area, enlarged
        by the bicubic kernel.

    Raises
    ------
    RenderError
        If there is no such mode.
    """
    check_fit(mode)
    width, height = size
    if mode == "cover":
        picture = _crop(picture, width / height)
    elif mode == "contain":
        inner = _inscribed(picture.shape[1] / picture.shape[0], size)
        if inner != size:
            return _framed(_resized(picture, inner), size)
    return _resized(picture, size)


def check_fit(mode: str) -> None:
    """Raise RenderError unless there is such a mode."""
    if mode not in FITS:
        raise RenderError(f"there is no fit {mode!r}", hint=nearest(mode, FITS))


def _resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    smaller = size[0] < width and size[1] < height
    kernel = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=kernel), np.uint8)


def _crop(picture: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """Cut the largest middle part of an aspect ratio; equally much on both sides, or the picture would sit aside."""
    height, width = picture.shape[:2]
    if width > height * aspect:
        side = min(round((width - height * aspect) / 2), (width - 1) // 2)
        return picture[:, side : width - side]
    side = min(round((height - width / aspect) / 2), (height - 1) // 2)
    return picture[side : height - side]


def _inscribed(aspect: float, size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    return min(width, max(1, round(height * aspect))), min(height, max(1, round(width / aspect)))


def _framed(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    height, width = picture.shape[:2]
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    frame[top : top + height, left : left + width] = picture
    return frame
