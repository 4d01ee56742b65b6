"""Bakes of small tesseracts, whose numbers tell which edge they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tessonance.store import open_tesseract
from tessonance.store.bake_field import Field
from tessonance.store.bake_format import BakeFiles, BakeNotes
from tessonance.store.bake_writer import BakeWriter, new_bake
from tessonance.store.calibration import Calibration
from tessonance.store.osfile import Folder

NOTES = BakeNotes("test 1", Calibration(0.97, 0.1, 200, (0.0, 0.5), (0.0, 0.7)), "tessonance test")
DISTANCES = (0.05, 0.1, 0.25)


def field_of(files: BakeFiles, number: int) -> Field:
    shape = (*files.field_shape, 2)
    random = np.random.default_rng(number)
    both = random.integers(-127, 128, (2, *shape)).astype(np.int8)
    return Field(both[0], both[1], 0.125)


def fingerprints(path: Path, files: BakeFiles) -> np.ndarray:
    import zlib

    found = np.zeros(files.pictures.shape, np.uint32)
    with open_tesseract(path) as tesseract:
        for place in np.ndindex(found.shape[:-1]):
            raw = tesseract.encoded(tuple(int(along[i]) for along, i in zip(files.knots, place, strict=True)))
            found[place] = len(raw), zlib.crc32(raw)
    return found


def bake(path: Path, *, axes: tuple[int, ...] | None = None) -> BakeFiles:
    """Bake every edge: those whose number is odd flow."""
    with open_tesseract(path) as tesseract:
        files = BakeFiles(tesseract.project, tesseract.knots())
    folder = Folder(path)
    new_bake(folder, files, NOTES)
    with BakeWriter(folder, files) as writer:
        writer.put_pictures(fingerprints(path, files))
        for axis in files.axes if axes is None else axes:
            for number, edge in enumerate(np.ndindex(files.edges_shape(axis))):
                writer.put(axis, edge, DISTANCES, field_of(files, number) if number % 2 else None)
    return files
