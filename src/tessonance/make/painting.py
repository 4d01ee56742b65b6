"""One run: hands cells to a crew, puts what comes back into the tesseract, and deals with what fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.errors import GeneratorError, OutOfMemory, TessError
from tessonance.make.attempts import Attempts
from tessonance.make.order import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tessonance.make.crew import Crew, Done
    from tessonance.store import TesseractWriter

__all__ = ["Limits", "Painting", "Progress"]

TASK_SECONDS = 0.25  # long enough that sending costs nothing, short enough to stop soon
MOST_CELLS = 256
WAIT_SECONDS = 0.2
SYNC_SECONDS = 1.0  # what a power failure may take; a disk needs up to 20 ms for each time


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    painted : int
        Cells of the tesseract that are painted.
    cells : int
        Cells that shall be painted: those of the grid, or of the budget.
    fresh : int
        Cells painted by this run.
    failed : int
        Cells given up by this run.
    stored_bytes : int
        Encoded bytes put by this run.
    in_hand : tuple of float
        How far pictures are that are being painted, 0..1 each, where a generator on a server tells.
    """

    painted: int
    cells: int
    fresh: int
    failed: int
    stored_bytes: int
    in_hand: tuple[float, ...] = ()

    @property
    def bytes_to_come(self) -> int:
        """How many more bytes the rest of the grid will take, judged by what this run put; 0 before the first."""
        return round(self.stored_bytes / self.fresh * (self.cells - self.painted)) if self.fresh else 0


@dataclass(frozen=True)
class Limits:
    """How much of the grid a run is about.

    Parameters
    ----------
    level : int
        The finest level.
    wanted : callable, optional
        Given flat indices, tells which of them are wanted; all unless given.
    cells : int, optional
        The most cells.
    seconds : float, optional
        How long cells are handed out.
    stop : callable, optional
        Asked before every task.
    goal : int, optional
        How many cells shall be painted in the end, for whoever watches; those of the grid unless given.
    """

    level: int
    wanted: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None
    cells: int | None = None
    seconds: float | None = None
    stop: Callable[[], bool] | None = None
    goal: int | None = None


class _Task(NamedTuple):
    """Cells in the hands of a worker."""

    worker: int
    flats: NDArray[np.int64]
    given: float
    again: bool


