"""The colour of the sound, whatever its level: brightness, noisiness, chroma."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.sound.level import TINY, History
from tessonance.sound.spectrum import HEARD, RATE, WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.sound.spectrum import Spectra

__all__ = ["Chroma", "Noisiness", "brightness"]

DARK, BRIGHT = 125.0, 8_000.0  # Hz, six octaves: 1 kHz is in the middle
HIGHEST = 16_000.0  # Hz; above it lossy formats leave nothing
NOISE_FROM = 250.0  # Hz, and six octaves up: below it an octave has too few bins
WHITE_FLATNESS = 0.5615  # exp(-γ), what the periodogram of white noise has on average
NOISE_SECONDS = 0.064
EMPTY_BIN = 1e-10  # of the row's power: what a bin without any counts as

CHROMA_LOW, CHROMA_HIGH = 100.0, 2_000.0  # Hz; higher partials and cymbals tell little of the chord
CHROMA_FLOOR = 1e-4  # of the strongest peak's power, 40 dB down: weaker peaks are passed over
CHROMA_SECONDS = 0.1
TUNING = 440.0  # Hz, the A of ISO 16


def brightness(spectra: Spectra) -> NDArray[np.float64]:
    """Return where the centre of the spectrum lies, shape (hops, 1): 0 at 125 Hz, 0.5 at 1 kHz, 1 at 8 kHz.

    It is the mean of the logarithm of the frequency, weighted with the amplitude, over 24 Hz to 16 kHz: the spectral
    centroid (Peeters, "A large set of audio features for sound description", IRCAM 2004) on a scale of octaves.
    """
    amplitude = np.sqrt(spectra.power(WINDOW, slice(1, LAST)))
    octaves = np.log2(np.arange(1, LAST) * RATE / WINDOW / DARK)
    centre = (amplitude * octaves).sum(axis=1, keepdims=True) / np.maximum(amplitude.sum(axis=1, keepdims=True), TINY)
    return _bounded(centre / np.log2(BRIGHT / DARK))


class Noisiness:
    """How much the sound is noise rather than tone: 0 for a sine, 1 for white noise.

    In each octave from 250 Hz to 16 kHz the spectral flatness, the geometric over the arithmetic mean of the power (as
    in the AudioSpectralFlatness of MPEG-7, ISO/IEC 15938-4), so that the slope of the spectrum does not count; then the
    mean over the octaves and over 64 ms, weighted with the amplitude and relative to that of white noise; then its
    square: most music lies in the upper half before, and across the range after.

    Parameters
    ----------
    hop : int
        Samples.
    """

    def __init__(self, *, hop: int) -> None:
        self._near = History(np.zeros((2, max(1, round(NOISE_SECONDS * RATE / hop)) - 1)))

    def advance(self, spectra: Spectra) -> NDArray[np.float64]:
        """Hear some hops; return 0..1, shape (hops, 1)."""
        power = spectra.power(WINDOW, slice(OCTAVES[0], OCTAVES[-1]))
        power = power + EMPTY_BIN * power.sum(axis=1, keepdims=True) + TINY
        starts, counts = OCTAVES[:-1] - OCTAVES[0], np.diff(OCTAVES)
        arithmetic = np.add.reduceat(power, starts, axis=1) / counts
        geometric = np.exp(np.add.reduceat(np.log(power), starts, axis=1) / counts)
        amplitude = np.sqrt(arithmetic * counts)
        weighted = np.stack([(amplitude * geometric / arithmetic).sum(axis=1), amplitude.sum(axis=1)])
        flat, all_of_it = self._near.windows(weighted).sum(axis=2)
        return _bounded(flat / np.maximum(all_of_it, TINY) / WHITE_FLATNESS)[:, None] ** 2


class Chroma:
    """The strength of the twelve pitch classes, the strongest being 1.

    Peaks of the long window's spectrum between 100 Hz and 2 kHz, their frequencies interpolated on a parabola through
    the logarithm of the power, are shared out between the two nearest pitch classes by their amplitude (after Gómez,
    "Tonal Description of Polyphonic Audio for Music Content Processing", 2006), and averaged over a tenth of a second.

    Parameters
    ----------
    hop : int
        Samples.
    """

    def __init__(self, *, hop: int) -> None:
        self._near = History(np.zeros((12, max(1, round(CHROMA_SECONDS * RATE / hop)) - 1)))

    def advance(self, spectra: Spectra) -> NDArray[np.float64]:
        """Hear some hops; return the pitch classes from C to B, shape (hops, 12)."""
        total = np.ascontiguousarray(self._near.windows(_pitch_classes(spectra).T).sum(axis=2).T)
        return _bounded(total / np.maximum(total.max(axis=1, keepdims=True), TINY))


def _pitch_classes(spectra: Spectra) -> NDArray[np.float64]:
    """Return the amplitude of the peaks in each pitch class from C to B, shape (hops, 12)."""
    first, last = (round(hz * HEARD / RATE) for hz in (CHROMA_LOW, CHROMA_HIGH))
    power = spectra.power(HEARD, slice(first - 1, last + 2))
    left, here, right = power[:, :-2], power[:, 1:-1], power[:, 2:]
    floor = np.maximum(here.max(axis=1, keepdims=True) * CHROMA_FLOOR, TINY)
    hops, bins = np.nonzero((here > left) & (here >= right) & (here > floor))
    a, b, c = (np.log(np.maximum(part[hops, bins], TINY)) for part in (left, here, right))
    places = first + bins + 0.5 * (a - c) / np.minimum(a - 2 * b + c, -TINY)
    semitones = 9 + 12 * np.log2(places * (RATE / HEARD / TUNING))  # above C
    below = np.floor(semitones).astype(np.intp)
    amplitude, above = np.sqrt(here[hops, bins]), semitones - below
    slots = len(power) * 12
    shares = np.bincount(hops * 12 + below % 12, amplitude * (1 - above), slots)
    shares += np.bincount(hops * 12 + (below + 1) % 12, amplitude * above, slots)
    return np.asarray(shares.reshape(-1, 12), np.float64)


def _bounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.minimum(np.maximum(values, 0.0), 1.0), np.float64)


LAST = round(HIGHEST * WINDOW / RATE) + 1  # the first bin that is too high
OCTAVES = np.round(NOISE_FROM * 2.0 ** np.arange(7) * WINDOW / RATE).astype(np.intp)  # bins
