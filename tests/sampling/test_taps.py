"""Which pictures a coordinate needs, and how much of each."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import GridError, RenderError
from tessonance.grid import Axis, Grid
from tessonance.sampling import Edge, Shift, Tap, taps


@st.composite
def grids(draw: st.DrawFn, most_axes: int = 4) -> tuple[Grid, list[list[int]]]:
    """A grid and some of its indices, unevenly spaced, as knots."""
    axes, knots = [], []
    for number in range(draw(st.integers(1, most_axes))):
        steps = draw(st.integers(1, 9))
        axes.append(Axis(name=f"a{number}", steps=steps, closed=draw(st.booleans())))
        knots.append(sorted(draw(st.sets(st.integers(0, steps - 1), min_size=1))))
    return Grid(axes), knots


coordinates = st.lists(st.floats(0, 1) | st.floats(-3, 3), min_size=4, max_size=4)


def as_dict(found: list[Tap]) -> dict[tuple[int, ...], float]:
    return {tap.cell: tap.weight for tap in found}


@given(grids(), coordinates, st.sampled_from(["blend", "nearest", "morph"]))
def test_weights_are_positive_and_sum_to_one_on_cells_of_the_knots(
    made: tuple[Grid, list[list[int]]], u: list[float], method: str
) -> None:
    grid, knots = made
    found = taps(u[: len(knots)], grid, knots, method=method)
    assert math.isclose(sum(tap.weight for tap in found), 1.0)
    assert all(0 < tap.weight <= 1 for tap in found)
    assert len(as_dict(found)) == len(found) <= 2 ** len(knots)
    assert all(index in along for tap in found for index, along in zip(tap.cell, knots, strict=True))


@given(grids(), coordinates, st.integers(0, 3), st.floats(1e-9, 1e-4))
def test_weights_are_continuous_everywhere(
    made: tuple[Grid, list[list[int]]], u: list[float], axis: int, moment: float
) -> None:
    grid, knots = made
    here = u[: len(knots)]
    there = list(here)
    there[axis % len(knots)] += moment
    before, after = as_dict(taps(here, grid, knots)), as_dict(taps(there, grid, knots))
    steps = max(grid.shape)
    for cell in before.keys() | after.keys():
        assert abs(before.get(cell, 0) - after.get(cell, 0)) <= moment * steps + 1e-6


@given(grids(), st.data())
def test_the_coordinate_of_a_cell_on_knots_is_that_cell_alone(
    made: tuple[Grid, list[list[int]]], data: st.DataObject
) -> None:
    grid, knots = made
    cell = tuple(data.draw(st.sampled_from(along)) for along in knots)
    for method in ("blend", "nearest", "morph"):
        assert taps(grid.coordinate(cell), grid, knots, method=method) == [Tap(cell, 1.0, ())]


@given(grids(), coordinates)
def test_morph_weighs_as_blend_does_and_moves_along_the_axes_off_a_knot(
    made: tuple[Grid, list[list[int]]], u: list[float]
) -> None:
    grid, knots = made
    here = u[: len(knots)]
    found = taps(here, grid, knots, method="morph")
    assert [(tap.cell, tap.weight) for tap in found] == [tap[:2] for tap in taps(here, grid, knots)]
    for cell, weight, shifts in found:
        assert weight == pytest.approx(math.prod(1 - shift.share for shift in shifts))
        assert len({shift.edge.axis for shift in shifts}) == len(shifts) == math.log2(len(found))
        for (axis, at), second, share in shifts:
            assert 0 < share < 1
            ends = [at[axis], (at[axis] + 1) % len(knots[axis])]
            assert knots[axis][ends[second]] == cell[axis]
            others = [knots[k][at[k]] for k in range(len(knots)) if k != axis]
            assert others == [cell[k] for k in range(len(knots)) if k != axis]
            assert ends[1] != 0 or grid.axes[axis].closed


def test_morph_names_edges_in_knots_and_says_how_far_each_picture_moves() -> None:
    grid = Grid([Axis(name="a", steps=11), Axis(name="b", steps=4, closed=True)])
    found = taps([0.6, 0.875], grid, [[0, 2, 10], [0, 3]], method="morph")
    along, across = Edge(0, (1, 1)), Edge(1, (2, 1))
    assert found[2] == Tap((10, 3), 0.25, (Shift(along, True, 0.5), Shift(across, False, 0.5)))
    assert found[1].shifts == (Shift(Edge(0, (1, 0)), False, 0.5), Shift(Edge(1, (1, 1)), True, 0.5))
    assert taps([0.6, 0.25], grid, [[0, 2, 10], [1]], method="morph")[0].shifts == (Shift(Edge(0, (1, 0)), False, 0.5),)
    assert taps([0.2, 0.0], grid, [[0, 2, 10], [0, 3]], method="morph") == [Tap((2, 0), 1.0)]


@given(coordinates)
def test_all_knots_give_the_textbook_multilinear_weights(u: list[float]) -> None:
    grid = Grid([Axis(name="a", steps=5), Axis(name="b", steps=4)])
    inside = [0.31, 0.77] if not all(0 < x < 1 for x in u[:2]) else u[:2]
    x, y = inside[0] * 4, inside[1] * 3
    weights = as_dict(taps(inside, grid, grid.knots(9)))
    for i in range(5):
        for j in range(4):
            wanted = max(0, 1 - abs(x - i)) * max(0, 1 - abs(y - j))
            assert weights.get((i, j), 0.0) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("u", "pictures"), [((0.5, 0.5, 0.5), 1), ((0.5, 0.6, 0.5), 2), ((0.1, 0.6, 0.5), 4), ((0.1, 0.6, 0.9), 8)]
)
def test_only_axes_off_a_knot_cost_pictures(u: tuple[float, ...], pictures: int) -> None:
    grid = Grid([Axis(name=name, steps=5) for name in ("one", "two", "three")])
    assert len(taps(u, grid, grid.knots(9))) == pictures


def test_knots_need_not_be_evenly_spaced() -> None:
    grid = Grid([Axis(name="a", steps=11)])
    assert taps([0.6], grid, [[0, 2, 10]]) == [Tap((2,), 0.5), Tap((10,), 0.5)]


def test_a_closed_axis_blends_across_its_seam() -> None:
    grid = Grid([Axis(name="a", steps=4, closed=True)])
    found = as_dict(taps([0.9375], grid, [[0, 1, 2, 3]]))
    assert found == {(3,): pytest.approx(0.25), (0,): pytest.approx(0.75)}
    assert as_dict(taps([0.0], grid, [[1, 3]])) == {(3,): pytest.approx(0.5), (1,): pytest.approx(0.5)}
    assert taps([1.0], grid, [[0, 1, 2, 3]]) == taps([0.0], grid, [[0, 1, 2, 3]]) == [Tap((0,), 1.0)]
    assert taps([-0.25], grid, [[0, 1, 2, 3]]) == [Tap((3,), 1.0)]


def test_beyond_the_knots_of_an_open_axis_the_last_one_holds() -> None:
    grid = Grid([Axis(name="a", steps=11)])
    assert taps([0.05], grid, [[3, 5]]) == [Tap((3,), 1.0)]
    assert taps([7.0], grid, [[3, 5]]) == [Tap((5,), 1.0)]


def test_one_knot_is_the_whole_axis() -> None:
    grid = Grid([Axis(name="a", steps=1), Axis(name="b", steps=9, closed=True)])
    assert taps([0.7, 0.3], grid, [[0], [4]]) == [Tap((0, 4), 1.0)]


@given(st.floats(0, 1), st.floats(0, 1))
def test_nearest_agrees_with_the_grid(x: float, y: float) -> None:
    grid = Grid([Axis(name="a", steps=6), Axis(name="b", steps=4, closed=True)])
    away = grid.place([x, y]) % 1.0
    if np.abs(away - 0.5).min() > 1e-6:
        assert taps([x, y], grid, grid.knots(9), method="nearest")[0].cell == grid.nearest([x, y])


@pytest.mark.parametrize("u", [[0.5], [0.5, math.nan], [0.5, math.inf], [0.1, 0.2, 0.3]])
def test_a_coordinate_that_is_none_is_refused(u: list[float]) -> None:
    grid = Grid([Axis(name="a", steps=5), Axis(name="b", steps=4)])
    with pytest.raises(GridError, match="no such coordinate\n  wanted: 2 finite numbers"):
        taps(u, grid, grid.knots(9))


@pytest.mark.parametrize("knots", [[[0]], [[0], []]])
def test_knots_that_do_not_fit_are_refused(knots: list[list[int]]) -> None:
    grid = Grid([Axis(name="a", steps=5), Axis(name="b", steps=4)])
    with pytest.raises(GridError, match="these are no knots"):
        taps([0.1, 0.2], grid, knots)


def test_a_misspelt_method_is_refused_with_the_right_one() -> None:
    grid = Grid([Axis(name="a", steps=5)])
    with pytest.raises(RenderError, match=r"there is no method 'blond'\n  try: did you mean 'blend'\?"):
        taps([0.1], grid, grid.knots(9), method="blond")
