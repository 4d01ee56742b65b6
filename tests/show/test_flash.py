"""The flash limiter on estimates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.show.flash import FlashLimiter
from tessonance.show.flash_count import FlashCount
from tessonance.show.flash_estimate import coded, linear

SHAPE = (36, 64)
RATES = [24, 25, 30, 60, 144, 240]


def even(value: float) -> np.ndarray:
    return np.full((*SHAPE, 3), value, np.float32)


def strobe(hz: float, fps: float, seconds: float = 4.0) -> list[np.ndarray]:
    return [even(1.0 if (k / fps * hz * 2 + 1e-9) % 2 >= 1 else 0.0) for k in range(int(seconds * fps))]


def limited(frames: list[np.ndarray], times: list[float]) -> tuple[list[float], list[np.ndarray]]:
    """The amounts, and what is shown with them."""
    limiter, mean = FlashLimiter(), coded(frames[0])
    amounts, shown = [], []
    for frame, time in zip(frames, times, strict=True):
        amount = limiter.step(frame, time)
        mean = mean * amount + coded(frame) * (1 - amount)
        amounts.append(amount)
        shown.append(linear(mean) if amount else frame)
    assert limiter.frames == len(frames)
    assert limiter.calmed == sum(amount > 0 for amount in amounts)
    return amounts, shown


def flashes(shown: list[np.ndarray], times: list[float]) -> bool:
    counts = [FlashCount(SHAPE, red=red) for red in (False, True)]
    for frame, time in zip(shown, times, strict=True):
        for count in counts:
            count.take(frame, time)
            if count.going_on(time):
                return True
    return False


def steps(fps: float, count: int) -> list[float]:
    return [k / fps for k in range(count)]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("hz", [3.6, 5, 10, 12])
def test_a_strobe_becomes_an_even_picture(hz: float, fps: float) -> None:
    frames = strobe(hz, fps)
    times = steps(fps, len(frames))
    assert flashes(frames, times)
    shown = limited(frames, times)[1]
    assert not flashes(shown, times)
    late = np.array([frame[0, 0, 0] for frame in shown[int(2 * fps) :]])
    assert np.ptp(late) < 0.2
    assert 0.05 < late.mean() < 0.5


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("hz", [0.5, 1, 2, 2.5])
def test_slow_pulses_and_three_flashes_a_second_are_left_alone(hz: float, fps: float) -> None:
    square = strobe(hz, fps)
    sine = [even(0.5 - 0.5 * math.cos(2 * math.pi * hz * k / fps)) for k in range(len(square))]
    for frames in (square, sine):
        assert set(limited(frames, steps(fps, len(frames)))[0]) == {0.0}


def test_exactly_three_flashes_a_second_are_left_alone() -> None:
    frames = strobe(3, 60)
    assert set(limited(frames, steps(60, len(frames)))[0]) == {0.0}


def test_the_first_three_flashes_are_shown_as_they_are() -> None:
    amounts, _ = limited(strobe(10, 60), steps(60, 240))
    first = next(k for k, amount in enumerate(amounts) if amount)
    assert first == 7 * 3  # the seventh change


def test_afterwards_the_show_comes_back_smoothly_and_wholly() -> None:
    fps = 60
    frames = strobe(10, fps, 3.0) + [even(0.8)] * (4 * fps)
    amounts, shown = limited(frames, steps(fps, len(frames)))
    light = np.array([frame[0, 0, 0] for frame in shown])
    assert np.abs(np.diff(light[3 * fps :])).max() < 0.05
    assert set(amounts[-fps:]) == {0.0}
    assert light[-1] == pytest.approx(0.8)


def test_the_amount_is_the_smallest_that_is_allowed() -> None:
    """At the first frame that is calmed, a 32nd less would be too much."""
    frames, limiter = strobe(10, 60), FlashLimiter()
    for k, frame in enumerate(frames):
        amount = limiter.amount(frame, k / 60)
        if amount:
            less = linear(coded(frame) * (1 - amount + 1 / 32) + coded(frames[k - 1]) * (amount - 1 / 32))
            assert not limiter.allows(less, blend=True)
            break
        limiter.show(frame, 0.0)
    else:
        pytest.fail("never calmed")


@st.composite
def shows(draw: st.DrawFn) -> tuple[list[np.ndarray], list[float]]:
    """Frames of a few even fields that jump about, at any pace."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = draw(st.sampled_from([(1, 1), (1, 2), (3, 4), (9, 16)]))
    pace = draw(st.floats(1 / 240, 1 / 24))
    wild = draw(st.floats(0, 1))
    hold = draw(st.integers(1, 4))
    frames, times, now = [], [], 0.0
    for k in range(90):
        if k % hold == 0:
            few = rng.random((rows, columns, 3)) ** 2 if rng.random() < 0.7 else rng.integers(0, 2, (rows, columns, 3))
        frames.append(few.repeat(36 // rows, 0).repeat(64 // columns, 1).astype(np.float32))
        times.append(now)
        now += pace * (1 + wild * rng.random())
    return frames, times


@settings(max_examples=15)
@given(shows())
def test_whatever_comes_nothing_flashes_too_often(show: tuple[list[np.ndarray], list[float]]) -> None:
    frames, times = show
    amounts, shown = limited(frames, times)
    assert not flashes(shown, times)
    assert all(0.0 <= amount <= 1.0 for amount in amounts)
    assert flashes(frames, times) or set(amounts) == {0.0}


@pytest.mark.parametrize("odd", [[0.0] * 40, [1.0 - k / 40 for k in range(40)], [math.nan] * 40])
def test_time_that_stands_still_or_runs_backwards_hides_no_flash(odd: list[float]) -> None:
    amounts, _ = limited(strobe(10, 20, 2.0), odd)
    assert max(amounts) > 0.5


def test_a_pause_ends_the_second() -> None:
    frames, limiter = strobe(10, 20, 0.35), FlashLimiter()
    assert [limiter.step(frame, k / 20) for k, frame in enumerate(frames)] == [0.0] * 7
    assert limiter.step(even(1.0 - frames[-1][0, 0, 0]), 100.0) == 0.0
