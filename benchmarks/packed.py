"""One random picture from a packed tesseract against the same picture from its folder.

    python benchmarks/packed.py

Wanted: a ratio of at most 1.1. The two take turns, picture by picture, so that a busy machine slows both; only the
ratio of the medians counts.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from read_picture import make, seconds

from tessonance.store import Tesseract, open_tesseract, pack

WANTED = 1.1


def race(folder: Tesseract, packed: Tesseract, *, rounds: int) -> dict[str, tuple[float, float]]:
    """Return median milliseconds from the folder and from the packed file, of a whole picture and of its bytes."""
    random = np.random.default_rng(1)
    times: dict[str, tuple[list[float], list[float]]] = {"picture": ([], []), "its bytes": ([], [])}
    for number in range(rounds):
        cell = folder.grid.cell(int(random.integers(folder.grid.size)))
        pairs = [(folder, 0), (packed, 1)]
        for tesseract, place in pairs if number % 2 else reversed(pairs):
            times["picture"][place].append(seconds(lambda: tesseract.picture(cell)))  # noqa: B023
            times["its bytes"][place].append(seconds(lambda: tesseract.encoded(cell)))  # noqa: B023
    return {what: (1000 * float(np.median(a)), 1000 * float(np.median(b))) for what, (a, b) in times.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--steps", type=int, default=17, help="of each of two axes")
    parser.add_argument("--rounds", type=int, default=1000)
    given = parser.parse_args()
    print(f"{given.steps}² pictures of {given.side} × {given.side} pixels, {given.rounds} rounds, medians in ms")
    print(f"{'codec':10} {'':10} {'folder':>8} {'packed':>8} {'ratio':>7}")
    for codec in ("jpeg", "lossless"):
        with tempfile.TemporaryDirectory() as home:
            path = Path(home) / "bench.tess"
            make(path, side=given.side, steps=given.steps, codec=codec)
            with open_tesseract(path) as folder, open_tesseract(pack(path).path) as packed:
                found = race(folder, packed, rounds=given.rounds)
        for what, (a, b) in found.items():
            verdict = f"  wanted <= {WANTED}: {'reached' if b / a <= WANTED else 'MISSED'}" if what == "picture" else ""
            print(f"{codec:10} {what:10} {a:8.4f} {b:8.4f} {b / a:7.3f}{verdict}")


if __name__ == "__main__":
    main()
