"""The mixing desk of the demo song."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.sound.demo_desk import Tape, duck, ducking, fade_out, limit, ping_pong, reverb, saturate, soften

RATE = 8000


def test_a_tape_adds_sounds_and_cuts_what_hangs_over_its_end() -> None:
    tape = Tape(5)
    tape.lay(np.ones(3, np.float32), 1, gain=0.5)
    tape.lay(np.ones((2, 4), np.float32), 3)
    assert tape.sound == pytest.approx(np.array([[0, 0.5, 0.5, 1.5, 1.0]] * 2))


@given(st.floats(-1, 1))
def test_a_sound_is_equally_strong_wherever_it_stands(pan: float) -> None:
    tape = Tape(1)
    tape.lay(np.ones(1, np.float32), 0, pan=pan)
    assert np.square(tape.sound).sum() == pytest.approx(2, rel=1e-5)
    left, right = tape.sound[:, 0]
    assert right - left == pytest.approx(2 * np.sin(pan * np.pi / 4), abs=1e-5)


def test_echoes_come_at_their_times_from_left_and_right_in_turn_and_fade() -> None:
    click = np.zeros((2, 1000), np.float32)
    click[:, 10] = 1
    echoes = ping_pong(click, 100, feedback=0.5, repeats=4)
    assert np.flatnonzero(echoes.any(axis=0)).tolist() == [110, 210, 310, 410]
    assert (echoes[0] > echoes[1])[[110, 310]].all()
    assert (echoes[1] > echoes[0])[[210, 410]].all()
    assert (np.diff(echoes.max(axis=0)[[110, 210, 310, 410]]) < 0).all()


def test_the_room_decays_by_sixty_decibels_in_its_time_and_is_deaf_to_the_lows() -> None:
    click = np.zeros((2, 2 * RATE), np.float32)
    click[:, 0] = 1
    room = reverb(click, rate=RATE, seconds=1.0, random=np.random.default_rng(1))
    early, late = (np.square(room[:, round(at * RATE) :][:, :800]).sum() for at in (0.05, 0.55))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=3)
    power = np.square(np.abs(np.fft.rfft(room, axis=1))).sum(axis=0)
    assert power[:200].mean() < 1e-3 * power[800:4000].mean()  # half a hertz a line


def test_ducking_drops_to_nothing_at_each_beat_and_recovers() -> None:
    gain = ducking([1000, 5000], 8000, rate=RATE, seconds=0.3)
    assert gain.min() == 0
    assert gain[[999, 1000, 4999, 5000, 7999]].tolist() == [1, 1, 1, 1, 1]
    assert gain[[1048, 5048]].max() < 0.01


@pytest.mark.parametrize(("depth", "least"), [(0.0, 1.0), (0.6, 0.4), (1.0, 0.0)])
def test_how_deep_a_sound_is_ducked(depth: float, least: float) -> None:
    ducked = duck(np.ones((2, 3), np.float32), np.array([0, 0.5, 1], np.float32), depth=depth)
    assert ducked[0] == pytest.approx([least, (1 + least) / 2, 1])
    assert ducked.dtype == np.float32


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=400), st.floats(0.1, 1))
def test_no_peak_passes_the_limiter_and_what_is_below_it_is_left_alone(samples: list[float], ceiling: float) -> None:
    sound = np.array([samples, samples[::-1]], np.float32)
    limited = limit(sound, ceiling, rate=RATE, ahead_ms=2)
    assert limited.shape == sound.shape
    assert np.abs(limited).max() <= ceiling * (1 + 1e-6)
    quiet = sound * np.float32(0.99 * ceiling / max(np.abs(sound).max(), ceiling))
    assert limit(quiet, ceiling, rate=RATE, ahead_ms=2) == pytest.approx(quiet, rel=1e-6)


def test_the_limiter_turns_down_smoothly_before_the_peak() -> None:
    sound = np.full((2, 400), 0.1, np.float32)
    sound[:, 200] = 2.0
    gain = limit(sound, 0.5, rate=RATE, ahead_ms=5)[0] / sound[0]
    assert gain[200] == pytest.approx(0.25, rel=1e-5)
    assert np.abs(np.diff(gain)).max() < 0.03
    assert gain[[100, 300]].tolist() == [1, 1]


def test_saturation_leaves_the_quiet_and_rounds_the_loud() -> None:
    sound = np.array([[0.01, 1.0, 5.0]] * 2, np.float32)
    assert saturate(sound, 0.8)[0] == pytest.approx([0.01, np.tanh(0.8) / 0.8, np.tanh(4) / 0.8], rel=1e-3)


def test_a_fade_ends_in_nothing_and_touches_only_the_end() -> None:
    faded = fade_out(np.ones((2, 100), np.float32), 50)
    assert (faded[:, :50] == 1).all()
    assert (faded[:, -1] == 0).all()
    assert (np.diff(faded[:, 50:]) <= 0).all()


def test_softening_keeps_length_and_level_and_spreads_a_step() -> None:
    step = np.repeat([0, 1], 100).astype(np.float32)
    soft = soften(step, 40)
    assert soft.shape == step.shape
    assert soft[[0, 79, 121, 199]] == pytest.approx([0, 0, 1, 1], abs=1e-6)
    assert np.diff(soft).max() < 0.03
