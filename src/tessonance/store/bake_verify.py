"""Whether a bake is sound, field by field, and what to forget of it where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TesseractError
from tessonance.store.bake import FLOW, read_bake, same_knots
from tessonance.store.bake_begin import fingerprints
from tessonance.store.bake_format import BAKE, NOT_BAKED
from tessonance.store.bake_writer import BakeWriter, clear_bake

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from tessonance.store.bake import Bake
    from tessonance.store.osfile import Folder
    from tessonance.store.reader import Tesseract

__all__ = ["BakeLook", "forget_damaged", "look_at_bake"]


@dataclass(eq=False)
class BakeLook:
    """What was found of a bake.

    Parameters
    ----------
    words : str
        How it is, in one line; empty where there is none.
    problems : list of (str, str)
        Names of files and what is wrong with them.
    bake : Bake or None
        None where it cannot be read at all.
    damaged : dict of int to ndarray of bool
        By axis, which edges have a field that is none.
    """

    words: str = ""
    problems: list[tuple[str, str]] = field(default_factory=list)
    bake: Bake | None = None
    damaged: dict[int, NDArray[np.bool_]] = field(default_factory=dict)


def look_at_bake(tesseract: Tesseract, pool: Executor, *, decode: bool) -> BakeLook:
    """Look at a bake; that it was made of other pictures or knots is told, and no damage.

    Parameters
    ----------
    tesseract : Tesseract
    pool : Executor
        Threads that read.
    decode : bool
        Whether to decode every field, and to hold the pictures against what it was made of.

    Returns
    -------
    BakeLook
    """
    try:
        bake = read_bake(tesseract)
        if bake is None:
            return BakeLook()
        look = BakeLook(bake=bake)
        for axis in bake.files.axes:
            look.damaged[axis] = bake.lost(axis)
            if decode:
                _decode(bake, axis, look.damaged[axis], pool)
            if count := int(look.damaged[axis].sum()):
                first = tuple(np.argwhere(look.damaged[axis])[0].tolist())
                problem = f"{count:,} fields are damaged, the first of edge {first}: `tess bake` makes them again"
                look.problems.append((bake.files.flow_folder(axis), problem))
        look.words = _words(tesseract, bake, _stale(tesseract, bake, pool) if decode else bake.stale)
    except TesseractError as error:
        name = (error.where or BAKE).removeprefix(f"{tesseract.where}/")
        return BakeLook("damaged", [(name, f"{error.problem}: `tess bake` makes it again")])
    return look


def forget_damaged(folder: Folder, look: BakeLook) -> None:
    """Mark damaged fields as not baked; remove a bake that cannot be read. Raises TesseractError."""
    if look.problems and look.bake is None:
        clear_bake(folder)
        return
    if look.problems and look.bake is not None:
        with BakeWriter(folder, look.bake.files) as writer:
            for axis, edges in look.damaged.items():
                writer.forget(axis, edges)


def _decode(bake: Bake, axis: int, damaged: NDArray[np.bool_], pool: Executor) -> None:
    flows = np.argwhere((bake.methods(axis) == FLOW) & ~damaged)

    def look(first: int) -> list[tuple[int, ...]]:
        bad = []
        for edge in flows[first : first + 64].tolist():
            try:
                bake.stored_field(axis, edge)
            except TesseractError:
                bad.append(tuple(edge))
        return bad

    for found in pool.map(look, range(0, len(flows), 64)):
        for edge in found:
            damaged[edge] = True


def _stale(tesseract: Tesseract, bake: Bake, pool: Executor) -> int:
    """Return how many baked edges are made of other pictures than there are now, to the last byte."""
    changed = (bake.pictures != fingerprints(tesseract, bake.knots, pool)).any(axis=-1)
    stale = bake.stale
    for axis in bake.files.axes:
        ends = (changed | np.roll(changed, -1, axis)).take(range(bake.files.edges(axis)), axis)
        stale += int(np.count_nonzero(ends & (bake.methods(axis) != NOT_BAKED)))
    return stale


def _words(tesseract: Tesseract, bake: Bake, stale: int) -> str:
    words = f"{bake.baked():,} of {bake.edges():,} edges"
    try:
        if not same_knots(bake.knots, tesseract.knots()):
            return f"{words}, made for other knots: `tess bake` goes on from there"
    except TesseractError:
        return f"{words}, and no level is complete"
    return f"{words}, {stale:,} made of other pictures: `tess bake` makes them again" if stale else words
