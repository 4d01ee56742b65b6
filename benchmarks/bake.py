"""How fast a tesseract is baked, and what the bake's decisions are worth on pictures that are known.

    python benchmarks/bake.py

First, edges a second of one core's processor time, on `painted` and `scene` at 512 × 512, the calibration counted in;
wanted: at least 10. Then lines of which every second, or fourth, picture is baked, and the picture in the middle of
each edge is guessed by blend, by flow, and by what the bake chose without knowing it. Errors are FLIP as viewed at
128 × 128.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from smooth_metrics import paint

import tessonance as tess
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.smooth.edges import Line
from tessonance.smooth.fields import shown, spread_out
from tessonance.smooth.guess import Guess, judge, morph
from tessonance.smooth.views import as_float
from tessonance.store import TesseractWriter, open_tesseract

WANTED = 10.0
GRIDS = {"painted": ("bloom", "ink"), "scene": ("pan", "zoom")}
LINES = {
    "scene, pan": ('use = "scene"', 'name = "pan"'),
    "scene, zoom": ('use = "scene"', 'name = "zoom"'),
    "scene, turn": ('use = "scene"', 'name = "turn", to = 0.25'),
    "scene, orbit": ('use = "scene"', 'name = "orbit"'),
    "painted, shape": ('use = "painted"', 'name = "bloom"'),
    "painted, style": ('use = "painted"', 'name = "ink"'),
    "plasma": ('use = "plasma"', 'name = "a"'),
    "toy": ('use = "toy"', 'name = "a"'),
    "toy, new noise": ('use = "toy", noise = "new"', 'name = "a"'),
}


def make(path: Path, use: str, *, steps: tuple[int, int], side: int) -> None:
    """Paint a grid."""
    names = "".join(f'{{ name = "{name}", steps = {n} }},' for name, n in zip(GRIDS[use], steps, strict=True))
    project = parse_project(
        f'picture = {{ width = {side}, height = {side} }}\ngenerator = {{ use = "{use}", seed = 1 }}\naxis = [{names}]'
    )
    opened = open_generator(project)
    try:
        with TesseractWriter.create(path, project) as writer:
            for flat in range(project.grid.size):
                cell = project.grid.cell(flat)
                writer.put_picture(cell, opened.paint([project.grid.point(cell)])[0])
    finally:
        opened.close()


def speed(use: str, *, steps: tuple[int, int], side: int) -> None:
    """Bake a grid with one thread, and print what it took."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "bench.tess"
        make(path, use, steps=steps, side=side)
        start, clock = time.process_time(), time.perf_counter()
        report = tess.bake(path, workers=1)
        took, clock = time.process_time() - start, time.perf_counter() - clock
        bytes_ = sum(file.stat().st_size for file in (path / "bake").rglob("*") if file.is_file())
        with open_tesseract(path) as tesseract:
            stored = tesseract.stored_bytes()
    rate = report.made / took
    flows = sum(axis.flow for axis in report.axes)
    print(
        f"{use:10} {report.made:6} {flows:6} {1000 * took / report.made:9.1f} {rate:9.1f} {report.made / clock:9.1f}"
        f" {report.calibration.rank_correlation:7.3f} {100 * bytes_ / stored:9.0f}"
        f"  wanted >= {WANTED:g}: {'reached' if rate >= WANTED else 'MISSED'}"
    )


def decisions(pictures: list[NDArray[np.uint8]], stride: int) -> tuple[str, list[list[Guess]]]:
    """Bake a line of every `stride`-th picture; return what was chosen, and all guesses of the pictures between."""
    places = range(0, len(pictures), stride)
    line = Line([(place,) for place in places], lambda cell: pictures[cell[0]])
    chosen, guesses = "", []
    for number, place in enumerate(places[:-1]):
        field = line.edge(number).field
        first, second = as_float(pictures[place]), as_float(pictures[place + stride])
        blend = shown(first, second, None, 0.5)
        flow = morph(first, second, 0.5)
        mine = blend
        if field is not None:
            mine = np.clip(shown(first, second, spread_out(field, first.shape, first.shape), 0.5), 0, 1)
        chosen += "-" if field is None else "f"
        guesses.append([judge(guess, pictures[place + stride // 2]) for guess in (blend, flow, mine)])
    return chosen, guesses


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--steps", type=int, nargs=2, default=(33, 9), help="of the two axes of each grid")
    parser.add_argument("--cells", type=int, default=33, help="of each line")
    parser.add_argument("--grids", nargs="*", choices=GRIDS, default=list(GRIDS))
    parser.add_argument("--lines", nargs="*", choices=LINES, default=list(LINES), metavar="LINE")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"grids of {given.steps[0]} × {given.steps[1]}, {given.side}², one thread; load {os.getloadavg()[0]:.1f}")
    print(f"{'':10} {'edges':>6} {'flow':>6} {'ms each':>9} {'a second':>9} {'by clock':>9} {'rank':>7} {'% of MB':>9}")
    for use in given.grids:
        speed(use, steps=tuple(given.steps), side=given.side)
    print(f"\nlines of {given.cells}; error, sharpness and contrast of the middle of each edge, guessed")
    print(f"{'':16} {'stride':>6} {'blend':>18} {'flow':>18} {'chosen':>18}  edges that flow")
    for name in given.lines:
        use, axis = LINES[name]
        pictures = paint(use, axis, cells=given.cells, side=given.side)
        for stride in (2, 4):
            chosen, guesses = decisions(pictures, stride)
            means = np.mean([[(g.error, g.sharpness, g.contrast) for g in row] for row in guesses], axis=0)
            words = " ".join(f"{e:8.3f} {s:4.2f} {c:4.2f}" for e, s, c in means)
            print(f"{name:16} {stride:6} {words}  {chosen}", flush=True)


if __name__ == "__main__":
    main()
