"""The path of a running show is read exactly as the path of a film."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import GridError
from tessonance.motion import Path
from tessonance.show.live_path import LivePath

HOP = 256 / 48_000


def live(count: int = 0, *, closed: tuple[bool, ...] = (False, True), seed: int = 0, **keys: float) -> LivePath:
    given = {"hop_seconds": HOP, "start_seconds": 0.0, **keys}
    path = LivePath(np.full(len(closed), 0.25), closed=np.array(closed), **given)
    path.append(np.random.default_rng(seed).random((count, len(closed))))
    return path


@given(
    hops=st.integers(1, 300),
    cuts=st.lists(st.integers(0, 300), max_size=5),
    start=st.sampled_from([0.0, 12.3]),
    times=st.lists(st.floats(-1.0, 20.0), min_size=1, max_size=20),
)
def test_it_is_the_path_of_a_film_bit_for_bit(hops: int, cuts: list[int], start: float, times: list[float]) -> None:
    coordinates = np.random.default_rng(hops).random((hops, 2))
    closed = np.array([False, True])
    path = LivePath(np.zeros(2), hop_seconds=HOP, start_seconds=start, closed=closed)
    for part in np.split(coordinates, sorted(min(cut, hops) for cut in cuts)):
        path.append(part)
    film = Path(coordinates, HOP, start, closed)
    np.testing.assert_array_equal(path.at(times), film.at(times))
    for seconds in times:
        np.testing.assert_array_equal(path.at(seconds), film.at(seconds))


def test_it_rests_before_the_first_hop() -> None:
    np.testing.assert_array_equal(live().at([0.0, 5.0]), np.full((2, 2), 0.25))


def test_it_goes_on_for_ever_and_keeps_the_last_seconds() -> None:
    coordinates = np.random.default_rng(1).random((5_000, 1))
    path = LivePath(np.zeros(1), hop_seconds=HOP, start_seconds=0.0, closed=np.zeros(1, bool), seconds_kept=2.0)
    for part in np.array_split(coordinates, 900):
        path.append(part)
        film = Path(coordinates[: len(path)], HOP, 0.0, np.zeros(1, bool))
        stop = path.stop_seconds
        times = np.linspace(max(HOP, stop - 1.9), stop, 7)
        np.testing.assert_array_equal(path.at(times), film.at(times))
    assert len(path) == 5_000
    oldest = coordinates[-round(2.0 / HOP)]
    np.testing.assert_array_equal(path.at(0.0), oldest)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(GridError, match="this is no path"):
        LivePath(np.zeros(2), hop_seconds=HOP, start_seconds=0.0, closed=np.zeros(3, bool))
