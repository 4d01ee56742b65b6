import math

from hypothesis import given
from hypothesis import strategies as st

from tessonance.grid import Axis, Grid
from tessonance.smooth.rows import knots_edges, plan

GRIDS = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=4).map(
    lambda axes: Grid([Axis(name=f"a{k}", steps=steps, closed=closed) for k, (steps, closed) in enumerate(axes)])
)


@given(GRIDS)
def test_a_small_grid_is_measured_wholly_each_edge_once(grid):
    knots = grid.knots(grid.levels - 1)
    rows, complete = plan(grid, knots, most=10**6)
    assert complete
    for k in range(len(grid.axes)):
        mine = [row for row in rows if row.axis == k]
        edges = sum(len(row.cells) - (not row.closed) for row in mine)
        assert edges == knots_edges(grid, knots, k) * math.prod(grid.shape) // grid.shape[k]
        assert len({cell for row in mine for cell in row.cells}) == sum(len(row.cells) for row in mine)


@given(GRIDS, st.integers(2, 200), st.integers(0, 3))
def test_a_sample_keeps_to_its_size_and_takes_every_axis(grid, most, level):
    knots = grid.knots(level)
    rows, _ = plan(grid, knots, most=most)
    moving = [k for k, along in enumerate(knots) if len(along) > 1]
    assert {row.axis for row in rows} == set(moving)
    assert sum(len(row.cells) for row in rows) <= max(most, 2 * len(moving))
    for row in rows:
        assert len(row.cells) >= 2
        for place, cell in zip(row.places, row.cells, strict=True):
            grid.check(cell)
            assert cell[row.axis] == knots[row.axis][place]


def test_a_million_steps_and_many_axes_are_planned_at_once():
    for grid in (Grid([Axis(name="long", steps=1_000_000)]), Grid([Axis(name=f"a{k}", steps=10) for k in range(9)])):
        rows, complete = plan(grid, grid.knots(grid.levels - 1), most=300)
        assert not complete
        assert sum(len(row.cells) for row in rows) <= 300
        assert len({row.cells for row in rows}) == len(rows)


def test_the_same_seed_gives_the_same_sample():
    grid = Grid([Axis(name="a", steps=50), Axis(name="b", steps=50)])
    knots = grid.knots(9)
    assert plan(grid, knots, most=400) == plan(grid, knots, most=400)
    assert plan(grid, knots, most=400) != plan(grid, knots, most=400, seed=1)
