"""A whole show, in a window that nobody sees."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tessonance.errors import (
    ControlError,
    OutputExists,
    ProjectError,
    RenderError,
    SoundError,
    TesseractError,
    TessError,
)
from tessonance.grid import Axis
from tessonance.plugins import open_generator
from tessonance.project import Generator, Picture, Project, Route
from tessonance.show.night import disagreement
from tessonance.show.play import Look, open_input, play
from tessonance.show.take_reader import read_take
from tessonance.sinks import OffscreenWindow
from tessonance.sound.inputs import MemoryInput
from tessonance.store import TesseractWriter

pytestmark = pytest.mark.gl

RATE = 48_000
SIZE = (160, 90)
ROUTES = (Route(feature="low", axis="bloom", attack_ms=10, release_ms=80), Route(feature="high", axis="ink"))


def project(**keys: Any) -> Project:
    axes = (Axis(name="bloom", steps=9), Axis(name="ink", steps=5))
    given = {"axes": axes, "routes": ROUTES, **keys}
    return Project(picture=Picture(width=64, height=64), generator=Generator(use="plasma", seed=3), **given)


def paint(path: Path, made: Project, levels: range | None = None, *, writer: TesseractWriter | None = None) -> Path:
    painter = open_generator(made)
    into = writer or TesseractWriter.create(path, made)
    for level in levels or range(made.grid.levels):
        for flat in made.grid.level_cells(level):
            cell = made.grid.cell(int(flat))
            into.put_picture(cell, painter.paint([made.grid.point(cell)])[0])
    if writer is None:
        into.close()
    return path


def sound(seconds: float = 60.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    hiss = np.random.default_rng(0).normal(0, 0.1, len(t)) * (t % 0.4 < 0.15)
    return (0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2) + hiss).astype(np.float32)


@pytest.fixture
def flower(tmp_path: Path) -> Path:
    """A whole tesseract of 9 × 5."""
    return paint(tmp_path / "flower.tess", project())


class Stage(OffscreenWindow):
    """A window that types keys, and does other things, at certain frames, and keeps what was seen."""

    def __init__(self, script: dict[int, Any] | None = None, *, frames: int = 60, **keys: Any) -> None:
        super().__init__(SIZE, **keys)
        self.script, self.last, self.count = script or {}, frames, 0
        self.seen: dict[int, np.ndarray] = {}
        self.keep: tuple[int, ...] = ()

    def poll(self) -> list[str]:
        act = self.script.get(self.count)
        if isinstance(act, str):
            self.type(*act.split())
        elif act is not None:
            act()
        if self.count in self.keep:
            self.seen[self.count] = self.screenshot()
        self.count += 1
        if self.count > self.last:
            self.wish_closed()
        return super().poll()


def show(path: Any, stage: Stage, **keys: Any) -> Any:
    given = {"source": MemoryInput(sound(), block=128), "look": Look(size=SIZE), **keys}
    try:
        return play([path] if isinstance(path, Path) else path, given.pop("source"), surface=stage, **given)
    finally:
        stage.close()


def test_it_plays_until_the_window_is_closed(flower: Path) -> None:
    stage = Stage(frames=40)
    stage.keep = (10, 39)
    said: list[str] = []
    report = show(flower, stage, say=said.append)
    assert said == ["memory is heard; in the window H shows the keys, and Q twice ends the show"]
    assert report.pace.frames == 39
    assert report.failed == 0
    assert (stage.seen[10] != stage.seen[39]).any()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("tessonance")]


def test_it_ends_by_itself_after_so_many_seconds(flower: Path) -> None:
    stage, began = Stage(frames=10**6), time.perf_counter()
    show(flower, stage, seconds=0.5)
    assert time.perf_counter() - began < 20
    assert stage.count > 3


def test_a_limit_that_an_edit_brings_and_that_cannot_be_held_is_told(flower: Path) -> None:
    file, said = flower.with_suffix(".toml"), list[str]()
    routes = '[[route]]\nfeature = "low"\naxis = "bloom"\n'
    file.write_text(routes)
    stage = Stage(frames=10**6)
    stage.script = {10: lambda: file.write_text(routes + '[governor]\nas = "calm"\n')}

    def say(text: str) -> None:
        said.append(text)
        if "governor" in text:
            stage.last = 0

    show(flower, stage, say=say, seconds=30.0)
    *_, read, told = said
    assert read == "flower.toml was read again"
    assert told == "flower: the governor does nothing, since it was not baked when the show began"


def test_a_song_without_an_output_goes_by_the_clock(flower: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", sound(3), RATE)
    said: list[str] = []
    source = open_input(str(tmp_path / "song.wav"))
    show(flower, Stage(frames=30), source=source, say=said.append)
    source.close()


def test_what_was_recorded_leads_to_the_same_coordinates_again(flower: Path, tmp_path: Path) -> None:
    script = {10: "up", 20: "space", 25: "space", 30: "a", 40: "left"}
    show(flower, Stage(script, frames=60), record=tmp_path / "night.tessrec")
    take = read_take(tmp_path / "night.tessrec")
    assert take.whole
    assert [type(change).__name__ for _, change in take.changes] == [
        *("Play", "Show", "Play", "Hold", "Hold", "Play", "Play")
    ]
    assert disagreement(take) < 1e-9
    assert len(take.moves[0].coordinates) > 50


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_take_that_cannot_be_written_to_its_end_is_told_in_the_report(
    flower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tessonance.show.take._opened", lambda *_, **__: Path("/dev/full").open("wb"))  # noqa: SIM115
    report = show(flower, Stage(frames=20), record=tmp_path / "night.tessrec")
    assert report.take_trouble == "night.tessrec: cannot be written: No space left on device; the take ends here"


def test_a_take_that_exists_is_kept(flower: Path, tmp_path: Path) -> None:
    (tmp_path / "night.tessrec").write_text("mine")
    with pytest.raises(OutputExists):
        show(flower, Stage(), record=tmp_path / "night.tessrec")
    assert (tmp_path / "night.tessrec").read_text() == "mine"


def test_a_show_that_cannot_begin_keeps_the_take_it_was_to_replace(flower: Path, tmp_path: Path) -> None:
    take = tmp_path / "night.tessrec"
    show(flower, Stage(frames=20), record=take)
    before = take.read_bytes()
    with pytest.raises(ControlError):
        show(flower, Stage(), record=take, force=True, osc_in="nowhere")
    assert take.read_bytes() == before
    with pytest.raises(ControlError):
        show(flower, Stage(), record=tmp_path / "new.tessrec", osc_in="nowhere")
    assert not (tmp_path / "new.tessrec").exists()


def test_a_tesseract_that_is_deleted_during_the_show_plays_on_with_what_is_there(flower: Path) -> None:
    stage = Stage({20: lambda: shutil.rmtree(flower)}, frames=80)
    report = show(flower, stage)
    assert report.pace.frames == 79


def test_one_that_is_still_painted_sharpens_as_it_plays(tmp_path: Path) -> None:
    made, path = project(), tmp_path / "new.tess"
    writer = TesseractWriter.create(path, made)
    paint(path, made, range(1), writer=writer)

    def finish() -> None:
        paint(path, made, range(1, made.grid.levels), writer=writer)

    freeze = "space"
    stage = Stage({40: freeze, 50: finish}, frames=400, fps=120)
    stage.keep = (48, 399)
    show(path, stage, look=Look(size=SIZE, flash_limit=False))
    writer.close()
    assert (stage.seen[48] != stage.seen[399]).any()


def test_keys_fade_between_tesseracts_and_to_black(flower: Path, tmp_path: Path) -> None:
    other = paint(tmp_path / "other.tess", project(axes=(Axis(name="bloom", steps=3), Axis(name="ink", steps=3))))
    stage = Stage({5: "2", 150: "b"}, frames=260)
    stage.keep = (259,)
    said: list[str] = []
    show([flower, other], stage, say=said.append)
    assert "2: other" in said
    assert stage.seen[259].max() == 0


def test_the_panels_are_seen(flower: Path) -> None:
    stage = Stage({5: "space", 60: "p", 80: "p h", 100: "h"}, frames=110)
    stage.keep = (59, 75, 95, 109)
    show(flower, stage, look=Look(size=SIZE, flash_limit=False))
    plain, panels, keys, after = (stage.seen[frame].astype(int) for frame in stage.keep)
    assert (np.abs(panels - plain).max(2) > 20).mean() > 0.1
    assert (np.abs(keys - plain).max(2) > 20).mean() > 0.2
    np.testing.assert_array_equal(after, plain)


def test_an_edit_of_the_mapping_is_played_and_a_broken_one_is_told(flower: Path) -> None:
    file = flower.with_suffix(".toml")
    routes = '[[route]]\nfeature = "low"\naxis = "bloom"\n'
    file.write_text(routes)
    said: list[str] = []

    def edit(text: str) -> Any:
        return lambda: file.write_text(text)

    stage = Stage({10: edit(routes + 'axis = "x"\n'), 120: edit(routes.replace("low", "mid"))}, frames=240)
    show(flower, stage, say=said.append)
    assert any("is not TOML" in text for text in said)
    assert said[-1] == "flower.toml was read again"


def test_gain_is_saved_to_the_file_of_the_mapping(flower: Path) -> None:
    file = flower.with_suffix(".toml")
    file.write_text('# mine\n[[route]]\nfeature = "low"\naxis = "bloom"\n')
    show(flower, Stage({10: "up", 12: "s"}, frames=80))
    assert "# mine" in file.read_text()
    assert "gain = 1.189" in file.read_text()


def test_a_tesseract_without_routes_plays_only_for_other_programs(tmp_path: Path) -> None:
    path = paint(tmp_path / "bare.tess", project(routes=()))
    with pytest.raises(ProjectError, match="there are no routes"):
        show(path, Stage())
    said: list[str] = []
    assert show(path, Stage(frames=20), source="osc", say=said.append).pace.frames == 19
    assert "no program can reach this show" in said[-1]
    show(path, Stage(frames=3), source="osc", loop=True, say=said.append)
    assert any("--loop are for songs; OSC is heard as it comes" in text for text in said)


@pytest.mark.parametrize(
    ("tesseracts", "keys", "kind", "text"),
    [
        ([], {}, ProjectError, "no tesseract was named"),
        (["nowhere.tess"], {}, TesseractError, "nowhere.tess"),
        (["flower.tess"], {"mappings": ["nowhere.toml"]}, ProjectError, "nowhere.toml"),
        (["flower.tess"], {"mappings": ["a.toml", "b.toml"]}, ProjectError, "more mappings than tesseracts"),
        (["flower.tess"], {"source": "nowhere.wav"}, SoundError, "nowhere.wav"),
        (["flower.tess"], {"source": "flower.tess"}, SoundError, "flower.tess"),
    ],
)
def test_what_cannot_be_is_one_clear_error(
    flower: Path, monkeypatch: pytest.MonkeyPatch, tesseracts: list[str], keys: Any, kind: type[TessError], text: str
) -> None:
    monkeypatch.chdir(flower.parent)
    with pytest.raises(kind, match=text):
        show(tesseracts, Stage(), **keys)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("tessonance")]


def test_looks_that_cannot_be_are_refused() -> None:
    with pytest.raises(RenderError, match="there is no fit 'fill'"):
        Look(fit="fill")
    for fps in (0, -5, 1e5, float("nan")):
        with pytest.raises(RenderError, match="this is no frame rate"):
            Look(fps=fps)
    for delay in (float("nan"), float("inf"), -1e9):
        with pytest.raises(RenderError, match="pictures cannot be so late"):
            Look(delay_ms=delay)


def test_without_a_device_it_says_that_a_song_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from tessonance.sound import opening

    def refuse(*_: Any, **__: Any) -> Any:
        raise SoundError("this machine has no sound input", hint="plug one in")

    monkeypatch.setattr(opening, "open_input", refuse)
    with pytest.raises(SoundError, match="nothing to listen to: this machine has no sound input") as refused:
        open_input(None)
    assert "plug one in; or --input SONG" in str(refused.value)
