"""A distance in a fraction of FLIP's time that ranks as FLIP does, and its calibration to FLIP's units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tessonance.errors import TessError
from tessonance.smooth.flip import difference, hunt_lab, hyab, see
from tessonance.smooth.views import linear, same_size, squeezed, view
from tessonance.store.calibration import Calibration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from tessonance.smooth.views import Picture

__all__ = ["Calibration", "Glance", "calibrate", "distance", "fit", "glance", "rank_correlation"]

SIDE, SCALES = 64, 2  # the picture on squares of 64 and 32 pixels: 0.999 of FLIP's order, where one scale has 0.992
MAX_KNOTS = 16  # of the map to FLIP's units


@dataclass(frozen=True, eq=False)
class Glance:
    """A picture at a glance: made once by `glance`, compared often by `distance`.

    Parameters
    ----------
    scales : tuple of ndarray of float32, each of shape (h, w, 3)
        Hunt-adjusted L*a*b* on smaller and smaller squares.
    """

    scales: tuple[NDArray[np.float32], ...]


def glance(picture: Picture) -> Glance:
    """Look at a picture quickly.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 3)
        sRGB, uint8 or floating point of 0..1.

    Returns
    -------
    Glance

    Raises
    ------
    TessError
        If it is no picture.
    """
    light = linear(squeezed(picture, SIDE))
    scales = [hunt_lab(light)]
    while len(scales) < SCALES:
        light = np.clip(cv2.pyrDown(light), 0, 1)
        scales.append(hunt_lab(light))
    return Glance(tuple(scales))


def distance(first: Glance, second: Glance) -> float:
    """Return how different two pictures are at a glance.

    FLIP's colour difference (HyAB of L*a*b* with Hunt's adjustment, to the power 0.7), averaged over each scale, then
    over the scales; without FLIP's filters and features.

    Parameters
    ----------
    first, second : Glance

    Returns
    -------
    float
        0 (equal) to 1, symmetric; in units of its own, see `calibrate`.

    Raises
    ------
    TessError
        If the pictures were of different sizes, where that shows.
    """
    total = 0.0
    for mine, theirs in zip(first.scales, second.scales, strict=True):
        same_size(mine, theirs)
        total += float(hyab(mine, theirs).mean(dtype=np.float64))
    return total / SCALES


def calibrate(pairs: Iterable[tuple[Picture, Picture]]) -> Calibration:
    """Hold `distance` against FLIP, as seen at 128 × 128 (`views.view`), on some pairs of pictures.

    Parameters
    ----------
    pairs : iterable of (picture, picture)
        Such as will be measured; 200 of them give a sure correlation.

    Returns
    -------
    Calibration

    Raises
    ------
    TessError
        If there is no pair, or what comes is no picture.
    """
    both = [
        (distance(glance(a), glance(b)), difference(see(view(a)), see(view(b))))
        for a, b in pairs
    ]  # fmt: skip
    if not both:
        raise TessError("there is nothing to calibrate with", wanted="at least one pair of pictures")
    found = np.array(both)
    return fit(found[:, 0], found[:, 1])


def fit(distances: ArrayLike, flips: ArrayLike) -> Calibration:
    """Fit the map from distances to FLIP.

    Parameters
    ----------
    distances, flips : array_like, shape (n,)
        Of the same n pairs, at least one, not negative.

    Returns
    -------
    Calibration
        Its knots are the means of up to 16 groups of neighbours in rank, made ascending.
    """
    near, far = np.asarray(distances, np.float64), np.asarray(flips, np.float64)
    order = np.argsort(near, kind="stable")
    groups = np.array_split(order, min(MAX_KNOTS, max(1, len(order) // 4)))
    x = np.array([0.0, *(near[group].mean() for group in groups)])
    y = np.array([0.0, *(far[group].mean() for group in groups)])
    x, first = np.unique(x, return_index=True)
    y = np.maximum.accumulate(y[first])
    rough = Calibration(rank_correlation(near, far), 0.0, len(near), tuple(x.tolist()), tuple(y.tolist()))
    mean = far.mean()
    error = float(np.abs(rough(near) - far).mean() / mean) if mean > 0 else 0.0
    return Calibration(rough.rank_correlation, error, rough.pairs, rough.distances, rough.flips)


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float:
    """Return Spearman's rank correlation, -1..1; ties share their rank.

    Where neither varies there is no order to get wrong, and it is 1; where only one does, 0.
    """
    a, b = (_ranks(np.asarray(values, np.float64)) for values in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    if size == 0:
        return float(not a.any() and not b.any())
    return float(np.clip(a @ b / size, -1, 1))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle: NDArray[np.float64] = last - (count - 1) / 2
    return middle[place]
