"""`generate --budget`: paint knots, axis by axis, only where what is skipped cannot be guessed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tessonance.grid import MOST_AT_ONCE
from tessonance.make.judging import Judge
from tessonance.make.samples import at, at_least, evenly, midpoints, neighbours, skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.make.judging import Near
    from tessonance.make.painting import Painting
    from tessonance.smooth.guess import Guess
    from tessonance.store import Tesseract, TesseractWriter

__all__ = ["AxisPilot", "BudgetReport", "BudgetRun"]

ENOUGH = 0.9  # of the cells of a sample are to be guessed well
SAMPLES = 16  # what is painted only to see is, with all axes or at the end, about one in so many of the budget
PILOT, PROOF = (4, 24), (6, 32)  # the fewest and the most cells of the sample of an axis, and of that at the end
ENOUGH_FOR_SPREAD = 64  # cells of the coarse level
BASE_LEVEL, BASE_SHARE = 2, 64  # where to begin: a level that is at most so small a part of the grid


@dataclass(frozen=True)
class AxisPilot:
    """What a sample says about the cells between the knots of one axis.

    Parameters
    ----------
    name : str
    knots : int
        How many indices of the axis are painted.
    steps : int
        How many there are.
    tried : int
        Cells between two knots that were painted to see; 0 where nothing is between.
    accepted : int
        How many of them their neighbours would have told well enough; see `tessonance.smooth.guess.Guess.accepted`.
    error : float
        Their mean error as a share of R, the distance of random pictures; NaN without any.
    strange : tuple of str
        Why guesses along this axis count for nothing: its cells are strangers even one step apart. Empty otherwise.
    """

    name: str
    knots: int
    steps: int
    tried: int = 0
    accepted: int = 0
    error: float = math.nan
    strange: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether it needs no more knots."""
        if self.knots == self.steps:
            return True
        return not self.strange and self.tried > 0 and self.accepted >= ENOUGH * self.tried


@dataclass(frozen=True)
class BudgetReport:
    """What a run with a budget came to.

    Parameters
    ----------
    cells : int
        Of the grid.
    budget : int
        The most pictures that were to be painted.
    painted : int
        Pictures there are.
    axes : tuple of AxisPilot
    tried, accepted : int
        Cells drawn at random from all that are skipped and painted to see, and how many could be guessed well.
    surely : float
        The share of all skipped cells that can be guessed well, proved with 95 % certainty by that sample.
    enough : bool
        Whether the painting ended because enough can be guessed.
    next_pictures : int
        How large a budget the next step would need; 0 where there is none, or it was not the budget that ended it.
    """

    cells: int
    budget: int
    painted: int
    axes: tuple[AxisPilot, ...]
    tried: int = 0
    accepted: int = 0
    surely: float = 0.0
    enough: bool = False
    next_pictures: int = 0


