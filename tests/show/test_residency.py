"""Which pictures lie in which layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tessonance.grid import Axis, Cell, Grid
from tessonance.show.residency import Residency

GRID = Grid([Axis(name="a", steps=5), Axis(name="b", steps=6, closed=True)])
cells = st.tuples(st.integers(0, 4), st.integers(0, 5))
PINNED = [(0, 0), (4, 3)]


class Model(RuleBasedStateMachine):
    """Five layers, and a list of cells in the order of their use beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.real = Residency(GRID, 5, PINNED)
        self.used: list[Cell] = []  # the last used one last
        self.layers: dict[Cell, int] = {}

    @rule(cell=cells, keep=st.frozensets(cells, max_size=4))
    def admit(self, cell: Cell, keep: frozenset[Cell]) -> None:
        goes = next((old for old in self.used if old not in keep and old not in PINNED), None)
        full = len(self.used) == 5 and cell not in self.used
        layer = self.real.admit(cell, keep)
        if full and goes is None:
            assert layer is None
            return
        if full and goes is not None:
            assert layer == self.layers.pop(goes)
            self.used.remove(goes)
        assert layer is not None
        self.layers[cell] = layer
        self.used = [old for old in self.used if old != cell] + [cell]

    @rule(touched=st.lists(cells, max_size=4))
    def touch(self, touched: list[Cell]) -> None:
        self.real.touch(touched)
        for cell in touched:
            if cell in self.used:
                self.used = [old for old in self.used if old != cell] + [cell]

    @precondition(lambda self: self.used)
    @rule(cell=cells)
    def nearest(self, cell: Cell) -> None:
        assert self.real.nearest(cell) in self.layers.values()
        if cell in self.layers:
            assert self.real.nearest(cell) == self.layers[cell]

    @invariant()
    def every_picture_has_a_layer_of_its_own(self) -> None:
        assert len(self.real) == len(self.used) <= 5
        assert {cell: self.real.layer(cell) for cell in self.used} == self.layers
        assert len(set(self.layers.values())) == len(self.layers)
        assert self.real.full == (len(self.used) == 5)


TestResidency = Model.TestCase


@given(cells, st.lists(cells, min_size=1, max_size=8, unique=True))
def test_what_stands_in_is_the_nearest_around_the_seam_too(cell: Cell, there: list[Cell]) -> None:
    residency = Residency(GRID, 8)
    layers = {residency.admit(each): each for each in there}

    def away(other: Cell) -> float:
        a, b = np.abs(GRID.coordinate(cell) - GRID.coordinate(other))
        return float(a**2 + min(b, 1 - b) ** 2)

    assert away(layers[residency.nearest(cell)]) == pytest.approx(min(map(away, there)))


def test_the_coarse_grid_takes_no_more_than_half_of_the_room() -> None:
    residency = Residency(GRID, 4, [(k, 0) for k in range(5)])
    assert len(residency.pinned) == 2


def test_where_nothing_is_nothing_stands_in() -> None:
    with pytest.raises(LookupError):
        Residency(GRID, 2).nearest((0, 0))
