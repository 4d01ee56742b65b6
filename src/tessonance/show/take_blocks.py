"""The bytes of a take: blocks that a kill cannot take back, and that are believed only after a look."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["MAGIC", "VERSION", "Block", "blocks", "changed", "head", "moved", "samples"]

MAGIC = b"TESSREC\n"
VERSION = 1
HEAD = struct.Struct("<4sII")  # kind, bytes of the payload, the CRC-32 of both
SAMPLES_AT = struct.Struct("<Q")  # the number of the first sample; float32 follow
MOVED_AT = struct.Struct("<IIIQ")  # the tesseract, its axes, samples per hop, the first hop's number; float64 follow
MAX_PAYLOAD = 4 * 2**20


class Block(NamedTuple):
    """One block: ``b"HEAD"`` and ``b"CHNG"`` hold JSON, ``b"SAMP"`` and ``b"PATH"`` hold numbers."""

    kind: bytes
    payload: bytes


def head(data: dict[str, Any]) -> bytes:
    """Return the beginning of a take."""
    return MAGIC + _block(b"HEAD", json.dumps({"version": VERSION, **data}).encode())


def samples(first: int, values: NDArray[np.float32]) -> bytes:
    """Return a block of samples, mono at 48 kHz."""
    return _block(b"SAMP", SAMPLES_AT.pack(first) + values.astype("<f4").tobytes())


def moved(piece: int, hop: int, first_hop: int, coordinates: NDArray[np.float64]) -> bytes:
    """Return a block of coordinates, shape ``(hops, N)``; a hop is so many samples."""
    start = MOVED_AT.pack(piece, coordinates.shape[1], hop, first_hop)
    return _block(b"PATH", start + coordinates.astype("<f8").tobytes())


def changed(sample: int, change: dict[str, Any]) -> bytes:
    """Return a block of a change made before a sample."""
    return _block(b"CHNG", json.dumps({"sample": sample, "change": change}).encode())


def _block(kind: bytes, payload: bytes) -> bytes:
    return HEAD.pack(kind, len(payload), zlib.crc32(kind + payload)) + payload


def blocks(file: BinaryIO) -> Iterator[Block | None]:
    """Yield the blocks behind the magic bytes as far as they are whole; None at last, if something followed them."""
    while start := file.read(HEAD.size):
        if len(start) < HEAD.size:
            yield None
            return
        kind, length, checksum = HEAD.unpack(start)
        payload = file.read(length) if length <= MAX_PAYLOAD else b""
        if len(payload) < length or zlib.crc32(kind + payload) != checksum:
            yield None
            return
        yield Block(kind, payload)
