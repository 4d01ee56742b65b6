"""Slow sweeps along an axis, as shows make them, beside pictures that were painted for every frame.

    python benchmarks/sweeps.py [--side 192] [--steps 17] [--frames 75]

Half an axis in as many frames, at 30 a second. Pop (change that motion does not explain) between successive frames,
99th percentile; the frames' detail over that of the exact ones; and breathing, the lowest detail over the mean. Wanted
of morph: pop at most 1.2 times the exact one and half of nearest's, detail and breathing at least 0.9; the others
beside it.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import tessonance as tess
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler
from tessonance.smooth.metrics import breathing, change, detail
from tessonance.store import open_tesseract

LINES = {  # name: generator and axis
    "scene, pan": ('use = "scene"', 'name = "pan"'),
    "scene, zoom": ('use = "scene"', 'name = "zoom"'),
    "scene, turn": ('use = "scene"', 'name = "turn", to = 0.25'),
    "painted, bloom": ('use = "painted"', 'name = "bloom"'),
    "painted, ink": ('use = "painted"', 'name = "ink"'),
    "toy": ('use = "toy"', 'name = "a"'),
}
METHODS = ("nearest", "blend", "morph")
POP, AGAINST_NEAREST, LEAST = 1.2, 0.5, 0.9

Frames = list[NDArray[np.uint8]]


def line(folder: Path, name: str, *, side: int, steps: int, frames: int) -> dict[str, Frames]:
    """Paint and bake a line; return a sweep by every method, and the exact one."""
    generator, axis = LINES[name]
    text = f"picture = {{ width = {side}, height = {side}, codec = 'lossless' }}\ngenerator = {{ {generator} }}\n"
    project = parse_project(f"{text}axis = [{{ {axis}, steps = {steps} }}]\n")
    path = folder / f"{name.replace(', ', '-')}.tess"
    tess.generate(project, path).close()
    tess.bake(path)
    way = np.linspace(0.25, 0.75, frames)
    values = project.axes[0].values
    points = [{project.axes[0].name: float(value)} for value in values[0] + way * (values[-1] - values[0])]
    painter = open_generator(project)
    exact = [painter.paint([point])[0] for point in points]
    painter.close()
    with open_tesseract(path) as tesseract:
        knots, fields = tesseract.knots(), tesseract.bake()
        shown = {}
        for method in METHODS:
            moved = fields if method == "morph" else None
            sampler = CpuSampler(tesseract.picture, tesseract.grid, knots, method=method, fields=moved)
            shown[method] = [sampler.frame([at]).copy() for at in way]
    return {**shown, "exact": exact}


def figures(frames: Frames) -> tuple[float, float, float]:
    """Return pop p99, mean detail and breathing of a sweep."""
    pops = [change(first, second).pop for first, second in pairwise(frames)]
    details = [detail(frame) for frame in frames]
    return float(np.percentile(pops, 99)), float(np.mean(details)), breathing(details)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--steps", type=int, default=17)
    parser.add_argument("--frames", type=int, default=75)
    parser.add_argument("--only", help="lines whose names begin so")
    given = parser.parse_args()
    print(f"{given.steps} pictures of {given.side} x {given.side}, half of the axis in {given.frames} frames")
    print("pop p99, detail over exact, breathing; pop wanted <= 1.2 x exact and <= 0.5 x nearest, the others >= 0.9")
    print(f"{'':15}" + "".join(f"{method:>22}" for method in (*METHODS, "exact")))
    with tempfile.TemporaryDirectory() as folder:
        for name in LINES:
            if given.only and not name.startswith(given.only):
                continue
            swept = line(Path(folder), name, side=given.side, steps=given.steps, frames=given.frames)
            found = {method: figures(frames) for method, frames in swept.items()}
            exact = found["exact"]
            cells = [f"{pop:9.3f} {sharp / exact[1]:6.2f}{even:6.2f}" for pop, sharp, even in found.values()]
            pop, sharp, even = found["morph"]
            good = pop <= POP * exact[0] and pop <= AGAINST_NEAREST * found["nearest"][0]
            good = good and sharp >= LEAST * exact[1] and even >= LEAST
            print(f"{name:15}" + "".join(cells) + f"   {'reached' if good else 'NOT reached'}", flush=True)


if __name__ == "__main__":
    main()