def sample_sizes(grid: Grid, budget: int) -> tuple[int, int]:
    """Return how many cells are painted to judge an axis, and how many at the end."""
    (few, many), (fewest, most) = PILOT, PROOF
    of_axis = max(few, min(many, budget // (SAMPLES * len(grid.axes))))
    return of_axis, max(fewest, min(most, budget // SAMPLES))


def base_level(grid: Grid, budget: int) -> int:
    """Return the level to begin with; the same for every budget that it fits."""
    most = min(budget, max(grid.size // BASE_SHARE, math.prod(map(len, grid.knots(0)))))
    fitting = [level for level in range(BASE_LEVEL + 1) if math.prod(map(len, grid.knots(level))) <= most]
    return min(fitting[-1], grid.levels - 1)


class BudgetRun:
    """Paints a tesseract step by step, as far as it is worth it.

    Every decision follows from pictures that are in the tesseract, and each step is whole before the next is decided.
    So a run that was stopped makes the same decisions again, and finds their pictures there; one with a larger budget
    looks at the same samples, and at more.

    Parameters
    ----------
    painting : Painting
    writer : TesseractWriter
    tesseract : Tesseract
        The same one, open for reading.
    budget : int
        The most pictures there may be in the end.
    last_level : int, optional
        No axis is painted finer than this.
    tell : callable, optional
        Called with a `BudgetReport` after every step.
    """

    def __init__(
        self,
        painting: Painting,
        writer: TesseractWriter,
        tesseract: Tesseract,
        budget: int,
        *,
        last_level: int | None = None,
        tell: Callable[[BudgetReport], None] | None = None,
    ) -> None:
        self._painting, self._writer, self._tesseract, self._budget = painting, writer, tesseract, budget
        self._tell = tell or (lambda _: None)
        self._grid = grid = writer.grid
        self._most, self._proof = sample_sizes(grid, budget)
        last = grid.levels - 1 if last_level is None else last_level
        self._last = tuple(min(axis.levels - 1, last) for axis in grid.axes)
        base = base_level(grid, budget)
        self._levels = tuple(min(base, most) for most in self._last)
        self._near: tuple[Near, ...] = ()
        self._spread = 0.0
        self._knots = grid.knots(self._levels)
        self._tried: dict[tuple[int, int], list[tuple[Cell, Guess]]] = {}  # by axis and level

    def run(self) -> BudgetReport:
        """Paint; return what it came to. Raises what `Painting.paint` does."""
        judge = Judge(self._tesseract.picture, self._grid, codec=self._tesseract.codec)
        try:
            return self._paint(judge)
        finally:
            judge.close()

    def _paint(self, judge: Judge) -> BudgetReport:
        if not self._paint_knots(self._levels) or not self._begin(judge):
            return self._stopped()
        while True:
            if not self._pilot(judge):
                return self._stopped()
            self._tell(self._report())
            finer = self._fitting(self._wanted())
            if finer is None:
                if not self._paint_lines():
                    return self._stopped()
                self._writer.choose(self._knots)  # samples may have made others whole, that nothing was proved of
                wanted = self._wanted()
                proof = self._prove(judge)
                if proof is None:
                    return self._stopped()
                tried, accepted = proof
                good = not wanted and accepted >= ENOUGH * tried
                finer = None if good or wanted or self._has_lines() else self._fitting(self._refinable())
                if finer is None:
                    return self._end(tried, accepted, good, wanted or self._refinable())
            self._note_step(finer)
            if not self._paint_knots(finer):
                return self._stopped()
            self._levels, self._knots = finer, self._grid.knots(finer)

    def _begin(self, judge: Judge) -> bool:
        """Look at neighbours along each axis and learn R; tell whether there was the time."""
        knots = self._grid.knots(self._levels)
        runs = [neighbours(self._grid, knots, k, max(1, self._most // 6)) for k in range(len(self._last))]
        first = [cell for k in self._refinable() for cell in midpoints(self._grid, self._levels, k, self._most)]
        if not self._paint_cells(cell for of_axis in runs for run in of_axis for cell in run):
            return False
        if not self._paint_cells(first):
            return False
        base = [at(knots, place) for place in evenly([len(along) for along in knots], ENOUGH_FOR_SPREAD)]
        self._spread = judge.spread_of([*base, *first])
        self._near = tuple(judge.near(of_axis, spread=self._spread) for of_axis in runs)
        return True

    def _pilot(self, judge: Judge) -> bool:
        """Judge every axis at its level, as far as that was not done; tell whether there was the time."""
        cells = {
            k: midpoints(self._grid, self._levels, k, self._most)
            for k in self._refinable()
            if (k, self._levels[k]) not in self._tried
        }
        if not self._paint_cells(cell for of_axis in cells.values() for cell in of_axis):
            return False
        for k, of_axis in cells.items():
            guesses = judge.guesses(of_axis, self._knots, spread=self._spread)
            self._tried[k, self._levels[k]] = list(zip(of_axis, guesses, strict=True))
        return True

    def _prove(self, judge: Judge) -> tuple[int, int] | None:
        """Paint some skipped cells, drawn at random, and return how many there are and how many could be guessed."""
        knots = self._knots
        drawn = skipped(self._grid, knots, self._proof)
        there = self._writer.is_painted(np.array([self._grid.flat(cell) for cell in drawn], np.int64)).tolist()
        left = max(0, self._budget - self._writer.painted())
        fresh = [cell for cell, painted in zip(drawn, there, strict=True) if not painted][:left]
        if not self._paint_cells(fresh):
            return None
        cells = [cell for cell, painted in zip(drawn, there, strict=True) if painted] + fresh
        if any(self._of(k).strange for k in self._refinable()):
            return len(cells), 0
        spread = judge.spread_of(cells)  # they are random cells, as R asks for; those of the coarse level are extremes
        return len(cells), sum(guess.accepted(spread) for guess in judge.guesses(cells, knots, spread=spread))

    def _refinable(self) -> list[int]:
        """Return the axes that have a further level, those first that err the most; strangers last."""
        open_axes = [k for k, last in enumerate(self._last) if self._levels[k] < last]

        def need(k: int) -> tuple[bool, float, int]:
            pilot = self._of(k)
            return bool(pilot.strange), 0.0 if pilot.strange else -pilot.error, self._levels[k]

        return sorted(open_axes, key=need) if self._near else open_axes

    def _wanted(self) -> list[int]:
        """Return the axes that need more knots and can have them, as `_refinable` does."""
        return [k for k in self._refinable() if not self._of(k).is_fine]

    def _has_lines(self) -> bool:
        """Whether an axis has a part of its next level: the end of what the budget holds."""
        return any(
            len(along) > len(whole) for along, whole in zip(self._knots, self._grid.knots(self._levels), strict=True)
        )

    def _of(self, k: int) -> AxisPilot:
        """Return what is known of an axis: of the cells that were tried, those that are still between its knots.

        Where lines were painted, those that erred the most are no longer among them: a few prove nothing.
        """
        axis = self._grid.axes[k]
        here = set(self._knots[k].tolist())
        every = self._tried.get((k, self._levels[k]), [])
        tried = [guess for cell, guess in every if cell[k] not in here]
        pilot = AxisPilot(axis.name, len(here), axis.steps, error=0.0)
        if not tried or len(tried) < min(PILOT[0], len(every)):
            return pilot
        return replace(
            pilot,
            tried=len(tried),
            accepted=sum(guess.accepted(self._spread) for guess in tried),
            error=float(np.mean([guess.error for guess in tried])) / self._spread,
            strange=self._near[k].strange,
        )

    def _fitting(self, axes: Iterable[int]) -> tuple[int, ...] | None:
        """Return the levels with one of some axes bisected, the first one that the budget allows."""
        finer = (self._bisected(k) for k in axes)
        return next((levels for levels in finer if self._needs(levels) <= self._budget), None)

    def _bisected(self, k: int) -> tuple[int, ...]:
        return (*self._levels[:k], self._levels[k] + 1, *self._levels[k + 1 :])

    def _needs(self, levels: tuple[int, ...]) -> int:
        """Return how many pictures there will be with the knots of some levels and the samples that they call for."""
        chunks = self._grid.knots_chunks(self._grid.knots(levels), MOST_AT_ONCE)
        missing = sum(int((~self._writer.is_painted(flats)).sum()) for flats in chunks)
        knots = self._writer.painted() + missing
        if not missing or knots == self._grid.size:  # all there: a run that is begun again goes through its steps
            return knots
        return min(self._grid.size, knots + self._most + self._proof)

    def _next(self, needed: int) -> int:
        """Return what is needed with the samples of so large a budget: they grow with it, and are painted first."""
        budget, axes = needed, len(self._grid.axes)
        while True:
            of_axis, proof = sample_sizes(self._grid, budget)
            more = needed + (axes + 1) * (of_axis - self._most) + 2 * (proof - self._proof)
            if more <= budget or budget == self._grid.size:
                return budget
            budget = min(self._grid.size, more)

    def _paint_lines(self) -> bool:
        """Spend what no bisection fits into on some lines of one, those that err the most; False if it was stopped.

        A line is all cells of one index of an axis that are on the knots of the others. Those that are painted already
        cost nothing, so a run that is begun again chooses the same ones.
        """
        left = max(0, self._budget - self._writer.painted() - self._proof)
        for k in self._wanted():
            lines = [] if self._of(k).strange else self._lines(k)
            cost = np.cumsum([int((~self._writer.is_painted(flats)).sum()) for _, flats in lines])
            fitting = lines[: int(np.searchsorted(cost, left, side="right"))]
            if not fitting:
                continue
            if not self._painting.paint(flats for _, flats in fitting):
                return False
            along = np.union1d(self._knots[k], [index for index, _ in fitting])
            told = {"axis": self._grid.axes[k].name, "from_knots": len(self._knots[k]), "knots": len(along)}
            self._knots = (*self._knots[:k], along, *self._knots[k + 1 :])
            if cost[len(fitting) - 1]:
                self._writer.note({"event": "refined", **told})
            return True
        return True

    def _lines(self, k: int) -> list[tuple[int, NDArray[np.int64]]]:
        """Return the indices that the next level of an axis adds, those first around which guesses err the most."""
        knots = self._knots
        between = np.setdiff1d(self._grid.axes[k].knots(self._levels[k] + 1), knots[k]).tolist()
        errors: dict[int, list[float]] = {}
        for cell, guess in self._tried.get((k, self._levels[k]), []):
            errors.setdefault(cell[k], []).append(guess.error)
        mean = float(np.mean([error for some in errors.values() for error in some])) if errors else 0.0
        worst = sorted(between, key=lambda index: -float(np.mean(errors.get(index, [mean]))))
        boxes = ((index, (*knots[:k], np.array([index]), *knots[k + 1 :])) for index in worst)
        return [(index, np.concatenate(list(self._grid.knots_chunks(box, MOST_AT_ONCE)))) for index, box in boxes]

    def _paint_knots(self, levels: tuple[int, ...]) -> bool:
        return self._painting.paint(self._grid.knots_chunks(self._grid.knots(levels), MOST_AT_ONCE))

    def _paint_cells(self, cells: Iterable[Cell]) -> bool:
        """Paint some cells, as far as the budget goes; tell whether they are all there."""
        flats = np.array(list(dict.fromkeys(self._grid.flat(cell) for cell in cells)), np.int64)
        missing = flats[~self._writer.is_painted(flats)]
        if not missing.size:
            return True
        left = max(0, self._budget - self._writer.painted())
        return self._painting.paint([missing[:left]]) and len(missing) <= left

    def _stopped(self) -> BudgetReport:
        """Sum up a run that could not look at what it wanted to: by the budget, or by another limit."""
        spent = self._writer.painted() >= self._budget
        return self._end(0, 0, False, self._refinable()) if spent else self._report()

    def _report(self) -> BudgetReport:
        axes = tuple(self._of(k) for k in range(len(self._last)))
        return BudgetReport(self._grid.size, self._budget, self._writer.painted(), axes)

    def _end(self, tried: int, accepted: int, enough: bool, wanted: list[int]) -> BudgetReport:
        """Sum up, and note it in the journal."""
        plain = self._report()
        whole = all(axis.knots == axis.steps for axis in plain.axes)
        report = BudgetReport(
            plain.cells,
            plain.budget,
            plain.painted,
            plain.axes,
            tried=tried,
            accepted=accepted,
            surely=1.0 if whole else at_least(accepted, tried),
            enough=enough or whole,
            next_pictures=0
            if enough or whole or not wanted
            else self._next(min(self._needs(self._bisected(k)) for k in wanted)),
        )
        told = {"budget": report.budget, "painted": report.painted, "tried": tried, "accepted": accepted}
        knots = {axis.name: axis.knots for axis in report.axes}
        strange = {axis.name: list(axis.strange) for axis in report.axes if axis.strange}
        self._writer.note(
            {"event": "budget", **told, "surely": round(report.surely, 3), "knots": knots, "strange": strange}
        )
        return report

    def _note_step(self, finer: tuple[int, ...]) -> None:
        """Tell the journal why an axis is bisected, unless that was done before and is only gone through again."""
        chunks: Iterable[NDArray[np.int64]] = self._grid.knots_chunks(self._grid.knots(finer), MOST_AT_ONCE)
        if all(self._writer.is_painted(flats).all() for flats in chunks):
            return
        k = next(k for k, level in enumerate(finer) if level != self._levels[k])
        pilot = self._of(k)
        why = {"tried": pilot.tried, "accepted": pilot.accepted, "error": round(pilot.error, 3)}
        self._writer.note({"event": "bisected", "axis": pilot.name, "from_knots": pilot.knots, **why})
