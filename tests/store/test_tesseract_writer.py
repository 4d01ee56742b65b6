import errno
import json
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from tessonance.errors import DamagedPicture, GridError, MissingPicture, OutputExists, TesseractError
from tessonance.project import Route
from tessonance.store import TesseractWriter, codec_for, open_tesseract, osfile

posix = pytest.mark.skipif(os.name == "nt", reason="limits and modes of POSIX")


def names(path):
    return sorted(str(found.relative_to(path)).replace("\\", "/") for found in path.rglob("*"))


def test_a_new_tesseract_holds_nothing_for_single_cells(tmp_path, project_of):
    with TesseractWriter.create(tmp_path / "big.tess", project_of(1000, 1000)) as writer:
        assert writer.painted() == 0
    axes = [f"{axis}{name}" for axis in ("bloom", "ink") for name in ("", "/c.0", "/zarr.json")]
    frames = ["frames", "frames/.lock", "frames/zarr.json"]
    assert names(tmp_path / "big.tess") == sorted([*axes, *frames, "zarr.json"])
    assert [path.name for path in tmp_path.iterdir()] == ["big.tess"]


def test_the_folder_may_be_read_by_others(tmp_path, project_of):
    TesseractWriter.create(tmp_path / "a.tess", project_of(3)).close()
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "a.tess").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_tesseract_is_not_made_over_what_is_there(tmp_path, project_of):
    TesseractWriter.create(tmp_path / "a.tess", project_of(3)).close()
    (tmp_path / "file.tess").write_text("precious")
    for name in ("a.tess", "file.tess"):
        with pytest.raises(OutputExists, match="something of that name already"):
            TesseractWriter.create(tmp_path / name, project_of(4))
    assert (tmp_path / "file.tess").read_text() == "precious"
    with open_tesseract(tmp_path / "a.tess") as tesseract:
        assert tesseract.grid.shape == (3,)


def test_a_tesseract_in_no_folder_is_refused(tmp_path, project_of):
    with pytest.raises(TesseractError, match="the folder is not there"):
        TesseractWriter.create(tmp_path / "no" / "a.tess", project_of(3))


def test_a_disk_that_fills_while_it_is_made_leaves_nothing_behind(tmp_path, project_of, monkeypatch):
    calls = []

    def full(file):
        calls.append(file)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(osfile, "sync", full)
    with pytest.raises(TesseractError, match="the disk is full"):
        TesseractWriter.create(tmp_path / "a.tess", project_of(3, 4))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
def test_what_a_worker_encodes_can_be_put(make, project_of, picture_of, is_of, codec):
    project = project_of(3, codec=codec)
    encoded = codec_for(project.picture).encode(picture_of(1))
    path = make(project, [])
    with TesseractWriter.open(path, project) as writer, open_tesseract(path) as tesseract:
        writer.put((1,), encoded)
        writer.put(np.array([2]), memoryview(encoded))
        assert is_of(tesseract.picture((1,)), 1)
        assert is_of(tesseract.picture((2,)), 1)


def test_a_picture_can_be_replaced(make, project_of, picture_of, is_of):
    path = make(project_of(5, 3))
    with TesseractWriter.open(path) as writer, open_tesseract(path) as tesseract:
        before = tesseract.picture((2, 1))
        writer.put_picture((2, 1), picture_of(7, version=9))
        assert is_of(before, 7)
        assert is_of(tesseract.picture((2, 1)), 7, version=9)
        assert tesseract.painted() == 15
        assert is_of(tesseract.picture((2, 0)), 6)


def test_a_writer_goes_on_where_the_last_one_ended(make, project_of, picture_of, is_of):
    project = project_of(5, 3)
    path = make(project, range(0, 15, 2))
    with TesseractWriter.open(path, project) as writer:
        missing = np.flatnonzero(~writer.is_painted(np.arange(15)))
        assert missing.tolist() == list(range(1, 15, 2))
        for flat in missing:
            writer.put_picture(writer.grid.cell(int(flat)), picture_of(int(flat)))
    with open_tesseract(path) as tesseract:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(15))


