"""One writer process at a time: the second is told who holds the tesseract, and a dead one holds nothing."""

import errno
import json
import os
import platform
import re
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

import tessonance as tess
from tessonance.errors import TesseractError
from tessonance.make import run
from tessonance.store import TesseractWriter, open_tesseract
from tessonance.store.lock import HOLDER, LOCK

HOLDING = """
import sys
from tessonance.store import TesseractWriter

writer = TesseractWriter.open(sys.argv[1])
print("holding", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(path):
    """Have another process hold the tesseract."""
    command = [sys.executable, "-c", HOLDING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_name_of_the_first_and_proceeds_when_that_is_killed(
    make, project_of, picture_of, is_of
):
    path = make(project_of(5, 3), [0])
    with holding(path) as process:
        with pytest.raises(TesseractError) as caught:
            TesseractWriter.open(path)
        text = str(caught.value)
        assert text.startswith(f"{path}: somebody else is writing it\n  wanted: one writer at a time\n")
        who = rf"got: painted by process {process.pid} on host {re.escape(platform.node())} since \d\d:\d\d \(tesson"
        assert re.search(who, text)
        process.kill()
        process.wait()
        with TesseractWriter.open(path) as writer:
            writer.put_picture((1, 1), picture_of(4))
    with open_tesseract(path) as tesseract:
        assert is_of(tesseract.picture((1, 1)), 4)


def test_readers_neither_lock_nor_wait(make, project_of, picture_of, is_of):
    path = make(project_of(5, 3), [0])
    with holding(path), open_tesseract(path) as tesseract:
        assert is_of(tesseract.picture((0, 0)), 0)
    (path / LOCK).unlink()
    with open_tesseract(path) as tesseract:
        assert tesseract.painted() == 1
    assert not (path / LOCK).exists()


def test_one_process_does_not_write_twice_either(make, project_of):
    path = make(project_of(5, 3), [0])
    with TesseractWriter.open(path), pytest.raises(TesseractError, match=f"painted by process {os.getpid()} "):
        TesseractWriter.open(path)
    TesseractWriter.open(path).close()


def test_a_disk_that_cannot_lock_is_refused_in_clear_words(make, project_of, monkeypatch):
    import filelock

    path = make(project_of(5, 3), [0])
    for error in (NotImplementedError("no flock"), OSError(errno.ENOLCK, "No locks available")):

        def refuse(_lock, error=error):
            raise error

        monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
        with pytest.raises(TesseractError, match="the disk cannot lock files, so two could write at once"):
            TesseractWriter.open(path)


def test_closing_leaves_no_note_and_may_be_done_twice(make, project_of):
    path = make(project_of(5, 3), [0])
    writer = TesseractWriter.open(path)
    assert json.loads((path / HOLDER).read_text())["pid"] == os.getpid()
    writer.close()
    assert not (path / HOLDER).exists()
    with TesseractWriter.open(path):
        writer.close()  # must not let go of what is another's now
        with pytest.raises(TesseractError, match="somebody else is writing it"):
            TesseractWriter.open(path)


def test_a_writer_that_is_refused_for_another_reason_holds_nothing(make, project_of):
    path = make(project_of(5, 3), [0])
    with pytest.raises(TesseractError, match="made from another project"):
        TesseractWriter.open(path, project_of(4, 3))
    TesseractWriter.open(path).close()


def test_a_writer_that_fails_to_sync_holds_nothing_afterwards(make, project_of, picture_of, monkeypatch):
    path = make(project_of(5, 3), [0])
    writer = TesseractWriter.open(path)
    writer.put_picture((1, 1), picture_of(4))
    with monkeypatch.context() as patch:
        patch.setattr("tessonance.store.osfile.sync", lambda _: (_ for _ in ()).throw(OSError(5, "fails")))
        with pytest.raises(TesseractError, match="the disk fails"):
            writer.close()
    TesseractWriter.open(path).close()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        "null",
        '{"host": "x"}',
        '{"host": "x", "pid": {}, "since": 1, "version": ""}',
        '{"host": "x", "pid": 1, "since": 1e300, "version": ""}',
        '{"host": "x", "pid": 1, "since": "then", "version": ""}',
        "[" * 100_000,
    ],
)
def test_a_note_that_makes_no_sense_still_leads_to_a_clear_refusal(make, project_of, note):
    path = make(project_of(5, 3), [0])
    with TesseractWriter.open(path):
        (path / HOLDER).write_text(note)
        with pytest.raises(TesseractError, match="got: painted by another process\n"):
            TesseractWriter.open(path)


def test_a_note_of_another_day_tells_the_date_and_nothing_that_moves_a_cursor(make, project_of):
    path = make(project_of(5, 3), [0])
    since = time.mktime((2024, 5, 17, 21, 4, 0, 0, 0, -1))
    note = {"host": "attic\x1b[2J" + "x" * 1000, "pid": 1234, "since": since, "version": "0.1.0"}
    with TesseractWriter.open(path):
        (path / HOLDER).write_text(json.dumps(note))
        with pytest.raises(TesseractError) as caught:
            TesseractWriter.open(path)
    assert "painted by process 1234 on host attic[2Jx" in str(caught.value)
    assert "since 2024-05-17 21:04 (tessonance 0.1.0)" in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_of_two_runs_that_begin_at_once_the_slower_is_refused_by_name_or_goes_on(small_project, tmp_path, monkeypatch):
    """Both see that there is no tesseract yet; one makes it while the other still opens its generator."""
    path, whole = tmp_path / "small.tess", run.crew
    meanwhile = []

    def slow(project, *rest, **options):
        meanwhile.append(TesseractWriter.create(path, project))
        return whole(project, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(run, "crew", slow)
        with pytest.raises(TesseractError, match=f"got: painted by process {os.getpid()} "):
            tess.generate(small_project, path, workers=1)
        meanwhile.pop().close()
    with tess.generate(small_project, path, workers=1) as tesseract:
        assert tesseract.painted() == 15


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs rights that a user of Windows lacks")
def test_a_link_in_place_of_the_lock_or_the_note_is_not_followed(make, project_of, tmp_path_factory):
    path = make(project_of(5, 3), [0])
    outside = tmp_path_factory.mktemp("outside")
    (path / LOCK).unlink()
    (path / LOCK).symlink_to(outside / "made")
    with pytest.raises(TesseractError, match="links inside a tesseract are not followed"):
        TesseractWriter.open(path)
    assert list(outside.iterdir()) == []
    (path / LOCK).unlink()
    (outside / "precious").write_text("precious")
    (path / HOLDER).symlink_to(outside / "precious")
    TesseractWriter.open(path).close()
    assert (outside / "precious").read_text() == "precious"


def test_zarr_and_xarray_say_nothing_about_the_lock(make, project_of):
    """Warnings are errors here."""
    zarr, xarray = pytest.importorskip("zarr"), pytest.importorskip("xarray")
    path = make(project_of(5, 3), [0])
    with TesseractWriter.open(path):
        assert (path / LOCK).exists()
        assert (path / HOLDER).exists()
        group = zarr.open_group(path, mode="r")
        assert sorted(name for name, _ in group.members()) == ["bloom", "frames", "ink"]
        with xarray.open_zarr(path, consolidated=False) as data:
            assert data["frames"].shape[:2] == (5, 3)
