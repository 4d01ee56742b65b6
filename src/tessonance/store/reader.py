"""`Tesseract`: the pictures of a grid, read at any time, also while they are being made."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture, TesseractError
from tessonance.store import metadata
from tessonance.store.bake import open_bake
from tessonance.store.chosen import finer
from tessonance.store.codec import codec_for
from tessonance.store.levels import by_asking, by_shards
from tessonance.store.osfile import clear_errors, most_open, refusal
from tessonance.store.places import Place, beside, place_of, plain_name
from tessonance.store.shard import ShardReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Knots
    from tessonance.store.bake import Bake
    from tessonance.store.levels import Complete

__all__ = ["Tesseract", "open_tesseract"]

MAX_OPEN = most_open()  # files open for reading
ASKED_AT_ONCE = 8  # files of a place that must be asked for each: the time goes by in waiting
MAX_ASKED = 4096
KEPT_WHILE_LOOKING = 256  # indices of files, of 160 kB each
_MEND = "`tess verify --repair` marks it as missing, then `tess generate` paints it again"


def open_tesseract(path: str | Path) -> Tesseract:
    """Open a tesseract for reading; see `Tesseract`.

    Parameters
    ----------
    path : path-like or str
        The folder ``NAME.tess``, the packed file ``NAME.tess.zip``, or the http(s) address of either.

    Returns
    -------
    Tesseract

    Raises
    ------
    TesseractError
        If there is none, it is damaged, made by a newer tessonance, or on a server that does not give it out by ranges.
    """
    return Tesseract.open(path)


class Tesseract:
    """Every picture of a grid, with what made it.

    Open one with `open_tesseract`. Any number of threads and processes may read, also while a `TesseractWriter`
    writes: each call sees what is painted at that moment.

    Parameters
    ----------
    place : Place
        Where its files are.
    path : Path
        Where that is.

    Attributes
    ----------
    path : Path
        The folder or the packed file; of an address, a path that no file has.
    where : str
        What to call it: its path or its address.
    name : str
        NAME of ``NAME.tess``: a title, or the name of a file to make of it.
    project : Project
        What made it, as stored inside.
    grid : Grid
    codec : PictureCodec
    layout : Layout
    place : Place

    Raises
    ------
    TesseractError
        If it is damaged, or made by a newer tessonance.
    """

    def __init__(self, place: Place, path: Path) -> None:
        self.path, self.where, self.name = path, str(place), plain_name(path)
        self.place = place
        where = f"{self.where}/{metadata.ROOT}"
        self.project = metadata.read_project(self._document(metadata.ROOT), where=where)
        self.grid = self.project.grid
        self.codec = codec_for(self.project.picture)
        name = f"{metadata.FRAMES}/{metadata.ROOT}"
        self.layout = metadata.read_layout(self._document(name), self.project, where=f"{self.where}/{name}")
        self._readers: dict[Cell, ShardReader] = {}
        self._lock = Lock()
        self._closed = False

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a tesseract; see `open_tesseract`."""
        place, path = place_of(path)
        try:
            return cls(place, path)
        except BaseException:
            place.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Tesseract({self.where!r}, {self.grid!r})"

    def close(self) -> None:
        """Let go of its files; pictures and bytes already read stay good."""
        with self._lock:
            self._closed = True
            self._readers.clear()
        self.place.close()

    def beside(self, suffix: str) -> Path:
        """Return where a file made of it goes: its name and a suffix, beside it; in the current folder, if on the web.

        Parameters
        ----------
        suffix : str
            Such as ``.png``.

        Returns
        -------
        Path
        """
        return beside(self.path, suffix)

    def picture(self, cell: Sequence[int]) -> NDArray[np.uint8]:
        """Return the picture of a cell.

        Parameters
        ----------
        cell : sequence of int
            One index per axis.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            sRGB, top row first; memory of its own.

        Raises
        ------
        MissingPicture
            If it is not painted yet.
        DamagedPicture
            If what is stored is no picture.
        GridError
            If there is no such cell.
        """
        encoded = self.encoded(cell)
        try:
            return self.codec.decode(encoded)
        except DamagedPicture as error:
            error.where, error.hint = self._where(cell), _MEND
            raise

    def encoded(self, cell: Sequence[int]) -> memoryview:
        """Return the bytes of a picture as they are stored; see `picture` for what is raised.

        Returns
        -------
        memoryview
            Read-only; stays good after the tesseract is closed.
        """
        self.grid.check(cell)
        shard, place = self.layout.locate(cell)
        try:
            reader = self.shard(shard)
            found = reader.encoded(place) if reader else None
        except DamagedPicture as error:
            error.where, error.hint = self._where(cell), _MEND
            raise
        except OSError as error:
            raise refusal(error, self._where(cell)) from error
        if found is None:
            raise MissingPicture(
                "this cell is not painted yet", where=self._where(cell), hint="`tess generate` paints what is missing"
            )
        return found

    def is_painted(self, flats: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which cells are painted now.

        Parameters
        ----------
        flats : ndarray of int64, shape (n,)
            Places in the grid, in C order.

        Returns
        -------
        ndarray of bool, shape (n,)
            False also where the entry of a picture cannot be, so that it is painted again.

        Raises
        ------
        GridError
            If one is no cell.
        TesseractError
            If a file cannot be read.
        """
        return self.lengths(flats) > 0

    def lengths(self, flats: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return how many bytes the pictures of some cells have now, 0 where there is none; see `is_painted`."""
        return self._look(flats, self._lengths)

    def _look(self, flats: NDArray[np.int64], lengths: Callable[[Cell], NDArray[np.uint64]]) -> NDArray[np.uint64]:
        """Return the lengths of cells, by those that the index of each shard has."""
        shards, places = self.layout.locate_many(np.asarray(flats, np.int64))
        found = np.zeros(places.shape, np.uint64)
        order = np.argsort(shards, kind="stable")
        numbers, starts = np.unique(shards[order], return_index=True)
        for number, here in zip(
            numbers, np.split(order, starts[1:]), strict=False
        ):  # one empty part where flats are none
            found[here] = lengths(self.layout.shard(int(number)))[places[here]]
        return found

    def painted(self) -> int:
        """Return how many pictures are painted now."""
        return sum(int(np.count_nonzero(lengths)) for lengths in self._all_lengths())

    def stored_bytes(self) -> int:
        """Return how many bytes the painted pictures take, without indices and what replaced pictures left."""
        return sum(int(lengths.sum()) for lengths in self._all_lengths())

    def stored_cells(self) -> Iterator[NDArray[np.int64]]:
        """Yield the cells that have a picture now, damaged ones too, in the order in which the pictures are stored.

        Yields
        ------
        ndarray of int64, shape (n,)
            Places in the grid, in C order, of the cells of one file. Cells without a picture cost nothing.

        Raises
        ------
        TesseractError
            If a file cannot be read.
        """
        for shard in self.shards():
            if reader := self.shard(shard):
                with clear_errors(self.where):
                    places = reader.stored()
                yield self.layout.flats(shard, places[self.layout.inside(shard)[places]])

    def complete_level(self) -> int | None:
        """Return the finest level all of whose pictures are painted now; None where there is none yet."""
        return self._complete().level

    def knots(self) -> Knots:
        """Return the finest knots that are wholly painted: what can be played now.

        They are those of the finest complete level, and along each axis as much finer as whole knots allow: an axis
        may have a level of its own, or what a budget chose. Of several such knots, those with the most cells.

        Returns
        -------
        tuple of ndarray of intp
            Ascending indices along each axis, whose tensor product is painted.

        Raises
        ------
        TesseractError
            If no level is complete yet.
        """
        complete = self._complete()
        if complete.level is None:
            problem = "its coarsest level is not complete yet" if self.painted() else "there is no picture in it yet"
            raise TesseractError(problem, where=self.where, hint="paint it with `tess generate`")
        whole, group = self.grid.knots(complete.levels), self._document(metadata.ROOT)
        return finer(group, self.grid, whole, level=complete.level, is_painted=self.is_painted)

    def _complete(self) -> Complete:
        if self._names() is None:  # each level asks for few files, and most of them need not be asked for
            lengths = lru_cache(KEPT_WHILE_LOOKING)(self._lengths)
            return by_asking(self.grid, lambda flats: self._look(flats, lengths) > 0)
        return by_shards(self.grid, self.layout, ((shard, self._lengths(shard) > 0) for shard in self.shards()))

    def bake(self) -> Bake | None:
        """Return what `tess bake` found out about its edges; None where there is no bake, or none that fits.

        Returns
        -------
        Bake or None
            As it is now: another call sees what was baked meanwhile. See `store.bake.find_bake` for why there is none.
        """
        return open_bake(self)

    def shard(self, shard: Cell) -> ShardReader | None:
        """Return what reads the file of a shard; None where there is none. Raises TesseractError."""
        return self._readers.get(shard) or self._open_shard(shard)

    def _lengths(self, shard: Cell) -> NDArray[np.uint64]:
        reader = self.shard(shard)
        if reader is None:
            return np.zeros(self.layout.shard_cells, np.uint64)
        with clear_errors(self.where):
            return reader.lengths()

    def _all_lengths(self) -> Iterator[NDArray[np.uint64]]:
        shards = self.shards()
        for shard, lengths in zip(shards, self._lengths_of(shards), strict=True):
            yield lengths[self.layout.inside(shard)]

    def _lengths_of(self, shards: list[Cell]) -> Iterator[NDArray[np.uint64]]:
        if self._names() is not None:  # reading them at once was tried: threads only cost where no server is waited for
            yield from map(self._lengths, shards)
            return
        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            for first in range(0, len(shards), ASKED_AT_ONCE):
                yield from pool.map(self._lengths, shards[first : first + ASKED_AT_ONCE])

    def _names(self) -> list[str] | None:
        with clear_errors(self.where):
            return self.place.names(metadata.FRAMES)

    def shards(self) -> list[Cell]:
        """Return which shards have a file now, in ascending order; all there can be, where no list is to be had."""
        names = self._names()
        if names is not None:
            return sorted(shard for name in names if (shard := self.layout.shard_of_key(name)))
        if (count := math.prod(self.layout.shards)) > MAX_ASKED:
            raise TesseractError(
                "it is of too many files to ask for each",
                where=self.where,
                wanted=f"at most {MAX_ASKED:,}",
                got=f"{count:,}",
                hint="`tess pack` makes one file of it, which tells what it holds",
            )
        return [self.layout.shard(place) for place in range(count)]

    def _open_shard(self, shard: Cell) -> ShardReader | None:
        name = f"{metadata.FRAMES}/{self.layout.key(shard)}"
        if self._closed:
            raise TesseractError("is closed", where=self.where)
        with clear_errors(f"{self.where}/{name}"):
            source = self.place.source(name)
        with self._lock:
            if self._closed:
                raise TesseractError("is closed", where=self.where)
            if source is None:
                return None
            if len(self._readers) >= MAX_OPEN:
                del self._readers[next(iter(self._readers))]
            return self._readers.setdefault(shard, ShardReader(source, self.layout))

    def _document(self, name: str) -> dict[str, object]:
        with clear_errors(f"{self.where}/{name}"):
            try:
                raw = self.place.read(name, limit=metadata.MAX_DOCUMENT_BYTES)
            except FileNotFoundError:
                raise TesseractError(
                    "this is no tesseract", where=self.where, wanted=f"{name} in it", hint="`tess generate` makes one"
                ) from None
        return metadata.parse(raw, where=f"{self.where}/{name}")

    def _where(self, cell: Sequence[int]) -> str:
        return f"{self.where}, cell {tuple(int(index) for index in cell)}"