def test_what_is_no_picture_of_it_is_not_put(make, project_of):
    path = make(project_of(3), [0])
    with TesseractWriter.open(path) as writer:
        with pytest.raises(DamagedPicture, match=r"small.tess, cell \(1,\): the stored bytes are no JPEG"):
            writer.put((1,), b"nonsense")
        with pytest.raises(DamagedPicture, match="so many bytes"):
            writer.put((1,), b"")
        with pytest.raises(TesseractError, match="this is no picture of the tesseract"):
            writer.put_picture((1,), np.zeros((8, 8, 3), np.uint8))
        with pytest.raises(GridError, match="no such cell"):
            writer.put((3,), b"nonsense")
        assert writer.painted() == 1


def test_another_identity_is_refused_with_the_differences(make, project_of):
    project = project_of(5, 3)
    path = make(project)
    other = msgspec.structs.replace(project, generator=msgspec.structs.replace(project.generator, seed=8))
    other = msgspec.structs.replace(other, picture=msgspec.structs.replace(other.picture, width=32))
    with pytest.raises(TesseractError) as caught:
        TesseractWriter.open(path, other)
    text = str(caught.value)
    assert text.startswith(f"{path}: this tesseract was made from another project")
    assert "picture.width: 32 here, 24 there; generator.seed: 8 here, 0 there" in text
    assert "try: give the tesseract another name, or put the project back as it was" in text


def test_other_steps_are_refused_with_a_way_out(make, project_of):
    project = project_of(5, 3)
    path = make(project)
    bloom, ink = project.axes
    finer = msgspec.structs.replace(project, axes=(msgspec.structs.replace(bloom, steps=9), ink))
    with pytest.raises(TesseractError, match="put the steps back: the pictures in it stay where they are"):
        TesseractWriter.open(path, finer)


def test_an_option_called_steps_is_no_step_of_an_axis(make, project_of):
    path = make(project_of(5, 3, steps=4))
    with pytest.raises(TesseractError, match="put the project back as it was"):
        TesseractWriter.open(path, project_of(5, 3, steps=5))


def test_new_routes_replace_the_stored_ones_and_touch_nothing_else(make, project_of):
    project = project_of(5, 3)
    path = make(project)
    document = json.loads((path / "zarr.json").read_text())
    document["attributes"]["title"] = "mine"
    (path / "zarr.json").write_text(json.dumps(document))
    routed = msgspec.structs.replace(project, routes=(Route(feature="low", axis="bloom", attack_ms=7.0),))
    with TesseractWriter.open(path, routed) as writer:
        assert writer.project == routed
    with open_tesseract(path) as tesseract:
        assert tesseract.project.to_dict() == routed.to_dict()
        assert tesseract.painted() == 15
    assert json.loads((path / "zarr.json").read_text())["attributes"]["title"] == "mine"
    before = (path / "zarr.json").stat().st_mtime_ns
    TesseractWriter.open(path, routed).close()
    assert (path / "zarr.json").stat().st_mtime_ns == before


def test_a_full_disk_says_so_loses_nothing_and_can_go_on(make, project_of, picture_of, is_of, monkeypatch):
    path = make(project_of(5, 3), range(5))
    whole = osfile.write_at

    def full(file, offset, data):
        whole(file, offset, bytes(data)[:40])
        raise OSError(errno.ENOSPC, "No space left on device")

    with TesseractWriter.open(path) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(osfile, "write_at", full)
            with pytest.raises(TesseractError) as caught:
                writer.put_picture((2, 2), picture_of(8))
        assert str(caught.value) == (
            f"{path}: the disk is full\n  try: earlier pictures are safe: make room and run it again"
        )
        with open_tesseract(path) as tesseract:
            assert tesseract.painted() == 5
            assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(5))
            writer.put_picture((2, 2), picture_of(8))
            assert is_of(tesseract.picture((2, 2)), 8)


LIMITED = """
import resource, sys
import numpy as np
from tessonance.errors import TesseractError
from tessonance.store import TesseractWriter

resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
writer = TesseractWriter.open(sys.argv[1])
for flat in range(writer.grid.size):
    try:
        writer.put_picture(writer.grid.cell(flat), np.full((16, 24, 3), 100, np.uint8))
    except TesseractError as error:
        print(error)
        break
    print(flat, flush=True)
"""


