"""The bake of a tesseract: what sampling and motion need per edge, read wherever the tesseract is read."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from tessonance.errors import GridError, TesseractError
from tessonance.store.bake_field import Field, decode_field
from tessonance.store.bake_format import (
    BAKE,
    BLEND,
    FLOW,
    NOT_BAKED,
    SHARES,
    BakeFiles,
    BakeNotes,
    read_notes,
    same_document,
)
from tessonance.store.metadata import MAX_DOCUMENT_BYTES, ROOT, parse
from tessonance.store.osfile import clear_errors
from tessonance.store.shard import ShardReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.project import Project
    from tessonance.store.bake_format import Plain
    from tessonance.store.places import Place

__all__ = [
    "BLEND",
    "FLOW",
    "NOT_BAKED",
    "SHARES",
    "Bake",
    "Field",
    "FoundBake",
    "Pictures",
    "find_bake",
    "open_bake",
    "read_bake",
]

LARGEST_INT8 = 127


class Pictures(Protocol):
    """The tesseract that a bake is in: as much of `store.reader.Tesseract` as a bake needs to know."""

    where: str
    project: Project
    grid: Grid
    place: Place

    def knots(self) -> Knots:
        """Return the finest knots that are wholly painted. Raises TesseractError if there are none."""
        ...

    def lengths(self, flats: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return how many bytes the pictures of some cells have, 0 where there is none. Raises TesseractError."""
        ...


class FoundBake(NamedTuple):
    """What came of looking for a bake.

    Parameters
    ----------
    bake : Bake or None
    reason : str
        Why there is none; empty where there is one.
    """

    bake: Bake | None
    reason: str


