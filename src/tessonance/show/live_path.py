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
        seconds_kept: float = SECONDS_KEPT,
    ) -> None:
        if rest.ndim != 1 or closed.shape != rest.shape:
            raise GridError(
                "this is no path", wanted="rest and closed of shape (N,)", got=f"{rest.shape}, {closed.shape}"
            )
        self.hop_seconds, self.start_seconds, self.closed = hop_seconds, start_seconds, closed
        self._room = max(8, round(seconds_kept / hop_seconds))
        self._coordinates = np.tile(np.asarray(rest, np.float64), (2 * self._room, 1))
        self._hops = 0

    def __len__(self) -> int:
        return self._hops

    @property
    def stop_seconds(self) -> float:
        """Up to which second of the sound it is known."""
        return self.start_seconds + self._hops * self.hop_seconds

    def append(self, coordinates: NDArray[np.float64]) -> None:
        """Add some hops, shape ``(hops, N)``."""
        at, count = self._hops % len(self._coordinates), len(coordinates)
        if at + count <= len(self._coordinates):
            self._coordinates[at : at + count] = coordinates
        else:
            self._coordinates[(at + np.arange(count)) % len(self._coordinates)] = coordinates
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
