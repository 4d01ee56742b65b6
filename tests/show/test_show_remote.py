"""Other programs at the desk."""

from __future__ import annotations

import time
from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.udp_client import SimpleUDPClient

from tessonance.control import messages as osc
from tessonance.control.osc import Endpoint, OscIn, OscState
from tessonance.grid import Axis, Grid
from tessonance.project import Idle, Mapping, Route
from tessonance.show.changes import Beat, Blackout, Hold, Release, SetAxis, SetFeature, Tap
from tessonance.show.desk import Desk, LivePiece
from tessonance.show.listener import Listener
from tessonance.show.mapping_file import MappingFile
from tessonance.show.remote import Remote
from tessonance.sound.inputs import Silence

GRIDS = [Grid([Axis(name="bloom", steps=5), Axis(name="ink", steps=3)]), Grid([Axis(name="petals", steps=4)])]
ROUTES = [
    [Route(feature="low", axis="bloom", attack_ms=0, release_ms=0), Route(feature="high", axis="ink")],
    [Route(feature="low", axis="petals")],
]


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


class Heard:
    """An OSC input that says what a test lets it say."""

    def __init__(self) -> None:
        self.waiting: list[osc.Message] = []
        self.ignored: list[str] = []

    def poll(self) -> list[osc.Message]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def ignore(self, reason: str) -> None:
        self.ignored.append(reason)

    @property
    def state(self) -> OscState:
        reason = self.ignored[-1] if self.ignored else ""
        return OscState("127.0.0.1:9000", messages=7, ignored=len(self.ignored), reason=reason)


