"""Whether a picture moves with the music: pure functions of what is heard and how far each frame is from the last."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

__all__ = ["Agreement", "agreement", "correlation", "dynamics", "lag_between", "level_db", "loudness", "used"]

MOST_LAG = 6  # frames either way: a fifth of a second
AROUND, APART = 30, 7  # a shift for the null is at least a second, and every so many frames there is one
FEWEST = 90  # frames for a null
EDGES = (1.0, 99.0)  # percentiles between which an axis is used: a single moment at its end is no use of it
BINS = 32  # of a closed axis
SILENT, SILENCE_DB = 0.03, -60.0  # the root of the RMS, and the same in dBFS


@dataclass(frozen=True)
class Agreement:
    """How well one thing follows another.

    Parameters
    ----------
    r : float
        Pearson's correlation at the best lag, -1..1; NaN where one of them never changes.
    lag_ms : float
        By how much it is late at that lag.
    chance : float
        What 95 % of the same comparisons with the music shifted around stay below; NaN where it is too short.
    """

    r: float
    lag_ms: float
    chance: float

    @property
    def real(self) -> bool:
        """Whether it is more than chance."""
        return self.r > self.chance


def loudness(samples: NDArray[np.float32], rate: int, fps: float, frames: int) -> Numbers:
    """Return how loud each frame's moment is: the root of the RMS of the 46 ms around it, shape (frames,).

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono, from the time of the first frame on.
    rate : int
    fps : float
    frames : int
    """
    half = round(0.023 * rate)
    powers = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    middle = np.round(np.arange(frames) * rate / fps).astype(np.intp)
    first, last = (np.clip(middle + side, 0, len(samples)) for side in (-half, half))
    mean = np.maximum(powers[last] - powers[first], 0.0) / np.maximum(last - first, 1)
    louder: Numbers = mean**0.25
    return louder


def dynamics(loud: ArrayLike) -> float:
    """Return how much loudness varies: its standard deviation over its mean; 0 for silence."""
    values = np.asarray(loud, np.float64)
    return float(values.std() / values.mean()) if values.size and values.mean() > 0 else 0.0


def level_db(loud: ArrayLike) -> float:
    """Return the mean power where it sounds, in dBFS, of a loudness as `loudness` gives it."""
    values = np.asarray(loud, np.float64)
    powers = values[values > SILENT] ** 4
    return 10 * math.log10(powers.mean()) if powers.size else SILENCE_DB


def agreement(heard: ArrayLike, seen: ArrayLike, *, fps: float, most_lag: int = MOST_LAG) -> Agreement:
    """Hold what is seen against what is heard, frame by frame.

    Parameters
    ----------
    heard, seen : array_like, shape (n,)
    fps : float
    most_lag : int
        In frames; lags from so much early to so much late are tried.

    Returns
    -------
    Agreement
        Of the lag with the best correlation. For the null, the music is shifted around by every possible time and each
        time the best lag is taken, so that trying lags is not held for music.
    """
    first, second = np.asarray(heard, np.float64), np.asarray(seen, np.float64)
    r, lag = correlation(first, second, most_lag)
    count = len(first)
    null = [correlation(np.roll(first, by), second, most_lag)[0] for by in range(AROUND, count - AROUND, APART)]
    known = [value for value in null if math.isfinite(value)]
    chance = float(np.percentile(known, 95)) if known and count >= FEWEST else math.nan
    return Agreement(r, lag * 1000.0 / fps, chance)


def correlation(heard: Numbers, seen: Numbers, most_lag: int = MOST_LAG) -> tuple[float, int]:
    """Return the best correlation among the lags, and that lag in frames, above 0 where what is seen is late."""
    best, at = math.nan, 0
    for lag in sorted(range(-most_lag, most_lag + 1), key=abs):
        a, b = (heard[: len(heard) - lag], seen[lag:]) if lag >= 0 else (heard[-lag:], seen[:lag])
        r = _pearson(a, b)
        if math.isfinite(r) and not r <= best:
            best, at = r, lag
    return best, at


def lag_between(wanted: Numbers, got: Numbers, seconds: float, *, most_seconds: float = 0.5) -> float:
    """Return by how many milliseconds one curve is later than another: the lag at which they miss each other least.

    Parameters
    ----------
    wanted, got : ndarray, shape (n,) or (n, N)
    seconds : float
        From value to value.
    most_seconds : float
    """
    most = min(round(most_seconds / seconds), max(0, len(wanted) // 4))
    inner = slice(most, len(wanted) - most)
    misses = {
        lag: float(np.square(got[most + lag : len(got) - most + lag] - wanted[inner]).mean())
        for lag in sorted(range(-most, most + 1), key=abs)
    }
    return min(misses, key=misses.__getitem__) * seconds * 1000.0


def used(places: ArrayLike, *, closed: bool = False) -> float:
    """Return how much of an axis was used, 0..1.

    Parameters
    ----------
    places : array_like, shape (n,)
        Coordinates along it.
    closed : bool
        Whether its ends meet: then the share of 32 parts of it that were visited.
    """
    values = np.asarray(places, np.float64)
    if closed:
        return len(np.unique((values % 1.0 * BINS).astype(int))) / BINS
    low, high = np.percentile(values, EDGES)
    return float(high - low)


def _pearson(first: Numbers, second: Numbers) -> float:
    if not len(first):  # the lag is longer than what was played
        return math.nan
    a, b = first - first.mean(), second - second.mean()
    size = math.sqrt(float((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-12 else math.nan
