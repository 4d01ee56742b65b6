"""What threads make of a picture and of a field, so that little is left to do when they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import cv2
import numpy as np

from tessonance.errors import RenderError
from tessonance.grid import Cell
from tessonance.sampling.fields import check_field
from tessonance.sampling.taps import Edge
from tessonance.show.flash_estimate import COLUMNS, ROWS, thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.sampling.fields import Fields

__all__ = ["Ready", "ReadyField", "ReadyPicture", "Wanted", "read_field", "read_picture"]

Wanted: TypeAlias = Cell | Edge  # a picture, or the field of an edge


class ReadyPicture(NamedTuple):
    """A picture for the graphics processor, shape (H, W, 4), and for the flash limiter."""

    picture: NDArray[np.uint8]
    thumbnail: NDArray[np.float32]


class ReadyField(NamedTuple):
    """A field for the graphics processor, shape (h, w, 4), and for thumbnails; empty where an edge cross-fades."""

    fields: Fields | None  # those it is one of
    vectors: NDArray[np.int8]
    scale: float
    small: NDArray[np.float32]  # shape (36, 64, 4), in pixels of a thumbnail for each unit that is a pixel


Ready: TypeAlias = ReadyPicture | ReadyField
NONE, NONE_SMALL = np.zeros((0, 0, 4), np.int8), np.zeros((0, 0, 4), np.float32)


def read_picture(read: Callable[[Cell], NDArray[np.uint8]], cell: Cell, size: tuple[int, int]) -> ReadyPicture:
    """Read the picture of a cell. Raises RenderError where it has another size, and whatever reading raises."""
    picture = read(cell)
    if picture.shape != (size[1], size[0], 3):
        raise RenderError("the picture has another size", where=f"cell {cell}", got=str(picture.shape))
    return ReadyPicture(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8), thumbnail(picture))


def read_field(fields: Fields | None, edge: Edge, size: tuple[int, int]) -> ReadyField:
    """Read the field of an edge. Raises RenderError where it does not fit the pictures, and whatever reading raises."""
    field = None if fields is None else fields.field(*edge)
    if field is None or not field.scale:
        return ReadyField(fields, NONE, 0.0, NONE_SMALL)
    check_field(field, size, f"edge {edge.at} along axis {edge.axis}")
    vectors = np.concatenate([field.forward, field.backward], axis=2)
    by = np.array([COLUMNS / size[0], ROWS / size[1]] * 2, np.float32)
    small = cv2.resize(vectors.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    scale = float(field.scale)
    return ReadyField(fields, np.ascontiguousarray(vectors), scale, np.asarray(small * by, np.float32))
