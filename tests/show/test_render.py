"""A film of a song, the whole way."""

from __future__ import annotations

import shutil
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from memory_fields import MemoryFields, wild

import tessonance as tess
from tessonance.errors import (
    DamagedPicture,
    OutputExists,
    ProjectError,
    RenderError,
    SoundError,
    TesseractError,
    TessError,
)
from tessonance.grid import Axis
from tessonance.plugins import open_generator
from tessonance.project import Generator, Mapping, Picture, Project, Route
from tessonance.sampling import CpuSampler, fit
from tessonance.show.render import RenderReport
from tessonance.sinks import MemorySink
from tessonance.store import Tesseract, TesseractWriter

RATE = 48_000
SECONDS = 8.0
CLICK = 6.5  # seconds into the song
SIZE = (64, 36)
BASS = Route(feature="low", axis="bloom", attack_ms=20, release_ms=150)
TREBLE = Route(feature="high", axis="ink", attack_ms=20, release_ms=150)


def paint(path: Path, project: Project, level: int | None = None) -> Path:
    """Make a tesseract with all pictures up to a level."""
    painter = open_generator(project)
    with TesseractWriter.create(path, project) as writer:
        for k in range(project.grid.levels if level is None else level + 1):
            for flat in project.grid.level_cells(k):
                cell = project.grid.cell(int(flat))
                writer.put_picture(cell, painter.paint([project.grid.point(cell)])[0])
    return path


def project(*axes: Axis, routes: tuple[Route, ...] = (BASS, TREBLE)) -> Project:
    given = axes or (Axis(name="bloom", steps=5), Axis(name="ink", start=-1, steps=5))
    picture = Picture(width=32, height=32, codec="lossless")
    return Project(picture=picture, generator=Generator(use="plasma", seed=3), axes=given, routes=routes)


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of bass and treble swelling against each other, and one click."""
    t = np.arange(round(SECONDS * RATE)) / RATE
    bass = np.sin(2 * np.pi * 70 * t) * (0.5 + 0.5 * np.sin(2 * np.pi * 0.9 * t)) ** 2
    treble = np.sin(2 * np.pi * 5000 * t) * (0.5 + 0.5 * np.sin(2 * np.pi * 0.6 * t + 2)) ** 2
    samples = np.stack([0.2 * bass + 0.05 * treble] * 2, axis=1)
    samples[round(CLICK * RATE) : round(CLICK * RATE) + 30] = 0.98
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, samples, RATE)
    return path


@pytest.fixture(scope="session")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole 5 × 5 tesseract with a route to each axis."""
    return paint(tmp_path_factory.mktemp("tess") / "wave.tess", project())


def frames(tesseract: Any, song: Path, **keys: Any) -> np.ndarray:
    sink = MemorySink()
    report = tess.render(tesseract, song, None, size=keys.pop("size", SIZE), sink=sink, **keys)
    assert report.frames == len(sink.frames)
    return np.array(sink.frames)


def no_thread_is_left() -> bool:
    return not any(thread.name == "tessonance-ahead" for thread in threading.enumerate())


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_renders_give_the_same_frames(painted: Path, song: Path) -> None:
    for hud in (False, True):
        once, again = (frames(painted, song, hud=hud, stop=2.0, size=(320, 180)) for _ in range(2))
        np.testing.assert_array_equal(once, again)


def test_the_picture_moves_with_the_song(painted: Path, song: Path) -> None:
    seen = frames(painted, song).astype(float)
    steps = np.abs(np.diff(seen, axis=0)).mean((1, 2, 3))
    assert np.ptp(seen.mean((1, 2)), axis=0).max() > 20
    assert steps[30:].max() < 60


def test_every_frame_rate_shows_the_same_moments(painted: Path, song: Path) -> None:
    by_rate = {fps: frames(painted, song, fps=fps, stop=4.0, flash_limit=False) for fps in (24, 30, 60)}
    assert {fps: len(seen) for fps, seen in by_rate.items()} == {24: 96, 30: 120, 60: 240}
    np.testing.assert_array_equal(by_rate[30][::5], by_rate[60][::10])
    np.testing.assert_array_equal(by_rate[24][::4], by_rate[60][::10])


