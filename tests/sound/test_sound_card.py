"""Real streams on a virtual sound card: samples whole and in order, servers that die, a song in step with the ear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sound_tunes import RATE
from virtual_card import VirtualCard

pytestmark = pytest.mark.audio

STEP = 2.0**-15  # the card has 16 bits
FIRST_CLICK, BETWEEN = 0.7, 0.37


@pytest.fixture
def card(tmp_path: Path) -> Iterator[VirtualCard]:
    card = VirtualCard(tmp_path)
    card.start()
    yield card
    card.close()


def noise(seconds: float) -> NDArray[np.float32]:
    random = np.random.default_rng(11)
    return (random.integers(-9000, 9000, round(seconds * RATE)) * STEP).astype(np.float32)


def write(path: Path, signal: NDArray[np.float32]) -> None:
    """Write stereo, after a second of silence: the card drops some samples when a stream begins."""
    led_in = np.concatenate([np.zeros(RATE, np.float32), signal])
    soundfile.write(path, np.stack([led_in, led_in], axis=1), RATE, subtype="PCM_16")


def found_in(heard: NDArray[np.float32], signal: NDArray[np.float32]) -> int:
    """Where a signal begins in what was heard."""
    loud = int(np.flatnonzero(np.abs(heard) > 2 * STEP)[0])
    part = signal[: RATE // 10]
    window = heard[max(loud - RATE // 20, 0) : loud + 2 * len(part)]
    return max(loud - RATE // 20, 0) + int(np.correlate(window, part, "valid").argmax())


def test_the_devices_of_the_server_are_found(card: VirtualCard) -> None:
    with card.program("devices") as program:
        found = program.line()["devices"]
    assert ["Monitor of Null Output", "PulseAudio", True] in found
    assert ["Null Output", "PulseAudio", False] in found


@pytest.mark.parametrize("device", ["system", "Monitor of Null"])
def test_what_the_card_plays_arrives_whole_and_in_order(card: VirtualCard, tmp_path: Path, device: str) -> None:
    signal, kept = noise(2.5), tmp_path / "heard.npy"
    write(tmp_path / "signal.wav", signal)
    with card.program("listen", kept, device) as program:
        program.until(status="playing")
        card.play(tmp_path / "signal.wav")
        program.tell("enough")
        said = program.until(status="done")
        program.end()
    heard = np.load(kept)
    at = found_in(heard, signal)
    whole = heard[at : at + len(signal)]
    np.testing.assert_allclose(whole, signal[: len(whole)], atol=2 * STEP)
    assert len(whole) == len(signal)
    assert said["overflows"] == 0
    assert said["samples"] / RATE == pytest.approx(said["seconds"], rel=0.1, abs=1.0)


def test_a_server_that_dies_and_comes_back_stops_no_time_and_is_heard_again(card: VirtualCard, tmp_path: Path) -> None:
    signal, kept = noise(2.0), tmp_path / "heard.npy"
    write(tmp_path / "signal.wav", signal)
    with card.program("listen", kept) as program:
        program.until(status="playing")
        card.kill()
        away = program.until(status="waiting")
        assert "what this machine plays" in away["message"]
        card.start()
        back = program.until(status="playing")
        assert back["samples"] > away["samples"]
        card.play(tmp_path / "signal.wav")
        program.tell("enough")
        done = program.until(status="done")
        program.end()
    heard = np.load(kept)
    at = found_in(heard, signal)
    np.testing.assert_allclose(heard[at : at + len(signal)], signal, atol=2 * STEP)
    assert done["samples"] / RATE == pytest.approx(done["seconds"], rel=0.1, abs=1.0)


def clicks(path: Path, count: int) -> NDArray[np.float64]:
    """Write a song of clicks, and return when they are."""
    at = FIRST_CLICK + BETWEEN * np.arange(count)
    song = np.zeros((round((at[-1] + 1) * RATE), 2), np.float32)
    for second in at:
        song[round(second * RATE) :][:8] = 0.9
    soundfile.write(path, song, RATE)
    return at


def test_a_song_is_given_whole_and_ahead_of_the_ear(card: VirtualCard, tmp_path: Path) -> None:
    signal, kept = noise(3.0), tmp_path / "given.npy"
    soundfile.write(tmp_path / "song.wav", signal, RATE, subtype="PCM_16")
    with card.program("song", tmp_path / "song.wav", kept) as program:
        program.until(status="playing")
        program.until(status="ended")
        program.tell("enough")
        program.until(status="done")
        program.end()
    given = np.load(kept)
    np.testing.assert_array_equal(given[: len(signal)], signal)
    assert not given[len(signal) :].any()


def test_a_song_is_told_to_be_heard_when_the_monitor_has_it(card: VirtualCard, tmp_path: Path) -> None:
    """The clock of the output and the clock of the input agree, the median within 15 ms: less than a frame."""
    at = clicks(tmp_path / "clicks.wav", 12)
    with card.program("in_step", tmp_path / "clicks.wav", 0.4) as program:
        said = program.line()
        program.end()
    heard = np.array([second for _, second in said["heard"]])
    assert len(heard) >= 10
    lags = np.array([second - at[np.abs(at - second).argmin()] for second in heard])
    assert abs(np.median(lags)) < 0.015


def test_a_song_outlives_the_server(card: VirtualCard, tmp_path: Path) -> None:
    kept = tmp_path / "given.npy"
    at = clicks(tmp_path / "clicks.wav", 9)
    with card.program("song", tmp_path / "clicks.wav", kept) as program:
        program.until(status="playing")
        card.kill()
        ended = program.until(status="ended")
        assert "is away, trying again" in ended["message"]
        program.tell("enough")
        program.until(status="done")
        program.end()
    given = np.load(kept)
    found = np.flatnonzero(np.diff(np.abs(given) > 0.4, prepend=False) & (np.abs(given) > 0.4)) / RATE
    np.testing.assert_allclose(found, at, atol=1e-3)
