"""`generate`: paint the missing cells of a tesseract."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tessonance.errors import OutputExists, TessError
from tessonance.make.crew import cores, usual_workers
from tessonance.make.crews import crew
from tessonance.make.painting import Limits, Painting
from tessonance.make.resolve import lasting, resolved
from tessonance.make.scope import cells_wanted, level_wanted, pictures_of
from tessonance.project import Project, load_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from tessonance.make.budget import BudgetReport
    from tessonance.make.painting import Progress
    from tessonance.make.perceptual import SpacingReport
    from tessonance.store import Tesseract, TesseractWriter

__all__ = ["generate"]

PROCESSES_PER_CORE = 8  # more only wait for one another, and for memory


def generate(
    project: Project | str | Path,
    path: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    allow_drift: bool = False,
    cells: str | None = None,
    until: str | None = None,
    budget: float | str | None = None,
    limit: int | None = None,
    deadline_seconds: float | None = None,
    task_seconds: float | None = None,
    durability: Literal["fast", "safe"] = "safe",
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    on_report: Callable[[BudgetReport | SpacingReport], None] | None = None,
) -> Tesseract:
    """Paint every cell of a project that its tesseract does not hold yet, coarse levels first.

    What is in the tesseract stays: a run that was stopped, by whatever, goes on where it was. A cell that fails is
    tried three times and then left out, noted in the journal, and tried again by the next run. To hold the tesseract
    yourself, see `tessonance.store.TesseractWriter`.

    Parameters
    ----------
    project : Project or path-like
        The project, or its file.
    path : path-like
        The tesseract, ``NAME.tess``; made if it is not there.
    workers : int, optional
        Painting processes; one for each core unless given, or one where each holds a large model. 1 paints in this
        process.
    cluster : str, optional
        The workers of a Dask cluster instead: ``tcp://HOST:PORT`` or ``tls://HOST:PORT`` of its scheduler, or
        ``local:N`` for one on this machine. Who they are is noted in the journal.
    allow_drift : bool
        Whether workers of the cluster may paint whose pictures differ from the first worker's by more than a tenth of
        what neighbouring cells do.
    cells : str, optional
        Only these cells: slices such as ``bloom=0:9,ink=4``, or a ``.csv``; see `tessonance.make.scope.cells_wanted`.
    until : str, optional
        ``level:K``: no finer level than this.
    budget : int, float or str, optional
        The most pictures there may be in the end: a number of them, or a share of the grid such as ``0.1`` or
        ``"10%"``. Only whole knots are painted, and along each axis only as many as it takes to guess what is between
        them; see `tessonance.make.budget`. A later run with a larger budget, or without, goes on from there.
    limit : int, optional
        At most so many cells in this run.
    deadline_seconds : float, optional
        Begin nothing more after so long.
    task_seconds : float, optional
        After how long a task is taken for stuck, and counts as failed.
    durability : {"fast", "safe"}
        Whether pictures are made to survive a power failure, once a second, before they count as painted. Both survive
        the end of the program, however it ends.
    progress : callable, optional
        Called with a `Progress` at the start and after every task.
    stop : callable, optional
        Asked before every task; True ends the run after the tasks in flight.
    on_report : callable, optional
        Called with a `tessonance.make.budget.BudgetReport` after every step of a run with a budget, and at its end; and
        with a `tessonance.make.perceptual.SpacingReport` for each axis whose values were decided.

    Returns
    -------
    Tesseract
        Open for reading.

    Raises
    ------
    TessError
        ProjectError, TesseractError (another identity, disk full) or GeneratorError (cells that failed, out of
        memory); what was painted is kept.
    """
    from tessonance.store import TesseractWriter, check_new, open_tesseract

    wanted = resolved(project if isinstance(project, Project) else load_project(project))
    kept = lasting(wanted)
    path, grid, began = Path(path), wanted.grid, time.monotonic()
    tell = on_report or (lambda _: None)
    many = PROCESSES_PER_CORE * cores()
    if workers is not None and not 1 <= workers <= many:
        raise TessError("so many cannot paint here", wanted=f"from 1 to {many} workers", got=f"workers = {workers}")
    if path.suffix == ".zip":
        raise TessError("a packed tesseract is not painted on", where=path, hint="paint NAME.tess, then `tess pack`")
    if not path.exists():
        check_new(path)
    if workers and cluster:
        raise TessError("a cluster has its own workers", wanted="workers or cluster", got="both")
    if budget is not None and cells:
        raise TessError("a budget chooses the cells itself", wanted="budget or cells", got="both")
    most = None if budget is None else pictures_of(budget, grid)
    limits = Limits(
        level=grid.levels - 1 if until is None else level_wanted(until, grid),
        wanted=None if cells is None else cells_wanted(cells, grid),
        cells=limit,
        seconds=deadline_seconds,
        stop=stop,
        goal=most,
    )
    with ExitStack() as stack:
        writer = stack.enter_context(TesseractWriter.open(path, kept)) if path.exists() else None
        wanted = wanted.decided_by(writer.project) if writer else wanted
        if writer is None or writer.painted() < grid.size:
            # The generator opens before a new file is made: a mistake in its options leaves nothing behind.
            missing = (most or grid.size) - (writer.painted() if writer else 0)
            people = crew(
                wanted,
                max(1, min(workers or usual_workers(wanted), missing, limit or missing)),
                task_seconds=task_seconds,
                cluster=cluster,
                allow_drift=allow_drift,
            )
            stack.callback(people.close)

            def painting(on: TesseractWriter, limits: Limits) -> Painting:
                return Painting(people, on, limits, progress=progress, safe=durability == "safe")

            writer = writer or stack.enter_context(_made(path, kept, limits, painting, tell))
            left = replace(limits, seconds=_left(limits.seconds, began))
            if most is None:
                painting(writer, left).paint()
            else:
                _paint_within(most, painting(writer, left), writer, limits.level, tell)
    return open_tesseract(path)


def _made(
    path: Path,
    project: Project,
    limits: Limits,
    painting: Callable[[TesseractWriter, Limits], Painting],
    tell: Callable[[BudgetReport | SpacingReport], None],
) -> TesseractWriter:
    """Make the tesseract; where the values of its axes are to be found out, after a pilot."""
    if project.is_decided:
        return _begun(path, project)
    from tessonance.make.perceptual import Pilot

    pilot = Pilot(project, path)
    alone = Limits(level=0, seconds=limits.seconds, stop=limits.stop, goal=pilot.pictures)
    decided, reports = pilot.decide(lambda writer: painting(writer, alone))
    made = _begun(path, decided)
    try:
        for report in reports:
            made.note(report.event())
            tell(report)
    except BaseException:
        made.close()
        raise
    pilot.remove()
    return made


def _paint_within(
    budget: int,
    painting: Painting,
    writer: TesseractWriter,
    last_level: int,
    tell: Callable[[BudgetReport | SpacingReport], None],
) -> None:
    from tessonance.make.budget import BudgetRun
    from tessonance.store import open_tesseract

    with open_tesseract(writer.path) as tesseract:
        tell(BudgetRun(painting, writer, tesseract, budget, last_level=last_level, tell=tell).run())


def _left(seconds: float | None, began: float) -> float | None:
    """Return how much of a deadline is left."""
    return None if seconds is None else max(0.0, seconds - (time.monotonic() - began))


def _begun(path: Path, project: Project) -> TesseractWriter:
    """Make the tesseract, or open the one that another run made while the generator was being opened here."""
    from tessonance.store import TesseractWriter

    try:
        return TesseractWriter.create(path, project)
    except OutputExists:
        return TesseractWriter.open(path, project)
