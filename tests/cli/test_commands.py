"""The commands, as a user calls them: what they write, what they say, how they refuse."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile

from tessonance import cli
from tessonance.cli import COMMANDS, main
from tessonance.cli.doctor import CORE
from tessonance.errors import RenderError, SoundError, TessError


class Answer(NamedTuple):
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def tess(*words: object, cwd: Path) -> Answer:
    """Call a command in this process: starting Python each time would take most of the test."""
    out, err = io.StringIO(), io.StringIO()
    code: object = None
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as leaving:
            code = leaving.code
    assert isinstance(code, int)
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project, its tesseract and two seconds of sound."""
    folder = tmp_path_factory.mktemp("studio")
    (folder / "small.toml").write_text(PROJECT)
    time_ = np.arange(96_000) / 48_000
    soundfile.write(folder / "song.wav", 0.5 * np.sin(2 * np.pi * 60 * time_) * (time_ % 0.5 < 0.2), 48_000)
    done = tess("generate", "small.toml", "--workers", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


PROJECT = """
[picture]
width = 64
height = 48
[generator]
use = "plasma"
[[axis]]
name = "bloom"
steps = 5
[[axis]]
name = "ink"
steps = 3
[[route]]
feature = "low"
axis = "bloom"
"""


def test_generate_says_what_there_is_and_what_comes_next(studio: Path) -> None:
    done = tess("generate", "small.toml", cwd=studio)
    assert "15 of 15 pictures" in done.stdout
    assert "next: tess sheet small.tess" in done.stdout


def test_generate_says_how_the_rest_is_painted(studio: Path) -> None:
    words = ("generate", "small.toml", "-o", "part.tess", "--workers", 1)
    assert "without --cells and --until it paints the other 11" in tess(*words, "--until", 0, cwd=studio).stderr
    assert "levels     3, 1 complete" in tess("info", "part.tess", cwd=studio).stdout
    assert "run it again to paint the other 10" in tess(*words, "--limit", 1, cwd=studio).stderr


def test_generate_says_what_a_budget_saved(studio: Path) -> None:
    words = ("generate", "small.toml", "-o", "budget.tess", "--workers", 1, "--budget")
    cut = tess(*words, 12, "--limit", 5, cwd=studio)
    assert "5 of 15 pictures" in cut.stdout
    assert "run it again to paint the other 7" in cut.stderr
    done = tess(*words, "100%", cwd=studio)
    assert "bloom: 5 of 5 steps painted" in done.stdout
    refused = tess(*words, "1%", cwd=studio)
    assert refused.returncode == 1
    assert "the budget is too small" in refused.stderr


def test_info_tells_people_and_scripts(studio: Path) -> None:
    told = tess("info", "small.tess", cwd=studio).stdout
    assert "bloom: 0 to 1 in 5 steps" in told
    assert "levels     3, all complete" in told
    facts = json.loads(tess("info", "small.tess", "--json", cwd=studio).stdout)
    assert (facts["painted"], facts["cells"], facts["complete_level"]) == (15, 15, 2)
    assert facts["routes"] == [{"feature": "low", "axis": "bloom", "act": "position"}]


def test_render_makes_a_film_and_refuses_to_replace_it(studio: Path) -> None:
    words = ("render", "small.tess", "song.wav", "-o", "film.mp4", "--size", "128x96", "--hud")
    done = tess(*words, cwd=studio)
    assert done.returncode == 0, done.stderr
    assert "60 frames, 2.0 s" in done.stdout
    again = tess(*words, cwd=studio)
    assert again.returncode == 1
    assert "film.mp4" in again.stderr
    assert "--force" in again.stderr
    assert tess(*words, "--force", cwd=studio).returncode == 0


def test_sheet_and_features_write_their_pictures(studio: Path) -> None:
    assert "small.png written" in tess("sheet", "small.tess", "--at", "bloom=1", cwd=studio).stdout
    done = tess("features", "song.wav", "--feature", "low", "--feature", "40-90Hz", cwd=studio)
    assert done.returncode == 0, done.stderr
    assert (studio / "song.csv").read_text().splitlines()[0].endswith("low,40-90Hz")
    assert (studio / "song.png").read_bytes()[:4] == b"\x89PNG"


def test_new_writes_a_project_that_generate_understands(studio: Path) -> None:
    listing = tess("new", "--list", "--generator", "plasma", cwd=studio).stdout
    preset = listing.splitlines()[1].split()[0]
    assert tess("new", "fresh.toml", "--generator", "plasma", "--preset", preset, cwd=studio).returncode == 0
    done = tess("generate", "fresh.toml", "--limit", 3, "--workers", 1, cwd=studio)
    assert "3 of" in done.stdout
    assert "exists already" in tess("new", "fresh.toml", "--generator", "plasma", cwd=studio).stderr
    assert "try:" in tess("new", "x.toml", "--preset", "nonsense", cwd=studio).stderr


def test_doctor_looks_for_every_package_that_is_needed() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split("[<>=~!]", wanted)[0] for wanted in project["dependencies"]}
    assert set(CORE) == needed


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("words", [("new", "flower.toml"), ("demo", "-o", ".")])
def test_a_project_that_cannot_be_written_leaves_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("flower", "kaleidoscope"):
        (tmp_path / f".{name}.toml.{os.getpid()}.partial").symlink_to("/dev/full")
    done = tess(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert "toml: cannot be written: No space left" in done.stderr
    assert not list(tmp_path.glob("*.toml"))


def test_doctor_finds_everything_here(studio: Path) -> None:
    done = tess("doctor", "--json", cwd=studio)
    assert done.returncode == 0, done.stdout
    found = {line["part"]: line["state"] for line in json.loads(done.stdout)}
    assert found["painted"] == "opens"
    assert found["film encoders"] != "missing"


@pytest.mark.skipif(sys.platform != "linux", reason="only ALSA has so much to say")
def test_what_is_said_while_libraries_are_silenced_is_read_all_the_same() -> None:
    code = """
import os, click
from tessonance.cli import main
@click.command()
def speak() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # as looking for sound devices does
    os.write(2, b"ALSA lib: nonsense")
    click.echo("the device is away", err=True)
main.__globals__["cli"] = speak
main([])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "the device is away\n"


def test_doctor_tells_what_live_shows_lack_and_that_the_rest_goes(studio: Path, monkeypatch: Any) -> None:
    def refuse(error: TessError) -> Any:
        raise error

    absent = SoundError("PortAudio is not installed", hint="apt-get install libportaudio2")
    monkeypatch.setattr("tessonance.sound.devices.portaudio", lambda: refuse(absent))
    monkeypatch.setattr("tessonance.sinks.window.begun_glfw", lambda: refuse(RenderError("there is no display")))
    done = tess("doctor", "--json", cwd=studio)
    assert done.returncode == 0, done.stdout
    found = {line["part"]: line for line in json.loads(done.stdout)}
    assert found["sound devices"]["state"] == found["a window"]["state"] == "missing"
    assert "PortAudio is not installed: apt-get install libportaudio2" in found["sound devices"]["note"]
    assert "there is no display" in found["a window"]["note"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("generate", "no.toml"), 1, "cannot be read: No such file"),
        (("generate", "small.toml", "-o", "http://example.org/x.tess"), 1, "a tesseract on the web is only read"),
        (("generate", "small.toml", "-o", "no/such.tess"), 1, "no: the folder is not there"),
        (("generate", "small.toml", "-o", "p1.tess", "--preview", "no/such.png"), 1, "the folder is not there"),
        (("generate", "small.toml", "-o", "p2.tess", "--preview", "sheet.jpg"), 1, "a sheet is a PNG"),
        (("generate", "."), 1, "cannot be read"),
        (("features", "."), 1, "is a folder"),
        (("render", "small.tess", "."), 1, "is a folder"),
        (("info", "small.toml"), 1, "is a project, not a tesseract"),
        (("info", "no.tess"), 1, "there is no such tesseract"),
        (("sheet", "small.tess", "--axes", "bloom"), 2, "is not two names"),
        (("sheet", "small.tess", "--at", "ink=x"), 2, "is no value"),
        (("render", "small.tess", "no.wav"), 1, "no.wav"),
        (("render", "small.tess", "song.wav", "--size", "big"), 2, "is no size"),
        (("render", "small.tess", "song.wav", "--fps", "fast"), 2, "is no frame rate"),
        (("render", "small.tess", "song.wav", "--from", "soon"), 2, "is no time"),
        (("render", "small.tess", "song.wav", "--mapping", "no.toml", "-o", "y.mp4"), 1, "no.toml"),
        (("render", "small.tess", "song.wav", "-o", "film.gif"), 1, "film.gif"),
        (("generate", "small.toml", "--deadline", "soon"), 2, "is no duration"),
        (("generate", "small.toml", "--until", "level:9", "-o", "z.tess"), 1, "there is no such level"),
        (("features", "song.wav", "-o", "song.txt"), 2, "NAME.csv or NAME.npz"),
        (("features", "small.toml", "-o", "y.csv"), 1, "small.toml"),
        (("render", "small.tess", "song.wav", "-o", "song.wav", "--force"), 1, "this is the song itself"),
        (("sheet", "small.tess", "-o", "sheet.gif"), 1, "a sheet is a PNG"),
        (("features", "song.wav", "-o", "x.csv", "--plot", "song.wav", "--force"), 2, "NAME.png"),
        (("generate", "small.toml", "--workers", "0"), 2, "--workers"),
        (("generate", "small.toml", "-o", "y.tess", "--workers", "100000"), 1, "so many cannot paint here"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_what_cannot_be_is_one_clear_error(words: tuple[str, ...], code: int, says: str, studio: Path) -> None:
    done = tess(*words, cwd=studio)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_preview_that_cannot_be_is_refused_before_anything_is_painted(studio: Path) -> None:
    done = tess("generate", "small.toml", "-o", "new.tess", "--preview", "no/such.png", cwd=studio)
    assert done.returncode == 1
    assert not (studio / "new.tess").exists()


def test_a_tesseract_may_be_named_from_within(studio: Path) -> None:
    done = tess("info", ".", cwd=studio / "small.tess")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("route") == tess("info", "small.tess", cwd=studio).stdout.count("route")


def test_no_command_lets_click_look_into_files() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in Path(cli.__file__).parent.glob("*.py")}
    assert [name for name, text in texts.items() if "click.Path(" in text] == ["options.py"]


def test_what_may_not_be_read_is_refused_as_any_other_file(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # what click asks; this user may be allowed everything
    for words in (("info", "small.tess"), ("render", "small.tess", "song.wav", "-o", "allowed.mp4", "--to", "0.1")):
        assert tess(*words, cwd=studio).returncode == 0


def test_every_command_has_help_in_one_sentence(studio: Path) -> None:
    done = tess("--help", cwd=studio)
    for name in COMMANDS:
        assert name in done.stdout


def test_an_output_that_lacks_a_sign_gets_the_rest(studio: Path) -> None:
    command = [sys.executable, "-c", "from tessonance.cli import main; main()", "info", "small.tess"]
    done = subprocess.run(command, cwd=studio, env={**os.environ, "PYTHONIOENCODING": "cp437:strict"}, stdout=-1)
    assert done.returncode == 0
    assert b"64 ? 48, jpeg" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_finishes_what_is_in_hand_and_the_next_run_goes_on(studio: Path) -> None:
    slow = PROJECT.replace('use = "plasma"', 'use = "plasma"\ndelay_ms = 60').replace("steps = 5", "steps = 33")
    (studio / "slow.toml").write_text(slow)
    command = [sys.executable, "-c", "from tessonance.cli import main; main()", "generate", "slow.toml"]
    child = subprocess.Popen(command, cwd=studio, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(studio.glob("slow.tess/frames/c.*")):
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "run it again to paint the other" in err
    before = int(out.split(": ")[1].split(" of ")[0])
    assert 0 < before < 99
    assert json.loads(tess("info", "slow.tess", "--json", cwd=studio).stdout)["painted"] == before


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM")
def test_a_render_that_is_terminated_leaves_nothing(studio: Path) -> None:
    words = ["render", "small.tess", "song.wav", "-o", "ended.mp4", "--size", "1920x1080", "--fps", "240"]
    child = subprocess.Popen([sys.executable, "-c", "from tessonance.cli import main; main()", *words], cwd=studio)
    while not list(studio.glob(".ended*")) and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=60) == 130
    assert not list(studio.glob("*ended*"))
    assert not list(studio.glob(".ended*"))
