"""Packed tesseracts: read in place, made without waste, unpacked whole."""

import errno
import json
import os
import struct
import threading
import zipfile
from zipfile import ZipFile, ZipInfo

import numpy as np
import pytest
from zip_files import members_of, write_zip

from tessonance.errors import DamagedPicture, MissingPicture, OutputExists, TesseractError
from tessonance.store import TesseractWriter, open_tesseract, pack, packing, unpack

SHARD = "frames/c.0.0.0.0.0"
EVERYTHING = [
    "zarr.json",
    "frames/zarr.json",
    "bloom/zarr.json",
    "bloom/c.0",
    "ink/zarr.json",
    "ink/c.0",
    SHARD,
]


@pytest.fixture
def packed(make, project_of):
    """A packed tesseract of 5 × 3."""
    return pack(make(project_of(5, 3))).path


# Reading


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
@pytest.mark.parametrize("steps", [(1,), (7,), (5, 3), (2, 2, 2, 2)])
def test_it_reads_as_the_folder_does(make, project_of, bytes_of, steps, codec):
    folder = make(project_of(*steps, codec=codec))
    path = pack(folder).path
    assert path == folder.with_name("small.tess.zip")
    with open_tesseract(path) as tesseract, open_tesseract(folder) as wanted:
        assert (tesseract.path, tesseract.where, tesseract.name) == (path, str(path), "small")
        assert tesseract.project == wanted.project
        assert tesseract.painted() == wanted.painted() == tesseract.grid.size
        assert tesseract.stored_bytes() == wanted.stored_bytes()
        assert tesseract.complete_level() == wanted.complete_level()
        assert all(np.array_equal(tesseract.picture(c), wanted.picture(c)) for c in np.ndindex(*steps))
    assert bytes_of(path) == bytes_of(folder)


def test_zarr_and_xarray_read_it(packed):
    zarr = pytest.importorskip("zarr")
    xarray = pytest.importorskip("xarray")
    with open_tesseract(packed) as tesseract, zarr.storage.ZipStore(packed, mode="r") as store:
        group = zarr.open_group(store, mode="r")
        assert group["bloom"][:].tolist() == tesseract.grid.axes[0].values.tolist()
        for cell in np.ndindex(5, 3):
            assert np.array_equal(group["frames"][cell], tesseract.picture(cell))
        with xarray.open_zarr(store, consolidated=False) as data:
            assert data.frames.dims == ("bloom", "ink", "y", "x", "rgb")


def test_a_missing_picture_and_a_damaged_one_are_told_apart(make, project_of):
    path = pack(make(project_of(5, 3), [0, 1])).path
    raw = bytearray(path.read_bytes())
    at = raw.index(b"\xff\xd8\xff")
    raw[at : at + 3] = b"no!"
    path.write_bytes(raw)
    with open_tesseract(path) as tesseract:
        with pytest.raises(MissingPicture, match=r"cell \(1, 0\): this cell is not painted yet"):
            tesseract.picture((1, 0))
        with pytest.raises(DamagedPicture, match=r"small.tess.zip, cell \(0, 0\): the stored bytes are no JPEG"):
            tesseract.picture((0, 0))
        assert tesseract.picture((0, 1)).shape == (16, 24, 3)


def test_a_link_to_it_is_followed(packed, tmp_path):
    link = tmp_path / "tonight.tess.zip"
    try:
        link.symlink_to(packed)
    except OSError:
        pytest.skip("this system makes no links for this user")
    with open_tesseract(link) as tesseract:
        assert (tesseract.name, tesseract.painted()) == ("tonight", 15)


def test_closing_lets_go_of_the_file(packed, is_of):
    tesseract = open_tesseract(packed)
    encoded = tesseract.encoded((1, 0))
    tesseract.close()
    tesseract.close()
    packed.unlink()  # which an open file on Windows would not let happen
    assert is_of(tesseract.codec.decode(encoded), 3)
    with pytest.raises(TesseractError, match="is closed"):
        tesseract.picture((0, 0))


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be replaced there")
def test_one_that_is_replaced_or_deleted_while_it_plays_plays_on(packed, is_of):
    with open_tesseract(packed) as tesseract:
        tesseract.picture((0, 0))
        pack(packed.with_suffix(""), force=True)
        assert is_of(tesseract.picture((1, 0)), 3)
        packed.unlink()
        assert is_of(tesseract.picture((2, 0)), 6)


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be cut there")
def test_one_that_is_cut_while_it_plays_ends_nothing(packed):
    with open_tesseract(packed) as tesseract:
        tesseract.picture((0, 0))
        os.truncate(packed, 4000)
        for cell in np.ndindex(5, 3):
            try:
                tesseract.picture(cell)
            except TesseractError:
                continue
        assert tesseract.painted() <= 15


def test_a_writer_refuses_it(packed):
    with pytest.raises(TesseractError) as caught:
        TesseractWriter.open(packed)
    assert str(caught.value) == (
        f"{packed}: is a file, and pictures are painted in a folder\n"
        "  try: `tess unpack` makes a folder of a packed tesseract"
    )


