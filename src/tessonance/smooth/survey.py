"""How smooth a tesseract is: every edge of it, or a fair sample, axis by axis."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture, TesseractError, TessError
from tessonance.smooth.advice import advise
from tessonance.smooth.findings import AxisFindings, Edge, Guesses, Survey
from tessonance.smooth.flip import see
from tessonance.smooth.guess import fade, judge, morph
from tessonance.smooth.line import PAIRS, Gates, Line, spread_of, walk
from tessonance.smooth.metrics import (
    FAINT,
    change,
    cliff_share,
    interpolation_ratio,
    trembling,
    uniformity,
    variation,
)
from tessonance.smooth.rows import Row, knots_edges, plan
from tessonance.smooth.sweeps import sweeps
from tessonance.smooth.views import view
from tessonance.store.bake import same_knots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Knots
    from tessonance.smooth.findings import Sweep
    from tessonance.smooth.flip import Seen
    from tessonance.store import Tesseract

    Progress = Callable[[int, int], None]

__all__ = ["MOST_PICTURES", "survey"]

MOST_PICTURES = 3000  # looked at for the edges; about 6 ms each on one core
CHANGES, GUESSES = 48, 16  # edges of an axis split into pop and speed, besides its largest; pictures guessed of an axis
LARGEST = 8
TREMBLING = 8  # pictures that tell what the codec makes of them
ENOUGH = 0.8  # of a level's cells; the few that are missing are holes
MOST_ASKED = 200_000  # cells asked whether they are painted, to find a level with few holes


def survey(
    tesseract: Tesseract,
    *,
    most: int = MOST_PICTURES,
    gates: Gates | None = None,
    sweep: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Measure how smooth a tesseract is.

    Parameters
    ----------
    tesseract : Tesseract
        It may have holes: the finest level is measured that has at least four fifths of its pictures.
    most : int
        How many pictures to look at, from 2; beyond that, a fair sample of rows is taken, and the survey says so.
    gates : Gates, optional
        What an axis has to keep to before its scores count.
    sweep : bool
        Whether to watch slow sweeps too, as a show would make them.
    workers : int, optional
        Threads; one for each core unless given.
    progress : callable, optional
        Called with how much is done and how much there is: of the rows, then anew of the edges that are split into
        pop and speed, then of the sweeps.

    Returns
    -------
    Survey

    Raises
    ------
    TessError
        If there is no picture in it, or `most` is below 2.
    """
    if most < 2:
        raise TessError("an edge has two pictures", wanted="most >= 2", got=str(most))
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        return _Survey(tesseract, most, gates or Gates(), pool, progress or (lambda done, total: None)).run(sweep)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, what is still waiting is not begun


@dataclass
class _Along:
    """What was measured along one axis, as it comes in."""

    edges: list[Edge] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


