"""One random picture through `Tesseract` against the bare JPEG decode of the same bytes.

    python benchmarks/read_picture.py

Wanted: a ratio of at most 1.15 for JPEG 4:2:0. The two take turns, picture by picture, so that a busy machine slows
both; only the ratio of the medians counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg

from tessonance.grid import Axis
from tessonance.project import Generator, Picture, Project
from tessonance.store import Tesseract, TesseractWriter, open_tesseract

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.grid import Cell

WANTED = 1.15


def scene(side: int, *, phase: float, grain: float) -> NDArray[np.uint8]:
    """Paint smooth colour waves with some grain: between a photograph and a drawing in what a decoder has to do."""
    y, x = np.mgrid[0:side, 0:side] / side
    waves = np.stack([np.sin(9 * x + 7 * y * k + phase) + np.sin(5 * x * y + k) for k in (1, 2, 3)], -1)
    noise = np.random.default_rng(int(1000 * phase)).normal(0, grain, waves.shape)
    return np.clip(127 + 60 * waves + noise, 0, 255).astype(np.uint8)


def make(path: Path, *, side: int, steps: int, codec: str) -> None:
    """Fill a square tesseract with a few different scenes."""
    axes = (Axis(name="bloom", steps=steps), Axis(name="ink", steps=steps))
    picture = Picture(width=side, height=side, codec=codec)  # type: ignore[arg-type]
    project = Project(picture=picture, generator=Generator(use="plasma"), axes=axes)
    with TesseractWriter.create(path, project) as writer:
        encoded = [writer.codec.encode(scene(side, phase=k / 8, grain=6.0)) for k in range(8)]
        for flat in range(writer.grid.size):
            writer.put(writer.grid.cell(flat), encoded[flat % len(encoded)])


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def race(tesseract: Tesseract, *, rounds: int) -> dict[str, float]:
    """Return median milliseconds of each way to a random picture, the ways taking turns."""
    grid, codec = tesseract.grid, tesseract.codec
    random = np.random.default_rng(1)
    times: dict[str, list[float]] = {"bare decode": [], "fetch": [], "codec": [], "Tesseract.picture": []}
    jpeg = tesseract.project.picture.codec != "lossless"
    for number in range(rounds):
        cell: Cell = grid.cell(int(random.integers(grid.size)))
        encoded = bytes(tesseract.encoded(cell))
        ways: dict[str, Callable[[], object]] = {
            "fetch": lambda cell=cell: tesseract.encoded(cell),
            "codec": lambda encoded=encoded: codec.decode(encoded),
            "Tesseract.picture": lambda cell=cell: tesseract.picture(cell),
        }
        if jpeg:
            ways["bare decode"] = lambda encoded=encoded: simplejpeg.decode_jpeg(encoded, "RGB")
        names = sorted(ways, reverse=bool(number % 2))
        for name in names:
            times[name].append(seconds(ways[name]))
    return {name: 1000 * float(np.median(values)) for name, values in times.items() if values}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--steps", type=int, default=17, help="of each of two axes")
    parser.add_argument("--rounds", type=int, default=600)
    given = parser.parse_args()
    print(f"{given.steps}² pictures of {given.side} × {given.side} pixels, {given.rounds} rounds, medians in ms")
    print(f"{'codec':10} {'KB':>6} {'bare decode':>12} {'fetch':>8} {'codec':>8} {'picture':>8} {'ratio':>7}")
    for codec in ("jpeg", "jpeg444", "lossless"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.tess"
            make(path, side=given.side, steps=given.steps, codec=codec)
            with open_tesseract(path) as tesseract:
                ms = race(tesseract, rounds=given.rounds)
                kilobytes = tesseract.stored_bytes() / tesseract.painted() / 1000
        bare = ms.get("bare decode", ms["codec"])
        ratio = ms["Tesseract.picture"] / bare
        verdict = "" if codec != "jpeg" else f"  wanted <= {WANTED}: {'reached' if ratio <= WANTED else 'MISSED'}"
        print(
            f"{codec:10} {kilobytes:6.0f} {bare:12.3f} {ms['fetch']:8.4f} {ms['codec']:8.3f} "
            f"{ms['Tesseract.picture']:8.3f} {ratio:7.3f}{verdict}"
        )


if __name__ == "__main__":
    main()
