"""A coordinate over time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tessonance.errors import GridError
from tessonance.motion import Path

HOP = 256 / 48_000
CLOSED = np.array([False, True])
coordinates = hnp.arrays(np.float64, st.tuples(st.integers(1, 50), st.just(2)), elements=st.floats(0, 1))


def round_trip(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far two coordinates are apart, the short way round on the closed axis."""
    away = np.abs(a - b)
    return np.where(CLOSED, np.minimum(away, 1 - away), away)


def test_it_passes_through_every_hop_at_the_hops_own_time() -> None:
    places = np.array([[0.1, 0.9], [0.5, 0.1], [0.4, 0.3]])
    path = Path(places, HOP, 12.0, CLOSED)
    np.testing.assert_allclose(path.seconds, 12.0 + HOP * np.array([1, 2, 3]))
    np.testing.assert_allclose(path.at(path.seconds), places, atol=1e-9)


def test_between_hops_it_goes_straight_and_the_short_way_round() -> None:
    path = Path(np.array([[0.1, 0.9], [0.5, 0.1]]), 1.0, 0.0, CLOSED)
    np.testing.assert_allclose(path.at([1.25, 1.5, 1.75]), [[0.2, 0.95], [0.3, 0.0], [0.4, 0.05]], atol=1e-12)


def test_it_is_held_before_the_first_hop_and_after_the_last() -> None:
    path = Path(np.array([[0.1, 0.9], [0.5, 0.1]]), 1.0, 0.0, CLOSED)
    np.testing.assert_allclose(path.at([-100.0, 0.0, 2.0, 1e9]), [[0.1, 0.9], [0.1, 0.9], [0.5, 0.1], [0.5, 0.1]])


def test_a_time_gives_a_coordinate_and_an_array_of_times_one_each() -> None:
    path = Path(np.array([[0.1, 0.9], [0.5, 0.1]]), 1.0, 0.0, CLOSED)
    assert path.at(1.5).shape == (2,)
    assert path.at(np.zeros((3, 4))).shape == (3, 4, 2)


@given(coordinates, hnp.arrays(np.float64, 7, elements=st.floats(-1e6, 1e6)))
def test_it_never_leaves_the_tesseract(places: np.ndarray, seconds: np.ndarray) -> None:
    at = Path(places, HOP, 0.0, CLOSED).at(seconds)
    assert ((at >= 0) & (at <= 1)).all()


@given(coordinates, st.floats(0, 0.3), st.floats(1e-7, 1e-4))
def test_it_is_continuous(places: np.ndarray, second: float, moment: float) -> None:
    path = Path(places, HOP, 0.0, CLOSED)
    assert round_trip(path.at(second), path.at(second + moment)).max() <= moment / HOP + 1e-9


@given(coordinates, st.floats(-100, 100))
def test_a_later_start_only_shifts_it(places: np.ndarray, later: float) -> None:
    seconds = np.linspace(-0.1, 0.4, 50)
    here, there = Path(places, HOP, 0.0, CLOSED), Path(places, HOP, later, CLOSED)
    assert round_trip(here.at(seconds), there.at(seconds + later)).max() < 1e-9


def test_every_frame_rate_follows_the_same_path() -> None:
    random = np.random.default_rng(0)
    path = Path(random.uniform(size=(800, 2)), HOP, 0.0, CLOSED)
    every = {fps: path.at([float(Fraction(k, fps)) for k in range(4 * fps)]) for fps in (24, 30, 60)}
    common = every[60][::10]
    assert round_trip(every[24][::4], common).max() < 1e-6
    assert round_trip(every[30][::5], common).max() < 1e-6


@pytest.mark.parametrize(("places", "closed"), [((0, 2), 2), ((3,), 3), ((3, 2), 1)])
def test_shapes_that_do_not_fit_are_refused(places: tuple[int, ...], closed: int) -> None:
    with pytest.raises(GridError, match="this is no path"):
        Path(np.zeros(places), HOP, 0.0, np.zeros(closed, bool))
