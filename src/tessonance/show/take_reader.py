"""Reading a take, and hearing it again."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.errors import GridError, ProjectError, SoundError
from tessonance.grid import Axis, Grid
from tessonance.motion import Path as MotionPath
from tessonance.show import take_blocks
from tessonance.show.changes import change_from
from tessonance.show.ensemble import Ensemble
from tessonance.show.take import Piece
from tessonance.sound.spectrum import RATE
from tessonance.tables import many

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tessonance.motion import Governor
    from tessonance.project import Mapping
    from tessonance.show.changes import Change
    from tessonance.show.take_blocks import Block

__all__ = ["Moves", "Take", "read_take", "replay"]

MAX_PIECES = 64
AT_ONCE = 65_536  # samples
HOPS = (64, 1024)


@dataclass(frozen=True, eq=False)
class Moves:
    """Where one tesseract went, from its beginning to play until its end.

    Parameters
    ----------
    piece : int
        Its number in the show.
    hop : int
        Samples per hop.
    first_hop : int
        The number of its first hop, counted from the beginning of the take.
    coordinates : ndarray of float64, shape (hops, N)
    """

    piece: int
    hop: int
    first_hop: int
    coordinates: NDArray[np.float64]

    def path(self, grid: Grid) -> MotionPath:
        """Return it as a path in seconds of the take."""
        seconds = self.hop / RATE
        return MotionPath(self.coordinates, seconds, self.first_hop * seconds, grid.closed)


@dataclass(frozen=True, eq=False)
class Take:
    """What a show kept.

    Parameters
    ----------
    path : Path
    pieces : tuple of Piece
        The tesseracts, in the order of the show.
    samples : ndarray of float32, shape (n,)
        What was heard, mono at 48 kHz; it may lie on the disk.
    moves : tuple of Moves
        In the order in which they began.
    changes : tuple of (int, Change)
        Each with the sample before which it was made.
    whole : bool
        Whether the file ends where a block ends; otherwise the show was killed, and the last moment is lost.
    """

    path: Path
    pieces: tuple[Piece, ...]
    samples: NDArray[np.float32]
    moves: tuple[Moves, ...]
    changes: tuple[tuple[int, Change], ...]
    whole: bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / RATE


def read_take(path: str | Path) -> Take:
    """Read a take.

    Parameters
    ----------
    path : path-like
        A ``.tessrec`` file; it is believed nothing.

    Returns
    -------
    Take
        As far as its blocks are whole.

    Raises
    ------
    SoundError
        If it cannot be read, is no take, is of a newer version, or says what cannot be.
    """
    where = Path(path)
    try:
        with where.open("rb") as file:
            return _read(file, where)
    except OSError as error:
        raise SoundError(f"cannot be read: {error.strerror}", where=where) from None


def replay(
    take: Take, *, governor: Callable[[int, Mapping], Governor | None] = lambda piece, mapping: None
) -> tuple[Moves, ...]:
    """Hear a take again: the same samples and changes through the same arithmetic.

    Parameters
    ----------
    take : Take
    governor : callable, optional
        As the show had it: number of a tesseract and mapping → what limits its speed.

    Returns
    -------
    tuple of Moves
        As `Take.moves`; they agree to far below 1e-6.

    Raises
    ------
    TessError
        If a change cannot be made.
    """
    again = _Gathered()
    ensemble = Ensemble([piece.grid for piece in take.pieces], governor=governor, record=again)
    at = 0
    for sample, change in (*take.changes, (len(take.samples), None)):
        for first in range(at, sample, AT_ONCE):
            ensemble.hear(np.array(take.samples[first : min(first + AT_ONCE, sample)]))
        at = sample
        if change is not None:
            ensemble.change(change)
    return again.moves()


@dataclass
class _Gathered:
    """Coordinates as they come, block by block; each run of hops becomes one `Moves`."""

    runs: list[tuple[int, int, int, list[NDArray[np.float64]]]] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)  # piece → its run
    stops: dict[int, int] = field(default_factory=dict)

    def heard(self, samples: NDArray[np.float32]) -> None:
        """Nothing to keep."""

    def changed(self, sample: int, change: Change) -> None:
        """Nothing to keep."""

    def moved(self, piece: int, hop: int, first_hop: int, coordinates: NDArray[np.float64]) -> None:
        """Keep some hops."""
        if not len(coordinates):
            return
        run = self.open.get(piece)
        if run is None or self.stops[piece] != first_hop or self.runs[run][1] != hop:
            self.open[piece] = run = len(self.runs)
            self.runs.append((piece, hop, first_hop, []))
        self.runs[run][3].append(coordinates)
        self.stops[piece] = first_hop + len(coordinates)

    def moves(self) -> tuple[Moves, ...]:
        """Return what was kept."""
        return tuple(Moves(piece, hop, first, np.concatenate(rows)) for piece, hop, first, rows in self.runs)


def _read(file: BinaryIO, where: Path) -> Take:
    if file.read(len(take_blocks.MAGIC)) != take_blocks.MAGIC:
        raise SoundError("this is no take", where=where, hint="`tess play --record NAME.tessrec` makes one")
    blocks = take_blocks.blocks(file)
    first = next(blocks, None)
    if first is None or first.kind != b"HEAD":
        raise SoundError("this take is damaged from its beginning on", where=where)
    pieces = _pieces(first, where)
    gathered, changes, whole = _Gathered(), list[tuple[int, "Change"]](), True
    with tempfile.TemporaryFile() as kept:  # hours of sound need not fit into memory
        heard = 0
        for block in blocks:
            if block is None:
                whole = False
            elif block.kind == b"SAMP":
                heard = _samples(block, heard, kept, where)
            elif block.kind == b"PATH":
                gathered.moved(*_moved(block, pieces, where))
            elif block.kind == b"CHNG":
                changes.append(_changed(block, heard, where))
        if not heard:
            raise SoundError("nothing was heard in this take", where=where)
        kept.flush()
        samples = np.memmap(kept, np.dtype("<f4"), "r", shape=(heard,))
    return Take(where, pieces, samples, gathered.moves(), tuple(changes), whole)


def _json(block: Block, where: Path) -> dict[str, Any]:
    try:
        data = json.loads(block.payload)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise SoundError("a block of this take is not what it should be", where=where)
    return data


def _pieces(block: Block, where: Path) -> tuple[Piece, ...]:
    data = _json(block, where)
    if data.get("version") != take_blocks.VERSION:
        got, wanted = repr(data.get("version"))[:40], str(take_blocks.VERSION)
        raise SoundError("this take is of another version", where=where, wanted=wanted, got=got)
    listed = data.get("pieces")
    if data.get("rate") != RATE or not isinstance(listed, list) or not 0 < len(listed) <= MAX_PIECES:
        raise SoundError("this take does not say what was played", where=where)
    return tuple(_piece(entry, where) for entry in listed)


def _piece(data: object, where: Path) -> Piece:
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise SoundError("this take does not say what was played", where=where)
    try:
        return Piece(data["name"][:200], Grid(many(Axis, data.get("axis"), f"{where.name} [[axis]]")))
    except (GridError, ProjectError) as error:
        raise SoundError("the grid of a tesseract in this take cannot be", where=where, got=str(error)) from None


def _samples(block: Block, heard: int, kept: Any, where: Path) -> int:
    start, numbers = block.payload[: take_blocks.SAMPLES_AT.size], block.payload[take_blocks.SAMPLES_AT.size :]
    values = np.frombuffer(numbers, "<f4") if len(numbers) % 4 == 0 else np.array([np.nan])
    fits = len(start) == take_blocks.SAMPLES_AT.size and take_blocks.SAMPLES_AT.unpack(start) == (heard,)
    if not fits or not np.isfinite(values).all():
        raise SoundError(f"the sound of this take is damaged at {heard / RATE:.1f} s", where=where)
    kept.write(numbers)
    return heard + len(values)


def _moved(block: Block, pieces: tuple[Piece, ...], where: Path) -> tuple[int, int, int, NDArray[np.float64]]:
    start, numbers = block.payload[: take_blocks.MOVED_AT.size], block.payload[take_blocks.MOVED_AT.size :]
    if len(start) == take_blocks.MOVED_AT.size:
        piece, axes, hop, first = take_blocks.MOVED_AT.unpack(start)
        if piece < len(pieces) and axes == len(pieces[piece].grid.axes) and HOPS[0] <= hop <= HOPS[1]:
            values = np.frombuffer(numbers, "<f8") if len(numbers) % (8 * axes) == 0 else np.array([np.nan])
            if ((values >= 0) & (values <= 1)).all():
                return piece, hop, first, values.reshape(-1, axes).astype(np.float64)
    raise SoundError("a path in this take is damaged", where=where)


def _changed(block: Block, heard: int, where: Path) -> tuple[int, Change]:
    data = _json(block, where)
    if type(data.get("sample")) is not int or data["sample"] != heard:
        raise SoundError("a change in this take is out of its order", where=where)
    return heard, change_from(data.get("change"), where=str(where))