@pytest.mark.parametrize(
    ("start", "stop", "fps", "count"),
    [(0.0, None, 30, 240), (1.5, 2.5, 24, 24), (7.9, 99.0, 30, 3), (0.0, 0.001, 30, 1), (0.0, 1.001, 23.976, 24)],
)
def test_there_are_as_many_frames_as_the_part_is_long(
    painted: Path, song: Path, start: float, stop: float | None, fps: float, count: int
) -> None:
    assert len(frames(painted, song, start=start, stop=stop, fps=fps)) == count


def test_a_film_from_the_middle_begins_as_the_whole_film_goes_on(painted: Path, song: Path) -> None:
    whole, part = frames(painted, song), frames(painted, song, start=6.0)
    np.testing.assert_array_equal(whole[180:], part)


def test_a_film_has_its_frames_and_its_sound_of_one_length(painted: Path, song: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    report = tess.render(painted, song, path, size=SIZE, fps=30, start=6.0, stop=7.0)
    assert report == RenderReport(frames=30, seconds=1.0, path=path, size=SIZE, fps=Fraction(30))
    with av.open(str(path)) as opened:
        assert len(list(opened.decode(video=0))) == 30
    with av.open(str(path)) as opened:
        heard = np.concatenate([frame.to_ndarray() for frame in opened.decode(audio=0)], axis=1)
        assert float(opened.streams.audio[0].duration * opened.streams.audio[0].time_base) == pytest.approx(1.0)
    assert np.abs(heard).max(0).argmax() / RATE == pytest.approx(CLICK - 6.0, abs=1e-3)


def test_the_hud_changes_only_its_corner(painted: Path, song: Path) -> None:
    plain, marked = (frames(painted, song, hud=hud, stop=0.1, size=(1280, 720)) for hud in (False, True))
    rows, columns = np.nonzero((plain[1] != marked[1]).any(2))
    assert rows.min() > 480
    assert columns.max() < 520


@pytest.mark.parametrize(
    "axes",
    [
        [Axis(name="bloom", steps=9)],
        [Axis(name="bloom", steps=6, closed=True)],
        [Axis(name="bloom", steps=3), Axis(name="ink", steps=4, closed=True), Axis(name="turn", steps=3)],
        [Axis(name="bloom", steps=1), Axis(name="ink", steps=5)],
    ],
    ids=["line", "ring", "three", "one step"],
)
def test_grids_of_any_kind_go_the_whole_way(axes: list[Axis], song: Path, tmp_path: Path) -> None:
    routes = [Route(feature="low", axis="bloom", attack_ms=20, release_ms=150)]
    if len(axes) > 1:
        routes.append(
            Route(feature="onset", axis="ink", act="step", gain=0.3, edge="wrap" if axes[1].closed else "bounce")
        )
    path = paint(tmp_path / "other.tess", project(*axes, routes=tuple(routes)))
    report = tess.render(path, song, tmp_path / "film.mp4", size=(320, 180), stop=1.0, hud=True)
    assert report.frames == 30
    assert left_in(tmp_path) == ["film.mp4", "other.tess"]


def test_a_tesseract_that_is_being_made_plays_at_its_finest_complete_level(song: Path, tmp_path: Path) -> None:
    whole = project()
    path = paint(tmp_path / "young.tess", whole, level=1)
    with TesseractWriter.open(path, whole) as writer:  # one more picture, of a level that is not complete
        writer.put_picture((1, 1), np.zeros((32, 32, 3), np.uint8))
    assert frames(path, song, stop=2.0).mean() > 40


def test_cover_is_the_blend_of_whole_pictures_cut_and_enlarged(painted: Path, song: Path) -> None:
    with tess.open(painted) as opened:
        whole = CpuSampler(opened.picture, opened.grid, opened.knots())
        track = tess.features(song, opened.project.mapping.feature_names, stop=1.0)
        path = tess.motion(opened.project.mapping, track)
        for k, frame in enumerate(frames(opened, song, stop=1.0)):
            np.testing.assert_array_equal(frame, fit(whole.frame(path.at(k / 30)), SIZE, "cover"))


def test_nearest_shows_stored_pictures_only(painted: Path, song: Path) -> None:
    with tess.open(painted) as opened:
        stored = {opened.picture(opened.grid.cell(flat)).tobytes() for flat in range(25)}
    seen = frames(painted, song, method="nearest", size=(32, 32), stop=2.0, flash_limit=False)
    assert {frame.tobytes() for frame in seen} <= stored


def test_routes_are_those_given_else_those_beside_the_tesseract_else_those_inside(
    painted: Path, song: Path, tmp_path: Path
) -> None:
    path = tmp_path / "wave.tess"
    shutil.copytree(painted, path)
    inside = frames(path, song, stop=1.0)
    still = '[[route]]\nfeature = "low"\naxis = "bloom"\ngain = 0.0\n'
    (tmp_path / "wave.toml").write_text(still)
    beside = frames(path, song, stop=1.0)
    (tmp_path / "other.toml").write_text(still + "offset = 0.25\n")
    with tess.open(path) as opened:
        stored = opened.project.mapping
        assert np.ptp(inside.astype(int), axis=0).max() > 10
        assert np.ptp(beside.astype(int), axis=0).max() == 0
        np.testing.assert_array_equal(frames(opened, song, stop=1.0, mapping=stored), inside)
        assert (frames(opened, song, stop=1.0, mapping=tmp_path / "other.toml") != beside).any()


def test_stages_stand_between_sampling_and_the_sink(painted: Path, song: Path) -> None:
    times = []

    def white(frame: np.ndarray, seconds: float) -> np.ndarray:
        times.append(seconds)
        return np.full_like(frame, 255)

    assert (frames(painted, song, start=2.0, stop=3.0, fps=10, stages=[white]) == 255).all()
    np.testing.assert_allclose(times, 2.0 + np.arange(10) / 10)


def test_progress_counts_every_frame(painted: Path, song: Path) -> None:
    calls: list[tuple[int, int]] = []
    frames(painted, song, stop=0.5, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(k, 15) for k in range(1, 16)]


def test_a_sink_is_closed_at_the_end(painted: Path, song: Path) -> None:
    sink = MemorySink()
    assert tess.render(painted, song, None, sink=sink, size=SIZE, stop=0.1).path is None
    assert sink.closed
    assert no_thread_is_left()


class Stop(KeyboardInterrupt):
    """Ctrl-C."""


@pytest.mark.parametrize("error", [Stop(), ValueError("a stage broke")])
@pytest.mark.parametrize("where", ["stage", "progress"])
def test_whatever_breaks_leaves_no_film_and_no_thread(
    painted: Path, song: Path, tmp_path: Path, error: BaseException, where: str
) -> None:
    def broken(*anything: object) -> np.ndarray:
        raise error

    keys: dict[str, Any] = {"stages": [broken]} if where == "stage" else {"progress": broken}
    with pytest.raises(type(error)):
        tess.render(painted, song, tmp_path / "film.mp4", size=SIZE, **keys)
    assert left_in(tmp_path) == []
    assert no_thread_is_left()


def test_a_sink_that_breaks_is_abandoned(painted: Path, song: Path) -> None:
    class Full(MemorySink):
        def write(self, frame: np.ndarray) -> None:
            if len(self.frames) == 3:
                raise RenderError("the disk is full")
            super().write(frame)

    sink = Full()
    with pytest.raises(RenderError, match="the disk is full"):
        tess.render(painted, song, None, sink=sink, size=SIZE)
    assert sink.closed
    assert not sink.frames
    assert no_thread_is_left()


def test_a_damaged_picture_is_named_and_leaves_no_film(painted: Path, song: Path, tmp_path: Path) -> None:
    with tess.open(painted) as opened:

        class Damaged(Tesseract):
            def picture(self, cell: Any) -> np.ndarray:
                raise DamagedPicture("the bytes are no picture", where=f"cell {tuple(cell)}")

        opened.__class__ = Damaged
        with pytest.raises(DamagedPicture, match=r"cell .*the bytes are no picture"):
            tess.render(opened, song, tmp_path / "film.mp4", size=SIZE)
    assert left_in(tmp_path) == []


def test_a_film_that_exists_is_refused_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"dear to someone")
    with pytest.raises(OutputExists, match=r"film\.mp4: exists already"):
        tess.render(tmp_path / "no.tess", tmp_path / "no.wav", tmp_path / "film.mp4")


