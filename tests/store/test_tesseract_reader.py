import json
import os
import shutil
import threading

import numpy as np
import pytest

from tessonance.errors import DamagedPicture, GridError, MissingPicture, TesseractError
from tessonance.store import Tesseract, TesseractWriter, open_tesseract, osfile, reader


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
@pytest.mark.parametrize("steps", [(1,), (7,), (5, 3), (3, 2, 4), (2, 2, 2, 2)])
def test_every_picture_is_the_one_that_was_put_there(make, project_of, is_of, steps, codec):
    with open_tesseract(make(project_of(*steps, codec=codec))) as tesseract:
        assert tesseract.grid.shape == steps
        for flat in range(tesseract.grid.size):
            assert is_of(tesseract.picture(tesseract.grid.cell(flat)), flat)
        assert tesseract.painted() == tesseract.grid.size
        assert tesseract.complete_level() == tesseract.grid.levels - 1


def test_a_closed_axis_has_as_many_pictures_as_steps(make, project_of, is_of):
    with open_tesseract(make(project_of(3, 8, closed=("ink",)))) as tesseract:
        assert tesseract.grid.closed.tolist() == [False, True]
        assert is_of(tesseract.picture((2, 7)), 23)
        assert [len(knots) for knots in tesseract.knots()] == [3, 8]


def test_it_tells_what_made_it(make, project_of):
    project = project_of(5, 3)
    path = make(project)
    with Tesseract.open(str(path)) as tesseract:
        assert tesseract.path == path
        assert tesseract.project.to_dict() == project.to_dict()
        assert repr(tesseract) == f"Tesseract({str(path)!r}, Grid(bloom[5] × ink[3]))"


def test_a_missing_picture_says_which_cell_and_what_to_do(make, project_of):
    with open_tesseract(make(project_of(5, 3), [0, 14])) as tesseract:
        with pytest.raises(MissingPicture) as caught:
            tesseract.picture((2, 1))
        assert str(caught.value).startswith(f"{tesseract.path}, cell (2, 1): this cell is not painted yet\n")
        assert str(caught.value).endswith("  try: `tess generate` paints what is missing")


def test_a_cell_beyond_the_grid_is_refused(make, project_of):
    with open_tesseract(make(project_of(5, 3), [])) as tesseract:
        for cell in ((5, 0), (0, -1), (0,), (0, 0, 0)):
            with pytest.raises(GridError, match="no such cell"):
                tesseract.picture(cell)
        with pytest.raises(GridError, match="no such cell"):
            tesseract.is_painted(np.array([15]))


def test_stored_bytes_are_those_that_were_put(make, project_of):
    path = make(project_of(5, 3), [])
    with TesseractWriter.open(path) as writer, open_tesseract(path) as tesseract:
        picture = np.full((16, 24, 3), 90, np.uint8)
        encoded = writer.codec.encode(picture)
        writer.put((2, 2), encoded)
        writer.put((2, 2), encoded)
        assert bytes(tesseract.encoded((2, 2))) == encoded
        assert tesseract.encoded((2, 2)).readonly
        assert tesseract.stored_bytes() == len(encoded)


def test_stored_cells_come_in_the_order_in_which_they_were_put(make, project_of, picture_of):
    order = [7, 0, 14, 3]
    path = make(project_of(5, 3), order)
    with open_tesseract(path) as tesseract, TesseractWriter.open(path) as writer:
        assert [flats.tolist() for flats in tesseract.stored_cells()] == [order]
        writer.put_picture((0, 0), picture_of(0))
        assert [flats.tolist() for flats in tesseract.stored_cells()] == [[7, 14, 3, 0]]


def test_stored_cells_of_many_files_are_each_there_once(make, project_of):
    order = [999_999, 20_000, 10_000, 5, 19_999, 10_001]
    with open_tesseract(make(project_of(100, 100, 100), order)) as tesseract:
        parts = [flats.tolist() for flats in tesseract.stored_cells()]
    assert parts == [[5], [10_000, 19_999, 10_001], [20_000], [999_999]]


