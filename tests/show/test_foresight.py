"""Which pictures a show will need next."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import GridError
from tessonance.grid import Axis, Cell, Grid
from tessonance.sampling import Edge, taps
from tessonance.show.foresight import Foresight

GRID = Grid([Axis(name="a", steps=9), Axis(name="b", steps=8, closed=True)])
KNOTS = [[0, 2, 4, 6, 8], list(range(8))]

unit = st.floats(0, 1)
places = st.tuples(unit, unit)
velocities = st.tuples(*[st.floats(-20, 20) | st.sampled_from([0.0, math.nan, math.inf])] * 2)


def foresight(**keys: str) -> Foresight:
    return Foresight(GRID, KNOTS, **keys)


def cells_of(place: tuple[float, ...], method: str = "blend") -> set[Cell]:
    return {tap.cell for tap in taps(place, GRID, KNOTS, method=method)}


@given(places, velocities)
def test_what_is_needed_now_comes_first_and_nothing_twice(place: tuple[float, float], speed: tuple[float, ...]) -> None:
    soon = foresight().soon(place, speed)
    now = cells_of(place)
    assert set(soon[: len(now)]) == now
    assert len(set(soon)) == len(soon)
    assert all(cell[0] in KNOTS[0] and cell[1] in KNOTS[1] for cell in soon)


@given(places)
def test_of_what_is_needed_now_the_heaviest_comes_first(place: tuple[float, float]) -> None:
    found = taps(place, GRID, KNOTS)
    heaviest = max(found, key=lambda tap: tap.weight)
    first = foresight().soon(place)[0]
    assert next(tap.weight for tap in found if tap.cell == first) == heaviest.weight


def test_what_lies_ahead_comes_in_the_order_in_which_it_is_reached() -> None:
    soon = foresight().soon((0.01, 0.0), (2.0, 0.0))
    assert [cell[0] for cell in soon] == [0, 2, 4, 6]  # a third of a second at 2 a second


def test_it_foresees_across_the_seam_of_a_closed_axis() -> None:
    assert (0, 0) in foresight().soon((0.0, 0.99), (0.0, 0.5))


def test_what_is_known_to_come_is_more_urgent_than_what_is_guessed() -> None:
    soon = foresight().soon((0.5, 0.0), (1.0, 0.0), known=[(0.24, 0.0)])
    assert soon.index((0, 0)) < soon.index((6, 0))


def test_standing_still_it_asks_for_no_more_than_the_frame() -> None:
    assert set(foresight().soon((0.3, 0.3), (0.0, 1e-9))) == cells_of((0.3, 0.3))
    assert foresight(method="nearest").soon((0.3, 0.3)) == [(2, 2)]


@given(places, velocities)
def test_where_pictures_morph_the_edges_of_a_place_come_after_its_cells(
    place: tuple[float, float], speed: tuple[float, ...]
) -> None:
    soon = foresight(method="morph").soon(place, speed)
    assert [each for each in soon if not isinstance(each, Edge)] == foresight().soon(place, speed)
    now = cells_of(place)
    edges = {shift.edge for tap in taps(place, GRID, KNOTS, method="morph") for shift in tap.shifts}
    assert set(soon[: len(now)]) == now
    assert set(soon[len(now) : len(now) + len(edges)]) == edges
    assert len(set(soon)) == len(soon)


@given(places)
def test_around_a_place_is_every_knot_the_nearest_first(place: tuple[float, float]) -> None:
    around = foresight().around(place)
    assert sorted(around) == [(a, b) for a in KNOTS[0] for b in KNOTS[1]]
    assert cells_of(place) <= set(around[:4]) | cells_of((place[0], place[1])) & set(around[:9])


def test_around_a_place_in_a_large_grid_is_not_everything() -> None:
    for axes, steps in ((1, 10_000), (2, 65), (3, 65), (4, 65), (6, 17), (12, 3)):
        large = Grid([Axis(name=f"x{k}", steps=steps) for k in range(axes)])
        around = Foresight(large, large.knots(99)).around([0.501] * axes)
        assert len(around) <= 4096
        assert {tap.cell for tap in taps([0.501] * axes, large, large.knots(99))} <= set(around[: 2**axes])


@given(st.integers(0, 60))
def test_a_coarse_grid_has_the_corners_and_no_more_than_it_may(most: int) -> None:
    coarse = foresight().coarse(most)
    assert len(coarse) <= most
    assert all(cell[0] in KNOTS[0] and cell[1] in KNOTS[1] for cell in coarse)
    if most >= 4:
        assert {0, 8} <= {cell[0] for cell in coarse}
    if most >= 40:
        assert len(coarse) == 40


def test_a_coordinate_that_is_no_number_is_refused() -> None:
    with pytest.raises(GridError, match="no such coordinate"):
        foresight().around((math.nan, 0.0))
