"""Canaries: fixed cells, a distance that counts what is seen, and a limit that follows the tesseract's own edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tessonance.grid import Axis, Grid
from tessonance.make.canary import SMALLEST_LIMIT, Canaries, distance
from tessonance.project import Picture

PICTURE = Picture(width=48, height=32)


def grid(*steps: int) -> Grid:
    return Grid([Axis(name=f"a{k}", steps=n) for k, n in enumerate(steps)])


def flat(value: float) -> NDArray[np.uint8]:
    return np.full((32, 48, 3), value, np.uint8)


def noisy(most: int, seed: int = 1) -> NDArray[np.uint8]:
    return (128 + np.random.default_rng(seed).integers(-most, most + 1, (32, 48, 3))).astype(np.uint8)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_canaries_are_few_cells_of_the_grid_and_their_neighbours_differ_from_them(steps: list[int]) -> None:
    where = grid(*steps)
    canaries = Canaries(where, PICTURE)
    assert 1 <= len(canaries.cells) <= 3
    assert len(canaries.neighbours) <= 6
    for cell in (*canaries.cells, *canaries.neighbours):
        where.check(cell)
    beside = {other for cell in canaries.cells for _, other in where.neighbours(cell)}
    assert set(canaries.neighbours) <= beside


def test_every_axis_has_an_edge_among_them() -> None:
    for count in (1, 2, 3, 4):
        where = grid(*[5] * count)
        canaries = Canaries(where, PICTURE)
        edges = [edge for cell in canaries.cells for edge in where.neighbours(cell)]
        assert {axis for axis, other in edges if other in canaries.neighbours} == set(range(count))


def learnt(edge: float) -> Canaries:
    """Canaries of a grid whose pictures are grey, and a step of the grid `edge` code values."""
    canaries = Canaries(grid(5, 5), PICTURE)
    encode = canaries.codec.encode
    canaries.learn([encode(flat(100))] * 3, [encode(flat(100 + edge))] * len(canaries.neighbours))
    return canaries


def drift_of(canaries: Canaries, *pictures: NDArray[np.uint8]) -> bool:
    return canaries.drift([canaries.codec.encode(picture) for picture in pictures]).is_too_far


def test_the_limit_is_a_tenth_of_the_median_edge() -> None:
    canaries = learnt(50)
    assert not drift_of(canaries, flat(104), flat(100), flat(100))
    assert drift_of(canaries, flat(100), flat(100), flat(106))


def test_what_cannot_be_seen_is_no_drift_however_dense_the_grid() -> None:
    canaries = learnt(0)
    assert canaries.drift([canaries.codec.encode(flat(100))] * 3) == (0.0, SMALLEST_LIMIT)
    off_by_one_here_and_there = flat(100)
    off_by_one_here_and_there[::2, ::2] = 101
    assert not drift_of(canaries, off_by_one_here_and_there, flat(100), flat(100))
    assert drift_of(canaries, flat(101), flat(100), flat(100))


def test_one_cell_alone_has_no_edges_and_is_compared_all_the_same() -> None:
    canaries = Canaries(grid(1), PICTURE)
    canaries.learn([canaries.codec.encode(flat(100))], [])
    assert drift_of(canaries, flat(103))
    assert not drift_of(canaries, flat(100))


def test_the_distance_is_zero_of_equals_one_of_black_and_white_and_the_same_both_ways() -> None:
    assert distance(noisy(20), noisy(20)) == 0.0
    assert distance(flat(0), flat(255)) == pytest.approx(1.0)
    assert distance(noisy(20), flat(90)) == pytest.approx(distance(flat(90), noisy(20)))


def test_grain_counts_less_than_a_change_of_colour_of_the_same_size() -> None:
    grain = noisy(20)
    size = float(np.sqrt(np.mean((grain.astype(float) - 128) ** 2)))
    assert distance(flat(128), grain) < 0.7 * distance(flat(128), flat(128 + size))
