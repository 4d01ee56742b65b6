"""Pictures read and decoded on threads, the most urgent first, never more of them than there is room for."""

from __future__ import annotations

import os
import time
from threading import Condition, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Fetcher", "decode_threads"]

Key = TypeVar("Key")
Picture = TypeVar("Picture")
FIRST_PAUSE = 1.0  # seconds until a cell that could not be read is tried again; twice as long each time
LONGEST_PAUSE = 60.0
GLANCE_SECONDS = 0.0003  # a condition's own waiting is coarser on some systems
MOST_REMEMBERED = 4096  # cells that failed: those that failed earlier are tried again at once
MOST_THREADS = 6


def decode_threads(cores: int | None = None) -> int:
    """Return how many threads are to read pictures: two, or a third of the cores, up to six.

    One alone would have to wait for a slow disk while there is something to decode; and on many cores the analysis of
    the sound and the graphics driver want some of them, too.
    """
    return min(MOST_THREADS, max(2, (cores or os.cpu_count() or 2) // 3))


class Fetcher(Generic[Key, Picture]):
    """Reads what is asked for ahead of its use.

    Parameters
    ----------
    read : callable
        Key → picture: of a cell, or the field of an edge. On several threads at once; it may take as long as it likes
        and raise what it likes.
    threads : int
    room : int
        How many pictures may be ready or on their way.
    clock, sleep : callable
        Seconds, and waiting.

    Attributes
    ----------
    fetched : int
        Pictures that were read.
    failed : int
        Readings that raised something.
    problem : str
        What the last of them said; empty where there was none.
    """

    def __init__(
        self,
        read: Callable[[Key], Picture],
        *,
        threads: int,
        room: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read, self._room, self._clock, self._sleep = read, room, clock, sleep
        self._asked: list[Key] = []  # the most urgent last
        self._on_the_way: set[Key] = set()
        self._ready: dict[Key, Picture] = {}
        self._again: dict[Key, tuple[float, float]] = {}  # cells that failed: when to try again, and the pause
        self._changed = Condition()
        self._closed = False
        self.fetched = self.failed = 0
        self.problem = ""
        self._threads = [Thread(target=self._work, name=f"tessonance-fetch-{k}", daemon=True) for k in range(threads)]
        for thread in self._threads:
            thread.start()

    def ask(self, cells: Sequence[Key]) -> None:
        """Ask for cells, the most urgent first, instead of what was asked for before."""
        with self._changed:
            self._asked = [cell for cell in reversed(cells) if self._wanted(cell)]
            if self._asked:
                self._changed.notify_all()

    def hurry(self, cells: Sequence[Key], seconds: float) -> bool:
        """Ask for cells before everything else, and give them a little time.

        Parameters
        ----------
        cells : sequence of keys
        seconds : float
            How long at most; less as soon as none of them is on its way any more.

        Returns
        -------
        bool
            Whether any of them can be taken now.
        """
        with self._changed:
            self._asked += [cell for cell in reversed(cells) if self._wanted(cell)]
            self._changed.notify_all()
        end = self._clock() + seconds
        while self._coming(cells) and self._clock() < end:
            self._sleep(GLANCE_SECONDS)
        with self._changed:
            return any(cell in self._ready for cell in cells)

    def take(self, cell: Key) -> Picture | None:
        """Take a picture that is ready; None where it is not."""
        with self._changed:
            found = self._ready.pop(cell, None)
            if found is not None:
                self._changed.notify()
            return found

    def ready(self) -> list[Key]:
        """Return the cells that can be taken, the longest ready first."""
        with self._changed:
            return list(self._ready)

    def close(self) -> None:
        """Let the threads end. One that hangs in a reading is not waited for."""
        with self._changed:
            self._closed = True
            self._asked = []
            self._ready.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=0.2)

    def _coming(self, cells: Sequence[Key]) -> bool:
        with self._changed:
            return any(cell in self._on_the_way or (cell in self._asked and self._wanted(cell)) for cell in cells)

    def _wanted(self, cell: Key) -> bool:
        if cell in self._on_the_way or cell in self._ready:
            return False
        return cell not in self._again or self._clock() >= self._again[cell][0]

    def _work(self) -> None:
        while (cell := self._next()) is not None:
            try:
                picture = self._read(cell)
            except Exception as error:  # whatever it is, the show goes on
                self._note_failure(cell, error)
            else:
                self._note_picture(cell, picture)

    def _next(self) -> Key | None:
        with self._changed:
            while not self._closed:
                if self._asked and len(self._ready) + len(self._on_the_way) < self._room:
                    cell = self._asked.pop()
                    if not self._wanted(cell):
                        continue
                    self._on_the_way.add(cell)
                    return cell
                self._changed.wait()
        return None

    def _note_picture(self, cell: Key, picture: Picture) -> None:
        with self._changed:
            self._on_the_way.discard(cell)
            self._again.pop(cell, None)
            self.fetched += 1
            if not self._closed:
                self._ready[cell] = picture

    def _note_failure(self, cell: Key, error: Exception) -> None:
        with self._changed:
            self._on_the_way.discard(cell)
            self.failed += 1
            self.problem = str(error) or type(error).__name__
            pause = min(2 * self._again[cell][1], LONGEST_PAUSE) if cell in self._again else FIRST_PAUSE
            self._again.pop(cell, None)
            self._again[cell] = self._clock() + pause, pause
            if len(self._again) > MOST_REMEMBERED:
                del self._again[next(iter(self._again))]
