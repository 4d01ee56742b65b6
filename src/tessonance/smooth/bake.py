"""`bake`: find out, offline, what sampling and motion need to know of each edge, and keep it in the tesseract."""

from __future__ import annotations

import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from tessonance.smooth.bake_report import BakeReport, summed
from tessonance.smooth.distance import fit
from tessonance.smooth.edges import FoundEdge, Line
from tessonance.smooth.fields import FIELD_SIDE, shown, spread_out
from tessonance.smooth.finders import finder_named
from tessonance.smooth.flip import difference, see
from tessonance.smooth.views import lessened, view
from tessonance.store import TesseractWriter, open_tesseract
from tessonance.store.bake import SHARES, read_bake
from tessonance.store.bake_begin import begin_bake
from tessonance.store.bake_format import BakeNotes
from tessonance.store.osfile import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tessonance.grid import Cell
    from tessonance.smooth.flow import FlowFinder
    from tessonance.store import Tesseract
    from tessonance.store.bake_begin import Begun
    from tessonance.store.bake_format import BakeFiles

    Progress = Callable[[int, int], None]

__all__ = ["CALIBRATED", "bake"]

CALIBRATED, RUN = 200, 8  # edges that the distance is held against FLIP on; so many of a row together
LARGEST_FRAME = FIELD_SIDE  # pixels of the longer side, as the quick distance sees them; FLIP views 128 × 128 of that
TOGETHER = 16  # edges of a row that one thread takes: they share pictures
SYNC_SECONDS = 5.0


