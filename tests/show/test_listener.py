"""The thread that hears, by a clock of our own and as a thread."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import SoundError
from tessonance.grid import Axis, Grid
from tessonance.motion import motion
from tessonance.project import Idle, Mapping, Route
from tessonance.show.changes import Blackout, End, Hold, Play, Routes, SetAxis, Show
from tessonance.show.listener import Listener
from tessonance.sound.inputs import MemoryInput

RATE = 48_000
HOP = 256 / RATE
ONE = Grid([Axis(name="bloom", steps=9), Axis(name="ink", steps=5)])
TWO = Grid([Axis(name="petals", steps=4)])
LOW, HIGH = Route(feature="low", axis="bloom"), Route(feature="high", axis="ink")


class Clock:
    """The seconds of a host that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Notes:
    """Everything a take would be told."""

    def __init__(self) -> None:
        self.samples: list[np.ndarray] = []
        self.paths: dict[int, list[tuple[int, np.ndarray]]] = {}
        self.changes: list[tuple[int, Any]] = []

    def heard(self, samples: np.ndarray) -> None:
        self.samples.append(samples)

    def moved(self, piece: int, hop: int, first_hop: int, coordinates: np.ndarray) -> None:
        self.paths.setdefault(piece, []).append((first_hop, coordinates))

    def changed(self, sample: int, change: Any) -> None:
        self.changes.append((sample, change))


def song(seconds: float = 3.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2)).astype(np.float32)


def play(piece: int = 0, *routes: Route, **keys: Any) -> Play:
    return Play(piece, Routes(routes or (LOW, HIGH), **keys))


def listening(clock: Clock, *, samples: np.ndarray | None = None, record: Any = None, **keys: Any) -> Listener:
    source = MemoryInput(song() if samples is None else samples, clock=clock, **keys)
    listener = Listener(source, [ONE, TWO], record=record, clock=clock)
    listener.send(play())
    return listener


def run(listener: Listener, clock: Clock, seconds: float, *, step: float = 0.004) -> None:
    for _ in range(round(seconds / step)):
        clock.now += step
        listener.advance()


def test_it_moves_as_the_film_of_what_was_heard() -> None:
    clock = Clock()
    listener = listening(clock)
    run(listener, clock, 2.5)
    film = motion(Mapping(ONE, [LOW, HIGH]), tess.features((song(), RATE), ["low", "high"]))
    path = listener.voices[0].path
    times = np.linspace(0, path.stop_seconds, 200)
    np.testing.assert_array_equal(path.at(times), film.at(times))
    assert path.stop_seconds > 2.4


def test_of_live_sound_a_frame_shows_the_newest_that_is_known() -> None:
    clock = Clock()
    listener = listening(clock, block=256)
    assert listener.seconds(clock.now) is None
    run(listener, clock, 2.0, step=0.002)
    behind = clock.now - 100.0 - listener.seconds(clock.now)  # type: ignore[operator]
    assert -1e-9 < behind < 2 * HOP + 0.002


class Slow(MemoryInput):
    """What hearing takes some time of: meanwhile blocks come."""

    def __init__(self, clock: Clock, *, seconds: float = HOP, **keys: Any) -> None:
        super().__init__(song(), clock=clock, **keys)
        self.host, self.seconds = clock, seconds

    def read(self) -> np.ndarray:
        samples = super().read()
        self.host.now += self.seconds if len(samples) else 0.0
        return samples


def test_what_comes_while_it_hears_is_heard_too_but_it_does_not_hear_for_ever() -> None:
    clock = Clock()
    listener = Listener(Slow(clock, block=256), [ONE], clock=clock)
    listener.send(play())
    clock.now += 3 * HOP + 1e-9
    assert listener.advance() == 4 * 256
    assert listener.advance() == 2 * 256