class _Survey:
    def __init__(
        self, tesseract: Tesseract, most: int, gates: Gates, pool: ThreadPoolExecutor, progress: Progress
    ) -> None:
        self._tesseract, self._gates, self._pool, self._progress = tesseract, gates, pool, progress
        self._grid = tesseract.grid
        self._knots = _knots(tesseract)
        self._rows, self._complete = plan(self._grid, self._knots, most=most)
        self._along = [_Along() for _ in self._grid.axes]
        self._missing: set[Cell] = set()
        self._most_split = len(self._grid.axes) * (LARGEST + CHANGES)
        self._faint = FAINT

    def run(self, sweep: bool) -> Survey:
        spread, self._faint = self._spread(), self._trembling()
        for done, (row, runs) in enumerate(zip(self._rows, self._measured(), strict=True), 1):
            self._keep(row, runs)
            self._progress(done, len(self._rows))
        axes = tuple(self._axis(k, spread) for k in range(len(self._grid.axes)))
        self._progress(self._most_split, self._most_split)
        found = Survey(
            where=self._tesseract.where,
            name=self._tesseract.name,
            knots=tuple(tuple(int(index) for index in along) for along in self._knots),
            cells=self._grid.size,
            painted=self._tesseract.painted(),
            complete=self._complete,
            holes=len(self._missing),
            spread=spread,
            axes=axes,
            sweeps=self._sweeps() if sweep else (),
        )
        return advise(found)

    def _spread(self) -> float:
        """Return R over random cells of the whole grid."""
        random = np.random.default_rng(1)
        picked = [tuple(int(random.choice(along)) for along in self._knots) for _ in range(2 * PAIRS)]
        seen = [s for s in self._pool.map(self._seen, dict.fromkeys(picked)) if s is not None]
        return spread_of(seen)

    def _trembling(self) -> float:
        """Return what two steps have to sum to for their flicker to count: the median of some pictures."""
        cells = list(dict.fromkeys(row.cells[len(row.cells) // 2] for row in self._rows))
        some = [cells[i] for i in np.linspace(0, len(cells) - 1, min(len(cells), TREMBLING)).astype(int)]
        codec = self._tesseract.codec

        def of(cell: Cell) -> float | None:
            picture = self._picture(cell)
            return None if picture is None else trembling(picture, lambda shifted: codec.decode(codec.encode(shifted)))

        found = [faint for faint in self._pool.map(of, some) if faint is not None]
        return float(np.median(found)) if found else FAINT

    def _measured(self) -> Iterator[list[tuple[range, Line]]]:
        """Measure the rows on all threads, in order, a few ahead."""
        return _ahead(self._pool, self._measure, self._rows)

    def _measure(self, row: Row) -> list[tuple[range, Line]]:
        seen = [self._seen(cell) for cell in row.cells]
        whole = None not in seen
        return [
            (run, walk([seen[i] for i in run], closed=row.closed and whole, spread=0.0, faint=self._faint))  # type: ignore[misc]
            for run in _runs(seen)
        ]

    def _keep(self, row: Row, runs: Iterable[tuple[range, Line]]) -> None:
        along = self._along[row.axis]
        for run, line in runs:
            along.lines.append(line)
            for number, step in enumerate(line.steps):
                first, second = run[number], run[(number + 1) % len(run)]
                along.edges.append(Edge(row.axis, row.cells[first], row.cells[second], row.places[first], step))

    def _axis(self, k: int, spread: float) -> AxisFindings:
        axis, along = self._grid.axes[k], self._along[k]
        steps = [edge.step for edge in along.edges]
        whole = [line for line in along.lines if len(line.steps) == knots_edges(self._grid, self._knots, k)]
        pooled = Line(tuple(steps), tuple(f for line in along.lines for f in line.flickers), 0.0, spread)
        turning = _median([line.turning for line in along.lines])
        worst, fair = self._changes(k, along.edges)
        mean = float(np.mean(steps)) if steps else 0.0
        pop, step = _mean([edge.pop for edge in fair]), _mean([edge.step for edge in fair])
        pops = pop / step if step > 0 else math.nan
        verdict = self._gates.judge(roughness=pooled.roughness, flicker=pooled.flicker, turning=turning, pop_share=pops)
        return AxisFindings(
            name=axis.name,
            values=tuple(float(axis.values[index]) for index in self._knots[k]),
            closed=axis.closed,
            measured=len(steps),
            mean=mean,
            largest=max(steps, default=0.0),
            length=mean * knots_edges(self._grid, self._knots, k),
            roughness=pooled.roughness,
            uniformity=uniformity(steps),
            variation=variation(steps),
            flicker=pooled.flicker,
            tortuosity=_median([line.tortuosity for line in whole]),
            cliff_share=cliff_share(steps),
            pop=pop,
            speed=_mean([edge.speed for edge in fair]),
            edges=tuple(dict.fromkeys((*worst, *fair))),
            steps=tuple((edge.first, edge.step) for edge in along.edges),
            guesses=self._guesses(k, steps, spread),
            refused=verdict.reasons,
            skipped=axis.steps - len(self._knots[k]),
        )

    def _changes(self, k: int, edges: Sequence[Edge]) -> tuple[list[Edge], list[Edge]]:
        """Split the largest edges of an axis, and a fair sample of all, into pop and speed."""
        ranked = sorted(edges, key=lambda edge: -edge.step)[:LARGEST]
        fair = [edges[i] for i in np.linspace(0, len(edges) - 1, min(len(edges), CHANGES)).astype(int)]
        chosen = list(dict.fromkeys([*ranked, *fair]))
        split: dict[Edge, Edge | None] = {}
        for edge, found in zip(chosen, self._pool.map(self._change, chosen), strict=True):
            split[edge] = found
            self._progress(k * (LARGEST + CHANGES) + len(split), self._most_split)
        largest, sample = ([each for edge in some if (each := split[edge])] for some in (ranked, fair))
        return largest, sample

    def _change(self, edge: Edge) -> Edge | None:
        first, second = self._picture(edge.first), self._picture(edge.second)
        if first is None or second is None:
            return None
        found = change(first, second)
        return Edge(edge.axis, edge.first, edge.second, edge.place, edge.step, found.pop, found.speed)

    def _guesses(self, k: int, steps: Sequence[float], spread: float) -> tuple[Guesses, ...]:
        triples = [
            row.cells[i - 1 : i + 2] for row in self._rows if row.axis == k for i in range(1, len(row.cells) - 1, 2)
        ]
        chosen = [triples[i] for i in np.linspace(0, len(triples) - 1, min(len(triples), GUESSES)).astype(int)]
        read = [trio for trio in self._pool.map(self._pictures, chosen) if trio is not None]
        found = []
        for name, guesser in (("blend", fade), ("morph", morph)):
            judged = list(self._pool.map(lambda trio: judge(guesser(trio[0], trio[2], 0.5), trio[1]), read))  # noqa: B023
            if judged:
                found.append(
                    Guesses(
                        method=name,
                        ratio=interpolation_ratio([guess.error for guess in judged], steps),
                        error=float(np.mean([guess.error for guess in judged])),
                        sharpness=float(np.mean([guess.sharpness for guess in judged])),
                        contrast=float(np.mean([guess.contrast for guess in judged])),
                        accepted=float(np.mean([guess.accepted(spread) for guess in judged])),
                    )
                )
        return tuple(found)

    def _sweeps(self) -> tuple[Sweep, ...]:
        try:
            knots = self._tesseract.knots()
        except TesseractError:
            return ()
        bake = self._tesseract.bake()
        try:
            return sweeps(
                self._tesseract.picture,
                self._grid,
                knots,
                pool=self._pool,
                fields=bake if bake is not None and same_knots(bake.knots, knots) else None,
                progress=self._progress,
            )
        except (MissingPicture, DamagedPicture):
            return ()  # a picture of the complete level is damaged: a show would stumble over it too

    def _seen(self, cell: Cell) -> Seen | None:
        picture = self._picture(cell)
        return None if picture is None else see(view(picture))

    def _pictures(self, cells: Sequence[Cell]) -> list[NDArray[np.uint8]] | None:
        found = [picture for cell in cells if (picture := self._picture(cell)) is not None]
        return found if len(found) == len(cells) else None

    def _picture(self, cell: Cell) -> NDArray[np.uint8] | None:
        try:
            return self._tesseract.picture(cell)
        except (MissingPicture, DamagedPicture):
            self._missing.add(cell)
            return None


def _knots(tesseract: Tesseract) -> Knots:
    """Return the knots that play, or those of a finer level that has most of its pictures."""
    grid = tesseract.grid
    if not tesseract.painted():
        raise TesseractError(
            "there is no picture in it yet", where=tesseract.where, hint="paint it with `tess generate`"
        )
    try:
        played = tesseract.knots()
    except TesseractError:
        played = grid.knots(0)
    for level in reversed(range(grid.levels)):
        knots = grid.knots(level)
        count = math.prod(map(len, knots))
        if count <= math.prod(map(len, played)):
            break
        if count <= MOST_ASKED:
            flats = np.concatenate(list(grid.knots_chunks(knots, count)))
            if tesseract.is_painted(flats).mean() >= ENOUGH:
                return knots
    return played


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _median(values: Sequence[float]) -> float:
    """Return the median of those that have an answer, infinite ones too; NaN without one."""
    counted = [value for value in values if not math.isnan(value)]
    return float(np.median(counted)) if counted else math.nan


def _runs(seen: Sequence[Seen | None]) -> list[range]:
    """Return the stretches without a hole."""
    holes = [-1, *(i for i, s in enumerate(seen) if s is None), len(seen)]
    return [range(before + 1, after) for before, after in pairwise(holes) if after - before > 1]


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Row], list[tuple[range, Line]]], rows: Sequence[Row]
) -> Iterator[list[tuple[range, Line]]]:
    """Map over the rows, so that Ctrl-C leaves soon: only a few are handed to the threads before they are wanted."""
    waiting = []
    for row in rows:
        waiting.append(pool.submit(work, row))
        if len(waiting) > 8:
            yield waiting.pop(0).result()
    yield from (future.result() for future in waiting)
