"""`pack` and `unpack`: a tesseract as one file to hand on, and back."""

from __future__ import annotations

import math
import stat
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from tessonance.errors import OutputExists, TesseractError
from tessonance.store import metadata
from tessonance.store.archive import Packed
from tessonance.store.bake import read_bake
from tessonance.store.layout import MISSING
from tessonance.store.osfile import clear_errors
from tessonance.store.places import place_of
from tessonance.store.reader import Tesseract
from tessonance.store.shard import ShardReader
from tessonance.store.whole import new_file, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tessonance.grid import Cell
    from tessonance.store.bake_format import BakeFiles
    from tessonance.store.layout import Layout
    from tessonance.store.places import Place

__all__ = ["PackReport", "UnpackReport", "pack", "unpack"]

PIECE_BYTES = 8 * 2**20  # are in memory at once
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of ZIP; the same tesseract gives the same bytes


class PackReport(NamedTuple):
    """What `pack` did.

    Parameters
    ----------
    path : Path
        The file.
    pictures : int
        How many are in it.
    damaged : int
        How many entries were left out because they cannot be.
    size : int
        Of the file, in bytes.
    no_bake : str
        Why the bake is not in it; empty where it is, or there is none.
    """

    path: Path
    pictures: int
    damaged: int
    size: int
    no_bake: str = ""


class UnpackReport(NamedTuple):
    """What `unpack` did.

    Parameters
    ----------
    path : Path
        The folder.
    files : int
        How many are in it.
    left_out : tuple of str
        Members that are no part of a tesseract.
    """

    path: Path
    files: int
    left_out: tuple[str, ...]


