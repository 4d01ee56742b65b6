"""Where the HUD of a running show gets its moments from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.show.state import HISTORY_RATE, HISTORY_SECONDS, TRAIL_POINTS, TRAIL_SECONDS, HudState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.show.live_path import LivePath

__all__ = ["LiveTrack", "live_state"]

ROOM = 1024  # thirtieths of a second, half of them to read from


class LiveTrack:
    """How loud each feature was lately, as peaks in thirtieths of a second; see `FilmStates`.

    One thread appends, others read.

    Parameters
    ----------
    names : sequence of str
    hop_seconds : float
    start_seconds : float
        Which second of the sound its first hop begins at.
    """

    def __init__(self, names: Sequence[str], *, hop_seconds: float, start_seconds: float) -> None:
        self.names = tuple(names)
        self._hop_seconds, self._start, self._hops = hop_seconds, start_seconds, 0
        self._peaks = np.zeros((ROOM, len(self.names)), np.float32)
        self._last = math.floor(start_seconds * HISTORY_RATE)

    def append(self, values: NDArray[np.float32]) -> None:
        """Add the features of some hops, shape ``(hops, len(names))``."""
        first = 0
        while first < len(values):
            place, stop = self._place(first), first + 1
            while stop < len(values) and self._place(stop) == place:
                stop += 1
            self._add(place, values[first:stop].max(axis=0))
            first = stop
        self._hops += len(values)

    def _place(self, hop: int) -> int:
        """Return in which thirtieth of a second a hop of those that come ends."""
        return math.floor((self._start + (self._hops + hop + 1) * self._hop_seconds) * HISTORY_RATE + 1e-6)

    def _add(self, place: int, values: NDArray[np.float32]) -> None:
        if place > self._last:
            self._peaks[np.arange(self._last + 1, place + 1) % ROOM] = 0
            self._last = place
        np.maximum(self._peaks[place % ROOM], values, out=self._peaks[place % ROOM])

    def now(self, seconds: float) -> NDArray[np.float32]:
        """Return the peaks of the thirtieth of a second that a time lies in; 0 where nothing is known of it."""
        place = math.floor(seconds * HISTORY_RATE + 1e-6)
        if not self._last - ROOM // 2 < place <= self._last:
            return np.zeros(len(self.names), np.float32)
        now: NDArray[np.float32] = self._peaks[place % ROOM].copy()
        return now

    def lately(self, seconds: float) -> NDArray[np.float32]:
        """Return the peaks of `HISTORY_SECONDS` that were complete at a time, oldest first; 0 where there are none."""
        stop = math.floor(seconds * HISTORY_RATE + 1e-6)
        wanted = np.arange(stop - round(HISTORY_SECONDS * HISTORY_RATE), stop)
        kept = (wanted <= self._last) & (wanted > self._last - ROOM // 2) & (wanted >= 0)
        found: NDArray[np.float32] = np.where(kept[:, None], self._peaks[wanted % ROOM], np.float32(0))
        return found


def live_state(path: LivePath, track: LiveTrack, seconds: float) -> HudState:
    """Return the moment of a running show at a second of its sound."""
    trail = path.at(seconds - np.linspace(TRAIL_SECONDS, 0.0, TRAIL_POINTS))
    lately = track.lately(seconds)
    features = {name: lately[:, column] for column, name in enumerate(track.names)}
    return HudState(seconds, trail[-1], features, trail)
