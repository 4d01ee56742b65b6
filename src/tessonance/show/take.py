"""A take: what was heard and changed in a show, and where it led, so that its film can be made afterwards."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import OutputExists, SoundError
from tessonance.show import take_blocks
from tessonance.show.changes import plain
from tessonance.sound.spectrum import RATE
from tessonance.tables import as_stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tessonance.grid import Grid
    from tessonance.show.changes import Change

__all__ = ["SUFFIX", "Piece", "TakeWriter", "check_take"]

SUFFIX = ".tessrec"
SAMPLES_AT_ONCE = RATE // 4
BLOCKS_WAITING = 400  # over a minute of them: a disk that is stuck for longer has failed
GLANCE_SECONDS = 0.2
SYNC_SECONDS = 1.0  # between two times that the system is made to write to the disk itself
PATIENCE_SECONDS = 10.0  # with a disk that is stuck, at the end of a show


@dataclass(frozen=True)
class Piece:
    """One tesseract of a show, as a take names it.

    Parameters
    ----------
    name : str
    grid : Grid
    """

    name: str
    grid: Grid


class TakeWriter:
    """Writes a take while the show goes on, on a thread of its own; a `Record`.

    What is written is good up to the last quarter of a second if the program is killed, and up to the last second or
    two if the power goes. A disk that fails ends the take, not the show.

    Parameters
    ----------
    path : path-like
    pieces : sequence of Piece
        The tesseracts, in the order of the show.
    force : bool
        Whether to replace a take that exists.

    Attributes
    ----------
    path : Path
    trouble : str
        Why nothing is written any more; empty while all is well.

    Raises
    ------
    OutputExists
        If there is one already and `force` is not set, or a file that is no take.
    SoundError
        If it cannot be written.
    """

    def __init__(self, path: str | Path, pieces: Sequence[Piece], *, force: bool = False) -> None:
        self.path, self.trouble = Path(path), ""
        check_take(self.path, force=force)
        self._file = _opened(self.path, force=force)
        self._queue: Queue[bytes] = Queue(BLOCKS_WAITING)
        self._sample = 0
        self._samples: list[NDArray[np.float32]] = []
        self._held = 0
        self._paths: dict[tuple[int, int], tuple[int, list[NDArray[np.float64]]]] = {}
        axes = [{"name": piece.name, "axis": as_stored({"axis": piece.grid.axes})["axis"]} for piece in pieces]
        self._put(take_blocks.head({"rate": RATE, "pieces": axes}))
        self._over = Event()
        self._thread = Thread(target=self._write, name="tessonance-take", daemon=True)
        self._thread.start()

    def heard(self, samples: NDArray[np.float32]) -> None:
        """Keep some more samples."""
        if self._held >= SAMPLES_AT_ONCE:
            self._pack()
        self._samples.append(samples)
        self._held += len(samples)

    def moved(self, piece: int, hop: int, first_hop: int, coordinates: NDArray[np.float64]) -> None:
        """Keep where these samples led a tesseract, in hops of so many samples."""
        if len(coordinates):
            self._paths.setdefault((piece, hop), (first_hop, []))[1].append(coordinates)

    def changed(self, sample: int, change: Change) -> None:
        """Keep a change, and before which sample it was made."""
        self._pack()
        self._put(take_blocks.changed(sample, plain(change)))

    def close(self) -> None:
        """Write what is left; again does nothing."""
        if self._over.is_set():
            return
        self._pack()
        self._over.set()
        self._thread.join(PATIENCE_SECONDS)
        try:
            self._file.close()
        except OSError as error:
            self._fail(error)

    def _pack(self) -> None:
        if self._samples:
            joined = np.concatenate(self._samples)
            self._put(take_blocks.samples(self._sample, joined))
            self._sample += len(joined)
        for (piece, hop), (first_hop, rows) in self._paths.items():
            self._put(take_blocks.moved(piece, hop, first_hop, np.concatenate(rows)))
        self._samples, self._held, self._paths = [], 0, {}

    def _put(self, block: bytes) -> None:
        if self.trouble:
            return
        try:
            self._queue.put_nowait(block)
        except Full:
            self.trouble = f"{self.path.name}: the disk does not keep up; the take ends here"

    def _write(self) -> None:
        synced = time.monotonic()
        while not self.trouble:
            try:
                self._file.write(self._queue.get(timeout=GLANCE_SECONDS))
                if self._queue.empty():
                    self._file.flush()
                    if time.monotonic() - synced > SYNC_SECONDS:
                        os.fsync(self._file.fileno())
                        synced = time.monotonic()
            except Empty:
                if self._over.is_set():
                    return
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.trouble = f"{self.path.name}: cannot be written: {error.strerror}; the take ends here"


def check_take(path: str | Path, *, force: bool = False) -> None:
    """Refuse a path that no take can be written to, before anything else is begun.

    Parameters
    ----------
    path : path-like
    force : bool
        Whether a take that exists may be replaced. What is no take, such as a song, never is.

    Raises
    ------
    OutputExists
    SoundError
        If its folder is not there, or a folder is in its place.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise SoundError("cannot be written: the folder is not there", where=path.parent, hint="make it")
    if not path.exists():
        return
    if not force:
        raise OutputExists("exists already", where=path, hint="give the take another name, or --force")
    try:
        with path.open("rb") as file:
            begins = file.read(len(take_blocks.MAGIC))
    except OSError as error:
        raise SoundError(f"cannot be written: {error.strerror}", where=path) from None
    if begins and begins != take_blocks.MAGIC:
        raise OutputExists("is no take, so it is not replaced", where=path, hint="give the take another name")


def _opened(path: Path, *, force: bool) -> BinaryIO:
    try:
        return path.open("wb" if force else "xb")
    except FileExistsError:
        raise OutputExists("exists already", where=path, hint="give the take another name, or --force") from None
    except OSError as error:
        raise SoundError(f"cannot be written: {error.strerror}", where=path) from None
