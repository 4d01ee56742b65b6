"""Guesses among any number of knots, and strangers told from neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

from tessonance.grid import Axis, Cell, Grid
from tessonance.make.judging import Judge
from tessonance.make.samples import neighbours
from tessonance.project import Picture
from tessonance.store import codec_for


@contextmanager
def judging(picture: Callable[[Cell], NDArray[np.uint8]], grid: Grid) -> Iterator[Judge]:
    judge = Judge(picture, grid)
    try:
        yield judge
    finally:
        judge.close()


def shaded(cell: Cell) -> NDArray[np.uint8]:
    """A pattern whose brightness grows with the sum of the indices."""
    y, x = np.mgrid[:24, :24]
    wave = 40 * np.sin(x + 2 * y)[..., None] + 60
    return np.repeat(wave + 8 * sum(cell), 3, axis=-1).astype(np.uint8)


def strange(cell: Cell) -> NDArray[np.uint8]:
    return np.random.default_rng(cell).integers(0, 256, (24, 24, 3), np.uint8)


def test_a_cell_off_the_knots_of_many_axes_is_blended() -> None:
    grid = Grid([Axis(name=name, steps=3) for name in "abcde"])
    with judging(shaded, grid) as judge:
        (guess,) = judge.guesses([(1, 1, 1, 1, 1)], grid.knots(0), spread=0.2)
    assert guess.error < 0.01
    assert guess.accepted(0.2)


def test_of_few_axes_the_better_guess_counts() -> None:
    grid = Grid([Axis(name=name, steps=5) for name in "ab"])
    with judging(shaded, grid) as judge:
        guesses = judge.guesses([(1, 0), (2, 2), (3, 1)], grid.knots(1), spread=0.2)
        strangers = Judge(strange, grid).guesses([(1, 0), (2, 3)], grid.knots(1), spread=0.5)
    assert all(guess.accepted(0.2) for guess in guesses)
    assert not any(guess.accepted(0.5) for guess in strangers)


def test_what_a_codec_makes_of_a_picture_is_no_sharpness_that_a_guess_lacks() -> None:
    codec = codec_for(Picture(width=24, height=24))

    def stored(cell: Cell) -> NDArray[np.uint8]:
        return codec.decode(codec.encode(shaded(cell)))

    grid = Grid([Axis(name=name, steps=3) for name in "ab"])
    (plain,) = Judge(stored, grid).guesses([(1, 1)], grid.knots(0), spread=0.2)
    (fair,) = Judge(stored, grid, codec=codec).guesses([(1, 1)], grid.knots(0), spread=0.2)
    assert abs(fair.sharpness - 1) < abs(plain.sharpness - 1)


def test_neighbours_are_told_from_strangers() -> None:
    grid = Grid([Axis(name=name, steps=9) for name in "ab"])
    runs = neighbours(grid, grid.knots(1), 0, 3)
    cells = [(0, 0), (0, 8), (8, 0), (8, 8), (4, 4)]
    with judging(shaded, grid) as judge:
        near = judge.near(runs, spread=judge.spread_of(cells))
    with judging(strange, grid) as judge:
        far = judge.near(runs, spread=judge.spread_of(cells))
        nothing = judge.near([], spread=0.5)
    assert near.strange == ()
    assert "neighbours differ nearly as much as random pictures" in far.strange[0]
    assert math.isnan(nothing.step)
    assert nothing.strange == ()


def test_what_a_codec_makes_of_pictures_that_hardly_change_is_no_flicker() -> None:
    codec = codec_for(Picture(width=96, height=96))
    first, second = (
        cv2.GaussianBlur(np.random.default_rng(seed).integers(0, 256, (96, 96, 3)).astype(np.float32), (0, 0), 2)
        for seed in (1, 2)
    )

    def stored(cell: Cell) -> NDArray[np.uint8]:
        harsh = 127.5 + 10 * (first + (second - first) * (cell[0] / 400) - 127.5)
        return codec.decode(codec.encode(np.clip(harsh, 0, 255).astype(np.uint8)))

    grid = Grid([Axis(name="a", steps=9)])
    runs = [((k,), (k + 1,), (k + 2,)) for k in range(3)]
    assert Judge(stored, grid).near(runs, spread=0.4).strange != ()
    assert Judge(stored, grid, codec=codec).near(runs, spread=0.4).strange == ()


def test_pictures_that_are_all_equal_are_near_and_guessed() -> None:
    grid = Grid([Axis(name="a", steps=9)])
    with judging(lambda cell: shaded((3,)), grid) as judge:
        spread = judge.spread_of([(0,), (8,)])
        assert spread > 0
        assert judge.near([((0,), (1,), (2,))], spread=spread).strange == ()
        assert judge.guesses([(4,)], grid.knots(0), spread=spread)[0].accepted(spread)
