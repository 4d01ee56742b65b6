"""The speed limit: nothing changes faster than it allows, and nothing is slower than it must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tessonance as tess
from tessonance.errors import GridError, ProjectError
from tessonance.grid import Axis, Grid
from tessonance.mapping import Governing
from tessonance.motion import Motion, Slowness, SpeedLimit, accented
from tessonance.motion.slowness import axis_lengths, edge_shape
from tessonance.project import Mapping, Route

HOP = 256 / 48_000
OPEN, RING = Axis(name="open", steps=5), Axis(name="ring", steps=4, closed=True)
GRID = Grid([OPEN, RING])
STRAIGHT = np.array([1 / 16, 1 / 4, 1.0])
BENT = STRAIGHT**0.7


def knots(grid: Grid) -> list[np.ndarray]:
    return [np.arange(axis.steps) for axis in grid.axes]


def even(grid: Grid, edge: float = 0.1, shape: np.ndarray = STRAIGHT) -> list[np.ndarray]:
    """Every edge as far as every other."""
    counts = [axis.steps for axis in grid.axes]
    return [np.broadcast_to(edge * shape, edge_shape(grid, counts, k)).copy() for k in range(len(counts))]


def limiter(distances: list[np.ndarray], *, grid: Grid = GRID, limit: float = 3.0) -> SpeedLimit:
    return SpeedLimit(Slowness(grid, knots(grid), distances, limit=limit), HOP)


def live(governor: SpeedLimit, wanted: np.ndarray) -> np.ndarray:
    return np.array([governor.step(place) for place in wanted])


def short(way: np.ndarray, grid: Grid = GRID) -> np.ndarray:
    return np.where(grid.closed, way - np.rint(way), way)


def jumps(seconds: float = 4.0, axes: int = 2, seed: int = 0) -> np.ndarray:
    """Somewhere else every fifth of a second."""
    hops = round(seconds / HOP)
    places = np.random.default_rng(seed).random((hops // 37 + 1, axes))
    return np.repeat(places, 37, axis=0)[:hops]


def test_what_is_slow_enough_passes_untouched() -> None:
    wanted = np.stack([np.linspace(0.2, 0.6, 400), np.full(400, 0.3)], axis=1)
    governor = limiter(even(GRID))
    np.testing.assert_allclose(live(governor, wanted), wanted, atol=1e-12)
    np.testing.assert_allclose(governor.run(wanted), wanted, atol=1e-12)


def test_a_jump_takes_the_time_that_the_way_is_long() -> None:
    """Four edges of 0.1 at 3 a second, straight: 0.133 seconds, and not a hop more."""
    wanted = np.tile([1.0, 0.0], (60, 1))
    wanted[0] = 0.0
    path = live(limiter(even(GRID)), wanted)
    arrived = int(np.argmax(path[:, 0] >= 1.0 - 1e-9))
    assert arrived == pytest.approx(0.4 / 3.0 / HOP, abs=1)
    steps = np.diff(path[:arrived, 0])
    np.testing.assert_allclose(steps, steps[0])


def test_of_a_bent_distance_the_short_frame_is_what_counts() -> None:
    """At 60 a second, 1.1 thirtieths of the limit may show; the way for that is found on the bent curve."""
    grid = Grid([OPEN])
    wanted = np.full((400, 1), 1.0)
    wanted[0] = 0.0
    path = live(limiter(even(grid, 0.3, BENT), grid=grid), wanted)[:, 0]
    speed = np.diff(path)[0] / HOP * OPEN.edges  # edges a second
    assert 0.3 * (speed / 60) ** 0.7 == pytest.approx(1.1 * 3.0 / 60, rel=1e-3)
    assert 0.3 * (speed / 30) ** 0.7 < 3.0 / 30


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_no_hop_takes_less_time_than_its_edges_ask_for(seed: int) -> None:
    """Whatever the edges and wherever the music jumps, the shares of all axes add up to at most a hop."""
    random = np.random.default_rng(seed)
    distances = [values * random.uniform(0.5, 2.0, (*values.shape[:-1], 1)) for values in even(GRID)]
    path = live(limiter(distances), jumps(1.0, seed=seed))
    assert ((path >= 0) & (path <= 1)).all()
    for before, way in zip(path, short(np.diff(path, axis=0)), strict=False):
        needed = 0.0
        for share in (np.arange(200) + 0.5) / 200:
            needed += sum(_pace(distances, (before + share * way) % 1.0, k) * abs(way[k]) / 200 for k in (0, 1))
        assert needed <= HOP * 1.2  # the pace is that where the hop begins, or its edge


def _pace(distances: list[np.ndarray], place: np.ndarray, axis: int) -> float:
    """Seconds of a whole axis, read off the distances: straight ones, so that 30 a second is what holds."""
    edge = [min(int(place[0] * 4), 3), min(int(place[1] * 4), 3)]
    whole, other = distances[axis][..., -1], 1 - axis
    share = place[other] * 4 - edge[other]
    near, far = list(edge), list(edge)
    far[other] = (edge[other] + 1) % (5 if other == 0 else 4)
    return 4 * ((1 - share) * whole[tuple(near)] + share * whole[tuple(far)]) / 3.0


def test_it_never_overshoots_and_stands_still_when_it_is_there() -> None:
    wanted = np.repeat([[0.1, 0.2], [0.9, 0.5], [0.4, 0.5]], 120, axis=0)
    path = live(limiter(even(GRID)), wanted)
    np.testing.assert_allclose(path[[119, 239, 359]], wanted[[119, 239, 359]], atol=1e-9)
    for leg in (path[:120], path[120:240], path[240:]):
        assert (np.diff(np.sign(np.round(np.diff(leg[:, 0]), 12))) <= 1).all()
        assert np.unique(np.sign(np.round(np.diff(leg[:, 0]), 12))).size <= 2


def test_a_long_axis_holds_up_no_short_one() -> None:
    """Both are to go from end to end: the short one is there nearly as soon as alone, the long one when both may be."""
    grid = Grid([Axis(name="long", steps=5), Axis(name="short", steps=5)])
    far, near = even(grid, 0.4)[0], even(grid, 0.05)[1]
    wanted = np.tile([1.0, 1.0], (200, 1))
    wanted[0] = 0.0
    path = live(limiter([far, near], grid=grid), wanted)
    arrived = [int(np.argmax(path[:, k] >= 1.0 - 1e-9)) * HOP for k in (0, 1)]
    near_there = int(np.argmax(path[:, 1] >= 0.9)) * HOP
    assert arrived[0] == pytest.approx((4 * 0.4 + 4 * 0.05) / 3.0, abs=HOP)  # nothing of the time is lost
    assert near_there < 1.3 * 4 * 0.05 / 3.0
    assert arrived[1] <= arrived[0]


def test_an_axis_that_costs_nothing_and_stands_still_holds_up_no_other() -> None:
    grid = Grid([Axis(name="one", steps=1), OPEN])
    governor = limiter(even(grid), grid=grid)
    wanted = np.tile([0.5, 1.0], (60, 1))
    wanted[0] = [0.5, 0.0]
    assert live(governor, wanted)[-1].tolist() == [0.5, 1.0]


def test_what_rounding_leaves_of_a_way_at_the_end_of_an_axis_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a hop an axis came to its end with 5e-17 still to go, and from there to where it was, over and over."""
    governor, asked = limiter(even(GRID)), 0
    at = governor._slowness.at

    def counted(places: Any) -> list[float]:
        nonlocal asked
        asked += 1
        assert asked < 100, "it goes on for ever"
        return at(places)

    monkeypatch.setattr(governor._slowness, "at", counted)
    governor.start([1.0, 0.3])
    governor._way = [5e-17, 0.4]
    governor._go(HOP)
    assert governor._at == [1.0, pytest.approx(0.3 + HOP * 3.0 / 0.4)]
    governor.step(np.array([1.5, 0.3]))  # what lies outside is not run after
    assert governor._at[0] == 1.0


