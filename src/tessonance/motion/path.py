"""A coordinate over time: what the frames of a film read at their own times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Path"]


@dataclass(frozen=True, eq=False)
class Path:
    """Where motion went, one coordinate a hop.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (hops, N)
        0..1 along each axis, at least one hop.
    hop_seconds : float
        Time from hop to hop.
    start_seconds : float
        Where in the song the sound of the first hop begins. Hop ``k`` is known once its sound has been heard, at
        ``start_seconds + (k + 1) * hop_seconds``.
    closed : ndarray of bool, shape (N,)
        Which axes are closed.

    Raises
    ------
    GridError
        If the shapes do not fit one another.
    """

    coordinates: NDArray[np.float64]
    hop_seconds: float
    start_seconds: float
    closed: NDArray[np.bool_]

    def __post_init__(self) -> None:
        shape = self.coordinates.shape
        if len(shape) != 2 or not shape[0] or self.closed.shape != shape[1:]:
            raise GridError(
                "this is no path",
                wanted="coordinates of shape (hops, N) with at least one hop, closed of shape (N,)",
                got=f"coordinates of shape {shape}, closed of shape {self.closed.shape}",
            )

    @property
    def seconds(self) -> NDArray[np.float64]:
        """The time of every hop, shape ``(hops,)``."""
        return self.start_seconds + np.arange(1.0, len(self.coordinates) + 1.0) * self.hop_seconds

    def at(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Return the coordinate at some times.

        Between hops it is interpolated linearly, the short way round on closed axes; before the first hop and after
        the last it is held. The frame rate at which it is asked therefore never changes the path.

        Parameters
        ----------
        seconds : float or array_like, shape (...)
            Times in the song.

        Returns
        -------
        ndarray of float64, shape (..., N)
            0..1 along each axis.
        """
        last = len(self.coordinates) - 1
        hops = (np.asarray(seconds, np.float64) - self.start_seconds) / self.hop_seconds - 1.0
        hops = np.minimum(np.maximum(hops, 0.0), last)
        before = hops.astype(np.intp)
        here, there = self.coordinates[before], self.coordinates[np.minimum(before + 1, last)]
        way = there - here
        way = np.where(self.closed, way - np.rint(way), way)
        place = here + (hops - before)[..., None] * way
        inside: NDArray[np.float64] = np.where(self.closed, place % 1.0, np.minimum(np.maximum(place, 0.0), 1.0))
        return inside
