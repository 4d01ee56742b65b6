"""Whatever a packed tesseract from a stranger holds: an error or a right answer, and nothing written elsewhere."""

import random
import re
import shutil
import struct
import tracemalloc
import zipfile
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from zip_files import members_of, write_zip

from tessonance.errors import TesseractError, TessError
from tessonance.store import open_tesseract, pack, unpack
from tessonance.store.zip_format import MAX_DIRECTORY_BYTES, read_members

SHARD = "frames/c.0.0.0.0.0"
ESCAPES = [
    "../outside",
    "..",
    ".",
    "/outside",
    "//host/outside",
    "frames/../../outside",
    "frames/./c.0",
    "frames//c.0",
    "frames/..",
    "..\\outside",
    "frames\\c.0",
    "C:outside",
    "C:/outside",
    "zarr.json:stream",
    "a\0b",
    "a\nb",
    "\x1b[31mred",
    "\x9b31mred",
]


@pytest.fixture
def packed(make, project_of):
    """A packed tesseract of 5 × 3."""
    return pack(make(project_of(5, 3))).path


def refusal(path):
    """Return what is said about a packed tesseract that cannot be opened; nothing may come of unpacking it."""
    before = set(path.parent.iterdir())
    with pytest.raises(TesseractError) as caught:
        open_tesseract(path)
    with pytest.raises(TesseractError):
        unpack(path, path.parent / "unpacked.tess")
    assert set(path.parent.iterdir()) == before
    return str(caught.value)


# Damage


