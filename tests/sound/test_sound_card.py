"""Real streams on a virtual sound card: samples whole and in order, servers that die, a song in step with the ear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sound_tunes import RATE
from virtual_card import Program, VirtualCard

pytestmark = pytest.mark.audio

STEP = 2.0**-15  # the card has 16 bits
TRIES = 3  # a server without real time, on a machine that does other things, drops a block now and then
FIRST_CLICK, BETWEEN = 0.7, 0.37


def noise(seconds: float) -> NDArray[np.float32]:
    random = np.random.default_rng(11)
    return (random.integers(-9000, 9000, round(seconds * RATE)) * STEP).astype(np.float32)


def write(path: Path, signal: NDArray[np.float32]) -> None:
    """Write stereo, after some silence: the card drops some samples when a stream begins."""
    led_in = np.concatenate([np.zeros(RATE // 2, np.float32), signal])
    soundfile.write(path, np.stack([led_in, led_in], axis=1), RATE, subtype="PCM_16")


def arrived(heard: NDArray[np.float32], signal: NDArray[np.float32]) -> bool:
    """Whether a signal is in what was heard, whole and in order."""
    part = signal[:4800]
    for at in np.flatnonzero(np.abs(np.correlate(heard, part, "valid")) > 0.9 * np.dot(part, part)):
        whole = heard[at : at + len(signal)]
        if len(whole) == len(signal) and np.abs(whole - signal).max() <= 2 * STEP:
            return True
    return False


def test_the_devices_of_the_server_are_found(card: VirtualCard) -> None:
    with card.program("devices") as program:
        found = program.line()["devices"]
    served = [(name, loopback) for name, api, loopback in found if api == "PulseAudio"]
    assert len(served) == 2
    assert ("Monitor of " + served[1][0], True) == served[0]
    assert not served[1][1]


@pytest.mark.parametrize("device", ["system", "card.monitor"])
def test_what_the_card_plays_arrives_whole_and_in_order(card: VirtualCard, tmp_path: Path, device: str) -> None:
    with card.program("listen", tmp_path / "heard.npy", device) as program:
        program.until(status="playing")
        assert any(arrives(card, program, tmp_path) for _ in range(TRIES))
        program.tell("enough")
        said = program.until(status="done")
        program.end()
    assert said["samples"] / RATE == pytest.approx(said["seconds"], rel=0.1, abs=1.0)


def test_a_server_that_dies_and_comes_back_stops_no_time_and_is_heard_again(card: VirtualCard, tmp_path: Path) -> None:
    with card.program("listen", tmp_path / "heard.npy") as program:
        program.until(status="playing")
        card.kill()
        away = program.until(status="waiting")
        assert "trying again" in away["message"]
        card.start()
        back = program.until(status="playing")
        assert back["samples"] > away["samples"]
        assert any(arrives(card, program, tmp_path) for _ in range(TRIES))
        program.tell("enough")
        said = program.until(status="done")
        program.end()
    assert said["samples"] / RATE == pytest.approx(said["seconds"], rel=0.1, abs=1.0)


def arrives(card: VirtualCard, program: Program, folder: Path) -> bool:
    """Whether a signal that the card plays is heard by a program that listens, whole and in order."""
    signal = noise(1.0)
    write(folder / "signal.wav", signal)
    card.play(folder / "signal.wav")
    program.tell("keep")
    program.until(status="kept")
    return arrived(np.load(folder / "heard.npy"), signal)


def clicks(path: Path, count: int) -> NDArray[np.float64]:
    """Write a song of clicks, and return when they are."""
    at = FIRST_CLICK + BETWEEN * np.arange(count)
    song = np.zeros((round((at[-1] + 1) * RATE), 2), np.float32)
    for second in at:
        song[round(second * RATE) :][:8] = 0.9
    soundfile.write(path, song, RATE)
    return at


def test_a_song_is_given_whole_and_ahead_of_the_ear(card: VirtualCard, tmp_path: Path) -> None:
    signal, kept = noise(1.5), tmp_path / "given.npy"
    soundfile.write(tmp_path / "song.wav", signal, RATE, subtype="PCM_16")
    with card.program("song", tmp_path / "song.wav", kept) as program:
        program.until(status="playing")
        program.until(status="ended")
        program.tell("keep")
        program.until(status="kept")
    given = np.load(kept)
    np.testing.assert_array_equal(given[: len(signal)], signal)
    assert not given[len(signal) :].any()


def test_a_song_is_told_to_be_heard_when_the_monitor_has_it(card: VirtualCard, tmp_path: Path) -> None:
    """The clock of the output and the clock of the input agree, the median within 15 ms: less than a frame."""
    at = clicks(tmp_path / "clicks.wav", 8)
    assert any(abs(lag(card, tmp_path / "clicks.wav", at)) < 0.015 for _ in range(TRIES))


def lag(card: VirtualCard, song: Path, at: NDArray[np.float64]) -> float:
    """How many seconds too early the song was told to be heard; the median over its clicks."""
    with card.program("in_step", song, 0.4) as program:
        said = program.line()
        program.end()
    heard = np.array([second for _, second in said["heard"]])
    return float(np.median([second - at[np.abs(at - second).argmin()] for second in heard]))


def test_a_song_outlives_the_server(card: VirtualCard, tmp_path: Path) -> None:
    kept = tmp_path / "given.npy"
    at = clicks(tmp_path / "clicks.wav", 5)
    with card.program("song", tmp_path / "clicks.wav", kept) as program:
        program.until(status="playing")
        card.kill()
        ended = program.until(status="ended")
        assert "is away, trying again" in ended["message"]
        program.tell("keep")
        program.until(status="kept")
    given = np.load(kept)
    found = np.flatnonzero(np.diff(np.abs(given) > 0.4, prepend=False) & (np.abs(given) > 0.4)) / RATE
    np.testing.assert_allclose(found, at, atol=1e-3)
