"""Coordinate → frame on the processor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.errors import MissingPicture, RenderError
from tessonance.grid import Axis, Cell, Grid
from tessonance.sampling import CpuSampler, taps

SHAPE = (18, 25, 3)
GRID = Grid([Axis(name="a", steps=5), Axis(name="b", steps=4, closed=True), Axis(name="d", steps=3)])
KNOTS = [[0, 1, 4], [0, 2, 3], [0, 2]]


class Reader:
    """Noise for every cell, and a note of what was asked for."""

    def __init__(self) -> None:
        self.asked: list[Cell] = []

    def __call__(self, cell: Cell) -> np.ndarray:
        self.asked.append(cell)
        return self.picture(cell)

    @staticmethod
    def picture(cell: Cell) -> np.ndarray:
        return np.random.default_rng(GRID.flat(cell)).integers(0, 256, SHAPE, np.uint8)


def sampler(read: Reader | None = None, **keys: int | str) -> CpuSampler:
    return CpuSampler(read or Reader(), GRID, KNOTS, **keys)


places = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=3, max_size=3)


@given(places)
def test_a_frame_is_the_weighted_sum_rounded_once(u: list[float]) -> None:
    exact = sum(tap.weight * Reader.picture(tap.cell).astype(float) for tap in taps(u, GRID, KNOTS))
    frame = sampler().frame(u)
    assert frame.dtype == np.uint8
    assert frame.shape == SHAPE
    assert np.abs(frame - exact).max() <= 0.5 + 1e-3


@given(st.sampled_from(KNOTS[0]), st.sampled_from(KNOTS[1]), st.sampled_from(KNOTS[2]))
def test_on_a_cell_the_frame_is_exactly_its_picture(i: int, j: int, k: int) -> None:
    for method in ("blend", "nearest"):
        np.testing.assert_array_equal(
            sampler(method=method).frame(GRID.coordinate((i, j, k))), Reader.picture((i, j, k))
        )


@settings(max_examples=20)
@given(st.lists(places, min_size=1, max_size=12))
def test_what_was_shown_before_never_changes_a_frame(path: list[list[float]]) -> None:
    once = sampler(cache_bytes=3 * int(np.prod(SHAPE)))
    frames = [once.frame(u).copy() for u in path]
    for u, frame in zip(path, frames, strict=True):
        np.testing.assert_array_equal(frame, sampler().frame(u))


def test_a_frame_stays_as_it_was_when_the_next_is_made() -> None:
    made = sampler()
    first = made.frame([0.1, 0.1, 0.1])
    kept = first.copy()
    made.frame([0.9, 0.7, 0.6])
    np.testing.assert_array_equal(first, kept)


def test_a_picture_is_read_once_while_it_is_kept() -> None:
    read = Reader()
    made = sampler(read)
    for u in np.linspace(0.01, 0.24, 50):
        made.frame([u, 0.0, 0.0])
    assert read.asked == [(0, 0, 0), (1, 0, 0)]


def test_it_keeps_no_more_bytes_than_it_may_and_forgets_the_longest_unused() -> None:
    read = Reader()
    made = sampler(read, cache_bytes=2 * int(np.prod(SHAPE)), method="nearest")
    for cell in ((0, 0, 0), (1, 0, 0), (0, 0, 0), (4, 0, 0), (0, 0, 0)):
        made.frame(GRID.coordinate(cell))
    assert read.asked == [(0, 0, 0), (1, 0, 0), (4, 0, 0)]
    made.frame(GRID.coordinate((1, 0, 0)))
    assert read.asked[-1] == (1, 0, 0)


def test_a_cache_smaller_than_a_frame_still_makes_it() -> None:
    u = [0.1, 0.1, 0.1]
    np.testing.assert_array_equal(sampler(cache_bytes=1).frame(u), sampler().frame(u))


def test_a_stored_picture_cannot_be_painted_over() -> None:
    frame = sampler().frame([0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="read-only"):
        frame[:] = 0


def test_what_the_reader_raises_comes_through() -> None:
    def read(cell: Cell) -> np.ndarray:
        raise MissingPicture("is not painted yet", where=f"cell {cell}")

    with pytest.raises(MissingPicture, match=r"cell \(0, 0, 0\): is not painted yet"):
        CpuSampler(read, GRID, KNOTS).frame([0, 0, 0])


def test_a_misspelt_method_is_refused_at_once() -> None:
    with pytest.raises(RenderError, match="there is no method 'closest'"):
        sampler(method="closest")
