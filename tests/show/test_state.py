"""What the HUD shows at one moment of a film."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from tessonance.motion import Path
from tessonance.show.state import HISTORY_SECONDS, TRAIL_SECONDS, FilmStates

HOP = 256 / 48_000


def states(seconds: float = 10.0, start: float = 0.0) -> FilmStates:
    times = np.arange(HOP, seconds, HOP)
    track = SimpleNamespace(
        names=("low", "high"),
        values=np.stack([times / seconds, np.zeros_like(times)], 1).astype(np.float32),
        hop_seconds=HOP,
        start_seconds=start,
    )
    path = Path((times / seconds)[:, None], HOP, start, np.array([False]))
    return FilmStates(path, track, ("high", "low"))


def test_the_trail_ends_at_the_coordinate_and_begins_two_seconds_before() -> None:
    state = states().at(6.0)
    np.testing.assert_allclose(state.coordinate, [0.6], atol=1e-3)
    np.testing.assert_allclose(state.trail[[0, -1], 0], [(6 - TRAIL_SECONDS) / 10, 0.6], atol=1e-3)
    assert state.seconds == 6.0


def test_features_are_remembered_by_name_with_the_present_last() -> None:
    lately = states().at(6.0).features
    assert set(lately) == {"low", "high"}
    np.testing.assert_allclose(lately["low"][-1], 0.6, atol=0.01)
    np.testing.assert_allclose(lately["low"][0], 0.6 - HISTORY_SECONDS / 10, atol=0.01)
    assert not lately["high"].any()


def test_nothing_of_the_future_shows() -> None:
    for seconds in np.linspace(0.5, 9.5, 200):
        assert states().at(seconds).features["low"].max() <= seconds / 10 + 1e-6


def test_before_the_first_sound_it_was_silent() -> None:
    lately = states(start=20.0).at(21.0).features["low"]
    assert not lately[: len(lately) // 2].any()
    assert lately[-1] > 0


def test_the_line_scrolls_rather_than_trembles() -> None:
    made = states()
    before, after = made.at(5.0).features["low"], made.at(5.0 + 1 / 30).features["low"]
    np.testing.assert_array_equal(before[1:], after[:-1])
    np.testing.assert_array_equal(made.at(5.0 + 1 / 60).features["low"], before)


def test_a_song_without_a_hop_still_has_a_moment() -> None:
    track = SimpleNamespace(names=("low",), values=np.zeros((0, 1), np.float32), hop_seconds=HOP, start_seconds=0.0)
    state = FilmStates(Path(np.array([[0.5]]), HOP, 0.0, np.array([False])), track, ("low",)).at(1.0)
    assert not state.features["low"].any()
