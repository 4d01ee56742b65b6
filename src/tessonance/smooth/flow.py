"""Optical flow between pictures: OpenCV's DIS, and the check whether it can be believed.

A flow says where each pixel of one picture is in another: pixel ``x`` of `first` is found at ``x + flow[x]`` of
`second`. So ``warp(second, flow)`` looks like `first`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from tessonance.smooth.views import luma, same_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.smooth.views import Picture

__all__ = ["FlowFinder", "agreement", "dis", "inside", "places", "warp"]

SMALLEST_SIDE = 16  # pixels; below, DIS has no patch to look at
SLACK_PIXELS, SLACK_SHARE = (
    0.5,
    0.05,
)  # how far a way there and back may miss its start: so much, and so much of the way


class FlowFinder(Protocol):
    """Finds the flow from one picture to another: `dis`, or whatever an extra brings."""

    def __call__(self, first: Picture, second: Picture) -> NDArray[np.float32]:
        """Find where each pixel of `first` is in `second`.

        Parameters
        ----------
        first, second : ndarray, shape (H, W, 3)
            sRGB, uint8 or floating point of 0..1, of one size.

        Returns
        -------
        ndarray of float32, shape (H, W, 2)
            x and y in pixels, finite.
        """
        ...


_NONE: Any = None  # that there is none is missing in the types of OpenCV
_own = threading.local()


def dis(first: Picture, second: Picture) -> NDArray[np.float32]:
    """Find the flow by dense inverse search; see `FlowFinder`.

    T. Kroeger, R. Timofte, D. Dai and L. Van Gool, "Fast Optical Flow using Dense Inverse Search", ECCV 2016, as OpenCV
    has it, at the preset "medium". Pictures below 16 pixels a side have no motion that it could find.

    Raises
    ------
    TessError
        If these are no pictures, or of two sizes.
    """
    codes = [(luma(picture) * np.float32(255) + np.float32(0.5)).astype(np.uint8) for picture in (first, second)]
    same_size(codes[0], codes[1])
    if min(codes[0].shape) < SMALLEST_SIDE:
        return np.zeros((*codes[0].shape, 2), np.float32)
    if not hasattr(_own, "finder"):  # one for each thread: it keeps buffers, and is no other thread's
        _own.finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = np.asarray(_own.finder.calc(codes[0], codes[1], None), np.float32)
    return np.where(np.isfinite(found), found, np.float32(0))


def warp(picture: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Read a picture, or a flow, at every pixel moved by a flow.

    Parameters
    ----------
    picture : ndarray of float32, shape (H, W) or (H, W, channels)
    flow : ndarray of float32, shape (H, W, 2)
        In pixels.

    Returns
    -------
    ndarray of float32, of the shape of `picture`
        Linearly interpolated; what lies outside is the pixel at the rim.
    """
    read = cv2.remap(picture, places(flow), _NONE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, np.float32)


def places(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where a flow leads each pixel: x and y in pixels, shape (H, W, 2)."""
    found = np.array(flow, np.float32)
    found[..., 0] += np.arange(found.shape[1], dtype=np.float32)
    found[..., 1] += np.arange(found.shape[0], dtype=np.float32)[:, None]
    return found


def inside(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which pixels a flow leads to a place inside the picture, shape (H, W)."""
    found = places(flow)
    x, y = found[..., 0], found[..., 1]
    height, width = x.shape
    held: NDArray[np.bool_] = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return held


def agreement(forward: NDArray[np.float32], backward: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell at which pixels the way there and back ends where it began.

    Where it does not, the flow tears: something is hidden, new, or not to be matched.

    Parameters
    ----------
    forward : ndarray of float32, shape (H, W, 2)
        From the first picture to the second, in pixels.
    backward : ndarray of float32, shape (H, W, 2)
        From the second to the first.

    Returns
    -------
    ndarray of bool, shape (H, W)
        At the pixels of the first picture: whether the way back misses by at most half a pixel and a twentieth of both
        ways, and the place is inside the second picture.
    """
    same_size(forward, backward)
    back = warp(backward, forward)
    miss = _length(forward + back)
    near = miss <= SLACK_PIXELS + SLACK_SHARE * (_length(forward) + _length(back))
    return near & inside(forward)


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length: NDArray[np.float32] = np.sqrt((vectors * vectors).sum(axis=-1))
    return length
