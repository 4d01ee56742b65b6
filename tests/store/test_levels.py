"""The finest complete levels, found by shards, are those that looking at every cell finds."""

import math
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tessonance.grid import Axis, Grid
from tessonance.store.layout import Layout
from tessonance.store.levels import Complete, by_asking, by_shards


@st.composite
def painted_grids(draw):
    """Draw a grid, a cut into shards, and which cells are painted: up to some levels, less a few, plus a few."""
    axes = draw(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=3))
    grid = Grid([Axis(name=f"a{k}", steps=steps, closed=closed) for k, (steps, closed) in enumerate(axes)])
    shard = tuple(draw(st.integers(1, steps)) for steps, _ in axes)
    painted = np.zeros(grid.size, np.bool_)
    for level in range(draw(st.integers(0, grid.levels))):
        painted[grid.level_cells(level)] = True
    for _ in range(draw(st.integers(0, 2))):
        levels = [draw(st.integers(0, axis.levels - 1)) for axis in grid.axes]
        for flats in grid.knots_chunks(grid.knots(levels), 5):
            painted[flats] = True
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


def by_looking(grid, painted):
    """Look at every cell of all knots there are."""
    level = grid.complete_level(lambda flats: painted[flats])
    if level is None:
        return None, 0
    least = [min(level, axis.levels - 1) for axis in grid.axes]
    sizes = {}
    for levels in product(*(range(start, axis.levels) for start, axis in zip(least, grid.axes, strict=True))):
        flats = np.concatenate(list(grid.knots_chunks(grid.knots(levels), 7)))
        if painted[flats].all():
            sizes[levels] = len(flats)
    return level, max(sizes.values())


@given(painted_grids())
def test_they_are_those_that_looking_at_every_cell_finds(case):
    grid, layout, painted = case
    level, size = by_looking(grid, painted)
    found = by_shards(grid, layout, by_shard(layout, painted))
    if not size:
        assert found == Complete()
        return
    assert found.level == level
    knots = grid.knots(found.levels)
    assert math.prod(map(len, knots)) == size
    assert painted[np.concatenate(list(grid.knots_chunks(knots, 1000)))].all()


@given(painted_grids())
def test_asking_finds_knots_as_fine(case):
    grid, layout, painted = case
    found = by_asking(grid, lambda flats: painted[flats])
    wanted = by_shards(grid, layout, by_shard(layout, painted))
    assert found.level == wanted.level
    if found.level is not None:
        sizes = [math.prod(map(len, grid.knots(one.levels))) for one in (found, wanted)]
        assert sizes[0] == sizes[1]


def test_each_axis_has_a_level_of_its_own():
    grid = Grid([Axis(name="shape", steps=17), Axis(name="style", steps=9), Axis(name="hue", steps=4, closed=True)])
    painted = np.zeros(grid.size, np.bool_)
    for flats in grid.knots_chunks(grid.knots((4, 1, 2)), 100):
        painted[flats] = True
    layout = Layout(grid.shape, (2, 9, 4), 1000)
    assert by_shards(grid, layout, by_shard(layout, painted)) == Complete(1, (4, 1, 2))
    assert by_asking(grid, lambda flats: painted[flats]) == Complete(1, (4, 1, 2))


def test_no_axis_is_coarser_than_the_complete_level():
    grid = Grid([Axis(name="a", steps=17), Axis(name="b", steps=17)])
    painted = np.zeros(grid.size, np.bool_)
    for levels in ((1, 1), (0, 4)):  # the second has more cells, and would take knots away that were played
        for flats in grid.knots_chunks(grid.knots(levels), 100):
            painted[flats] = True
    layout = Layout(grid.shape, grid.shape, 1000)
    assert by_shards(grid, layout, by_shard(layout, painted)) == Complete(1, (1, 1))


def test_a_grid_of_a_billion_cells_without_a_picture_takes_no_time():
    grid = Grid([Axis(name=name, steps=1000) for name in "abc"])
    assert by_shards(grid, Layout(grid.shape, (1, 1, 1), 1000), []) == Complete()
