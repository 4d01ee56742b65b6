"""A line of pictures measured as a whole, and the gates that it has to pass before any score of it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TessError
from tessonance.smooth.flip import difference, see
from tessonance.smooth.metrics import FAINT, cliff_share, flicker, roughness, tortuosity, uniformity, variation
from tessonance.smooth.views import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.smooth.flip import Seen
    from tessonance.smooth.views import Picture

__all__ = ["Gates", "Line", "Verdict", "measure_line", "spread_of", "walk"]

PAIRS = 64  # that R is the mean of


@dataclass(frozen=True)
class Line:
    """The measures of one line, a whole row of cells along an axis; see `metrics` for each.

    Parameters
    ----------
    steps : tuple of float
        FLIP of each edge.
    flickers : tuple of float
        F at each inner picture; NaN where there is next to no change.
    span : float
        FLIP from end to end; of a closed line, twice that to its middle.
    spread : float
        R.
    """

    steps: tuple[float, ...]
    flickers: tuple[float, ...]
    span: float
    spread: float

    @property
    def length(self) -> float:
        """How long the line is to the eye: the sum of its steps, in FLIP."""
        return float(sum(self.steps))

    @property
    def roughness(self) -> float:
        """``mean(e) / R``."""
        return roughness(self.steps, self.spread)

    @property
    def uniformity(self) -> float:
        """``max(e) / mean(e)``."""
        return uniformity(self.steps)

    @property
    def variation(self) -> float:
        """``std(e) / mean(e)``."""
        return variation(self.steps)

    @property
    def tortuosity(self) -> float:
        """``sum(e) / d(I_0, I_n)``."""
        return tortuosity(self.steps, self.span)

    @property
    def turning(self) -> float:
        """T over the number of edges; NaN for a single one, of which T is 1 whatever is on it."""
        return self.tortuosity / len(self.steps) if len(self.steps) > 1 else math.nan

    @property
    def flicker(self) -> float:
        """The median F; NaN where no F counts."""
        counted = [f for f in self.flickers if math.isfinite(f)]
        return float(np.median(counted)) if counted else math.nan

    @property
    def cliff_share(self) -> float:
        """The share of the sum in the top 1 % of the edges."""
        return cliff_share(self.steps)


@dataclass(frozen=True)
class Verdict:
    """Whether a score may be given at all, and why not.

    Parameters
    ----------
    reasons : tuple of str
        A sentence for each gate that was not passed.
    """

    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every gate was passed."""
        return not self.reasons


@dataclass(frozen=True)
class Gates:
    """What a line must keep to before its other numbers mean anything.

    Evenness and interpolation ratio reward flicker and noise, so these come first. The values stand between what was
    measured on real lines (of `plasma`, `cppn`, `painted`, `scene` and `toy`, of 9 to 129 pictures) and on lines whose
    cells are strangers (a new noise in each cell, or free ancestral noise). An axis of five steps may be refused though
    its seed is fixed: such neighbours are strangers to the eye as well.

    Parameters
    ----------
    roughness : float
        Real lines had at most 0.82, lines of strangers at least 0.88; less within a grid whose other axes change much.
    flicker : float
        The median F. Real lines had at most 0.40, strangers at least 0.43.
    tortuosity : float
        T over the number of edges. Real lines had at most 0.77, strangers 0.74 to 0.94.
    flicker_of_pops : float
        The median F where next to nothing of a step is motion: real lines that fade or recolour had at most 0.33, and
        strangers in few, far steps 0.38.
    pops : float
        The share of pop in a step that counts as next to no motion. Strangers had at least 0.96.
    """

    roughness: float = 0.85
    flicker: float = 0.43
    tortuosity: float = 0.85
    flicker_of_pops: float = 0.36
    pops: float = 0.95

    def verdict(self, line: Line) -> Verdict:
        """Judge a line; see `judge`."""
        return self.judge(roughness=line.roughness, flicker=line.flicker, turning=line.turning)

    def judge(self, *, roughness: float, flicker: float, turning: float, pop_share: float = math.nan) -> Verdict:
        """Judge a line's measures. One that has no answer (NaN), such as F of two pictures, is passed over.

        Parameters
        ----------
        roughness : float
        flicker : float
            The median F.
        turning : float
            T over the number of edges.
        pop_share : float
            The mean pop over the mean step.

        Returns
        -------
        Verdict
        """
        most_flicker = self.flicker_of_pops if pop_share > self.pops else self.flicker
        checks = (
            (roughness, self.roughness, "neighbours differ nearly as much as random pictures (roughness"),
            (flicker, most_flicker, "pictures come back instead of going on (median flicker F"),
            (turning, self.tortuosity, "the line leads nowhere: each step is as far as its ends (T per edge"),
        )
        return Verdict(tuple(f"{what} {got:.2f}, at most {most:.2f})" for got, most, what in checks if got > most))


def measure_line(pictures: Sequence[Picture], *, closed: bool = False, spread: float | None = None) -> Line:
    """Measure a line of pictures.

    Parameters
    ----------
    pictures : sequence of ndarray, each of shape (H, W, 3)
        In the order of the axis, all of one size; at least one.
    closed : bool
        Whether the last is followed by the first.
    spread : float, optional
        R of the whole tesseract; that of the line itself unless given.

    Returns
    -------
    Line

    Raises
    ------
    TessError
        If there is no picture, or what comes is none.
    """
    return walk([see(view(picture)) for picture in pictures], closed=closed, spread=spread)


def walk(seen: Sequence[Seen], *, closed: bool = False, spread: float | None = None, faint: float = FAINT) -> Line:
    """Measure a line of pictures that were looked at; see `measure_line`, and `metrics.flicker` for `faint`."""
    if not seen:
        raise TessError("there is no picture to measure", wanted="at least one")
    count = len(seen)
    closed = closed and count > 2  # of two pictures, the way back is the way there
    edges = count if closed else count - 1
    steps = [difference(seen[i], seen[(i + 1) % count]) for i in range(edges)]
    across = [difference(seen[i], seen[(i + 2) % count]) for i in range(edges - (not closed))]
    around = [*steps, steps[0]] if closed else steps
    end = difference(seen[0], seen[count // 2]) * 2 if closed else difference(seen[0], seen[-1])
    return Line(
        steps=tuple(steps),
        flickers=tuple(flicker(around, across, faint=faint).tolist()) if edges else (),
        span=end,
        spread=spread_of(seen) if spread is None else spread,
    )


def spread_of(seen: Sequence[Seen], *, pairs: int = PAIRS, seed: int = 0) -> float:
    """Return R: mean FLIP over random pairs of different pictures; over all of them where they are few."""
    count = len(seen)
    first, second = np.triu_indices(count, 1)
    if len(first) > pairs:
        picked = np.random.default_rng(seed).choice(len(first), pairs, replace=False)
        first, second = first[picked], second[picked]
    found = [difference(seen[i], seen[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    return float(np.mean(found)) if found else 0.0
