import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import GridError
from tessonance.grid import Axis, Grid
from tessonance.store.layout import CUT_CELLS, MAX_WHOLE_CELLS, MISSING, Layout, shard_shape


def grid_of(*steps):
    return Grid([Axis(name=f"a{k}", steps=count) for k, count in enumerate(steps)])


@st.composite
def layouts(draw):
    steps = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    return Layout(steps, tuple(draw(st.integers(1, count)) for count in steps), 1000)


@pytest.mark.parametrize(
    ("steps", "shard"),
    [
        ((129, 129), (129, 129)),
        ((100, 100, 100), (1, 100, 100)),
        ((65, 65, 65), (2, 65, 65)),
        ((1000, 1000), (10, 1000)),
        ((1_000_000,), (10_000,)),
        ((100_000, 2), (5_000, 2)),
        ((20_001,), (6_667,)),
        ((3, 20_000), (1, 20_000)),
        ((1, 1, 1), (1, 1, 1)),
    ],
)
def test_a_shard_holds_whole_trailing_axes_and_a_piece_of_the_next(steps, shard):
    assert shard_shape(grid_of(*steps)) == shard


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=3))
def test_a_shard_is_never_too_large_and_the_files_are_few(steps):
    grid = grid_of(*steps) if math.prod(steps) <= 10**9 else grid_of(*steps[:2])
    shape = shard_shape(grid)
    assert math.prod(shape) <= MAX_WHOLE_CELLS
    assert all(1 <= cells <= count for cells, count in zip(shape, grid.shape, strict=True))
    shards = math.prod(Layout(grid.shape, shape, 1).shards)
    assert shards <= 1 + grid.size / (CUT_CELLS / 4)


@given(layouts())
def test_every_cell_has_an_entry_of_its_own(layout):
    cells = list(np.ndindex(layout.grid_shape))
    places = [layout.locate(cell) for cell in cells]
    assert len(set(places)) == len(cells)
    for shard, place in places:
        assert layout.inside(shard)[place]
    inside = sum(layout.inside(shard).sum() for shard in np.ndindex(layout.shards))
    assert inside == len(cells)


@given(layouts())
def test_an_entry_stands_where_zarr_counts_it(layout):
    """Zarr's words: the chunk's place in its shard, in C order of the shard's shape."""
    for cell in np.ndindex(layout.grid_shape):
        shard, place = layout.locate(cell)
        assert shard == tuple(i // s for i, s in zip(cell, layout.shard_shape, strict=True))
        within = tuple(i % s for i, s in zip(cell, layout.shard_shape, strict=True))
        assert place == np.ravel_multi_index(within, layout.shard_shape)


@given(layouts())
def test_many_cells_are_found_where_each_is_found(layout):
    flats = np.arange(math.prod(layout.grid_shape))[::-1]
    shards, places = layout.locate_many(flats)
    cells = [np.unravel_index(flat, layout.grid_shape) for flat in flats]
    assert [(layout.shard(int(s)), p) for s, p in zip(shards, places, strict=True)] == [layout.locate(c) for c in cells]


@given(layouts())
def test_the_entries_of_a_shard_lead_back_to_their_cells(layout):
    flats = np.arange(math.prod(layout.grid_shape))
    shards, places = layout.locate_many(flats)
    for number in np.unique(shards):
        here = shards == number
        assert layout.flats(layout.shard(int(number)), places[here]).tolist() == flats[here].tolist()


def test_cells_beyond_the_grid_are_refused():
    layout = Layout((3, 4), (1, 4), 1000)
    for wrong in ([12], [0, -1]):
        with pytest.raises(GridError, match="no such cell"):
            layout.locate_many(np.array(wrong))
    assert layout.locate_many(np.array([], np.int64))[0].size == 0


@given(layouts())
def test_a_key_names_its_shard_and_nothing_else(layout):
    for shard in np.ndindex(layout.shards):
        assert layout.shard_of_key(layout.key(shard)) == shard


OTHER_NAMES = """
c  zarr.json  c.0.0.0.0  c.0.0.0.0.0.0  c.3.0.0.0.0  c.00.0.0.0.0  c.0.0.0.0.1  c/0/0/0/0/0  c.-1.0.0.0.0  c.٣.0.0.0.0
c.0.0.0.0.0.partial
"""


@pytest.mark.parametrize("key", [*OTHER_NAMES.split(), "", "c.0.0.0.0.0\n"])
def test_other_names_are_no_shards(key):
    assert Layout((3, 4), (1, 4), 1000).shard_of_key(key) is None


def test_a_key_is_zarrs_key_of_the_chunk():
    assert Layout((3, 4), (1, 4), 1000).key((2, 0)) == "c.2.0.0.0.0"


@pytest.mark.parametrize(
    ("offset", "length", "good"),
    [
        (64, 1, True),
        (64, 36, True),
        (99, 1, True),
        (64, 37, False),  # past the end
        (100, 1, False),
        (63, 5, False),  # in the index
        (0, 0, False),
        (64, 0, False),
        (64, MISSING, False),
        (MISSING, 1, False),
        (MISSING, MISSING, False),
        (2**63, 2**63, False),
        (MISSING - 1, 3, False),  # whose sum overflows
    ],
)
def test_an_entry_must_lie_in_the_file_behind_the_index(offset, length, good):
    layout = Layout((2, 2), (2, 2), 1000)
    assert layout.index_bytes == 64
    assert layout.plausible(np.array([[offset, length]], np.uint64), 100).tolist() == [good]


def test_an_entry_longer_than_any_picture_is_not_plausible():
    layout = Layout((2, 2), (2, 2), 1000)
    index = np.array([[64, 1000], [64, 1001]], np.uint64)
    assert layout.plausible(index, 10_000).tolist() == [True, False]
