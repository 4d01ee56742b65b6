"""Pictures as they are compared: checked, as float32, at the size that the limits were calibrated at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np

from tessonance.errors import TessError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8] | NDArray[np.float32]

__all__ = ["VIEW", "as_float", "lessened", "linear", "luma", "reduced", "same_size", "shrunk", "squeezed", "view"]

Values = TypeVar("Values", bound="NDArray[Any]")

VIEW = 128  # pixels a side: what every limit and every table of docs/smoothness.md was measured at
LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
# IEC 61966-2-1, the linear light of each of 256 codes.
_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES > 0.04045, ((_CODES + 0.055) / 1.055) ** 2.4, _CODES / 12.92).astype(np.float32)


def as_float(picture: Picture) -> NDArray[np.float32]:
    """Return a picture as float32 of 0..1, and refuse what is none.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 3)
        uint8, or floating point of 0..1.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)

    Raises
    ------
    TessError
        If it is no picture, or holds numbers that are not finite or outside 0..1.
    """
    picture = _checked(picture)
    if picture.dtype == np.uint8:
        return picture.astype(np.float32) * np.float32(1 / 255)
    exact = np.ascontiguousarray(picture, np.float32)
    low, high = float(exact.min()), float(exact.max())
    if not (low >= -1e-4 and high <= 1 + 1e-4):  # written so that NaN fails too
        raise TessError("this is no picture", wanted="numbers within 0..1", got=f"{low:g}..{high:g}")
    return np.clip(exact, 0, 1)


def linear(picture: Picture) -> NDArray[np.float32]:
    """Return the linear light of an sRGB picture, 0..1, shape (H, W, 3). Raises TessError as `as_float` does."""
    picture = _checked(picture)
    if picture.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(picture), _LINEAR), np.float32)
    codes = as_float(picture)
    high = np.asarray(cv2.pow((codes + np.float32(0.055)) * np.float32(1 / 1.055), 2.4), np.float32)
    return np.where(codes > np.float32(0.04045), high, codes * np.float32(1 / 12.92))


def view(picture: Picture, side: int = VIEW) -> NDArray[np.float32]:
    """Return a picture as it is compared: its area averages on a square of `side` pixels.

    The limits of calm, lively and wild were calibrated on frames at 128 × 128, wide ones pressed to the square; so is
    everything that shall stand beside them. A side that is shorter than that stays as it is.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 3)
        uint8, or floating point of 0..1.
    side : int
        Pixels, at least 1.

    Returns
    -------
    ndarray of float32, shape (min(H, side), min(W, side), 3)
        0..1.

    Raises
    ------
    TessError
        If it is no picture.
    """
    exact = as_float(picture)
    return shrunk(exact, (min(exact.shape[0], side), min(exact.shape[1], side)))


def squeezed(picture: Picture, side: int) -> Picture:
    """Return a picture as `view` does, in the type it has: a uint8 one is rounded, which is quicker."""
    picture = _checked(picture)
    return shrunk(picture, (min(picture.shape[0], side), min(picture.shape[1], side)))


def reduced(picture: Picture, side: int) -> NDArray[np.float32]:
    """Return a picture whose longer side is at most `side` pixels, its shape kept; else as `view`."""
    exact = as_float(picture)
    scale = min(1.0, side / max(exact.shape))
    return shrunk(exact, (max(1, round(exact.shape[0] * scale)), max(1, round(exact.shape[1] * scale))))


def lessened(picture: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Return a picture as `reduced` does, made smaller before it becomes float32: quicker, and rounded to codes.

    A picture of 8192 pixels a side takes a sixteenth of the memory so.
    """
    height, width = _checked(picture).shape[:2]
    scale = min(1.0, side / max(height, width))
    return as_float(shrunk(picture, (max(1, round(height * scale)), max(1, round(width * scale)))))


def luma(picture: Picture) -> NDArray[np.float32]:
    """Return the luma of a picture by BT.601, of coded values, 0..1, shape (H, W)."""
    return np.asarray(cv2.transform(as_float(picture), LUMA), np.float32)


def same_size(first: NDArray[Any], second: NDArray[Any]) -> None:
    """Raise TessError unless two pictures have one shape."""
    if first.shape != second.shape:
        raise TessError("pictures of two sizes cannot be compared", wanted=str(first.shape), got=str(second.shape))


def shrunk(values: Values, shape: tuple[int, ...]) -> Values:
    """Return the area averages of values of 0..1, or of codes, on a height and a width."""
    height, width = shape[:2]
    if values.shape[:2] == (height, width):
        return values
    small: Any = cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA)
    return small if values.dtype == np.uint8 else np.clip(small, 0, 1)  # type: ignore[no-any-return]


def _checked(picture: Picture) -> Any:
    picture = np.asarray(picture)  # type: ignore[assignment]
    real = picture.dtype == np.uint8 or np.issubdtype(picture.dtype, np.floating)
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape or not real:
        raise TessError(
            "this is no picture",
            wanted="shape (height, width, 3), uint8 or floating point",
            got=f"shape {picture.shape}, {picture.dtype}",
        )
    return picture
