"""What is painted from: photographs, drawings, or the frames of a video, fitted to a canvas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tessonance.clips import SUFFIXES, Clip
from tessonance.errors import ProjectError
from tessonance.files import file_named, read_named
from tessonance.images import MOST_BYTES, decode_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.painting.form import Bytes, Floats
    from tessonance.generators.painting.view import Extent
    from tessonance.project import Project

__all__ = ["Content", "fitted", "open_content"]

MOST_PICTURES = 64
# Diameter, colour, place: melts the steps of 8 bits in skies, and a camera's grain, which the networks would hatch.
SMOOTHING = (9, 0.015, 4.0)


class Content(Protocol):
    """Pictures one after another, with everything between."""

    count: int

    def at(self, share: float) -> list[tuple[Bytes, float]]:
        """Return the pictures at a place 0..1, the first to the last, with weights that sum to 1."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class _Pictures:
    def __init__(self, pictures: Sequence[Bytes]) -> None:
        self.count, self._pictures = len(pictures), pictures

    def at(self, share: float) -> list[tuple[Bytes, float]]:
        place = min(max(share, 0.0), 1.0) * (self.count - 1)
        first = min(int(place), self.count - 1)
        parts = [(first, 1 - (place - first)), (first + 1, place - first)]
        return [(self._pictures[number], weight) for number, weight in parts if weight > 0]

    def close(self) -> None:
        pass


class _Video:
    """The frames of a video; nothing between two of them, for that would only be double."""

    def __init__(self, clip: Clip) -> None:
        self.count, self._clip = clip.frames, clip

    def at(self, share: float) -> list[tuple[Bytes, float]]:
        return [(self._clip.frame(round(min(max(share, 0.0), 1.0) * (self.count - 1))), 1.0)]

    def close(self) -> None:
        self._clip.close()


def open_content(project: Project, names: Sequence[str]) -> Content:
    """Open the pictures, or the video, that a project names.

    Parameters
    ----------
    project : Project
    names : sequence of str
        Files; a video stands alone.

    Returns
    -------
    Content

    Raises
    ------
    ProjectError
        If there are too many or too few, or one cannot be read.
    GeneratorError
        If one is no picture.
    """
    videos = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    if not 1 <= len(names) <= MOST_PICTURES or (videos and len(names) > 1):
        raise ProjectError(
            "this is no content",
            where="[generator] content",
            wanted=f"1 to {MOST_PICTURES} pictures, or one video",
            got=", ".join(names)[:200] or "nothing",
        )
    if videos:
        return _Video(Clip(file_named(project, names[0]), where=names[0]))
    known = project.generator.files
    return _Pictures(
        [decode_picture(read_named(project, name, known, most_bytes=MOST_BYTES), where=name) for name in names]
    )


def fitted(picture: Bytes, size: tuple[int, int], *, whole: Extent, rest: Extent, mirrored: bool) -> Floats:
    """Fit a picture to a canvas.

    Parameters
    ----------
    picture : ndarray of uint8
    size : (int, int)
        Columns and rows of the canvas, its margin left out.
    whole, rest : Extent
        What the canvas covers, and what of it is seen where nothing is turned or far.
    mirrored : bool
        Whether the picture covers only what is seen at rest and is mirrored beyond, or all of the canvas.

    Returns
    -------
    ndarray of float32, shape (rows, columns, 3)
        sRGB, 0..1.
    """
    import cv2

    columns, rows = size
    wanted = rest if mirrored else whole
    across = max(1, round(columns * wanted.across / whole.across))
    down = max(1, round(rows * wanted.down / whole.down))
    scale = max(across / picture.shape[1], down / picture.shape[0])
    large = max(across, round(picture.shape[1] * scale)), max(down, round(picture.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    covering = cv2.resize(picture.astype(np.float32) / np.float32(255), large, interpolation=how)
    return np.clip(cv2.bilateralFilter(_cut_or_mirrored(covering, columns, rows), *SMOOTHING), 0, 1)


def _cut_or_mirrored(picture: Floats, columns: int, rows: int) -> Floats:
    """Take as much from around the middle; what is beyond the border is mirrored."""
    places = []
    for length, wanted in ((picture.shape[0], rows), (picture.shape[1], columns)):
        at = np.arange(wanted) + (length - wanted) // 2
        period = max(1, 2 * (length - 1))
        folded = np.abs(at) % period
        places.append(np.where(folded >= length, period - folded, folded))
    found: Floats = picture[np.ix_(*places)]
    return found
