"""`import_pictures`: put finished pictures into a tesseract; JPEGs that fit are taken over as they are."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.errors import DamagedPicture, GeneratorError, ProjectError, TessError
from tessonance.generators.finished.arrange import arranged
from tessonance.generators.folder import FolderOptions, fitted_to, source_of
from tessonance.make.crew import cores
from tessonance.make.resolve import resolved
from tessonance.project import Project, load_project, options
from tessonance.store import TesseractWriter, adopted, codec_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tessonance.generators.finished.entries import Entry, Source
    from tessonance.generators.painting.form import Bytes
    from tessonance.grid import Cell

__all__ = ["ImportReport", "Refused", "import_pictures"]

SYNC_SECONDS = 1.0
IN_HAND = 8  # pictures for each thread: enough to keep all busy, few enough for memory


@dataclass(frozen=True)
class Refused:
    """A finished picture that could not be taken, and why."""

    name: str
    problem: str


@dataclass(frozen=True)
class ImportReport:
    """What `import_pictures` did.

    Parameters
    ----------
    path : str
        The tesseract.
    taken_over : int
        Files that were stored as they are.
    encoded : int
        Pictures that were decoded and encoded.
    kept : int
        Cells that had a picture already and kept it.
    painted, cells : int
        How many cells of the tesseract have a picture now, and how many there are.
    refused : tuple of Refused
        Pictures that could not be taken; their cells are as they were.
    strange : tuple of str
        What was found beside the pictures and fits no cell.
    """

    path: str
    taken_over: int
    encoded: int
    kept: int
    painted: int
    cells: int
    refused: tuple[Refused, ...]
    strange: tuple[str, ...]

    @property
    def missing(self) -> int:
        """How many cells have no picture."""
        return self.cells - self.painted


class _Ready(NamedTuple):
    encoded: bytes
    as_it_was: bool


def import_pictures(
    project: Project | str | Path,
    path: str | Path,
    *,
    replace: bool = False,
    progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> ImportReport:
    """Put the finished pictures of a project, ``use = "folder"``, into its tesseract.

    JPEGs that fit are taken over without encoding them anew, after one look whether they can be decoded; others are
    decoded and encoded. What is there already stays, so that an import may be stopped and gone on with, and pictures
    that come later may be added. Pictures that cannot be taken are left out and told of.

    Parameters
    ----------
    project : Project or path-like
        The project, or its file; `tessonance.make.finding.found_project` writes one from pictures.
    path : path-like
        The tesseract; made if it is not there.
    replace : bool
        Whether pictures that are there are replaced.
    progress : callable, optional
        Called with how many pictures are done and how many there are.
    stop : callable, optional
        Asked before every picture; True ends the import.

    Returns
    -------
    ImportReport

    Raises
    ------
    ProjectError
        If the project does not fit the pictures, or two of them claim one cell; nothing is written.
    TesseractError
        If the tesseract is of another project, or cannot be written (disk full).
    """
    wanted = resolved(project if isinstance(project, Project) else load_project(project))
    if wanted.generator.use != "folder" or wanted.finishes:
        raise ProjectError(
            "only finished pictures are imported as they are",
            wanted='use = "folder" and no [[finish]]',
            hint="`tess generate` paints, and finishes",
        )
    own = options(FolderOptions, wanted.generator.options, "[generator]")
    with ExitStack() as stack:
        source = source_of(wanted, own)
        stack.callback(source.close)
        placed = arranged(source, wanted.grid, own.values)
        opens = TesseractWriter.open if Path(path).exists() else TesseractWriter.create
        run = _Import(wanted, own.fit, source, stack.enter_context(opens(path, wanted)))
        run.put(placed.entries, replace=replace, progress=progress, stop=stop)
        return run.report(placed.strange)


class _Import:
    def __init__(self, project: Project, fit: str, source: Source, writer: TesseractWriter) -> None:
        self._picture, self._fit = project.picture, fit
        self._source, self._writer = source, writer
        self._codec = codec_for(project.picture)
        self._refused: list[Refused] = []
        self._taken_over = self._encoded = self._kept = 0

    def put(
        self,
        entries: dict[Cell, Entry],
        *,
        replace: bool,
        progress: Callable[[int, int], None] | None,
        stop: Callable[[], bool] | None,
    ) -> None:
        """Put the pictures of some cells, prepared by threads, in their order."""
        cells = sorted(entries) if replace else self._lacking(sorted(entries))
        self._kept = len(entries) - len(cells)
        synced = time.monotonic()
        for done, (cell, prepared) in enumerate(self._prepared(cells, entries, stop), 1):
            try:
                ready = prepared.result()
            except TessError as error:
                self._refused.append(Refused(entries[cell].name, _in_short(error)))
            else:
                self._writer.put(cell, ready.encoded)
                self._taken_over += ready.as_it_was
                self._encoded += not ready.as_it_was
            if time.monotonic() - synced >= SYNC_SECONDS:
                self._writer.sync()
                synced = time.monotonic()
            if progress and (done % 16 == 0 or done == len(cells)):
                progress(done, len(cells))

    def report(self, strange: tuple[str, ...]) -> ImportReport:
        writer = self._writer
        return ImportReport(
            str(writer.path),
            self._taken_over,
            self._encoded,
            self._kept,
            writer.painted(),
            writer.grid.size,
            tuple(self._refused),
            strange,
        )

    def _lacking(self, cells: list[Cell]) -> list[Cell]:
        if not cells:
            return []
        flats = np.array([self._writer.grid.flat(cell) for cell in cells], np.int64)
        return [cell for cell, there in zip(cells, self._writer.is_painted(flats).tolist(), strict=True) if not there]

    def _prepared(
        self, cells: list[Cell], entries: dict[Cell, Entry], stop: Callable[[], bool] | None
    ) -> Iterator[tuple[Cell, Future[_Ready]]]:
        """Yield every picture as it is ready to be stored, in order; a few are prepared ahead."""
        threads = cores()
        with ThreadPoolExecutor(threads) as pool:
            ahead: deque[tuple[Cell, Future[_Ready]]] = deque()
            for cell in cells:
                if stop is not None and stop():
                    break
                ahead.append((cell, self._begin(pool, entries[cell])))
                if len(ahead) >= IN_HAND * threads:
                    yield ahead.popleft()
            yield from ahead

    def _begin(self, pool: ThreadPoolExecutor, entry: Entry) -> Future[_Ready]:
        if self._source.is_concurrent:
            return pool.submit(self._ready, entry)
        try:
            picture = self._source.picture(entry)  # a video is read by one thread, frame after frame
        except TessError as error:
            failed: Future[_Ready] = Future()
            failed.set_exception(error)
            return failed
        return pool.submit(self._encode, picture, entry)

    def _ready(self, entry: Entry) -> _Ready:
        raw = self._source.encoded(entry)
        if raw is not None and (stored := self._adopted(raw, entry)) is not None:
            return _Ready(stored, as_it_was=True)
        return self._encode(self._source.picture(entry), entry)

    def _adopted(self, raw: bytes, entry: Entry) -> bytes | None:
        try:
            return adopted(raw, self._picture)
        except DamagedPicture as error:
            raise GeneratorError(error.problem, where=entry.name) from None

    def _encode(self, picture: Bytes, entry: Entry) -> _Ready:
        size = self._picture.width, self._picture.height
        return _Ready(self._codec.encode(fitted_to(picture, size, self._fit, where=entry.name)), as_it_was=False)


def _in_short(error: TessError) -> str:
    facts = [f"wanted {error.wanted}" if error.wanted else "", f"got {error.got}" if error.got else ""]
    return "; ".join([error.problem, *filter(None, facts)])
