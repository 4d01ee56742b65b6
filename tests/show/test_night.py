"""The film of a night, out of its take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import ProjectError, RenderError, SoundError
from tessonance.grid import Axis
from tessonance.plugins import open_generator
from tessonance.project import Generator, Idle, Picture, Project, Route
from tessonance.sampling import CpuSampler
from tessonance.show.changes import Blackout, End, Hold, Play, Routes, Show
from tessonance.show.ensemble import Ensemble
from tessonance.show.night import disagreement, render_take
from tessonance.show.take import Piece, TakeWriter
from tessonance.show.take_reader import read_take
from tessonance.sinks import MemorySink
from tessonance.store import TesseractWriter

RATE = 48_000
SIZE = (64, 36)
LOW, HIGH = Route(feature="low", axis="bloom"), Route(feature="high", axis="ink")


def project(*axes: Axis, seed: int = 3) -> Project:
    return Project(
        picture=Picture(width=64, height=36, codec="lossless"), generator=Generator(use="plasma", seed=seed), axes=axes
    )


FLOWER = project(Axis(name="bloom", steps=5), Axis(name="ink", steps=3))
TIDE = project(Axis(name="petals", steps=3, closed=True), seed=9)


def paint(path: Path, made: Project) -> Path:
    painter = open_generator(made)
    with TesseractWriter.create(path, made) as writer:
        for flat in range(made.grid.size):
            cell = made.grid.cell(flat)
            writer.put_picture(cell, painter.paint([made.grid.point(cell)])[0])
    return path


def song(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    hiss = np.random.default_rng(0).normal(0, 0.1, len(t)) * (t % 0.4 < 0.15)
    return (0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2) + hiss).astype(np.float32)


def perform(path: Path, changes: list[tuple[float, Any]], seconds: float = 4.0) -> Path:
    writer = TakeWriter(path, [Piece("flower", FLOWER.grid), Piece("tide", TIDE.grid)])
    ensemble, samples, waiting = Ensemble([FLOWER.grid, TIDE.grid], record=writer), song(seconds), list(changes)
    for at in range(0, len(samples), 480):
        while waiting and waiting[0][0] * RATE <= at:
            ensemble.change(waiting.pop(0)[1])
        ensemble.hear(samples[at : at + 480])
    writer.close()
    return path


PLAY = Play(0, Routes((LOW, HIGH), idle=Idle(speed=0)))
NIGHT = [
    (0.0, PLAY),
    (0.0, Show(0, 0.0)),
    (1.0, Play(1, Routes((Route(feature="low", axis="petals"),)))),
    (1.0, Show(1, 1.0)),
    (2.0, End(0)),
    (3.0, Blackout(True, 0.5)),
]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two painted tesseracts."""
    folder = tmp_path_factory.mktemp("pieces")
    return [paint(folder / "flower.tess", FLOWER), paint(folder / "tide.tess", TIDE)]


def film(pieces: list[Path], take: Any, **keys: Any) -> np.ndarray:
    sink = MemorySink()
    render_take(pieces, take, None, size=SIZE, sink=sink, **keys)
    return np.stack(sink.frames)


def picture(path: Path, place: np.ndarray) -> np.ndarray:
    with tess.open(path) as opened:
        return CpuSampler(opened.picture, opened.grid, opened.knots()).frame(place)


def test_its_frames_are_where_the_show_was_then(pieces: list[Path], tmp_path: Path) -> None:
    take = read_take(perform(tmp_path / "a.tessrec", NIGHT))
    frames = film(pieces, take, flash_limit=False)
    assert len(frames) == 120
    flower, tide = take.moves[0].path(FLOWER.grid), take.moves[1].path(TIDE.grid)
    for frame in (5, 20, 29):
        np.testing.assert_array_equal(frames[frame], picture(pieces[0], flower.at(frame / 30)))
    for frame in (65, 80, 89):
        np.testing.assert_array_equal(frames[frame], picture(pieces[1], tide.at(frame / 30)))
    half = (picture(pieces[0], flower.at(1.5)).astype(float) + picture(pieces[1], tide.at(1.5))) / 2
    np.testing.assert_allclose(frames[45], half, atol=12)  # the change came within ten milliseconds
    assert frames[-1].max() == 0


