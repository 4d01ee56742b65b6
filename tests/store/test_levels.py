"""The complete level, found by shards, is the one that looking at every cell finds."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tessonance.grid import Axis, Grid
from tessonance.store.layout import Layout
from tessonance.store.levels import complete_level


@st.composite
def painted_grids(draw):
    """Draw a grid, a cut into shards, and which cells are painted: up to some level, less a few, plus a few."""
    axes = draw(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=3))
    grid = Grid([Axis(name=f"a{k}", steps=steps, closed=closed) for k, (steps, closed) in enumerate(axes)])
    shard = tuple(draw(st.integers(1, steps)) for steps, _ in axes)
    painted = np.zeros(grid.size, np.bool_)
    for level in range(draw(st.integers(0, grid.levels))):
        painted[grid.level_cells(level)] = True
    cells = st.lists(st.integers(0, grid.size - 1), max_size=3)
    painted[draw(cells)] = False
    painted[draw(cells)] = True
    return grid, Layout(grid.shape, shard, 1000), painted


def by_shard(layout, painted):
    """Say of every shard that has a painted cell which cells those are; what is beyond the grid is not painted."""
    shards, places = layout.locate_many(np.arange(len(painted)))
    masks = {}
    for which, place in zip(shards[painted].tolist(), places[painted].tolist(), strict=True):
        masks.setdefault(which, np.zeros(math.prod(layout.shard_shape), np.bool_))[place] = True
    return [(layout.shard(which), mask) for which, mask in masks.items()]


@given(painted_grids())
def test_it_is_the_level_that_looking_at_every_cell_finds(case):
    grid, layout, painted = case
    wanted = grid.complete_level(lambda flats: painted[flats])
    assert complete_level(grid, layout, by_shard(layout, painted)) == wanted


def test_a_grid_of_a_billion_cells_without_a_picture_takes_no_time():
    grid = Grid([Axis(name=name, steps=1000) for name in "abc"])
    assert complete_level(grid, Layout(grid.shape, (1, 1, 1), 1000), []) is None