def pack(
    source: str | Path,
    target: str | Path | None = None,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PackReport:
    """Make one file of a tesseract, which is read in place by `open_tesseract`, and as a store by Zarr libraries.

    Pictures are copied as they are stored; what replaced ones left behind is not, nor is the journal. A tesseract that
    is being painted is packed as it is when its indices are read.

    Parameters
    ----------
    source : path-like or str
        Anything that `open_tesseract` opens.
    target : path-like, optional
        The file; ``NAME.tess.zip`` beside the source unless given, in the current folder for an address.
    force : bool
        Whether to replace a file that exists.
    progress : callable, optional
        Called with how many bytes of pictures are done and how many there are.

    Returns
    -------
    PackReport

    Raises
    ------
    OutputExists
        If there is such a file.
    TesseractError
        If the source cannot be read, pictures in it share bytes, or the file cannot be written; nothing is left then.
    """
    with ExitStack() as stack:
        tesseract, place = _opened(source, stack)
        path = tesseract.beside(".tess.zip") if target is None else Path(target)
        if path.exists() and not force:
            raise OutputExists("exists already", where=path, hint="--force replaces it, -o names another")
        with clear_errors(path), new_file(path, force=force) as file, ZipFile(file, "w", ZIP_STORED) as archive:
            packing = _Packing(tesseract, place, archive, progress)
            packing.copy()
        with clear_errors(path):
            return PackReport(path, packing.pictures, packing.damaged, path.stat().st_size, packing.no_bake)


def unpack(
    source: str | Path,
    target: str | Path | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> UnpackReport:
    """Make a folder of a packed tesseract again, so that more can be painted.

    It appears whole or not at all. Only files that belong to a tesseract are written, under the names that its grid and
    its axes give; each must be, to the last byte, what was packed.

    Parameters
    ----------
    source : path-like or str
        The packed tesseract, or the address of one.
    target : path-like, optional
        Where nothing is yet; ``NAME.tess`` beside the source unless given, in the current folder for an address.
    progress : callable, optional
        Called with how many bytes are done and how many there are.

    Returns
    -------
    UnpackReport

    Raises
    ------
    OutputExists
        If there is something of that name.
    TesseractError
        If the source is damaged, no packed tesseract, or the folder cannot be written; nothing is left then.
    """
    with ExitStack() as stack:
        tesseract, place = _opened(source, stack)
        if not isinstance(place, Packed):
            raise TesseractError("this tesseract is not packed", where=tesseract.where, hint="it can be used as it is")
        path = tesseract.beside(".tess") if target is None else Path(target)
        baked = _baked(tesseract)
        limits = metadata.document_limits(tesseract.project) | (baked.limits() if baked else {})
        names = [name for name in place.members if name in limits or _is_shard(tesseract, baked, name)]
        total = sum(place.members[name].size for name in names)
        done = 0
        with clear_errors(path), new_folder(path) as folder:
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with new_file(folder / name) as file:
                    for piece in _checked_pieces(place, name, most=limits.get(name)):
                        file.write(piece)
                        done += len(piece)
                        if progress is not None:
                            progress(done, total)
        return UnpackReport(path, len(names), tuple(sorted(set(place.members) - set(names))))


def _opened(source: str | Path, stack: ExitStack) -> tuple[Tesseract, Place]:
    place, path = place_of(source)
    stack.callback(place.close)
    return stack.enter_context(Tesseract(place, path)), place


def _baked(tesseract: Tesseract) -> BakeFiles | None:
    """Return which files the bake has; None where there is none, or none that can be read."""
    try:
        found = read_bake(tesseract)
    except TesseractError:
        return None
    return None if found is None else found.files


def _is_shard(tesseract: Tesseract, baked: BakeFiles | None, name: str) -> bool:
    folder, _, key = name.rpartition("/")
    if folder == metadata.FRAMES:
        return tesseract.layout.shard_of_key(key) is not None
    return baked is not None and baked.is_shard(name)


def _checked_pieces(place: Packed, name: str, *, most: int | None) -> Iterator[memoryview]:
    """Yield the bytes of a member; refuse one that is too large, or not what was packed."""
    member, source = place.members[name], place.source(name)
    if source is None or (most is not None and member.size > most):
        raise TesseractError(f"{name} in it is too large", where=str(place), wanted=f"at most {most:,} bytes")
    crc = 0
    for offset in range(0, member.size, PIECE_BYTES):
        length = min(PIECE_BYTES, member.size - offset)
        piece = source.get_bytes(offset, length)
        if len(piece) < length:
            raise place.damaged(name)
        crc = zlib.crc32(piece, crc)
        yield piece
    if crc != member.crc:
        raise place.damaged(name)


class _Packing:
    """Copies the files of a tesseract into an archive."""

    def __init__(
        self, tesseract: Tesseract, place: Place, archive: ZipFile, progress: Callable[[int, int], None] | None
    ) -> None:
        self._tesseract, self._place, self._archive, self._progress = tesseract, place, archive, progress
        self._done = 0
        self._total = tesseract.stored_bytes() if progress is not None else 0
        self.pictures = self.damaged = 0
        self.no_bake = ""
        self._baked: BakeFiles | None = None
        try:
            if (found := read_bake(tesseract)) is not None:
                self._baked = found.files
        except TesseractError as error:
            self.no_bake = f"{error.where}: {error.problem}"

    def copy(self) -> None:
        """Copy everything: the documents first, so that they come with the first bytes that a server is asked for."""
        for name, limit in metadata.document_limits(self._tesseract.project).items():
            self._document(name, limit)
        for name, limit in (self._baked.limits() if self._baked else {}).items():
            self._document(name, limit)
        for shard in self._tesseract.shards():
            copied = self._shard(metadata.FRAMES, self._tesseract.layout, shard)
            self.pictures += copied[0]
            self.damaged += copied[1]
        if self._baked is not None:
            self._fields(self._baked)

    def _fields(self, baked: BakeFiles) -> None:
        for axis in baked.axes:
            layout = baked.flow_layout(axis)
            for place in range(math.prod(layout.shards)):
                self._shard(baked.flow_folder(axis), layout, layout.shard(place))

    def _document(self, name: str, limit: int) -> None:
        with clear_errors(f"{self._tesseract.where}/{name}"):
            try:
                raw = self._place.read(name, limit=limit)
            except FileNotFoundError:
                return
        if len(raw) > limit:
            raise TesseractError("is too large", where=f"{self._tesseract.where}/{name}", wanted=f"{limit:,} bytes")
        with self._archive.open(_info(name, len(raw)), "w") as member:
            member.write(raw)

    def _shard(self, folder: str, layout: Layout, shard: Cell) -> tuple[int, int]:
        """Copy what is in a shard one behind the other, in the order in which it lies there.

        Returns how many pictures or fields were copied, and how many could not be because their entries are damaged.
        """
        name = f"{folder}/{layout.key(shard)}"
        where = f"{self._tesseract.where}/{name}"
        with clear_errors(where):
            source = self._place.source(name)
            if source is None:
                return 0, 0
            index = ShardReader(source, layout).index()
            there = (index != np.uint64(MISSING)).all(axis=1) & layout.inside(shard)
            places = np.flatnonzero(there & layout.plausible(index, source.size))
        damaged = int(np.count_nonzero(there)) - places.size
        if not places.size:
            return 0, damaged
        places = places[np.argsort(index[places, 0], kind="stable")]
        offsets, lengths = index[places].T
        if (offsets[1:] < (offsets + lengths)[:-1]).any():
            raise TesseractError("pictures in it share bytes", where=where, hint="`tess verify` tells more")
        packed = np.full_like(index, MISSING)
        packed[places, 1] = lengths
        packed[places, 0] = layout.index_bytes + np.cumsum(lengths) - lengths
        with self._archive.open(_info(name, layout.index_bytes + int(lengths.sum())), "w") as member:
            member.write(packed.astype("<u8").tobytes())
            for offset, length in _pieces(offsets, lengths):
                with clear_errors(where):
                    piece = source.get_bytes(offset, length)
                if len(piece) < length:
                    raise TesseractError("has become shorter than it was", where=where)
                member.write(piece)
                self._tell(length)
        return places.size, damaged

    def _tell(self, copied: int) -> None:
        self._done += copied
        if self._progress is not None:
            self._progress(self._done, max(self._done, self._total))


def _pieces(offsets: NDArray[np.uint64], lengths: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Yield where to read: pictures that lie side by side at once, as many bytes as may be in memory."""
    ends = offsets + lengths
    apart = np.flatnonzero(offsets[1:] != ends[:-1])
    starts, stops = offsets[np.r_[0, apart + 1]], ends[np.r_[apart, -1]]
    for start, end in zip(starts.tolist(), stops.tolist(), strict=True):
        for offset in range(start, end, PIECE_BYTES):
            yield offset, min(PIECE_BYTES, end - offset)


def _info(name: str, size: int) -> ZipInfo:
    info = ZipInfo(name, _FIRST_DAY)
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.file_size = size  # whether it needs ZIP64 is decided before it is written
    return info
