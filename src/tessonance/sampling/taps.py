"""Which pictures a coordinate needs, and how much of each. Pure."""

from __future__ import annotations

from bisect import bisect_right
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from tessonance.errors import GridError, RenderError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Cell, Grid

    Along = Sequence[int] | NDArray[Any]  # the knots of one axis

__all__ = ["METHODS", "Method", "Tap", "taps"]

Method = Literal["blend", "nearest"]
METHODS: tuple[str, ...] = get_args(Method)
ON_A_KNOT = 1e-7  # of an edge: far below a visible difference, far above what rounding adds to a cell's coordinate


class Tap(NamedTuple):
    """One picture that a frame is made of.

    Parameters
    ----------
    cell : Cell
    weight : float
        Its share of the frame, above 0 and at most 1; the weights of a frame sum to 1.
    shifts : tuple
        How far the picture is moved before it is weighed, one ``(axis, share of the edge)`` per axis that is off a
        knot; empty where pictures only cross-fade.
    """

    cell: Cell
    weight: float
    shifts: tuple[tuple[int, float], ...] = ()


def taps(coordinate: Iterable[float], grid: Grid, knots: Sequence[Along], *, method: str = "blend") -> list[Tap]:
    """Return the pictures that a coordinate needs, and their weights.

    ``blend`` is multilinear among the knots around the coordinate, and continuous everywhere: only axes off a knot
    cost pictures, so there are ``2**n`` for n such axes, and a coordinate on a knot is that picture alone. ``nearest``
    is the one picture on the nearest knot of every axis. On a closed axis the last knot and the first are neighbours.

    Parameters
    ----------
    coordinate : iterable of float, length N
        0..1 along each axis; what lies outside is clamped, or wrapped on a closed axis.
    grid : Grid
    knots : sequence of sequences of int, length N
        Ascending indices along each axis, at least one each, not necessarily evenly spaced. Beyond the first and the
        last knot of an open axis those hold.
    method : {"blend", "nearest"}

    Returns
    -------
    list of Tap
        The first axis varies slowest.

    Raises
    ------
    GridError
        If the coordinate or the knots do not fit the grid.
    RenderError
        If there is no such method.
    """
    if method not in METHODS:
        raise RenderError(f"there is no method {method!r}", hint=nearest(method, METHODS))
    found: list[tuple[Cell, float]] = [((), 1.0)]
    for axis, u, along in _together(coordinate, grid, knots):
        before, after, share = _between(u, axis, along)
        if method == "nearest":
            before, share = (after if share > 0.5 else before), 0.0
        if share == 0.0:
            found = [((*cell, before), weight) for cell, weight in found]
        else:
            sides = ((before, 1.0 - share), (after, share))
            found = [((*cell, index), weight * part) for cell, weight in found for index, part in sides]
    return [Tap(cell, weight) for cell, weight in found]


def _together(coordinate: Iterable[float], grid: Grid, knots: Sequence[Along]) -> Iterable[tuple[Axis, float, Along]]:
    place = [float(u) for u in coordinate]
    if len(place) != len(grid.axes) or not all(map(isfinite, place)):
        raise GridError("no such coordinate", wanted=f"{len(grid.axes)} finite numbers", got=str(place))
    if len(knots) != len(grid.axes) or not all(map(len, knots)):
        raise GridError("these are no knots", wanted=f"at least one index along each of {len(grid.axes)} axes")
    return zip(grid.axes, place, knots, strict=True)


def _between(u: float, axis: Axis, knots: Along) -> tuple[int, int, float]:
    """Return the knots on both sides of a place on an axis, and the share of the second, below 1."""
    steps, first, last = axis.edges, int(knots[0]), int(knots[-1])
    if first == last:
        return first, first, 0.0
    place = (u % 1.0 if axis.closed else min(max(u, 0.0), 1.0)) * steps
    at = bisect_right(knots, place + ON_A_KNOT)
    if 0 < at < len(knots):
        before, after = int(knots[at - 1]), int(knots[at])
    elif not axis.closed:
        return (last, last, 0.0) if at else (first, first, 0.0)
    else:  # across the seam
        before, after = (last, first + steps) if at else (last - steps, first)
    share = (place - before) / (after - before)
    if share <= ON_A_KNOT:
        return before % axis.steps, after % axis.steps, 0.0
    if share >= 1.0 - ON_A_KNOT:
        return after % axis.steps, after % axis.steps, 0.0
    return before % axis.steps, after % axis.steps, share
