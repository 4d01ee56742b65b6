"""How two neighbouring pictures move towards each other: found by optical flow, kept small, and shown.

The first picture is read at ``x + u F(x)``, u being how far the frame is from it, 0..1, and F the flow from the second
picture back to it; the second at ``x + (1 - u) B(x)``, B being the flow from the first to the second.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from tessonance.errors import TessError
from tessonance.sampling.fine import FineReader
from tessonance.smooth.flow import dis, places, warp
from tessonance.smooth.views import same_size
from tessonance.store.bake import LARGEST_INT8, Field
from tessonance.store.bake_format import FIELD_SHRINK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.smooth.flow import FlowFinder

    Floats = NDArray[np.float32]

__all__ = ["FIELD_SIDE", "Motion", "find", "moved", "shown", "shrink", "spread_out"]

# Pixels of the longer side where motion is looked for: 128 is blurred, 384 no better and twice as slow.
FIELD_SIDE = 256
# Where two pictures, each moved half way, differ so much more than unmoved, motion is given up; in between, gently.
HELD, TORN = 1.0, 1.4
COARSE, AROUND = 4, 2.0  # how much smaller that is looked at, and how far around a place, in such pixels
FAINT = 1e-3
_own = threading.local()
FINEST = 1 / 2048  # of the longer side: a quarter of a pixel of 512; finer steps show nothing, and take more room


class Motion(NamedTuple):
    """The flow between two pictures, at the size at which it was looked for.

    Parameters
    ----------
    forward, backward : ndarray of float32, shape (h, w, 2)
        F and B, x and y in pixels of that size.
    torn : float
        The share of the places where motion was given up, 0..1.
    """

    forward: Floats
    backward: Floats
    torn: float


def find(first: Floats, second: Floats, *, finder: FlowFinder = dis) -> Motion:
    """Find how two pictures move towards each other.

    The flow there and that back are held against each other in what they show: moved half way each, the two pictures
    have to meet. Where they differ more than unmoved, the flow tears, and fades to none. Asking that the way there and
    back ends where it began (`flow.agreement`) was tried instead: it gives up half of what motion brings, because flow
    over what has no texture misses its start and is seen by nobody.

    Parameters
    ----------
    first, second : ndarray of float32, shape (h, w, 3)
        0..1, of one size.
    finder : FlowFinder

    Returns
    -------
    Motion

    Raises
    ------
    TessError
        If the pictures are of two sizes, or what the finder returns is no flow.
    """
    same_size(first, second)
    forward, backward = (_sound(finder(*pair), first) for pair in ((second, first), (first, second)))
    half = np.float32(0.5)
    apart = _apart(warp(first, forward * half), warp(second, backward * half))
    trust = np.clip((TORN - apart / (_apart(first, second) + np.float32(FAINT))) / (TORN - HELD), 0, 1)
    height, width = first.shape[:2]
    smooth = cv2.resize(_blurred(trust.astype(np.float32)), (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    return Motion(forward * smooth, backward * smooth, float(np.mean(trust < half)))


def shrink(motion: Motion, height: int, width: int) -> Field:
    """Return a motion as it is kept: for pictures of `height` × `width`, at a quarter of that, in whole numbers."""
    size = -(-width // FIELD_SHRINK), -(-height // FIELD_SHRINK)
    by = np.array([width / motion.forward.shape[1], height / motion.forward.shape[0]], np.float32)
    both = [cv2.resize(flow, size, interpolation=cv2.INTER_AREA) * by for flow in (motion.forward, motion.backward)]
    most = float(max(height, width))
    pixels = np.clip(np.stack(both), -most, most)
    scale = np.float32(max(np.abs(pixels).max() / LARGEST_INT8, most * FINEST))
    codes = np.rint(pixels / scale).astype(np.int8)
    return Field(codes[0], codes[1], float(scale) if codes.any() else 0.0)


def spread_out(field: Field, shape: tuple[int, ...], full: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return F and B of a field for pictures of another size, in pixels of that.

    Parameters
    ----------
    field : Field
    shape : tuple of int
        Height and width of the frames.
    full : tuple of int
        Height and width of the tesseract's pictures, in whose pixels the field counts.

    Returns
    -------
    forward, backward : ndarray of float32, shape (height, width, 2)
        Linearly interpolated: the field covers the picture from rim to rim, whatever its size.
    """
    by = np.array([field.scale * shape[1] / full[1], field.scale * shape[0] / full[0]], np.float32)
    size = shape[1], shape[0]
    both = (field.forward, field.backward)
    forward, backward = (
        np.asarray(cv2.resize(codes.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32) * by
        for codes in both
    )
    return forward, backward


def shown(first: Floats, second: Floats, flows: tuple[Floats, Floats] | None, share: float) -> Floats:
    """Return the frame between two pictures, as a show makes it.

    Parameters
    ----------
    first, second : ndarray of float32, shape (H, W, 3)
    flows : tuple of ndarray or None
        F and B at their size; None where the edge blends.
    share : float
        How far the frame is from the first picture, 0..1.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
    """
    u = np.float32(share)
    if flows is not None:
        first, second = moved(first, flows[0] * u), moved(second, flows[1] * (1 - u))
    return first * (1 - u) + second * u


def moved(picture: Floats, flow: Floats) -> Floats:
    """Read a picture at every pixel moved by a flow, as a show reads it: as `flow.warp`, but along curves.

    It may go beyond 0..1.
    """
    height, width = picture.shape[:2]
    if getattr(_own, "size", None) != (height, width):  # one for each thread: it keeps buffers, which are slow to get
        _own.size, _own.reader = (height, width), FineReader((width, height), (width, height))
        _own.read = np.empty((height, width, 4), np.float32)
    reader: FineReader = _own.reader
    return np.ascontiguousarray(reader.read(picture, places(flow), _own.read)[..., :3])


def _sound(flow: Floats, picture: Floats) -> Floats:
    """Refuse what is no flow: a finder may be anybody's."""
    found = np.asarray(flow, np.float32)
    wanted = (*picture.shape[:2], 2)
    if found.shape != wanted or not np.isfinite(found).all():
        got = f"shape {found.shape}" if found.shape != wanted else "numbers that are not finite"
        raise TessError("what finds the flow returned none", wanted=f"finite numbers, shape {wanted}", got=got)
    return found


def _apart(first: Floats, second: Floats) -> Floats:
    """Return how different two pictures are around each place, on a coarser grid."""
    height, width = first.shape[:2]
    size = max(1, width // COARSE), max(1, height // COARSE)
    return _blurred(cv2.resize(np.abs(first - second).sum(axis=-1), size, interpolation=cv2.INTER_AREA))


def _blurred(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), AROUND), np.float32)
