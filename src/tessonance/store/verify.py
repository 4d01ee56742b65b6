"""`verify` and `repair`: whether a tesseract is sound, picture by picture, and what to paint again where it is not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, TesseractError
from tessonance.store import journal, metadata
from tessonance.store.bake_verify import BakeLook, forget_damaged, look_at_bake
from tessonance.store.lock import HOLDER, LOCK
from tessonance.store.osfile import Folder, clear_errors
from tessonance.store.reader import Tesseract, open_tesseract
from tessonance.store.shard import stands
from tessonance.store.writer import TesseractWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tessonance.grid import Cell
    from tessonance.store.shard import ShardReader

    Progress = Callable[[int, int], None]
    Problem = str | OSError | None  # what is wrong with a picture; or that it cannot be read, which says nothing of it

__all__ = ["BadCell", "BadFile", "VerifyReport", "repair", "verify"]

TASK_CELLS = 64  # pictures that a thread takes at once
_ASIDE = {name.rpartition("/")[2] for name in (metadata.ROOT, journal.JOURNAL, LOCK, HOLDER)}


@dataclass(frozen=True)
class BadCell:
    """A cell that is not as it should be, and why."""

    cell: Cell
    problem: str


@dataclass(frozen=True)
class BadFile:
    """A file that is not as it should be, and why."""

    name: str
    problem: str


@dataclass(frozen=True)
class VerifyReport:
    """What `verify` found.

    Parameters
    ----------
    where : str
        The tesseract.
    decoded : bool
        Whether every picture was decoded, or only its header looked at.
    planned : int
        Cells of the grid.
    painted : int
        Cells with a sound picture.
    failed : tuple of BadCell
        Cells that the newest runs gave up, and that nobody has painted since.
    damaged : tuple of BadCell
        Cells with a picture that is none. Each counts as painted for nobody.
    files : tuple of BadFile
        Files that are missing, cut short, unreadable or not what they should be.
    foreign : tuple of str
        Names beside the shards that are no part of the tesseract; they do no harm.
    repaired : tuple of BadCell or BadFile
        What was damaged and is now marked as missing; only after `repair`.
    bake : str
        How the bake is, in one line; empty where there is none.
    """

    where: str
    decoded: bool
    planned: int
    painted: int
    failed: tuple[BadCell, ...] = ()
    damaged: tuple[BadCell, ...] = ()
    files: tuple[BadFile, ...] = ()
    foreign: tuple[str, ...] = ()
    repaired: tuple[BadCell | BadFile, ...] = ()
    bake: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged; cells that are not painted yet, or failed, are no damage."""
        return not self.damaged and not self.files


def verify(tesseract: Tesseract | str | Path, *, decode: bool = True, progress: Progress | None = None) -> VerifyReport:
    """Look at everything in a tesseract; nothing is changed, and it may be painted meanwhile.

    A JPEG has no checksum: damage inside it shows only where it breaks the code. For pictures that must be right to the
    last bit there is the codec ``lossless``, which has one. See `repair` for marking what is damaged.

    Parameters
    ----------
    tesseract : Tesseract or path-like
        Open, or anything that `open_tesseract` opens.
    decode : bool
        Whether to decode every picture; else only entries and headers are looked at.
    progress : callable, optional
        Called with how many pictures are done and how many there are.

    Returns
    -------
    VerifyReport

    Raises
    ------
    TesseractError
        If it cannot be opened: one of its two main documents is missing or damaged.
    """
    if isinstance(tesseract, Tesseract):
        return _Look(tesseract, decode, progress).report()
    with open_tesseract(tesseract) as opened:
        return _Look(opened, decode, progress).report()