def test_what_turns_too_fast_turns_evenly_at_the_limit() -> None:
    """Beyond half a turn of lag, the short way would be back: it keeps its direction."""
    hops = 800
    wanted = np.stack([np.full(hops, 0.5), (np.arange(hops) * HOP * 20.0) % 1.0], axis=1)
    speed = short(np.diff(live(limiter(even(GRID)), wanted), axis=0))[:, 1] / HOP
    np.testing.assert_allclose(speed, 3.0 / 0.4, rtol=1e-6)


def test_a_flat_edge_costs_nothing_and_a_cliff_behind_it_is_not_jumped() -> None:
    grid = Grid([OPEN])
    distances = [np.array([0.0, 0.6, 0.0, 0.0])[:, None] * STRAIGHT]
    wanted = np.full((200, 1), 1.0)
    wanted[0] = 0.0
    path = live(limiter(distances, grid=grid), wanted)[:, 0]
    assert path[1] > 0.25  # over the flat edge at once
    assert np.argmax(path >= 0.5) == pytest.approx(0.6 / 3.0 / HOP, abs=1.5)
    assert path[np.argmax(path >= 0.5)] == 1.0


def test_a_tesseract_that_does_not_change_is_not_limited() -> None:
    wanted = jumps(1.0)
    np.testing.assert_allclose(live(limiter(even(GRID, 0.0)), wanted), wanted, atol=1e-12)


