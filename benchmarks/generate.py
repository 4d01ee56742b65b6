"""What making costs beside the bare generator, and what a second worker brings.

Run: ``python benchmarks/generate.py``. Ratios are taken against the bare generator, called in a loop in this process,
in rounds that alternate with it.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import cv2

import tessonance as tess
from tessonance.plugins import open_generator
from tessonance.project import Project, parse_project

PROJECT = """
[picture]
width = 512
height = 512
[generator]
use = "{use}"
[[axis]]
name = "{first}"
steps = {down}
[[axis]]
name = "{second}"
steps = {right}
"""
CASES = {"cppn": ("cppn", "a", "b", 6, 6), "painted": ("painted", "bloom", "ink", 17, 17)}


def bare(project: Project) -> float:
    """Seconds to paint every cell in a loop, opening left out; cells sharing a canvas stand together."""
    generator = open_generator(project)
    grid = project.grid
    cells = sorted((grid.cell(flat) for flat in range(grid.size)), key=lambda cell: cell[::-1])
    began = time.perf_counter()
    for cell in cells:
        generator.paint([grid.point(cell)])
    seconds = time.perf_counter() - began
    generator.close()
    return seconds


def made(project: Project, workers: int) -> float:
    """Seconds from the first report, when the generators are open, to the end."""
    began: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        tesseract = tess.generate(
            project,
            Path(folder) / "bench.tess",
            workers=workers,
            progress=lambda _: began or began.append(time.perf_counter()),
        )
        seconds = time.perf_counter() - began[0]
        tesseract.close()
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    print(f"{'generator':10} {'cells':>6} {'bare s':>8} {'1 worker / bare':>16} {'1 worker / 2 workers':>21}")
    for label, (use, first, second, down, right) in CASES.items():
        project = parse_project(PROJECT.format(use=use, first=first, second=second, down=down, right=right))
        times = [(bare(project), made(project, 1), made(project, 2)) for _ in range(rounds)]
        alone = statistics.median(one / base for base, one, _ in times)
        together = statistics.median(one / two for _, one, two in times)
        base = statistics.median(base for base, _, _ in times)
        print(f"{label:10} {down * right:6} {base:8.2f} {alone:16.3f} {together:21.2f}")


if __name__ == "__main__":
    main()
