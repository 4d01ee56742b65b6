"""The instruments of the demo song: each plays one sound, from arithmetic alone.

A sound is float32: shape ``(samples,)`` where it is mono, ``(2, samples)`` where it is stereo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator as Random
    from numpy.typing import NDArray

__all__ = ["Sound", "band", "bass", "clap", "crash", "hat", "kick", "lead", "pad", "pluck", "riser", "tone_hz"]

Sound: TypeAlias = "NDArray[np.float32]"
Curve: TypeAlias = "NDArray[np.floating[Any]]"

HIGHEST = 0.45  # of the rate: no partial above it, so nothing folds back
PAD_CENTS = np.array([-14.0, -8.5, -2.5, 0.0, 3.0, 7.5, 13.0])  # unevenly apart: even steps would beat in time


def tone_hz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch, equal temperament, 69 being 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def band(sound: Sound, low_hz: float, high_hz: float, *, rate: int) -> Sound:
    """Keep what lies between two frequencies: Butterworth slopes of the fourth order, without any phase shift."""
    spectrum = np.fft.rfft(sound)
    spectrum *= _band_gain(np.fft.rfftfreq(sound.shape[-1], 1 / rate), low_hz, high_hz)
    return np.fft.irfft(spectrum, sound.shape[-1]).astype(np.float32)


def _band_gain(hz: Curve, low_hz: float, high_hz: float) -> Sound:
    above = 1 + (low_hz / np.maximum(hz, 1e-3)) ** 8
    below = 1 + (hz / high_hz) ** 8
    return np.asarray(1 / np.sqrt(above * below), np.float32)


def _clock(seconds: float, rate: int) -> NDArray[np.float64]:
    return np.arange(round(seconds * rate)) / rate


def _shape(sound: Curve, rate: int, *, attack_ms: float, release_ms: float) -> Sound:
    """Open and close a sound along half cosines, so that it neither begins nor ends with a click."""
    for milliseconds, edge in ((attack_ms, sound), (release_ms, sound[::-1])):
        ramp = min(round(rate * milliseconds / 1000), edge.size)
        edge[:ramp] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / max(ramp, 1))
    return sound.astype(np.float32)


def _noise(seconds: float, rate: int, random: Random) -> Sound:
    return random.standard_normal(round(seconds * rate), dtype=np.float32)


def _partials(phase: NDArray[np.float64], hz: float, rate: int, weights: dict[int, object]) -> NDArray[np.float64]:
    """Add harmonics, each a number or a curve over time, and leave out those that would fold back."""
    return sum(
        (weight * np.sin(harmonic * phase) for harmonic, weight in weights.items() if harmonic * hz < HIGHEST * rate),
        np.zeros_like(phase),
    )


def kick(*, rate: int, beater: float, random: Random) -> Sound:
    """Beat the bass drum: a sine that falls from 230 to 50 Hz, and `beater` times the knock on the skin."""
    t = _clock(0.4, rate)
    fall = 0.034
    phase = 2 * np.pi * (50.0 * t + (230.0 - 50.0) * fall * (1 - np.exp(-t / fall)))
    body = np.tanh(1.6 * np.sin(phase) * np.exp(-t / 0.13)).astype(np.float32)
    drum = _shape(band(body, 20, 900, rate=rate), rate, attack_ms=2, release_ms=80)
    knock = band(_noise(0.4, rate, random), 1800, 5000, rate=rate) * np.exp(-t / 0.005)
    return drum + np.float32(0.6 * beater) * _shape(knock, rate, attack_ms=0.2, release_ms=80)


def clap(*, rate: int, random: Random) -> Sound:
    """Clap: three hands within 25 ms, then the room."""
    t = _clock(0.4, rate)
    hands = sum(np.where(t >= at, np.exp(-np.maximum(t - at, 0) / 0.004), 0.0) for at in (0.0, 0.011, 0.023))
    room = np.where(t >= 0.024, 0.55 * np.exp(-np.maximum(t - 0.024, 0) / 0.075), 0.0)
    return _shape(
        band(_noise(0.4, rate, random), 900, 7000, rate=rate) * (hands + room), rate, attack_ms=0.5, release_ms=80
    )


def hat(*, rate: int, decay_seconds: float, random: Random) -> Sound:
    """Strike a hi-hat: bright noise; 0.03 s of decay is closed, 0.15 s is open."""
    seconds = 7 * decay_seconds
    noise = band(_noise(seconds, rate, random), 4500, 13_000, rate=rate)
    return _shape(noise * np.exp(-_clock(seconds, rate) / decay_seconds), rate, attack_ms=0.3, release_ms=10)


def crash(*, rate: int, random: Random) -> Sound:
    """Crash a cymbal: three seconds of brightness that falls away, wide."""
    t = _clock(3.0, rate)
    noise = band(random.standard_normal((2, t.size), dtype=np.float32), 2500, 12_000, rate=rate)
    fall = 0.6 * np.exp(-t / 0.18) + 0.4 * np.exp(-t / 0.8)
    return noise * _shape(fall, rate, attack_ms=1, release_ms=300)


def riser(*, rate: int, seconds: float, random: Random) -> Sound:
    """Raise the tension: a band of noise that climbs from 500 Hz to 12 kHz and swells."""
    t = np.linspace(0, 1, round(seconds * rate))
    noise = random.standard_normal((2, t.size), dtype=np.float32)
    centres = np.geomspace(500, 12_000, 8)
    height = t * (len(centres) - 1)
    layers = (
        band(noise, hz / 1.5, hz * 1.5, rate=rate) * np.clip(1 - np.abs(height - step) / 1.3, 0, 1).astype(np.float32)
        for step, hz in enumerate(centres)
    )
    return sum(layers, np.zeros_like(noise)) * _shape(t**2.2, rate, attack_ms=20, release_ms=8)


def bass(hz: float, *, rate: int, seconds: float) -> Sound:
    """Play a bass note: a sine with enough second and third harmonic to be heard on small loudspeakers."""
    t = _clock(seconds, rate)
    bite = np.exp(-t / 0.12)
    sound = _partials(
        2 * np.pi * hz * t,
        hz,
        rate,
        {1: 1.0, 2: 0.4 + 0.3 * bite, 3: 0.22 + 0.4 * bite, 4: 0.1 + 0.35 * bite, 5: 0.05 + 0.2 * bite, 6: 0.1 * bite},
    )
    return _shape(sound * np.exp(-t / 1.2), rate, attack_ms=7, release_ms=250 * seconds)


def pluck(hz: float, *, rate: int, shine: float) -> Sound:
    """Pluck a string: the higher the harmonic, the sooner it is gone; `shine` from 0 to 1."""
    t = _clock(0.9, rate)
    weights: dict[int, object] = {
        harmonic: harmonic ** -(2.4 - 1.4 * shine) * np.exp(-t * harmonic**0.8 / (0.16 + 0.1 * shine))
        for harmonic in range(1, 10)
    }
    return _shape(_partials(2 * np.pi * hz * t, hz, rate, weights), rate, attack_ms=2, release_ms=100)


def lead(hz: float, *, rate: int, seconds: float) -> Sound:
    """Sing a note: it is reached from a little below, and its vibrato comes late."""
    t = _clock(seconds + 0.12, rate)
    vibrato = 9 * np.clip((t - 0.25) / 0.4, 0, 1) * np.sin(2 * np.pi * 5.2 * t)
    cents = vibrato - 60 * np.exp(-t / 0.025)
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (cents / 1200)) / rate
    breath = 0.35 + 0.65 * np.exp(-t / 0.3)
    weights: dict[int, object] = {
        1: 1.0,
        2: 0.6 * breath,
        3: 0.5 * breath,
        4: 0.3 * breath,
        5: 0.22 * breath,
        6: 0.1,
        7: 0.08,
    }
    return _shape(_partials(phase, hz, rate, weights) * (0.55 + 0.45 * breath), rate, attack_ms=14, release_ms=120)


def pad(hz: float, *, rate: int, cutoffs_hz: tuple[float, ...], random: Random) -> Sound:
    """Hold a pad: seven saws out of tune with one another, spread from left to right, as an endless loop.

    Every saw is written straight into the spectrum, harmonic by harmonic, on the nearest line that repeats with
    the loop: so it is band-limited, closes without a seam, and a low-pass is a product.

    Parameters
    ----------
    hz : float
        The pitch.
    rate : int
        Samples per second.
    cutoffs_hz : tuple of float
        One loop per cutoff, of equal phase: a cross-fade between them moves the filter.
    random : numpy.random.Generator
        Where the saws begin.

    Returns
    -------
    ndarray of float32, shape (cutoffs, 2, samples)
        Mean power about 1 below the lowest cutoff.
    """
    size = 1 << round(np.log2(5.5 * rate))
    base = np.rint(hz * 2 ** (PAD_CENTS / 1200) * size / rate).astype(np.int64)
    harmonics = np.arange(1, int(HIGHEST * rate / hz))
    lines = np.outer(base, harmonics)
    saws = -1j * np.exp(2j * np.pi * np.outer(random.random(len(base)), harmonics)) / harmonics
    angle = random.permutation(np.linspace(0.08, 0.92, len(base))) * np.pi / 2
    loops = np.zeros((len(cutoffs_hz), 2, size), np.float32)
    for loop, cutoff in zip(loops, cutoffs_hz, strict=True):
        filtered = saws / np.sqrt(1 + (lines * rate / size / cutoff) ** 8)
        for side, gains in zip(loop, (np.cos(angle), np.sin(angle)), strict=True):
            spectrum = np.zeros(size // 2 + 1, np.complex128)
            np.add.at(spectrum, lines, gains[:, None] * filtered)
            side[:] = np.fft.irfft(spectrum, size) * size / np.sqrt(len(base))
    return loops
