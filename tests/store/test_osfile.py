import errno
import os
import sys

import pytest

from tessonance.errors import TesseractError
from tessonance.store import osfile
from tessonance.store.osfile import Folder, OpenFile, clear_errors, existing_folder

links = pytest.mark.skipif(sys.platform == "win32", reason="making links needs rights that a user of Windows lacks")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "frames").mkdir()
    return Folder(tmp_path)


@pytest.mark.parametrize("windows", [False, True])
def test_bytes_are_written_where_they_are_told_to(folder, monkeypatch, windows):
    monkeypatch.setattr(osfile, "WINDOWS", windows)
    folder.replace("frames/a", b"0123456789")
    file = folder.open_for_writing("frames/a")
    osfile.write_at(file, 12, b"end")
    osfile.write_at(file, 2, memoryview(b"xy"))
    osfile.sync(file)
    assert osfile.read_at(file, 1, 4) == b"1xy4"
    assert osfile.size(file) == 15
    osfile.close(file)
    assert folder.read("frames/a", limit=100) == b"01xy456789\0\0end"


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="no pwrite")
def test_a_short_write_is_continued(folder, monkeypatch):
    folder.replace("a", b"")
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, offset: whole(file, bytes(data[:3]), offset))
    file = folder.open_for_writing("a")
    osfile.write_at(file, 0, b"0123456789")
    osfile.close(file)
    assert folder.read("a", limit=100) == b"0123456789"


def test_a_small_file_is_read_up_to_a_limit(folder):
    folder.replace("a", b"0123456789")
    assert len(folder.read("a", limit=4)) == 5  # one more: so the caller knows


def test_an_open_file_is_followed_as_it_grows(folder):
    folder.replace("a", b"0123")
    opened = OpenFile(folder, "a")
    early = opened.get_bytes(1, 2)
    file = folder.open_for_writing("a")
    osfile.write_at(file, 4, b"4567")
    osfile.write_at(file, 0, b"X")
    assert opened.size == 8
    assert bytes(opened.get_bytes(2, 4)) == b"2345"
    assert bytes(opened.get_bytes(0, 1)) == b"X"
    assert bytes(opened.get_bytes(6, 10)) == b"67"
    assert bytes(opened.get_bytes(2**70, 10)) == b""
    assert bytes(early) == b"12"
    osfile.close(file)


def test_an_empty_file_has_no_bytes_until_it_is_made_anew(folder):
    folder.replace("a", b"")
    opened = OpenFile(folder, "a")
    assert opened.size == 0
    assert bytes(opened.get_bytes(0, 4)) == b""
    folder.replace("a", b"0123")
    assert bytes(opened.get_bytes(0, 4)) == b"0123"


def test_a_file_that_shrinks_while_it_is_open_ends_early_and_not_the_process(folder):
    folder.replace("a", bytes(100_000))
    opened = OpenFile(folder, "a")
    os.truncate(folder.path / "a", 10)
    assert bytes(opened.get_bytes(0, 16)) == bytes(10)
    assert bytes(opened.get_bytes(90_000, 16)) == b""


def test_a_missing_file_is_no_source(folder):
    assert folder.source("frames/none") is None


def test_a_replaced_file_is_whole_or_as_before(folder, monkeypatch):
    folder.replace("a", b"old")

    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(osfile, "sync", full)
    with pytest.raises(OSError, match="No space"):
        folder.replace("a", b"new")
    assert folder.read("a", limit=10) == b"old"
    assert sorted(folder.names(".")) == ["a", "frames"]


def test_what_an_interrupted_writer_left_is_no_obstacle(folder):
    (folder.path / "a.partial").write_bytes(b"half")
    folder.replace("a", b"new")
    assert sorted(folder.names(".")) == ["a", "frames"]


@links
def test_links_inside_a_folder_are_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_bytes(b"secret")
    (folder.path / "link").symlink_to(outside / "secret")
    (folder.path / "linked").symlink_to(outside)
    for read in (
        lambda: folder.read("link", limit=10),
        lambda: folder.read("linked/secret", limit=10),
        lambda: folder.source("link"),
        lambda: folder.open_for_writing("link"),
        lambda: folder.names("linked"),
    ):
        with pytest.raises(TesseractError, match="links inside a tesseract are not followed"), clear_errors("here"):
            read()


@links
def test_a_link_in_the_way_of_a_new_file_is_not_written_through(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "precious"
    outside.write_bytes(b"precious")
    for name in ("a.partial", "b"):
        (folder.path / name).symlink_to(outside)
    folder.replace("a", b"new")
    assert folder.read("a", limit=10) == b"new"
    with pytest.raises(TesseractError, match="links inside a tesseract"), clear_errors("here"):
        folder.replace("b", b"new")
    assert outside.read_bytes() == b"precious"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_a_pipe_is_refused_without_waiting_for_its_other_end(folder):
    os.mkfifo(folder.path / "pipe")
    with pytest.raises(TesseractError, match="no regular file"), clear_errors("here"):
        folder.source("pipe")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full\n  try: earlier pictures are safe: make room and run it again"),
        (errno.EFBIG, "takes no larger file"),
        (errno.EACCES, "permission is denied"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "the disk fails"),
        (errno.EPIPE, os.strerror(errno.EPIPE)),
    ],
)
def test_what_the_system_refuses_is_said_in_clear_words(number, words):
    with pytest.raises(TesseractError) as caught, clear_errors("flower.tess"):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith("flower.tess: ")
    assert words in str(caught.value)


def test_a_file_and_nothing_are_no_folder(tmp_path):
    (tmp_path / "file.tess").touch()
    with pytest.raises(TesseractError, match="is a file, and pictures are painted in a folder"):
        existing_folder(tmp_path / "file.tess")
    with pytest.raises(TesseractError, match="there is no such tesseract"):
        existing_folder(tmp_path / "none.tess")
