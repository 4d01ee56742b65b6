"""One shard: read through any source of bytes, and written so that it is valid at every instant."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tessonance.errors import DamagedPicture
from tessonance.store import osfile
from tessonance.store.layout import EMPTY, ENTRY, ENTRY_BYTES, MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.store.layout import Entry, Layout

__all__ = ["LiveShard", "ShardReader", "Source", "read_index", "stands"]


class Source(Protocol):
    """Bytes that are read by position: a mapped file, a member of an archive, ranges of a web page."""

    @property
    def size(self) -> int:
        """How many bytes there are now; later there may be more, never fewer. May raise OSError."""
        ...

    def get_bytes(self, offset: int, length: int) -> memoryview:
        """Return `length` bytes from `offset` on, fewer where the source ends before. May raise OSError."""
        ...


class ShardReader:
    """The encoded pictures of one shard; any number of threads may read.

    Parameters
    ----------
    source : Source
    layout : Layout
    """

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source, self._layout = source, layout

    @property
    def size(self) -> int:
        """How many bytes the file has now. Raises OSError."""
        return self._source.size

    def encoded(self, place: int) -> memoryview | None:
        """Return the encoded picture at a place of the index.

        Parameters
        ----------
        place : int

        Returns
        -------
        memoryview or None
            None where the picture is missing.

        Raises
        ------
        DamagedPicture
            If its entry cannot be.
        OSError
            If the source cannot be read.
        """
        entry = self.entry(place)
        if entry is None:
            return None
        offset, length = entry
        first, longest = self._layout.index_bytes, self._layout.longest
        if offset >= first and 0 < length <= longest:
            found = self._source.get_bytes(offset, length)
            if len(found) == length:
                return found
        raise DamagedPicture(
            "its entry in the index cannot be",
            wanted=f"from 1 to {longest:,} bytes between {first:,} and {self._source.size:,}",
            got=f"{length:,} bytes at {offset:,}",
            hint="`tess generate` paints it again",
        )

    def entry(self, place: int) -> Entry | None:
        """Return offset and length of a picture; None where either is the sentinel or the file ends before."""
        raw = self._source.get_bytes(place * ENTRY_BYTES, ENTRY_BYTES)
        if len(raw) < ENTRY_BYTES:
            return None
        offset, length = ENTRY.unpack(raw)
        return None if MISSING in (offset, length) else (offset, length)

    def lengths(self) -> NDArray[np.uint64]:
        """Return how many bytes each picture has, as the index stands now.

        Returns
        -------
        ndarray of uint64, shape (shard_cells,)
            0 where a picture is missing or its entry cannot be.

        Raises
        ------
        OSError
            If the source cannot be read.
        """
        index = self.index()
        return np.where(self._layout.plausible(index, self._source.size), index[:, 1], np.uint64(0))

    def stored(self) -> NDArray[np.intp]:
        """Return which entries stand for a picture, be it damaged, as the index stands now.

        Returns
        -------
        ndarray of intp, shape (n,)
            Places of the index, in the order in which the pictures lie in the file.

        Raises
        ------
        OSError
            If the source cannot be read.
        """
        index = self.index()
        places = np.flatnonzero(stands(index))
        return places[np.argsort(index[places, 0], kind="stable")]

    def index(self) -> NDArray[np.uint64]:
        """Return the index as it stands now; one that the file does not hold whole is empty.

        Returns
        -------
        ndarray of uint64, shape (shard_cells, 2)
            Offsets and lengths, whatever they are.

        Raises
        ------
        OSError
            If the source cannot be read.
        """
        return read_index(self._source.get_bytes(0, self._layout.index_bytes), self._layout)


class LiveShard:
    """A shard that is written while others read it; one writer at a time, one thread at a time.

    A picture is appended, then entered into the index, so that the file is a valid Zarr shard at every instant and a
    process that dies loses only the picture in flight. Every method may raise OSError.

    Parameters
    ----------
    folder : Folder
    name : str
        The file; made, with an empty index, where there is none.
    layout : Layout
    """

    def __init__(self, folder: osfile.Folder, name: str, layout: Layout) -> None:
        self._file = _open_or_make(folder, name, layout)
        self._end = osfile.size(self._file)
        try:
            self._erase_impossible(layout)
        except BaseException:
            self.close()
            raise

    def append(self, encoded: bytes | memoryview) -> Entry:
        """Write a picture behind all others; no reader sees it yet.

        Where this fails, the next picture takes the same place: nothing points there.
        """
        entry = self._end, len(encoded)
        osfile.write_at(self._file, self._end, encoded)
        self._end += len(encoded)
        return entry

    def enter(self, place: int, entry: Entry) -> None:
        """Let readers see an appended picture, in place of one that may be there.

        Whichever 8 bytes of an entry a reader sees first, it must never join the offset of one picture to the length of
        another: the old entry is erased before the new one is written.
        """
        at = place * ENTRY_BYTES
        if osfile.read_at(self._file, at, ENTRY_BYTES) != EMPTY:
            osfile.write_at(self._file, at, EMPTY)
        osfile.write_at(self._file, at, ENTRY.pack(*entry))

    def erase(self, place: int) -> None:
        """Mark a picture as missing."""
        osfile.write_at(self._file, place * ENTRY_BYTES, EMPTY)

    def sync(self) -> None:
        """Wait until all of it would survive a power failure."""
        osfile.sync(self._file)

    def close(self) -> None:
        """Close the file."""
        osfile.close(self._file)

    def _erase_impossible(self, layout: Layout) -> None:
        """Erase entries that reach beyond the end, as a power failure leaves them, and others that cannot be.

        The next pictures would be written where they point, and would then stand for them too.
        """
        index = read_index(osfile.read_at(self._file, 0, layout.index_bytes), layout)
        for place in np.flatnonzero(stands(index) & ~layout.plausible(index, self._end)).tolist():
            self.erase(place)


def stands(index: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell which entries stand for a picture, be it damaged: those where neither number is the sentinel."""
    whole: NDArray[np.bool_] = (index != np.uint64(MISSING)).all(axis=1)
    return whole


def read_index(raw: bytes | memoryview, layout: Layout) -> NDArray[np.uint64]:
    """Return offsets and lengths, shape (shard_cells, 2); an index that is not whole is empty."""
    whole = raw if len(raw) == layout.index_bytes else EMPTY * layout.shard_cells
    return np.frombuffer(whole, "<u8").reshape(-1, 2)


def _open_or_make(folder: osfile.Folder, name: str, layout: Layout) -> int:
    with suppress(FileNotFoundError):
        file = folder.open_for_writing(name)
        if osfile.size(file) >= layout.index_bytes:
            return file
        osfile.close(file)  # pictures come behind the index: where that is not whole there is none to lose
    folder.replace(name, EMPTY * layout.shard_cells)
    return folder.open_for_writing(name)
