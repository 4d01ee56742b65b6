"""Who paints: this process alone, or several processes beside it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol, cast

from tessonance.errors import GeneratorError, TessError
from tessonance.make.worker import Failure, Hello, Message, Painted, Painter, Start, Task, receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["Crew", "Done", "ProcessCrew", "SoloCrew", "cores", "crew"]

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Done(NamedTuple):
    """What a worker brought back: encoded pictures, or why there are none."""

    worker: int
    pictures: list[bytes]
    error: TessError | None = None


class Crew(Protocol):
    """Workers that each take one task at a time."""

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


def crew(project: Project, workers: int) -> Crew:
    """Call together a crew; one worker is this process itself."""
    return SoloCrew(project) if workers == 1 else ProcessCrew(project, workers)


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


class ProcessCrew:
    """Several processes, each with a generator of its own.

    They are started as ``python -m tessonance.make.worker``, not by multiprocessing, so that a script needs no
    ``if __name__ == "__main__"``; Ctrl-C reaches only this process, and they end when it does, however it ends.

    Parameters
    ----------
    project : Project
    workers : int
        At least 1.

    Raises
    ------
    TessError
        If the generator cannot be opened.
    """

    def __init__(self, project: Project, workers: int) -> None:
        self._inbox: queue.SimpleQueue[tuple[int, Message | None]] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle = set(range(workers))
        try:
            for worker in range(workers):
                self._start(worker, project)
            hellos = [self._hello() for _ in range(workers)]
        except BaseException:
            self.close()
            raise
        self.batch_size, self.slow_axes = hellos[0].batch_size, hellos[0].slow_axes

    @property
    def idle(self) -> list[int]:
        """The workers that have no task."""
        return sorted(self._idle)

    @property
    def busy(self) -> int:
        """How many workers have a task."""
        return len(self._processes) - len(self._idle)

    def give(self, worker: int, points: Sequence[Point]) -> None:
        """Give an idle worker points to paint."""
        self._idle.discard(worker)
        with suppress(OSError):  # a dead worker is reported by its reader
            send(cast("BinaryIO", self._processes[worker].stdin), Task(list(points)))

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Yield what has been brought back; wait for the first at most so long."""
        wait: float | None = timeout_seconds
        while True:
            try:
                worker, message = self._inbox.get(timeout=wait) if wait else self._inbox.get_nowait()
            except queue.Empty:
                return
            wait = None
            yield self._done(worker, message)

    def close(self) -> None:
        """Close their input, and end whoever does not leave within two seconds."""
        for process in self._processes:
            with suppress(OSError):
                cast("IO[bytes]", process.stdin).close()
        for process in self._processes:
            try:
                process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            cast("IO[bytes]", process.stdout).close()

    def _start(self, worker: int, project: Project) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tessonance.make.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._processes.append(process)
        threading.Thread(target=self._read, args=(worker, process), daemon=True).start()
        with suppress(OSError):
            send(cast("BinaryIO", process.stdin), Start(project.to_dict()))

    def _read(self, worker: int, process: subprocess.Popen[bytes]) -> None:
        message: Message | None = None
        try:
            while (message := receive(cast("BinaryIO", process.stdout))) is not None:
                self._inbox.put((worker, message))
        except (OSError, ValueError):
            pass
        self._inbox.put((worker, None))

    def _hello(self) -> Hello:
        worker, message = self._inbox.get()
        if isinstance(message, Hello):
            return message
        raise self._done(worker, message).error or GeneratorError("a painting process did not start")

    def _done(self, worker: int, message: Message | None) -> Done:
        if isinstance(message, Painted):
            self._idle.add(worker)
            return Done(worker, message.pictures)
        if isinstance(message, Failure):
            self._idle.add(worker)
            error = GeneratorError(
                message.problem, where=message.where, wanted=message.wanted, got=message.got, hint=message.hint
            )
            return Done(worker, [], error)
        code = self._processes[worker].wait()
        return Done(worker, [], GeneratorError("a painting process ended", got=f"exit code {code}", hint=_DIED))


_DIED = "see above for what it said; killed by the system it may want more memory: --workers 1"
