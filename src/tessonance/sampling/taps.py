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

__all__ = ["METHODS", "Edge", "Method", "Shift", "Tap", "taps"]

Method = Literal["nearest", "blend", "morph"]
METHODS: tuple[str, ...] = get_args(Method)
ON_A_KNOT = 1e-7  # of an edge: far below a visible difference, far above what rounding adds to a cell's coordinate


class Edge(NamedTuple):
    """Two neighbouring knots along one axis.

    Parameters
    ----------
    axis : int
    at : Cell
        Counted in knots: along `axis` the number of the edge, which is that of its first knot, and along the others
        that of the knot. The last edge of a closed axis leads from the last knot back to the first.
    """

    axis: int
    at: Cell


class Shift(NamedTuple):
    """How a picture is moved along an edge before it is weighed.

    Parameters
    ----------
    edge : Edge
    second : bool
        Whether the picture is that of the edge's second knot.
    share : float
        How far the coordinate is from the picture, 0..1 of the edge.
    """

    edge: Edge
    second: bool
    share: float


class Tap(NamedTuple):
    """One picture that a frame is made of.

    Parameters
    ----------
    cell : Cell
    weight : float
        Its share of the frame, above 0 and at most 1; the weights of a frame sum to 1.
    shifts : tuple of Shift
        How it is moved before it is weighed, once per axis that is off a knot; empty where pictures only cross-fade.
    """

    cell: Cell
    weight: float
    shifts: tuple[Shift, ...] = ()


def taps(coordinate: Iterable[float], grid: Grid, knots: Sequence[Along], *, method: str = "blend") -> list[Tap]:
    """Return the pictures that a coordinate needs, and their weights.

    ``blend`` is multilinear among the knots around the coordinate, and continuous everywhere: only axes off a knot
    cost pictures, so there are ``2**n`` for n such axes, and a coordinate on a knot is that picture alone. ``nearest``
    is the one picture on the nearest knot of every axis. ``morph`` weighs as ``blend`` does, and says how far each
    picture is moved: the one of corner c is read at ``x + sum_k u_k F_k(x)``, where F_k is the flow from c's neighbour
    along k back to c and u_k how far the coordinate is from c along k (after M. Bemana et al., "X-Fields", 2020, arXiv
    2010.00450, without its training). On a closed axis the last knot and the first are neighbours.

    Parameters
    ----------
    coordinate : iterable of float, length N
        0..1 along each axis; what lies outside is clamped, or wrapped on a closed axis.
    grid : Grid
    knots : sequence of sequences of int, length N
        Ascending indices along each axis, at least one each, not necessarily evenly spaced. Beyond the first and the
        last knot of an open axis those hold.
    method : {"nearest", "blend", "morph"}

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
    found: list[tuple[Cell, float]] = [((), 1.0)]  # in knots
    off: list[tuple[int, int, float]] = []  # the axes off a knot, the knot before, and how far behind it
    for number, (axis, u, along) in enumerate(_together(coordinate, grid, knots)):
        before, after, share = _between(u, axis, along)
        if method == "nearest":
            before, share = (after if share > 0.5 else before), 0.0
        if share == 0.0:
            found = [((*at, before), weight) for at, weight in found]
        else:
            off.append((number, before, share))
            sides = ((before, 1.0 - share), (after, share))
            found = [((*at, knot), weight * part) for at, weight in found for knot, part in sides]
    moved = off if method == "morph" else []
    return [Tap(_cell(at, knots), weight, _shifts(at, moved)) for at, weight in found]


def _cell(at: Cell, knots: Sequence[Along]) -> Cell:
    return tuple([int(along[knot]) for knot, along in zip(at, knots, strict=True)])


def _shifts(at: Cell, off: Iterable[tuple[int, int, float]]) -> tuple[Shift, ...]:
    """Return the edges from a corner towards the coordinate, and how far along them it is."""
    shifts = []
    for axis, before, share in off:
        second = at[axis] != before
        edge = Edge(axis, (*at[:axis], before, *at[axis + 1 :]))
        shifts.append(Shift(edge, second, 1.0 - share if second else share))
    return tuple(shifts)


def _together(coordinate: Iterable[float], grid: Grid, knots: Sequence[Along]) -> Iterable[tuple[Axis, float, Along]]:
    place = [float(u) for u in coordinate]
    if len(place) != len(grid.axes) or not all(map(isfinite, place)):
        raise GridError("no such coordinate", wanted=f"{len(grid.axes)} finite numbers", got=str(place))
    if len(knots) != len(grid.axes) or not all(map(len, knots)):
        raise GridError("these are no knots", wanted=f"at least one index along each of {len(grid.axes)} axes")
    return zip(grid.axes, place, knots, strict=True)


def _between(u: float, axis: Axis, knots: Along) -> tuple[int, int, float]:
    """Return the numbers of the knots on both sides of a place on an axis, and the share of the second, below 1."""
    steps, first, last, count = axis.edges, int(knots[0]), int(knots[-1]), len(knots)
    if count == 1:
        return 0, 0, 0.0
    place = (u % 1.0 if axis.closed else min(max(u, 0.0), 1.0)) * steps
    after = bisect_right(knots, place + ON_A_KNOT)
    if 0 < after < count:
        begin, end = int(knots[after - 1]), int(knots[after])
    elif not axis.closed:
        return (count - 1, count - 1, 0.0) if after else (0, 0, 0.0)
    else:  # across the seam
        begin, end = (last, first + steps) if after else (last - steps, first)
        after = 0
    before = (after or count) - 1
    share = (place - begin) / (end - begin)
    if share <= ON_A_KNOT:
        return before, after, 0.0
    if share >= 1.0 - ON_A_KNOT:
        return after, after, 0.0
    return before, after, share
