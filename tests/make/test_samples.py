"""Samples are different cells, always the same, where they are said to be; what they prove is what the books say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.grid import Axis, Grid
from tessonance.make.samples import around, at_least, evenly, midpoints, neighbours, skipped


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 30))
def test_places_of_a_box_are_different_and_inside(counts: list[int], most: int) -> None:
    places = evenly(counts, most)
    assert len(set(places)) == len(places) <= max(most, 1)
    assert all(0 <= at < count for place in places for at, count in zip(place, counts, strict=True))
    assert places == evenly(counts, most)


def test_places_are_spread_over_the_box() -> None:
    places = evenly([100, 100], 16)
    assert len(places) == 16
    quarters = {(a // 50, b // 50) for a, b in places}
    assert len(quarters) == 4


GRID = Grid([Axis(name="a", steps=17), Axis(name="b", steps=8, closed=True), Axis(name="c", steps=1)])


def test_midpoints_stand_between_knots_of_one_axis_and_on_those_of_others() -> None:
    found = midpoints(GRID, (1, 1, 0), 1, 10)
    assert sorted(found) == [(a, b, 0) for a in (0, 8, 16) for b in (2, 6)]
    assert len(midpoints(GRID, (1, 1, 0), 1, 4)) == 4


def test_neighbours_are_one_step_apart_and_begin_on_a_knot_where_they_can() -> None:
    knots = GRID.knots((1, 1, 0))
    runs = neighbours(GRID, knots, 0, 100)
    assert ((0, 0, 0), (1, 0, 0), (2, 0, 0)) in runs
    assert ((14, 4, 0), (15, 4, 0), (16, 4, 0)) in runs
    assert ((0, 4, 0), (0, 5, 0), (0, 6, 0)) in neighbours(GRID, knots, 1, 100)
    assert neighbours(GRID, knots, 2, 100) == []


def test_skipped_cells_are_off_the_knots_and_as_many_as_there_are() -> None:
    knots = GRID.knots((2, 2, 0))
    found = skipped(GRID, knots, 30)
    assert len(set(found)) == len(found) == 30
    assert all(a % 4 or b % 2 for a, b, _ in found)
    assert found == skipped(GRID, knots, 30)
    assert skipped(GRID, GRID.knots(GRID.levels), 30) == []


def test_the_knots_around_a_cell_go_across_the_seam() -> None:
    corners, shares = around(GRID, GRID.knots((2, 1, 0)), (5, 7, 0))
    assert corners == [(4, 4, 0), (4, 0, 0), (8, 4, 0), (8, 0, 0)]
    assert shares == [0.25, 0.75]
    assert around(GRID, GRID.knots((2, 1, 0)), (4, 4, 0)) == ([(4, 4, 0)], [])


@pytest.mark.parametrize(
    ("accepted", "tried", "share"), [(24, 24, 0.05 ** (1 / 24)), (0, 9, 0), (0, 0, 0), (9, 10, 0.606)]
)
def test_what_a_sample_proves(accepted: int, tried: int, share: float) -> None:
    assert at_least(accepted, tried) == pytest.approx(share, abs=5e-4)
