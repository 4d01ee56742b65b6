"""When a frame is due, and how to be there neither late nor early."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.sinks.pacing import DOUBTS, SPARE_SECONDS, Pacer, locked_rate

PERIOD = 1 / 60


class Clock:
    """A clock that goes on only when somebody works, sleeps or looks at it."""

    def __init__(self, *, oversleeps: float = 0.0) -> None:
        self.now, self.slept, self.oversleeps = 100.0, 0.0, oversleeps

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept += seconds
        self.now += seconds + self.oversleeps

    def to_the_next(self, tick: float) -> None:
        self.now = (int(self.now / tick) + 1) * tick


def run(pacer: Pacer, clock: Clock, works: list[float], *, tick: float = 0.0) -> np.ndarray:
    """Show frames that take some work each; with `tick`, swaps wait for a screen. Return when they were seen."""
    seen = []
    for work in works:
        pacer.begin()
        clock.now += work
        pacer.hold()
        if tick:
            clock.to_the_next(tick)
        seen.append(pacer.swapped())
    return np.array(seen)


def paced(clock: Clock, *, vsync: bool = False, fps: float = 60.0) -> Pacer:
    return Pacer(fps, vsync=vsync, clock=clock, sleep=clock.sleep)


def test_frames_are_evenly_spaced_however_their_work_varies_and_sleep_oversleeps() -> None:
    clock = Clock(oversleeps=0.001)
    rng = np.random.default_rng(1)
    seen = run(paced(clock), clock, rng.uniform(0.001, 0.012, 300).tolist())
    uneven = np.abs(np.diff(seen) - PERIOD)
    assert np.quantile(uneven, 0.9) < 1e-4
    assert uneven.max() < 2e-3
    assert seen[-1] - seen[0] == pytest.approx(299 * PERIOD, abs=1e-4)


def test_a_frame_is_begun_as_late_as_its_work_allows() -> None:
    clock = Clock()
    pacer = paced(clock)
    run(pacer, clock, [0.004] * 100)
    due = pacer.begin()
    assert due - clock.now == pytest.approx(0.004 + SPARE_SECONDS, abs=1e-4)
    assert clock.now < due


def test_where_sleep_wakes_late_frames_are_begun_so_much_sooner_and_still_are_in_time() -> None:
    clock = Clock(oversleeps=0.002)
    pacer = paced(clock)
    seen = run(pacer, clock, [0.004] * 100)[20:]
    assert np.abs(np.diff(seen) - PERIOD).max() < 1e-4
    due = pacer.begin()
    assert due - clock.now == pytest.approx(0.004 + SPARE_SECONDS, abs=1e-4)
    assert pacer.work == pytest.approx(0.004, abs=1e-4)  # what sleep took is no work


def test_a_sleep_that_is_late_by_far_does_not_make_all_frames_begin_so_early() -> None:
    clock = Clock(oversleeps=0.009)
    pacer = paced(clock)
    run(pacer, clock, [0.001] * 100)
    asleep = clock.slept
    due = pacer.begin()
    wanted = due - (clock.now - clock.oversleeps)
    assert clock.slept > asleep
    assert wanted == pytest.approx(0.001 + 0.003 + SPARE_SECONDS, abs=1e-4)


def test_a_frame_that_takes_too_long_is_shown_at_once_and_the_next_one_in_step_again() -> None:
    clock = Clock()
    seen = run(paced(clock), clock, [0.002] * 5 + [0.020] + [0.002] * 5)
    steps = (seen - seen[0]) / PERIOD
    assert steps[5] == pytest.approx(5 + 0.020 / PERIOD - 1, abs=0.01)
    np.testing.assert_allclose(np.delete(steps, 5), [0, 1, 2, 3, 4, 6, 7, 8, 9, 10], atol=0.01)


def test_after_a_long_standstill_it_goes_on_evenly_from_there() -> None:
    clock = Clock()
    seen = run(paced(clock), clock, [0.002] * 5 + [0.205] + [0.002] * 20)
    assert np.abs(np.diff(seen[5:]) - PERIOD).max() < 1e-4


def test_a_machine_that_is_too_slow_neither_sleeps_nor_hurries() -> None:
    clock = Clock()
    pacer = paced(clock)
    run(pacer, clock, [0.05] * 5)
    clock.slept = 0.0
    seen = run(pacer, clock, [0.05] * 20)
    assert np.diff(seen) == pytest.approx(0.05, abs=1e-4)
    assert clock.slept == 0.0


@pytest.mark.parametrize(("refresh", "fps"), [(60.0, 60.0), (59.94, 60.0), (60.1, 60.0), (120.0, 60.0), (60.0, 30.0)])
def test_with_vsync_every_frame_is_shown_at_its_tick_of_the_screen(refresh: float, fps: float) -> None:
    clock = Clock()
    rate = locked_rate(fps, refresh)
    assert rate is not None
    pacer = paced(clock, vsync=True, fps=rate)
    seen = run(pacer, clock, [0.003] * 400, tick=1 / refresh)[5:]
    assert np.abs(np.diff(seen) - 1 / rate).max() < 1e-4
    assert pacer.vsync


def test_vsync_that_does_not_wait_is_given_up_and_frames_are_evenly_spaced_all_the_same() -> None:
    clock = Clock()
    pacer = paced(clock, vsync=True)
    seen = run(pacer, clock, [0.003] * 200)
    assert not pacer.vsync
    assert np.abs(np.diff(seen[2 * DOUBTS :]) - PERIOD).max() < 1e-4
    assert np.diff(seen).min() > 0.7 * PERIOD


def test_late_frames_do_not_make_it_doubt_vsync() -> None:
    clock = Clock()
    pacer = paced(clock, vsync=True)
    run(pacer, clock, [PERIOD] * (2 * DOUBTS))
    assert pacer.vsync


@pytest.mark.parametrize(
    ("fps", "refresh", "rate"),
    [
        (60, 60, 60.0),
        (60, 59.94, 59.94),
        (30, 60, 30.0),
        (60, 120, 60.0),
        (60, 50, 50.0),
        (60, 144, None),
        (60, 75, None),
        (60, 0, None),
        (24, 60, None),
    ],
)
def test_frames_keep_in_step_with_a_screen_whose_rate_is_near(fps: float, refresh: float, rate: float | None) -> None:
    assert locked_rate(fps, refresh) == rate