@posix
def test_a_file_that_may_not_grow_further_keeps_every_picture_before(make, project_of):
    """The system itself cuts the write short here, in the middle of a picture."""
    path = make(project_of(5, 3), [])
    out = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True).stdout
    *acknowledged, problem, hint = out.splitlines()
    assert problem.endswith("the file system takes no larger file")
    assert "earlier pictures are safe" in hint
    assert (path / "frames" / "c.0.0.0.0.0").stat().st_size == 3000
    with open_tesseract(path) as tesseract:
        assert tesseract.painted() == len(acknowledged) > 1
        for flat in map(int, acknowledged):
            assert abs(int(tesseract.picture(tesseract.grid.cell(flat)).mean()) - 100) <= 1


def test_a_tesseract_without_write_permission_is_refused_before_anything_is_painted(make, project_of, monkeypatch):
    path = make(project_of(5, 3))
    monkeypatch.setattr(os, "access", lambda *_: False)  # as root, the modes of files are no obstacle
    with pytest.raises(TesseractError, match="permission is denied"):
        TesseractWriter.open(path)


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="the system does not tell")
def test_a_disk_that_takes_nothing_is_not_taken_for_a_matter_of_modes(make, project_of, monkeypatch):
    path = make(project_of(5, 3))
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    with pytest.raises(TesseractError, match="the disk is read-only\n  try: copy it to a disk that is not"):
        TesseractWriter.open(path)


def test_threads_may_share_a_writer(make, project_of, picture_of, is_of):
    path = make(project_of(10, 10), [])
    with TesseractWriter.open(path) as writer:

        def put(start):
            for flat in range(start, 100, 4):
                writer.put_picture(writer.grid.cell(flat), picture_of(flat))

        threads = [threading.Thread(target=put, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with open_tesseract(path) as tesseract:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(100))


def test_sync_reaches_every_shard_that_was_written_and_only_those(make, project_of, picture_of, monkeypatch):
    path = make(project_of(100, 100, 100), [])
    synced = []
    monkeypatch.setattr("tessonance.store.writer.MAX_OPEN", 2)
    with TesseractWriter.open(path) as writer:
        for k in (0, 5, 9, 5):
            writer.put_picture((k, 0, 0), picture_of(k))
        whole = osfile.sync
        monkeypatch.setattr(osfile, "sync", lambda file: synced.append(file) or whole(file))
        writer.sync()
        assert len(synced) == 3
        writer.sync()
        assert len(synced) == 3


def test_a_closed_writer_takes_nothing(make, project_of, picture_of):
    writer = TesseractWriter.open(make(project_of(3), []))
    writer.close()
    writer.close()
    with pytest.raises(TesseractError, match="is closed"):
        writer.put_picture((0,), picture_of(0))


def test_what_is_no_tesseract_is_not_written(tmp_path):
    (tmp_path / "empty.tess").mkdir()
    for name in ("none.tess", "empty.tess"):
        with pytest.raises(TesseractError, match=r"no such tesseract|no tesseract"):
            TesseractWriter.open(tmp_path / name)
    assert list((tmp_path / "empty.tess").iterdir()) == []


def test_a_picture_is_never_written_where_the_entry_of_another_points(make, project_of, picture_of, is_of):
    """After a power failure an entry may reach beyond the end of the file: the next picture would stand for it too."""
    path = make(project_of(5, 3), range(6))
    shard = path / "frames" / "c.0.0.0.0.0"
    with shard.open("r+b") as file:
        file.truncate(shard.stat().st_size - 1)  # the newest picture is cut short, its entry stands
    with TesseractWriter.open(path) as writer, open_tesseract(path) as tesseract:
        assert not writer.is_painted(np.array([5])).any()
        for flat in (6, 7):
            writer.put_picture(writer.grid.cell(flat), picture_of(flat))
        assert not writer.is_painted(np.array([5])).any()
        with pytest.raises(MissingPicture):
            tesseract.picture((1, 2))
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in (0, 1, 2, 3, 4, 6, 7))


def test_forgotten_pictures_are_missing_and_can_be_painted_again(make, project_of, picture_of, is_of):
    path = make(project_of(5, 3))
    with TesseractWriter.open(path) as writer, open_tesseract(path) as tesseract:
        with pytest.raises(GridError):
            writer.forget([(5, 0)])
        writer.forget([(1, 1), np.array([2, 2])])
        assert np.flatnonzero(~tesseract.is_painted(np.arange(15))).tolist() == [4, 8]
        writer.put_picture((1, 1), picture_of(4, version=3))
        assert is_of(tesseract.picture((1, 1)), 4, version=3)
        assert tesseract.painted() == 14
