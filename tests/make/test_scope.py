"""The choice of cells: slices, lists, levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tessonance.errors import GridError, TessError
from tessonance.grid import Axis, Grid
from tessonance.make.scope import cells_wanted, level_wanted

GRID = Grid([Axis(name="bloom", steps=5), Axis(name="ink", steps=3)])


def chosen(text: str) -> list[tuple[int, ...]]:
    flats = np.arange(GRID.size)
    return [GRID.cell(int(flat)) for flat in flats[cells_wanted(text, GRID)(flats)]]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("bloom=1:3,ink=2", [(1, 2), (2, 2)]),
        ("1:3,2", [(1, 2), (2, 2)]),
        ("ink=0,bloom=-1", [(4, 0)]),
        ("bloom=0:5:4,ink=1", [(0, 1), (4, 1)]),
        ("bloom=4", [(4, 0), (4, 1), (4, 2)]),
    ],
)
def test_slices_choose_by_index_as_python_does(text: str, cells: list[tuple[int, ...]]) -> None:
    assert chosen(text) == cells


def test_a_list_chooses_its_rows_with_the_columns_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("ink,bloom\n2,1\n0,4\n")
    assert chosen(str(path)) == [(1, 2), (4, 0)]
    path.write_text("1,2\n4,0\n")
    assert chosen(str(path)) == [(1, 2), (4, 0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("inc=0", "did you mean 'ink'"),
        ("bloom=9", "the slice is empty"),
        ("bloom=x", "this is no slice"),
        ("bloom=", "this is no slice"),
        ("bloom=0:5:0", "this is no slice"),
        ("bloom=0:5:00", "this is no slice"),
        ("0,0,0", "there are more slices than axes"),
    ],
)
def test_mistakes_are_named(text: str, says: str) -> None:
    with pytest.raises(GridError, match=says):
        cells_wanted(text, GRID)


def test_a_list_with_a_cell_that_is_not_there_says_in_which_row(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("1,2\n9,0\n")
    with pytest.raises(GridError, match="row 2: this is no cell"):
        cells_wanted(str(path), GRID)
    with pytest.raises(TessError, match="cannot be read"):
        cells_wanted(str(tmp_path / "no.csv"), GRID)
    path.write_text("bloom,oink\n1,2\n")
    with pytest.raises(GridError, match="the columns are not the axes"):
        cells_wanted(str(path), GRID)


def test_levels_are_numbers_with_or_without_the_word() -> None:
    assert (level_wanted("level:1", GRID), level_wanted("0", GRID)) == (1, 0)
    with pytest.raises(GridError, match="level:0 to level:2"):
        level_wanted("level:3", GRID)