def test_a_frame_shows_what_came_while_it_heard() -> None:
    clock = Clock()
    listener = Listener(Slow(clock, seconds=3 * HOP, block=256), [ONE], clock=clock)
    listener.send(play())
    for _ in range(30):
        clock.now += 4 * HOP + 1e-9
        due = clock.now + 8 * HOP
        listener.advance(due)
        known = listener.voices[0].path.stop_seconds
        assert listener.seconds(due) == pytest.approx(known, abs=1e-6)


def test_of_a_song_a_frame_shows_what_is_heard() -> None:
    clock = Clock()
    listener = listening(clock, ahead_seconds=0.3)
    run(listener, clock, 1.0)
    assert listener.seconds(clock.now) == pytest.approx(1.0)
    assert listener.voices[0].path.stop_seconds > 1.2


def test_another_tesseract_joins_and_the_first_one_leaves() -> None:
    clock = Clock()
    listener = listening(clock)
    run(listener, clock, 1.0)
    listener.send(play(1, Route(feature="low", axis="petals")))
    run(listener, clock, 0.5)
    assert [voice.piece for voice in listener.voices] == [0, 1]
    assert listener.voice(1).path.start_seconds == pytest.approx(1.0, abs=0.01)  # type: ignore[union-attr]
    listener.send(End(0))
    run(listener, clock, 0.1)
    assert [voice.piece for voice in listener.voices] == [1]
    assert listener.voice(0) is None


def test_another_mapping_keeps_the_path_and_begins_a_track_of_other_features() -> None:
    clock = Clock()
    listener = listening(clock)
    run(listener, clock, 1.0)
    path, track = listener.voices[0].path, listener.voices[0].track
    listener.send(play(0, LOW))
    run(listener, clock, 0.2)
    assert listener.voices[0].path is path
    assert listener.voices[0].track is not track
    assert listener.voices[0].track.names == ("low",)


def test_a_mapping_of_other_features_warms_up_over_some_rounds_and_then_plays() -> None:
    clock, notes = Clock(), Notes()
    listener = listening(clock, samples=np.tile(song(), 4), record=notes)
    run(listener, clock, 8.0, step=1 / 60)
    listener.send(play(0, Route(feature="mid", axis="bloom")))
    names = []
    for _ in range(30):
        run(listener, clock, 1 / 60, step=1 / 60)
        names.append(listener.voices[0].track.names)
    assert names[2] == ("low", "high")
    assert names[-1] == ("mid",)
    sample, change = notes.changes[-1]
    assert change.since == pytest.approx(8.0 * RATE - 5.0 * RATE, abs=1_000)
    assert sample > 8.0 * RATE + 4 * 800


def test_what_warms_up_is_forgotten_when_something_else_is_wanted() -> None:
    clock, notes = Clock(), Notes()
    listener = listening(clock, samples=np.tile(song(), 4), record=notes)
    run(listener, clock, 8.0, step=1 / 60)
    listener.send(play(1, Route(feature="low", axis="petals")))
    run(listener, clock, 1 / 60, step=1 / 60)
    listener.send(End(1))
    listener.send(play(0, Route(feature="mid", axis="bloom")))
    run(listener, clock, 1 / 60, step=1 / 60)
    listener.send(play())
    run(listener, clock, 1.0, step=1 / 60)
    assert [voice.piece for voice in listener.voices] == [0]
    assert listener.voices[0].track.names == ("low", "high")


def test_a_tesseract_that_joins_while_all_is_held_is_held_too() -> None:
    clock = Clock()
    listener = listening(clock)
    run(listener, clock, 1.0)
    listener.send(Hold(True))
    listener.send(play(1, Route(feature="low", axis="petals", attack_ms=0, release_ms=0)))
    run(listener, clock, 1.5)
    path = listener.voice(1).path  # type: ignore[union-attr]
    assert np.ptp(path.at(np.linspace(path.start_seconds, path.stop_seconds, 50))) == 0


