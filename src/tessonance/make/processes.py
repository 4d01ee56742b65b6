"""Painting processes on this machine: started, fed, watched, and replaced when they die."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, cast

from tessonance.errors import GeneratorError, TessError
from tessonance.make.crew import Done, joined
from tessonance.make.worker import Failure, Hello, Message, Painted, Start, Task, receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["ONE_THREAD", "ProcessCrew"]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
MOST_FALSE_STARTS = 3  # processes in a row that died before they could paint

Inbox = queue.SimpleQueue[tuple["_Process", "Message | None"]]


class ProcessCrew:
    """Several processes, each with a generator of its own.

    They are started as ``python -m tessonance.make.worker``, not by multiprocessing, so that a script needs no
    ``if __name__ == "__main__"``; Ctrl-C reaches only this process, and they end when it does, however it ends. A
    process that dies is replaced, and what it had in hand comes back as a failed task.

    Parameters
    ----------
    project : Project
    workers : int
        At least 1.
    task_seconds : float, optional
        After how long a task is taken for stuck, and its process killed.

    Raises
    ------
    TessError
        If the generator cannot be opened.
    """

    def __init__(self, project: Project, workers: int, *, task_seconds: float | None = None) -> None:
        self._project, self._task_seconds = project, task_seconds
        self.events: list[dict[str, Any]] = []
        self._inbox: Inbox = queue.SimpleQueue()
        self._false_starts = 0
        self._processes = [_Process(project, self._inbox) for _ in range(workers)]
        try:
            hello = self._first_hello()
        except BaseException:
            self.close()
            raise
        self.batch_size, self.slow_axes = hello.batch_size, hello.slow_axes

    in_hand: tuple[float, ...] = ()  # a process paints as fast as it can, and does not tell how far it is

    @property
    def idle(self) -> list[int]:
        """The workers that have no task."""
        return [worker for worker, process in enumerate(self._processes) if process.is_idle]

    def give(self, worker: int, points: Sequence[Point], *, task: int) -> None:
        """Give an idle worker points to paint."""
        self._processes[worker].give(points, task)

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Yield what has been brought back; wait for the first at most so long.

        Raises
        ------
        GeneratorError
            If processes keep dying before they can paint.
        """
        self._kill_stuck()
        wait: float | None = timeout_seconds
        while True:
            try:
                process, message = self._inbox.get(timeout=wait) if wait else self._inbox.get_nowait()
            except queue.Empty:
                return
            wait = None
            if process in self._processes and (done := self._receive(process, message)):
                yield done

    def close(self) -> None:
        """Close their input, and end whoever does not leave within two seconds."""
        for process in self._processes:
            process.dismiss()
        for process in self._processes:
            process.end()

    def _receive(self, process: _Process, message: Message | None) -> Done | None:
        worker = self._processes.index(process)
        if isinstance(message, Hello):
            self._welcome(process, message)
            return None
        task, process.task = process.task, None
        if task is not None and isinstance(message, Painted):
            return Done(task, message.pictures)
        if task is not None and isinstance(message, Failure):
            return Done(task, [], message.error())
        error = self._replace(worker, process, message)
        return None if task is None else Done(task, [], error, lost=process.killed is None)

    def _welcome(self, process: _Process, hello: Hello) -> None:
        self._false_starts = 0
        process.is_open = True
        self.events.append(joined(self._processes.index(process), hello))

    def _replace(self, worker: int, process: _Process, message: Message | None) -> TessError:
        process.end()
        error = message.error() if isinstance(message, Failure) else process.death()
        self._false_starts += not process.is_open
        if self._false_starts >= MOST_FALSE_STARTS:
            raise error
        self._processes[worker] = _Process(self._project, self._inbox)
        return error

    def _kill_stuck(self) -> None:
        for process in self._processes:
            if self._task_seconds and process.task is not None and process.seconds > self._task_seconds:
                process.kill(f"it took longer than {self._task_seconds:g} s")

    def _first_hello(self) -> Hello:
        process, message = self._inbox.get()
        if isinstance(message, Hello):
            self._welcome(process, message)
            return message
        if isinstance(message, Failure):
            raise message.error()
        process.end()
        raise process.death()


class _Process:
    """One process and the thread that reads its answers."""

    def __init__(self, project: Project, inbox: Inbox) -> None:
        self.is_open = False
        self.task: int | None = None
        self.killed: str | None = None
        self._given = 0.0
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tessonance.make.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._say(Start(project.to_dict(), project.folder))
        threading.Thread(target=self._listen, args=(inbox,), daemon=True).start()

    @property
    def is_idle(self) -> bool:
        return self.is_open and self.task is None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._given

    def give(self, points: Sequence[Point], task: int) -> None:
        self.task, self._given = task, time.monotonic()
        self._say(Task(list(points)))

    def kill(self, reason: str) -> None:
        self.killed = reason
        self._popen.kill()

    def dismiss(self) -> None:
        with suppress(OSError):
            cast("IO[bytes]", self._popen.stdin).close()

    def end(self) -> None:
        self.dismiss()
        try:
            self._popen.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        cast("IO[bytes]", self._popen.stdout).close()

    def death(self) -> GeneratorError:
        if self.killed:
            return GeneratorError("a painting process was ended", got=self.killed, hint="--timeout gives it longer")
        hint = "what it said stands above; if the system killed it, it may want more memory: --workers 1"
        return GeneratorError("a painting process ended", got=f"exit code {self._popen.returncode}", hint=hint)

    def _say(self, message: Message) -> None:
        with suppress(OSError):  # a process that is dead is reported by its reader
            send(cast("BinaryIO", self._popen.stdin), message)

    def _listen(self, inbox: Inbox) -> None:
        with suppress(OSError, ValueError):
            while (message := receive(cast("BinaryIO", self._popen.stdout))) is not None:
                inbox.put((self, message))
        inbox.put((self, None))
