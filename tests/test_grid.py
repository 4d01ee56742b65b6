"""Grids: cells, points, neighbours, levels and knots."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import GridError
from tessonance.grid import Axis, Grid

axes = st.builds(
    lambda steps, closed: (steps, closed),
    st.integers(1, 40),
    st.booleans(),
)
grids = st.lists(axes, min_size=1, max_size=3).map(
    lambda given: Grid([Axis(name=f"a{k}", steps=n, closed=closed) for k, (n, closed) in enumerate(given)])
)


def axis(steps: int, *, closed: bool = False) -> Axis:
    return Axis(name="a", steps=steps, closed=closed)


def test_an_open_axis_holds_both_ends_and_a_closed_one_leaves_the_second_out() -> None:
    assert Axis(name="a", start=-1, stop=1, steps=5).values.tolist() == [-1, -0.5, 0, 0.5, 1]
    assert Axis(name="a", start=0, stop=360, steps=4, closed=True).values.tolist() == [0, 90, 180, 270]
    assert Axis(name="a", start=3, stop=3, steps=1).values.tolist() == [3]


@given(st.integers(1, 300), st.booleans())
def test_levels_grow_from_the_ends_to_every_step_and_halve_the_widest_gap(steps: int, closed: bool) -> None:
    """Level 0 is the ends; each level holds the one before; gaps of level k are at most ceil(edges / 2**k)."""
    a = axis(steps, closed=closed)
    knots = [a.knots(level).tolist() for level in range(a.levels)]
    assert knots[0] == ([0] if closed or steps == 1 else [0, steps - 1])
    assert knots[-1] == list(range(steps))
    for level, (fewer, more) in enumerate(itertools.pairwise(knots)):
        assert set(fewer) < set(more)
        ends = [*more, steps] if closed else more
        assert max(np.diff(ends)) <= -(-a.edges // 2 ** (level + 1))


def test_a_seventeen_step_axis_bisects_evenly() -> None:
    a = axis(17)
    assert a.levels == 5
    assert a.knots(1).tolist() == [0, 8, 16]
    assert a.knots(2).tolist() == [0, 4, 8, 12, 16]


@given(grids)
def test_all_levels_together_are_all_cells_each_once(grid: Grid) -> None:
    cells = np.concatenate([grid.level_cells(level) for level in range(grid.levels)])
    assert sorted(cells.tolist()) == list(range(grid.size))


@given(grids, st.integers(20, 500))
def test_parts_of_a_level_make_the_level_and_stay_small(grid: Grid, most: int) -> None:
    for level in range(grid.levels):
        parts = list(grid.level_chunks(level, most))
        assert np.concatenate(parts).tolist() == grid.level_cells(level).tolist()
        assert all(len(part) <= most for part in parts)


@given(grids)
def test_a_level_with_those_before_it_is_the_tensor_product_of_its_knots(grid: Grid) -> None:
    for level in range(grid.levels):
        so_far = np.concatenate([grid.level_cells(k) for k in range(level + 1)])
        product = np.ravel_multi_index(np.meshgrid(*grid.knots(level), indexing="ij"), grid.shape)
        assert sorted(so_far.tolist()) == sorted(product.ravel().tolist())


@given(grids, st.randoms(use_true_random=False))
def test_cells_flat_indices_and_coordinates_lead_back_to_where_they_came_from(grid: Grid, random) -> None:
    flat = random.randrange(grid.size)
    cell = grid.cell(flat)
    assert grid.flat(cell) == flat
    assert grid.nearest(grid.coordinate(cell)) == cell


@given(grids, st.randoms(use_true_random=False))
def test_neighbours_are_mutual_and_one_step_away(grid: Grid, random) -> None:
    cell = grid.cell(random.randrange(grid.size))
    seen = list(grid.neighbours(cell))
    assert len(seen) == len(set(seen))
    for k, other in seen:
        assert (k, cell) in list(grid.neighbours(other))
        assert [i for i in range(len(cell)) if cell[i] != other[i]] == [k]


def test_neighbours_wrap_only_where_the_axis_is_closed() -> None:
    assert dict(Grid([axis(5)]).neighbours((0,))) == {0: (1,)}
    assert sorted(other for _, other in Grid([axis(5, closed=True)]).neighbours((0,))) == [(1,), (4,)]


def test_points_name_the_values() -> None:
    grid = Grid([Axis(name="bloom", steps=3), Axis(name="ink", start=-1, stop=1, steps=3)])
    assert grid.point((1, 2)) == {"bloom": 0.5, "ink": 1.0}


@given(st.floats(-3, 3), st.integers(2, 20))
def test_a_coordinate_wraps_on_closed_axes_and_is_clamped_on_open_ones(u: float, steps: int) -> None:
    opened, closed = Grid([axis(steps)]), Grid([axis(steps, closed=True)])
    assert opened.place([u])[0] == pytest.approx(min(max(u, 0), 1) * (steps - 1))
    assert closed.place([u])[0] == pytest.approx(u % 1.0 * steps)
    assert 0 <= closed.nearest([u])[0] < steps


def test_knots_may_have_a_level_for_each_axis_and_are_counted_in_parts() -> None:
    grid = Grid([Axis(name="a", steps=9), Axis(name="b", steps=4, closed=True)])
    knots = grid.knots((1, 2))
    assert [along.tolist() for along in knots] == [[0, 4, 8], [0, 1, 2, 3]]
    parts = list(grid.knots_chunks(knots, 5))
    assert max(map(len, parts)) <= 5
    assert np.concatenate(parts).tolist() == [grid.flat((i, j)) for i in (0, 4, 8) for j in range(4)]


def test_the_complete_level_is_the_finest_without_a_hole() -> None:
    grid = Grid([axis(9)])
    painted = {0, 8, 4, 2}
    assert grid.complete_level(lambda flats: np.isin(flats, list(painted))) == 1
    assert grid.complete_level(lambda flats: np.zeros(len(flats), bool)) is None
    assert grid.complete_level(lambda flats: np.ones(len(flats), bool)) == grid.levels - 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "a", "steps": 0}, "steps is out of range"),
        ({"name": "a", "steps": 2_000_000}, "steps is out of range"),
        ({"name": "1a", "steps": 3}, "cannot be the name"),
        ({"name": "frames", "steps": 3}, "cannot be the name"),
        ({"name": "a/b", "steps": 3}, "cannot be the name"),
        ({"name": "a", "steps": 3, "start": 1.0, "stop": 1.0}, "the range is no range"),
        ({"name": "a", "steps": 3, "stop": float("nan")}, "the range is no range"),
        ({"name": "a", "steps": 3, "stop": float("inf")}, "the range is no range"),
    ],
)
def test_an_axis_that_cannot_be_is_refused(given: dict, says: str) -> None:
    with pytest.raises(GridError, match=says):
        Axis(**given)


def test_a_grid_that_cannot_be_is_refused() -> None:
    with pytest.raises(GridError, match="from 1 to 16 axes"):
        Grid([])
    with pytest.raises(GridError, match="two axes have the same name"):
        Grid([axis(2), axis(3)])
    with pytest.raises(GridError, match="too many cells"):
        Grid([Axis(name=f"a{k}", steps=1000) for k in range(4)])
    with pytest.raises(GridError, match="no such cell"):
        Grid([axis(3)]).point((3,))
    with pytest.raises(GridError, match="no such coordinate"):
        Grid([axis(3)]).nearest([float("nan")])


@pytest.mark.parametrize("closed", [False, True])
def test_an_axis_of_a_million_steps_has_its_levels_soon(closed: bool) -> None:
    """A stranger's tesseract may have one; bisecting anew for every level took a minute."""
    axis = Axis(name="a", steps=1_000_000, closed=closed)
    first = axis.level_of_index
    for level in (0, 1, 9, axis.levels - 1):
        assert np.array_equal(np.flatnonzero(first <= level), axis.knots(level))
