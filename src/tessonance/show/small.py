"""A show made small: the same frames from smaller pictures, for looking at rather than for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from tessonance.sampling.cpu import CpuSampler
from tessonance.sampling.fields import quarter
from tessonance.sampling.fit import kept
from tessonance.show.methods import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell
    from tessonance.sampling.fields import Field, Fields
    from tessonance.store import Tesseract

__all__ = ["small_sampler"]


def small_sampler(tesseract: Tesseract, *, method: str | None, size: tuple[int, int]) -> tuple[CpuSampler, str]:
    """Return a sampler whose pictures are about as large as the frames they cover, and the method it shows them by.

    Parameters
    ----------
    tesseract : Tesseract
    method : str or None
        See `tessonance.show.methods.chosen`.
    size : (int, int)
        Width and height of the frames. Pictures that are smaller stay as they are.
    """
    method, fields = chosen(tesseract, method)
    picture = tesseract.project.picture
    whole = kept((picture.width, picture.height), size)
    share = min(1.0, max(size[0] / whole[2], size[1] / whole[3]))
    small = max(1, round(picture.width * share)), max(1, round(picture.height * share))

    def read(cell: Cell) -> NDArray[np.uint8]:
        full = tesseract.picture(cell)
        if full.shape[:2] == small[::-1]:
            return full
        return np.asarray(cv2.resize(full, small, interpolation=cv2.INTER_AREA), np.uint8)

    moved = None if fields is None else _SmallFields(fields, small, share)
    knots = tesseract.knots()
    sampler = CpuSampler(read, tesseract.grid, knots, method=method, fields=moved, region=kept(small, size))
    return sampler, method


class _SmallField(NamedTuple):
    forward: NDArray[np.int8]
    backward: NDArray[np.int8]
    scale: float


class _SmallFields:
    """Fields for pictures that were made smaller."""

    def __init__(self, fields: Fields, small: tuple[int, int], share: float) -> None:
        self._fields, self._size, self._share = fields, quarter(small), share

    @property
    def knots(self) -> Sequence[NDArray[np.int_]]:
        return self._fields.knots

    def field(self, axis: int, edge: Cell, /) -> Field | None:
        found = self._fields.field(axis, edge)
        if found is None:
            return None
        return _SmallField(self._shrunk(found.forward), self._shrunk(found.backward), found.scale * self._share)

    def _shrunk(self, moves: NDArray[np.int8]) -> NDArray[np.int8]:
        small = cv2.resize(moves.astype(np.float32), self._size, interpolation=cv2.INTER_AREA)
        return np.rint(small).astype(np.int8)