def test_folders_and_strange_files_in_it_are_passed_over(packed):
    members = members_of(packed)
    extra = {"frames/": b"", "README.txt": b"hello", "bake/c.0": b"x", "frames/c.9.9.0.0.0": b"y"}
    write_zip(packed, [*extra.items(), *members.items()])
    with open_tesseract(packed) as tesseract:
        assert tesseract.painted() == 15


# ZIP64


def test_the_forms_for_large_archives_are_read(make, project_of, bytes_of, monkeypatch):
    """Let `zipfile` take small files for large ones: every size, offset and count stands in its ZIP64 place."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    folder = make(project_of(5, 3))
    path = pack(folder).path
    raw = path.read_bytes()
    assert raw.count(b"PK\x06\x06") == raw.count(b"PK\x06\x07") == 1
    assert bytes_of(path) == bytes_of(folder)
    assert unpack(path, path.parent / "again.tess").files == 7


@pytest.mark.skipif(os.name == "nt", reason="a file with a hole takes its whole length there")
def test_a_shard_beyond_four_gigabytes_is_read_in_place(packed, tmp_path, bytes_of):
    members, far = members_of(packed), tmp_path / "far.tess.zip"
    with far.open("wb") as file, ZipFile(file, "w") as archive:
        for name in EVERYTHING[:-1]:
            archive.writestr(name, members[name])
        archive.start_dir = 5 * 2**30  # leave a hole
        archive.writestr(SHARD, members[SHARD])
    assert far.stat().st_size > 5 * 2**30
    assert bytes_of(far) == bytes_of(packed)
    far.unlink()


@pytest.mark.slow
def test_more_than_65535_members_are_read(packed, bytes_of):
    before, members = bytes_of(packed), members_of(packed)
    with ZipFile(packed, "w") as archive:
        for number in range(66_000):
            archive.writestr(ZipInfo(f"x/{number}"), b"")
        for name, data in members.items():
            archive.writestr(name, data)
    assert bytes_of(packed) == before


# Packing


def test_it_holds_the_tesseract_and_nothing_else_stored(packed):
    with ZipFile(packed) as archive:
        assert archive.namelist() == EVERYTHING
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    folder = packed.with_suffix("")
    assert all((folder / name).read_bytes() == data for name, data in members_of(packed).items())


def test_packing_twice_gives_the_same_bytes(packed):
    again = pack(packed.with_suffix(""), packed.with_name("again.zip")).path
    assert again.read_bytes() == packed.read_bytes()
    repacked = pack(packed, packed.with_name("repacked.zip")).path
    assert repacked.read_bytes() == packed.read_bytes()


def test_what_replaced_pictures_left_is_left_out(make, project_of, picture_of, is_of):
    folder = make(project_of(5, 3))
    with TesseractWriter.open(folder) as writer:
        writer.note({"event": "secret"})
        for flat in range(0, 15, 2):
            writer.put_picture(writer.grid.cell(flat), picture_of(flat, version=5))
    report = pack(folder)
    shard = members_of(report.path)[SHARD]
    with open_tesseract(report.path) as tesseract:
        assert len(shard) == 16 * 15 + tesseract.stored_bytes() < (folder / SHARD).stat().st_size
        for flat in range(15):
            assert is_of(tesseract.picture(tesseract.grid.cell(flat)), flat, version=0 if flat % 2 else 5)
    assert (report.pictures, report.damaged, report.size) == (15, 0, report.path.stat().st_size)
    assert not [name for name in members_of(report.path) if "journal" in name]


def test_pictures_keep_their_order(make, project_of):
    folder = make(project_of(5, 3), [7, 0, 14, 3])
    with open_tesseract(pack(folder).path) as tesseract:
        assert [part.tolist() for part in tesseract.stored_cells()] == [[7, 0, 14, 3]]


def test_an_empty_one_and_one_of_many_shards_are_packed(make, project_of, bytes_of):
    empty = make(project_of(5, 3), [], name="empty.tess")
    assert pack(empty).pictures == 0
    with open_tesseract(empty.with_name("empty.tess.zip")) as tesseract:
        assert tesseract.painted() == 0
    large = make(project_of(100, 100, 100), [0, 5, 20_000, 999_999], name="large.tess")
    path = pack(large).path
    assert len(members_of(path)) == 8 + 3
    assert bytes_of(path) == bytes_of(large)


def test_one_that_is_being_painted_is_packed_as_it_is(make, project_of, picture_of, is_of):
    folder = make(project_of(12, 12), [])
    stop = threading.Event()

    def paint():
        with TesseractWriter.open(folder) as writer:
            for version in range(3):
                for flat in range(144):
                    writer.put_picture(writer.grid.cell(flat), picture_of(flat, version=version))
                    if stop.is_set():
                        return

    thread = threading.Thread(target=paint)
    thread.start()
    counts = []
    while thread.is_alive() and len(counts) < 20:
        report = pack(folder, force=True)
        counts.append(report.pictures)
        with open_tesseract(report.path) as tesseract:
            assert tesseract.painted() == report.pictures
            for flat in np.flatnonzero(tesseract.is_painted(np.arange(144))).tolist():
                picture = tesseract.picture(tesseract.grid.cell(flat))
                assert any(is_of(picture, flat, version=version) for version in range(3))
    stop.set()
    thread.join()
    assert counts


def test_damaged_entries_are_left_out_and_counted(make, project_of):
    folder = make(project_of(5, 3))
    with (folder / SHARD).open("r+b") as file:
        file.seek(16 * 4)
        file.write(struct.pack("<QQ", 500, 2**50))
    report = pack(folder)
    assert (report.pictures, report.damaged) == (14, 1)
    with open_tesseract(report.path) as tesseract, pytest.raises(MissingPicture):
        tesseract.picture((1, 1))


def test_pictures_that_share_bytes_are_refused(make, project_of):
    """Else a small file could ask for a huge one."""
    folder = make(project_of(5, 3))
    with (folder / SHARD).open("r+b") as file:
        first = file.read(16)
        file.write(first)
    with pytest.raises(TesseractError, match="pictures in it share bytes\n  try: `tess verify` tells more"):
        pack(folder)
    assert sorted(found.name for found in folder.parent.iterdir()) == ["small.tess"]


def test_entries_beyond_the_grid_are_left_out(make, project_of, picture_of):
    folder = make(project_of(5), [])
    document = folder / "frames" / "zarr.json"
    frames = json.loads(document.read_text())
    frames["chunk_grid"]["configuration"]["chunk_shape"][0] = 3
    document.write_text(json.dumps(frames))
    with TesseractWriter.open(folder) as writer:
        writer.put_picture((4,), picture_of(4))
    shard = folder / "frames" / "c.1.0.0.0"
    raw = bytearray(shard.read_bytes())
    raw[32:48] = raw[16:32]  # of a cell that there is not
    shard.write_bytes(raw)
    report = pack(folder)
    assert (report.pictures, report.damaged) == (1, 0)


def test_a_file_in_the_way_is_kept_unless_told(packed):
    folder, before = packed.with_suffix(""), packed.read_bytes()
    with pytest.raises(OutputExists, match="exists already\n  try: --force replaces it, -o names another"):
        pack(folder)
    assert packed.read_bytes() == before
    packed.write_bytes(b"other")
    pack(folder, force=True)
    assert packed.read_bytes() == before


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_pack_or_an_unpack_that_fails(packed, monkeypatch, problem):
    told = pytest.raises(TesseractError, match="the disk is full") if problem.args else pytest.raises(KeyboardInterrupt)
    before, wanted = set(packed.parent.iterdir()), packed.read_bytes()

    def fail(*words, **named):
        raise problem
        yield

    monkeypatch.setattr(packing, "_pieces", fail)
    monkeypatch.setattr(packing, "_checked_pieces", fail)
    with told:
        pack(packed.with_suffix(""), force=True)
    with told:
        unpack(packed, packed.parent / "again.tess")
    assert set(packed.parent.iterdir()) == before
    assert packed.read_bytes() == wanted


def test_a_name_is_found_for_the_output(make, project_of, monkeypatch):
    folder = make(project_of(2), name="plain")
    assert pack(folder).path.name == "plain.tess.zip"
    monkeypatch.chdir(folder)
    assert pack(".", force=True).path == folder.parent / "plain.tess.zip"
    with pytest.raises(TesseractError, match="there is no such"):
        pack(folder, folder / "nowhere" / "x.zip")


# Unpacking


def test_a_folder_comes_out_as_it_went_in_and_can_be_painted_on(make, project_of, picture_of, files_of, is_of):
    folder = make(project_of(5, 3), range(10))
    path = pack(folder).path
    report = unpack(path, path.with_name("again.tess"))
    assert (report.files, report.left_out) == (7, ())
    ours = {name: data for name, data in files_of(folder).items() if name in EVERYTHING}
    assert files_of(report.path) == ours
    with TesseractWriter.open(report.path) as writer:
        writer.put_picture((4, 2), picture_of(14))
    with open_tesseract(report.path) as tesseract:
        assert tesseract.painted() == 11
        assert is_of(tesseract.picture((4, 2)), 14)


def test_the_folder_is_named_as_the_file(packed):
    with pytest.raises(OutputExists, match="there is something of that name already"):
        unpack(packed)
    other = packed.rename(packed.with_name("other.zip"))
    assert unpack(other).path == packed.with_name("other.tess")


def test_strange_files_are_left_out_and_named(packed, files_of):
    members = members_of(packed)
    strange = ["README.txt", "frames/c.9.9.0.0.0", "frames/c.00.0.0.0.0", "frames/sub/c.0", "CON", "zarr.json.", "é"]
    strange += ["FRAMES/zarr.json", "x/c.0", "frames/journal.jsonl", " "]
    write_zip(packed, [*((name, b"x") for name in strange), *members.items()])
    report = unpack(packed, packed.with_name("again.tess"))
    assert sorted(report.left_out) == sorted(name.encode().decode("latin-1") for name in strange)
    assert files_of(report.path) == members