def test_every_flipped_bit_is_found(packed, tmp_path):
    """In a member by its checksum; elsewhere by what it must be, unless it says nothing."""
    raw, rng = packed.read_bytes(), random.Random(5)
    wanted, broken = members_of(packed), packed.with_name("broken.zip")
    for number in range(60):
        flipped = bytearray(raw)
        flipped[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        broken.write_bytes(flipped)
        try:
            path = unpack(broken, tmp_path / f"{number}.tess").path
        except TesseractError:
            continue
        for found in path.rglob("*"):
            if found.is_file():
                assert found.read_bytes() == wanted[found.relative_to(path).as_posix()]


def test_every_cut_is_found(packed):
    raw, broken = packed.read_bytes(), packed.with_name("broken.zip")
    for length in {*range(4, len(raw), 997), *range(len(raw) - 60, len(raw))}:
        broken.write_bytes(raw[:length])
        with pytest.raises(TesseractError, match=r"broken\.zip: the ZIP file is damaged: .*\n  try: copy or download"):
            open_tesseract(broken)


def test_a_document_that_is_not_what_was_packed_is_told(packed):
    raw = packed.read_bytes()
    packed.write_bytes(raw.replace(b'"seed": 0', b'"seed": 1', 1))
    assert "the ZIP file is damaged: zarr.json is not what was packed" in refusal(packed)


# Hostile archives


@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_that_leads_elsewhere_is_refused(packed, name):
    write_zip(packed, [(name, b"evil"), *members_of(packed).items()])
    assert "which leads elsewhere\n  try: don't trust it" in refusal(packed)


def test_a_compressed_member_is_refused_before_it_grows(packed):
    members = members_of(packed)
    with ZipFile(packed, "w") as archive:
        for name, data in members.items():
            squeezed = ZIP_DEFLATED if name == SHARD else zipfile.ZIP_STORED
            archive.writestr(name, bytes(10_000_000) if name == SHARD else data, squeezed)
    assert "is compressed, so that it cannot be read in place\n  wanted: files that are only stored" in refusal(packed)


@pytest.mark.parametrize(
    ("at", "form", "numbers", "says"),
    [
        (0, "<H", [0], "its directory is damaged"),
        (8, "<H", [1], "is encrypted"),
        (8, "<H", [1 << 13], "is encrypted"),
        (10, "<H", [12], "is compressed"),
        (20, "<L", [5], "is compressed"),
        (20, "<LL", [2**31, 2**31], "reaches into what follows it"),
        (20, "<LL", [2**32 - 1, 2**32 - 1], "an entry of its directory has no size"),
        (28, "<H", [65_535], "its directory is damaged"),
        (28, "<H", [0], "which leads elsewhere"),
        (30, "<H", [65_535], "its directory is damaged"),
        (32, "<H", [1], "its directory is damaged"),
        (34, "<H", [1], "its entry of frames/c.0.0.0.0.0 cannot be"),
        (38, "<L", [0o120777 << 16], "is a link or a device"),
        (38, "<L", [0o020666 << 16], "is a link or a device"),
        (42, "<L", [0], "reaches into what follows it"),
        (42, "<L", [2**32 - 2], "reaches into what follows it"),
        (42, "<L", [2**32 - 1], "an entry of its directory has no size"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(packed, at, form, numbers, says):
    raw = bytearray(packed.read_bytes())
    struct.pack_into(form, raw, raw.rindex(b"PK\x01\x02") + at, *numbers)
    packed.write_bytes(raw)
    assert says in refusal(packed)


def test_a_shard_of_another_name_is_one_that_is_missing(packed):
    raw = packed.read_bytes()
    packed.write_bytes(raw.replace(SHARD.encode(), SHARD[:-1].encode() + b"1"))
    with open_tesseract(packed) as tesseract:
        assert tesseract.painted() == 0


@pytest.mark.parametrize(
    ("at", "form", "number"),
    [
        (4, "<H", 1),
        (6, "<H", 1),
        (8, "<H", 6),
        (8, "<HH", 6),
        (10, "<H", 65_535),
        (12, "<L", 2**32 - 1),
        (12, "<L", 0),
        (16, "<L", 2**32 - 1),
        (16, "<L", 0),
        (20, "<H", 1),
    ],
)
def test_an_end_that_cannot_be_is_refused(packed, at, form, number):
    raw = bytearray(packed.read_bytes())
    struct.pack_into(form, raw, len(raw) - 22 + at, *[number] * (len(form) - 1))
    packed.write_bytes(raw)
    assert "the ZIP file is damaged" in refusal(packed)


@pytest.mark.parametrize("at", [*range(0, 56, 4), *range(56, 76, 4)])
@pytest.mark.parametrize("number", [0, 2**31, 2**32 - 1])
def test_a_wide_end_that_lies_is_refused_or_says_nothing(make, project_of, bytes_of, monkeypatch, at, number):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    path = pack(make(project_of(2))).path
    before, raw = bytes_of(path), bytearray(path.read_bytes())
    struct.pack_into("<L", raw, len(raw) - 22 - 20 - 56 + at, number)
    path.write_bytes(raw)
    try:
        assert bytes_of(path) == before
    except TesseractError as error:
        assert "the ZIP file is damaged" in str(error)  # noqa: PT017


@pytest.mark.parametrize(("at", "form"), [(4, "<H"), (6, "<H"), (8, "<H"), (10, "<H"), (12, "<L"), (16, "<L")])
def test_two_ends_that_contradict_each_other_are_refused(make, project_of, monkeypatch, at, form):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    path = pack(make(project_of(2))).path
    raw = bytearray(path.read_bytes())
    struct.pack_into(form, raw, len(raw) - 22 + at, 3)
    path.write_bytes(raw)
    assert "its two ends contradict each other" in refusal(path)


def test_an_end_that_hides_a_member_is_refused(packed):
    raw = bytearray(packed.read_bytes())
    last = len(raw) - 22 - raw.rindex(b"PK\x01\x02")
    count, length = struct.unpack_from("<HL", raw, len(raw) - 22 + 10)
    struct.pack_into("<HHL", raw, len(raw) - 22 + 8, count - 1, count - 1, length - last)
    packed.write_bytes(raw)
    assert "its directory is not where it says" in refusal(packed)


def test_a_member_that_is_not_where_the_directory_says_is_refused(packed):
    raw = bytearray(packed.read_bytes())
    at = raw.index(SHARD.encode()) - 30
    for offset, size in ((0, 2), (8, 2), (26, 2), (28, 2), (30, 4)):
        broken = bytearray(raw)
        broken[at + offset : at + offset + size] = b"\xf0" * size
        packed.write_bytes(broken)
        with open_tesseract(packed) as tesseract, pytest.raises(TesseractError, match="the ZIP file is damaged"):
            tesseract.picture((0, 0))
        with pytest.raises(TesseractError, match="the ZIP file is damaged"):
            unpack(packed, packed.with_name("again.tess"))


def test_two_members_of_one_name_are_refused(packed):
    members = members_of(packed)
    with pytest.warns(UserWarning, match="Duplicate name"):
        write_zip(packed, [*members.items(), ("zarr.json", b"{}")])
    assert "two files in it have one name" in refusal(packed)


def test_members_that_share_bytes_are_refused(packed):
    raw = bytearray(packed.read_bytes())
    first, second = (raw.index(b"PK\x01\x02", at) for at in (0, raw.index(b"PK\x01\x02") + 1))
    raw[second + 42 : second + 46] = raw[first + 42 : first + 46]
    packed.write_bytes(raw)
    assert "reaches into what follows it" in refusal(packed)


def test_an_archive_inside_an_archive_is_a_file_like_others(packed, bytes_of):
    before, inner = bytes_of(packed), packed.read_bytes()
    write_zip(packed, [*members_of(packed).items(), ("inner.zip", inner)])
    assert bytes_of(packed) == before
    assert unpack(packed, packed.with_name("again.tess")).left_out == ("inner.zip",)
    members = members_of(packed)
    write_zip(packed, [*((name, inner if name == SHARD else data) for name, data in members.items())])
    with open_tesseract(packed) as tesseract:
        assert tesseract.painted() < 15


@pytest.mark.parametrize("add", [b"\0", b"PK\x05\x06", b"x" * 70_000])
def test_what_follows_the_end_is_refused(packed, add):
    packed.write_bytes(packed.read_bytes() + add)
    assert "it is cut short, or something follows its end" in refusal(packed)


def test_what_is_no_zip_file_is_told(tmp_path):
    for data in (b"", b"hello", b"PK\x05\x06" + bytes(18), b"\x89PNG\r\n" * 100):
        (tmp_path / "x.tess.zip").write_bytes(data)
        said = refusal(tmp_path / "x.tess.zip")
        assert "x.tess.zip: this is no tesseract\n  wanted: a folder, or a ZIP file that `tess pack` made" in said


def test_a_document_that_is_too_large_is_refused(packed):
    members = members_of(packed)
    with ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data + bytes(8) if name == "bloom/c.0" else data)
    with pytest.raises(TesseractError, match=r"bloom/c\.0 in it is too large\n  wanted: at most 40 bytes"):
        unpack(packed, packed.with_name("again.tess"))
    assert not packed.with_name("again.tess").exists()


def test_a_huge_directory_is_refused_unread():
    class Huge:
        size = 2**40

        def get_bytes(self, offset, length):
            if offset == 0:
                return memoryview(b"PK\x03\x04")
            assert length < 100
            end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, self.size - 98 - 500, 500)
            locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, self.size - 98, 1)
            end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0)
            return memoryview(end64 + locator + end)

    with pytest.raises(TesseractError, match=f"its directory is too large\n  wanted: at most {MAX_DIRECTORY_BYTES:,}"):
        read_members(Huge(), where="huge.zip")


