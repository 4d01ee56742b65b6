"""Whether a picture moves with the music: known curves, known answers."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.certify.musicality import agreement, correlation, dynamics, lag_between, level_db, loudness, used

FPS = 30


def drums(frames: int = 900, seed: int = 0) -> np.ndarray:
    """Hits at uneven times that die away."""
    random, level = np.random.default_rng(seed), np.zeros(frames)
    for hit in np.cumsum(random.integers(6, 25, frames // 6)):
        if hit < frames:
            level[hit:] = np.maximum(level[hit:], np.exp(-np.arange(frames - hit) / 4.0))
    return level


def test_steps_that_follow_the_loudness_agree_and_their_lag_is_told() -> None:
    loud = drums()
    steps = 0.02 + 0.1 * np.roll(loud, 2)
    found = agreement(loud, steps, fps=FPS)
    assert found.r > 0.99
    assert found.lag_ms == pytest.approx(2000 / 30)
    assert found.real
    assert found.chance < 0.5


def test_what_has_nothing_to_do_with_it_is_no_more_than_chance() -> None:
    found = agreement(drums(), drums(seed=5), fps=FPS)
    assert found.r < 0.5
    assert agreement(drums(), np.full(900, 0.1), fps=FPS).r != agreement(drums(), np.full(900, 0.1), fps=FPS).r  # NaN
    assert not agreement(drums(), np.full(900, 0.1), fps=FPS).real


def test_chance_tries_the_same_lags() -> None:
    """Noise agrees with noise at some lag: the null must know."""
    random = np.random.default_rng(3)
    found = [agreement(random.normal(size=300), random.normal(size=300), fps=FPS) for _ in range(40)]
    assert 0 <= sum(each.real for each in found) <= 7


def test_a_part_too_short_for_a_null_has_none() -> None:
    found = agreement(drums(60), drums(60), fps=FPS)
    assert found.r == pytest.approx(1.0)
    assert np.isnan(found.chance)
    assert not found.real


def test_what_is_shorter_than_the_lags_has_those_that_fit() -> None:
    """Five frames have no lag of five: no mean of nothing is taken, which would warn."""
    r, lag = correlation(np.array([0.0, 1, 0, 0, 2]), np.array([0.0, 1, 0, 0, 2]), 5)
    assert (r, lag) == (pytest.approx(1.0), 0)


def test_correlation_prefers_the_smaller_lag() -> None:
    wave = np.sin(np.arange(200) * 2 * np.pi / 4)
    assert correlation(wave, wave) == (pytest.approx(1.0), 0)


def test_loudness_is_of_the_moment_of_the_frame() -> None:
    rate = 48_000
    samples = np.zeros(rate, np.float32)
    samples[rate // 2 : rate // 2 + rate // 100] = 0.5
    loud = loudness(samples, rate, FPS, 30)
    assert int(loud.argmax()) == 15
    assert (loud[:14] == 0).all()
    assert (loud[17:] == 0).all()
    np.testing.assert_allclose(loudness(np.full(rate, 0.25, np.float32), rate, FPS, 30), 0.5, atol=1e-6)


def test_dynamics_are_those_of_the_song_and_not_of_its_level() -> None:
    loud = 0.1 + drums()
    assert dynamics(loud) == pytest.approx(dynamics(10 * loud))
    assert dynamics(np.ones(10)) == dynamics([]) == dynamics(np.zeros(4)) == 0.0


@pytest.mark.parametrize("late", [-7, 0, 12])
def test_a_lag_is_found_to_the_hop(late: int) -> None:
    wanted = np.interp(np.arange(2000), np.arange(0, 2001, 50), np.random.default_rng(0).random(41))
    got = np.roll(wanted, late)
    assert lag_between(wanted, got, 0.005) == pytest.approx(late * 5.0)


def test_use_leaves_out_a_single_moment_at_the_end() -> None:
    places = np.concatenate([np.linspace(0.2, 0.5, 1000), [1.0]])
    assert used(places) == pytest.approx(0.294, abs=0.01)
    assert used(np.linspace(0, 3, 1000) % 1.0, closed=True) == 1.0
    assert used(np.linspace(0.9, 1.1, 1000) % 1.0, closed=True) == pytest.approx(0.2, abs=0.05)


def test_the_level_is_that_of_what_sounds() -> None:
    loud = loudness(np.concatenate([0.1 * np.ones(48_000), np.zeros(48_000)]).astype(np.float32), 48_000, 30, 60)
    assert level_db(loud) == pytest.approx(-20.0, abs=0.3)
    assert level_db(np.zeros(30)) == level_db([]) == -60.0
