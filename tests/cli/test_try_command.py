"""`tess try` and `tess new`, as a user calls them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_commands import PROJECT, tess

from tessonance.plugins import names
from tessonance.project import load_project


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(PROJECT)
    return tmp_path


def test_corners_and_what_all_will_cost(studio: Path) -> None:
    done = tess("try", "small.toml", cwd=studio)
    assert done.returncode == 0, done.stderr
    assert "4 painted; " in done.stdout
    assert "all 15 pictures: about " in done.stdout
    assert "small-try.png written; next: tess generate small.toml" in done.stdout
    assert sorted(path.name for path in studio.iterdir()) == ["small-try.png", "small.toml"]
    assert tess("try", "small.toml", "--corners", cwd=studio).returncode == 0  # the next trial replaces it


def test_a_line_and_how_smooth_it_is(studio: Path) -> None:
    done = tess("try", "small.toml", "--line", "bloom", "--steps", 3, "--at", "ink=1", cwd=studio)
    assert done.returncode == 0, done.stderr
    assert "3 painted; " in done.stdout
    assert "bloom: " in done.stdout
    assert "long to the eye (FLIP) in 2 steps" in done.stdout
    assert "times the mean: from " in done.stdout


def test_a_line_that_leads_nowhere_is_said_not_to_be_smooth(studio: Path) -> None:
    wild = PROJECT.replace('use = "plasma"', 'use = "toy"\nnoise = "new"').replace("steps = 5", "steps = 9")
    (studio / "wild.toml").write_text(wild)
    assert "not smooth: " in tess("try", "wild.toml", "--line", "bloom", cwd=studio).stdout


def test_points_are_given_by_value(studio: Path) -> None:
    done = tess("try", "small.toml", "--at", "bloom=0.5,ink=0.1", "--at", "bloom=0", "-o", "a.png", cwd=studio)
    assert "2 painted" in done.stdout
    assert "--force" in tess("try", "small.toml", "-o", "a.png", cwd=studio).stderr


def test_a_sheet_that_cannot_be_written_is_refused_before_anything_is_painted(
    studio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tessonance.trial", lambda *_, **__: pytest.fail("painted"))
    assert "the folder is not there" in tess("try", "small.toml", "-o", "gone/a.png", cwd=studio).stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--at", "bloom"), 2, "write --at height=0.5,blot=0.1"),
        (("--at", "bloom=x"), 2, "is no value"),
        (("--at", "blom=1"), 1, "did you mean 'bloom'?"),
        (("--corners", "--line", "bloom"), 2, "--corners stands alone"),
        (("--steps", "3"), 2, "--steps needs --line"),
        (("--line", "bloom", "--steps", "99"), 1, "the steps of the axis"),
        (("-o", "x.gif"), 1, "a sheet is a PNG"),
    ],
)
def test_wrong_calls_are_refused_in_plain_words(studio: Path, words: tuple[str, ...], code: int, says: str) -> None:
    done = tess("try", "small.toml", *words, cwd=studio)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize("generator", names("generators"))
def test_new_writes_a_project_for_every_generator(studio: Path, generator: str) -> None:
    done = tess("new", "fresh.toml", "--generator", generator, cwd=studio)
    assert done.returncode == 0, done.stderr
    assert load_project(studio / "fresh.toml").generator.use == generator
    assert (studio / "fresh.toml").read_text().startswith("#")


def test_new_writes_a_project_for_code_of_ones_own(studio: Path) -> None:
    (studio / "mine.py").write_text(
        'import numpy as np\n\n\ndef paint(point, *, width, height, warmth: float = 0.5):\n    """Warm squares.\n\n'
        '    Parameters\n    ----------\n    warmth : float\n        How red it is.\n    """\n'
        "    return np.full((height, width, 3), point['a'] * warmth)\n"
    )
    done = tess("new", "mine.toml", "--generator", "mine:paint", cwd=studio)
    assert done.returncode == 0, done.stderr
    text = (studio / "mine.toml").read_text()
    assert text.startswith("# mine.toml: Warm squares.")
    assert "# warmth = 0.5  # How red it is" in text
    assert tess("try", "mine.toml", cwd=studio).returncode == 0
    assert "no preset 'x'" in tess("new", "y.toml", "--generator", "mine:paint", "--preset", "x", cwd=studio).stderr


def test_list_shows_every_generator_and_its_presets(studio: Path) -> None:
    out = tess("new", "--list", cwd=studio).stdout
    for name in names("generators"):
        assert f"{name}: " in out
    assert re.search(r"^  kaleidoscope +a flower of sapphire", out, re.MULTILINE)  # its name is not said twice
    assert "painted" not in tess("new", "--list", "--generator", "plasma", cwd=studio).stdout


def test_a_preset_says_who_paints_it(studio: Path) -> None:
    assert tess("new", "slide.toml", "--preset", "paintings", cwd=studio).returncode == 0
    assert load_project(studio / "slide.toml").generator.use == "style"
    assert "painted has no preset 'kaleidoscop'" in tess("new", "x.toml", "--preset", "kaleidoscop", cwd=studio).stderr
