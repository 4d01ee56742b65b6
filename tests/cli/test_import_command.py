"""`tess import`, as a user calls it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_commands import tess

from tessonance.project import load_project


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    (tmp_path / "flowers").mkdir()
    for height in range(3):
        for blot in range(2):
            pixels = np.full((32, 48, 3), 40 * height + 90 * blot, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "flowers" / f"flower_{height}_{blot}.jpg", quality=90)
    return tmp_path


def test_a_folder_becomes_a_tesseract_with_its_project_beside_it(studio: Path) -> None:
    done = tess("import", "flowers", "--pattern", "flower_{height}_{blot}.jpg", cwd=studio)
    assert done.returncode == 0, done.stderr
    assert "6 taken over as they are, 0 encoded" in done.stdout
    assert "6 of 6 pictures" in done.stdout
    project = load_project(studio / "flowers.toml")
    assert [route.axis for route in project.routes] == ["height", "blot"]
    assert "6 of 6" in tess("generate", "flowers.toml", cwd=studio).stdout
    again = tess("import", "flowers.toml", cwd=studio)
    assert "0 encoded, 6 were there already" in again.stdout


def test_a_project_file_that_is_there_is_used_and_left_alone(studio: Path) -> None:
    tess("import", "flowers/", "--pattern", "flower_{height}_{blot}.jpg", cwd=studio)
    edited = (studio / "flowers.toml").read_text() + "\n# mine\n"
    (studio / "flowers.toml").write_text(edited)
    again = tess("import", "flowers", "--pattern", "something_{else}.jpg", cwd=studio)
    assert again.returncode == 0
    assert "flowers.toml is there: it says what is imported, whatever the options say" in again.stdout
    assert (studio / "flowers.toml").read_text() == edited


def test_what_could_not_be_taken_is_told_and_is_exit_code_1(studio: Path) -> None:
    (studio / "flowers" / "flower_0_0.jpg").write_bytes(b"nothing")
    (studio / "flowers" / "notes.png").write_bytes(b"nothing")
    done = tess("import", "flowers", "--pattern", "flower_{height}_{blot}.jpg", cwd=studio)
    assert done.returncode == 1
    assert "1 could not be taken:\n  flower_0_0.jpg: this is no picture that can be read" in done.stderr
    assert "1 fit no cell and were passed over:\n  notes.png" in done.stderr
    assert "1 cells have no picture" in done.stderr


def test_a_dry_run_only_shows_the_project(studio: Path) -> None:
    done = tess("import", "flowers", "--dry-run", cwd=studio)
    assert 'pattern = "flower_{a}_{b}"' in done.stdout
    assert sorted(path.name for path in studio.iterdir()) == ["flowers"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nowhere",), 1, "there is nothing of that name"),
        (("flowers", "--cells", "9"), 2, "write 9x5"),
        (("flowers", "--axes", "a,a,a", "--pattern", "tulip_{a}"), 1, "there are no finished pictures here"),
        (("flowers", "--pattern", "{a}_{b}", "-o", "no/where.tess"), 1, "there is no such folder"),
    ],
)
def test_wrong_calls_are_refused_in_plain_words(studio: Path, words: tuple[str, ...], code: int, says: str) -> None:
    done = tess("import", *words, cwd=studio)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


def test_a_sheet_is_cut_as_told(studio: Path) -> None:
    Image.fromarray(np.zeros((70, 110, 3), np.uint8)).save(studio / "plot.png")
    words = ("--cells", "2x2", "--cell", "48x32", "--gap", "2", "--axes", "cfg,steps")
    done = tess("import", "plot.png", *words, "-o", "plot2.tess", cwd=studio)
    assert done.returncode == 0, done.stderr
    assert load_project(studio / "plot2.toml").grid.names == ("cfg", "steps")
