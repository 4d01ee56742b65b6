"""Who paints: this process alone, or several processes beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tessonance.errors import TessError
from tessonance.make.worker import Painter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["Crew", "Done", "SoloCrew", "cores", "crew"]


class Done(NamedTuple):
    """What a worker brought back: encoded pictures, or why there are none."""

    worker: int
    pictures: list[bytes]
    error: TessError | None = None


class Crew(Protocol):
    """Workers that each take one task at a time; a task that fails comes back as an error, never as an exception."""

    batch_size: int
    slow_axes: tuple[str, ...]

    @property
    def idle(self) -> list[int]:
        """The workers that have no task."""
        ...

    @property
    def busy(self) -> int:
        """How many workers have a task."""
        ...

    def give(self, worker: int, points: Sequence[Point]) -> None:
        """Give an idle worker points to paint."""
        ...

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Yield what has been brought back; wait for the first at most so long."""
        ...

    def close(self) -> None:
        """Send everybody home."""
        ...


def cores() -> int:
    """Return how many cores this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def crew(project: Project, workers: int, *, task_seconds: float | None = None) -> Crew:
    """Call together a crew; one worker is this process itself, unless its tasks are to be ended after some time.

    Parameters
    ----------
    project : Project
    workers : int
        At least 1.
    task_seconds : float, optional
        After how long a task is taken for stuck.

    Returns
    -------
    Crew

    Raises
    ------
    TessError
        If the generator cannot be opened.
    """
    from tessonance.make.processes import ProcessCrew

    if workers == 1 and task_seconds is None:
        return SoloCrew(project)
    return ProcessCrew(project, workers, task_seconds=task_seconds)


class SoloCrew:
    """The process itself: nothing to start, nothing to send.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self._painter = Painter(project)
        self.batch_size, self.slow_axes = self._painter.batch_size, self._painter.slow_axes
        self._points: Sequence[Point] | None = None

    @property
    def idle(self) -> list[int]:
        """Worker 0, unless it has a task."""
        return [] if self._points else [0]

    @property
    def busy(self) -> int:
        """1 while there is a task."""
        return 1 if self._points else 0

    def give(self, worker: int, points: Sequence[Point]) -> None:
        """Keep the points until `collect`."""
        self._points = points

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Paint the points and yield them."""
        if self._points is None:
            return
        points, self._points = self._points, None
        try:
            yield Done(0, self._painter.paint(points))
        except TessError as error:
            yield Done(0, [], error)

    def close(self) -> None:
        """Close the generator."""
        self._painter.close()
