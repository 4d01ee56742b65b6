"""`trial`: paint a few cells before the long run, to see them, what all of them will cost, and how smooth a line is."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tessonance.errors import GridError, nearest
from tessonance.make.crew import usual_workers
from tessonance.make.resolve import placed, resolved
from tessonance.make.worker import Painter
from tessonance.project import Project, load_project
from tessonance.store import codec_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tessonance.grid import Grid, Point
    from tessonance.smooth.line import Line

__all__ = ["Cost", "Trial", "Tried", "trial"]

MOST_CORNERS = 32
MOST_STEPS = 1000


@dataclass(frozen=True)
class Tried:
    """One picture that was painted.

    Parameters
    ----------
    point : dict of str to float
    picture : ndarray of uint8, shape (height, width, 3)
        As it would be stored, and read.
    seconds : float
        How long painting and encoding it took.
    stored_bytes : int
        How many bytes it has.
    is_slow : bool
        Whether it is the first one with its values on the generator's slow axes.
    """

    point: Point
    picture: NDArray[np.uint8]
    seconds: float
    stored_bytes: int
    is_slow: bool


@dataclass(frozen=True)
class Cost:
    """What the whole run will take, judged by a few pictures.

    Parameters
    ----------
    cells : int
        How many pictures there are.
    slow_cells : int
        How many of them are the first with their values on the slow axes: these cost more.
    seconds_each : float
        Of a picture that shares the slow values with the one before it.
    slow_seconds_each : float
        Of one that does not.
    bytes_each : float
    workers : int
        Processes, or servers, that paint beside one another; servers are taken to be as fast as the first.
    on_servers : bool
        Whether they are servers.
    """

    cells: int
    slow_cells: int
    seconds_each: float
    slow_seconds_each: float
    bytes_each: float
    workers: int
    on_servers: bool = False

    @property
    def seconds(self) -> float:
        """How long all of it will take."""
        fast = self.cells - self.slow_cells
        return (fast * self.seconds_each + self.slow_cells * self.slow_seconds_each) / self.workers

    @property
    def stored_bytes(self) -> int:
        """How large the tesseract will be."""
        return round(self.cells * self.bytes_each)


@dataclass(frozen=True)
class Trial:
    """A few pictures of a project.

    Parameters
    ----------
    project : Project
    kind : {"points", "corners", "line"}
    tried : tuple of Tried
        In the order in which they were asked for.
    cost : Cost
    line : Line, optional
        The measures of a line; see `tessonance.smooth.line.Line`.
    axis : str, optional
        That of the line.
    """

    project: Project
    kind: Literal["points", "corners", "line"]
    tried: tuple[Tried, ...]
    cost: Cost
    line: Line | None = None
    axis: str | None = None


def trial(
    project: Project | str | Path,
    *,
    at: Sequence[Mapping[str, float]] = (),
    line: str | None = None,
    steps: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trial:
    """Paint a few cells of a project; nothing is written.

    Parameters
    ----------
    project : Project or path-like
        The project, or its file.
    at : sequence of mapping of str to float
        Points; an axis that one leaves out stands at its middle. Of a line, at most one: where the other axes stand.
        Without points and without a line, the corners of the grid are painted.
    line : str, optional
        An axis along which cells are painted, from end to end.
    steps : int, optional
        How many of them; every one unless given, but at most 17.
    progress : callable, optional
        Called with how many are painted and how many there are.

    Returns
    -------
    Trial

    Raises
    ------
    GridError
        For axes or values that the grid does not have, or too many corners.
    TessError
        If the generator cannot be opened, or fails.
    """
    wanted = resolved(project if isinstance(project, Project) else load_project(project))
    points = _points(wanted.grid, at, line, steps)
    extra = _beside(wanted.grid, points)
    with closing(Painter(wanted)) as painter:
        slow = painter.slow_axes
        shared = extra if slow and len(slow) < len(wanted.grid.axes) else []
        tried = _painted(painter, wanted, [*points, *shared], progress, len(points))
    cost = _cost(wanted, tried, slow)
    asked = tuple(tried[: len(points)])
    if line is None:
        return Trial(wanted, "points" if at else "corners", asked, cost)
    from tessonance.smooth.line import measure_line

    closed = wanted.grid.axes[wanted.grid.names.index(line)].closed
    measured = measure_line([one.picture for one in asked], closed=closed)
    return Trial(wanted, "line", asked, cost, measured, line)


def _points(grid: Grid, at: Sequence[Mapping[str, float]], line: str | None, steps: int | None) -> list[Point]:
    middle = {axis.name: float(axis.values[axis.steps // 2]) for axis in grid.axes}
    points = [middle | _checked(grid, point) for point in at]
    if line is not None:
        if len(at) > 1:
            raise GridError("a line has one place", wanted="at most one point", got=str(len(at)))
        return _along(grid, (points or [middle])[0], line, steps)
    if points:
        return points
    corners = list(grid.corners()) if len(grid.axes) <= math.log2(MOST_CORNERS) else []
    if not corners:
        most = round(math.log2(MOST_CORNERS))
        hint = "name points: --at, or a line: --line"
        raise GridError("too many corners", wanted=f"at most {most} axes", got=str(len(grid.axes)), hint=hint)
    return [grid.point(corner) for corner in corners]


def _checked(grid: Grid, point: Mapping[str, float]) -> Point:
    for name, value in point.items():
        if name not in grid.names:
            raise GridError(f"there is no axis {name!r}", hint=nearest(name, grid.names))
        axis = grid.axes[grid.names.index(name)]
        low, high = sorted((axis.start, axis.stop))
        if not low <= value <= high:
            raise GridError(
                "this value is not on the axis", where=name, wanted=f"{low:g}..{high:g}", got=f"{name}={value:g}"
            )
    return dict(point)


def _along(grid: Grid, place: Point, line: str, steps: int | None) -> list[Point]:
    if line not in grid.names:
        raise GridError(f"there is no axis {line!r}", hint=nearest(line, grid.names))
    axis = grid.axes[grid.names.index(line)]
    count = min(axis.steps, 17) if steps is None else steps
    if not 1 <= count <= min(MOST_STEPS, axis.steps):
        wanted = f"1..{min(MOST_STEPS, axis.steps)}, the steps of the axis"
        raise GridError("there are not so many cells on this line", where=line, wanted=wanted, got=str(count))
    last = axis.steps if axis.closed and axis.steps > 1 else axis.steps - 1  # the end of a closed axis is its beginning
    places = np.linspace(0, last, count, endpoint=not (axis.closed and axis.steps > 1))
    return [place | {line: float(axis.values[index])} for index in np.rint(places).astype(int)]


def _beside(grid: Grid, points: Sequence[Point]) -> list[Point]:
    """Return points that share all but the last axis with the last one: what a cheap step costs is seen there."""
    spare = []
    for axis in reversed(grid.axes):
        if axis.steps > 1:
            other = axis.values[0] if points[-1][axis.name] != axis.values[0] else axis.values[1]
            spare.append(points[-1] | {axis.name: float(other)})
    return spare


def _painted(
    painter: Painter,
    project: Project,
    points: Sequence[Point],
    progress: Callable[[int, int], None] | None,
    asked: int,
) -> list[Tried]:
    """Paint points so that those which share slow values come together; give them back in their order."""
    codec, slow = codec_for(project.picture), painter.slow_axes
    keys = [tuple(point[name] for name in slow) for point in points]
    order = sorted(range(len(points)), key=lambda k: (keys.index(keys[k]), k))
    found: dict[int, Tried] = {}
    seen: set[tuple[float, ...]] = set()
    for k in order:
        if k >= asked and keys[k] not in seen:
            continue  # only beside a picture that is there: it was to be cheap
        began = time.perf_counter()
        (encoded,) = painter.paint([points[k]])
        seconds = time.perf_counter() - began
        found[k] = Tried(points[k], codec.decode(encoded), seconds, len(encoded), bool(slow) and keys[k] not in seen)
        seen.add(keys[k])
        if progress:
            progress(min(len(found), asked), asked)
    return [found[k] for k in sorted(found)]


def _cost(project: Project, tried: Sequence[Tried], slow: Sequence[str]) -> Cost:
    grid, servers = project.grid, len(placed(project))
    quick = [one.seconds for one in tried if not one.is_slow]
    dear = [one.seconds for one in tried if one.is_slow]
    # The median, since the first picture may also load what all of them need.
    each = float(np.median(quick or dear))
    slow_each = max(each, float(np.median(dear))) if dear else each
    cells = math.prod(axis.steps for axis in grid.axes if axis.name in slow) if slow else 0
    size = float(np.mean([one.stored_bytes for one in tried]))
    workers = min(servers or usual_workers(project), grid.size)
    return Cost(grid.size, cells, each, slow_each, size, workers, on_servers=servers > 0)
