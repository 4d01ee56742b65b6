"""Looking now and then, on a thread, whether a tesseract that is still made has become finer."""

from __future__ import annotations

import math
import time
from threading import Thread
from typing import TYPE_CHECKING

from tessonance.errors import TessError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tessonance.grid import Grid, Knots

__all__ = ["LevelsWatch"]

LOOK_SECONDS = 2.0


class LevelsWatch:
    """Finds finer knots.

    Parameters
    ----------
    look : callable
        Returns the knots there are now, in its own time, on a thread. Any TessError means as before.
    grid : Grid
    knots : Knots
        What is played already.
    also : callable
        Whether to look on though nothing can become finer.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        look: Callable[[], Knots],
        grid: Grid,
        knots: Knots,
        *,
        also: Callable[[], bool] = bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._also, self._clock = look, also, clock
        self._count, self._whole = _count(knots), grid.size
        self._found: Knots | None = None
        self._thread: Thread | None = None
        self._next_look = clock() + LOOK_SECONDS

    def finer(self) -> Knots | None:
        """Return finer knots once they are found, else None; at most every two seconds begin to look for them."""
        whole = self._count >= self._whole and not self._also()
        if whole or (self._thread is not None and self._thread.is_alive()):
            return None
        found, self._found = self._found, None
        if found is not None and _count(found) > self._count:
            self._count = _count(found)
            return found
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + LOOK_SECONDS
            self._thread = Thread(target=self._work, name="tessonance-levels", daemon=True)
            self._thread.start()
        return None

    def _work(self) -> None:
        try:
            self._found = self._look()
        except TessError:  # it is gone, or its server is: what is there goes on playing
            self._found = None


def _count(knots: Knots) -> int:
    return math.prod(map(len, knots))