class Bake:
    """What `tess bake` found out about each edge of a tesseract; any number of threads may read.

    It is what was baked when this was opened, also while the rest is being baked. Edges one of whose pictures has
    changed since count as not baked.

    Parameters
    ----------
    tesseract : Pictures
    files : BakeFiles
    notes : BakeNotes

    Attributes
    ----------
    knots : tuple of ndarray of intp
        The indices along each axis that it was made for.
    finder : str
        The name and version of what found the flow.
    calibration : Calibration or None
        How its distances became FLIP's units; None as long as nothing is measured.
    stale : int
        How many baked edges do not count because a picture of theirs has changed.

    Raises
    ------
    TesseractError
        If it is damaged.
    """

    def __init__(self, tesseract: Pictures, files: BakeFiles, notes: BakeNotes) -> None:
        self._tesseract, self.files, self.notes = tesseract, files, notes
        self.knots, self.finder, self.calibration = files.knots, notes.finder, notes.calibration
        self._distances: dict[int, NDArray[np.float32]] = {}
        self._methods: dict[int, NDArray[np.uint8]] = {}
        self._scales: dict[int, NDArray[np.float32]] = {}
        self._layouts = {axis: files.flow_layout(axis) for axis in files.axes}
        self._readers: dict[tuple[int, Cell], ShardReader] = {}
        self._lock = Lock()
        for name, wanted in files.documents(notes).items():
            if name != f"{files.root}/{ROOT}":
                self._check_document(name, wanted)
        self.pictures = self._read(files.pictures)
        changed = self._changed()
        self.stale = sum(self._load(axis, changed) for axis in range(len(self.knots)))

    def __repr__(self) -> str:
        return f"Bake({self._tesseract.where!r}, {self.baked()} of {self.edges()} edges)"

    def edges(self) -> int:
        """Return how many edges there are along all axes."""
        return sum(methods.size for methods in self._methods.values())

    def baked(self) -> int:
        """Return how many of them are baked."""
        return sum(int(np.count_nonzero(methods)) for methods in self._methods.values())

    def methods(self, axis: int) -> NDArray[np.uint8]:
        """Return the method of each edge of an axis.

        Parameters
        ----------
        axis : int

        Returns
        -------
        ndarray of uint8
            0 not baked, 1 blend, 2 flow. As many along `axis` as it has edges, along all others as they have knots.
        """
        return self._methods[axis]

    def distances(self, axis: int) -> NDArray[np.float32]:
        """Return how far frames are from the first knot of each edge of an axis, in FLIP's units.

        Parameters
        ----------
        axis : int

        Returns
        -------
        ndarray of float32
            Shaped as `methods`, and a last dimension of 3: at 1/16, 1/4 and all of the edge, as its method shows it.
            NaN where it is not baked.
        """
        return self._distances[axis]

    def field(self, axis: int, edge: Cell) -> Field | None:
        """Return how the pictures of an edge move.

        Parameters
        ----------
        axis : int
        edge : tuple of int
            The number of the edge along `axis`, and of the knot along all others.

        Returns
        -------
        Field or None
            None where the edge blends, is not baked, or what is stored is damaged or cannot be read.

        Raises
        ------
        GridError
            If there is no such edge.
        """
        try:
            return self.stored_field(axis, edge)
        except TesseractError:
            return None  # a show goes on: such an edge blends

    def stored_field(self, axis: int, edge: Sequence[int]) -> Field | None:
        """Return what `field` does, but raise TesseractError where it is damaged or cannot be read."""
        shape = self._methods[axis].shape
        if len(edge) != len(shape) or not all(0 <= index < count for index, count in zip(edge, shape, strict=True)):
            raise GridError("no such edge", wanted=f"an index below {shape}", got=str(tuple(edge)))
        if self._methods[axis][tuple(edge)] != FLOW:
            return None
        shard, place = self._layouts[axis].locate(edge)
        name = f"{self.files.flow_folder(axis)}/{self._layouts[axis].key(shard)}"
        where = f"{self._tesseract.where}/{name}, edge {tuple(int(index) for index in edge)}"
        with clear_errors(where):
            reader = self._reader(axis, shard, name)
            encoded = None if reader is None else reader.encoded(place)
        if encoded is None:
            raise TesseractError("the field of this edge is missing", where=where, hint="`tess bake` makes it again")
        codes = decode_field(encoded, self.files, where=where)
        return Field(codes[0], codes[1], float(self._scales[axis][tuple(edge)]))

    def lost(self, axis: int) -> NDArray[np.bool_]:
        """Tell which edges flow by their numbers, but have no field, shape as `methods`; nothing is decoded.

        Raises
        ------
        TesseractError
            If a file cannot be read.
        """
        flows = self._methods[axis] == FLOW
        lost = np.zeros(flows.shape, np.bool_)
        flats = np.flatnonzero(flows)
        if flats.size:
            layout = self._layouts[axis]
            shards, places = layout.locate_many(flats)
            for number in np.unique(shards).tolist():
                here = shards == number
                lengths = self._lengths(axis, layout.shard(number))
                lost.reshape(-1)[flats[here]] = lengths[places[here]] == 0
        return lost

    def _lengths(self, axis: int, shard: Cell) -> NDArray[np.uint64]:
        layout = self._layouts[axis]
        name = f"{self.files.flow_folder(axis)}/{layout.key(shard)}"
        with clear_errors(f"{self._tesseract.where}/{name}"):
            reader = self._reader(axis, shard, name)
            return np.zeros(layout.shard_cells, np.uint64) if reader is None else reader.lengths()

    def _reader(self, axis: int, shard: Cell, name: str) -> ShardReader | None:
        with self._lock:
            found = self._readers.get((axis, shard))
        if found is None and (source := self._tesseract.place.source(name)) is not None:
            with self._lock:
                found = self._readers.setdefault((axis, shard), ShardReader(source, self._layouts[axis]))
        return found

    def _check_document(self, name: str, wanted: bytes) -> None:
        where = f"{self._tesseract.where}/{name}"
        document = parse(_small(self._tesseract, name, MAX_DOCUMENT_BYTES), where=where)
        if not same_document(document, wanted):
            raise TesseractError("is not what the knots make it", where=where, hint="`tess bake` makes it again")

    def _read(self, plain: Plain) -> NDArray[Any]:
        raw = _small(self._tesseract, plain.chunk, plain.size)
        if len(raw) != plain.size:
            raise TesseractError(
                "has another size than its shape says",
                where=f"{self._tesseract.where}/{plain.chunk}",
                wanted=f"{plain.size:,} bytes",
                got=f"{len(raw):,}",
                hint="`tess bake` makes it again",
            )
        return np.frombuffer(raw, plain.dtype).reshape(plain.shape)

    def _changed(self) -> NDArray[np.bool_]:
        """Tell which pictures have another length than those it was made of, shape (knots …)."""
        wanted = self.pictures[..., 0]
        changed: NDArray[np.bool_] = wanted != stored_lengths(self._tesseract, self.knots)
        return changed

    def _load(self, axis: int, changed: NDArray[np.bool_]) -> int:
        """Read the small arrays of an axis, and return how many baked edges have changed pictures."""
        shape = self.files.edges_shape(axis)
        if axis not in self.files.axes:
            self._methods[axis], self._scales[axis] = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
            self._distances[axis] = np.zeros((*shape, len(SHARES)), np.float32)
            return 0
        distances, methods, scales = (np.array(self._read(plain)) for plain in self.files.plain(axis))
        sound = self._sound(distances, methods, scales)
        ends = changed | np.roll(changed, -1, axis)
        ends = ends[tuple(slice(0, count) for count in shape)]
        stale = int(np.count_nonzero(sound & ends))
        distances[~sound | ends] = np.nan
        methods[~sound | ends] = NOT_BAKED
        for kept in (distances, methods, scales):
            kept.flags.writeable = False
        self._distances[axis], self._methods[axis], self._scales[axis] = distances, methods, scales
        return stale

    def _sound(
        self, distances: NDArray[np.float32], methods: NDArray[np.uint8], scales: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Tell which edges are baked; one whose numbers cannot be is not."""
        with np.errstate(invalid="ignore"):
            near = ((distances >= 0) & (distances <= 1)).all(axis=-1)  # written so that NaN fails too
            most = max(self.files.project.picture.height, self.files.project.picture.width) / LARGEST_INT8
            moved = (scales >= 0) & (scales <= most)
        sound: NDArray[np.bool_] = near & ((methods == BLEND) | ((methods == FLOW) & moved))
        return sound


def open_bake(tesseract: Pictures) -> Bake | None:
    """Return the bake of an open tesseract; see `find_bake` for why there may be none."""
    return find_bake(tesseract).bake


def find_bake(tesseract: Pictures) -> FoundBake:
    """Look for the bake of a tesseract. One that is damaged or does not fit is as good as none: a show goes on.

    Parameters
    ----------
    tesseract : Pictures
        In a folder, packed or on the web.

    Returns
    -------
    FoundBake
    """
    try:
        bake = read_bake(tesseract)
        knots = () if bake is None else tesseract.knots()  # which takes a look at every file
    except TesseractError as error:
        return FoundBake(None, " ".join(str(error).split("\n")[0].split())[:300])
    if bake is None:
        return FoundBake(None, "not baked yet")
    if not same_knots(bake.knots, knots):
        return FoundBake(None, "made for other knots: `tess bake` goes on from there")
    if bake.stale and not bake.baked():
        return FoundBake(None, "made of other pictures: `tess bake` makes it again")
    return FoundBake(bake, "")


def read_bake(tesseract: Pictures, root: str = BAKE) -> Bake | None:
    """Read what is stored, be it for other knots; None where nothing is.

    Parameters
    ----------
    tesseract : Pictures
    root : str
        Its folder in the tesseract.

    Raises
    ------
    TesseractError
        If it is damaged, of another format, or cannot be read.
    """
    name = f"{root}/{ROOT}"
    where = f"{tesseract.where}/{name}"
    with clear_errors(where):
        try:
            raw = tesseract.place.read(name, limit=MAX_DOCUMENT_BYTES)
        except FileNotFoundError:
            return None
    knots, notes = read_notes(parse(raw, where=where), tesseract.grid, where=where)
    return Bake(tesseract, BakeFiles(tesseract.project, knots, root), notes)


def same_knots(one: Knots, other: Knots) -> bool:
    """Tell whether two tuples of knots are equal."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def stored_lengths(tesseract: Pictures, knots: Knots) -> NDArray[np.uint64]:
    """Return how many bytes the picture of each knot has now, 0 where there is none; shape (knots …)."""
    flats = np.ravel_multi_index(np.ix_(*knots), tesseract.grid.shape).astype(np.int64)
    return tesseract.lengths(flats.reshape(-1)).reshape(flats.shape)


def _small(tesseract: Pictures, name: str, limit: int) -> bytes:
    where = f"{tesseract.where}/{name}"
    with clear_errors(where):
        try:
            return tesseract.place.read(name, limit=limit)
        except FileNotFoundError:
            raise TesseractError("is missing", where=where, hint="`tess bake` makes it again") from None
