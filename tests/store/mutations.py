"""Ways to break a tesseract at random, and everything anybody might then do with it."""

from __future__ import annotations

import io
import json
import random
import shutil
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from tessonance.errors import TessError
from tessonance.grid import Axis
from tessonance.project import Generator, Picture, Project
from tessonance.store import TesseractWriter, open_tesseract, pack, repair, unpack, verify

STEPS, WIDTH, HEIGHT = (3, 2), 24, 16
INDEX = "frames/c.0.0.0.0.0"
DOCUMENTS = ["zarr.json", "frames/zarr.json"]
FORMS = ["jpeg", "lossless", "jpeg.zip", "lossless.zip"]
NUMBERS = [0, 1, 47, 95, 96, 97, 1000, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
JUNK = [None, True, -1, 0, 1, 2, 1.5, 1e300, 10**30, "", "x", "../../../etc/passwd", [], [[]], {}, {"name": "x"}]
ESCAPES = [
    "../outside",
    "/tmp/outside",
    "..\\outside",
    "C:\\outside",
    "frames/../../outside",
    "frames//outside",
    "a\0b",
]
BOMB_BYTES = 20_000_000
MOST_CELLS = 100_000  # a mutation may make a grid huge: what is asked about all its cells is the asker's own memory


def picture_of(flat: int) -> np.ndarray:
    """Paint a picture that tells which cell it is of."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[...] = (flat * 16 + 8, 100, 8)
    return picture


def project_of(codec: str) -> Project:
    """Make the project of a small grid."""
    axes = tuple(Axis(name=name, steps=steps) for name, steps in zip(("bloom", "ink"), STEPS, strict=True))
    picture = Picture(width=WIDTH, height=HEIGHT, codec=codec)  # type: ignore[arg-type]
    return Project(picture=picture, generator=Generator(use="plasma"), axes=axes)


def make_sound(folder: Path) -> dict[str, Path]:
    """Make a sound tesseract of every form."""
    found = {}
    for codec in ("jpeg", "lossless"):
        path = found[codec] = folder / f"{codec}.tess"
        with TesseractWriter.create(path, project_of(codec)) as writer:
            for flat in range(writer.grid.size):
                writer.put_picture(writer.grid.cell(flat), picture_of(flat))
        pack(path, folder / f"{codec}.tess.zip")
        found[f"{codec}.zip"] = folder / f"{codec}.tess.zip"
    return found


def flip_bits(raw: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 8)):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def cut(raw: bytearray, rng: random.Random) -> None:
    del raw[rng.randrange(len(raw)) :]


def erase(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw))
    end = min(len(raw), start + rng.choice([1, 16, 100, 10_000]))
    raw[start:end] = bytes([rng.choice([0, 255])]) * (end - start)


def lengthen(raw: bytearray, rng: random.Random) -> None:
    raw += rng.randbytes(rng.choice([1, 100, 5000]))


def swap_entries(raw: bytearray, rng: random.Random) -> None:
    a, b = (16 * rng.randrange(6) for _ in range(2))
    raw[a : a + 16], raw[b : b + 16] = raw[b : b + 16], raw[a : a + 16]


def set_entry(raw: bytearray, rng: random.Random) -> None:
    at = 8 * rng.randrange(12)
    raw[at : at + 8] = np.uint64(rng.choice(NUMBERS)).tobytes()


def replace_value(raw: bytearray, rng: random.Random) -> None:
    try:
        document = json.loads(raw)
    except ValueError:  # an earlier mutation broke it
        return
    places, stack = [], [document]
    while stack:
        here = stack.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            places.append((here, key))
            if isinstance(here[key], (dict, list)):
                stack.append(here[key])
    here, key = rng.choice(places)
    here[key] = rng.choice(JUNK)
    raw[:] = json.dumps(document).encode()


def claim(folder: Path, rng: random.Random) -> str:
    """Let both documents agree on a size that is not there."""
    documents = {}
    with suppress(ValueError, OSError, LookupError, TypeError, AttributeError):
        for name in DOCUMENTS:
            documents[name] = json.loads((folder / name).read_bytes())
        project = documents["zarr.json"]["attributes"]["tessonance"]["project"]
        frames = documents["frames/zarr.json"]
        chunk = frames["chunk_grid"]["configuration"]["chunk_shape"]
        inner = frames["codecs"][0]["configuration"]["chunk_shape"]
        size, place = rng.choice([(8192, 3), (8192, 2), (1000, 0), (1_000_000, 0), (1_000_000, 1), (31_622, 1)])
        if place >= 2:
            project["picture"]["width" if place == 3 else "height"] = size
            inner[place] = chunk[place] = size
        else:
            project["axis"][place]["steps"] = size
            if rng.random() < 0.5:
                chunk[place] = size
        frames["shape"][place] = size
        for name, document in documents.items():
            (folder / name).write_text(json.dumps(document))
    return "claim"


def mutate_folder(path: Path, rng: random.Random) -> str:
    """Change one thing in a folder, and say how."""
    if rng.random() < 0.1:
        return claim(path, rng)
    name = rng.choice([INDEX, INDEX, INDEX, *DOCUMENTS])
    ways = [flip_bits, cut, erase, lengthen]
    ways += [swap_entries, set_entry, set_entry] if name == INDEX else [replace_value] * 6
    way = rng.choice(ways)
    raw = bytearray((path / name).read_bytes())
    if raw:
        way(raw, rng)
    (path / name).write_bytes(raw)
    return f"{way.__name__} {name}"


def mutate_packed(path: Path, rng: random.Random) -> str:
    """Change one thing in a packed tesseract, and say how."""
    way = rng.choice([flip_bits, flip_bits, cut, erase, lengthen, rename_member, rename_member, bomb, inside, inside])
    raw = bytearray(path.read_bytes())
    if not raw:
        return "nothing left"
    if way in (flip_bits, erase) and rng.random() < 0.5:  # where most of what matters is: the directory
        tail = bytearray(raw[-600:])
        way(tail, rng)
        raw[-600:] = tail
    else:
        with suppress(Exception):  # an earlier mutation may have made it unfit for this one
            way(raw, rng)
    path.write_bytes(raw)
    return way.__name__


def rename_member(raw: bytearray, rng: random.Random) -> None:
    """Give a member a name that leads elsewhere, and leave the rest as it is."""
    members = _members(raw)
    old = rng.choice(list(members))
    members = {rng.choice(ESCAPES) if name == old else name: data for name, data in members.items()}
    raw[:] = _zip(members)


def bomb(raw: bytearray, rng: random.Random) -> None:
    """Let a few bytes stand for very many."""
    raw[:] = _zip(_members(raw), squeezed=rng.choice([*DOCUMENTS, INDEX, "bloom/c.0"]))


def inside(raw: bytearray, rng: random.Random) -> None:
    """Change a member before it is packed, so that the checksums fit."""
    members = {name: bytearray(data) for name, data in _members(raw).items()}
    name = rng.choice([name for name in (INDEX, INDEX, *DOCUMENTS) if members.get(name)])
    rng.choice([flip_bits, cut, erase, lengthen, set_entry if name == INDEX else replace_value])(members[name], rng)
    raw[:] = _zip({name: bytes(data) for name, data in members.items()})


def _members(raw: bytearray) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(bytes(raw))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip(members: dict[str, bytes], *, squeezed: str = "") -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, data in members.items():
            info = ZipInfo("x")
            info.filename = name  # as it is: ZipInfo itself would turn it round
            if name == squeezed:
                info.compress_type = ZIP_DEFLATED
                archive.writestr(info, bytes(BOMB_BYTES), compresslevel=1)
            else:
                archive.writestr(info, data)
    return out.getvalue()


def try_everything(path: Path) -> int:
    """Use a tesseract as anybody might; return how often it was refused. Anything but a TessError goes through."""
    refused = 0
    try:
        with open_tesseract(path) as tesseract:
            height, width = tesseract.project.picture.height, tesseract.project.picture.width
            for cell in np.ndindex(*(min(steps, 4) for steps in tesseract.grid.shape)):
                try:
                    picture = tesseract.picture(cell)
                except TessError:
                    refused += 1
                    continue
                assert picture.shape == (height, width, 3)
                assert picture.dtype == np.uint8
            if tesseract.grid.size <= MOST_CELLS:
                assert tesseract.is_painted(np.arange(tesseract.grid.size)).sum() == tesseract.painted()
            assert 0 <= tesseract.stored_bytes() < 100_000
            level = tesseract.complete_level()
            assert level is None or 0 <= level < tesseract.grid.levels
            report = verify(tesseract)
            assert report.painted + len(report.damaged) <= report.planned
            refused += not report.sound
    except TessError:
        refused += 1
    return refused


def write_on(path: Path, codec: str) -> None:
    """Go on painting a mutated tesseract; what was put must be there."""
    with suppress(TessError):
        with TesseractWriter.open(path, project_of(codec)) as writer:
            writer.put_picture((1, 1), picture_of(3))
        with open_tesseract(path) as tesseract:
            assert np.abs(tesseract.picture((1, 1)).astype(int) - picture_of(3)).max() < 8
        if repair(path).sound:
            assert verify(path).sound


def trial(sound: dict[str, Path], form: str, seed: int, folder: Path) -> int:
    """Break a copy of a sound tesseract in one to three ways, and use it; return how often it was refused.

    The copy stands in a folder of its own, beside which nothing may appear.
    """
    rng = random.Random(f"{form} {seed}")
    packed = form.endswith(".zip")
    home = folder / "home"
    home.mkdir(parents=True)
    path = home / sound[form].name
    shutil.copy(sound[form], path) if packed else shutil.copytree(sound[form], path)
    what = [(mutate_packed if packed else mutate_folder)(path, rng) for _ in range(rng.choice([1, 1, 3]))]
    try:
        refused = try_everything(path)
        if packed:
            with suppress(TessError):
                unpack(path, home / "unpacked.tess")
                try_everything(home / "unpacked.tess")
        else:
            write_on(path, form)
        assert sorted(found.name for found in folder.iterdir()) == ["home"]
        assert {found.name for found in home.iterdir()} <= {path.name, "unpacked.tess"}
    except BaseException as error:
        error.add_note(f"{form}, seed {seed}: {', '.join(what)}")
        raise
    finally:
        shutil.rmtree(folder)
    return refused
