"""What the flash limiter costs: `python benchmarks/flash.py`."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np

from tessonance.show.calm import Calm
from tessonance.show.flash import FlashLimiter
from tessonance.show.flash_estimate import blended, estimate, thumbnail

FPS = 60
SECONDS = 10


def main() -> None:
    """Print what a frame costs when nothing flashes, and when everything does."""
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (720, 1280, 3)).astype(np.uint8) // part for part in (1, 2, 3, 4)]
    thumbs = [thumbnail(picture) for picture in pictures]
    print(f"thumbnail of a decoded picture     {timed(lambda: thumbnail(pictures[0])):7.0f} µs")
    print(f"estimate of a frame in memory      {timed(lambda: estimate(pictures[0])):7.0f} µs")
    print(f"estimate from four thumbnails      {timed(lambda: blended(thumbs, [0.1, 0.2, 0.3, 0.4])):7.0f} µs")
    for name, frames in (("nothing flashes", slow(thumbs)), ("a strobe of 10 Hz", strobe(thumbs))):
        limiter, calm, took = FlashLimiter(), 0, []
        for k, frame in enumerate(frames):
            began = perf_counter()
            calm += limiter.step(frame, k / FPS) > 0.0
            took.append(perf_counter() - began)
        print(f"limiter, {name:20}      {median(took) * 1e6:7.0f} µs, {calm} of {len(frames)} frames calmed")
    stage, frames = Calm(), [picture.copy() for picture in pictures[:2]]
    print(f"stage of a render, 1280 × 720      {stage_timed(stage, [frames[0]] * 60):7.0f} µs")
    print(f"the same, calming                  {stage_timed(stage, [frames[k // 3 % 2] for k in range(120)]):7.0f} µs")


def timed(call: object, rounds: int = 50) -> float:
    """Return the median time of a call in microseconds."""
    took = []
    for _ in range(rounds):
        began = perf_counter()
        call()  # type: ignore[operator]
        took.append(perf_counter() - began)
    return median(took) * 1e6


def slow(thumbs: list[np.ndarray]) -> list[np.ndarray]:
    """Return estimates that go from picture to picture in a second each."""
    shares = np.arange(SECONDS * FPS) / FPS % 1
    return [
        blended([thumbs[k // FPS % 4], thumbs[(k // FPS + 1) % 4]], [1 - share, share])
        for k, share in enumerate(shares)
    ]


def strobe(thumbs: list[np.ndarray]) -> list[np.ndarray]:
    """Return estimates of a picture that is there and gone, ten times a second."""
    return [blended([thumbs[0]], [float(k // 3 % 2)]) for k in range(SECONDS * FPS)]


def stage_timed(stage: Calm, frames: list[np.ndarray]) -> float:
    """Return the median time of a frame in microseconds."""
    took, first = [], stage.limiter.frames
    for k, frame in enumerate(frames):
        given = frame.copy()
        began = perf_counter()
        stage(given, (first + k) / FPS)
        took.append(perf_counter() - began)
    return median(took) * 1e6


if __name__ == "__main__":
    main()
