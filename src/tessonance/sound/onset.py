"""Onsets: where notes and hits begin."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tessonance.sound.level import TINY, History, Memory, rounded
from tessonance.sound.spectrum import RATE, WINDOW, Bands, typical_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.project import Sound
    from tessonance.sound.spectrum import Spectra

__all__ = ["Onset", "Rises", "onset_bands"]

LOWEST, HIGHEST, NARROWEST = 40.0, 16_000.0, 70.0  # Hz
BANDS_PER_OCTAVE = 4
LAG_SECONDS = 0.016  # what a band rises by is counted over this time, nearly the length of the window
NEAR_SECONDS = 0.3  # the time whose mean flux an onset must stand out from …
STANDS_OUT = 1.3  # … by this factor
USUAL_SPREADS = 2.0  # of the flux of the last four seconds: an onset that high is 1
FLUX_AT_START = 0.05
LEVEL_SECONDS, SCALE_SECONDS = 2.0, 1.6  # one after the other they remember less than the four seconds of the level
LEAST_SPREAD = 0.05  # the flux of steady noise spreads by half of it, and is to be no onset


def onset_bands() -> list[tuple[float, float]]:
    """Return the bands whose rises are added up: quarter octaves, in the bass no narrower than the window resolves."""
    edges = [LOWEST]
    while edges[-1] < HIGHEST:
        edges.append(edges[-1] + max(NARROWEST, edges[-1] * (2 ** (1 / BANDS_PER_OCTAVE) - 1)))
    return list(pairwise(edges))


class Rises:
    """How much each band rises: what onsets and the beat are heard from.

    Each band's amplitude, relative to its typical share of the automatic level, is compressed by ``log(1 + x)``; the
    rises are over 16 ms.

    Parameters
    ----------
    sound : Sound
    """

    def __init__(self, *, sound: Sound) -> None:
        bands = onset_bands()
        self._bands = Bands(bands, WINDOW)
        self._typical = np.array([typical_share(*band) for band in bands])
        lag = max(1, round(LAG_SECONDS * RATE / sound.hop))
        self._compressed = History(np.zeros((len(bands), lag)))
        start_power = 10 ** (sound.start_level_db / 10)
        self._level = Memory(np.array([start_power]), sound=sound, seconds=LEVEL_SECONDS)

    def advance(self, spectra: Spectra, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hear some hops.

        Parameters
        ----------
        spectra : Spectra
        power : ndarray, shape (hops,)
            Mean square.

        Returns
        -------
        ndarray, shape (hops, bands)
            0 and up.
        """
        level = self._level.advance(power[None], power)
        reference = np.maximum(level * self._typical, TINY)
        compressed = np.log1p(np.sqrt(self._bands.power(spectra) / reference))
        known = self._compressed.extended(compressed.T)
        rises = np.maximum(compressed.T - known[:, : compressed.shape[0]], 0.0)
        return np.ascontiguousarray(rises.T)


class Onset:
    """Spectral flux on compressed bands, against what it was just before.

    The rises of the bands are averaged (Böck, Krebs and Schedl, "Evaluating the Online Capabilities of Onset Detection
    Methods", ISMIR 2012, without their look ahead). From this flux its mean over the 0.3 s before is taken off, and
    what remains is scaled by the flux's spread over the last four seconds. A maximum over neighbouring bands
    (SuperFlux) was tried: it missed more plucked notes than it avoided false ones.

    Parameters
    ----------
    sound : Sound
    """

    def __init__(self, *, sound: Sound) -> None:
        near = max(2, round(NEAR_SECONDS * RATE / sound.hop))
        self._near = History(np.zeros((1, near)))
        self._scale = Memory(np.array([FLUX_AT_START, 2 * FLUX_AT_START**2]), sound=sound, seconds=SCALE_SECONDS)

    def advance(self, rises: NDArray[np.float64], power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hear some hops.

        Parameters
        ----------
        rises : ndarray, shape (hops, bands)
            As `Rises` gives them.
        power : ndarray, shape (hops,)
            Mean square.

        Returns
        -------
        ndarray, shape (hops,)
            0..1: a sharp peak for every onset, near 0 between them.
        """
        flux = rises.mean(axis=1)
        before = self._near.windows(flux[None])[0, :, :-1].mean(axis=1)
        moments = self._scale.advance(np.stack([flux, flux * flux]), power)
        spread = np.sqrt(np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0.0))
        stands_out = np.maximum(flux - STANDS_OUT * before, 0.0)
        return rounded(stands_out / (USUAL_SPREADS * np.maximum(spread, LEAST_SPREAD)))
