"""Samples in, features out: the one arithmetic for files and live sound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError
from tessonance.project import BANDS, CHROMA, FEATURES, TEMPO, Sound, check_feature, feature_name
from tessonance.sound.level import AutomaticLevel, audible, loudness_of, scaled
from tessonance.sound.onset import Onset, Rises
from tessonance.sound.spectrum import (
    HEARD,
    RATE,
    WINDOW,
    WINDOWS,
    Bands,
    Spectra,
    band_window,
    ear_weights,
    typical_share,
)
from tessonance.sound.tempo import TempoTracker
from tessonance.sound.tone import Chroma, Noisiness, brightness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tessonance.sound.level import Usual

__all__ = ["FeatureStream", "feature_names"]

TONES: dict[tuple[str, ...], Callable[[int], Callable[[Spectra], NDArray[np.float64]]]] = {
    ("brightness",): lambda hop: brightness,
    ("noisiness",): lambda hop: Noisiness(hop=hop).advance,
    CHROMA: lambda hop: Chroma(hop=hop).advance,
}
BATCH = 64  # hops at a time: their longest windows stay in the cache
EVERY_BIN = slice(None)
NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
BAND_NAME = re.compile(f"{NUMBER}-{NUMBER}Hz")


def feature_names(features: Iterable[str | tuple[float, float]]) -> tuple[str, ...]:
    """Name some features, bands as ``40-90Hz``.

    Parameters
    ----------
    features : iterable of str or (float, float)
        Names out of `FEATURES`, names of bands, and bands in Hz, in any mixture.

    Returns
    -------
    tuple of str

    Raises
    ------
    ProjectError
        For a feature that does not exist, or a band that cannot be heard.
    """
    names = []
    for feature in features:
        known = _band(feature) if isinstance(feature, str) and feature not in FEATURES else feature
        check_feature(known)
        names.append(feature_name(known))
    return tuple(names)


def _band(name: str) -> str | tuple[float, float]:
    """Return the edges of a band in Hz, or the name as it is where it names none."""
    if name in BANDS:
        return BANDS[name]
    return (float(match[1]), float(match[2])) if (match := BAND_NAME.fullmatch(name)) else name


class FeatureStream:
    """Hears samples as they come and gives the features of every hop.

    Hop ``k`` is heard as soon as sample ``(k + 1) * hop`` is there, and from what came before it alone. How the samples
    are cut into pushes changes nothing, not a bit.

    Parameters
    ----------
    names : iterable of str or (float, float)
        Which features: names out of `tessonance.project.FEATURES`, and bands as (lo, hi) in Hz or ``"40-90Hz"``.
    sound : Sound, optional
        Automatic level and hop.

    Attributes
    ----------
    names : tuple of str
        One per column.
    hop : int
        Samples at 48 kHz.
    tempo : TempoTracker or None
        What follows the beat, where ``beat``, ``bar`` or ``bpm`` is among the features: it takes taps, too.

    Raises
    ------
    ProjectError
        For a feature that does not exist.
    """

    def __init__(self, names: Iterable[str | tuple[float, float]] = FEATURES, *, sound: Sound | None = None) -> None:
        sound = sound or Sound()
        self.names, self.hop = feature_names(names), sound.hop
        self._amplitudes = _Amplitudes(self.names, sound=sound)
        self._onset = Onset(sound=sound) if "onset" in self.names else None
        self.tempo = TempoTracker(hop=sound.hop) if set(TEMPO) & set(self.names) else None
        self._rises = Rises(sound=sound) if self._onset or self.tempo else None
        self._tones = {names: make(sound.hop) for names, make in TONES.items() if set(names) & set(self.names)}
        self._spectra = Spectra(batch=BATCH)
        self._kept = np.zeros(HEARD - self.hop)
        self._samples = 0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Hear some more.

        Parameters
        ----------
        samples : ndarray of float, shape (n,)
            Mono at 48 kHz, full scale at 1; any number of them.

        Returns
        -------
        ndarray of float32, shape (hops, len(names))
            The hops that these samples completed, each value in 0..1.

        Raises
        ------
        SoundError
            If a sample is no number, with the second; nothing of this push is heard then.
        """
        heard = np.concatenate([self._kept, _checked(samples, self._samples)])
        hops = (len(heard) - HEARD) // self.hop + 1
        values = np.empty((hops, len(self.names)), np.float32)
        step = heard.itemsize
        frames: NDArray[np.float64] = np.ndarray((hops, HEARD), heard.dtype, heard, 0, (self.hop * step, step))
        for first in range(0, hops, BATCH):
            batch = values[first : first + BATCH]
            self._spectra.hear(frames[first : first + len(batch)])
            for column, heard_here in enumerate(self._hear()):
                batch[:, column] = heard_here
        self._kept = heard[hops * self.hop :].copy()
        self._samples += len(samples)
        return values

    def _hear(self) -> list[NDArray[np.float64]]:
        """Return the values of each feature at the hops of the batch."""
        spectra = self._spectra
        power = spectra.power(WINDOW, EVERY_BIN).sum(axis=1)
        heard, usual = self._amplitudes.advance(spectra, power)
        fade = audible(power, usual) if self._tones or self.tempo else power
        if self._rises:
            rises = self._rises.advance(spectra, power)
            if self._onset:
                heard["onset"] = self._onset.advance(rises, power)
            if self.tempo:
                heard |= zip(TEMPO, self.tempo.advance(rises, fade).T, strict=True)
        if self._tones:
            for names, tone in self._tones.items():
                heard |= zip(names, tone(spectra).T * fade, strict=True)
        return [heard[name] for name in self.names]


class _Amplitudes:
    """The bands and the loudness among some features, scaled by the automatic level."""

    def __init__(self, names: Sequence[str], *, sound: Sound) -> None:
        bands = {name: band for name in names if isinstance(band := _band(name), tuple)}
        windows = {window: [n for n, band in bands.items() if band_window(*band) == window] for window in WINDOWS}
        self._bands = [Bands([bands[n] for n in group], window) for window, group in windows.items() if group]
        named = [name for group in windows.values() for name in group]
        typical = np.array([*(typical_share(*bands[name]) for name in named), 1.0])
        self.names = [*named, "loudness"]
        self._level, self._typical = AutomaticLevel(typical, sound=sound), loudness_of(typical)

    def advance(self, spectra: Spectra, power: NDArray[np.float64]) -> tuple[dict[str, NDArray[np.float64]], Usual]:
        powers = [bands.power(spectra) for bands in self._bands]
        powers.append((spectra.power(WINDOW, EVERY_BIN) * ear_weights(WINDOW)).sum(axis=1, keepdims=True))
        loudness = loudness_of(np.concatenate(powers, axis=1))
        usual = self._level.advance(power, loudness)
        return dict(zip(self.names, scaled(loudness, usual, self._typical).T, strict=True)), usual


def _checked(samples: NDArray[np.float32], before: int) -> NDArray[np.float64]:
    """Return the samples as float64, or say what is wrong with them."""
    heard = np.asarray(samples, np.float64)
    if heard.ndim != 1:
        raise SoundError("these are no mono samples", wanted="shape (n,)", got=f"shape {heard.shape}")
    if not np.isfinite(heard).all():
        second = (before + int(np.argmin(np.isfinite(heard)))) / RATE
        raise SoundError(f"a sample at {second:.3f} s is no number", wanted="finite samples, full scale at 1")
    return heard
