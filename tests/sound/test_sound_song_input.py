"""A song that is heard while it is listened to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_sound import SPEAKERS, Clock, FakeStream, FakeSystem
from numpy.typing import NDArray
from sound_tunes import RATE, sine

from tessonance.errors import SoundError
from tessonance.sound.inputs import Input
from tessonance.sound.song_input import AHEAD_SECONDS, SongInput
from tessonance.sound.system import Device

BLOCK = 480  # 10 ms
SPOKEN = np.arange(1, 20 * RATE + 1, dtype=np.float32) / 2**20  # each sample tells its place


class Stage:
    """A song on a fake system: `pass_time` lets its output fetch blocks that sound 20 ms later."""

    def __init__(self, seconds: float = 20.0, there: list[Device] | None = None, **how: object) -> None:
        self.clock, self.system = Clock(), FakeSystem([SPEAKERS] if there is None else there)
        self.system.refuse = how.pop("refuse", None)
        song = how.pop("song", (SPOKEN[: round(seconds * RATE)], RATE))
        self.song = SongInput(song, system=self.system, clock=self.clock, watch=False, **how)
        self.read: list[NDArray[np.float32]] = []
        self.played: list[tuple[float, NDArray[np.float32]]] = []  # when it sounds, and what

    @property
    def stream(self) -> FakeStream:
        return self.system.streams[-1]

    def pass_time(self, seconds: float, *, runs: bool = True) -> None:
        for _ in range(round(seconds * 100)):
            self.clock.seconds += 0.01
            self._let_decode()
            if runs:
                sounds_at = self.clock.seconds + 0.02
                self.played.append((sounds_at, self.stream.fetch(self.stream.wish.rate // 100, 0.02)))
            self.song.look()
            self.read.append(self.song.read())

    def _let_decode(self) -> None:
        buffer, deadline = self.song._buffer, time.monotonic() + 20
        while not buffer.has(buffer._wanted + 2 * RATE) and time.monotonic() < deadline:
            time.sleep(0.001)

    @property
    def given(self) -> NDArray[np.float32]:
        return np.concatenate(self.read)

    def said(self) -> list[tuple[float, float]]:
        """When a sound was audible, and which second of the song it was."""
        return [(at, (block[0, 0] * 2**20 - 1) / RATE) for at, block in self.played if block[0, 0]]


@pytest.fixture
def stages() -> Iterator[type[Stage]]:
    opened: list[Stage] = []

    class Opened(Stage):
        def __init__(self, *args: object, **how: object) -> None:
            super().__init__(*args, **how)
            opened.append(self)

    yield Opened
    for stage in opened:
        stage.song.close()


def test_it_is_an_input_named_after_its_file(stages: type[Stage], tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "hum.wav", sine(100), RATE)
    song: Input = stages(song=tmp_path / "hum.wav").song
    assert song.name == "hum.wav"


def test_it_begins_with_the_first_reading(stages: type[Stage]) -> None:
    stage = stages()
    for _ in range(100):
        assert not stage.stream.fetch(BLOCK).any()
    assert stage.song.heard(1e9) == 0.0
    assert stage.song.state.status == "waiting"
    stage.pass_time(1.0)
    assert stage.played[-1][1].any()
    assert stage.song.state.status == "playing"


def test_what_is_heard_is_told_as_it_sounds(stages: type[Stage]) -> None:
    stage = stages()
    stage.pass_time(3.0)
    told = [(second, stage.song.heard(at)) for at, second in stage.said()]
    assert len(told) > 200
    np.testing.assert_allclose(*np.transpose(told), atol=1e-6)


def test_samples_are_given_in_order_and_a_quarter_of_a_second_ahead(stages: type[Stage]) -> None:
    stage = stages()
    stage.pass_time(3.0)
    np.testing.assert_array_equal(stage.given, SPOKEN[: len(stage.given)])
    heard = stage.song.heard(stage.clock.seconds)
    assert len(stage.given) / RATE == pytest.approx(heard + AHEAD_SECONDS, abs=1 / RATE)


def test_both_sides_are_played_and_their_mean_is_given(stages: type[Stage]) -> None:
    sides = np.stack([SPOKEN, SPOKEN * 3], axis=1)
    stage = stages(song=(sides, RATE))
    stage.pass_time(1.0)
    block = stage.played[-1][1]
    np.testing.assert_array_equal(block[:, 1], block[:, 0] * 3)
    np.testing.assert_array_equal(stage.given, SPOKEN[: len(stage.given)] * 2)


def test_a_mono_output_plays_the_mean(stages: type[Stage]) -> None:
    sides = np.stack([SPOKEN, SPOKEN * 3], axis=1)
    stage = stages(there=[replace(SPEAKERS, outputs=1)], song=(sides, RATE))
    stage.pass_time(1.0)
    assert stage.played[-1][1].shape == (BLOCK, 1)
    np.testing.assert_array_equal(stage.given, SPOKEN[: len(stage.given)] * 2)


def test_of_many_outputs_the_first_two_play(stages: type[Stage]) -> None:
    stage = stages(there=[replace(SPEAKERS, outputs=8)], refuse=lambda wish: wish.channels != 8)
    stage.pass_time(1.0)
    block = stage.played[-1][1]
    assert block[:, :2].all()
    assert not block[:, 2:].any()


def test_an_output_of_another_rate_plays_at_that_and_48_khz_is_given(stages: type[Stage]) -> None:
    tone = sine(440, seconds=6.0)
    stage = stages(there=[replace(SPEAKERS, rate=44_100)], refuse=lambda wish: wish.rate != 44_100, song=(tone, RATE))
    stage.pass_time(2.0)
    np.testing.assert_allclose(stage.given[1000:], tone[1000 : len(stage.given)], atol=2e-3)
    heard = stage.song.heard(stage.clock.seconds)
    assert len(stage.given) / RATE == pytest.approx(heard + AHEAD_SECONDS, abs=0.002)


def test_the_end_is_told_when_it_was_heard_and_silence_follows(stages: type[Stage]) -> None:
    stage = stages(seconds=2.0)
    while stage.song.state.status != "ended":
        assert (stage.song.heard(stage.clock.seconds) or 0) < 2.0
        stage.pass_time(0.01)
    assert stage.song.heard(stage.clock.seconds) == pytest.approx(2.0, abs=0.02)
    stage.pass_time(1.0)
    np.testing.assert_array_equal(stage.given[: 2 * RATE], SPOKEN[: 2 * RATE])
    assert len(stage.given) > 3.2 * RATE
    assert not stage.given[2 * RATE :].any()
    assert not stage.played[-1][1].any()


def test_a_loop_has_no_end(stages: type[Stage]) -> None:
    stage = stages(seconds=1.0, loop=True)
    stage.pass_time(3.0)
    np.testing.assert_array_equal(stage.given, np.tile(SPOKEN[:RATE], 4)[: len(stage.given)])
    assert stage.song.state.status == "playing"


def test_a_song_can_begin_later(stages: type[Stage]) -> None:
    stage = stages(start=2.5)
    stage.pass_time(1.0)
    first = round(2.5 * RATE)
    np.testing.assert_array_equal(stage.given, SPOKEN[first : first + len(stage.given)])


def test_without_an_output_it_goes_by_the_clock_and_says_so(stages: type[Stage]) -> None:
    stage = stages(seconds=2.0, there=[])
    stage.pass_time(1.0, runs=False)
    np.testing.assert_array_equal(stage.given, SPOKEN[: len(stage.given)])
    assert len(stage.given) == pytest.approx((1.0 + AHEAD_SECONDS) * RATE, abs=0.02 * RATE)
    state = stage.song.state
    assert (state.status, state.latency_seconds) == ("playing", None)
    assert (
        state.message
        == "this machine has no sound output (plug in something that sounds); the song goes by the clock, in silence"
    )
    stage.pass_time(1.1, runs=False)
    assert stage.song.state.status == "ended"


def test_without_portaudio_it_goes_by_the_clock_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise SoundError("PortAudio is not installed")

    monkeypatch.setattr("tessonance.sound.song_input.portaudio", missing)
    song = SongInput((SPOKEN, RATE), watch=False)
    assert "PortAudio is not installed" in song.state.message
    song.close()


def test_an_output_that_was_asked_for_and_cannot_be_used_is_an_error(stages: type[Stage]) -> None:
    with pytest.raises(SoundError, match="no sound output of this name"):
        stages(output="Scarlett")
    with pytest.raises(SoundError, match="does not want to"):
        stages(output="Loud Speakers", refuse=lambda wish: True)


def test_a_song_that_cannot_be_heard_lets_go_of_the_output(tmp_path: Path) -> None:
    system = FakeSystem([SPEAKERS])
    with pytest.raises(SoundError, match="ends before that"):
        SongInput((SPOKEN[:RATE], RATE), start=3.0, system=system, watch=False)
    assert all(stream.closed for stream in system.streams)
    with pytest.raises(SoundError, match="cannot be read"):
        SongInput(tmp_path / "none.wav", system=system, watch=False)


def test_an_output_that_goes_away_stops_no_time_and_the_song_goes_on_where_it_is(stages: type[Stage]) -> None:
    stage = stages()
    stage.pass_time(2.0)
    stage.system.there.clear()
    stage.stream.active = False
    stage.pass_time(3.0, runs=False)
    state = stage.song.state
    assert (state.status, state.message) == (
        "playing",
        "Loud Speakers is away, trying again: this machine has no sound output",
    )
    stage.system.there.append(replace(SPEAKERS, number=7, index=7))
    stage.pass_time(1.1, runs=False)
    stage.played.clear()
    stage.pass_time(1.0)
    assert stage.stream.device.index == 7
    assert stage.song.state.message == ""
    np.testing.assert_array_equal(stage.given, SPOKEN[: len(stage.given)])
    told = [(second, stage.song.heard(at)) for at, second in stage.said()]
    np.testing.assert_allclose(*np.transpose(told), atol=2 / RATE)
    assert told[-1][0] == pytest.approx(6.9, abs=0.2)


def test_an_output_that_never_fetches_leaves_the_song_to_the_clock(stages: type[Stage]) -> None:
    stage = stages()
    stage.pass_time(4.0, runs=False)
    assert stage.song.state.status == "playing"
    assert "has stopped" in stage.song.state.message
    assert len(stage.given) > RATE // 2


def test_an_interruption_of_the_output_is_followed_within_a_few_blocks(stages: type[Stage]) -> None:
    """The device paused for half a second: everything is heard half a second later, and the pictures wait."""
    stage = stages()
    stage.pass_time(2.0)
    before = stage.song.heard(stage.clock.seconds)
    stage.pass_time(0.5, runs=False)
    stage.pass_time(0.2)
    assert stage.song.heard(stage.clock.seconds) == pytest.approx(before + 0.2, abs=0.02)
    stage.pass_time(2.0)
    np.testing.assert_array_equal(stage.given, SPOKEN[: len(stage.given)])


def test_a_clock_that_trembles_moves_the_song_little(stages: type[Stage]) -> None:
    stage, random = stages(), np.random.default_rng(5)
    stage.pass_time(0.5)
    said = []
    for _ in range(300):
        stage.clock.seconds += 0.01
        stage.stream.fetch(BLOCK, 0.02 + random.normal(0, 0.004))
        stage.song.read()
        said.append(stage.song.heard(stage.clock.seconds))
    assert np.abs(np.diff(said) - 0.01).max() < 0.001


@pytest.mark.parametrize("nonsense", [-5.0, 0.0, 1e9])
def test_a_latency_that_is_nonsense_is_not_believed(stages: type[Stage], nonsense: float) -> None:
    stage = stages()
    stage.pass_time(0.5)
    for _ in range(200):
        stage.clock.seconds += 0.01
        stage.stream.fetch(BLOCK, nonsense)
        stage.song.read()
    assert stage.song.state.latency_seconds == 0.01, "what the stream said when it was opened"
    assert 2.0 < (stage.song.heard(stage.clock.seconds) or 0) < 2.6


def test_interruptions_are_counted(stages: type[Stage]) -> None:
    stage = stages()
    stage.pass_time(1.0)
    stage.stream.fetch(BLOCK, flags="output underflow")
    assert stage.song.state.overflows == 1


def test_a_song_that_breaks_off_says_so_when_that_is_heard(stages: type[Stage]) -> None:
    broken = SPOKEN[: 3 * RATE].copy()
    broken[RATE:] = np.nan
    stage = stages(song=(broken, RATE))
    stage.pass_time(0.5)
    assert stage.song.state.status == "playing"
    stage.pass_time(1.5)
    assert stage.song.state.status == "failed"
    assert "is no number" in stage.song.state.message


def test_a_reader_that_was_away_for_long_gets_all_that_time_bit_by_bit(stages: type[Stage]) -> None:
    stage = stages(there=[])
    stage.pass_time(1.0, runs=False)
    before = len(stage.given)
    stage.clock.seconds += 14.0
    lengths = [len(stage.song.read()) for _ in range(3)]
    assert max(lengths) <= 10 * RATE
    deadline = time.monotonic() + 20
    while before + sum(lengths) < 15.2 * RATE and time.monotonic() < deadline:
        time.sleep(0.01)
        lengths.append(len(stage.song.read()))
    assert before + sum(lengths) == pytest.approx(15.25 * RATE, abs=0.03 * RATE)


def test_closing_lets_go_of_the_output_and_of_the_thread(stages: type[Stage]) -> None:
    stage = stages()
    stage.song.close()
    stage.song.close()
    assert stage.stream.closed
    assert not stage.song._buffer._thread.is_alive()
