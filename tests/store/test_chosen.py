"""Knots that are finer than whole levels: recorded, believed where they are painted, and never believed blindly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tessonance as tess
from tessonance.grid import Axis, Grid
from tessonance.project import parse_project
from tessonance.store import TesseractWriter
from tessonance.store.chosen import ATTRIBUTE, finer, with_knots
from tessonance.store.packing import pack

GRID = Grid([Axis(name="a", steps=9), Axis(name="turn", steps=8, closed=True)])
CHOSEN = (np.array([0, 2, 4, 5, 6, 8]), np.array([0, 4, 6]))
PROJECT = parse_project(
    'picture = { width = 16, height = 16 }\ngenerator = { use = "plasma" }\n'
    'axis = [{ name = "a", steps = 9 }, { name = "turn", steps = 8, closed = true }]'
)


def found(told: Any, *, painted: bool = True, level: int = 1) -> list[list[int]]:
    """What is played where the levels 1 and 1 are whole."""
    group = {"attributes": {ATTRIBUTE: told}}
    knots = finer(
        group, GRID, GRID.knots(level), level=level, is_painted=lambda flats: np.full(flats.shape, painted, np.bool_)
    )
    return [along.tolist() for along in knots]


def test_what_is_recorded_is_played_where_it_is_painted() -> None:
    told = with_knots({"attributes": {"else": 1}}, GRID, CHOSEN)["attributes"]
    assert told["else"] == 1
    assert json.loads(json.dumps(told[ATTRIBUTE])) == told[ATTRIBUTE]
    assert found(told[ATTRIBUTE]) == [along.tolist() for along in CHOSEN]
    assert found(told[ATTRIBUTE], painted=False) == [[0, 4, 8], [0, 4]]


def test_what_is_recorded_is_passed_over_where_whole_levels_have_more_cells() -> None:
    told = {"a": [0, 4, 8], "turn": [0, 4]}
    assert found(told, level=2) == [[0, 2, 4, 6, 8], [0, 2, 4, 6]]


def test_what_is_recorded_is_played_where_other_whole_levels_have_as_many_cells() -> None:
    group = {"attributes": {ATTRIBUTE: {"a": [0, 2, 4, 6, 8], "turn": [0]}}}
    whole = (np.array([0]), np.array([0, 2, 4, 5, 6]))
    knots = finer(group, GRID, whole, level=0, is_painted=lambda flats: np.ones(flats.shape, np.bool_))
    assert [along.tolist() for along in knots] == [[0, 2, 4, 6, 8], [0]]


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"a": [0, 2, 4, 6, 8]},
        {"a": [0, 2, 4, 6, 8], "turn": [0, 2, 4], "more": [0]},
        {"a": [0, 2, 4, 6], "turn": [0, 2, 4, 6]},  # not to its end
        {"a": [2, 4, 6, 8], "turn": [0, 2, 4, 6]},
        {"a": [0, 2, 6, 8], "turn": [0, 2, 4, 6]},  # coarser than the level that is complete
        {"a": [0, 4, 2, 6, 8], "turn": [0, 4]},
        {"a": [0, 2, 4, 4, 6, 8], "turn": [0, 4]},
        {"a": [0, 2, 4, 8, 9], "turn": [0, 4]},
        {"a": [-1, 0, 2, 4, 8], "turn": [0, 4]},
        {"a": [0, 2, 4, 8, 10**30], "turn": [0, 4]},
        {"a": [0, 2.0, 4, 8], "turn": [0, 4]},
        {"a": [0, True, 2, 4, 8], "turn": [0, 4]},
        {"a": "02468", "turn": [0, 4]},
        {"a": [0] * 100, "turn": [0, 4]},
    ],
)
def test_what_cannot_be_is_passed_over(told: Any) -> None:
    assert found(told) == [[0, 4, 8], [0, 4]]


def test_a_tesseract_plays_on_them_and_so_does_its_packed_copy(tmp_path: Path) -> None:
    path = tmp_path / "chosen.tess"
    with TesseractWriter.create(path, PROJECT) as writer:
        cells = [tuple(map(int, cell)) for cell in np.array(np.meshgrid(*CHOSEN)).T.reshape(-1, 2)]
        for cell in cells[:-1]:
            writer.put_picture(cell, np.zeros((16, 16, 3), np.uint8))
        writer.choose(CHOSEN)
        with tess.open(path) as tesseract:
            assert [len(along) for along in tesseract.knots()] == [5, 2]
            writer.put_picture(cells[-1], np.zeros((16, 16, 3), np.uint8))
            assert [along.tolist() for along in tesseract.knots()] == [along.tolist() for along in CHOSEN]
    with TesseractWriter.open(path, PROJECT):  # what opens it for writing keeps them
        pass
    pack(path, tmp_path / "chosen.tess.zip")
    for place in (path, tmp_path / "chosen.tess.zip"):
        with tess.open(place) as tesseract:
            assert [along.tolist() for along in tesseract.knots()] == [along.tolist() for along in CHOSEN]


def test_too_many_are_not_recorded() -> None:
    grid = Grid([Axis(name="a", steps=300_000)])
    group: dict[str, Any] = {"attributes": {}}
    assert with_knots(group, grid, grid.knots(30)) == group
