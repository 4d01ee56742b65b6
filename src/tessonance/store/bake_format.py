"""Edges ↔ names and shapes: which arrays a bake has, and the documents that describe them. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.errors import TesseractError
from tessonance.store.calibration import Calibration
from tessonance.store.layout import Layout, block_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.project import Project

__all__ = [
    "BAKE",
    "BLEND",
    "FIELD_SHRINK",
    "FLOW",
    "NOT_BAKED",
    "OLD",
    "SHARES",
    "ZSTD_LEVEL",
    "BakeFiles",
    "BakeNotes",
    "Plain",
    "read_notes",
    "same_document",
]

BAKE, FORMAT = "bake", 1
OLD = f"{BAKE}.old"  # the one before, as long as some of its edges may still be wanted
NOT_BAKED, BLEND, FLOW = 0, 1, 2  # the methods
SHARES = (1 / 16, 1 / 4, 1.0)  # of an edge, where its distances are measured
FIELD_SHRINK = 4  # a field has one place for so many pixels a side
FIELD_AXES = 4  # direction, y, x, xy
MAX_KNOTS = 200_000  # of all axes; they stand in a document
MAX_EDGES = 4_000_000  # along one axis; 48 MB of distances
ZSTD_LEVEL = 9  # a millisecond, and a tenth less than level 3
MAX_MAP = 64  # knots of a calibration
_LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
_DOTTED = {"name": "default", "configuration": {"separator": "."}}


@dataclass(frozen=True)
class BakeNotes:
    """What a bake says of itself.

    Parameters
    ----------
    finder : str
        The name and version of what found the flow.
    calibration : Calibration or None
        None as long as nothing is measured.
    made_with : str
        For people.
    """

    finder: str
    calibration: Calibration | None = None
    made_with: str = ""


@dataclass(frozen=True)
class Plain:
    """An array in one chunk of raw numbers, so that each of them can be written in place.

    Parameters
    ----------
    name : str
        Of its folder in the tesseract.
    shape : tuple of int
    dtype : str
        As numpy says it, little-endian.
    fill : float
        What stands where nothing was written.
    names : tuple of str
        Of its dimensions.
    """

    name: str
    shape: Cell
    dtype: str
    fill: float
    names: tuple[str, ...]

    @property
    def chunk(self) -> str:
        """The name of the file with its numbers."""
        return f"{self.name}/{'.'.join(['c', *['0'] * len(self.shape)])}"

    @property
    def document(self) -> str:
        """The name of its document."""
        return f"{self.name}/zarr.json"

    @property
    def size(self) -> int:
        """How many bytes its numbers take."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def empty(self) -> bytes:
        """Return its bytes with nothing written."""
        return np.full(self.shape, self.fill, self.dtype).tobytes()

    def describe(self) -> dict[str, Any]:
        """Return its document."""
        fill: object = "NaN" if math.isnan(self.fill) else self.fill
        kind = np.dtype(self.dtype)
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape),
            "data_type": kind.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.shape)}},
            "chunk_key_encoding": _DOTTED,
            "fill_value": int(self.fill) if kind.kind == "u" else fill,
            "codecs": [_LITTLE if kind.itemsize > 1 else {"name": "bytes"}],
            "attributes": {},
            "dimension_names": list(self.names),
        }