def repair(path: str | Path, *, decode: bool = True, progress: Progress | None = None) -> VerifyReport:
    """Verify, and mark what is damaged as missing, so that `tessonance.generate` paints it again.

    Nothing else is changed. Nobody else can write meanwhile.

    Parameters
    ----------
    path : path-like
        The folder ``NAME.tess``.
    decode, progress
        See `verify`.

    Returns
    -------
    VerifyReport
        What is damaged still stands under `damaged` and `files`, all else under `repaired`.

    Raises
    ------
    TesseractError
        If it cannot be opened, cannot be written, or somebody else is writing it.
    """
    with TesseractWriter.open(path) as writer, open_tesseract(path) as tesseract:
        look = _Look(tesseract, decode, progress)
        report = look.report()
        writer.forget(bad.cell for bad in report.damaged)
        for shard in look.cut:  # whoever writes to one makes it anew
            writer.forget([tuple(which * n for which, n in zip(shard, tesseract.layout.shard_shape, strict=True))])
        names = {look.name(shard) for shard in look.cut} | {name for name, _ in look.bake.problems}
        forget_damaged(Folder(writer.path), look.bake)
        mended = tuple(bad for bad in report.files if bad.name in names)
        return replace(
            report,
            damaged=(),
            files=tuple(bad for bad in report.files if bad not in mended),
            repaired=(*report.damaged, *mended),
        )


