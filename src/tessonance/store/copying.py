"""Encoded pictures on their way from one tesseract to another: which there are, and whether they are sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tessonance.grid import Cell
    from tessonance.store.reader import Tesseract

__all__ = ["Walk", "same", "sound_picture", "sound_picture_or_none", "stored_count"]

REPORT_EVERY = 64  # drawing a progress bar costs as much as copying a few pictures


class Walk:
    """Goes through the stored cells of tesseracts, and tells how far it is.

    Parameters
    ----------
    progress : callable or None
        Called with how many cells are done and how many there are.
    total : int
        How many there were when this began; a tesseract that is being painted may come to have more.
    """

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self._progress = progress or (lambda done, total: None)
        self._done, self._total = 0, total

    def cells(self, tesseract: Tesseract) -> Iterator[Cell]:
        """Yield the stored cells of a tesseract, in the order in which their pictures are stored."""
        self._tell()
        for flats in tesseract.stored_cells():
            for cell in np.stack(np.unravel_index(flats, tesseract.grid.shape), axis=1).tolist():
                yield tuple(cell)
                self._done += 1
                if self._done % REPORT_EVERY == 0:
                    self._tell()
        self._tell()

    def _tell(self) -> None:
        self._progress(self._done, max(self._done, self._total))


def stored_count(tesseract: Tesseract) -> int:
    """Return how many cells have a picture now, damaged ones too."""
    return sum(flats.size for flats in tesseract.stored_cells())


def sound_picture(tesseract: Tesseract, cell: Cell) -> memoryview:
    """Return the encoded picture of a cell, after a look at its header.

    Raises
    ------
    MissingPicture
        If it is not painted.
    DamagedPicture
        If its entry or its header is no picture's; what lies behind the header is not looked at.
    """
    encoded = tesseract.encoded(cell)
    tesseract.codec.check(encoded)
    return encoded


def sound_picture_or_none(tesseract: Tesseract, cell: Cell) -> memoryview | None:
    """Return the encoded picture of a cell; None where it is missing or damaged."""
    try:
        return sound_picture(tesseract, cell)
    except (MissingPicture, DamagedPicture):
        return None


def same(one: memoryview, other: memoryview) -> bool:
    """Tell whether two encoded pictures are equal byte for byte."""
    return len(one) == len(other) and bytes(one) == bytes(other)  # views themselves are compared item by item
