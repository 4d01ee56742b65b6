"""`adopted`: take over a JPEG that somebody else encoded, where it is as good as one of our own."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from tessonance.errors import DamagedPicture
from tessonance.store.codec import MAX_SEGMENTS, Jpeg, codec_for

if TYPE_CHECKING:
    from tessonance.project import Picture

__all__ = ["adopted"]

_MARKER = re.compile(rb"\xff(?![\x00\xff\xd0-\xd7])", re.DOTALL)  # in a scan: neither a coded 0xFF nor a restart
_KEPT = {0xDB, 0xC4, 0xDD, 0xC0, 0xC1, 0xDA}  # tables, restart interval, frame, scan
_APP1, _APP2, _ADOBE, _SOS, _EOI = 0xE1, 0xE2, 0xEE, 0xDA, 0xD9
_FINEST = {"420": {0x22, 0x21, 0x12, 0x11}, "444": {0x11}}  # how finely colour may be sampled, and how finely it must
_RGB_NAMES = b"RGB"
# Start of image, and the note that this is JFIF 1.1: Y'CbCr, square pixels, no thumbnail.
_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def adopted(raw: bytes, picture: Picture) -> bytes | None:
    """Return a JPEG file as it can be stored, without decoding and encoding it.

    It is taken over if it is sequential, of 8 bits, in Y'CbCr, of the right size, lies as it is to be seen, is in sRGB,
    and samples its colours at least as finely as the project's codec. Its quality does not matter: encoding it anew
    would not make it better. Only what pictures are made of is kept; what a camera noted (place, date, thumbnail) is
    left out.

    Parameters
    ----------
    raw : bytes
        A file.
    picture : Picture
        ``[picture]`` of the project.

    Returns
    -------
    bytes or None
        None if it has to be decoded and encoded.

    Raises
    ------
    DamagedPicture
        If it would fit, but its code breaks off or is damaged.
    """
    codec = codec_for(picture)
    if not isinstance(codec, Jpeg) or raw[:2] != b"\xff\xd8":
        return None
    segments = _segments(raw)
    if segments is None or not _is_plain(segments, codec.subsampling):
        return None
    scan = next(k for k, (marker, _) in enumerate(segments) if marker == _SOS)
    begins = sum(len(body) for _, body in segments[: scan + 1]) + 2
    end = _MARKER.search(raw, begins)
    if end is None:
        raise DamagedPicture("the JPEG is cut short")
    if raw[end.start() + 1] != _EOI:
        return None  # several scans, or lines that are counted only at the end
    kept = [body for marker, body in segments if marker in _KEPT]
    stored = b"".join([_HEAD, *kept, raw[begins : end.start() + 2]])
    try:
        codec.check(stored)
    except DamagedPicture:
        return None  # of another size, or more segments than are read
    codec.prove(stored)
    return stored


def _segments(raw: bytes) -> list[tuple[int, bytes]] | None:
    """List marker and bytes of every segment up to the first scan's header; None where that is not how it goes."""
    found: list[tuple[int, bytes]] = []
    at = 2
    with suppress(IndexError):
        while len(found) < MAX_SEGMENTS and raw[at] == 0xFF:
            length = (raw[at + 2] << 8 | raw[at + 3]) + 2
            found.append((raw[at + 1], raw[at : at + length]))
            at += length
            if found[-1][0] == _SOS:
                return found
    return None


def _is_plain(segments: list[tuple[int, bytes]], subsampling: str) -> bool:
    frames = [body for marker, body in segments if marker in (0xC0, 0xC1)]
    if len(frames) != 1 or len(frames[0]) < 19 or frames[0][4] != 8 or frames[0][9] != 3:
        return False
    frame = frames[0]
    sampled = frame[11], frame[14], frame[17]
    if sampled[0] not in _FINEST[subsampling] or sampled[1:] != (0x11, 0x11):
        return False
    if bytes((frame[10], frame[13], frame[16])) == _RGB_NAMES:
        return False
    return all(_says_nothing_else(marker, body) for marker, body in segments)


def _says_nothing_else(marker: int, body: bytes) -> bool:
    """Tell whether what an application noted leaves the picture as it would be read without that."""
    if marker == _ADOBE and body[4:9] == b"Adobe":
        return len(body) < 16 or body[15] == 1  # Y'CbCr
    if marker == _APP2 and body[4:16] == b"ICC_PROFILE\0":
        return b"sRGB" in body or "sRGB".encode("utf-16-be") in body  # profiles of version 2, of version 4
    if marker == _APP1 and body[4:10] == b"Exif\0\0":
        return _orientation(body[4:]) == 1
    return True


def _orientation(exif: bytes) -> int:
    from PIL import Image

    try:
        found = Image.Exif()
        found.load(exif)
        return int(found.get(0x0112, 1))
    except Exception:  # notes that are none: whoever decodes the picture anew may see to them
        return 0
