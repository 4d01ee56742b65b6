"""Automatic level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tessonance.project import Sound
from tessonance.sound.level import ROOM, AutomaticLevel, History, Memory, Usual, audible, loudness_of, rounded, scaled
from tessonance.sound.spectrum import RATE

HOPS = round(4 * RATE / 256)


def power(decibels: float, hops: int) -> NDArray[np.float64]:
    return np.full(hops, 10 ** (decibels / 10))


def follow(powers: NDArray[np.float64], **sound: object) -> Usual:
    level = AutomaticLevel(np.array([1.0]), sound=Sound(**sound))
    parts = [level.advance(part, loudness_of(part)[:, None]) for part in np.array_split(powers, 1 + len(powers) // 500)]
    return Usual(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("power", "mean", "spread")))


def decibels(usual: Usual) -> NDArray[np.float64]:
    return 10 * np.log10(usual.power)


@settings(deadline=None)
@given(st.lists(st.integers(0, 300), max_size=12), st.integers(1, 900))
def test_a_history_gives_what_one_long_array_would(lengths: list[int], memory: int) -> None:
    stream = np.arange(2 * sum(lengths), dtype=float).reshape(2, -1)
    whole = np.concatenate([np.full((2, memory), -1.0), stream], axis=1)
    history, at = History(np.full((2, memory), -1.0)), 0
    for length in lengths:
        windows = history.windows(stream[:, at : at + length])
        wanted = sliding_window_view(whole[:, at : at + length + memory], memory + 1, axis=1) if length else windows
        np.testing.assert_array_equal(windows, wanted)
        at += length


def test_a_history_outlives_its_room() -> None:
    history = History(np.zeros((1, 3)))
    for number in range(3 * ROOM):
        last = history.extended(np.array([[float(number)]]))
    np.testing.assert_array_equal(last, [[3 * ROOM - 4, 3 * ROOM - 3, 3 * ROOM - 2, 3 * ROOM - 1]])


def test_it_starts_from_the_stored_level_and_reaches_the_songs_within_four_seconds() -> None:
    level = decibels(follow(power(-35, 2 * HOPS), start_level_db=-10))
    assert level[0] == pytest.approx(-10, abs=0.1)
    assert level[HOPS:] == pytest.approx(-35)
    assert (np.diff(level) <= 1e-9).all()


def test_what_is_older_than_four_seconds_is_forgotten_to_the_bit() -> None:
    same = 10 ** (np.random.default_rng(0).uniform(-4, -1, HOPS + 50))
    one = follow(np.concatenate([power(0, 400), same]))
    other = follow(np.concatenate([power(-50, 300), same]), start_level_db=-60)
    np.testing.assert_array_equal(one.power[400 + HOPS :], other.power[300 + HOPS :])
    np.testing.assert_array_equal(one.spread[400 + HOPS :], other.spread[300 + HOPS :])


def test_below_the_gate_it_stands_still() -> None:
    level = decibels(follow(np.concatenate([power(-20, 2 * HOPS), power(-61, 3 * HOPS)]), gate_db=-60))
    np.testing.assert_array_equal(level[2 * HOPS :], level[2 * HOPS - 1])


def test_above_the_gate_it_follows_down() -> None:
    level = decibels(follow(np.concatenate([power(-20, 2 * HOPS), power(-59, 2 * HOPS)]), gate_db=-60))
    assert level[-1] == pytest.approx(-59)


def test_it_does_not_pump() -> None:
    """A single hit 12 dB above the music changes nothing at once and little later, and never suddenly."""
    powers = power(-20, 4 * HOPS)
    powers[2 * HOPS : 2 * HOPS + 19] = 10**-0.8
    mean = follow(powers).mean[:, 0] / loudness_of(np.array([0.01]))
    assert np.abs(mean - 1)[2 * HOPS : 2 * HOPS + 19].max() < 0.02
    assert np.abs(mean - 1)[HOPS:].max() < 0.2
    assert np.abs(np.diff(mean[HOPS:])).max() < 0.003


def test_switched_off_it_stays_where_it_starts() -> None:
    usual = follow(power(-50, 2 * HOPS), automatic_level=False, start_level_db=-18)
    assert decibels(usual) == pytest.approx(-18)
    assert (usual.spread > 0).all()


def test_loud_moments_count_more_than_pauses() -> None:
    """The newer part of what is remembered is 30 dB below the rest, which counts eight times as much."""
    memory = Memory(np.array([0.0]), sound=Sound())
    for decibels, hops in ((-20, HOPS), (-50, round(0.43 * HOPS))):
        mean = memory.advance(np.full((1, hops), float(decibels)), power(decibels, hops))
    assert -28 < mean[-1, 0] < -22, "without the weight it would be -40"


def test_what_is_usual_lands_in_the_middle_and_its_extremes_near_the_ends() -> None:
    usual = Usual(np.ones(5), np.full((5, 1), 0.8), np.full((5, 1), 0.2))
    values = scaled(np.array([[0.0], [0.4], [0.8], [1.2], [3.0]]), usual, np.ones(1))[:, 0]
    assert values == pytest.approx([0, 0, 0.5, 0.94, 1], abs=0.01)


def test_a_band_that_is_all_but_empty_stays_low() -> None:
    usual = Usual(np.ones(1), np.full((1, 1), 0.03), np.full((1, 1), 0.01))
    assert scaled(np.full((1, 1), 0.04), usual, np.ones(1))[0, 0] < 0.1


@given(st.lists(st.floats(0, 1e6), min_size=2).map(sorted))
def test_rounding_keeps_the_order_and_ends_at_1(values: list[float]) -> None:
    out = rounded(np.array(values))
    assert (np.diff(out) >= 0).all()
    assert out.max() <= 1
    assert rounded(np.array([0.6]))[0] == 0.6


def test_audible_fades_between_35_and_50_db_below_what_was_usual() -> None:
    usual = Usual(np.ones(5), np.ones((5, 1)), np.ones((5, 1)))
    fade = audible(10 ** (np.array([0, -34, -42.5, -51, -999]) / 10), usual)
    assert fade == pytest.approx([1, 1, 0.5, 0, 0])
