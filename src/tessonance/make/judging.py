"""What painted pictures say about those that are not: how well they can be guessed, and whether that counts."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from itertools import product
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from tessonance.make.crew import cores
from tessonance.make.samples import around
from tessonance.smooth.flip import difference, see
from tessonance.smooth.flow import dis
from tessonance.smooth.guess import Guess, among, better, known
from tessonance.smooth.line import Gates, spread_of
from tessonance.smooth.metrics import FAINT, change, flicker, roughness, trembling
from tessonance.smooth.views import reduced, view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.smooth.guess import Known
    from tessonance.store import PictureCodec

__all__ = ["Judge", "Near", "hold"]

LOOK_SIDE = 512  # pixels of the longer side that guesses are made at: it shows what is soft, and costs no more
MOST_MOVED_AXES = 3  # beyond, a show blends too: a morph between 16 pictures reads 80


@dataclass(frozen=True)
class Near:
    """What cells are like that stand one step apart.

    Parameters
    ----------
    step : float
        Their mean FLIP; NaN where there are none.
    strange : tuple of str
        Why they are taken for strangers; empty where they are not.
    """

    step: float
    strange: tuple[str, ...] = ()


class Judge:
    """Holds guesses against pictures, on all cores; close it.

    Parameters
    ----------
    picture : callable
        Cell → picture.
    grid : Grid
    codec : PictureCodec, optional
        How pictures are stored; see `hold`.
    """

    def __init__(
        self, picture: Callable[[Cell], NDArray[np.uint8]], grid: Grid, *, codec: PictureCodec | None = None
    ) -> None:
        self._picture, self._grid, self._codec = picture, grid, codec
        self._pool = ThreadPoolExecutor(cores())

    def close(self) -> None:
        """Let the threads go; what waits is not begun."""
        self._pool.shutdown(cancel_futures=True)

    def spread_of(self, cells: Sequence[Cell]) -> float:
        """Return R, the mean distance of random pictures, of some cells that stand far apart.

        It is not less than what codecs and rounding make of equal pictures.
        """
        return max(FAINT, spread_of(list(self._pool.map(lambda cell: see(view(self._picture(cell))), cells))))

    def guesses(self, cells: Sequence[Cell], knots: Knots, *, spread: float) -> list[Guess]:
        """Guess painted cells from the knots around them, blended and morphed; return the better of each."""
        return list(self._pool.map(lambda cell: self._guess(cell, knots, spread), cells))

    def near(self, runs: Sequence[Sequence[Cell]], *, spread: float) -> Near:
        """Look at runs of three neighbours: whether cells beside one another have anything to do with one another."""
        if not runs:
            return Near(float("nan"))
        seen = list(self._pool.map(self._run, runs))
        steps = [step for first, second, _, _ in seen for step in (first, second)]
        step = sum(steps) / len(steps)
        faint = self._trembling([cell for cell, *_ in runs])
        found = [float(f) for first, second, across, _ in seen for f in flicker([first, second], [across], faint=faint)]
        counted = sorted(f for f in found if f == f)
        verdict = Gates().judge(
            roughness=roughness(steps, spread),
            flicker=counted[len(counted) // 2] if counted else float("nan"),
            turning=float("nan"),
            pop_share=sum(pop for *_, pop in seen) / sum(first for first, *_ in seen) if step else float("nan"),
        )
        return Near(step, verdict.reasons)

    def _trembling(self, cells: Sequence[Cell]) -> float:
        """Return what two steps have to sum to for their flicker to count; see `metrics.trembling`."""
        codec = self._codec
        if codec is None:
            return FAINT

        def of(cell: Cell) -> float:
            return trembling(self._picture(cell), lambda picture: codec.decode(codec.encode(picture)))

        return median(self._pool.map(of, cells))

    def _run(self, cells: Sequence[Cell]) -> tuple[float, float, float, float]:
        """Return the two steps of a run, its end's distance from its beginning, and what of the first step is pop."""
        pictures = [self._picture(cell) for cell in cells]
        first, second, third = (see(view(picture)) for picture in pictures)
        split = change(pictures[0], pictures[1])
        return difference(first, second), difference(second, third), difference(first, third), split.pop

    def _guess(self, cell: Cell, knots: Knots, spread: float) -> Guess:
        corners, shares = around(self._grid, knots, cell)
        picture = self._picture(cell)
        truth = reduced(picture, LOOK_SIDE)
        codec = self._codec if truth.shape == picture.shape else None  # of one made smaller, the noise is gone
        if len(shares) > MOST_MOVED_AXES:
            return hold(self._blended(corners, shares), known(truth), codec)
        around_it = [self._look(corner) for corner in corners]
        guesses = (among(around_it, shares, finder=finder) for finder in (dis, None))
        moved, still = (hold(guess, known(truth), codec) for guess in guesses)
        return better(moved, still, spread)

    def _blended(self, corners: Sequence[Cell], shares: Sequence[float]) -> NDArray[np.float32]:
        """Lay many pictures over each other, one at a time: all of them together could be more than memory holds."""
        weights = product(*((1 - share, share) for share in shares))
        parts = (self._look(corner) * np.float32(math.prod(w)) for corner, w in zip(corners, weights, strict=True))
        return reduce(np.add, parts)

    def _look(self, cell: Cell) -> NDArray[np.float32]:
        return reduced(self._picture(cell), LOOK_SIDE)


def hold(guess: NDArray[np.float32], picture: Known, codec: PictureCodec | None = None) -> Guess:
    """Hold a guess against a picture; how sharp it is, as if it had been stored too.

    What a codec makes of a picture looks like detail to a measure, and is no sharpness that a guess lacks. Held as it
    is, a guess of stored pictures came out 1 to 5 % softer than one of the pictures themselves; as stored, a morph
    within 3 % (smooth ones 6 % sharper), a blend 2 to 8 % sharper. `tess smooth` and `tess bake` hold guesses as they
    are: the first stays on the careful side, and the second only compares guesses with one another.
    """
    plain = picture.judge(guess)
    if codec is None:
        return plain
    kept = picture.judge(codec.decode(codec.encode(np.rint(guess * np.float32(255)).astype(np.uint8))))
    return Guess(plain.error, kept.sharpness, kept.contrast)
