"""Who paints: this process alone, or several processes beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tessonance.errors import TessError
from tessonance.make.worker import Painter
from tessonance.plugins import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tessonance.grid import Point
    from tessonance.make.worker import Hello
    from tessonance.project import Project

__all__ = ["Crew", "Done", "SoloCrew", "cores", "joined", "usual_workers"]


class Done(NamedTuple):
    """What became of a task: encoded pictures, or why there are none.

    Parameters
    ----------
    task : int
        The number it was given under.
    pictures : list of bytes
        In the order of its points.
    error : TessError, optional
        Why there are none.
    lost : bool
        Whether the worker is gone, which may not be the points' fault.
    excused : bool
        Whether the worker fails at everything while others work: it was no attempt at these points.
    """

    task: int
    pictures: list[bytes]
    error: TessError | None = None
    lost: bool = False
    excused: bool = False


class Crew(Protocol):
    """Workers, who may come and go; a task that fails comes back as an error, never as an exception.

    Attributes
    ----------
    batch_size : int
        How many points a worker likes to get at once.
    slow_axes : tuple of str
        The axes whose values are best kept with one worker.
    events : list of dict
        What the journal should tell, oldest first; whoever notes an event takes it out.
    """

    batch_size: int
    slow_axes: tuple[str, ...]
    events: list[dict[str, Any]]

    @property
    def idle(self) -> list[int]:
        """The workers that can take a task, each as often as it can take one."""
        ...

    @property
    def in_hand(self) -> tuple[float, ...]:
        """How far pictures are that are being painted, 0..1 each; empty where that is not known."""
        ...

    def give(self, worker: int, points: Sequence[Point], *, task: int) -> None:
        """Give an idle worker points to paint, under a number of their own."""
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


def usual_workers(project: Project) -> int:
    """Return how many processes paint unless another number is asked for."""
    return kind_of(project).workers or cores()


def joined(worker: int, hello: Hello) -> dict[str, Any]:
    """Return the event of a worker that can paint now."""
    return {"event": "worker", "worker": worker, "host": hello.host, "pid": hello.pid, "device": hello.device}


class SoloCrew:
    """The process itself: nothing to start, nothing to send.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self._painter = Painter(project)
        self.batch_size, self.slow_axes = self._painter.batch_size, self._painter.slow_axes
        self.events = [joined(0, self._painter.hello())]
        self.in_hand: tuple[float, ...] = ()
        self._task: tuple[int, Sequence[Point]] | None = None

    @property
    def idle(self) -> list[int]:
        """Worker 0, unless it has a task."""
        return [] if self._task else [0]

    def give(self, worker: int, points: Sequence[Point], *, task: int) -> None:
        """Keep the points until `collect`."""
        self._task = task, points

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Paint the points and yield them."""
        if self._task is None:
            return
        (task, points), self._task = self._task, None
        try:
            yield Done(task, self._painter.paint(points))
        except TessError as error:
            yield Done(task, [], error)

    def close(self) -> None:
        """Close the generator."""
        self._painter.close()