# Mutations


NUMBERS = [0, 1, 3, 0x7F, 0xFFFF, 2**31, 2**32 - 2, 2**32 - 1, 2**63, 2**64 - 1]


def mutate(raw, rng):
    """Change one thing about the structure of an archive, and say how."""
    raw += b"" if raw else b"PK"
    marks = [found.start() for found in re.finditer(rb"PK(\x03\x04|\x01\x02|\x05\x06|\x06\x06|\x06\x07)", raw)]
    way = rng.choice(["field", "field", "field", "bits", "swap", "copy", "cut", "erase", "insert"])
    at = rng.choice(marks) if marks else 0
    if way == "field":
        at += rng.randrange(60)
        width = rng.choice([1, 2, 4, 8])
        raw[at : at + width] = (rng.choice(NUMBERS) % 256**width).to_bytes(width, "little")
    elif way == "bits":
        for _ in range(rng.randint(1, 4)):
            raw[min(len(raw) - 1, at + rng.randrange(60))] ^= 1 << rng.randrange(8)
    elif way in ("swap", "copy"):
        other = rng.choice(marks) if marks else 0
        size = rng.choice([30, 46, 60])
        mine, its = raw[at : at + size], raw[other : other + size]
        raw[at : at + size] = its
        if way == "swap":
            raw[other : other + size] = mine
    elif way == "cut":
        del raw[at : at + rng.choice([1, 4, 100, 100_000])]
    elif way == "erase":
        raw[at : at + rng.choice([4, 16, 60])] = bytes(rng.choice([4, 16, 60]))
    else:
        raw[at:at] = rng.randbytes(rng.choice([1, 4, 46]))
    return f"{way} at {at}"


def use(path, wanted, target, *, is_of):
    """Read and unpack as anybody might; every picture must be right, or refused. Return whether it was refused."""
    refused = False
    try:
        with open_tesseract(path) as tesseract:
            for cell in np.ndindex(*tesseract.grid.shape):
                try:
                    picture = tesseract.picture(cell)
                except TessError:
                    refused = True
                else:
                    assert is_of(picture, int(np.ravel_multi_index(cell, (5, 3))))
            assert tesseract.painted() <= 15
    except TessError:
        refused = True
    try:
        unpack(path, target)
    except TessError:
        return True
    files = {found.relative_to(target).as_posix(): found.read_bytes() for found in target.rglob("*") if found.is_file()}
    assert all(wanted[name] == data for name, data in files.items())
    return refused


FEW, MANY = range(120), pytest.param(range(120, 1200), marks=pytest.mark.slow)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seeds", [FEW, MANY], ids=["few", "many"])
def test_a_mutated_archive_is_refused_or_right(make, project_of, is_of, monkeypatch, tmp_path, wide, seeds):
    if wide:
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    path = pack(make(project_of(5, 3))).path
    sound, wanted, refused = path.read_bytes(), members_of(path), 0
    outside = set(tmp_path.iterdir()) | {tmp_path / "room"}
    room = tmp_path / "room"
    room.mkdir()
    for seed in seeds:
        rng = random.Random(seed)
        raw = bytearray(sound)
        what = [mutate(raw, rng) for _ in range(rng.choice([1, 1, 2, 4]))]
        broken, target = room / "broken.zip", room / f"{seed}.tess"
        broken.write_bytes(raw)
        tracemalloc.start()
        try:
            refused += use(broken, wanted, target, is_of=is_of)
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
            assert {found.name for found in room.iterdir()} <= {"broken.zip", target.name}
            assert set(tmp_path.iterdir()) == outside
        except BaseException as error:
            error.add_note(f"seed {seed}: {', '.join(what)}")
            raise
        finally:
            tracemalloc.stop()
            shutil.rmtree(target, ignore_errors=True)
    assert refused > len(seeds) / 3
