"""The features of a song as one array, with its times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FeatureTrack"]


@dataclass(frozen=True)
class FeatureTrack:
    """The features of a song, or of a part of it.

    Parameters
    ----------
    names : tuple of str
        One per column.
    values : ndarray of float32, shape (hops, len(names))
        Each in 0..1.
    hop_seconds : float
        From one row to the next.
    start_seconds : float
        Where in the song the first hop begins.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    hop_seconds: float
    start_seconds: float = 0.0

    @property
    def times(self) -> NDArray[np.float64]:
        """When each row was known, in seconds of the song, shape (hops,): a hop is known at its end."""
        return self.start_seconds + np.arange(1.0, len(self.values) + 1) * self.hop_seconds

    @property
    def seconds(self) -> float:
        """How long the track is."""
        return len(self.values) * self.hop_seconds

    def column(self, name: str) -> NDArray[np.float32]:
        """Return one feature, shape (hops,).

        Raises
        ------
        SoundError
            If the track holds no such feature.
        """
        if name not in self.names:
            raise SoundError(f"the track holds no feature {name!r}", hint=nearest(name, self.names))
        return self.values[:, self.names.index(name)]
