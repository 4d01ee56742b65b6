"""`BakeWriter`: puts what was found out about edges into a tesseract, each safe from a crash once it is put."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TesseractError
from tessonance.store import osfile
from tessonance.store.bake_field import encode_field
from tessonance.store.bake_format import BAKE, BLEND, FLOW, NOT_BAKED, OLD
from tessonance.store.metadata import ROOT
from tessonance.store.osfile import clear_errors
from tessonance.store.shard import LiveShard
from tessonance.store.whole import create_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

    from tessonance.grid import Cell
    from tessonance.store.bake_field import Field
    from tessonance.store.bake_format import BakeFiles, BakeNotes, Plain

__all__ = ["BakeWriter", "clear_bake", "new_bake"]

MAX_OPEN = 64


def new_bake(folder: osfile.Folder, files: BakeFiles, notes: BakeNotes) -> None:
    """Make a bake with nothing baked; one that is there stands aside, for what can be taken over.

    Parameters
    ----------
    folder : Folder
        Of a tesseract that nobody else is writing.
    files : BakeFiles
    notes : BakeNotes

    Raises
    ------
    TesseractError
        If it cannot be written.
    """
    with clear_errors(folder.path / BAKE):
        _remove_leftovers(folder)
        path = folder.path / BAKE
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            clear_bake(folder, OLD)
            path.rename(folder.path / OLD)
        inside = {**files.documents(notes), **files.empty()}
        create_folder(path, {name.removeprefix(f"{BAKE}/"): raw for name, raw in inside.items()})


def clear_bake(folder: osfile.Folder, name: str = BAKE) -> None:
    """Remove a bake, or the one that stands aside; nothing else is touched. Raises TesseractError."""
    path = folder.path / name
    with clear_errors(path):
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            with suppress(FileNotFoundError):
                (path / ROOT).unlink()  # first: what is half removed must not be taken for a bake
            shutil.rmtree(path)


def _remove_leftovers(folder: osfile.Folder) -> None:
    for left in folder.path.glob(f".{BAKE}.*.partial"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)


class BakeWriter:
    """Puts edges into a bake that is there; one writer at a time, one thread at a time.

    Whoever uses it holds the tesseract's lock. The numbers of an edge are written in place, its method last: an edge
    whose method stands is baked, and a process that dies loses only the edge in flight.

    Parameters
    ----------
    folder : Folder
        Of a tesseract.
    files : BakeFiles
        As the bake in it was made.

    Raises
    ------
    TesseractError
        If it cannot be written.
    """

    def __init__(self, folder: osfile.Folder, files: BakeFiles) -> None:
        self._folder, self._files = folder, files
        self._open: dict[str, int] = {}
        self._shards: dict[tuple[int, Cell], LiveShard] = {}
        self._layouts = {axis: files.flow_layout(axis) for axis in files.axes}
        self._plain = {axis: files.plain(axis) for axis in files.axes}
        self._where = folder.path / BAKE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, axis: int, edge: Sequence[int], distances: Sequence[float], field: Field | None) -> None:
        """Store what was found out about an edge, in place of what may be there.

        Parameters
        ----------
        axis : int
        edge : sequence of int
            In knots; see `Bake.field`.
        distances : sequence of 3 float
            In FLIP's units, 0..1.
        field : Field or None
            None where the edge blends.

        Raises
        ------
        TesseractError
            If it cannot be written (disk full); the edge counts as not baked then.
        """
        distance, method, scale = self._plain[axis]
        place = int(np.ravel_multi_index(tuple(edge), method.shape))
        with clear_errors(self._where):
            self._write(method, place, np.uint8(NOT_BAKED))
            self._write(distance, place, np.asarray(distances, "<f4"))
            self._write(scale, place, np.asarray(0.0 if field is None else field.scale, "<f4"))
            if field is not None:
                shard, entry = self._layouts[axis].locate(edge)
                live = self._shard(axis, shard)
                live.enter(entry, live.append(encode_field(field)))
            self._write(method, place, np.uint8(BLEND if field is None else FLOW))

    def forget(self, axis: int, edges: NDArray[np.bool_]) -> None:
        """Mark edges as not baked.

        Parameters
        ----------
        axis : int
        edges : ndarray of bool
            Which, of the shape of `Bake.methods`.
        """
        with clear_errors(self._where):
            for place in np.flatnonzero(edges).tolist():
                self._write(self._plain[axis][1], place, np.uint8(NOT_BAKED))

    def put_pictures(self, pictures: NDArray[np.uint32]) -> None:
        """Say which pictures the edges are made of, once those of others are forgotten; shape (knots …, 2)."""
        with clear_errors(self._where):
            self._sync()
            self._folder.replace(self._files.pictures.chunk, np.ascontiguousarray(pictures, "<u4").tobytes())

    def note(self, notes: BakeNotes) -> None:
        """Replace what the bake says of itself. Raises TesseractError."""
        name = f"{BAKE}/{ROOT}"
        with clear_errors(self._where):
            self._folder.replace(name, self._files.documents(notes)[name])

    def sync(self) -> None:
        """Wait until all of it would survive a power failure. Raises TesseractError."""
        with clear_errors(self._where):
            self._sync()

    def close(self) -> None:
        """Wait as `sync` does, then close. Raises TesseractError."""
        with clear_errors(self._where):
            try:
                self._sync()
            finally:
                for live in self._shards.values():
                    live.close()
                for file in self._open.values():
                    osfile.close(file)
                self._shards.clear()
                self._open.clear()

    def _sync(self) -> None:
        for live in self._shards.values():
            live.sync()
        for file in self._open.values():
            osfile.sync(file)

    def _write(self, plain: Plain, place: int, values: NDArray[np.generic] | np.generic) -> None:
        raw = values.tobytes()
        if plain.chunk not in self._open:
            file = self._folder.open_for_writing(plain.chunk)
            if osfile.size(file) != plain.size:
                osfile.close(file)
                raise TesseractError("has another size than its shape says", where=self._folder.path / plain.chunk)
            self._open[plain.chunk] = file
        osfile.write_at(self._open[plain.chunk], place * len(raw), raw)

    def _shard(self, axis: int, shard: Cell) -> LiveShard:
        key = axis, shard
        if key not in self._shards:
            if len(self._shards) >= MAX_OPEN:
                left = self._shards.pop(next(iter(self._shards)))
                left.sync()
                left.close()
            layout = self._layouts[axis]
            name = f"{self._files.flow_folder(axis)}/{layout.key(shard)}"
            self._shards[key] = LiveShard(self._folder, name, layout)
        return self._shards[key]
