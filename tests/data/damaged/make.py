"""Makes the damaged tesseracts of this folder, and tells what is to be found in each.

    python tests/data/damaged/make.py

Each is a grid of one axis of four steps with pictures of 16 × 16 pixels, all of them painted, in which one thing was
broken afterwards. They are ZIP files without compression: readable in place as packed tesseracts, and as folders once
they are taken apart. Bytes of JPEGs differ between versions of libjpeg; what is to be found does not.
"""

from __future__ import annotations

import json
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZipFile, ZipInfo

import cv2
import numpy as np

from tessonance.grid import Axis
from tessonance.project import Codec, Generator, Picture, Project
from tessonance.store import TesseractWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    Files = dict[str, bytearray]

HERE = Path(__file__).parent
SHARD = "frames/c.0.0.0.0"
SIDE, STEPS = 16, 4
MISSING = 2**64 - 1


class Case(NamedTuple):
    """One way to break a tesseract, and what a look at every picture finds then."""

    what: str
    spoil: Callable[[Files], None]
    painted: int = STEPS
    damaged: int = 0
    files: int = 0
    refused: str = ""
    codec: Codec = "jpeg"


def entry(files: Files, place: int) -> tuple[int, int]:
    """Read an entry of the index."""
    offset, length = struct.unpack_from("<QQ", files[SHARD], 16 * place)
    return offset, length


def set_entry(files: Files, place: int, offset: int, length: int) -> None:
    """Write an entry of the index."""
    struct.pack_into("<QQ", files[SHARD], 16 * place, offset, length)


def append(files: Files, place: int, encoded: bytes) -> None:
    """Put other bytes in place of a picture."""
    set_entry(files, place, len(files[SHARD]), len(encoded))
    files[SHARD] += encoded


def blank(files: Files, place: int, *, keep: float) -> None:
    """Erase the bytes of a picture behind its first part."""
    offset, length = entry(files, place)
    begin = offset + int(keep * length)
    files[SHARD][begin : offset + length] = bytes(offset + length - begin)


def flip(files: Files, place: int) -> None:
    """Change one bit in the middle of a picture."""
    offset, length = entry(files, place)
    files[SHARD][offset + length // 2] ^= 8


def cut(files: Files, size: int) -> None:
    """Cut the shard short; a negative size counts from its end."""
    del files[SHARD][size:]


def change(files: Files, name: str, edit: Callable[[dict], object]) -> None:
    """Change a document."""
    document = json.loads(files[name])
    edit(document)
    files[name][:] = json.dumps(document).encode()


def jpeg(side: int, *options: int) -> bytes:
    """Encode a grey picture."""
    return cv2.imencode(".jpg", np.full((side, side, 3), 90, np.uint8), options)[1].tobytes()


def more_steps(document: dict) -> None:
    """Let the project have another grid than the array."""
    document["attributes"]["tessonance"]["project"]["axis"][0]["steps"] = 5


CASES = {
    "sound": Case("nothing is broken", lambda files: None),
    "cut-picture": Case("the newest picture is cut short", lambda files: cut(files, -1), 3, 1),
    "cut-index": Case("the shard ends inside its index", lambda files: cut(files, 20), 0, 0, 1),
    "empty-shard": Case("the shard has no bytes", lambda files: cut(files, 0), 0, 0, 1),
    "entry-zero": Case("an entry of zeros", lambda files: set_entry(files, 1, 0, 0), 3, 1),
    "entry-in-index": Case("an entry points into the index", lambda files: set_entry(files, 1, 3, 500), 3, 1),
    "entry-overflow": Case("offset + length passes 2^64", lambda files: set_entry(files, 1, MISSING - 9, 500), 3, 1),
    "entry-too-long": Case("a length no picture has", lambda files: set_entry(files, 1, 64, 2**40), 3, 1),
    "entry-half": Case("half an entry is the sentinel: missing", lambda files: set_entry(files, 1, MISSING, 500), 3),
    "shared-bytes": Case("two entries are alike", lambda files: set_entry(files, 1, *entry(files, 2)), 2, 2),
    "inside-another": Case(
        "an entry begins inside another picture",
        lambda files: set_entry(files, 1, entry(files, 2)[0] + 9, entry(files, 2)[1] - 9),
        2,
        2,
    ),
    "no-jpeg": Case("zeros in place of a picture, as a power failure leaves them", lambda f: blank(f, 2, keep=0), 3, 1),
    "half-jpeg": Case("a picture ends in zeros; found by decoding only", lambda f: blank(f, 2, keep=0.97), 3, 1),
    "other-size": Case("a picture of another size", lambda files: append(files, 2, jpeg(32)), 3, 1),
    "progressive": Case(
        "a progressive JPEG", lambda files: append(files, 2, jpeg(SIDE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)), 3, 1
    ),
    "lossless-bit": Case("one bit; found by decoding only", lambda files: flip(files, 2), 3, 1, codec="lossless"),
    "axis-values": Case(
        "the axis' values are others",
        lambda files: files["bloom/c.0"].__setitem__(slice(0, 8), struct.pack("<d", 7.0)),
        files=1,
    ),
    "axis-missing": Case("the axis' values are missing", lambda files: files.__delitem__("bloom/c.0"), files=1),
    "foreign-shard": Case(
        "a shard beyond the grid: no harm", lambda files: files.__setitem__("frames/c.7.0.0.0", bytearray(100))
    ),
    "no-json": Case(
        "the group's document is cut",
        lambda files: files["zarr.json"].__delitem__(slice(90, None)),
        refused="is no JSON",
    ),
    "newer-format": Case(
        "made by a newer program",
        lambda files: change(files, "zarr.json", lambda d: d["attributes"]["tessonance"].update(format=2)),
        refused="made by a newer tessonance",
    ),
    "other-grid": Case(
        "project and array disagree", lambda files: change(files, "zarr.json", more_steps), refused="does not fit"
    ),
}


def sound(codec: Codec) -> Files:
    """Return the files of a tesseract with all its pictures."""
    picture = Picture(width=SIDE, height=SIDE, codec=codec)
    project = Project(picture=picture, generator=Generator(use="plasma"), axes=(Axis(name="bloom", steps=STEPS),))
    random = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.tess"
        with TesseractWriter.create(path, project) as writer:
            for step in range(STEPS):
                writer.put_picture((step,), random.integers(0, 255, (SIDE, SIDE, 3), np.uint8))
        named = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
        return {name: bytearray(file.read_bytes()) for name, file in sorted(named.items()) if "/." not in name}


def make(folder: Path) -> None:
    """Write every case into a folder."""
    for name, case in CASES.items():
        files = sound(case.codec)
        case.spoil(files)
        with ZipFile(folder / f"{name}.tess.zip", "w") as archive:
            for member, data in files.items():
                archive.writestr(ZipInfo(member), bytes(data))


if __name__ == "__main__":
    make(HERE)