@pytest.mark.parametrize(
    ("keys", "kind", "text"),
    [
        ({"size": (63, 36)}, RenderError, "films have even sizes"),
        ({"size": (0, 0)}, RenderError, "the size is out of range"),
        ({"fps": 0}, RenderError, "this is no frame rate"),
        ({"start": 9.0}, RenderError, "there is nothing to film\n  wanted: a part of its 8.0 s"),
        ({"start": 3.0, "stop": 3.0}, RenderError, "got: from 3 to 3"),
        ({"start": -1.0}, RenderError, "got: from -1 to 8"),
        ({"start": float("nan")}, RenderError, "there is nothing to film"),
        ({"method": "morf"}, RenderError, "there is no method 'morf'"),
        ({"fit": "fill"}, RenderError, "there is no fit 'fill'"),
        ({"encoder": "h263"}, RenderError, "no encoder 'h263'"),
        ({"mapping": "nowhere.toml"}, ProjectError, "nowhere.toml: cannot be read"),
        ({"song": "nowhere.wav"}, SoundError, "nowhere.wav"),
        ({"tesseract": "nowhere.tess"}, TesseractError, "nowhere.tess"),
        ({"path": None}, RenderError, "it is not said where the film goes"),
    ],
)
def test_what_cannot_be_is_one_clear_error_and_leaves_nothing(
    painted: Path, song: Path, tmp_path: Path, keys: dict[str, Any], kind: type[TessError], text: str
) -> None:
    given = {"tesseract": painted, "song": song, "path": tmp_path / "film.mp4", "size": SIZE, **keys}
    with pytest.raises(kind) as refused:
        tess.render(given.pop("tesseract"), given.pop("song"), given.pop("path"), **given)
    assert text in str(refused.value)
    assert left_in(tmp_path) == []


