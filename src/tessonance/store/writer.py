"""`TesseractWriter`: makes a tesseract and puts pictures into it, each safe from a crash once it is put."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from tessonance.errors import DamagedPicture, TesseractError
from tessonance.store import journal, metadata
from tessonance.store.chosen import with_knots
from tessonance.store.lock import WriterLock
from tessonance.store.osfile import Folder, clear_errors, most_open
from tessonance.store.places import check_new, folder_to_write
from tessonance.store.reader import Tesseract
from tessonance.store.shard import LiveShard
from tessonance.store.whole import create_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.grid import Cell, Knots
    from tessonance.project import Project

__all__ = ["TesseractWriter"]

MAX_OPEN = most_open()  # files open for writing


class TesseractWriter:
    """Puts pictures into a tesseract; one writer at a time, whose threads may share it.

    Make one with `create` or `open`, and close it, best by ``with``. As long as it is open, no other process can write
    there; the system ends that when this process ends, however it does.

    Parameters
    ----------
    folder : Folder
        Of a tesseract.

    Attributes
    ----------
    path : Path
    project : Project
        As stored inside.
    grid : Grid
    codec : PictureCodec

    Raises
    ------
    TesseractError
        If it is damaged, made by a newer tessonance, may not be written, or somebody else is writing it.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder, self._tesseract = folder, Tesseract(folder, folder.path)
        self.path, self.project = folder.path, self._tesseract.project
        self.grid, self.codec = self._tesseract.grid, self._tesseract.codec
        self._layout = self._tesseract.layout
        self._shards: dict[Cell, LiveShard] = {}
        self._unsynced: set[Cell] = set()
        self._lock = Lock()
        self._closed = False
        with clear_errors(self.path):
            folder.check_writable(metadata.FRAMES)
            self._held = WriterLock(folder, version=_version())

    @classmethod
    def create(cls, path: str | Path, project: Project) -> Self:
        """Make a tesseract without pictures, and open it for writing.

        It appears under its name whole or not at all. Nothing is written for single cells.

        Parameters
        ----------
        path : path-like
            Where nothing is yet; the folder around it must be there.
        project : Project
            Perceptual axes whose values are not decided get even ones for good.

        Returns
        -------
        TesseractWriter

        Raises
        ------
        OutputExists
            If something is there.
        TesseractError
            If it cannot be made.
        """
        path = Path(path)
        check_new(path)
        with clear_errors(path):
            create_folder(path, metadata.documents(project.decided_evenly(), version=_version()))
        return cls(Folder(path))

    @classmethod
    def open(cls, path: str | Path, project: Project | None = None) -> Self:
        """Open a tesseract for writing.

        Parameters
        ----------
        path : path-like
            The folder ``NAME.tess``.
        project : Project, optional
            What the pictures to come are made from. Its routes and sound settings replace those stored inside.

        Returns
        -------
        TesseractWriter

        Raises
        ------
        TesseractError
            If there is none, it cannot be written, somebody else is writing it, or `project` would make another
            tesseract.
        """
        writer = cls(folder_to_write(path))
        try:
            if project is not None:
                project = project.decided_by(writer.project)
                if project.to_dict() != writer.project.to_dict():
                    writer._adopt(project)
        except BaseException:
            writer.close()
            raise
        return writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def is_painted(self, flats: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which cells are painted now; see `Tesseract.is_painted`."""
        return self._tesseract.is_painted(flats)

    def painted(self) -> int:
        """Return how many pictures are painted now."""
        return self._tesseract.painted()

    def put(self, cell: Sequence[int], encoded: bytes | memoryview) -> None:
        """Store an encoded picture, in place of one that may be there.

        Once this returns, the picture survives the end of the process, however it ends; a power failure, once `sync`
        has returned.

        Parameters
        ----------
        cell : sequence of int
            One index per axis.
        encoded : bytes or memoryview
            By the tesseract's codec.

        Raises
        ------
        GridError
            If there is no such cell.
        DamagedPicture
            If the bytes are no picture of the right size.
        TesseractError
            If it cannot be written (disk full); earlier pictures are safe, and the cell is as it was.
        """
        self.grid.check(cell)
        try:
            self.codec.check(encoded)
        except DamagedPicture as error:
            error.where = f"{self.path}, cell {tuple(cell)}"
            raise
        key, place = self._layout.locate(cell)
        with self._lock, clear_errors(self.path):
            shard = self._shard(key)
            shard.enter(place, shard.append(encoded))
            self._unsynced.add(key)

    def put_picture(self, cell: Sequence[int], picture: NDArray[np.uint8]) -> None:
        """Encode a picture and store it; see `put`.

        Parameters
        ----------
        cell : sequence of int
        picture : ndarray of uint8, shape (height, width, 3)
            sRGB, top row first.
        """
        self.put(cell, self.codec.encode(picture))

    def forget(self, cells: Iterable[Sequence[int]]) -> None:
        """Mark cells as missing, so that they are painted again; the bytes of their pictures stay where they are.

        Parameters
        ----------
        cells : iterable of sequence of int

        Raises
        ------
        GridError
            If one is no cell.
        TesseractError
            If it cannot be written.
        """
        for cell in cells:
            self.grid.check(cell)
            key, place = self._layout.locate(cell)
            with self._lock, clear_errors(self.path):
                self._shard(key).erase(place)
                self._unsynced.add(key)

    def note(self, event: Mapping[str, Any]) -> None:
        """Add an event to the journal: ``{"event": "failed", "cell": …}``. Raises TesseractError."""
        with self._lock, clear_errors(self.path):
            journal.note(self._folder, event)

    def choose(self, knots: Knots) -> None:
        """Record knots that are finer than whole levels; readers take them as long as all their cells are painted.

        Parameters
        ----------
        knots : tuple of ndarray of intp
            Ascending indices along each axis, the ends among them.

        Raises
        ------
        TesseractError
            If it cannot be written.
        """
        with self._lock, clear_errors(self.path / metadata.ROOT):
            group = self._group()
            chosen = with_knots(group, self.grid, knots)
            if chosen != group:
                self._folder.replace(metadata.ROOT, metadata.document(chosen))

    def sync(self) -> None:
        """Wait until every picture put so far would survive a power failure. Raises TesseractError."""
        with self._lock, clear_errors(self.path):
            self._sync()

    def close(self) -> None:
        """Wait as `sync` does, then close. Raises TesseractError."""
        with self._lock, clear_errors(self.path):
            try:
                self._sync()
            finally:
                self._closed = True
                for shard in self._shards.values():
                    shard.close()
                self._shards.clear()
                self._tesseract.close()
                self._held.release()

    def _sync(self) -> None:
        while self._unsynced:
            key = next(iter(self._unsynced))
            self._shard(key).sync()
            self._unsynced.discard(key)

    def _shard(self, key: Cell) -> LiveShard:
        if self._closed:
            raise TesseractError("is closed", where=self.path)
        if key not in self._shards:
            if len(self._shards) >= MAX_OPEN:
                self._shards.pop(next(iter(self._shards))).close()
            self._shards[key] = LiveShard(self._folder, f"{metadata.FRAMES}/{self._layout.key(key)}", self._layout)
        return self._shards[key]

    def _adopt(self, project: Project) -> None:
        """Take over a project of the same identity; refuse another."""
        if lines := project.differences(self.project):
            raise TesseractError(
                "this tesseract was made from another project",
                where=self.path,
                wanted="the same [picture], [generator] and axes",
                got="; ".join(lines) + " (here: the project, there: the tesseract)",
                hint=_way_out(lines),
            )
        with clear_errors(self.path / metadata.ROOT):
            self._folder.replace(metadata.ROOT, metadata.with_project(self._group(), project, version=_version()))
        self.project = project

    def _group(self) -> dict[str, Any]:
        raw = self._folder.read(metadata.ROOT, limit=metadata.MAX_DOCUMENT_BYTES)
        return metadata.parse(raw, where=str(self.path / metadata.ROOT))


def _way_out(differences: list[str]) -> str:
    keys = [line.partition(":")[0] for line in differences]
    if all(key.startswith("axis.") and key.endswith(".steps") for key in keys):
        return "put the steps back: the pictures in it stay where they are; `tess grow` copies them into a finer grid"
    if all(key.startswith("generator.files.") for key in keys):
        return "put the file back as it was, or give the tesseract another name: another file makes another tesseract"
    return "give the tesseract another name, or put the project back as it was"


def _version() -> str:
    from importlib.metadata import version

    return version("tessonance")
