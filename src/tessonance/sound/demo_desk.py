"""The mixing desk of the demo song: tape, echo, room, ducking, saturation and limiter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.sound.demo_voices import band

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.random import Generator as Random

    from tessonance.sound.demo_voices import Curve, Sound

__all__ = ["Tape", "duck", "ducking", "fade_out", "limit", "ping_pong", "reverb", "saturate", "soften"]


class Tape:
    """A stereo tape that sounds are laid on.

    Parameters
    ----------
    samples : int
        How long it is. What would hang over its end is cut.
    """

    def __init__(self, samples: int) -> None:
        self.sound: Sound = np.zeros((2, samples), np.float32)

    def lay(self, sound: Sound, start: int, *, gain: float = 1.0, pan: float = 0.0) -> None:
        """Add a sound from sample `start` on; `pan` goes from -1, left, to 1, right, at equal power."""
        here = self.sound[:, start : start + sound.shape[-1]]
        angle = (pan + 1) * np.pi / 4
        sides = gain * np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        here += sides.astype(np.float32) * sound[..., : here.shape[1]]


def ping_pong(sound: Sound, delay: int, *, feedback: float, repeats: int = 6) -> Sound:
    """Return only the echoes of a sound, `delay` samples apart, left and right in turn."""
    echoes = np.zeros_like(sound)
    mono = sound.mean(axis=0)
    for repeat in range(1, repeats + 1):
        late = repeat * delay
        near, far = (0, 1) if repeat % 2 else (1, 0)
        echoes[near, late:] += np.float32(0.9 * feedback**repeat) * mono[: mono.size - late]
        echoes[far, late:] += np.float32(0.3 * feedback**repeat) * mono[: mono.size - late]
    return echoes


def reverb(sound: Sound, *, rate: int, seconds: float, random: Random) -> Sound:
    """Return only the room around a sound: noise that decays by 60 dB in `seconds`, different on either side.

    The room is deaf below 300 Hz, so that the low end stays dry and mono.
    """
    t = np.arange(round(1.2 * seconds * rate)) / rate
    room = random.standard_normal((2, t.size), dtype=np.float32) * np.exp(-6.9 * t / seconds).astype(np.float32)
    room = band(room * np.minimum(t / 0.012, 1).astype(np.float32), 300, 5000, rate=rate)
    room /= np.sqrt((room**2).sum(axis=1, keepdims=True))
    samples = sound.shape[1]
    size = _quick_size(samples + t.size)
    spectrum = np.fft.rfft(sound.mean(axis=0), size)
    return np.fft.irfft(spectrum * np.fft.rfft(room, size), size)[:, :samples].astype(np.float32)


def _quick_size(samples: int) -> int:
    """Return the next size that an FFT takes quickly: a small multiple of a power of two."""
    power = 1 << max(samples.bit_length() - 3, 0)
    return -(-samples // power) * power


def ducking(beats: Iterable[int], samples: int, *, rate: int, seconds: float = 0.3) -> Sound:
    """Return a gain that drops to 0 at each beat and climbs back to 1 within `seconds`, shape ``(samples,)``."""
    press, recover = round(0.006 * rate), round(seconds * rate)
    dip = np.concatenate([np.linspace(1, 0, press), np.linspace(0, 1, recover) ** 1.5]).astype(np.float32)
    gain = np.ones(samples, np.float32)
    for beat in beats:
        here = gain[beat : beat + dip.size]
        np.minimum(here, dip[: here.size], out=here)
    return gain


def duck(sound: Sound, pump: Sound, *, depth: float) -> Sound:
    """Turn a sound down where `pump` is low: not at all at depth 0, to nothing at depth 1."""
    return sound * (1 - depth + depth * pump)


def saturate(sound: Sound, drive: float) -> Sound:
    """Round the peaks off as tape does; what is quiet passes unchanged."""
    rounded: Sound = np.tanh(sound * np.float32(drive)) / np.float32(drive)
    return rounded


def limit(sound: Sound, ceiling: float, *, rate: int, ahead_ms: float = 12.0) -> Sound:
    """Hold the peaks of both sides at `ceiling`, turning down smoothly before each peak comes."""
    ahead = round(rate * ahead_ms / 1000)
    wanted = np.minimum(1, ceiling / np.maximum(np.abs(sound).max(axis=0), 1e-9))
    padded = np.pad(wanted, 2 * ahead, constant_values=1.0)
    lowest = _running_minimum(padded, 2 * ahead + 1)
    gain = _running_mean(_running_mean(lowest, ahead + 1), ahead + 1)
    return (sound * gain).astype(np.float32)


def _running_minimum(values: Curve, width: int) -> Curve:
    """Minimum over each window of `width`, found by doubling; ``width - 1`` values fewer come back."""
    have = 1
    while have < width:
        step = min(have, width - have)
        values = np.minimum(values[:-step], values[step:])
        have += step
    return values


def _running_mean(values: Curve, width: int) -> Curve:
    total = np.zeros(values.size + 1)
    np.cumsum(values, out=total[1:])
    mean: Curve = (total[width:] - total[:-width]) / width
    return mean


def fade_out(sound: Sound, samples: int) -> Sound:
    """Let the last `samples` sink to silence along half a cosine."""
    sound[:, -samples:] *= (0.5 + 0.5 * np.cos(np.pi * np.linspace(0, 1, samples))).astype(np.float32)
    return sound


def soften(curve: Sound, samples: int) -> Sound:
    """Round the corners of a gain curve: the mean over about `samples` around each moment."""
    half = max(samples // 2, 1)
    return _running_mean(np.pad(curve, half, mode="edge"), 2 * half + 1).astype(np.float32)
