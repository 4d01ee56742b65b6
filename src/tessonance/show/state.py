"""What the HUD shows at one moment, and where a film gets it from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tessonance.motion import Path, Track

__all__ = ["HISTORY_SECONDS", "TRAIL_SECONDS", "FilmStates", "HudState"]

TRAIL_SECONDS = 2.0
TRAIL_POINTS = 97
HISTORY_SECONDS = 4.0
HISTORY_RATE = 30  # peaks a second, enough for a line of a hundred pixels


@dataclass(frozen=True, eq=False)
class HudState:
    """One moment of a show.

    Parameters
    ----------
    seconds : float
        The time to show.
    coordinate : ndarray of float64, shape (N,)
        Where in the tesseract it is.
    features : mapping of str to ndarray of float32, shape (m,)
        How loud each feature was lately, 0..1, evenly spaced over `HISTORY_SECONDS`, the present last.
    trail : ndarray of float64, shape (n, N)
        Where it was lately, evenly spaced over `TRAIL_SECONDS`, the present last; none where n is 0.
    """

    seconds: float
    coordinate: NDArray[np.float64]
    features: Mapping[str, NDArray[np.float32]]
    trail: NDArray[np.float64]


class FilmStates:
    """The moments of a film whose whole path is known.

    Parameters
    ----------
    path : Path
    track : Track
    names : sequence of str
        The features to remember.
    """

    def __init__(self, path: Path, track: Track, names: Sequence[str]) -> None:
        self._path, self._names = path, tuple(names)
        columns = [list(track.names).index(name) for name in self._names]
        times = track.start_seconds + np.arange(1.0, len(track.values) + 1.0) * track.hop_seconds
        self._peaks, self._first = _peaks(np.asarray(track.values, np.float32)[:, columns], times)

    def at(self, seconds: float) -> HudState:
        """Return the moment at a time of the song."""
        times = seconds - np.linspace(TRAIL_SECONDS, 0.0, TRAIL_POINTS)
        trail = self._path.at(times)
        lately = self._lately(seconds)
        features = {name: lately[:, column] for column, name in enumerate(self._names)}
        return HudState(seconds, trail[-1], features, trail)

    def _lately(self, seconds: float) -> NDArray[np.float32]:
        """Return the peaks that were complete at a time, the oldest first; silence before the first."""
        count = round(HISTORY_SECONDS * HISTORY_RATE)
        stop = math.floor(seconds * HISTORY_RATE + 1e-6) - self._first
        wanted = np.arange(stop - count, stop)
        inside = (wanted >= 0) & (wanted < len(self._peaks))
        lately = np.zeros((count, len(self._names)), np.float32)
        lately[inside] = self._peaks[wanted[inside]]
        return lately


def _peaks(values: NDArray[np.float32], times: NDArray[np.float64]) -> tuple[NDArray[np.float32], int]:
    """Return the largest values in each thirtieth of a second of the song, and the number of the first of these.

    They stand still in time, so that the line they draw scrolls; points taken anew for each frame would tremble.
    """
    if not len(times):
        return np.zeros((0, values.shape[1]), np.float32), 0
    places = np.floor(times * HISTORY_RATE + 1e-6).astype(np.intp)
    peaks = np.zeros((int(places[-1] - places[0]) + 1, values.shape[1]), np.float32)
    np.maximum.at(peaks, places - places[0], np.nan_to_num(values))
    return peaks, int(places[0])