@dataclass(frozen=True, eq=False)
class BakeFiles:
    """Which files a bake has, and what they hold.

    Parameters
    ----------
    project : Project
        Of the tesseract.
    knots : tuple of ndarray of intp
        The indices along each axis that it is made for.
    root : str
        The name of its folder.

    Raises
    ------
    TesseractError
        If there are too many knots or edges.
    """

    project: Project
    knots: Knots
    root: str = BAKE
    grid: Grid = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "grid", self.project.grid)
        if (count := sum(map(len, self.knots))) > MAX_KNOTS:
            raise TesseractError("has too many knots to be baked", wanted=f"at most {MAX_KNOTS:,}", got=f"{count:,}")
        most = max(math.prod(self.edges_shape(axis)) for axis in range(len(self.knots)))
        if max(most, math.prod(map(len, self.knots))) > MAX_EDGES:
            raise TesseractError(
                "has too many edges to be baked",
                wanted=f"at most {MAX_EDGES:,} along an axis",
                got=f"{most:,}",
                hint="bake a coarser level: keep the finest one unpainted",
            )

    @cached_property
    def axes(self) -> tuple[int, ...]:
        """The axes that have an edge."""
        return tuple(axis for axis in range(len(self.knots)) if self.edges(axis))

    @cached_property
    def field_shape(self) -> tuple[int, int]:
        """Height and width of a field."""
        picture = self.project.picture
        return -(-picture.height // FIELD_SHRINK), -(-picture.width // FIELD_SHRINK)

    def edges(self, axis: int) -> int:
        """Return how many edges lie along an axis; on a closed one the last leads back to its first knot."""
        count = len(self.knots[axis])
        return count if self.grid.axes[axis].closed and count > 1 else count - 1

    def edges_shape(self, axis: int) -> Cell:
        """Return how many edges of an axis there are: its own along it, the knots along all others."""
        return tuple(self.edges(axis) if k == axis else len(along) for k, along in enumerate(self.knots))

    def ends(self, axis: int, edge: Sequence[int]) -> tuple[Cell, Cell]:
        """Return the two cells of an edge, given in knots."""
        first = tuple(int(along[index]) for along, index in zip(self.knots, edge, strict=True))
        after = int(self.knots[axis][(edge[axis] + 1) % len(self.knots[axis])])
        return first, (*first[:axis], after, *first[axis + 1 :])

    @cached_property
    def pictures(self) -> Plain:
        """The length and the CRC-32 of each picture that it was made of."""
        shape = (*map(len, self.knots), 2)
        return Plain(f"{self.root}/frames", shape, "<u4", 0, (*self.grid.names, "length_crc"))

    def distance(self, axis: int) -> Plain:
        """Return the array of an axis' distances."""
        shape = (*self.edges_shape(axis), len(SHARES))
        return Plain(f"{self._folder(axis)}/distance", shape, "<f4", math.nan, (*self.grid.names, "share"))

    def method(self, axis: int) -> Plain:
        """Return the array of an axis' methods."""
        return Plain(f"{self._folder(axis)}/method", self.edges_shape(axis), "|u1", NOT_BAKED, self.grid.names)

    def scale(self, axis: int) -> Plain:
        """Return the array of an axis' scales."""
        return Plain(f"{self._folder(axis)}/scale", self.edges_shape(axis), "<f4", 0, self.grid.names)

    def plain(self, axis: int) -> tuple[Plain, Plain, Plain]:
        """Return an axis' small arrays: distance, method and scale."""
        return self.distance(axis), self.method(axis), self.scale(axis)

    def flow_folder(self, axis: int) -> str:
        """Return the folder of an axis' fields."""
        return f"{self._folder(axis)}/flow"

    def flow_layout(self, axis: int) -> Layout:
        """Return where the fields of an axis' edges are."""
        shape = self.edges_shape(axis)
        return Layout(shape, block_shape(shape), self.longest_field, FIELD_AXES)

    @property
    def field_bytes(self) -> int:
        """How many bytes both fields of an edge have before they are compressed."""
        height, width = self.field_shape
        return 2 * height * width * 2

    @property
    def longest_field(self) -> int:
        """How many bytes they may have when they are compressed: what cannot be compressed grows a little."""
        return self.field_bytes + self.field_bytes // 128 + 1024

    def documents(self, notes: BakeNotes) -> dict[str, bytes]:
        """Return every document of a bake by its name in the tesseract."""
        found = {f"{self.root}/zarr.json": _group({f"tessonance_{BAKE}": self._attributes(notes)})}
        arrays = {self.pictures.document: self.pictures.describe()}
        for axis in self.axes:
            found[f"{self._folder(axis)}/zarr.json"] = _group({})
            arrays |= {plain.document: plain.describe() for plain in self.plain(axis)}
            arrays[f"{self.flow_folder(axis)}/zarr.json"] = self._describe_flow(axis)
        return found | {name: json.dumps(document, indent=1).encode() for name, document in arrays.items()}

    def empty(self) -> dict[str, bytes]:
        """Return the numbers of a bake's small arrays with nothing written, by name."""
        return {plain.chunk: plain.empty() for plain in self._plains()}

    def limits(self) -> dict[str, int]:
        """Return how many bytes each file may have at the most, but for the shards of the fields."""
        from tessonance.store.metadata import MAX_DOCUMENT_BYTES

        limits = dict.fromkeys(self.documents(BakeNotes("")), MAX_DOCUMENT_BYTES)
        return limits | {plain.chunk: plain.size for plain in self._plains()}

    def is_shard(self, name: str) -> bool:
        """Tell whether a name in the tesseract is that of a file with fields of this bake."""
        folder, _, key = name.rpartition("/")
        return any(
            folder == self.flow_folder(axis) and self.flow_layout(axis).shard_of_key(key) is not None
            for axis in self.axes
        )

    def _plains(self) -> list[Plain]:
        return [self.pictures, *(plain for axis in self.axes for plain in self.plain(axis))]

    def _folder(self, axis: int) -> str:
        return f"{self.root}/{self.grid.names[axis]}"

    def _attributes(self, notes: BakeNotes) -> dict[str, Any]:
        made = notes.calibration
        return {
            "format": FORMAT,
            "made_with": notes.made_with,
            "finder": notes.finder,
            "knots": [along.tolist() for along in self.knots],
            "calibration": None
            if made is None
            else {
                "rank_correlation": made.rank_correlation,
                "error": made.error,
                "pairs": made.pairs,
                "distances": list(made.distances),
                "flips": list(made.flips),
            },
        }

    def _describe_flow(self, axis: int) -> dict[str, Any]:
        layout, inner = self.flow_layout(axis), [2, *self.field_shape, 2]
        n = len(layout.grid_shape)
        planes = [*range(n), n, n + 3, n + 1, n + 2]  # x and y apart: they compress to half
        sharding = {
            "chunk_shape": [*[1] * n, *inner],
            "codecs": [
                {"name": "transpose", "configuration": {"order": planes}},
                {"name": "bytes"},
                {"name": "zstd", "configuration": {"level": ZSTD_LEVEL, "checksum": True}},
            ],
            "index_codecs": [_LITTLE],
            "index_location": "start",
        }
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [*layout.grid_shape, *inner],
            "data_type": "int8",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [*layout.shard_shape, *inner]}},
            "chunk_key_encoding": _DOTTED,
            "fill_value": 0,
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
            "attributes": {},
            "dimension_names": [*self.grid.names, "direction", "y", "x", "xy"],
        }