def test_what_cannot_be_is_told_and_the_show_goes_on() -> None:
    clock = Clock()
    listener = listening(clock)
    run(listener, clock, 0.5)
    for change in (play(0, Route(feature="low", axis="petals")), play(7), SetAxis("nowhere", 0.5)):
        listener.send(change)
    run(listener, clock, 0.5)
    told = [listener.problems.get_nowait() for _ in range(3)]
    assert "there is no axis 'petals'" in told[0]
    assert "no such tesseract" in told[1]
    assert "there is no axis 'nowhere'" in told[2]
    assert listener.voices[0].path.stop_seconds > 0.9


def test_an_axis_is_set_in_the_tesseract_that_has_it() -> None:
    clock = Clock()
    listener = listening(clock)
    listener.send(play(1, Route(feature="low", axis="petals")))
    run(listener, clock, 0.5)
    listener.send(SetAxis("petals", 0.8))
    run(listener, clock, 0.5)
    assert listener.voice(1).path.at(99.0)[0] == pytest.approx(0.8, abs=1e-3)  # type: ignore[union-attr]
    assert listener.problems.empty()


def test_a_record_is_told_everything_in_its_order() -> None:
    clock, notes = Clock(), Notes()
    listener = listening(clock, record=notes)
    run(listener, clock, 1.0)
    for change in (Hold(True), Blackout(True, 1.0), Show(0, 2.0)):
        listener.send(change)
    run(listener, clock, 0.5)
    heard = np.concatenate(notes.samples)
    np.testing.assert_array_equal(heard, song()[: len(heard)])
    assert [type(change).__name__ for _, change in notes.changes] == ["Play", "Hold", "Blackout", "Show"]
    assert notes.changes[0][0] == 0
    assert 0.98 * RATE < notes.changes[1][0] <= RATE
    assert [first for first, _ in notes.paths[0]] == list(
        np.cumsum([0, *(len(rows) for _, rows in notes.paths[0])])[:-1]
    )


def test_it_knows_how_loud_it_was_lately() -> None:
    clock = Clock()
    listener = listening(clock, samples=np.tile(np.float32([0.1, -0.1]), 2 * RATE))
    run(listener, clock, 2.0)
    assert listener.level_db() == pytest.approx(-20.0, abs=0.01)


def test_silence_lets_the_picture_drift() -> None:
    clock = Clock()
    listener = listening(clock, samples=np.zeros(10, np.float32))
    listener.send(play(0, LOW, idle=Idle(speed=0.3, after_seconds=0.5, fall_seconds=0.5)))
    run(listener, clock, 5.0)
    assert listener.voices[0].performer.asleep == 1
    assert np.ptp(listener.voices[0].path.at(np.linspace(1, 5, 50)), axis=0).min() > 0.1


class Stumbling:
    """An input that raises now and then."""

    name = "stumbling"

    def __init__(self, source: MemoryInput) -> None:
        self.source, self.calls = source, 0
        self.heard, self.close = source.heard, source.close

    def read(self) -> np.ndarray:
        self.calls += 1
        if self.calls == 3:
            raise SoundError("the cable moved")
        return self.source.read()

    @property
    def state(self) -> Any:
        return self.source.state


def test_as_a_thread_it_hears_and_stumbles_on() -> None:
    source = Stumbling(MemoryInput(song(), block=128))
    listener = Listener(source, [ONE])
    listener.send(play())
    listener.start()
    deadline = time.perf_counter() + 20
    while listener.position < RATE and time.perf_counter() < deadline:
        time.sleep(0.01)
    listener.close()
    assert listener.position >= RATE
    assert "the cable moved" in listener.problems.get_nowait()
    film = motion(Mapping(ONE, [LOW, HIGH]), tess.features((song(), RATE), ["low", "high"]))
    times = np.linspace(0, 0.98, 50)
    np.testing.assert_array_equal(listener.voices[0].path.at(times), film.at(times))
