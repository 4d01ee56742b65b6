"""Files that are written whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tessonance.errors import OutputExists, TessError
from tessonance.outputs import check_output, replacing, write_text


def test_an_older_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "song.csv"
    path.write_text("older")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half of the new", "no bytes"])  # type: ignore[list-item]
    assert path.read_text() == "older"
    write_text(path, "new ✓\n")
    assert path.read_bytes() == "new ✓\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TessError) as caught:
        write_text(tmp_path / "gone" / "song.csv", "")
    assert "song.csv: cannot be written: No such file or directory" in str(caught.value)
    assert "write it into a folder that exists" in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / f".song.csv.{os.getpid()}.partial").symlink_to("/dev/full")
    with pytest.raises(TessError, match=r"song\.csv: cannot be written: No space left on device"):
        write_text(tmp_path / "song.csv", "0.005333,0.1\n" * 5_000)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_refused_before_anything_is_made_for_it(tmp_path: Path) -> None:
    """Minutes of work would be lost otherwise; and looking leaves nothing behind."""
    there = tmp_path / "page.html"
    check_output(there)
    there.write_text("old")
    with pytest.raises(OutputExists, match=r"page\.html: exists already"):
        check_output(there)
    check_output(there, force=True)
    assert there.read_text() == "old"
    with pytest.raises(TessError, match="write it into a folder that exists"):
        check_output(tmp_path / "no" / "page.html")
    with pytest.raises(TessError, match="is a folder"):
        check_output(tmp_path, force=True)
    with pytest.raises(TessError, match="cannot be written"):
        check_output(there / "page.html", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