def test_half_an_entry_and_one_beyond_the_grid_are_no_stored_cells(make, project_of, monkeypatch):
    monkeypatch.setattr("tessonance.store.metadata.shard_shape", lambda grid: (4, 2))
    path = make(project_of(5, 3), [13, 14])
    with (path / "frames" / "c.1.1.0.0.0").open("r+b") as file:  # rows 4..7, columns 2 and 3
        entry = file.read(16)
        file.write(entry)
        file.seek(16 * 7)
        file.write(entry)
    with (path / "frames" / "c.1.0.0.0.0").open("r+b") as file:
        file.write((100).to_bytes(8, "little"))
    with open_tesseract(path) as tesseract:
        assert np.concatenate(list(tesseract.stored_cells())).tolist() == [13, 14]


def test_a_damaged_entry_is_a_stored_cell_but_not_a_painted_one(make, project_of):
    path = make(project_of(5, 3), [1, 2])
    with (path / "frames" / "c.0.0.0.0.0").open("r+b") as file:
        file.seek(16 * 2 + 8)
        file.write((2**40).to_bytes(8, "little"))
    with open_tesseract(path) as tesseract:
        assert tesseract.painted() == 1
        assert sorted(np.concatenate(list(tesseract.stored_cells())).tolist()) == [1, 2]


def test_levels_are_complete_when_all_their_pictures_are(make, project_of, picture_of):
    path = make(project_of(5, 5), [])
    with open_tesseract(path) as tesseract, TesseractWriter.open(path) as writer:
        grid = tesseract.grid
        with pytest.raises(TesseractError, match="there is no picture in it yet\n  try: paint it with `tess generate`"):
            tesseract.knots()
        for level in range(grid.levels):
            flats = grid.level_cells(level)
            for flat in flats[:-1]:
                writer.put_picture(grid.cell(flat), picture_of(int(flat)))
            assert tesseract.complete_level() == (level - 1 if level else None)
            if level == 0:
                with pytest.raises(TesseractError, match="its coarsest level is not complete yet"):
                    tesseract.knots()
            writer.put_picture(grid.cell(flats[-1]), picture_of(int(flats[-1])))
            assert tesseract.complete_level() == level
            assert [k.tolist() for k in tesseract.knots()] == [k.tolist() for k in grid.knots(level)]


def test_what_is_painted_is_told_for_many_cells_at_once(make, project_of):
    with open_tesseract(make(project_of(4, 6), [3, 4, 23])) as tesseract:
        assert np.flatnonzero(tesseract.is_painted(np.arange(24))).tolist() == [3, 4, 23]
        assert tesseract.is_painted(np.array([23, 0, 3, 3])).tolist() == [True, False, True, True]
        assert tesseract.is_painted(np.array([], np.int64)).tolist() == []


def in_shards_of(path, *cells):
    """Let the tesseract be made of smaller shards, as a large grid's is."""
    document = path / "frames" / "zarr.json"
    frames = json.loads(document.read_text())
    frames["chunk_grid"]["configuration"]["chunk_shape"][: len(cells)] = cells
    document.write_text(json.dumps(frames))


def test_a_grid_of_many_shards_is_read_as_one(make, project_of, picture_of, is_of):
    path = make(project_of(5, 7), [])
    in_shards_of(path, 2, 3)
    with TesseractWriter.open(path) as writer, open_tesseract(path) as tesseract:
        flats = np.random.default_rng(3).permutation(35)
        for count, flat in enumerate(flats):
            assert tesseract.painted() == writer.painted() == count
            writer.put_picture(writer.grid.cell(int(flat)), picture_of(int(flat)))
            painted = tesseract.is_painted(flats)
            assert painted[: count + 1].all()
            assert not painted[count + 1 :].any()
        assert all(is_of(tesseract.picture(tesseract.grid.cell(int(flat))), int(flat)) for flat in flats)
        assert len(list((path / "frames").glob("c.*"))) == 9


