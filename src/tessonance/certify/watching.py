"""A sink that looks at every frame of a show as an eye would."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from tessonance.show.flash_count import FlashCount
from tessonance.show.flash_estimate import estimate
from tessonance.smooth.flip import difference, see
from tessonance.smooth.metrics import change
from tessonance.smooth.views import view

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from tessonance.smooth.flip import Seen
    from tessonance.smooth.metrics import Change

__all__ = ["Watcher"]

WAITING = 48  # frames that may wait to be looked at
PARTED_EVERY = 12  # frames of which one is split into pop and speed: that takes twice as long as all the rest


class Watcher:
    """Measures the steps of a film while it is made; a sink.

    Parameters
    ----------
    fps : float
    workers : int, optional
        Threads; one for each core unless given.

    Attributes
    ----------
    steps, across : list of float
        FLIP from each frame to the next, and to the one after, once it is closed.
    changes : list of (int, Change)
        For some frames, by number, what changed since the one before.
    flashing : list of int
        The frames in which a large area flashed more than three times within the last second (WCAG 2.3.1).
    """

    def __init__(self, fps: float, *, workers: int | None = None) -> None:
        self.steps: list[float] = []
        self.across: list[float] = []
        self.changes: list[tuple[int, Change]] = []
        self.flashing: list[int] = []
        self._fps, self._frames = fps, 0
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
        self._last: list[Future[Seen]] = []
        self._waiting: deque[tuple[list[float], Future[float]]] = deque()
        self._parted: list[tuple[int, Future[Change]]] = []
        self._before: NDArray[np.uint8] | None = None
        self._counts: list[FlashCount] = []

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Look at a frame."""
        seen = self._pool.submit(see, view(frame))
        for into, before in zip((self.steps, self.across), reversed(self._last), strict=False):
            self._waiting.append((into, self._pool.submit(_between, before, seen)))
        self._last = [*self._last[-1:], seen]
        if self._before is not None:
            self._parted.append((self._frames, self._pool.submit(change, self._before, frame.copy())))
        self._before = frame.copy() if self._frames % PARTED_EVERY == 0 else None
        self._flash(frame)
        self._frames += 1
        self._collect(WAITING)

    def close(self) -> None:
        """Finish looking."""
        self._collect(0)
        self.changes = [(number, found.result()) for number, found in self._parted]
        self._pool.shutdown()

    def abandon(self) -> None:
        """Look no further."""
        self._pool.shutdown(cancel_futures=True)

    def _flash(self, frame: NDArray[np.uint8]) -> None:
        light, now = estimate(frame), self._frames / self._fps
        if not self._counts:
            self._counts = [FlashCount(light.shape[:2], red=red) for red in (False, True)]
        for count in self._counts:
            count.take(light, now)
        if any(count.going_on(now) for count in self._counts):
            self.flashing.append(self._frames)

    def _collect(self, most: int) -> None:
        """Take the results in the order of the frames."""
        while len(self._waiting) > most:
            into, found = self._waiting.popleft()
            into.append(found.result())


def _between(first: Future[Seen], second: Future[Seen]) -> float:
    return difference(first.result(), second.result())  # both began before this did, so nothing waits in a circle
