"""`grow`: copy a tesseract into a finer grid, in which every old value is found again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from tessonance.errors import GridError, TesseractError, nearest
from tessonance.store.copying import Walk, same, sound_picture_or_none, stored_count
from tessonance.store.osfile import clear_errors
from tessonance.store.reader import open_tesseract
from tessonance.store.whole import publish_folder, refuse_existing
from tessonance.store.writer import TesseractWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tessonance.grid import Axis, Grid
    from tessonance.project import Project
    from tessonance.store.reader import Tesseract

__all__ = ["finer", "grow"]


def grow(
    source: str | Path,
    target: str | Path,
    steps: Mapping[str, int | None],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Tesseract:
    """Copy every picture of a tesseract to its place in a new one with more steps, byte for byte.

    The new tesseract is built beside its place as ``TARGET.partial`` and appears under its name when it is whole.
    Wherever this is interrupted, the same call goes on from there. The source is only read. Damaged pictures are left
    out, so that `tessonance.generate` paints them again.

    Parameters
    ----------
    source : path-like
        Anything that `open_tesseract` opens.
    target : path-like
        Where nothing is yet.
    steps : mapping of str to int or None
        The new number of steps by axis; None bisects the axis once. See `finer` for which numbers fit.
    progress : callable, optional
        Called with how many pictures are done and how many there are.

    Returns
    -------
    Tesseract
        The new one, open for reading.

    Raises
    ------
    GridError
        If there is no such axis, the old values would not all be among the new ones, or the grid would be too large;
        nothing is written.
    OutputExists
        If something of that name is there.
    TesseractError
        If the source cannot be read, or the new one cannot be written (disk full).
    """
    target = Path(target)
    partial = target.with_name(f"{target.name}.partial")
    with open_tesseract(source) as old:
        project = finer(old.project, steps)
        refuse_existing(target)
        with _begun(partial, project) as writer:
            _copy(old, writer, Walk(progress, stored_count(old)))
    with clear_errors(target):
        publish_folder(partial, target)
    return open_tesseract(target)


def finer(project: Project, steps: Mapping[str, int | None]) -> Project:
    """Return a project with more steps, whose grid has every value of the old one.

    An open axis of n steps takes m where m - 1 is a multiple of n - 1, a closed one where m is a multiple of n: then
    the value of index i is, to the last bit, that of index i · (m - 1) / (n - 1), or i · m / n. On a perceptual axis,
    the new values stand evenly between the old ones.

    Parameters
    ----------
    project : Project
    steps : mapping of str to int or None
        The new number of steps by axis; None stands for 2 · n - 1, or 2 · n on a closed axis.

    Returns
    -------
    Project

    Raises
    ------
    GridError
        If there is no such axis, the number does not fit, nothing would grow, or the grid would be too large.
    """
    if unknown := next((name for name in steps if name not in project.grid.names), None):
        raise GridError(f"there is no axis {unknown!r}", hint=nearest(unknown, project.grid.names))
    axes = tuple(_finer_axis(axis, steps[axis.name]) if axis.name in steps else axis for axis in project.axes)
    if axes == project.axes:
        raise GridError("nothing would grow", got=repr(project.grid), hint=f"name an axis: {project.axes[0].name}")
    grown = replace(project, axes=axes)
    grown.grid  # noqa: B018  building it is what counts the cells
    return grown


def _finer_axis(axis: Axis, steps: int | None) -> Axis:
    if axis.steps == 1 and steps is None and not axis.closed:
        raise GridError("an axis of one step has nothing to bisect", where=f"axis {axis.name!r}", hint="say how many")
    bisected = axis.steps + max(1, axis.edges)
    grown = replace(axis, steps=bisected if steps is None else steps, recorded=UNSET)
    if grown.steps < axis.steps or (axis.edges and grown.edges % axis.edges):
        fitting = ", ".join(str(axis.steps + k * axis.edges) for k in range(1, 4))
        raise GridError(
            "not every old value would be among the new ones",
            where=f"axis {axis.name!r}",
            wanted=f"{fitting} … steps in place of {axis.steps}",
            got=f"steps = {steps}",
            hint=f"{axis.name}={bisected}",
        )
    if axis.recorded is UNSET:
        return grown
    factor = grown.edges // axis.edges if axis.edges else 1
    values = (axis.value(index / factor) for index in range(grown.steps))
    return replace(grown, recorded=(*values,) if axis.edges else tuple(grown.values.tolist()))


def _begun(partial: Path, project: Project) -> TesseractWriter:
    """Begin the new tesseract, or open the one that an interrupted call left."""
    if not partial.exists():
        return TesseractWriter.create(partial, project)
    with open_tesseract(partial) as found:
        lines = project.differences(found.project)
    if lines:
        raise TesseractError(
            "something else was begun under this name and not finished",
            where=partial,
            got="; ".join(lines) + f" (here: what is wanted now, there: {partial.name})",
            hint="delete it, or choose another name",
        )
    return TesseractWriter.open(partial, project)


def _copy(old: Tesseract, writer: TesseractWriter, walk: Walk) -> None:
    factors = _factors(old.grid, writer.grid)
    with open_tesseract(writer.path) as new:
        for cell in walk.cells(old):
            encoded = sound_picture_or_none(old, cell)
            if encoded is None:
                continue
            place = tuple(index * factor for index, factor in zip(cell, factors, strict=True))
            there = sound_picture_or_none(new, place)
            # An interrupted call may have left another one: the power may have failed, or the source been painted anew.
            if there is None or not same(there, encoded):
                writer.put(place, encoded)


def _factors(old: Grid, new: Grid) -> tuple[int, ...]:
    pairs = zip(old.axes, new.axes, strict=True)
    return tuple(after.edges // before.edges if before.edges else 1 for before, after in pairs)
