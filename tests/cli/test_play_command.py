"""`tess play` as it is typed, on a real X server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from test_commands import PROJECT
from x_screen import XScreen, x_screen

from tessonance.cli import cli
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.show.pacing import FrameTimes
from tessonance.show.player import ShowReport
from tessonance.show.take_reader import read_take
from tessonance.store import TesseractWriter

pytestmark = pytest.mark.screen

RATE = 48_000


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XScreen]:
    with x_screen(tmp_path_factory.mktemp("screen")) as made:
        yield made


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a painted tesseract and a song."""
    folder = tmp_path_factory.mktemp("stage")
    made = parse_project(PROJECT)
    painter = open_generator(made)
    with TesseractWriter.create(folder / "small.tess", made) as writer:
        for flat in range(made.grid.size):
            cell = made.grid.cell(flat)
            writer.put_picture(cell, painter.paint([made.grid.point(cell)])[0])
    t = np.arange(20 * RATE) / RATE
    soundfile.write(folder / "song.wav", 0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2), RATE)
    return folder


@contextmanager
def play(screen: XScreen, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Begin a show; whatever becomes of the test, it does not go on after it."""
    environment = os.environ | {"DISPLAY": screen.display, "PYTHONWARNINGS": "error::UserWarning"}
    environment.pop("WAYLAND_DISPLAY", None)
    code = "from tessonance.cli import main; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, "play", "small.tess", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


def until(true: Any, seconds: float = 60.0) -> bool:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def test_a_show_is_seen_and_tells_how_it_went(screen: XScreen, stage: Path) -> None:
    words = ("--input", "song.wav", "--size", "800x600", "--seconds", "4s", "--hud", "--record", "night.tessrec")
    with play(screen, stage, *words) as running:
        assert until(lambda: (screen.pixels()[150:750, 400:1200] > 0).any(2).mean() > 0.9)
        first = screen.pixels()
        assert until(lambda: (screen.pixels() != first).any())
        out, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert "frames: one every" in out
    assert "of them late" in out
    assert "tess render small.tess --take night.tessrec" in out
    assert read_take(stage / "night.tessrec").seconds > 2


def test_the_film_of_a_take_is_asked_for_with_all_tesseracts_of_its_show(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ShowReport(FrameTimes().pace(), 0.0, 0, 0, 0, 0)
    monkeypatch.setattr("tessonance.show.play.play", lambda *_, **__: report)
    done = CliRunner().invoke(cli, ["play", "a.tess", "my own.tess", "--record", "night.tessrec"])
    assert (
        "night.tessrec: the take; `tess render a.tess 'my own.tess' --take night.tessrec` makes its film" in done.output
    )


def test_a_take_that_ends_before_its_show_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ShowReport(
        FrameTimes().pace(), 0.0, 0, 0, 0, 0, take_trouble="n.tessrec: the disk is full; the take ends here"
    )
    monkeypatch.setattr("tessonance.show.play.play", lambda *_, **__: report)
    done = CliRunner().invoke(cli, ["play", "a.tess", "--record", "n.tessrec"])
    assert "n.tessrec: the disk is full; the take ends here, before the show did\n" in done.output
    assert "n.tessrec: what there is of the take; `tess render" in done.output


def test_a_terminal_that_is_gone_ends_no_show(screen: XScreen, stage: Path) -> None:
    with play(screen, stage, "--input", "osc", "--loop", "--seconds", "2s") as running:
        assert running.stderr is not None
        running.stderr.close()  # before it says anything
        assert running.stdout is not None
        out = running.stdout.read()
        assert running.wait(60) == 0
    assert "frames: one every" in out


def test_it_fills_the_screen(screen: XScreen, stage: Path) -> None:
    with play(screen, stage, "--input", "osc", "--fullscreen", "--seconds", "5s") as running:
        assert until(lambda: (screen.pixels()[::8, ::8] > 0).any(2).mean() > 0.95)
        _, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors


def test_an_interruption_ends_it_politely(screen: XScreen, stage: Path) -> None:
    words = ("--input", "song.wav", "--record", "cut.tessrec")
    with play(screen, stage, *words) as running:
        assert until(lambda: (screen.pixels() > 0).any())
        time.sleep(1.0)
        running.terminate()  # what runs in the background of a shell hears no SIGINT
        out, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert "frames: one every" in out
    assert read_take(stage / "cut.tessrec").whole


def test_a_kill_leaves_a_take_that_is_good_up_to_then(screen: XScreen, stage: Path) -> None:
    with play(screen, stage, "--input", "song.wav", "--record", "killed.tessrec") as running:
        kept = stage / "killed.tessrec"
        assert until(lambda: kept.exists() and kept.stat().st_size > 600_000)
        running.kill()
        running.communicate(timeout=60)
    take = read_take(kept)
    assert take.seconds > 2.5
    assert len(take.moves[0].coordinates) > 2.2 * RATE / 256


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--input", "osc", "--monitor", "7"), "there is no monitor 7"),
        (("--input", "nowhere.wav"), "nowhere.wav"),
        (("--input", "osc", "--mapping", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_is_one_clear_error(screen: XScreen, stage: Path, words: tuple[str, ...], text: str) -> None:
    with play(screen, stage, *words) as running:
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert text in errors
    assert "Traceback" not in errors


def test_without_a_display_it_says_so(stage: Path) -> None:
    with play(XScreen(":987", stage), stage, "--input", "osc") as running:
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "display" in errors
    assert "Traceback" not in errors
