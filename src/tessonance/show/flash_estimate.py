"""A frame in few numbers: how much light there is where, for the flash limiter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["COLUMNS", "ROWS", "blended", "coded", "estimate", "framed", "linear", "thumbnail"]

ROWS, COLUMNS = 36, 64
FINE = (256, 144)  # 4 of 1024 pixels are a tenth of a degree, below which a pattern is too fine to count as flashing
_CURVE = 4096  # steps of the table, fine enough for 1/3000 of the light


def _to_linear(value: NDArray[np.float64]) -> NDArray[np.float32]:
    """Apply the curve of IEC 61966-2-1 (sRGB), as the definition of relative luminance in WCAG 2 does."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _to_linear(np.arange(_CURVE + 1) / _CURVE)
_LINEAR_8_BIT = _to_linear(np.arange(256) / 255)
_CODED = np.interp((np.arange(_CURVE + 1) / _CURVE) ** 2, _LINEAR, np.arange(_CURVE + 1) / _CURVE).astype(np.float32)


def linear(value: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear light for coded values, both 0..1."""
    return _LINEAR.take((np.clip(value, 0.0, 1.0) * _CURVE + 0.5).astype(np.int16))


def coded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return coded values for linear light, both 0..1."""
    return _CODED.take((np.sqrt(np.clip(light, 0.0, 1.0)) * _CURVE + 0.5).astype(np.int16))


def estimate(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how much light a frame has in each of 64 × 36 places.

    Light adds up, coded values do not: a place that is half black and half white sends out half of white's light, not
    the fifth that the mean of its coded values stands for. So the means are of linear light. Only within a 256th of the
    frame's width, as fine as anything counts (WCAG 2.3.1 leaves out patterns below 0.1 degree), are coded values
    averaged first, because that takes a quarter of the time.

    Parameters
    ----------
    frame : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    ndarray of float32, shape (36, 64, 3)
        Linear light, 0..1.
    """
    by = max(1, min(frame.shape[1] // FINE[0], frame.shape[0] // FINE[1]))
    if by > 1:  # by a whole number: two to twelve times as fast as to one size for all
        height, width = frame.shape[0] // by, frame.shape[1] // by
        small = cv2.resize(frame[: by * height, : by * width], (width, height), interpolation=cv2.INTER_AREA)
        frame = np.asarray(small, np.uint8)
    return _resized(np.asarray(cv2.LUT(frame, _LINEAR_8_BIT), np.float32))


def thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what is kept of a decoded picture to estimate the frames it becomes part of.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, 3)

    Returns
    -------
    ndarray of float32, shape (36, 64, 3)
        The coded value, 0..1, whose light is the mean light of the place: pictures are blended in coded values, so
        their thumbnails must be, too.
    """
    return coded(estimate(picture))


def blended(thumbnails: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    """Return the estimate of a frame that is blended of pictures.

    It is exact for one picture, and for more of them where each is even within a place; else the blend of the
    thumbnails has a little more light than the frame.

    Parameters
    ----------
    thumbnails : sequence of ndarray, shape (36, 64, 3) each
        Of the pictures; see `thumbnail`.
    weights : sequence of float
        Their shares, which sum to 1.

    Returns
    -------
    ndarray of float32, shape (36, 64, 3)
        Linear light, 0..1.
    """
    total = thumbnails[0] * np.float32(weights[0])
    for picture, weight in zip(thumbnails[1:], weights[1:], strict=True):
        total += picture * np.float32(weight)
    return linear(total)


def framed(
    light: NDArray[np.float32], picture: tuple[int, int], frame: tuple[int, int], mode: str = "cover"
) -> NDArray[np.float32]:
    """Return the estimate of a frame that shows a picture of other proportions.

    Parameters
    ----------
    light : ndarray, shape (36, 64, 3)
        The estimate of the whole picture.
    picture, frame : (int, int)
        Width and height of both, in any unit.
    mode : {"cover", "contain", "stretch"}
        See `tessonance.sampling.fit`.

    Returns
    -------
    ndarray of float32, shape (36, 64, 3)
    """
    if min(*picture, *frame) <= 0:  # a minimised window
        return light
    wider = picture[0] * frame[1] / (picture[1] * frame[0])  # than the frame, above 1
    if mode == "stretch" or abs(wider - 1.0) < 1e-3:
        return light
    shown = (wider, 1.0) if (wider > 1.0) == (mode == "cover") else (1.0, 1.0 / wider)
    across, down = (1.0 / shown[0], 1.0 / shown[1])  # how far one place of the frame reaches in the picture
    moved = np.array(
        [[across, 0, (across - 1) / 2 + COLUMNS * (1 - across) / 2], [0, down, (down - 1) / 2 + ROWS * (1 - down) / 2]]
    )
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE if mode == "cover" else cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpAffine(light, moved, (COLUMNS, ROWS), flags=how, borderMode=border), np.float32)


def _resized(light: NDArray[np.float32]) -> NDArray[np.float32]:
    smaller = light.shape[0] >= ROWS and light.shape[1] >= COLUMNS
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(light, (COLUMNS, ROWS), interpolation=how), np.float32)
