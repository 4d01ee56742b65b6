"""How a bake begins: what is there already, what of it still holds, and what is taken over from the one before."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture, TesseractError
from tessonance.store.bake import read_bake, same_knots
from tessonance.store.bake_format import BAKE, NOT_BAKED, OLD, BakeFiles, BakeNotes
from tessonance.store.bake_writer import BakeWriter, clear_bake, new_bake
from tessonance.store.osfile import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Knots
    from tessonance.store.bake import Bake
    from tessonance.store.reader import Tesseract

__all__ = ["Begun", "begin_bake", "fingerprints"]

AT_ONCE = 256  # pictures that a thread takes


@dataclass(eq=False)
class Begun:
    """A bake that is ready to be written.

    Parameters
    ----------
    files : BakeFiles
    writer : BakeWriter
    notes : BakeNotes
    todo : dict of int to ndarray of bool
        Which edges of each axis are not baked.
    kept : int
        How many edges were there already and still hold.
    stale : int
        How many were there, and are made again because a picture of theirs has changed.
    reused : int
        How many were taken over from the bake of other knots.
    damaged : str
        Why the one before could not be read; empty where it could.
    """

    files: BakeFiles
    writer: BakeWriter
    notes: BakeNotes
    todo: dict[int, NDArray[np.bool_]]
    kept: int = 0
    stale: int = 0
    reused: int = 0
    damaged: str = ""

    def finish(self, folder: Folder) -> None:
        """Remove what stood aside, once nothing more can be taken over."""
        clear_bake(folder, OLD)


def begin_bake(tesseract: Tesseract, folder: Folder, notes: BakeNotes, *, again: bool = False, pool: Executor) -> Begun:
    """Make ready to bake a tesseract for its knots as they are now, or to go on with that.

    Edges whose pictures have changed since are forgotten. A bake for other knots stands aside, and gives the edges that
    are among the new ones and whose pictures are the same; with them comes its calibration.

    Parameters
    ----------
    tesseract : Tesseract
    folder : Folder
        Its own; whoever calls this holds its lock.
    notes : BakeNotes
        What a new bake says of itself, without a calibration.
    again : bool
        Whether to make everything anew.
    pool : Executor
        Threads that read the pictures.

    Returns
    -------
    Begun

    Raises
    ------
    TesseractError
        If no level is complete, there are too many edges, or it cannot be written.
    """
    files = BakeFiles(tesseract.project, tesseract.knots())
    prints = fingerprints(tesseract, files.knots, pool)
    found, damaged = _readable(tesseract, BAKE)
    if again or damaged or (found is not None and found.finder != notes.finder):
        clear_bake(folder)
        clear_bake(folder, OLD)
        found = None
    if found is not None and same_knots(found.knots, files.knots):
        writer, stale = _go_on(found, folder, prints)
    else:
        before = (
            found or _readable(tesseract, OLD)[0]
        )  # killed between the two, there is only the one that stands aside
        if before is not None and before.finder == notes.finder:
            if any(_same_edges(before, files, axis, prints).any() for axis in files.axes):
                notes = BakeNotes(notes.finder, before.calibration, notes.made_with)
        else:
            clear_bake(folder, OLD)
        new_bake(folder, files, notes)
        writer, stale = BakeWriter(folder, files), 0
        writer.put_pictures(prints)
    try:
        return _count(tesseract, writer, prints, stale=stale, damaged=damaged)
    except BaseException:
        writer.close()
        raise


def fingerprints(tesseract: Tesseract, knots: Knots, pool: Executor) -> NDArray[np.uint32]:
    """Return length and CRC-32 of the picture of each knot as it is stored, both 0 where there is none.

    Returns
    -------
    ndarray of uint32, shape (knots …, 2)
    """
    shape = tuple(map(len, knots))
    prints = np.zeros((*shape, 2), np.uint32)
    flat = prints.reshape(-1, 2)

    def look(first: int) -> None:
        for place in range(first, min(first + AT_ONCE, len(flat))):
            where = np.unravel_index(place, shape)
            flat[place] = _fingerprint(tesseract, tuple(int(k[i]) for k, i in zip(knots, where, strict=True)))

    for _ in pool.map(look, range(0, len(flat), AT_ONCE)):
        pass
    return prints


def _fingerprint(tesseract: Tesseract, cell: Cell) -> tuple[int, int]:
    try:
        encoded = tesseract.encoded(cell)
    except (MissingPicture, DamagedPicture):
        return 0, 0
    return len(encoded), zlib.crc32(encoded)


def _readable(tesseract: Tesseract, root: str) -> tuple[Bake | None, str]:
    try:
        return read_bake(tesseract, root), ""
    except TesseractError as error:
        return None, f"{error.where}: {error.problem}"


def _go_on(found: Bake, folder: Folder, prints: NDArray[np.uint32]) -> tuple[BakeWriter, int]:
    """Forget the edges of pictures that have changed, then say which pictures there are now."""
    writer = BakeWriter(folder, found.files)
    changed = (found.pictures != prints).any(axis=-1)
    stale = 0
    try:
        if changed.any():
            for axis in found.files.axes:
                ends = (changed | np.roll(changed, -1, axis)).take(range(found.files.edges(axis)), axis)
                stale += int(np.count_nonzero(ends & (found.methods(axis) != NOT_BAKED)))
                writer.forget(axis, ends)
            writer.put_pictures(prints)
    except BaseException:
        writer.close()
        raise
    return writer, stale + found.stale


def _count(tesseract: Tesseract, writer: BakeWriter, prints: NDArray[np.uint32], *, stale: int, damaged: str) -> Begun:
    """Read what holds, take over what can be, and tell what is left."""
    bake = read_bake(tesseract)
    if bake is None:
        raise TesseractError("the bake that was just made is gone", where=tesseract.where)
    todo = {axis: (bake.methods(axis) == NOT_BAKED) | bake.lost(axis) for axis in bake.files.axes}
    begun = Begun(bake.files, writer, bake.notes, todo, stale=stale, damaged=damaged)
    begun.kept = bake.edges() - sum(int(left.sum()) for left in todo.values())
    old, _ = _readable(tesseract, OLD)
    if old is not None and bake.calibration is not None:
        for axis in bake.files.axes:
            begun.reused += sum(
                _take(old, begun, axis, new, before) for new, before in _pairs(old, begun, axis, prints)
            )
    return begun


def _take(old: Bake, begun: Begun, axis: int, edge: Cell, before: Cell) -> bool:
    try:
        field = old.stored_field(axis, before)
    except TesseractError:
        return False
    begun.writer.put(axis, edge, old.distances(axis)[before].tolist(), field)
    begun.todo[axis][edge] = False
    return True


def _pairs(old: Bake, begun: Begun, axis: int, prints: NDArray[np.uint32]) -> Iterator[tuple[Cell, Cell]]:
    """Yield the edges that are left and that the old bake has, and their numbers there."""
    places = _places(old, begun.files, axis)
    for edge in np.argwhere(_same_edges(old, begun.files, axis, prints) & begun.todo[axis]).tolist():
        yield tuple(edge), tuple(int(place[index]) for place, index in zip(places, edge, strict=True))


def _same_edges(old: Bake, files: BakeFiles, axis: int, prints: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell which edges an old bake has too, made of the same pictures; shape as `Bake.methods`."""
    if axis not in old.files.axes:
        return np.zeros(files.edges_shape(axis), np.bool_)
    places = _places(old, files, axis)
    there = np.ix_(*places)  # -1 reads the last, and is taken out below
    after = np.ix_(*((place + 1) % len(old.knots[k]) if k == axis else place for k, place in enumerate(places)))
    known: NDArray[np.bool_] = old.methods(axis)[there] != NOT_BAKED
    for k, place in enumerate(places):
        known &= (place >= 0).reshape([-1 if j == k else 1 for j in range(len(places))])
    count = files.edges(axis)
    first = prints.take(range(count), axis)
    second = np.roll(prints, -1, axis).take(range(count), axis)
    known &= (old.pictures[there] == first).all(axis=-1) & (old.pictures[after] == second).all(axis=-1)
    return known


def _places(old: Bake, files: BakeFiles, axis: int) -> list[NDArray[np.intp]]:
    """Return the number in the old bake of each knot of the new one, along `axis` of each edge; -1 for none."""
    found = []
    for k in range(len(files.knots)):
        if k == axis:
            before = {ends: number for number, ends in enumerate(_ends(old.files, k))}
            numbers = [before.get(ends, -1) for ends in _ends(files, k)]
        else:
            known = {int(index): number for number, index in enumerate(old.knots[k])}
            numbers = [known.get(int(index), -1) for index in files.knots[k]]
        found.append(np.array(numbers, np.intp))
    return found


def _ends(files: BakeFiles, axis: int) -> list[tuple[int, int]]:
    along = files.knots[axis].tolist()
    return [(along[number], along[(number + 1) % len(along)]) for number in range(files.edges(axis))]