def bake(
    path: str | Path,
    *,
    finder: str = "dis",
    again: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> BakeReport:
    """Bake a tesseract: find out for each edge how its pictures move, and how far its frames are apart.

    Each edge gets the method that guesses known pictures better: a blend, or a flow with a field that is kept. Then the
    perceived difference from its first picture to the frames at 1/16, 1/4 and all of it, as that method shows them, by
    a quick distance that was held against FLIP on 200 edges. `Tesseract.bake` reads it all.

    Wherever this is interrupted, the same call goes on. Edges whose pictures have changed are made again; those that a
    finer level still has are taken over.

    Parameters
    ----------
    path : path-like
        The folder ``NAME.tess``, with at least one complete level. Nobody else can write there meanwhile.
    finder : str
        What finds the flow: ``dis``, or a plugin of the group ``tessonance.flows``.
    again : bool
        Whether to make everything anew.
    workers : int, optional
        Threads; one for each core unless given.
    progress : callable, optional
        Called with how many edges are done and how many there are.

    Returns
    -------
    BakeReport

    Raises
    ------
    TesseractError
        If no level is complete, there are too many edges, somebody else is writing, or it cannot be written (disk
        full); what was baked is kept.
    TessError
        If nothing finds flow by that name.
    """
    start = time.monotonic()
    finds = finder_named(finder)
    notes = BakeNotes(finder, made_with=f"tessonance {_version()}, OpenCV {cv2.__version__}")
    threads = workers or os.cpu_count() or 1
    pool = ThreadPoolExecutor(threads)
    try:
        with TesseractWriter.open(path) as lock, open_tesseract(path) as tesseract, _one_thread_each():
            folder = Folder(lock.path)
            begun = begin_bake(tesseract, folder, notes, again=again, pool=pool)
            with begun.writer:
                missing = _Baking(tesseract, begun, finds, pool, 2 * threads, progress or _quiet).run()
            begun.finish(folder)
            found = read_bake(tesseract)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, what is still waiting is not begun
    assert found is not None  # it was made above, and the lock held
    return BakeReport(
        where=str(lock.path),
        axes=summed(found),
        calibration=found.calibration,
        finder=finder,
        made=found.baked() - begun.kept - begun.reused,
        kept=begun.kept,
        reused=begun.reused,
        stale=begun.stale,
        missing=missing,
        damaged=begun.damaged,
        seconds=time.monotonic() - start,
    )


class _Task(NamedTuple):
    """Some edges of one row."""

    axis: int
    row: Cell  # the numbers of its knots, 0 along the axis
    numbers: tuple[int, ...]


class _Row:
    """The cells of a row, each made when it is asked for: rows may be long."""

    def __init__(self, files: BakeFiles, task: _Task) -> None:
        self._axis, self._along = task.axis, files.knots[task.axis]
        self._at = tuple(int(along[index]) for along, index in zip(files.knots, task.row, strict=True))

    def __len__(self) -> int:
        return len(self._along)

    def __getitem__(self, place: int) -> Cell:
        return (*self._at[: self._axis], int(self._along[place]), *self._at[self._axis + 1 :])


class _Baking:
    def __init__(
        self,
        tesseract: Tesseract,
        begun: Begun,
        finder: FlowFinder,
        pool: ThreadPoolExecutor,
        ahead: int,
        progress: Progress,
    ) -> None:
        self._tesseract, self._begun, self._finder, self._pool = tesseract, begun, finder, pool
        self._files, self._writer = begun.files, begun.writer
        self._most_ahead, self._progress = ahead, progress
        self._total = sum(left.size for left in begun.todo.values())
        self._done = self._total - sum(int(left.sum()) for left in begun.todo.values())
        self._calibration = begun.notes.calibration

    def run(self) -> int:
        """Bake what is left; return how many edges could not be, for want of a picture."""
        missing, synced = 0, time.monotonic()
        self._progress(self._done, self._total)
        if self._calibration is None and self._done < self._total:
            self._calibrate()
            self._progress(self._done, self._total)
        for task, found in self._ahead(self._bake, self._tasks()):
            for number, edge in zip(task.numbers, found, strict=True):
                missing += edge is None
                if edge is not None:
                    self._put(task.axis, _edge(task, number), edge)
            self._done += len(found)
            self._progress(self._done, self._total)
            if time.monotonic() - synced > SYNC_SECONDS:
                self._writer.sync()
                synced = time.monotonic()
        return missing

    def _put(self, axis: int, edge: Cell, found: FoundEdge) -> None:
        assert self._calibration is not None
        distances = self._calibration(found.distances)
        self._writer.put(axis, edge, distances.tolist(), found.field)
        self._begun.todo[axis][edge] = False

    def _calibrate(self) -> None:
        """Hold the distance against FLIP on edges of all axes, then keep what was found out about them."""
        sampled = []
        for some in self._pool.map(self._sample, _some(self._files)):
            sampled += some
            self._progress(self._done + len(sampled), self._total)
        if not sampled:
            return  # no picture can be read: nothing will be baked
        near = np.array([found.distances for _, _, found, _ in sampled])
        far = np.array([flips for *_, flips in sampled])
        self._calibration = fit(near.ravel(), far.ravel())
        notes = self._begun.notes
        self._writer.note(BakeNotes(notes.finder, self._calibration, notes.made_with))
        for axis, edge, found, _ in sampled:
            self._done += bool(self._begun.todo[axis][edge])
            self._put(axis, edge, found)

    def _sample(self, task: _Task) -> list[tuple[int, Cell, FoundEdge, list[float]]]:
        edges = zip((_edge(task, number) for number in task.numbers), self._bake(task), strict=True)
        return [(task.axis, edge, found, self._flips(task.axis, edge, found)) for edge, found in edges if found]

    def _flips(self, axis: int, edge: Cell, found: FoundEdge) -> list[float]:
        """Return FLIP from the first picture of an edge to what a show makes of it."""
        pictures = [self._tesseract.picture(cell) for cell in self._files.ends(axis, edge)]
        first, second = (lessened(picture, LARGEST_FRAME) for picture in pictures)
        flows = None if found.field is None else spread_out(found.field, first.shape, pictures[0].shape)
        frames = [*(np.clip(shown(first, second, flows, share), 0, 1) for share in SHARES[:-1]), second]
        seen = see(view(first))
        return [difference(seen, see(view(frame))) for frame in frames]

    def _tasks(self) -> Iterator[_Task]:
        for axis, left in self._begun.todo.items():
            for row in np.argwhere(left.any(axis=axis, keepdims=True)).tolist():
                along = left[tuple(slice(None) if k == axis else index for k, index in enumerate(row))]
                numbers = np.flatnonzero(along).tolist()
                for first in range(0, len(numbers), TOGETHER):
                    yield _Task(axis, tuple(row), tuple(numbers[first : first + TOGETHER]))

    def _bake(self, task: _Task) -> list[FoundEdge | None]:
        line = self._line(task)
        found = []
        for number in task.numbers:
            found.append(line.edge(number))
            line.forget(number - 1)  # long rows of large pictures need not all be in memory
        return found

    def _line(self, task: _Task) -> Line:
        cells = _Row(self._files, task)
        return Line(
            cells,
            self._tesseract.picture,
            closed=self._files.grid.axes[task.axis].closed,
            middles=self._middles(task, cells),
            places=self._files.knots[task.axis],
            finder=self._finder,
        )

    def _middles(self, task: _Task, cells: _Row) -> dict[int, tuple[Cell, float]]:
        """Find the pictures of a finer level that stand between two knots and are painted already."""
        axis, steps = task.axis, self._files.grid.shape[task.axis]
        found: dict[int, tuple[Cell, float]] = {}
        for number in task.numbers:
            first, after = cells[number], cells[(number + 1) % len(cells)]
            gap = (after[axis] - first[axis]) % steps or steps
            if gap > 1:
                middle = (*first[:axis], (first[axis] + gap // 2) % steps, *first[axis + 1 :])
                found[number] = middle, (gap // 2) / gap
        painted = self._tesseract.is_painted(
            np.array([self._files.grid.flat(cell) for cell, _ in found.values()], np.int64)
        )
        return {number: middle for (number, middle), there in zip(found.items(), painted, strict=True) if there}

    def _ahead(
        self, work: Callable[[_Task], list[FoundEdge | None]], tasks: Iterator[_Task]
    ) -> Iterator[tuple[_Task, list[FoundEdge | None]]]:
        """Map over tasks in order; only a few are handed to the threads before they are wanted."""
        waiting = []
        for task in tasks:
            waiting.append((task, self._pool.submit(work, task)))
            if len(waiting) > self._most_ahead:
                first, future = waiting.pop(0)
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


def _some(files: BakeFiles) -> list[_Task]:
    """Choose edges of all axes at random, a few of a row together, each axis with its share."""
    random = np.random.default_rng(0)
    tasks: list[_Task] = []
    for number, axis in enumerate(files.axes):
        shape = files.edges_shape(axis)
        runs = -(-shape[axis] // RUN)
        rows = tuple(runs if k == axis else count for k, count in enumerate(shape))
        left = CALIBRATED - sum(len(task.numbers) for task in tasks)
        share = math.ceil(left / (len(files.axes) - number) / min(RUN, shape[axis]))
        total = math.prod(rows)
        for flat in np.sort(random.choice(total, min(total, share), replace=False)):
            row = [int(index) for index in np.unravel_index(flat, rows)]
            run = range(row[axis] * RUN, min((row[axis] + 1) * RUN, shape[axis]))
            tasks.append(_Task(axis, (*row[:axis], 0, *row[axis + 1 :]), tuple(run)))
    return tasks


def _quiet(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def _edge(task: _Task, number: int) -> Cell:
    return (*task.row[: task.axis], number, *task.row[task.axis + 1 :])


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV from spreading each call over the cores: the threads here do."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _version() -> str:
    from importlib.metadata import version

    return version("tessonance")