class _Look:
    """One look at a tesseract, shard after shard."""

    def __init__(self, tesseract: Tesseract, decode: bool, progress: Progress | None) -> None:
        self._tesseract, self._decode = tesseract, decode
        self._progress = progress or (lambda done, total: None)
        self._painted = self._done = 0
        self._damaged: dict[int, str] = {}
        self._files: list[BadFile] = []
        self.cut: list[Cell] = []
        self.bake = BakeLook()

    def report(self) -> VerifyReport:
        tesseract = self._tesseract
        self._look_at_axes()
        names = self._names()
        total = self._stored()
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for shard in tesseract.shards():
                for flat, problem in self._shard(shard, pool):
                    self._count(shard, flat, problem)
                    if self._done % TASK_CELLS == 0:
                        self._progress(self._done, max(self._done, total))
            self.bake = look_at_bake(tesseract, pool, decode=self._decode)
            self._files += [BadFile(name, problem) for name, problem in self.bake.problems]
        self._progress(self._done, self._done)
        foreign = (name for name in names if tesseract.layout.shard_of_key(name) is None)
        return VerifyReport(
            where=tesseract.where,
            decoded=self._decode,
            planned=tesseract.grid.size,
            painted=self._painted,
            failed=self._failed(),
            damaged=tuple(BadCell(tesseract.grid.cell(flat), self._damaged[flat]) for flat in sorted(self._damaged)),
            files=tuple(self._files),
            foreign=tuple(sorted(name for name in foreign if name not in _ASIDE and not name.endswith(".partial"))),
            bake=self.bake.words,
        )

    def _count(self, shard: Cell, flat: int, problem: Problem) -> None:
        self._done += 1
        if problem is None:
            self._painted += 1
        elif isinstance(problem, str):
            self._damaged[flat] = problem
        else:  # a disk that is ill today may be read tomorrow: nothing that `repair` should forget
            cell = self._tesseract.grid.cell(flat)
            self._files.append(BadFile(self.name(shard), f"cell {cell} cannot be read: {_words(problem)}"))

    def name(self, shard: Cell) -> str:
        return f"{metadata.FRAMES}/{self._tesseract.layout.key(shard)}"

    def _names(self) -> list[str]:
        with clear_errors(self._tesseract.where):
            return self._tesseract.place.names(metadata.FRAMES) or []

    def _stored(self) -> int:
        """Return about how many pictures there are to look at."""
        total = 0
        for shard in self._tesseract.shards():
            try:
                reader = self._tesseract.shard(shard)
                total += int(np.count_nonzero(stands(reader.index()))) if reader else 0
            except (TesseractError, OSError):
                continue  # told when it is looked at
        return total

    def _look_at_axes(self) -> None:
        """Compare the axes' arrays with the project; tools such as xarray label the dimensions by them."""
        project = self._tesseract.project
        for name, wanted in metadata.documents(project, version="").items():
            if name.partition("/")[0] not in project.grid.names:
                continue  # the two main documents were read when it was opened
            try:
                found = self._tesseract.place.read(name, limit=max(metadata.MAX_DOCUMENT_BYTES, len(wanted)))
                if not metadata.same_axis_file(name, found, wanted):
                    self._files.append(BadFile(name, "is not what the project inside makes it"))
            except FileNotFoundError:
                self._files.append(BadFile(name, "is missing"))
            except (OSError, TesseractError) as error:
                self._files.append(BadFile(name, _words(error)))

    def _shard(self, shard: Cell, pool: ThreadPoolExecutor) -> Iterator[tuple[int, Problem]]:
        """Yield every cell of a shard that has a picture, with what is wrong with it."""
        tesseract, name = self._tesseract, self.name(shard)
        try:
            reader = tesseract.shard(shard)
            if reader is None:
                return
            index = reader.index()
            size = reader.size  # after the index: a file only grows
        except (OSError, TesseractError) as error:
            self._files.append(BadFile(name, _words(error)))
            return
        if size < tesseract.layout.index_bytes:
            self.cut.append(shard)
            self._files.append(BadFile(name, "is cut short inside its index, and all its pictures are lost"))
            return
        here = stands(index) & tesseract.layout.inside(shard)
        fits = tesseract.layout.plausible(index, size)
        shared = overlapping(index, here & fits)
        flats = tesseract.layout.flats
        for flat in flats(shard, np.flatnonzero(here & ~fits)).tolist():
            yield flat, "its entry in the index cannot be"
        for flat in flats(shard, np.flatnonzero(shared)).tolist():
            yield flat, "it shares bytes with another picture"
        places = np.flatnonzero(here & fits & ~shared)
        places = places[np.argsort(index[places, 0])]  # as they lie in the file
        yield from zip(flats(shard, places).tolist(), self._pictures(reader, places, pool), strict=True)

    def _pictures(self, reader: ShardReader, places: NDArray[np.intp], pool: ThreadPoolExecutor) -> Iterator[Problem]:
        def look(some: NDArray[np.intp]) -> list[Problem]:
            return [self._picture(reader, place) for place in some.tolist()]

        tasks = [places[first : first + TASK_CELLS] for first in range(0, len(places), TASK_CELLS)]
        for problems in pool.map(look, tasks):
            yield from problems

    def _picture(self, reader: ShardReader, place: int) -> Problem:
        codec = self._tesseract.codec
        try:
            encoded = reader.encoded(place)
            if encoded is not None:  # None: it is being replaced right now
                codec.decode(encoded) if self._decode else codec.check(encoded)
        except DamagedPicture as error:
            return error.problem
        except OSError as error:
            return error
        return None

    def _failed(self) -> tuple[BadCell, ...]:
        tesseract = self._tesseract
        with clear_errors(tesseract.where):
            given_up = journal.failed_cells(journal.read(tesseract.place))
        shape = tesseract.grid.shape
        known = {
            tesseract.grid.flat(cell): error
            for cell, error in given_up.items()
            if len(cell) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True))
        }
        flats = np.array(sorted(known.keys() - self._damaged.keys()), np.int64)
        still = flats[~tesseract.is_painted(flats)].tolist() if flats.size else []
        return tuple(BadCell(tesseract.grid.cell(flat), known[flat]) for flat in still)


def overlapping(index: NDArray[np.uint64], which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which pictures of a shard share bytes with another one: nobody can say whose they are.

    Parameters
    ----------
    index : ndarray of uint64, shape (n, 2)
        Offsets and lengths.
    which : ndarray of bool, shape (n,)
        The entries to look at; each must be plausible.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    places = np.flatnonzero(which)
    places = places[np.argsort(index[places, 0], kind="stable")]
    starts, ends = index[places, 0], index[places].sum(axis=1, dtype=np.uint64)
    reached = np.maximum.accumulate(ends) if places.size else ends
    shared = np.zeros(len(index), np.bool_)
    shared[places[1:][starts[1:] < reached[:-1]]] = True  # begins before an earlier one has ended
    shared[places[:-1][starts[1:] < ends[:-1]]] = True  # ends after the next one has begun
    return shared


def _words(error: OSError | TesseractError) -> str:
    if isinstance(error, TesseractError):
        return error.problem
    return error.strerror or str(error)
