"""Which cells failed, when they are tried again, and when that is given up. Pure: the clock is passed in."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tessonance.errors import TessError

__all__ = ["Attempts"]

MOST_ATTEMPTS = 3
PAUSE_SECONDS = 1.0  # before the second attempt; twice as long before each further one
HOPELESS = 8  # cells given up before the first one worked: it fails on everything
DOUBTFUL = 32  # cells that failed before the first one worked: these are tried again before any other is tried


class Attempts:
    """Counts the attempts at cells that failed.

    Parameters
    ----------
    most : int
        After how many attempts a cell is given up, at least 1.
    pause_seconds : float
        How long to wait before the second attempt; the wait doubles with each further one.
    """

    def __init__(self, *, most: int = MOST_ATTEMPTS, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._most, self._pause = most, pause_seconds
        self._counts: dict[int, int] = {}
        self._waiting: list[tuple[float, int]] = []
        self.given_up: dict[int, TessError] = {}
        self.any_worked = False

    @property
    def waiting(self) -> bool:
        """Whether a cell will be tried again."""
        return bool(self._waiting)

    @property
    def hopeless(self) -> bool:
        """Whether so many cells were given up, and none has worked, that the rest need not be tried."""
        return not self.any_worked and len(self.given_up) >= HOPELESS

    @property
    def doubtful(self) -> bool:
        """Whether so many cells failed, and none has worked, that no further ones are tried before these are."""
        return not self.any_worked and len(self._counts) >= DOUBTFUL and self.waiting

    def failed(self, flats: Iterable[int], error: TessError, *, now: float) -> list[int]:
        """Take note that an attempt at some cells failed.

        Parameters
        ----------
        flats : iterable of int
            The cells.
        error : TessError
            Why.
        now : float
            Seconds.

        Returns
        -------
        list of int
            Those that are given up with this.
        """
        gone = []
        for flat in map(int, flats):
            count = self._counts[flat] = self._counts.get(flat, 0) + 1
            if count >= self._most:
                self.given_up[flat] = error
                gone.append(flat)
            else:
                heapq.heappush(self._waiting, (now + self._pause * 2 ** (count - 1), flat))
        return gone

    def lost(self, flats: Iterable[int], *, now: float) -> None:
        """Take note that the worker who had some cells in hand is gone: they are due at once, and this was no attempt.

        Parameters
        ----------
        flats : iterable of int
            The cells.
        now : float
            Seconds.
        """
        for flat in map(int, flats):
            heapq.heappush(self._waiting, (now, flat))

    def is_due(self, *, now: float) -> bool:
        """Tell whether the wait of a cell is over."""
        return bool(self._waiting) and self._waiting[0][0] <= now

    def due(self, *, now: float) -> int | None:
        """Return a cell whose wait is over, to be tried alone: of a task that failed, one cell may be the culprit."""
        return heapq.heappop(self._waiting)[1] if self.is_due(now=now) else None
