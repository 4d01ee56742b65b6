"""What a mapping would do, foreseen: the same places as motion's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tessonance as tess
from tessonance.certify.foresight import Heard
from tessonance.grid import Axis, Grid
from tessonance.mapping import Governing
from tessonance.project import Mapping, Route

RATE = 48_000
GRID = Grid([Axis(name="bloom", steps=9), Axis(name="turn", steps=8, closed=True)])


@pytest.fixture(scope="module")
def song() -> tuple[np.ndarray, int]:
    """Five seconds of bass that comes and goes, quiet in the middle."""
    t = np.arange(5 * RATE) / RATE
    bass = np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2) * np.where((t > 2) & (t < 3), 0.05, 1.0)
    return (0.3 * bass).astype(np.float32), RATE


@pytest.fixture(scope="module")
def heard(song: tuple[np.ndarray, int]) -> Heard:
    return Heard(GRID, [song], ("low", "loudness"), edges=(0.2, 0.1), counts=(8, 8))


@pytest.mark.parametrize(
    "keys",
    [
        {"axis": "bloom", "attack_ms": 40, "release_ms": 300, "gain": 1.5, "offset": -0.2},
        {"axis": "bloom", "act": "speed", "gain": 2.0, "curve": 3.0, "edge": "swing"},
        {"axis": "turn", "act": "speed", "gain": 1.5, "curve": 2.0, "edge": "wrap"},
    ],
)
def test_places_are_those_of_motion(song: tuple[np.ndarray, int], heard: Heard, keys: dict[str, Any]) -> None:
    route = Route(feature="low", **keys)
    (places,) = heard.places(route)
    path = tess.motion(Mapping(GRID, [route]), tess.features(song, ("low", "loudness")))
    axis = GRID.names.index(route.axis)
    way = places - path.at(np.arange(len(places)) / 30)[:, axis]
    assert np.abs(way - np.rint(way) if axis else way).max() < 0.02
    assert heard.travelled(route) > 0.1


def test_ends_let_the_song_use_the_axis(heard: Heard) -> None:
    bare = Route(feature="low", axis="bloom", attack_ms=40, release_ms=300)
    low, high = heard.ends(bare)
    gain = 1 / (high - low)
    (places,) = heard.places(
        Route(feature="low", axis="bloom", attack_ms=40, release_ms=300, gain=gain, offset=-low * gain)
    )
    assert np.percentile(places, 98) - np.percentile(places, 2) > 0.9


def test_steps_are_foreseen_and_held_by_the_governor(heard: Heard) -> None:
    fast = Route(feature="low", axis="bloom", act="speed", gain=40.0)
    slow = Route(feature="low", axis="bloom", act="speed", gain=0.5)
    (free,), _ = heard.foreseen(Mapping(GRID, [fast]))
    (held,), _ = heard.foreseen(Mapping(GRID, [fast], governor=Governing(limit=3.0)))
    (gentle,), (agreement,) = heard.foreseen(Mapping(GRID, [slow]))
    assert free > held
    assert held <= 3.0 / 30
    assert gentle < 0.05
    assert agreement > 0.5


def test_a_song_with_quiet_parts_is_dynamic(heard: Heard) -> None:
    assert heard.dynamic
    assert heard.levels_db[0] == pytest.approx(-17, abs=3)


def test_the_part_to_watch_has_both_loud_and_quiet() -> None:
    """Eight quiet seconds, two loud ones, ten that are as loud all the time: what is around the change tells most."""
    t = np.arange(20 * RATE) / RATE
    samples = np.sin(2 * np.pi * 200 * t) * np.select([t < 8, t < 10], [0.01, 0.5], 0.1)
    heard = Heard(GRID, [(samples.astype(np.float32), RATE)] * 2, ("low",), edges=(0.2, 0.1), counts=(8, 8))
    first, second = heard.widest(4.0)
    assert first == second
    assert 4.0 < first <= 8.0
    assert heard.widest(60.0) == [0.0, 0.0]
