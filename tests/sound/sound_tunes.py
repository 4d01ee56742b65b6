"""Sounds made for the tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 48_000


def band(seconds: float = 9.0) -> NDArray[np.float32]:
    """Something like music: a kick, a bass, a chord that changes, hats, and a short stop in the middle."""
    random = np.random.default_rng(3)
    time = np.arange(round(seconds * RATE)) / RATE
    beat, eighth = time % 0.5, (time + 0.25) % 0.25
    kick = 0.6 * np.exp(-beat * 14) * np.sin(2 * np.pi * (50 * beat + 4 * (1 - np.exp(-beat * 30))))
    bass = 0.2 * np.exp(-eighth * 5) * np.sin(2 * np.pi * 82.4 * time)
    second = np.floor(time) % 3
    chord = sum(np.sin(2 * np.pi * hz * 2 ** (second / 12) * time) / n for n, hz in enumerate((261.6, 329.6, 392.0), 1))
    hats = 0.08 * np.exp(-eighth * 40) * np.diff(random.standard_normal(len(time) + 1))
    playing = np.abs(time - seconds / 2) > 0.15
    return ((kick + bass + 0.1 * chord + hats) * playing).astype(np.float32)


def sine(hz: float, seconds: float = 2.0, level: float = 0.3) -> NDArray[np.float32]:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)
