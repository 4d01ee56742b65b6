"""How quick distances become FLIP's units: the map that a bake keeps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["NOTHING", "Calibration"]

NOTHING = 1e-12  # a distance that rounding alone can make


@dataclass(frozen=True)
class Calibration:
    """How `tessonance.smooth.distance.distance` is turned into FLIP's units for one kind of pictures.

    Parameters
    ----------
    rank_correlation : float
        Spearman's, of the distances with FLIP; -1..1. Low values also come of pairs that are all equally far.
    error : float
        The mean error of the map on the pairs it was made of, as a share of their mean FLIP.
    pairs : int
        How many pairs it was made of.
    distances, flips : tuple of float
        The map's knots, both ascending from 0.
    """

    rank_correlation: float
    error: float
    pairs: int
    distances: tuple[float, ...]
    flips: tuple[float, ...]

    def __call__(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Return FLIP's units, 0..1, of distances of any shape: monotone, 0 for 0, proportional beyond the knots."""
        asked = np.asarray(distances, np.float64)
        inner = np.interp(asked, self.distances, self.flips)
        last = self.distances[-1]
        beyond = np.maximum(asked / last, 1.0) if last > NOTHING else np.ones_like(asked)
        return np.clip(inner * beyond, 0.0, 1.0)
