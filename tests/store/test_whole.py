"""Files and folders that appear whole, or not at all."""

import errno

import pytest

from tessonance.errors import OutputExists, TesseractError
from tessonance.store import osfile
from tessonance.store.osfile import clear_errors
from tessonance.store.whole import create_folder, new_file


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(osfile, "sync", full)
        with pytest.raises(OSError, match="No space"):
            create_folder(tmp_path / "new", {"a": b"1", "b/c": b"2"})
    assert list(tmp_path.iterdir()) == []
    create_folder(tmp_path / "new", {"a": b"1", "b/c": b"2"})
    assert (tmp_path / "new" / "b" / "c").read_bytes() == b"2"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_what_is_there_is_not_overwritten(tmp_path):
    for kind in ("file", "folder"):
        path = tmp_path / kind
        path.touch() if kind == "file" else path.mkdir()
        with pytest.raises(OutputExists, match="something of that name"):
            create_folder(path, {"a": b"1"})


def test_a_folder_is_not_made_where_its_parent_is_missing(tmp_path):
    with pytest.raises(TesseractError, match="no such file or folder"), clear_errors(tmp_path):
        create_folder(tmp_path / "no" / "new", {"a": b"1"})
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_that_was_not_finished_leaves_what_was_there(tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), new_file(path, force=True) as file:
        file.writelines([b"half of the new", "no bytes"])
    assert path.read_bytes() == b"old"
    with new_file(path, force=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["packed"]
