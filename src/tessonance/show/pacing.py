"""How evenly frames follow one another, counted for hours in bounded memory."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

__all__ = ["FrameTimes", "Pace"]

BIN_MS = 0.05
BINS = 20_001  # up to a second; the last one takes what is longer


class Pace(NamedTuple):
    """How a show's frames followed one another.

    Parameters
    ----------
    frames : int
    median_ms, p99_ms, longest_ms : float
        Of the intervals between frames, to 0.05 ms; 0 where there are none.
    """

    frames: int
    median_ms: float
    p99_ms: float
    longest_ms: float


class FrameTimes:
    """Counts the intervals between frames."""

    def __init__(self) -> None:
        self._counts = [0] * BINS
        self._lately: deque[float] = deque()
        self._before: float | None = None
        self._longest = 0.0

    def add(self, host_seconds: float) -> None:
        """Count a frame that was shown at a host time."""
        before, self._before = self._before, host_seconds
        lately = self._lately
        lately.append(host_seconds)
        while lately[0] < host_seconds - 1.0:
            lately.popleft()
        if before is not None:
            interval = host_seconds - before
            self._longest = max(self._longest, interval)
            self._counts[min(int(interval * (1000 / BIN_MS) + 0.5), BINS - 1)] += 1

    def pause(self) -> None:
        """Begin anew with the next frame: what lies between is no interval."""
        self._before = None

    @property
    def fps(self) -> float:
        """Frames a second over the last second; 0 before the second one."""
        lately = self._lately
        span = lately[-1] - lately[0] if len(lately) > 1 else 0.0
        return (len(lately) - 1) / span if span > 0 else 0.0

    def pace(self) -> Pace:
        """Sum up all intervals so far."""
        counts = np.array(self._counts)
        total = int(counts.sum())
        if not total:
            return Pace(0, 0.0, 0.0, 0.0)
        reached = np.cumsum(counts)
        median, p99 = (float(np.searchsorted(reached, share * total)) * BIN_MS for share in (0.5, 0.99))
        return Pace(total, median, p99, self._longest * 1000)
