"""How evenly frames follow one another."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.show.pacing import FrameTimes


def count(intervals: np.ndarray) -> FrameTimes:
    times = FrameTimes()
    for at in np.cumsum([100.0, *intervals]):
        times.add(at)
    return times


def test_median_and_p99_are_those_of_the_intervals() -> None:
    intervals = np.random.default_rng(0).gamma(50, 1 / 3000, 20_000)
    pace = count(intervals).pace()
    assert pace.frames == 20_000
    assert pace.median_ms == pytest.approx(np.median(intervals) * 1000, abs=0.1)
    assert pace.p99_ms == pytest.approx(np.quantile(intervals, 0.99) * 1000, abs=0.1)
    assert pace.longest_ms == pytest.approx(intervals.max() * 1000)


def test_the_rate_is_that_of_the_last_second() -> None:
    times = count(np.concatenate([np.full(300, 1 / 30), np.full(200, 1 / 60)]))
    assert times.fps == pytest.approx(60, rel=0.01)


def test_a_pause_is_no_interval() -> None:
    times = count(np.full(10, 0.016))
    times.pause()
    times.add(500.0)
    times.add(500.016)
    pace = times.pace()
    assert pace.frames == 11
    assert pace.longest_ms < 17


def test_before_the_first_interval_there_is_nothing_to_say() -> None:
    assert FrameTimes().pace() == (0, 0.0, 0.0, 0.0)
    assert FrameTimes().fps == 0.0


def test_what_takes_longer_than_a_second_counts_too() -> None:
    pace = count(np.array([0.016, 7.0])).pace()
    assert pace.frames == 2
    assert pace.longest_ms == pytest.approx(7000)
