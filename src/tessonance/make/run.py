"""Paint the missing cells of a tesseract."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins
from msgspec.structs import replace

from tessonance.errors import TessError
from tessonance.make.crew import Crew, Done, cores, crew
from tessonance.make.order import Plan
from tessonance.plugins import generator_kind
from tessonance.project import Project, load_project, options

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.store import Tesseract, TesseractWriter

__all__ = ["Progress", "generate"]

TASK_SECONDS = 0.25  # long enough that sending costs nothing, short enough to stop soon
MOST_CELLS = 256


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    painted : int
        Cells of the tesseract that are painted.
    cells : int
        Cells of the grid.
    fresh : int
        Cells painted by this run.
    stored_bytes : int
        Encoded bytes put by this run.
    """

    painted: int
    cells: int
    fresh: int
    stored_bytes: int


def generate(
    project: Project | str | Path,
    path: str | Path,
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Tesseract:
    """Paint every cell of a project that its tesseract does not hold yet, coarse levels first.

    What is in the tesseract stays: a run that was stopped, by whatever, goes on where it was. To hold the tesseract
    yourself, see `tessonance.store.TesseractWriter`.

    Parameters
    ----------
    project : Project or path-like
        The project, or its file.
    path : path-like
        The tesseract, ``NAME.tess``; made if it is not there.
    workers : int, optional
        Painting processes; all cores unless given. 1 paints in this process.
    progress : callable, optional
        Called with a `Progress` at the start and after every task.
    stop : callable, optional
        Asked before every task; True ends the run after the tasks in flight.

    Returns
    -------
    Tesseract
        Open for reading.

    Raises
    ------
    TessError
        ProjectError, TesseractError (another identity, disk full) or GeneratorError; what was painted is kept.
    """
    from tessonance.store import TesseractWriter, open_tesseract

    wanted = _resolved(project if isinstance(project, Project) else load_project(project))
    path = Path(path)
    if workers is not None and workers < 1:
        raise TessError("there must be somebody to paint", wanted="workers >= 1", got=f"workers = {workers}")
    with ExitStack() as stack:
        writer = stack.enter_context(TesseractWriter.open(path, wanted)) if path.exists() else None
        if writer is None or writer.painted() < wanted.grid.size:
            # The generator opens before a new file is made: a mistake in its options leaves nothing behind.
            people = crew(wanted, workers or min(cores(), wanted.grid.size))
            stack.callback(people.close)
            writer = writer or stack.enter_context(TesseractWriter.create(path, wanted))
            _Run(people, writer, progress or _silent).paint(stop or _never)
    return open_tesseract(path)


def _resolved(project: Project) -> Project:
    """Write the generator's defaults out: what a tesseract is must not change when they do."""
    kind = generator_kind(project.generator.use)
    given = options(kind.options, project.generator.options, "[generator]")
    return replace(project, generator=replace(project.generator, options=to_builtins(given)))


class _Run:
    """One crew painting one tesseract.

    Parameters
    ----------
    crew : Crew
    writer : TesseractWriter
    progress : callable
    """

    def __init__(self, crew: Crew, writer: TesseractWriter, progress: Callable[[Progress], None]) -> None:
        self._crew, self._writer, self._progress = crew, writer, progress
        self._plan = Plan(writer.grid, writer.is_painted, slow_axes=crew.slow_axes)
        self._task_cells = crew.batch_size
        self._in_flight: dict[int, tuple[NDArray[np.int64], float]] = {}
        self._before, self._fresh, self._bytes = writer.painted(), 0, 0

    def paint(self, stop: Callable[[], bool]) -> None:
        """Paint until all is painted, `stop` says so or something fails; what is in flight is kept first."""
        failure: TessError | None = None
        self._report()
        while True:
            if failure is None and not stop():
                for worker in self._crew.idle:
                    self._give(worker)
            if not self._crew.busy:
                break
            for done in self._crew.collect(0.2):
                failure = failure or done.error
                self._put(done)
        self._writer.sync()
        if failure:
            raise failure

    def _give(self, worker: int) -> None:
        flats = self._plan.take(worker, self._task_cells)
        if flats.size:
            self._in_flight[worker] = flats, time.perf_counter()
            grid = self._writer.grid
            self._crew.give(worker, [grid.point(grid.cell(int(flat))) for flat in flats])

    def _put(self, done: Done) -> None:
        flats, began = self._in_flight.pop(done.worker)
        self._pace(len(flats), time.perf_counter() - began)
        for flat, encoded in zip(flats, done.pictures, strict=done.error is None):
            self._writer.put(self._writer.grid.cell(int(flat)), encoded)
        self._fresh += len(done.pictures)
        self._bytes += sum(map(len, done.pictures))
        self._report()

    def _pace(self, cells: int, seconds: float) -> None:
        """Let the next tasks last about `TASK_SECONDS`, in whole batches."""
        size = self._crew.batch_size
        batches = int(TASK_SECONDS / max(seconds / cells, 1e-6) / size)
        self._task_cells = size * max(1, min(batches, MOST_CELLS // size))

    def _report(self) -> None:
        self._progress(Progress(self._before + self._fresh, self._writer.grid.size, self._fresh, self._bytes))


def _silent(_: Progress) -> None:
    pass


def _never() -> bool:
    return False
