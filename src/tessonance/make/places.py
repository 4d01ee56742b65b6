"""Places that paint beside one another, such as servers: a thread each, rested while its server is gone."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from tessonance.errors import GeneratorError, ServerGone, TessError
from tessonance.make.crew import Done, joined
from tessonance.make.worker import Hello, Painter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["PlaceCrew"]

TASKS_IN_HAND = 2  # one painted, one waiting: a server never waits for this machine
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 30.0  # of a server that is gone, before it is asked again
FAILURES_IN_A_ROW = 3  # of a server, while others work: from then on it is the server and not the picture
NOBODY_SECONDS = 600.0  # how long a run waits for any server at all
CLOSE_SECONDS = 10.0

Inbox = queue.SimpleQueue[tuple["_Place", "Hello | TessError | Done"]]


class PlaceCrew:
    """A thread for each place; whichever is faster gets more to do.

    A place whose server is gone rests and is asked again, less and less often; what it had in hand is lost, which is
    nobody's failure. One that fails at everything, such as a card too small for the picture, while others work, rests
    likewise, and what it was given is given to the others. With every place gone for too long the run ends.

    Parameters
    ----------
    projects : sequence of Project
        One for each place.
    task_seconds : float, optional
        After how long a task is interrupted, and counts as failed.

    Raises
    ------
    TessError
        If the generator cannot be opened at any place, or is used wrongly at one.
    """

    def __init__(self, projects: Sequence[Project], *, task_seconds: float | None = None) -> None:
        self._task_seconds = task_seconds
        self.events: list[dict[str, Any]] = []
        self._inbox: Inbox = queue.SimpleQueue()
        self._places = [_Place(number, project, self._inbox) for number, project in enumerate(projects)]
        self._alone_since: float | None = None
        try:
            hello = self._first_hello()
        except BaseException:
            self.close()
            raise
        self.batch_size, self.slow_axes = hello.batch_size, hello.slow_axes

    @property
    def idle(self) -> list[int]:
        """The places that can take a task, each as often as it can take one."""
        return [place.number for place in self._places for _ in range(place.most_tasks - len(place.tasks))]

    @property
    def in_hand(self) -> tuple[float, ...]:
        """How far each place is with its picture, 0..1, of those that tell."""
        return tuple(share for place in self._places if (share := place.in_hand))

    def give(self, worker: int, points: Sequence[Point], *, task: int) -> None:
        """Give a place points to paint; it may be painting others."""
        self._places[worker].give(points, task)

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Yield what has been brought back; wait for the first at most so long.

        Raises
        ------
        TessError
            If no server has answered for ten minutes, or one says that the project is wrong.
        """
        for place in self._places:
            place.interrupt_after(self._task_seconds)
        wait: float | None = timeout_seconds
        while True:
            try:
                place, message = self._inbox.get(timeout=wait) if wait else self._inbox.get_nowait()
            except queue.Empty:
                return
            wait = None
            yield from self._heard(place, message)

    def close(self) -> None:
        """Interrupt what is being painted, and leave every server without a task of ours."""
        for place in self._places:
            place.dismiss()
        for place in self._places:
            place.thread.join(CLOSE_SECONDS)

    def _heard(self, place: _Place, message: Hello | TessError | Done) -> Iterator[Done]:
        if isinstance(message, Done):
            if message.task in place.tasks:
                place.tasks.remove(message.task)
                yield self._judged(place, message)
        elif isinstance(message, Hello):
            place.is_up, self._alone_since = True, None
            self.events.append(joined(place.number, message))
        elif isinstance(message, ServerGone):
            yield from self._gone(place, message)
        else:
            raise message

    def _judged(self, place: _Place, done: Done) -> Done:
        """Tell whether a failure is that of the place: it has failed several times in a row, and others have not."""
        if done.error is None:
            place.failures = place.rests = 0
            return done
        place.failures += 1
        others = (other for other in self._places if other is not place)
        if place.failures < FAILURES_IN_A_ROW or not any(other.is_up and not other.failures for other in others):
            return done
        if not place.rests:
            self.events.append({"event": "failing", "worker": place.number, "error": str(done.error)})
        rest = min(FIRST_REST_SECONDS * 2 ** min(place.rests, 16), LONGEST_REST_SECONDS)
        place.rests, place.rests_until = place.rests + 1, time.monotonic() + rest
        return done._replace(excused=True)

    def _gone(self, place: _Place, error: ServerGone) -> Iterator[Done]:
        if place.is_up:
            self.events.append({"event": "gone", "worker": place.number, "error": str(error)})
        place.is_up = False
        lost, place.tasks = sorted(place.tasks), set()
        for task in lost:
            yield Done(task, [], error, lost=True)
        if any(other.is_up for other in self._places):
            return
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since > NOBODY_SECONDS:
            raise GeneratorError(
                f"no server has answered for {NOBODY_SECONDS / 60:.0f} minutes",
                where=error.where,
                got=error.got or error.problem,
                hint="what was painted is safe; run it again once they are back",
            )

    def _first_hello(self) -> Hello:
        """Wait until one place can paint; if none can, say why the first could not."""
        gone: dict[_Place, ServerGone] = {}
        while len(gone) < len(self._places):
            place, message = self._inbox.get()
            if isinstance(message, Hello):
                list(self._heard(place, message))
                return message
            if not isinstance(message, ServerGone):
                assert isinstance(message, TessError)
                raise message
            gone.setdefault(place, message)
        raise gone[self._places[0]]


