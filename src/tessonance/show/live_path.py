"""The path of a show that is still going on: its last hops, read at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["LivePath"]

SECONDS_KEPT = 20.0


class LivePath:
    """Where motion went lately, one coordinate a hop; `at` reads it exactly as `tessonance.motion.Path` would.

    One thread appends, others read; nothing is locked: a reader looks first how many hops there are, and what it then
    reads is written over only `SECONDS_KEPT` later.

    Parameters
    ----------
    rest : ndarray of float64, shape (N,)
        Where it is before the first hop.
    hop_seconds : float
    start_seconds : float
        Which second of the sound its first hop begins at.
    closed : ndarray of bool, shape (N,)
        Which axes are closed.
    features : int
        How many features to keep beside each coordinate.
    seconds_kept : float
        How far back it can be read.

    Raises
    ------
    GridError
        If the shapes do not fit one another.
    """

    def __init__(
        self,
        rest: NDArray[np.float64],
        *,
        hop_seconds: float,
        start_seconds: float,
        closed: NDArray[np.bool_],
        features: int = 0,
        seconds_kept: float = SECONDS_KEPT,
    ) -> None:
        if rest.ndim != 1 or closed.shape != rest.shape:
            raise GridError(
                "this is no path", wanted="rest and closed of shape (N,)", got=f"{rest.shape}, {closed.shape}"
            )
        self.hop_seconds, self.start_seconds, self.closed = hop_seconds, start_seconds, closed
        self._room = max(8, round(seconds_kept / hop_seconds))
        self._coordinates = np.tile(np.asarray(rest, np.float64), (2 * self._room, 1))
        self._features = np.zeros((2 * self._room, features), np.float32)
        self._hops = 0

    def __len__(self) -> int:
        return self._hops

    @property
    def stop_seconds(self) -> float:
        """Up to which second of the sound it is known."""
        return self.start_seconds + self._hops * self.hop_seconds

    def append(self, coordinates: NDArray[np.float64], features: NDArray[np.float32] | None = None) -> None:
        """Add some hops.

        Parameters
        ----------
        coordinates : ndarray of float64, shape (hops, N)
        features : ndarray of float32, shape (hops, n), optional
        """
        rows = (self._hops + np.arange(len(coordinates))) % len(self._coordinates)
        self._coordinates[rows] = coordinates
        if features is not None:
            self._features[rows] = features
        self._hops += len(coordinates)  # last, so that no reader sees a hop before it is there

    def at(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Return the coordinate at some times; see `tessonance.motion.Path.at`.

        Before the oldest hop that is kept and after the newest it is held.

        Parameters
        ----------
        seconds : float or array_like, shape (...)

        Returns
        -------
        ndarray of float64, shape (..., N)
        """
        last = self._hops - 1
        oldest = max(0, last + 1 - self._room)
        hops = (np.asarray(seconds, np.float64) - self.start_seconds) / self.hop_seconds - 1.0
        hops = np.minimum(np.maximum(hops, oldest), max(last, 0))
        before = hops.astype(np.intp)
        room = len(self._coordinates)
        here = self._coordinates[before % room]
        there = self._coordinates[np.minimum(before + 1, max(last, 0)) % room]
        way = there - here
        way = np.where(self.closed, way - np.rint(way), way)
        place = here + (hops - before)[..., None] * way
        inside: NDArray[np.float64] = np.where(self.closed, place % 1.0, np.minimum(np.maximum(place, 0.0), 1.0))
        return inside

    def features(self, first: int, stop: int) -> NDArray[np.float32]:
        """Return the features of some hops, shape ``(stop - first, n)``; 0 where there are none, or none any more."""
        hops = np.arange(first, stop)
        kept = (hops >= max(0, self._hops - self._room)) & (hops < self._hops)
        found: NDArray[np.float32] = np.where(kept[:, None], self._features[hops % len(self._features)], np.float32(0))
        return found
