"""`merge`: bring pictures of one project, painted in several tesseracts, together in one."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tessonance.errors import DamagedPicture, MissingPicture, TesseractError
from tessonance.store.copying import Walk, same, sound_picture, sound_picture_or_none, stored_count
from tessonance.store.places import address
from tessonance.store.reader import open_tesseract
from tessonance.store.writer import TesseractWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.grid import Cell
    from tessonance.store.reader import Tesseract

__all__ = ["MergeReport", "Merged", "merge"]


@dataclass(frozen=True)
class Merged:
    """What came of one source.

    Parameters
    ----------
    path : str
        The source, or its address.
    copied : int
        Pictures that were lacking and came from it.
    kept : int
        Pictures that were there already and stayed.
    differing : int
        How many of `kept` differ from the source's, byte for byte.
    damaged : int
        Pictures of the source that are none, and were left out.
    """

    path: str
    copied: int
    kept: int
    differing: int
    damaged: int


@dataclass(frozen=True)
class MergeReport:
    """What `merge` did, or would do.

    Parameters
    ----------
    into : str
        The tesseract that was filled.
    dry_run : bool
        Whether nothing was written.
    painted : int
        How many pictures it holds now.
    cells : int
        How many its grid has.
    sources : tuple of Merged
        In the order in which they were given.
    """

    into: str
    dry_run: bool
    painted: int
    cells: int
    sources: tuple[Merged, ...]

    @property
    def copied(self) -> int:
        """How many pictures came from all sources together."""
        return sum(source.copied for source in self.sources)

    @property
    def damaged(self) -> int:
        """How many pictures of all sources together were left out."""
        return sum(source.damaged for source in self.sources)


def merge(
    into: str | Path,
    sources: Sequence[str | Path],
    *,
    progress: Callable[[int, int], None] | None = None,
    dry_run: bool = False,
) -> MergeReport:
    """Copy every picture that a tesseract lacks from others of the same identity, byte for byte.

    A picture that is there stays as it is, unless it is damaged. A damaged picture of a source is left out and counted.
    Nothing is decoded or encoded; damage behind a picture's header is copied as it is. Wherever this is interrupted,
    nothing is lost, and the same call goes on. The sources are only read.

    Parameters
    ----------
    into : path-like
        The tesseract to fill.
    sources : sequence of path-like
        Where pictures come from, in this order: the first one that has a lacking picture gives it. Anything that
        `open_tesseract` opens.
    progress : callable, optional
        Called with how many pictures of the sources are done and how many there are.
    dry_run : bool
        Only count; `into` need not be writable.

    Returns
    -------
    MergeReport

    Raises
    ------
    TesseractError
        If one of them is no tesseract, a source is `into` itself or of another identity (then nothing is written), or
        `into` cannot be written (disk full); what was copied is kept.
    """
    if url := address(into):
        raise TesseractError("a tesseract on the web is only read", where=url, hint="name one of yours first")
    into, sources = Path(into), [sources] if isinstance(sources, str | Path) else sources
    with ExitStack() as stack:
        writer = None if dry_run else stack.enter_context(TesseractWriter.open(into))
        filled = stack.enter_context(open_tesseract(into))
        walk = Walk(progress, sum(_checked(source, filled) for source in sources))
        holders, merged = [filled], []
        for source in sources:
            with ExitStack() as reading:
                opened = reading.enter_context(open_tesseract(source))
                count = Counter(_offer(opened, cell, holders, writer) for cell in walk.cells(opened))
                merged.append(_merged(opened.where, count))
                if dry_run:  # what it would have given counts as there when the next one is looked at
                    holders.append(opened)
                    stack.push(reading.pop_all())
        return MergeReport(filled.where, dry_run, filled.painted(), filled.grid.size, tuple(merged))


def _checked(source: str | Path, filled: Tesseract) -> int:
    """Return how many pictures a source has; refuse one that does not fit."""
    with suppress(OSError, ValueError):  # an address is no path
        if Path(source).samefile(filled.path):
            raise TesseractError("a tesseract is not merged into itself", where=source, hint="name another one")
    with open_tesseract(source) as opened:
        if lines := opened.project.differences(filled.project):
            raise TesseractError(
                "this tesseract was made from another project",
                where=opened.where,
                wanted=f"the same [picture], [generator] and axes as in {filled.where}",
                got="; ".join(lines) + f" (here: {opened.where}, there: {filled.where})",
                hint=_way_out(opened, filled),
            )
        return stored_count(opened)


def _way_out(source: Tesseract, filled: Tesseract) -> str:
    pairs = zip(source.project.axes, filled.project.axes, strict=False)
    axes = tuple(replace(axis, steps=other.steps, recorded=other.recorded) for axis, other in pairs)
    if replace(source.project, axes=axes).differences(filled.project):
        return "only tesseracts of one project can be merged"
    return "only the steps differ: `tess grow` copies the coarser one into the grid of the finer one"


def _merged(path: str, count: Counter[str]) -> Merged:
    kept = count["equal"] + count["differing"]
    return Merged(path, copied=count["copied"], kept=kept, differing=count["differing"], damaged=count["damaged"])


def _offer(source: Tesseract, cell: Cell, holders: list[Tesseract], writer: TesseractWriter | None) -> str:
    """Copy one picture if nobody holds it, and say what came of it."""
    try:
        fresh = sound_picture(source, cell)
    except DamagedPicture:
        return "damaged"
    except MissingPicture:  # it is being replaced right now
        return "missing"
    there = next((found for holder in holders if (found := sound_picture_or_none(holder, cell)) is not None), None)
    if there is not None:
        return "equal" if same(there, fresh) else "differing"
    if writer is not None:
        writer.put(cell, fresh)
    return "copied"