class Painting:
    """One crew painting one tesseract.

    Parameters
    ----------
    crew : Crew
    writer : TesseractWriter
    limits : Limits
    progress : callable, optional
        Called with a `Progress`.
    safe : bool
        Whether pictures are synced, every second, before they count.
    """

    def __init__(
        self,
        crew: Crew,
        writer: TesseractWriter,
        limits: Limits,
        *,
        progress: Callable[[Progress], None] | None = None,
        safe: bool = True,
    ) -> None:
        self._crew, self._writer, self._limits, self._safe = crew, writer, limits, safe
        self._progress = progress or (lambda _: None)
        self._owners: dict[tuple[int, ...], int] = {}
        self._plan: Plan
        self._attempts = Attempts()
        self._numbers, self._in_flight = count(), dict[int, _Task]()
        self._all_handed_out = self._cut = False
        self._task_cells: dict[int, int] = {}  # how many cells each worker is given at once
        self._brought: dict[int, float] = {}  # when each worker last brought something back
        self._before, self._fresh, self._bytes, self._handed = writer.painted(), 0, 0, 0
        self._unsettled, self._settled = 0, time.perf_counter()
        self._in_hand: tuple[float, ...] = ()
        self._began = time.monotonic()

    def paint(self, chunks: Iterable[NDArray[np.int64]] | None = None) -> bool:
        """Paint until all is painted, a limit is reached or nothing works; what is in flight is kept first.

        Parameters
        ----------
        chunks : iterable of ndarray of int64, optional
            Only these cells, in parts, as flat indices; it may be called again with others. Limits hold for all calls
            together.

        Returns
        -------
        bool
            Whether all of it is painted now; False where a limit was reached before.

        Raises
        ------
        OutOfMemory
            If a batch is too large.
        GeneratorError
            If cells were given up, or a crew cannot go on.
        TesseractError
            If pictures cannot be written.
        """
        fatal: TessError | None = None
        collected: list[Done] = []
        self._plan, self._all_handed_out = self._new_plan(chunks), False
        self._report()
        while True:
            going = fatal is None and not self._attempts.hopeless and not self._over()
            if going:
                for worker in self._crew.idle:
                    self._give(worker)
            for done in collected:  # put only now that everyone has something to do
                if isinstance(done.error, OutOfMemory):
                    fatal = done.error
                self._take(done)
            if not self._in_flight and not (going and (self._attempts.waiting or not self._all_handed_out)):
                break
            collected = list(self._crew.collect(WAIT_SECONDS))
            self._note_events()
            if self._crew.in_hand != self._in_hand:
                self._report()
            if not self._in_flight:
                time.sleep(WAIT_SECONDS / 10)  # everyone waits for a cell to be due again, or for a worker
        self._note_events()
        self._settle()
        if fatal or self._attempts.given_up:
            raise fatal or self._summary()
        return self._all_handed_out and not self._cut

    def _new_plan(self, chunks: Iterable[NDArray[np.int64]] | None) -> Plan:
        return Plan(
            self._writer.grid,
            self._done_or_unwanted,
            slow_axes=self._crew.slow_axes,
            last_level=self._limits.level,
            chunks=chunks,
            owners=self._owners,
        )

    def _done_or_unwanted(self, flats: NDArray[np.int64]) -> NDArray[np.bool_]:
        done = self._writer.is_painted(flats)
        return done if self._limits.wanted is None else done | ~self._limits.wanted(flats)

    def _over(self) -> bool:
        late = self._limits.seconds is not None and time.monotonic() - self._began >= self._limits.seconds
        return late or (self._limits.stop is not None and self._limits.stop())

    def _give(self, worker: int) -> None:
        held = [task for task in self._in_flight.values() if task.worker == worker]
        due = self._attempts.is_due(now=time.monotonic())
        if any(task.again for task in held) or (held and due):
            return  # what is tried again is all that a worker has in hand: if it dies, that is known to be why
        if due:
            flats = np.array([self._attempts.due(now=time.monotonic())])
        elif self._attempts.doubtful:
            return
        else:
            most = self._task_cells.get(worker, self._crew.batch_size)
            left = most if self._limits.cells is None else self._limits.cells - self._handed
            flats = self._plan.take(worker, min(most, left)) if left > 0 else np.empty(0, np.int64)
            self._handed += len(flats)
            self._all_handed_out = not flats.size
            self._cut = left <= 0
        if flats.size:
            task, grid = next(self._numbers), self._writer.grid
            self._in_flight[task] = _Task(worker, flats, time.perf_counter(), due)
            self._crew.give(worker, [grid.point(grid.cell(int(flat))) for flat in flats], task=task)

    def _take(self, done: Done) -> None:
        worker, flats, given, again = self._in_flight.pop(done.task)
        if done.lost:
            self._plan.release(worker)
        if done.excused or (done.lost and not again):
            self._attempts.lost(flats.tolist(), now=time.monotonic())
        elif done.error:
            self._note_failure(flats, done.error)
        else:
            self._attempts.any_worked = True
            now = time.perf_counter()
            self._pace(worker, len(flats), now - max(given, self._brought.get(worker, 0.0)))
            self._brought[worker] = now
            for flat, encoded in zip(flats, done.pictures, strict=True):
                self._writer.put(self._writer.grid.cell(int(flat)), encoded)
            self._unsettled += len(flats)
            self._bytes += sum(map(len, done.pictures))
            if not self._safe:
                self._fresh, self._unsettled = self._fresh + self._unsettled, 0
            elif now - self._settled >= SYNC_SECONDS:
                self._settle()
        self._report()

    def _settle(self) -> None:
        """Let what was put survive a power failure too; only then it counts as painted."""
        self._writer.sync()
        self._fresh, self._unsettled, self._settled = self._fresh + self._unsettled, 0, time.perf_counter()
        self._report()

    def _note_events(self) -> None:
        while self._crew.events:
            self._writer.note(self._crew.events.pop(0))

    def _note_failure(self, flats: NDArray[np.int64], error: TessError) -> None:
        for flat in self._attempts.failed(flats.tolist(), error, now=time.monotonic()):
            cell = self._writer.grid.cell(flat)
            self._writer.note({"event": "failed", "cell": cell, "error": str(error)})

    def _pace(self, worker: int, cells: int, seconds: float) -> None:
        """Let a worker's next tasks last about `TASK_SECONDS`, in whole batches."""
        size = self._crew.batch_size
        batches = int(TASK_SECONDS / max(seconds / cells, 1e-6) / size)
        self._task_cells[worker] = size * max(1, min(batches, MOST_CELLS // size))

    def _report(self) -> None:
        failed = len(self._attempts.given_up)
        size, self._in_hand = self._writer.grid.size, self._crew.in_hand
        self._progress(Progress(self._before + self._fresh, size, self._fresh, failed, self._bytes, self._in_hand))

    def _summary(self) -> GeneratorError:
        given_up = self._attempts.given_up
        flat, error = next(iter(given_up.items()))
        everything = "every cell that was tried failed" if self._attempts.hopeless else "some cells failed"
        return GeneratorError(
            f"{everything}: {len(given_up):,} given up, {self._fresh:,} painted",
            where=self._writer.path,
            got=f"cell {self._writer.grid.cell(flat)}: {error}",
            hint="run it again to try them again; `tess verify` counts them",
        )
