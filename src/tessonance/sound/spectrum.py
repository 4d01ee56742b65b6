"""Spectra of the last samples heard: windows, band powers, the ear's weighting."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["HEARD", "RATE", "WINDOW", "WINDOWS", "Bands", "Spectra", "band_window", "ear_weights", "typical_share"]

RATE = 48_000  # Hz; sound of any other rate is resampled before it comes here
WINDOW = 1024  # samples: 21 ms, for all that hits
HEARD = 4096  # samples: 85 ms, the longest window, for bands too narrow for the others and for chroma
WINDOWS = (WINDOW, 2048, HEARD)
RESOLVED_BINS = 1.7  # a band at least so wide stands clear of a Hann window's main lobe; `sub` then takes 2048


class Spectra:
    """The spectra of a batch of hops; each window's are computed when first asked for.

    Every row is computed by itself, by operations along the row: a hop has the same spectrum, to the bit, whatever
    other hops share its batch. (No matrix product: BLAS chooses its order of summation by the number of rows.) In
    float64, for numpy's transform is several times faster there than in float32; into arrays that are kept, for
    fetching new ones from the system for every batch took longer than the transforms.

    Parameters
    ----------
    batch : int
        How many hops there are at most.
    """

    def __init__(self, *, batch: int) -> None:
        self._heard = np.zeros((0, HEARD))
        self._offset = np.zeros(0)
        self._windowed = {window: np.empty((batch, window)) for window in WINDOWS}
        self._spectrum = {window: np.empty((batch, window // 2 + 1), np.complex128) for window in WINDOWS}
        self._ready: set[int] = set()
        self._hits: NDArray[np.float64] | None = None

    def hear(self, heard: NDArray[np.float64]) -> None:
        """Go on to other hops.

        Parameters
        ----------
        heard : ndarray of float64, shape (hops, 4096)
            The samples up to the end of each hop, oldest first.
        """
        self._heard = heard
        # Direct current: a weighted mean of 85 ms rather than a high-pass filter, so that nothing is remembered.
        self._offset = np.einsum("hk,k->h", heard, _hann(HEARD))[:, None] * (2 / HEARD)
        self._ready.clear()
        self._hits = None

    def power(self, window: int, bins: slice) -> NDArray[np.float64]:
        """Return the mean square that falls on some bins, shape (hops, bins).

        A sine of full scale has 0.5 in all.
        """
        if window == WINDOW:  # every feature wants it, each its own bins
            self._hits = self._squared(window, slice(None)) if self._hits is None else self._hits
            return self._hits[:, bins]
        return self._squared(window, bins)

    def _squared(self, window: int, bins: slice) -> NDArray[np.float64]:
        hops = len(self._heard)
        spectrum = self._spectrum[window][:hops]
        if window not in self._ready:
            windowed = np.multiply(self._heard[:, -window:], _hann(window), out=self._windowed[window][:hops])
            np.fft.rfft(windowed, axis=1, out=spectrum)
            spectrum[:, :2] -= self._offset * (window / 2, -window / 4)
            self._ready.add(window)
        part = spectrum[:, bins]
        return (part.real**2 + part.imag**2) * (16 / 3 / window**2)


class Bands:
    """The power in some bands, from one window; a bin that an edge cuts counts in part.

    Parameters
    ----------
    bands : sequence of (float, float)
        In Hz.
    window : int
        One of `WINDOWS`.
    """

    def __init__(self, bands: Sequence[tuple[float, float]], window: int) -> None:
        low, high = (np.array(bands, np.float64).reshape(-1, 2) * window / RATE).T[..., None]
        centre = np.arange(window // 2 + 1)
        # Bin k reaches from k - ½ to k + ½.
        weights = np.clip(np.minimum(high, centre + 0.5) - np.maximum(low, centre - 0.5), 0.0, 1.0)
        used = np.flatnonzero(weights.any(axis=0))
        self._window, self._bins = window, slice(int(used[0]), int(used[-1]) + 1)
        self._weights = np.ascontiguousarray(weights[:, self._bins])

    def power(self, spectra: Spectra) -> NDArray[np.float64]:
        """Return the mean square in each band, shape (hops, bands)."""
        power = np.einsum("hk,bk->hb", spectra.power(self._window, self._bins), self._weights)
        return np.asarray(power, np.float64)


def band_window(low: float, high: float) -> int:
    """Return the shortest window that can tell a band from its neighbours, in samples."""
    return next((window for window in WINDOWS if high - low >= RESOLVED_BINS * RATE / window), HEARD)


def typical_share(low: float, high: float) -> float:
    """Return the share of a recording's power that typically falls into a band.

    The model is flat up to 100 Hz and falls by 5 dB an octave (a power of -5/3) above it, after Pestana et al.,
    "Spectral Characteristics of Popular Commercial Recordings 1950-2010", AES Convention 135 (2013), paper 8960.
    """
    return (_model_below(high) - _model_below(low)) / _model_below(RATE / 2)


def _model_below(hz: float) -> float:
    return hz / 100 if hz <= 100 else 1 + 1.5 * (1 - (hz / 100) ** (-2 / 3))


@cache
def ear_weights(window: int) -> NDArray[np.float64]:
    """Return the K-weighting of ITU-R BS.1770-5 as a factor on the power of each bin, shape (window // 2 + 1,).

    It is the squared magnitude of the two filters whose coefficients Annex 1 of the recommendation gives for 48 kHz: a
    shelf for the head, and a high-pass that makes low sounds count less.
    """
    z = np.exp(-2j * np.pi * np.arange(window // 2 + 1) / window)
    shelf = np.polyval([1.19839281085285, -2.69169618940638, 1.53512485958697], z)
    shelf /= np.polyval([0.73248077421585, -1.69065929318241, 1.0], z)
    high_pass = np.polyval([1.0, -2.0, 1.0], z) / np.polyval([0.99007225036621, -1.99004745483398, 1.0], z)
    return np.asarray(np.abs(shelf * high_pass) ** 2, np.float64)


@cache
def _hann(window: int) -> NDArray[np.float64]:
    """Return the periodic Hann window; of a constant it leaves the lowest two bins and nothing else."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window), np.float64)