def test_a_mapping_without_routes_is_refused(painted: Path, song: Path) -> None:
    with tess.open(painted) as opened, pytest.raises(ProjectError, match="there are no routes, so the picture would"):
        frames(opened, song, mapping=Mapping(opened.grid, []))


def test_a_mapping_for_other_axes_is_refused(painted: Path, song: Path) -> None:
    other = project(Axis(name="petals", steps=3), routes=(Route(feature="low", axis="petals"),))
    with pytest.raises(ProjectError, match="there is no axis 'petals'"):
        frames(painted, song, mapping=other.mapping)


def test_a_tesseract_without_a_complete_level_is_refused(song: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.tess"
    TesseractWriter.create(path, project()).close()
    with pytest.raises(TesseractError, match="no picture in it yet"):
        tess.render(path, song, tmp_path / "film.mp4", size=SIZE)
    assert left_in(tmp_path) == ["empty.tess"]


def test_samples_play_as_well_as_a_file(painted: Path, song: Path) -> None:
    samples, rate = soundfile.read(song, dtype="float32")
    np.testing.assert_array_equal(frames(painted, (samples, rate), stop=0.5), frames(painted, song, stop=0.5))


class Baked(Tesseract):
    """A tesseract with fields of noise in memory."""

    def bake(self) -> MemoryFields:  # type: ignore[override]
        return MemoryFields([along.tolist() for along in self.knots()], wild((32, 32), 5.0))


def test_what_is_baked_morphs_and_cover_shows_of_it_what_it_shows_of_whole_frames(painted: Path, song: Path) -> None:
    with Baked.open(painted) as baked:
        seen = frames(baked, song, stop=1.0, flash_limit=False)
        np.testing.assert_array_equal(frames(baked, song, stop=1.0, flash_limit=False, method="morph"), seen)
        faded = frames(baked, song, stop=1.0, flash_limit=False, method="blend")
        np.testing.assert_array_equal(frames(painted, song, stop=1.0, flash_limit=False), faded)
        assert not np.array_equal(seen, faded)
        sampler = CpuSampler(
            baked.picture, baked.grid, baked.knots(), method="morph", fields=baked.bake(), cache_bytes=1
        )
        path = tess.motion(baked.project.mapping, tess.features(song, baked.project.mapping.feature_names))
        for number in (0, 10, 25):
            whole = sampler.frame(path.at(number / 30))
            np.testing.assert_allclose(seen[number].astype(int), fit(whole, SIZE, "cover"), atol=1)


def test_what_is_not_baked_cannot_morph(painted: Path, song: Path) -> None:
    with pytest.raises(RenderError, match="there is nothing to morph by"):
        frames(painted, song, method="morph")
