"""The line below the steps in which sound arrives."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.show.clock import CATCH_UP, SampleClock

BLOCK = 128 / 48_000
FRAME = 1 / 60


def show(
    arrivals: list[tuple[float, float]], *, until: float, clock: SampleClock | None = None, begin: float = 0.0
) -> np.ndarray:
    """Look and ask sixty times a second while blocks arrive; rows of host time, answer and what was known."""
    clock = clock or SampleClock()
    rows, known, waiting = [], 0.0, list(arrivals)
    for host in np.arange(begin, until, FRAME):
        while waiting and waiting[0][1] <= host:
            known, _ = waiting.pop(0)
        if known:
            clock.look(known, host)
        if (answer := clock.at(host)) is not None:
            rows.append((host, answer, known))
    return np.array(rows)


def steady(seconds: float, *, rate: float = 1.0, late: float = 0.0, every: int = 1) -> list[tuple[float, float]]:
    """Blocks from a card whose seconds are `rate` of ours, in bursts of `every`, each up to `late` late."""
    rng = np.random.default_rng(0)
    count = int(seconds / BLOCK)
    times = [(k * BLOCK, k * BLOCK / rate + rng.random() * late) for k in range(every, count, every)]
    return [
        (position, max(when, before)) for (position, when), (_, before) in zip(times, [(0, 0), *times], strict=False)
    ]


def test_before_anything_arrived_there_is_no_time() -> None:
    assert SampleClock().at(3.0) is None


@pytest.mark.parametrize("every", [1, 4, 8])
def test_bursts_do_not_reach_the_motion(every: int) -> None:
    rows = show(steady(10, every=every), until=10)[120:]
    steps = np.diff(rows[:, 1])
    np.testing.assert_allclose(steps, FRAME, rtol=0.02)
    assert (rows[:, 1] <= rows[:, 2]).all()


def test_it_is_no_older_than_the_blocks_make_necessary() -> None:
    rows = show(steady(10), until=10)[120:]
    assert (rows[:, 0] - rows[:, 1]).max() <= BLOCK + 1e-6


def test_what_it_names_has_arrived_though_blocks_are_late() -> None:
    rows = show(steady(20, late=0.008), until=20)[120:]
    steps = np.diff(rows[:, 1])
    assert (np.abs(steps - FRAME) <= CATCH_UP * FRAME + 1e-9).mean() > 0.98
    assert (rows[:, 1] <= rows[:, 2]).all()
    assert (rows[:, 0] - rows[:, 1]).max() < 0.008 + 2 * BLOCK


@pytest.mark.parametrize("rate", [0.9997, 1.0003])
def test_a_card_that_runs_fast_or_slow_is_followed(rate: float) -> None:
    rows = show(steady(600, rate=rate, every=4), until=599)
    behind = rows[:, 2] - rows[:, 1]
    assert behind[300:].max() < 4 * BLOCK + 4 * abs(1 - rate) + 1e-3
    np.testing.assert_allclose(np.diff(rows[300:, 1]), FRAME * rate, rtol=CATCH_UP + 0.001)


def test_one_slow_wake_up_delays_no_picture() -> None:
    arrivals = steady(10)
    held = [(position, max(when, 5.08) if 5.0 <= when < 5.08 else when) for position, when in arrivals]
    rows = show(held, until=10)
    after = rows[(rows[:, 0] > 5.3)]
    assert (after[:, 0] - after[:, 1]).max() <= BLOCK + 1e-3


def test_where_nothing_arrives_it_stands_at_what_is_known_and_goes_on_afterwards() -> None:
    clock = SampleClock()
    first = steady(5)
    rows = show(first, until=8, clock=clock)
    assert rows[-1, 1] == first[-1][0]
    resumed = [(position, when + 3.0) for position, when in steady(10) if position > first[-1][0]]
    after = show(resumed, until=13, clock=clock, begin=8.0)
    assert (np.diff(after[:, 1]) >= 0).all()
    late = after[after[:, 0] > 9.0]
    np.testing.assert_allclose(np.diff(late[:, 1]), FRAME, rtol=0.06)
    assert (late[:, 2] - late[:, 1]).max() < 2 * BLOCK


def test_it_never_goes_back() -> None:
    rng = np.random.default_rng(3)
    clock, host, position, answers = SampleClock(), 100.0, 0.0, []
    for _ in range(2_000):
        host += rng.exponential(0.01)
        if rng.random() < 0.6:
            position += rng.exponential(0.012)
            clock.look(position, host)
        if (answer := clock.at(host)) is not None:
            assert answer <= position
            answers.append(answer)
    assert (np.diff(answers) >= 0).all()


def test_what_is_tolerated_makes_it_that_much_newer_and_no_more_uneven() -> None:
    exact, tolerant = (show(steady(10, every=8), until=9, clock=SampleClock(each))[120:] for each in (0.0, 0.004))
    assert (tolerant[:, 1] <= tolerant[:, 2]).all()
    gained = tolerant[:, 1] - exact[:, 1]
    assert gained.min() >= 0
    assert gained.max() == pytest.approx(0.004)
    assert np.abs(np.diff(tolerant[:, 1]) - FRAME).max() <= 0.004 + 1e-9


def test_what_is_over_is_named_though_a_later_frame_was_asked_for() -> None:
    clock = SampleClock()
    assert clock.then(1.0) is None
    for k in range(100):
        clock.look(k * 0.01, 1.0 + k * 0.01)
    latest = clock.at(2.02)
    assert latest == clock.at(1.95)
    now, before = clock.then(1.95), clock.then(1.90)
    assert now is not None
    assert before is not None
    assert now - before == pytest.approx(0.05)
    assert clock.then(0.5) == 0.0