def test_unknown_edges_count_as_the_mean_of_their_axis() -> None:
    known, holes = even(GRID), even(GRID)
    holes[0][1, 2] = np.nan
    wanted = jumps(1.0)
    np.testing.assert_allclose(live(limiter(holes), wanted), live(limiter(known), wanted), atol=1e-12)
    nothing = [np.full_like(values, np.nan) for values in known]
    np.testing.assert_allclose(live(limiter(nothing), wanted), wanted, atol=1e-12)


def test_axes_of_one_step_and_knots_with_gaps_have_their_place() -> None:
    grid = Grid([Axis(name="one", steps=1), Axis(name="ring", steps=8, closed=True), OPEN])
    along = [np.array([0]), np.array([0, 3, 4]), np.array([0, 4])]
    shapes = [(0, 3, 2, 3), (1, 3, 2, 3), (1, 3, 1, 3)]
    distances = [np.full(shape, 0.3) * STRAIGHT for shape in shapes]
    governor = SpeedLimit(Slowness(grid, along, distances, limit=3.0), HOP)
    wanted = jumps(3.0, axes=3) * [1, 1, 0]
    path = live(governor, wanted)
    assert np.isfinite(path).all()
    assert ((path >= 0) & (path <= 1)).all()
    ring = np.abs(short(np.diff(path, axis=0), grid)[:, 1]) / HOP
    assert ring.max() == pytest.approx(10 / 2, rel=0.01)  # four of eight steps are one edge of 0.3, a tenth of a second


def test_a_film_is_not_late_and_keeps_the_limit_too() -> None:
    """What rises fast and falls slowly, as every drum does, leaves the live show late and the film on time."""
    hops = 1500
    level = np.zeros(hops)
    for hop in range(1, hops):
        kick = 1.0 if hop % 150 < 12 else 0.0
        level[hop] = level[hop - 1] + (0.3 if kick > level[hop - 1] else 0.02) * (kick - level[hop - 1])
    wanted = np.stack([level, np.zeros(hops)], axis=1)
    governor = limiter(even(GRID, 0.2))
    film, show = governor.run(wanted), live(governor, wanted)
    assert lag(wanted[:, 0], show[:, 0]) >= 8
    assert abs(lag(wanted[:, 0], film[:, 0])) <= 1
    assert np.abs(np.diff(film[:, 0])).max() <= np.abs(np.diff(show[:, 0])).max() * 1.0001
    assert np.abs(film - wanted).mean() < np.abs(show - wanted).mean()
    rises = [int(np.argmax(np.diff(path[1300:1400, 0]) > 0)) for path in (film, show, wanted)]
    assert rises[0] < rises[1] == rises[2] == 49  # before the kick that it cannot follow in time


