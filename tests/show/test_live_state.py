"""The HUD of a running show shows what that of its film shows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tessonance.motion import Path
from tessonance.show.live_path import LivePath
from tessonance.show.live_state import LiveTrack, live_state
from tessonance.show.state import FilmStates
from tessonance.sound.track import FeatureTrack

HOP = 256 / 48_000
CLOSED = np.array([False, True])


@given(hops=st.integers(800, 2_500), seed=st.integers(0, 50), back=st.floats(0, 1))
def test_its_moments_are_those_of_a_film(hops: int, seed: int, back: float) -> None:
    rng = np.random.default_rng(seed)
    values, coordinates = rng.random((hops, 2)).astype(np.float32), rng.random((hops, 2))
    track = LiveTrack(["low", "high"], hop_seconds=HOP, start_seconds=0.0)
    path = LivePath(np.zeros(2), hop_seconds=HOP, start_seconds=0.0, closed=CLOSED)
    for rows, places in zip(np.array_split(values, 200), np.array_split(coordinates, 200), strict=True):
        track.append(rows)
        path.append(places)
    seconds = path.stop_seconds - back
    film = FilmStates(Path(coordinates, HOP, 0.0, CLOSED), FeatureTrack(("low", "high"), values, HOP), ["low", "high"])
    wanted, got = film.at(seconds), live_state(path, track, seconds)
    np.testing.assert_array_equal(got.trail, wanted.trail)
    np.testing.assert_array_equal(got.coordinate, wanted.coordinate)
    for name in ("low", "high"):
        np.testing.assert_array_equal(got.features[name], wanted.features[name])


def test_before_anything_was_heard_there_is_silence() -> None:
    track = LiveTrack(["low"], hop_seconds=HOP, start_seconds=3.0)
    assert not track.lately(3.0).any()
    track.append(np.ones((2, 1), np.float32))
    assert not track.lately(2.9).any()
