"""What the picture does while nothing sounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import ProjectError
from tessonance.project import Idle
from tessonance.show.idle import IdleMotion

HOP = 256 / 48_000
LOUD, SILENT = 0.01, 0.0
CLOSED = np.array([False, True])


def idle(**keys: float) -> IdleMotion:
    return IdleMotion(Idle(**keys), closed=CLOSED, hop_seconds=HOP)


def run(drift: IdleMotion, places: np.ndarray, powers: np.ndarray | float) -> np.ndarray:
    each = np.broadcast_to(powers, len(places))
    return np.array([drift.step(place, power) for place, power in zip(places, each, strict=True)])


def hops(seconds: float) -> int:
    return round(seconds / HOP)


def still(seconds: float, place: tuple[float, float] = (0.3, 0.9)) -> np.ndarray:
    return np.tile(np.array(place), (hops(seconds), 1))


def steps(path: np.ndarray) -> np.ndarray:
    way = np.diff(path, axis=0)
    return np.abs(np.where(CLOSED, way - np.rint(way), way))


def test_while_it_sounds_the_music_alone_moves_it() -> None:
    places = np.random.default_rng(0).random((2_000, 2))
    np.testing.assert_array_equal(run(idle(), places, LOUD), places)


def test_a_short_silence_changes_nothing() -> None:
    places = still(3.9)
    np.testing.assert_array_equal(run(idle(after_seconds=4.0), places, SILENT), places)


def test_in_a_long_silence_it_drifts_along_every_axis_at_the_given_speed() -> None:
    path = run(idle(speed=0.05, after_seconds=1.0, fall_seconds=1.0), still(200), SILENT)
    travelled = steps(path[hops(3) :]).sum(0)
    assert (travelled > 0.05 * 197 * 0.9).all()
    assert (travelled < 0.05 * 197 * 1.6).all()
    assert path[:, 0].min() < 0.02
    assert path[:, 0].max() > 0.98


def test_it_falls_asleep_and_wakes_without_a_jump() -> None:
    drift = idle(speed=0.1, after_seconds=1.0, fall_seconds=2.0, wake_seconds=0.5)
    asleep = run(drift, still(60), SILENT)
    awake = run(drift, still(3), LOUD)
    path = np.concatenate([asleep, awake])
    assert steps(path).max() < 1.6 / hops(0.5) + 0.002
    assert steps(asleep).max() < 0.1 * HOP * 1.6 * np.pi / 2 * 1.01
    np.testing.assert_allclose(path[-1], [0.3, 0.9], atol=1e-12)
    assert drift.depth == 0.0


def test_it_wakes_within_the_given_time() -> None:
    drift = idle(after_seconds=1.0, wake_seconds=0.4)
    run(drift, still(30), SILENT)
    path = run(drift, still(0.41), LOUD)
    np.testing.assert_allclose(path[-1], [0.3, 0.9], atol=1e-9)


def test_speed_0_lets_it_stand_still() -> None:
    places = still(30)
    np.testing.assert_array_equal(run(idle(speed=0.0), places, SILENT), places)


def test_noise_below_the_threshold_is_silence() -> None:
    drift = idle(below_db=-50.0, after_seconds=1.0)
    run(drift, still(5), 10**-5.1)
    assert drift.depth > 0.5
    other = idle(below_db=-50.0, after_seconds=1.0)
    run(other, still(5), 10**-4.9)
    assert other.depth == 0.0


@given(
    seed=st.integers(0, 99),
    speed=st.floats(0, 1),
    after=st.floats(0, 0.2),
    fall=st.floats(0, 0.3),
    wake=st.floats(0, 0.3),
)
def test_it_stays_inside_whatever_is_heard(seed: int, speed: float, after: float, fall: float, wake: float) -> None:
    rng = np.random.default_rng(seed)
    powers = np.repeat(rng.choice([LOUD, SILENT], 12), rng.integers(1, 60, 12))
    places = np.clip(np.cumsum(rng.normal(0, 0.02, (len(powers), 2)), 0) + 0.5, 0, 1)
    drift = IdleMotion(
        Idle(speed=speed, after_seconds=after, fall_seconds=fall, wake_seconds=wake), closed=CLOSED, hop_seconds=HOP
    )
    path = run(drift, places, powers)
    assert np.isfinite(path).all()
    assert path.min() >= 0
    assert path.max() <= 1


@pytest.mark.parametrize(
    ("key", "value"), [("speed", 1.1), ("below_db", 3), ("after_seconds", -1), ("wake_seconds", 99)]
)
def test_settings_that_cannot_be_are_refused(key: str, value: float) -> None:
    with pytest.raises(ProjectError, match=f"{key} is out of range"):
        Idle(**{key: value})