def test_entries_beyond_the_grid_are_not_counted(make, project_of):
    """A shard at the far edge has entries for cells that there are not."""
    path = make(project_of(5), [])
    in_shards_of(path, 3)
    with TesseractWriter.open(path) as writer:
        for flat in range(5):
            writer.put_picture((flat,), np.full((16, 24, 3), 7, np.uint8))
    shard = path / "frames" / "c.1.0.0.0"
    raw = bytearray(shard.read_bytes())
    raw[32:48] = raw[:16]
    shard.write_bytes(raw)
    with open_tesseract(path) as tesseract:
        assert tesseract.painted() == 5
        assert tesseract.stored_bytes() == 5 * len(tesseract.encoded((0,)))


def test_few_files_stay_open_however_many_shards_there_are(make, project_of, picture_of, is_of, monkeypatch):
    monkeypatch.setattr(reader, "MAX_OPEN", 3)
    monkeypatch.setattr("tessonance.store.writer.MAX_OPEN", 2)
    path = make(project_of(9), [])
    in_shards_of(path, 1)
    closed, whole = [], osfile.close
    monkeypatch.setattr(osfile, "close", lambda file: closed.append(file) or whole(file))
    with TesseractWriter.open(path) as writer:
        for flat in range(9):
            writer.put_picture((flat,), picture_of(flat))
        assert len(writer._shards) == 2
        assert len(closed) == 7
        writer.sync()
    with open_tesseract(path) as tesseract:
        assert all(is_of(tesseract.picture((flat % 9,)), flat % 9) for flat in range(18))
        assert len(tesseract._readers) == 3


def test_opening_costs_the_same_however_large_the_grid(make, project_of, monkeypatch):
    path = make(project_of(100, 100, 100), [0, 999_999])
    reads = []
    whole = reader.metadata.parse
    monkeypatch.setattr(reader.metadata, "parse", lambda raw, where: reads.append(len(raw)) or whole(raw, where=where))
    with open_tesseract(path) as tesseract:
        assert len(reads) == 2
        assert sum(reads) < 5000
        assert not tesseract._readers
        assert tesseract.painted() == 2
        assert len(tesseract._readers) == 2


def test_threads_read_while_pictures_are_put(make, project_of, picture_of, is_of):
    """The readers' mappings follow the file; nobody sees half a picture or another cell's."""
    path = make(project_of(12, 12), [])
    wrong, read, done = [], [0, 0], threading.Event()
    tesseract = open_tesseract(path)

    def look(number):
        rng = np.random.default_rng(number)
        while not done.is_set():
            flat = int(rng.integers(144))
            try:
                picture = tesseract.picture(tesseract.grid.cell(flat))
            except MissingPicture:
                continue
            except Exception as error:
                wrong.append(error)
                return
            read[number] += 1
            if not any(is_of(picture, flat, version=version) for version in (0, 5, 9)):
                wrong.append(flat)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    with TesseractWriter.open(path) as writer:
        for version in (0, 5, 9):
            for flat in np.random.default_rng(7).permutation(144):
                writer.put_picture(writer.grid.cell(int(flat)), picture_of(int(flat), version=version))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert min(read) > 0
    assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat, version=9) for flat in range(144))


def test_pictures_and_bytes_stay_good_after_closing(make, project_of, is_of):
    tesseract = open_tesseract(make(project_of(3)))
    encoded = tesseract.encoded((1,))
    tesseract.close()
    tesseract.close()
    assert is_of(tesseract.codec.decode(encoded), 1)
    with pytest.raises(TesseractError, match="is closed"):
        tesseract.picture((1,))


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be removed there")
def test_a_tesseract_deleted_while_it_plays_plays_on(make, project_of, is_of):
    path = make(project_of(3))
    with open_tesseract(path) as tesseract:
        tesseract.picture((0,))
        shutil.rmtree(path)
        assert is_of(tesseract.picture((1,)), 1)


