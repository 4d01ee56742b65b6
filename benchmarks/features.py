"""How fast the features are heard, on one core.

    python benchmarks/features.py [SONG]

Wanted: all features, the beat among them, at 50 x real time or more. The baseline is what no analysis of this kind can
do without, in the same run: one windowed `numpy.fft.rfft` of 1024 samples for every hop. All cases take turns and the
fastest round of each counts; times are of the processor, so that other programs matter less. Then the live shape: what
one push of a sound card's block costs, and how soon a feature follows a hit: when it is half way to where it stays.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.project import BANDS, CHROMA, FEATURES, TEMPO
from tessonance.sound import FeatureStream, blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WANTED = 50.0
RATE, HOP, WINDOW, BLOCK = 48_000, 256, 1024, 16_384
CASES: dict[str, tuple[str, ...]] = {
    "all but the beat": tuple(name for name in FEATURES if name not in TEMPO),
    "all features": FEATURES,
    "low, high": ("low", "high"),
    "low, high, onset": ("low", "high", "onset"),
    "bands, loudness": (*BANDS, "loudness"),
    "onset": ("onset",),
    "beat, bar, bpm": TEMPO,
    "brightness, noisiness": ("brightness", "noisiness"),
    "chroma": CHROMA,
}
RISES = {"sub": 40.0, "low": 60.0, "mid": 400.0, "high": 5_000.0, "40-90Hz": 60.0, "55-65Hz": 60.0, "loudness": 500.0}


def band(seconds: float) -> NDArray[np.float32]:
    """Make a song where none is given: a kick, a chord and noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    kick = np.exp(-(t % 0.5) * 14) * np.sin(2 * np.pi * 55 * t)
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 261.6, 329.6))
    noise = np.random.default_rng(0).standard_normal(len(t)) * np.exp(-(t % 0.25) * 40)
    return (0.5 * kick + 0.1 * chord + 0.05 * noise).astype(np.float32)


def bare(samples: NDArray[np.float32]) -> None:
    """One windowed transform for every hop, alone."""
    shape, heard = np.hanning(WINDOW), samples.astype(np.float64)
    for end in range(WINDOW, len(heard) + 1, HOP):
        np.fft.rfft(heard[end - WINDOW : end] * shape)


def hear(samples: NDArray[np.float32], names: tuple[str, ...]) -> None:
    """As `features` hears a file: in the decoder's blocks."""
    stream = FeatureStream(names)
    for first in range(0, len(samples), BLOCK):
        stream.push(samples[first : first + BLOCK])


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def push_microseconds(samples: NDArray[np.float32], names: tuple[str, ...], size: int) -> float:
    """Return the median cost of one push of `size` samples."""
    stream = FeatureStream(names)
    pushes = [samples[first : first + size] for first in range(0, len(samples) - size, size)]
    return statistics.median(seconds(lambda push=push: stream.push(push)) for push in pushes[50:]) * 1e6  # type: ignore[misc]


def rise_milliseconds(name: str, hz: float) -> float:
    """Return when a feature is half way up after a tone begins: the mean over phases of the tone and of the hop."""
    t, begins = np.arange(8 * RATE) / RATE, 6 * RATE
    rises = []
    for phase, late in ((0.0, 0), (1.0, 64), (2.0, 128), (3.0, 192)):
        bursts = np.where(t < 5, t % 1 > 0.5, False)  # the level gets to know them, then a second's silence
        bursts[begins + late :] = True
        samples = 0.3 * np.sin(2 * np.pi * hz * t + phase) * bursts
        values = FeatureStream([name]).push(samples.astype(np.float32))[:, 0]
        milliseconds = ((np.arange(len(values)) + 1) * HOP - begins - late) / RATE * 1000
        half = values[(milliseconds > 100) & (milliseconds < 400)].mean() / 2
        above = np.flatnonzero((milliseconds > 0) & (values >= half))[0]
        before, after = values[above - 1], values[above]
        rises.append(milliseconds[above - 1] + (half - before) / (after - before) * HOP / RATE * 1000)
    return statistics.mean(rises)


def main() -> None:
    """Print the table; exit with 1 where the full set is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", type=Path, nargs="?", help="a sound file; a synthesised one unless given")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    samples = band(given.seconds)
    if given.song:
        samples = np.concatenate(list(blocks(given.song, stop=given.seconds, channels=1)))[:, 0]
    length = len(samples) / RATE
    works: dict[str, Callable[[], object]] = {"rfft of each hop alone": lambda: bare(samples)}
    works |= {name: lambda names=names: hear(samples, names) for name, names in CASES.items()}  # type: ignore[misc]
    rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(given.rounds)]
    best = {name: min(times[name] for times in rounds) for name in works}
    base = best["rfft of each hop alone"]
    print(f"{length:.0f} s of sound, {len(samples) // HOP:,} hops of {HOP}, the fastest of {given.rounds} rounds")
    print(f"{'':24} {'x real time':>11} {'µs a hop':>9} {'x baseline':>10}")
    for name, took in best.items():
        print(f"{name:24} {length / took:11.0f} {took / (len(samples) // HOP) * 1e6:9.1f} {took / base:10.2f}")
    if given.song:
        took = seconds(lambda: [None for _ in blocks(given.song, stop=given.seconds, channels=1)])
        print(f"{'decoding the song':24} {length / took:11.0f}")
    print("\nlive: the median cost of one push, and the share of a core at that pace")
    print(f"{'':24} {'256 samples':>17} {'768 samples':>17}")
    for name, names in CASES.items():
        costs = [(size, push_microseconds(samples[: 20 * RATE], names, size)) for size in (HOP, 3 * HOP)]
        cells = (f"{cost:8.0f} µs {cost / (size / RATE * 1e6):5.1%}" for size, cost in costs)
        print(f"{name:24} {'  '.join(cells)}")
    print("\nhalf way up after a tone begins")
    for name, hz in RISES.items():
        print(f"{name:24} {rise_milliseconds(name, hz):11.1f} ms at {hz:g} Hz")
    speed = length / best["all features"]
    verdict = "reached" if speed >= WANTED else "NOT reached"
    print(f"\nall features: {speed:.0f} x real time, wanted {WANTED:.0f}: {verdict}")
    raise SystemExit(speed < WANTED)


if __name__ == "__main__":
    main()