class Told:
    """An OSC output that keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[tuple[Table[str, float], Table[str, float]]] = []

    def send(self, features: Table[str, float], coordinate: Table[str, float], **beat: Any) -> None:
        self.said.append((features, coordinate))
        self.beat = beat


class Show:
    """Two tesseracts, no sound, and somebody at the other end."""

    def __init__(self, folder: Path, *, features: bool = True, hearing: Any = None) -> None:
        self.clock, self.hearing, self.telling = Clock(), hearing or Heard(), Told()
        self.listener = Listener(Silence(clock=self.clock), GRIDS, clock=self.clock)
        mappings = [Mapping(grid, routes, idle=Idle(speed=0)) for grid, routes in zip(GRIDS, ROUTES, strict=True)]
        pieces = [
            LivePiece(name, mapping, MappingFile(folder / f"{name}.toml", mapping.grid))
            for name, mapping in zip(("flower", "tide"), mappings, strict=True)
        ]
        self.desk = Desk(pieces, self.listener)
        self.remote = Remote(self.desk, hearing=self.hearing, telling=self.telling, features=features)  # type: ignore[arg-type]
        self.sent: list[Any] = []
        send = self.listener.send
        self.listener.send = lambda change: (self.sent.append(change), send(change))[1]  # type: ignore[method-assign]
        self.desk.begin()
        self.go(0.1)
        self.sent.clear()

    def go(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / 0.01))):
            self.clock.now += 0.01
            self.remote.attend(self.clock.now)
            self.listener.advance(self.clock.now)
            self.desk.look(self.clock.now)

    def say(self, *messages: osc.Message) -> None:
        self.hearing.waiting += messages
        self.go(0.01)

    @property
    def place(self) -> np.ndarray:
        return self.listener.voices[-1].path.at(1e9)


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(tmp_path)


def test_an_axis_is_put_somewhere_and_given_back(show: Show) -> None:
    before = show.place
    show.say(osc.SetAxis(0.0, "bloom", 0.8))
    show.go(0.5)
    assert show.place[0] == pytest.approx(0.8, abs=1e-3)
    assert show.place[1] == before[1]
    show.say(osc.Release(0.0))
    show.go(1.0)
    np.testing.assert_allclose(show.place, before, atol=1e-9)
    assert show.sent == [SetAxis("bloom", 0.8), Release()]


def test_features_come_from_other_programs_where_no_sound_is_heard(show: Show) -> None:
    show.say(osc.SetFeature(0.0, "low", 0.7))
    show.go(0.2)
    assert show.place[0] == pytest.approx(0.7, abs=1e-6)
    assert show.sent == [SetFeature("low", 0.7)]


def test_with_sound_features_are_those_of_the_sound(tmp_path: Path) -> None:
    show = Show(tmp_path, features=False)
    show.say(osc.SetFeature(0.0, "low", 0.7))
    assert show.sent == []
    assert "--input osc" in show.hearing.ignored[0]


def test_what_other_programs_say_keeps_the_picture_from_falling_asleep(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.desk.pieces[0].mapping = Mapping(GRIDS[0], ROUTES[0], idle=Idle(after_seconds=0.5, fall_seconds=0.5))
    show.desk.set_hands(show.desk.piece.hands)
    show.say(osc.SetFeature(0.0, "low", 0.7))
    show.go(2.0)
    assert show.listener.voices[0].performer.asleep == 0
    show.say(osc.SetFeature(0.0, "low", 0.0))
    show.go(2.0)
    assert show.listener.voices[0].performer.asleep == 1


def test_it_is_held_and_goes_on(show: Show) -> None:
    for on, wanted in ((True, True), (True, True), (False, False), (None, True), (None, False)):
        show.say(osc.Hold(0.0, on))
        assert show.desk.frozen is wanted
    assert show.sent == [Hold(True), Hold(False), Hold(True), Hold(False)]


def test_release_ends_a_hold_too(show: Show) -> None:
    show.say(osc.Hold(0.0, True), osc.Release(0.0))
    assert not show.desk.frozen
    assert show.sent == [Hold(True), Hold(False), Release()]


def test_faders_set_gain_and_smoothing(show: Show) -> None:
    show.say(osc.Gain(0.0, 0.75), osc.Smoothing(0.0, 0.75))
    assert show.desk.hands_text == "gain 1.50, smoothing 4.00"
    low, _ = show.listener.voices[0].performer.mapping.routes
    assert low.gain == 1.5
    show.say(osc.Gain(0.0, 0.0))
    assert show.listener.voices[0].performer.mapping.routes[0].gain == 0
    show.say(osc.Gain(0.0, 0.5), osc.Smoothing(0.0, 0.5))
    assert show.desk.hands_text == ""


def test_a_tesseract_is_chosen_by_number_or_by_name(show: Show) -> None:
    show.say(osc.Choose(0.0, 2))
    assert show.desk.piece.name == "tide"
    show.go(2.5)
    show.say(osc.Choose(0.0, "flower"))
    assert show.desk.piece.name == "flower"


def test_the_picture_fades_out_and_in(show: Show) -> None:
    show.say(osc.Blackout(0.0, True))
    show.go(1.5)
    assert show.desk.darkness(show.clock.now) == 1
    show.say(osc.Blackout(0.0, None))
    show.go(1.5)
    assert show.desk.darkness(show.clock.now) == 0
    assert [type(change) for change in show.sent] == [Blackout, Blackout]


def test_beats_and_taps_are_passed_on(show: Show) -> None:
    show.desk.pieces[0].mapping = Mapping(GRIDS[0], [Route(feature="beat", axis="bloom")])
    now = show.clock.now
    show.say(osc.Bpm(now, 128.0), osc.Beat(now, first=True), osc.Tap(now))
    beat, tap = show.sent
    assert (type(beat), beat.bpm, beat.first, type(tap)) == (Beat, 128.0, True, Tap)
    assert beat.seconds == tap.seconds == pytest.approx(0.1, abs=0.03)


def test_taps_have_the_time_at_which_they_came_not_that_of_the_next_frame(show: Show) -> None:
    show.desk.pieces[0].mapping = Mapping(GRIDS[0], [Route(feature="beat", axis="bloom")])
    show.go(1.0)
    now = show.clock.now
    show.listener.seconds(now + 0.02)  # as the frame before did
    show.say(osc.Tap(now - 0.06), osc.Tap(now - 0.01), osc.Beat(now - 0.03))
    first, second, beat = (change.seconds for change in show.sent)
    assert second - first == pytest.approx(0.05)
    assert beat - first == pytest.approx(0.03)


def test_names_that_are_not_there_are_counted_and_noted_nowhere_else(show: Show) -> None:
    show.say(osc.SetAxis(0.0, "nose", 0.5), osc.SetFeature(0.0, "mid", 0.5))
    show.say(osc.Choose(0.0, 9), osc.Choose(0.0, "nose"))
    reasons = ["no axis nose", "no route needs the feature mid", "no tesseract 9", "no tesseract nose"]
    assert show.hearing.ignored == reasons
    assert show.sent == []
    assert show.desk.notes(show.clock.now) == ()
    assert show.remote.text == "OSC 127.0.0.1:9000: 7 messages, 4 ignored: no tesseract nose"


def test_every_frame_is_told_with_its_features_and_its_place(show: Show) -> None:
    show.say(osc.SetFeature(0.0, "low", 0.6))
    show.go(0.5)
    voice = show.listener.voices[0]
    show.remote.tell(voice, voice.path.at(0.5), 0.5)
    features, coordinate = show.telling.said[-1]
    assert features == {"low": pytest.approx(0.6), "high": 0.0}
    assert coordinate == {"bloom": pytest.approx(0.6), "ink": pytest.approx(voice.path.at(0.5)[1])}
    assert show.telling.beat == {"beat": None, "bpm": None}


def test_without_other_programs_nothing_is_said(show: Show) -> None:
    alone = Remote(show.desk)
    alone.attend(1.0)
    alone.tell(show.listener.voices[0], np.zeros(2), 0.1)
    assert alone.text == ""


any_message = st.one_of(
    st.builds(osc.SetAxis, st.just(0.0), st.sampled_from(["bloom", "ink", "petals", "x"]), st.floats(0, 1)),
    st.builds(osc.SetFeature, st.just(0.0), st.sampled_from(["low", "high", "x"]), st.floats(0, 1)),
    st.builds(osc.Hold, st.just(0.0), st.sampled_from([True, False, None])),
    st.builds(osc.Blackout, st.just(0.0), st.sampled_from([True, False, None])),
    st.builds(osc.Gain, st.just(0.0), st.floats(0, 1)),
    st.builds(osc.Smoothing, st.just(0.0), st.floats(0, 1)),
    st.builds(osc.Choose, st.just(0.0), st.integers(1, 999) | st.sampled_from(["flower", "tide", "x"])),
    st.builds(osc.Beat, st.just(0.0)),
    st.builds(osc.Bpm, st.just(0.0), st.floats(20, 400)),
    st.builds(osc.Tap, st.just(0.0)),
    st.builds(osc.Release, st.just(0.0)),
)


@given(st.lists(st.tuples(any_message, st.integers(0, 20)), max_size=25))
def test_whatever_is_said_nothing_moves_outside_and_nothing_stops(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[osc.Message, int]]
) -> None:
    show = Show(tmp_path_factory.getbasetemp())
    for message, steps in said:
        show.say(message)
        show.go(0.01 * steps)
        for voice in show.listener.voices:
            places = voice.path.at(np.linspace(voice.path.start_seconds, voice.path.stop_seconds, 40))
            assert places.min() >= 0
            assert places.max() <= 1
    assert show.listener.problems.empty()
    assert len(show.listener.voices) >= 1


def test_packets_over_the_network_move_the_show(tmp_path: Path) -> None:
    with OscIn(Endpoint("127.0.0.1", 0)) as hearing:
        show = Show(tmp_path, hearing=hearing)
        client = SimpleUDPClient("127.0.0.1", hearing.port)
        client.send_message("/tess/axis/bloom", 0.25)
        client._sock.close()
        for _ in range(400):
            show.go(0.01)
            if abs(show.place[0] - 0.25) < 1e-3:
                break
            time.sleep(0.005)
        assert show.place[0] == pytest.approx(0.25, abs=1e-3)