def test_a_damaged_picture_says_which(make, project_of):
    path = make(project_of(5, 3))
    shard = path / "frames" / "c.0.0.0.0.0"
    raw = bytearray(shard.read_bytes())
    raw[15 * 16 : 15 * 16 + 4] = b"gone"
    raw[16:32] = bytes(16)
    shard.write_bytes(raw)
    with open_tesseract(path) as tesseract:
        with pytest.raises(DamagedPicture, match=r"cell \(0, 0\): the stored bytes are no JPEG"):
            tesseract.picture((0, 0))
        with pytest.raises(DamagedPicture, match=r"cell \(0, 1\): its entry in the index cannot be"):
            tesseract.picture((0, 1))
        assert np.flatnonzero(~tesseract.is_painted(np.arange(15))).tolist() == [1]


def test_pictures_of_another_size_are_damaged(make, project_of):
    path = make(project_of(3), [])
    other = np.zeros((32, 32, 3), np.uint8)
    import simplejpeg

    encoded = simplejpeg.encode_jpeg(other)
    shard = path / "frames" / "c.0.0.0.0"
    shard.write_bytes(np.array([[48, len(encoded)]] * 3, "<u8").tobytes() + encoded)
    with open_tesseract(path) as tesseract, pytest.raises(DamagedPicture) as caught:
        tesseract.picture((1,))
    assert "another size\n  wanted: 24 × 16\n  got: 32 × 32\n  try: `tess verify --repair`" in str(caught.value)


def test_a_project_in_place_of_its_tesseract_is_told(make, project_of, tmp_path):
    path = tmp_path / "small.toml"
    path.write_text("[picture]")
    for opened in (open_tesseract, TesseractWriter.open):
        with pytest.raises(
            TesseractError, match=r"is a project, not a tesseract\n  try: `tess generate .*small.toml` paints"
        ):
            opened(path)
    make(project_of(1))
    with pytest.raises(TesseractError, match=r"not a tesseract\n  try: its tesseract is .*small.tess$"):
        open_tesseract(path)


def test_what_is_no_tesseract_is_refused(tmp_path, make, project_of):
    (tmp_path / "file.tess").write_text("hello")
    (tmp_path / "empty.tess").mkdir()
    without = make(project_of(3), name="without.tess")
    shutil.rmtree(without / "frames")
    for name, words in (
        ("none.tess", "there is no such tesseract"),
        ("file.tess", "this is no tesseract"),
        ("empty.tess", "this is no tesseract\n  wanted: zarr.json in it"),
        ("without.tess", "this is no tesseract\n  wanted: frames/zarr.json in it"),
    ):
        with pytest.raises(TesseractError) as caught:
            open_tesseract(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: {words}")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nobody refuses this user a file")
def test_a_file_that_may_not_be_read_is_told(make, project_of):
    path = make(project_of(3))
    (path / "zarr.json").chmod(0)
    with pytest.raises(TesseractError, match="permission is denied"):
        open_tesseract(path)


@pytest.mark.skipif(os.name == "nt", reason="making links needs rights that a user of Windows lacks")
def test_a_shard_that_is_a_link_is_not_followed(make, project_of):
    path = make(project_of(3))
    shard = path / "frames" / "c.0.0.0.0"
    shard.rename(path.parent / "elsewhere")
    shard.symlink_to(path.parent / "elsewhere")
    with open_tesseract(path) as tesseract:
        for ask in (lambda: tesseract.picture((0,)), tesseract.painted, lambda: tesseract.is_painted(np.arange(3))):
            with pytest.raises(TesseractError, match="links inside a tesseract are not followed"):
                ask()


def test_a_read_that_fails_says_where(make, project_of, monkeypatch):
    with open_tesseract(make(project_of(3))) as tesseract:
        tesseract.picture((0,))
        shard = next(iter(tesseract._readers.values()))

        def fails(*_):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(shard, "_source", type("Bad", (), {"get_bytes": fails, "size": property(fails)})())
        with pytest.raises(TesseractError, match=r"cell \(0,\): the disk fails"):
            tesseract.picture((0,))
        with pytest.raises(TesseractError, match="the disk fails"):
            tesseract.painted()
