"""A picture read where fields move it, on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tessonance.sampling.fields import FURTHEST, PART_BITS, PLACES, QUARTER, quarter
from tessonance.sampling.fine import FineReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.sampling.fit import Region

    Move = tuple[NDArray[np.int8], int]  # one direction of a field, and what a unit of it moves by: see `steps`

__all__ = ["Mover"]

NONE: Any = None  # that there is none is missing in the types of OpenCV


class Mover:
    """Reads pictures of one size at places that fields have moved.

    Parameters
    ----------
    size : (int, int)
        Width and height of the pictures.
    region : (int, int, int, int)
        Left, top, width and height of the part that is wanted.

    Notes
    -----
    What the fields add up to is rounded to a 32nd of a pixel for every 4 × 4 pixels, enlarged linearly, and rounded
    again: all of it exactly, for pictures of up to 8192 pixels a side, so that it is what the shader reads. What lies
    outside a picture is the pixel at its rim.
    """

    def __init__(self, size: tuple[int, int], region: Region) -> None:
        left, top, width, height = region
        self._across, self._down = _vectors(left, width), _vectors(top, height)
        fields = quarter(size)
        down = slice(max(self._down[0], 0), min(self._down[1], fields[1]))
        across = slice(max(self._across[0], 0), min(self._across[1], fields[0]))
        self._inside, self._shape = (down, across), (down.stop - down.start, across.stop - across.start)
        self._rim = (
            max(0, -self._down[0]),
            max(0, self._down[1] - fields[1]),
            max(0, -self._across[0]),
            max(0, self._across[1] - fields[0]),
        )
        self._still = _centres(self._across, self._down)
        self._enlarged = np.empty((QUARTER * len(self._still), QUARTER * self._still.shape[1], 2), np.float32)
        above, aside = top - QUARTER * self._down[0], left - QUARTER * self._across[0]
        self._part = slice(above, above + height), slice(aside, aside + width)
        self._pixels = np.empty((height, width, 2), np.int16)
        self._between = np.empty((height, width), np.uint16)
        self._size, self._shown = size, (width, height)
        self._fine: FineReader | None = None

    def read(self, picture: NDArray[np.uint8], moves: Sequence[Move], into: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Read a picture along straight lines between its pixels.

        Parameters
        ----------
        picture : ndarray of uint8, shape (H, W, 3)
        moves : sequence of (ndarray of int8, int)
            At least one, each of shape ``(ceil(H / 4), ceil(W / 4), 2)``.
        into : ndarray of uint8, shape (height, width, 3)
            Where to put the region.

        Returns
        -------
        ndarray of uint8
            `into`.
        """
        # In whole 32nds, since some versions of OpenCV read fractions to a 32nd and others exactly.
        cv2.convertMaps(self._places(moves), NONE, cv2.CV_16SC2, self._pixels, self._between)
        cv2.remap(picture, self._pixels, self._between, cv2.INTER_LINEAR, dst=into, borderMode=cv2.BORDER_REPLICATE)
        return into

    def read_finely(
        self, picture: NDArray[np.uint8], moves: Sequence[Move], into: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Read a picture along curves, unrounded, into four channels; else as `read`. See `FineReader`."""
        if self._fine is None:
            self._fine = FineReader(self._size, self._shown)
        return self._fine.read(picture, self._places(moves), into)

    def _places(self, moves: Sequence[Move]) -> NDArray[np.float32]:
        """Return where each pixel is read: x and y."""
        total = np.full((*self._shape, 2), 1 << PART_BITS - 1, np.int32)
        for vectors, by in moves:
            total += np.multiply(vectors[self._inside], by, dtype=np.int32)
        moved = np.clip(total >> PART_BITS, -FURTHEST, FURTHEST) * np.float32(1 / PLACES)
        above, below, left, right = self._rim
        moved = cv2.copyMakeBorder(moved, above, below, left, right, cv2.BORDER_REPLICATE)
        places = np.add(moved, self._still, dtype=np.float32)
        height, width = self._enlarged.shape[:2]
        cv2.resize(places, (width, height), dst=self._enlarged, interpolation=cv2.INTER_LINEAR)
        return self._enlarged[self._part]


def _vectors(start: int, length: int) -> tuple[int, int]:
    """Return the first vector pixels along a side lie between, and the one behind the last: either may be outside."""
    return start // QUARTER - 1, -(-(start + length) // QUARTER) + 1


def _centres(across: tuple[int, int], down: tuple[int, int]) -> NDArray[np.float32]:
    """Return where the middle of each vector's pixels is: x and y."""
    x, y = (QUARTER * np.arange(*ends, dtype=np.float32) + (QUARTER - 1) / 2 for ends in (across, down))
    return np.stack(np.broadcast_arrays(x, y[:, None]), axis=-1).astype(np.float32)
