"""Labels → axes, and entries → cells."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import ProjectError
from tessonance.grid import Axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tessonance.generators.finished.entries import Entry, Source
    from tessonance.grid import Cell, Grid

__all__ = ["Arranged", "Found", "arranged", "found_axes"]

TOLERANCE = 0.1  # of a step: names are rounded
FULL_ENOUGH = 0.5  # share of an axis' steps that must be there, or the values are no even ones with holes
MOST_TIMES = 64  # cells for each picture: more, and some columns are no axes


@dataclass(frozen=True)
class Found:
    """The axes that labels tell of.

    Parameters
    ----------
    axes : tuple of Axis
    values : dict of str to list of str
        For axes whose labels are words, or numbers at uneven distances: the labels in their order.
    """

    axes: tuple[Axis, ...]
    values: dict[str, list[str]]


@dataclass(frozen=True)
class Arranged:
    """Finished pictures in their cells.

    Parameters
    ----------
    entries : dict of Cell to Entry
    strange : tuple of str
        What fits no cell, and why.
    """

    entries: dict[Cell, Entry]
    strange: tuple[str, ...]


def found_axes(source: Source) -> Found:
    """Find the axes that the labels of a source tell of.

    Numbers at even distances make an axis of these values; a step that is lacking everywhere is a hole in it. Words,
    and numbers at uneven distances, make an axis 0..1 on which they stand in their order.

    Parameters
    ----------
    source : Source

    Returns
    -------
    Found

    Raises
    ------
    ProjectError
        If there are no pictures, or so few for so many values that some labels are no axes.
    GridError
        If a name cannot be that of an axis.
    """
    if not source.entries:
        raise ProjectError("there are no finished pictures here", got="; ".join(source.strange[:3]) or "nothing")
    axes, values = [], {}
    for name in source.axes:
        labels = list(dict.fromkeys(entry.labels[name] for entry in source.entries))
        axis = None if source.is_counted else _even_axis(name, labels)
        if axis is None:
            if not source.is_counted:
                values[name] = sorted(labels, key=_natural)
            axis = Axis(name=name, start=0.0, stop=1.0 if len(labels) > 1 else 0.0, steps=len(labels))
        axes.append(axis)
    cells = math.prod(axis.steps for axis in axes)
    if cells > MOST_TIMES * len(source.entries):
        raise ProjectError(
            "these labels span far more cells than there are pictures",
            wanted=f"at most {MOST_TIMES} cells a picture",
            got=", ".join(f"{axis.name}: {axis.steps} values" for axis in axes) + f"; {len(source.entries)} pictures",
            hint="name the ones that are axes: --axes height,blot",
        )
    return Found(tuple(axes), values)


def arranged(source: Source, grid: Grid, values: Mapping[str, Sequence[str]]) -> Arranged:
    """Sort the entries of a source into the cells of a grid.

    Parameters
    ----------
    source : Source
    grid : Grid
    values : mapping of str to sequence of str
        See `Found`.

    Returns
    -------
    Arranged

    Raises
    ------
    ProjectError
        If the grid has other axes than the labels, `values` do not fit it, or two entries claim one cell.
    """
    if sorted(source.axes) != sorted(grid.names):
        wanted, got = ", ".join(source.axes), ", ".join(grid.names)
        raise ProjectError("the axes are not those that the pictures tell of", wanted=wanted, got=got)
    for name, labels in values.items():
        steps = next((axis.steps for axis in grid.axes if axis.name == name), None)
        if steps != len(labels) or len(set(labels)) < len(labels):
            raise ProjectError(
                "an axis needs one value a step, each once",
                where=f"[generator] values.{name}",
                wanted="no such axis" if steps is None else f"{steps}",
                got=str(len(labels)),
            )
    entries: dict[Cell, Entry] = {}
    strange = []
    for entry in source.entries:
        indices = [
            _counted(axis, entry.labels[axis.name])
            if source.is_counted
            else _index(axis, entry.labels[axis.name], values.get(axis.name))
            for axis in grid.axes
        ]
        if lacking := next((axis for axis, index in zip(grid.axes, indices, strict=True) if index is None), None):
            strange.append(f"{entry.name}: {lacking.name} has no step {entry.labels[lacking.name]!r}")
            continue
        cell = tuple(index for index in indices if index is not None)
        if cell in entries:
            raise ProjectError(
                "two pictures claim one cell",
                where=str(dict(entry.labels)),
                got=f"{entries[cell].name} and {entry.name}",
                hint="take one of them away",
            )
        entries[cell] = entry
    return Arranged(entries, (*source.strange, *strange))


def number(label: str) -> float | None:
    """Read a label as a number; a comma may stand for the point."""
    try:
        value = float(label.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _even_axis(name: str, labels: Iterable[str]) -> Axis | None:
    """Return the axis whose steps these labels are, some of which may be lacking; None if they are no such numbers."""
    numbers = [number(label) for label in labels]
    values = np.array(sorted({value for value in numbers if value is not None}))
    if None in numbers:
        return None
    if len(values) == 1:
        return Axis(name=name, start=float(values[0]), stop=float(values[0]), steps=1)
    # The smallest distance between two of them is a step, or its rounding; the whole span tells the step exactly.
    span = float(values[-1] - values[0])
    edges = max(1, round(span / float(np.diff(values).min())))
    for count in dict.fromkeys((len(values) - 1, edges)):
        places = (values - values[0]) * (count / span)
        even = np.abs(places - np.rint(places)).max() <= TOLERANCE and len(np.unique(np.rint(places))) == len(values)
        if even and len(values) >= FULL_ENOUGH * (count + 1):
            return Axis(name=name, start=float(values[0]), stop=float(values[-1]), steps=count + 1)
    return None


def _counted(axis: Axis, label: str) -> int | None:
    return int(label) if int(label) < axis.steps else None


def _index(axis: Axis, label: str, labels: Sequence[str] | None) -> int | None:
    if labels is not None:
        return list(labels).index(label) if label in labels else None
    value = number(label)
    if value is None:
        return None
    if axis.steps == 1:
        return 0 if math.isclose(value, axis.start, abs_tol=1e-9) else None
    place = axis.place(value)
    index = round(place)
    return index if 0 <= index < axis.steps and abs(place - index) <= 1.5 * TOLERANCE else None


def _natural(label: str) -> list[tuple[int, float, str]]:
    """Sort words by letters and the numbers in them by size."""
    value = number(label)
    if value is not None:
        return [(0, value, "")]
    parts = re.split(r"(\d+)", label)
    return [(1, float(part), "") if part.isdigit() else (2, 0.0, part.casefold()) for part in parts if part]