def test_its_sound_is_that_of_the_night(pieces: list[Path], tmp_path: Path) -> None:
    take = perform(tmp_path / "a.tessrec", NIGHT)
    render_take(pieces, take, tmp_path / "night.mp4", size=SIZE, encoder="libx264")
    with av.open(tmp_path / "night.mp4") as opened:
        assert opened.streams.video[0].frames == 120
        heard = np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
    given = song(4.0)
    assert np.corrcoef(heard[: len(given)], given[: len(heard)])[0, 1] > 0.9


def test_a_part_of_it_is_cut_out_of_the_whole(pieces: list[Path], tmp_path: Path) -> None:
    take = read_take(perform(tmp_path / "a.tessrec", NIGHT))
    whole = film(pieces, take, flash_limit=False)
    np.testing.assert_array_equal(film(pieces, take, start=2.0, stop=3.0, flash_limit=False), whole[60:90])


def test_a_held_moment_is_held_in_the_film(pieces: list[Path], tmp_path: Path) -> None:
    changes = [(0.0, PLAY), (0.0, Show(0, 0.0)), (1.0, Hold(True))]
    frames = film(pieces, perform(tmp_path / "a.tessrec", changes, 2.0), flash_limit=False)
    assert (frames[32:] == frames[-1]).all()
    assert (frames[5] != frames[25]).any()


def test_the_panel_shows_the_mapping_of_the_time(pieces: list[Path], tmp_path: Path) -> None:
    take = read_take(perform(tmp_path / "a.tessrec", NIGHT))
    size = (640, 360)
    bare, drawn = MemorySink(), MemorySink()
    for sink, hud in ((bare, False), (drawn, True)):
        render_take(pieces, take, None, size=size, sink=sink, hud=hud, flash_limit=False, start=0.5, stop=2.6)
    changed = [np.argwhere((a != b).any(2)) for a, b in zip(bare.frames, drawn.frames, strict=True)]
    assert all(len(places) and places[:, 0].min() > 100 for places in changed)
    assert changed[0][:, 0].min() < changed[-1][:, 0].min()  # two axes stand higher than one


def test_what_would_flash_is_calmed_as_in_any_film(pieces: list[Path], tmp_path: Path) -> None:
    flashing = [(0.0, PLAY), (0.0, Show(0, 0.0))]
    take = read_take(perform(tmp_path / "a.tessrec", flashing, 2.0))
    moves = replace(take.moves[0], coordinates=np.repeat(np.arange(40) % 2.0, 10)[:375, None] * [1.0, 0.0])
    sink = MemorySink()

    class Strobe:
        def frame(self, place: np.ndarray) -> np.ndarray:
            return np.full((36, 64, 3), 255 * round(place[0]), np.uint8)

    from tessonance.show.calm import Calm
    from tessonance.show.night import NightFrames

    calm = Calm()
    maker = NightFrames(replace(take, moves=(moves,)), [Strobe(), Strobe()], size=SIZE, stages=(calm,))
    for k in range(60):
        sink.write(maker.frame(k / 30))
    assert calm.limiter.calmed > 20


def test_heard_again_it_agrees_to_far_below_a_millionth(pieces: list[Path], tmp_path: Path) -> None:
    take = read_take(perform(tmp_path / "a.tessrec", NIGHT))
    assert disagreement(take) < 1e-9
    moves = replace(take.moves[0], coordinates=take.moves[0].coordinates * 0.9)
    assert disagreement(replace(take, moves=(moves, *take.moves[1:]))) > 0.01


def test_other_tesseracts_than_those_of_the_show_are_refused(pieces: list[Path], tmp_path: Path) -> None:
    take = perform(tmp_path / "a.tessrec", NIGHT)
    with pytest.raises(ProjectError, match="the show had other tesseracts"):
        film(pieces[:1], take)
    with pytest.raises(ProjectError, match="the axes are not those of flower"):
        film(pieces[::-1], take)


def test_what_cannot_be_filmed_leaves_nothing(pieces: list[Path], tmp_path: Path) -> None:
    take = perform(tmp_path / "a.tessrec", NIGHT)
    with pytest.raises(RenderError, match="there is nothing to film"):
        render_take(pieces, take, tmp_path / "night.mp4", size=SIZE, start=9.0)
    with pytest.raises(SoundError, match="this is no take"):
        render_take(pieces, pieces[0] / "zarr.json", tmp_path / "night.mp4", size=SIZE)
    assert [each.name for each in tmp_path.iterdir()] == ["a.tessrec"]
