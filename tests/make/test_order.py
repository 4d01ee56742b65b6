"""The order of painting: coarse levels first, cells that share work together and with one worker."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tessonance.grid import Axis, Grid
from tessonance.make.order import Plan, level_groups

GRID = Grid([Axis(name="bloom", steps=17), Axis(name="ink", steps=9)])


def nothing(flats: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.zeros(len(flats), bool)


def taken(plan: Plan, *, workers: int, most: int) -> list[tuple[int, list[int]]]:
    """Let workers ask in turn until nothing is left."""
    tasks: list[tuple[int, list[int]]] = []
    while True:
        before = len(tasks)
        for worker in range(workers):
            if (flats := plan.take(worker, most)).size:
                tasks.append((worker, flats.tolist()))
        if len(tasks) == before:
            return tasks


@given(st.integers(1, 4), st.integers(1, 40), st.sampled_from([(), ("ink",), ("bloom", "ink"), ("other",)]))
def test_every_cell_is_handed_out_once(workers: int, most: int, slow: tuple[str, ...]) -> None:
    tasks = taken(Plan(GRID, nothing, slow_axes=slow), workers=workers, most=most)
    assert sorted(flat for _, flats in tasks for flat in flats) == list(range(GRID.size))
    assert all(len(flats) <= most for _, flats in tasks)


def test_alone_a_worker_finishes_each_level_before_the_next() -> None:
    flats = [flat for _, task in taken(Plan(GRID, nothing, slow_axes=["ink"]), workers=1, most=5) for flat in task]
    first = 0
    for level in range(GRID.levels):
        cells = GRID.level_cells(level)
        assert sorted(flats[first : first + len(cells)]) == cells.tolist()
        first += len(cells)


def test_painted_cells_are_passed_over() -> None:
    painted = set(range(0, GRID.size, 2))
    tasks = taken(Plan(GRID, lambda flats: np.isin(flats, list(painted))), workers=2, most=7)
    assert sorted(flat for _, flats in tasks for flat in flats) == sorted(set(range(GRID.size)) - painted)


def test_a_task_never_mixes_values_of_a_slow_axis() -> None:
    for _, flats in taken(Plan(GRID, nothing, slow_axes=["ink"]), workers=2, most=100):
        assert len({GRID.cell(flat)[1] for flat in flats}) == 1


def test_hardly_any_value_of_a_slow_axis_is_made_by_two_workers() -> None:
    """Two canvases made twice, of nine, is the most that helping each other at the end may cost."""
    owners: dict[int, set[int]] = {}
    for worker, flats in taken(Plan(GRID, nothing, slow_axes=["ink"]), workers=2, most=3):
        owners.setdefault(GRID.cell(flats[0])[1], set()).add(worker)
    assert sum(len(workers) for workers in owners.values()) <= 9 + 2
    assert {worker for workers in owners.values() for worker in workers} == {0, 1}


def test_groups_are_sorted_by_their_key() -> None:
    groups = level_groups(GRID, np.arange(GRID.size), ["ink"])
    assert [group.key for group in groups] == [(i,) for i in range(9)]
    assert all(len(group.flats) == 17 for group in groups)


def test_what_a_worker_went_on_with_is_free_when_he_leaves() -> None:
    """The cells of one value of `ink` go to one of those who stay, not to all of them in turn."""
    plan = Plan(GRID, nothing, slow_axes=["ink"], last_level=0)
    first = GRID.cell(int(plan.take(0, 1)[0]))[1]
    plan.release(0)
    other = GRID.cell(int(plan.take(1, 1)[0]))[1]
    assert other == first


def test_only_the_cells_of_some_chunks_are_handed_out_and_workers_keep_what_they_went_on_with() -> None:
    owners: dict[tuple[int, ...], int] = {}
    first = Plan(GRID, nothing, slow_axes=("ink",), chunks=[np.array([0, 1]), np.array([2])], owners=owners)
    assert [flats for _, flats in taken(first, workers=3, most=1)] == [[0], [1], [2]]
    second = Plan(GRID, nothing, slow_axes=("ink",), chunks=[np.array([9, 10, 11])], owners=owners)
    assert second.take(2, 1).tolist() == [11]
    assert second.take(0, 1).tolist() == [9]
