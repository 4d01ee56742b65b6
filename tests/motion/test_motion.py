"""Mapping: features in, coordinate out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tessonance as tess
from tessonance.errors import ProjectError
from tessonance.grid import Axis, Grid
from tessonance.motion import Motion
from tessonance.project import Mapping, Route

HOP = 256 / 48_000
NAMES = ("low", "mid", "high", "onset")
GRID = Grid([Axis(name="open", steps=9), Axis(name="ring", steps=8, closed=True), Axis(name="free", steps=3)])


def mover(*routes: Route, grid: Grid = GRID, hop_seconds: float = HOP) -> Motion:
    return Motion(Mapping(grid, routes), feature_names=NAMES, hop_seconds=hop_seconds)


def values(low: Any) -> np.ndarray:
    """Give `low` a row of values per hop; the other features are silent."""
    rows = np.zeros((len(low), len(NAMES)))
    rows[:, 0] = low
    return rows


def route(axis: str = "open", **keys: Any) -> Route:
    return Route(**{"feature": "low", "axis": axis, "attack_ms": 0, "release_ms": 0, **keys})


@st.composite
def routes(draw: st.DrawFn, acts: tuple[str, ...] = ("position", "speed", "step")) -> Route:
    axis = draw(st.sampled_from(["open", "ring"]))
    times = st.sampled_from([0.0, 5.0, 40.0, 700.0])
    return Route(
        feature=draw(st.sampled_from(NAMES)),
        axis=axis,
        act=draw(st.sampled_from(acts)),
        gain=draw(st.floats(-1000, 1000) | st.floats(-2, 2)),
        offset=draw(st.sampled_from([0.0, 0.3, -0.4, 900.0])),
        curve=draw(st.sampled_from(["linear", "smooth", 0.01, 0.5, 3.0, 100.0])),
        attack_ms=draw(times),
        release_ms=draw(times),
        edge=draw(st.sampled_from(["bounce", "swing", "wrap"] if axis == "ring" else ["bounce", "swing"])),
    )


any_values = hnp.arrays(
    np.float64, st.tuples(st.integers(0, 40), st.just(len(NAMES))), elements=st.floats(width=64) | st.floats(0, 1)
)
fair_values = hnp.arrays(np.float64, st.tuples(st.integers(1, 60), st.just(len(NAMES))), elements=st.floats(0, 1))


@given(st.lists(routes(), max_size=5), any_values)
def test_every_coordinate_is_finite_and_inside(wired: list[Route], rows: np.ndarray) -> None:
    path = mover(*wired).run(rows)
    assert path.shape == (len(rows), 3)
    assert ((path >= 0) & (path <= 1)).all()


@given(st.lists(routes(), max_size=5), fair_values, st.integers(0, 60))
def test_it_does_not_matter_in_which_chunks_the_hops_come(wired: list[Route], rows: np.ndarray, cut: int) -> None:
    whole = mover(*wired).run(rows)
    parts = mover(*wired)
    np.testing.assert_array_equal(np.concatenate([parts.run(rows[:cut]), parts.run(rows[cut:])]), whole)
    single = mover(*wired)
    np.testing.assert_array_equal([single.step(row) for row in rows], whole)


@given(st.lists(routes(), max_size=4), fair_values, st.integers(1, 30))
def test_silence_before_the_song_only_shifts_the_path(wired: list[Route], rows: np.ndarray, silent: int) -> None:
    still = [Route(**{name: getattr(r, name) for name in r.__struct_fields__} | {"offset": 0.0}) for r in wired]
    later = mover(*still).run(np.concatenate([np.zeros((silent, len(NAMES))), rows]))
    np.testing.assert_array_equal(later[silent:], mover(*still).run(rows))


@given(fair_values)
def test_features_that_are_no_number_count_as_silence(rows: np.ndarray) -> None:
    holes = rows.copy()
    holes[::2] = np.nan
    silent = np.nan_to_num(holes)
    wired = [route(act=act, attack_ms=30.0) for act in ("position", "speed", "step")]
    np.testing.assert_array_equal(mover(*wired).run(holes), mover(*wired).run(silent))


def test_axes_without_a_route_rest_in_the_middle_or_at_zero_where_closed() -> None:
    np.testing.assert_array_equal(mover().run(values([1, 1])), [[0.5, 0, 0.5]] * 2)
    np.testing.assert_array_equal(mover().rest, [0.5, 0, 0.5])


def test_the_follower_reaches_63_percent_after_its_time_constant() -> None:
    hops = round(0.2 / HOP)
    path = mover(route(attack_ms=200, release_ms=400)).run(values([1] * hops + [0] * 2 * hops))[:, 0]
    risen = 1 - np.exp(-hops * HOP / 0.2)
    assert path[hops - 1] == pytest.approx(risen, abs=1e-12)
    assert path[-1] == pytest.approx(risen * np.exp(-2 * hops * HOP / 0.4), abs=1e-12)


def test_no_attack_and_no_release_follow_at_once() -> None:
    low = [0.0, 1.0, 0.25, 0.75, 0.0]
    np.testing.assert_array_equal(mover(route()).run(values(low))[:, 0], low)


@pytest.mark.parametrize(("curve", "bent"), [("linear", 0.25), ("smooth", 0.15625), (2.0, 0.0625), (0.5, 0.5)])
def test_the_curve_bends_then_gain_and_offset_scale(curve: float | str, bent: float) -> None:
    path = mover(route(curve=curve, gain=0.8, offset=0.1)).run(values([0.25]))
    assert path[0, 0] == pytest.approx(0.1 + 0.8 * bent)


def test_positions_on_one_axis_add_up_and_are_clamped() -> None:
    two = mover(route(gain=0.5), route(gain=0.75, offset=0.1)).run(values([0.2, 1.0]))[:, 0]
    np.testing.assert_allclose(two, [0.35, 1.0])
    assert mover(route(gain=-3)).run(values([1.0]))[0, 0] == 0


def test_positions_on_a_closed_axis_wrap_only_where_the_route_says_so() -> None:
    assert mover(route("ring", gain=1.25)).run(values([1.0]))[0, 1] == 1.0
    assert mover(route("ring", gain=1.25, edge="wrap")).run(values([1.0]))[0, 1] == pytest.approx(0.25)


def test_speed_is_in_axis_lengths_per_second_and_starts_at_rest() -> None:
    hops = round(1 / HOP)
    path = mover(route(act="speed", gain=0.4)).run(values([1] * hops))[:, 0]
    assert path[-1] == pytest.approx(0.5 + 0.4 * hops * HOP)
    np.testing.assert_allclose(np.diff(path), 0.4 * HOP)


def test_speed_bounces_off_the_ends_and_remembers_which_way_it_went() -> None:
    hops = round(8 / HOP)
    path = mover(route(act="speed", gain=0.5)).run(values([1] * hops))[:, 0]
    seconds = HOP * np.arange(1, hops + 1)
    triangle = 1 - np.abs((0.5 + 0.5 * seconds) % 2 - 1)
    np.testing.assert_allclose(path, triangle, atol=1e-9)
    assert np.abs(np.diff(path)).max() <= 0.5 * HOP + 1e-12


def test_speed_wraps_on_a_closed_axis() -> None:
    hops = round(2 / HOP)
    path = mover(route("ring", act="speed", gain=0.75, edge="wrap")).run(values([1] * hops))[:, 1]
    np.testing.assert_allclose(path, (0.75 * HOP * np.arange(1, hops + 1)) % 1, atol=1e-9)


def test_every_onset_adds_one_step_and_a_held_tone_adds_no_more() -> None:
    low = ([1.0] * 60 + [0.0] * 60) * 3
    path = mover(route("ring", act="step", gain=0.125, edge="wrap")).run(values(low))[:, 1]
    np.testing.assert_allclose(path[[0, 59, 119, 120, 240, 359]], [0.125, 0.125, 0.125, 0.25, 0.375, 0.375])


def test_a_tremble_around_the_threshold_is_one_onset() -> None:
    low = [0.49, 0.51] * 200
    assert mover(route("ring", act="step", gain=0.125)).run(values(low))[-1, 1] == 0.125


def test_onsets_closer_than_a_tenth_of_a_second_count_once() -> None:
    path = mover(route("ring", act="step", gain=0.125)).run(values([1.0, 0.0] * 9))
    assert path[-1, 1] == 0.125
    apart = [1.0] + [0.0] * 25
    assert mover(route("ring", act="step", gain=0.125)).run(values(apart * 2))[-1, 1] == 0.25


def test_a_step_glides_over_its_attack() -> None:
    path = mover(route("ring", act="step", gain=0.5, attack_ms=100)).run(values([1.0] * 200))[:, 1]
    at = round(0.1 / HOP) - 1
    assert path[at] == pytest.approx(0.5 * (1 - np.exp(-(at + 1) * HOP / 0.1)))
    assert (np.diff(path) >= 0).all()
    assert path[-1] == pytest.approx(0.5, abs=1e-4)


def test_an_offset_makes_a_step_more_sensitive() -> None:
    quiet = values([0.3] * 10)
    assert mover(route("ring", act="step", gain=0.5)).run(quiet)[-1, 1] == 0
    assert mover(route("ring", act="step", gain=0.5, offset=0.25)).run(quiet)[-1, 1] == 0.5


def test_a_speed_goes_on_from_where_the_position_is() -> None:
    both = mover(route(gain=0.3), route(act="speed", gain=0.1)).run(values([1.0] * 50))[:, 0]
    np.testing.assert_allclose(both, 0.3 + 0.1 * HOP * np.arange(1, 51))


def test_a_finer_hop_gives_the_same_travel() -> None:
    coarse = mover(route(act="speed", gain=0.2, attack_ms=300)).run(values([1] * 100))[-1, 0]
    fine = mover(route(act="speed", gain=0.2, attack_ms=300), hop_seconds=HOP / 4).run(values([1] * 400))[-1, 0]
    assert coarse == pytest.approx(fine, abs=1e-3)


def test_features_that_no_route_needs_are_passed_over() -> None:
    rows = values([0.5, 0.6])
    rows[:, 1:] = 0.9
    np.testing.assert_array_equal(mover(route()).run(rows)[:, 0], [0.5, 0.6])


def test_the_one_line_function_reads_a_track() -> None:
    track = SimpleNamespace(
        names=NAMES, values=values([0.2, 0.4]).astype(np.float32), hop_seconds=HOP, start_seconds=60.0
    )
    path = tess.motion(Mapping(GRID, [route()]), track)
    np.testing.assert_allclose(path.coordinates[:, 0], [0.2, 0.4], atol=1e-7)
    np.testing.assert_allclose(path.seconds, [60 + HOP, 60 + 2 * HOP])
    np.testing.assert_array_equal(path.closed, GRID.closed)


def test_a_track_without_hops_gives_a_path_at_rest() -> None:
    track = SimpleNamespace(names=NAMES, values=values([]), hop_seconds=HOP, start_seconds=0.0)
    np.testing.assert_array_equal(tess.motion(Mapping(GRID, [route()]), track).at(3.0), [0.5, 0, 0.5])


def test_what_swings_slows_down_at_the_ends_and_visits_them() -> None:
    """Evenly driven it goes from end to end and back in the same time as what bounces, and turns without a jerk."""
    hops = round(4.0 / HOP)
    swung, bounced = (
        mover(route(act="speed", gain=1.0, edge=edge)).run(values(np.ones(hops)))[:, 0] for edge in ("swing", "bounce")
    )
    assert swung.min() < 1e-4
    assert swung.max() > 1 - 1e-4
    speed = np.abs(np.diff(swung)) / HOP
    assert speed.max() == pytest.approx(1 / 0.85, rel=0.01)
    assert np.abs(np.diff(np.diff(swung))).max() / HOP < 0.05
    assert np.abs(np.diff(np.diff(bounced))).max() / HOP > 1.5
    np.testing.assert_array_equal(np.sign(swung - 0.5), np.sign(bounced - 0.5))


def test_a_governor_has_the_last_word() -> None:
    class Calm:
        def step(self, coordinate: np.ndarray) -> np.ndarray:
            return coordinate / 2

        def run(self, coordinates: np.ndarray) -> np.ndarray:
            return coordinates / 2

    track = SimpleNamespace(names=NAMES, values=values([0.2, 0.4]), hop_seconds=HOP, start_seconds=0.0)
    path = tess.motion(Mapping(GRID, [route()]), track, governor=Calm())
    np.testing.assert_allclose(path.coordinates[:, 0], [0.1, 0.2])


def test_a_route_whose_feature_is_not_heard_is_refused() -> None:
    with pytest.raises(ProjectError, match=r"needs the feature 'brightness', which is not heard\n  got: low, mid"):
        mover(Route(feature="brightness", axis="open"))


def test_values_of_another_shape_are_refused() -> None:
    with pytest.raises(ProjectError, match=r"wanted: shape \(hops, 4\)\n  got: shape \(5, 3\)"):
        mover().run(np.zeros((5, 3)))
    with pytest.raises(ProjectError, match=r"wanted: shape \(4\)"):
        mover().step(np.zeros((1, 4)))


@pytest.mark.parametrize("hop", [0.0, -1.0, float("nan"), float("inf")])
def test_a_hop_that_takes_no_time_is_refused(hop: float) -> None:
    with pytest.raises(ProjectError, match="a hop must take some time"):
        mover(hop_seconds=hop)


@given(st.lists(routes(), max_size=5), any_values)
def test_it_can_be_asked_where_it_is(given_routes: list[Route], rows: np.ndarray) -> None:
    moving = mover(*given_routes)
    for row in rows:
        np.testing.assert_array_equal(moving.step(row), moving.place)


@given(st.lists(routes(), min_size=1, max_size=5), fair_values)
def test_a_motion_that_carries_on_is_where_the_other_was(given_routes: list[Route], rows: np.ndarray) -> None:
    before, after = mover(*given_routes), mover(*given_routes)
    before.run(rows)
    after.carry_on(before)
    np.testing.assert_array_equal(after.place, before.place)
    np.testing.assert_array_equal(after.run(rows), before.run(rows))


def test_carrying_on_with_another_gain_keeps_the_level_and_the_way_gone() -> None:
    routes = (
        route("open", attack_ms=200),
        route("ring", act="speed", edge="wrap"),
        route("free", act="step", gain=0.1),
    )
    before = mover(*routes)
    before.run(values([0.6] * 60))
    louder = mover(*(msgspec.structs.replace(each, gain=2 * each.gain) for each in routes))
    louder.carry_on(before)
    np.testing.assert_allclose(louder.place, before.place * [2, 1, 1])


def test_carrying_on_leaves_hands_that_are_new_as_they_are() -> None:
    before = mover(route("open"))
    before.run(values([0.8]))
    after = mover(route("ring", feature="low"), route("open", feature="mid"))
    after.carry_on(before)
    np.testing.assert_array_equal(after.place, [0.0, 0.0, 0.5])