def lag(wanted: np.ndarray, got: np.ndarray, most: int = 40) -> int:
    """By how many hops `got` is late."""
    inner = slice(most, len(wanted) - most)
    scores = {by: np.corrcoef(wanted[inner], np.roll(got, -by)[inner])[0, 1] for by in range(-most, most + 1)}
    return max(scores, key=scores.__getitem__)


def test_run_and_step_leave_each_other_alone() -> None:
    wanted, governor = jumps(1.0), limiter(even(GRID))
    first = live(governor, wanted[:50])
    governor.run(wanted)
    whole = live(limiter(even(GRID)), wanted)
    np.testing.assert_array_equal(np.concatenate([first, live(governor, wanted[50:])]), whole)
    assert governor.run(np.zeros((0, 2))).shape == (0, 2)


def test_it_goes_on_from_where_it_is_put() -> None:
    governor = limiter(even(GRID))
    governor.start([0.5, 0.5])
    step = short(governor.step(np.array([1.0, 0.5])) - [0.5, 0.5])
    assert step[0] == pytest.approx(HOP * 3.0 / 0.4)


def test_accents_pass_and_the_rest_is_held() -> None:
    """The same song with one route as an accent: what it adds is there at once, on both kinds of axes."""
    routes = [
        Route(feature="low", axis="open", gain=0.8, attack_ms=0, release_ms=0),
        Route(feature="onset", axis="open", gain=0.2, attack_ms=0, release_ms=0, accent=True),
        Route(feature="onset", axis="ring", act="speed", gain=2.0, attack_ms=0, release_ms=0, edge="wrap", accent=True),
    ]
    mapping = Mapping(GRID, routes)
    values = np.zeros((100, 2))
    values[20:, 0], values[20:30, 1] = 1.0, 1.0
    track = type("Track", (), {"names": ("low", "onset"), "values": values, "hop_seconds": HOP, "start_seconds": 0.0})
    free = tess.motion(mapping, track)
    path = tess.motion(mapping, track, governor=_Still())
    np.testing.assert_allclose(free.coordinates[25], [1.0, 6 * HOP * 2.0], atol=1e-9)
    np.testing.assert_allclose(path.coordinates[25], [0.2, 6 * HOP * 2.0], atol=1e-9)
    steady, accents = Motion(mapping, feature_names=("low", "onset"), hop_seconds=HOP).run_apart(values)
    assert accents is not None
    np.testing.assert_allclose(accented(steady, accents, GRID.closed), free.coordinates, atol=1e-12)


class _Still:
    """Lets nothing move."""

    def run(self, coordinates: np.ndarray) -> np.ndarray:
        return np.tile(coordinates[0], (len(coordinates), 1))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"limit": 0.0}, ProjectError, "a speed limit is above 0"),
        ({"distances": even(GRID)[:1]}, GridError, "no distances of every axis"),
        ({"distances": [even(GRID)[0], even(GRID)[0]]}, GridError, "not the distances of this grid"),
        ({"distances": [even(GRID, -0.1)[0], even(GRID)[1]]}, GridError, "not below 0"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], error: type[Exception], said: str) -> None:
    keys: dict[str, Any] = {"limit": 3.0, "distances": even(GRID), **change}
    with pytest.raises(error, match=said):
        Slowness(GRID, knots(GRID), keys.pop("distances"), **keys)


def test_a_limit_is_a_number_or_a_word() -> None:
    assert Governing().per_second is None
    assert Governing(limit=4.5).per_second == 4.5
    assert Governing(kind="lively").per_second == 6.0
    for keys in ({"limit": 0.0}, {"limit": float("nan")}, {"limit": 3.0, "kind": "calm"}):
        with pytest.raises(ProjectError):
            Governing(**keys)


def test_an_axis_is_as_long_as_its_edges_together() -> None:
    assert axis_lengths(even(GRID)) == pytest.approx([0.4, 0.4])
    assert np.isnan(axis_lengths([np.full((2, 3), np.nan)])[0])
