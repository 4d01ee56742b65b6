"""Coordinate → frame on the processor: reads pictures, keeps some of them, weighs them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tessonance.errors import RenderError, nearest
from tessonance.sampling.taps import METHODS, taps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.sampling.taps import Along, Tap

__all__ = ["CpuSampler"]

CACHE_BYTES = 256 * 2**20


class CpuSampler:
    """Makes the frame of any coordinate, always the same one.

    Parameters
    ----------
    read : callable
        Cell → picture, uint8 of shape (H, W, 3), every picture of one shape.
    grid : Grid
    knots : sequence of sequences of int
        The indices along each axis whose product is painted; see `taps`.
    method : {"blend", "nearest"}
    cache_bytes : int
        How many bytes of pictures to keep; the least recently used goes first. The pictures of one frame are held
        whatever it says.

    Raises
    ------
    RenderError
        If there is no such method; from `frame` also whatever `read` raises.

    Notes
    -----
    One thread at a time. Coded values are weighed in float32 and rounded once, so a frame is within 0.5/255 of the
    exact sum.
    """

    def __init__(
        self,
        read: Callable[[Cell], NDArray[np.uint8]],
        grid: Grid,
        knots: Sequence[Along],
        *,
        method: str = "blend",
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        if method not in METHODS:
            raise RenderError(f"there is no method {method!r}", hint=nearest(method, METHODS))
        self._read, self._grid, self._method = read, grid, method
        self._knots = [[int(index) for index in along] for along in knots]  # bisecting a list is ten times as fast
        self._cache_bytes = cache_bytes
        self._pictures: OrderedDict[Cell, NDArray[np.uint8]] = OrderedDict()
        self._held_bytes = 0
        self._sum: NDArray[np.float32] | None = None

    def frame(self, coordinate: ArrayLike) -> NDArray[np.uint8]:
        """Make the frame of a coordinate.

        Parameters
        ----------
        coordinate : array_like, shape (N,)
            0..1 along each axis.

        Returns
        -------
        ndarray of uint8, shape (H, W, 3)
            At the pictures' own size; on a cell, read-only and exactly its picture.
        """
        where = np.asarray(coordinate, np.float64).tolist()
        return self._weigh(taps(where, self._grid, self._knots, method=self._method))

    def _weigh(self, found: list[Tap]) -> NDArray[np.uint8]:
        pictures = [self._picture(tap.cell) for tap in found]
        if len(found) == 1:
            return pictures[0]
        total: NDArray[Any] = pictures[0]
        share = found[0].weight
        for picture, tap in zip(pictures[1:-1], found[1:-1], strict=True):
            into = self._sum_like(picture)
            total = cv2.addWeighted(total, share, picture, tap.weight, 0.0, dst=into, dtype=cv2.CV_32F)
            share = 1.0
        frame = cv2.addWeighted(total, share, pictures[-1], found[-1].weight, 0.0, dtype=cv2.CV_8U)
        return np.asarray(frame, np.uint8)

    def _sum_like(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the one buffer for sums: new ones for every frame cost more in page faults than the arithmetic."""
        if self._sum is None:
            self._sum = np.empty(picture.shape, np.float32)
        return self._sum

    def _picture(self, cell: Cell) -> NDArray[np.uint8]:
        if cell in self._pictures:
            self._pictures.move_to_end(cell)
            return self._pictures[cell]
        picture = self._read(cell).view()
        picture.flags.writeable = False  # it will be handed out again
        self._pictures[cell] = picture
        self._held_bytes += picture.nbytes
        while self._held_bytes > self._cache_bytes and len(self._pictures) > 1:
            self._held_bytes -= self._pictures.popitem(last=False)[1].nbytes
        return picture
