"""How the two pictures of an edge move towards each other, and the bytes that it is stored as."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.errors import DamagedPicture
from tessonance.store.bake_format import ZSTD_LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.store.bake_format import BakeFiles

__all__ = ["Field", "decode_field", "encode_field"]


class Field(NamedTuple):
    """How two neighbouring pictures move towards each other, at a quarter of the resolution.

    Parameters
    ----------
    forward, backward : ndarray of int8, shape (ceil(H / 4), ceil(W / 4), 2)
        x and y. The first picture is read at ``x + u F(x)``, u being how far the frame is from it towards the second,
        0..1, and F `forward` times `scale`; the second at ``x + (1 - u) B(x)``, B being `backward` times `scale`.
    scale : float
        Pixels of the full picture that 1 stands for.
    """

    forward: NDArray[np.int8]
    backward: NDArray[np.int8]
    scale: float


def encode_field(field: Field) -> bytes:
    """Return both directions of a field as they are stored: one Zstandard frame."""
    import zstandard

    both = np.stack([field.forward, field.backward]).astype(np.int8, copy=False)
    planes = np.ascontiguousarray(both.transpose(0, 3, 1, 2))
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compress(planes.data)


def decode_field(encoded: memoryview, files: BakeFiles, *, where: str) -> NDArray[np.int8]:
    """Return the numbers of a stored field, shape (2, h, w, 2).

    Raises
    ------
    DamagedPicture
        If the bytes are none of that size; they are not decompressed then.
    """
    import zstandard

    try:
        size = zstandard.frame_content_size(encoded)
        if size != files.field_bytes:
            raise DamagedPicture(
                "the field has another size", where=where, wanted=f"{files.field_bytes:,} bytes", got=f"{size:,}"
            )
        raw = zstandard.ZstdDecompressor().decompress(encoded)
    except zstandard.ZstdError as error:
        raise DamagedPicture(f"the field is damaged: {error}", where=where) from None
    if len(raw) != math.prod((2, *files.field_shape, 2)):
        raise DamagedPicture("the field is cut short", where=where)
    planes = np.frombuffer(raw, np.int8).reshape(2, 2, *files.field_shape)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