class _Place:
    """One place: its thread opens the generator, paints, and waits for its server when that is gone."""

    def __init__(self, number: int, project: Project, inbox: Inbox) -> None:
        self.number, self.is_up = number, False
        self.failures, self.rests, self.rests_until = 0, 0, 0.0  # in a row, as the crew knows it
        self.tasks: set[int] = set()  # in hand, as the crew knows it
        self._project, self._inbox = project, inbox
        self._given: queue.SimpleQueue[tuple[int, Sequence[Point]] | None] = queue.SimpleQueue()
        self._unwanted = threading.Event()
        self._painter: Painter | None = None
        self._began: float | None = None
        self.thread = threading.Thread(target=self._work, name=f"tessonance-place-{number}", daemon=True)
        self.thread.start()

    def give(self, points: Sequence[Point], task: int) -> None:
        self.tasks.add(task)
        self._given.put((task, list(points)))

    @property
    def most_tasks(self) -> int:
        """How many tasks it may have: none while it rests, and one until it has shown that it works again."""
        if not self.is_up or time.monotonic() < self.rests_until:
            return 0
        return TASKS_IN_HAND if self.failures < FAILURES_IN_A_ROW else 1

    @property
    def in_hand(self) -> float:
        return 0.0 if self._painter is None or self._began is None else self._painter.in_hand

    def interrupt_after(self, seconds: float | None) -> None:
        began, painter = self._began, self._painter
        if seconds is not None and painter is not None and began is not None and time.monotonic() - began > seconds:
            self._began = None
            painter.cancel(f"it took longer than {seconds:g} s")

    def dismiss(self) -> None:
        self._unwanted.set()
        self._given.put(None)
        if self._painter is not None:
            self._painter.cancel("the run has ended")

    def _work(self) -> None:
        rest = FIRST_REST_SECONDS
        try:
            while not self._unwanted.is_set():
                try:
                    self._open()
                    rest = FIRST_REST_SECONDS
                    self._serve()
                except ServerGone as error:
                    self._inbox.put((self, error))
                    self._unwanted.wait(rest)
                    rest = min(2 * rest, LONGEST_REST_SECONDS)
        except TessError as error:
            self._inbox.put((self, error))
        except Exception as error:  # whatever it is, the run must not wait for this thread
            self._inbox.put(
                (self, GeneratorError("a place failed", where=self._project.generator.use, got=repr(error)))
            )
        finally:
            if self._painter is not None:
                self._painter.close()

    def _open(self) -> None:
        """Open the generator, or ask whether its server is there again."""
        if self._painter is None:
            self._painter = Painter(self._project)
        else:
            self._painter.check()
            self._forget()
        self._inbox.put((self, self._painter.hello()))

    def _forget(self) -> None:
        """Drop the tasks that were counted as lost when the server went."""
        while not self._unwanted.is_set():
            try:
                self._given.get_nowait()
            except queue.Empty:
                return

    def _serve(self) -> None:
        assert self._painter is not None
        while (given := self._given.get()) is not None and not self._unwanted.is_set():
            task, points = given
            self._began = time.monotonic()
            try:
                done = Done(task, self._painter.paint(points))
            except ServerGone:
                raise
            except TessError as error:
                done = Done(task, [], error)
            finally:
                self._began = None
            self._inbox.put((self, done))
