"""`spacing = "perceptual"`: a coarse pass before a tesseract is made finds where the values of its axes stand."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from tessonance.errors import TessError
from tessonance.grid import Grid
from tessonance.make.crew import cores
from tessonance.make.samples import evenly
from tessonance.smooth.flip import difference, see
from tessonance.smooth.spacing import respace
from tessonance.smooth.views import view
from tessonance.store import TesseractWriter, open_tesseract, remove_tesseract

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tessonance.grid import Axis, Cell
    from tessonance.make.painting import Painting
    from tessonance.project import Project
    from tessonance.smooth.flip import Seen
    from tessonance.smooth.spacing import Spacing

__all__ = ["Pilot", "SpacingReport", "pilot_path"]

SIZES = ((33, 5), (33, 3), (17, 5), (17, 3), (9, 3))  # pictures along an axis, and along how many lines
FEWEST_STEPS = 5  # of an axis that is worth it
SHARE, MOST_SHARE = 1 / 20, 1 / 4  # of the grid that a pilot may take: if it can, and by no means more
DIGITS = 6  # of a share: values look like numbers somebody chose


@dataclass(frozen=True)
class SpacingReport:
    """What a coarse pass said about the values of one axis.

    Parameters
    ----------
    name : str
    pictures : int
        Painted to see, for all axes together; they are not kept. 0 where the axis or the grid is too small for that.
    even : float
        The coefficient of variation of the steps, if values stand evenly; NaN where nothing was painted.
    spaced : float
        What it becomes where they stand by sight.
    helps : bool
        Whether they do.
    """

    name: str
    pictures: int
    even: float
    spaced: float
    helps: bool

    def event(self) -> dict[str, Any]:
        """Return what the journal tells."""
        known = {} if math.isnan(self.even) else {"even": round(self.even, 3), "spaced": round(self.spaced, 3)}
        spacing = "perceptual" if self.helps else "even"
        return {"event": "spacing", "axis": self.name, "spacing": spacing, "pictures": self.pictures, **known}


def pilot_path(path: Path) -> Path:
    """Return where the coarse pass for a tesseract is painted."""
    return path.with_name(f"{path.name}.pilot")


class Pilot:
    """A tesseract beside the one to be made, of a few lines along each axis whose values are not decided.

    It can be stopped and gone on with like any other, and is removed when it is not needed any more.

    Parameters
    ----------
    project : Project
    path : Path
        Of the tesseract to be made.
    """

    def __init__(self, project: Project, path: Path) -> None:
        self._project, self._path = project, pilot_path(path)
        self._undecided = [k for k, axis in enumerate(project.axes) if not axis.is_decided]
        self._tried = [k for k in self._undecided if project.axes[k].steps >= FEWEST_STEPS]
        self._count, self._lines = _size(project.grid, self._tried)
        self._coarse = replace(project, axes=tuple(self._coarsened(axis) for axis in project.axes))
        self._rows = {k: self._rows_along(k) for k in self._tried} if self._count else {}
        self._cells = list(dict.fromkeys(cell for rows in self._rows.values() for row in rows for cell in row))

    @property
    def pictures(self) -> int:
        """How many pictures it takes."""
        return len(self._cells)

    def decide(self, painting: Callable[[TesseractWriter], Painting]) -> tuple[Project, list[SpacingReport]]:
        """Paint the lines, and return the project with the values recorded, and why.

        Raises
        ------
        TessError
            If the painting was stopped, or failed; what was painted is gone on with by the next run.
        """
        found: dict[int, Spacing] = {}
        if self._cells:
            self._paint(painting)
            found = self._measure()
        axes = list(self._project.axes)
        reports = []
        for k in self._undecided:
            spacing, name = found.get(k), axes[k].name
            if spacing is None:
                reports.append(SpacingReport(name, 0, math.nan, math.nan, False))
                continue
            reports.append(SpacingReport(name, len(self._cells), spacing.even, spacing.spaced, spacing.helps))
            if spacing.helps:
                axes[k] = replace(axes[k], recorded=_values(axes[k], spacing.shares))
        return replace(self._project, axes=tuple(axes)).decided_evenly(), reports

    def remove(self) -> None:
        """Remove what was painted, if anything was and it is this."""
        with suppress(TessError):
            with open_tesseract(self._path) as found:
                is_this = not self._coarse.differences(found.project)
            if is_this:
                remove_tesseract(self._path)

    def _paint(self, painting: Callable[[TesseractWriter], Painting]) -> None:
        grid = self._coarse.grid
        flats = np.array([grid.flat(cell) for cell in self._cells], np.int64)
        with self._begun() as writer:
            if not painting(writer).paint([flats]):
                raise TessError(
                    "stopped before it was decided where the values of its axes stand",
                    where=self._path,
                    got=f"{writer.painted():,} of {len(flats):,} pictures painted to see",
                    hint="run it again: it goes on from there",
                )

    def _begun(self) -> TesseractWriter:
        if not self._path.exists():
            return TesseractWriter.create(self._path, self._coarse)
        try:
            return TesseractWriter.open(self._path, self._coarse)
        except TessError as error:
            error.hint = f"{self._path.name} is what was painted to see where values stand: delete it to begin anew"
            raise

    def _measure(self) -> dict[int, Spacing]:
        with open_tesseract(self._path) as tesseract, ThreadPoolExecutor(cores()) as pool:
            pictures = pool.map(lambda cell: see(view(tesseract.picture(cell))), self._cells)
            seen = dict(zip(self._cells, pictures, strict=True))
        return {k: self._spacing(k, [[seen[cell] for cell in row] for row in self._rows[k]]) for k in self._tried}

    def _spacing(self, k: int, rows: Sequence[Sequence[Seen]]) -> Spacing:
        steps = [[difference(a, b) for a, b in pairwise(row)] for row in rows]
        across = [[difference(a, b) for a, b in zip(row, row[2:], strict=False)] for row in rows]
        return respace(steps, across, edges=self._project.axes[k].edges)

    def _coarsened(self, axis: Axis) -> Axis:
        """Return an axis of the pilot: even, and of few steps where its values are looked for."""
        plain = replace(axis, spacing="even", recorded=UNSET) if not axis.is_decided else axis
        if axis.is_decided or not self._count or axis.steps < FEWEST_STEPS:
            return plain
        return replace(plain, steps=min(axis.steps, self._count - axis.closed))

    def _rows_along(self, k: int) -> list[list[Cell]]:
        """Return some rows along an axis, spread over the others; of a closed one, back to where it began."""
        axes = self._coarse.axes
        others = [1 if j == k else axis.steps for j, axis in enumerate(axes)]
        along = [*range(axes[k].steps), *([0] if axes[k].closed else [])]
        return [[(*at[:k], index, *at[k + 1 :]) for index in along] for at in evenly(others, self._lines)]


def _size(grid: Grid, undecided: Sequence[int]) -> tuple[int, int]:
    """Return how many pictures along how many lines of each axis are worth it; 0 where none are."""

    def taken(count: int, lines: int) -> int:
        along = [min(count, grid.axes[k].steps) for k in undecided]
        others = [grid.size // grid.axes[k].steps for k in undecided]
        return sum(n * min(lines, other) for n, other in zip(along, others, strict=True))

    for share, sizes in ((SHARE, SIZES), (MOST_SHARE, SIZES[-1:])):
        for count, lines in sizes:
            if undecided and taken(count, lines) <= share * grid.size:
                return count, lines
    return 0, 0


def _values(axis: Axis, shares: Sequence[float]) -> tuple[float, ...]:
    """Return the values at some shares of the way; a closed axis leaves its end out."""
    span = axis.stop - axis.start
    inner = [axis.start + span * round(share, DIGITS) for share in shares[1:-1]]
    return (axis.start, *inner) if axis.closed else (axis.start, *inner, axis.stop)