def read_notes(group: dict[str, Any], grid: Grid, *, where: str) -> tuple[Knots, BakeNotes]:
    """Return what the document of a bake says: its knots, and how it was made.

    Raises
    ------
    TesseractError
        If it is no bake of this grid, or of a newer format.
    """
    attributes = group.get("attributes")
    ours = attributes.get(f"tessonance_{BAKE}") if isinstance(attributes, dict) else None
    if group.get("zarr_format") != 3 or group.get("node_type") != "group" or not isinstance(ours, dict):
        raise TesseractError("this is no bake", where=where, wanted="a Zarr v3 group made by `tess bake`")
    if ours.get("format") != FORMAT or isinstance(ours.get("format"), bool):
        got = repr(ours.get("format"))[:80]
        raise TesseractError("is of another format", where=where, wanted=f"format {FORMAT}", got=got)
    knots = tuple(_knots(along, axis.steps) for along, axis in zip(_list(ours.get("knots")), grid.axes, strict=False))
    if len(knots) != len(grid.axes) or any(along is None for along in knots):
        raise TesseractError("its knots are none of this grid", where=where, wanted="ascending indices of each axis")
    texts = (str(ours.get(key, "")) for key in ("finder", "made_with"))
    finder, made_with = ("".join(filter(str.isprintable, text[:80])) for text in texts)
    notes = BakeNotes(finder, _calibration(ours.get("calibration"), where), made_with)
    return knots, notes  # type: ignore[return-value]  # None was refused


def same_document(found: dict[str, Any], wanted: bytes) -> bool:
    """Tell whether an array's document says what it must; keys that others add, and attributes, are passed over."""
    expected = json.loads(wanted)
    return all(found.get(key) == value for key, value in expected.items() if key != "attributes")


def _group(attributes: dict[str, Any]) -> bytes:
    return json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}).encode()


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _knots(found: object, steps: int) -> NDArray[np.intp] | None:
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_KNOTS or {type(index) for index in found} != {int}:
        return None
    if not 0 <= min(found) <= max(found) < steps:  # before numpy sees numbers that it cannot hold
        return None
    along = np.array(found, np.intp)
    return along if bool((np.diff(along) > 0).all()) else None


def _calibration(found: object, where: str) -> Calibration | None:
    if found is None:
        return None
    try:
        table = dict(found)  # type: ignore[call-overload]
        rank, error = float(table["rank_correlation"]), float(table["error"])
        distances, flips = (tuple(float(x) for x in table[key]) for key in ("distances", "flips"))
        made = Calibration(rank, error, int(table["pairs"]), distances, flips)
        numbers = np.array([rank, error, *distances, *flips])
        rising = (np.diff(distances) > 0).all() and (np.diff(flips) >= 0).all() and min(distances[0], flips[0]) >= 0
        if 1 <= len(distances) == len(flips) <= MAX_MAP and np.isfinite(numbers).all() and rising:
            return made
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        pass
    raise TesseractError("its calibration is none", where=where, hint="`tess bake` makes it again")
