"""The measures of smoothness on a line of each fixture, and what they cost.

    python benchmarks/smooth_metrics.py

First, the measures of each line: a score counts only where the gates are passed, and lines whose cells are strangers
must be refused. Lines of the tiny diffusers pipeline are among them where the extra `[diffusers]` and open_clip_torch
are installed. Then how the fast distance ranks beside FLIP, and what a pair of pictures takes, also beside the
reference implementation of FLIP (flip-evaluator, a development dependency).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import tiny
from numpy.typing import NDArray

from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.smooth.distance import calibrate, distance, glance
from tessonance.smooth.flip import difference, flip, see
from tessonance.smooth.guess import fade, held_out, morph
from tessonance.smooth.line import Gates, measure_line
from tessonance.smooth.metrics import change, interpolation_ratio
from tessonance.smooth.views import view

LINES = {  # name: generator with options, axis, whether it has to pass
    "toy, one noise": ('use = "toy"', 'name = "a"', True),
    "toy, prefix 0.5": ('use = "toy", prefix = 0.5', 'name = "a"', True),
    "toy, ancestral pinned": ('use = "toy", ancestral = 1.0', 'name = "a"', True),
    "toy, ancestral free": ('use = "toy", ancestral = 1.0, churn = "free"', 'name = "a"', False),
    "toy, new noise": ('use = "toy", noise = "new"', 'name = "a"', False),
    "scene, pan": ('use = "scene"', 'name = "pan"', True),
    "scene, zoom": ('use = "scene"', 'name = "zoom"', True),
    "painted, shape": ('use = "painted"', 'name = "bloom"', True),
    "painted, style": ('use = "painted"', 'name = "ink"', True),
    "plasma": ('use = "plasma"', 'name = "a"', True),
}
HEADS = ("mean e", "R", "rough", "unif", "CV", "T", "F", "cliff", "pop", "speed%")
HEADS += ("IR fade", "sharp", "contr", "IR morph", "sharp", "contr")


def paint(generator: str, axis: str, *, cells: int, side: int, folder: Path | None = None) -> list[NDArray[np.uint8]]:
    """Paint one line; what the generator reads is in a folder."""
    project = parse_project(
        f"picture = {{ width = {side}, height = {side} }}\n"
        f"generator = {{ {generator}, seed = 1 }}\naxis = [{{ {axis}, steps = {cells} }}]",
        folder=folder,
    )
    opened = open_generator(project)
    try:
        return [opened.paint([project.grid.point((index,))])[0] for index in range(cells)]
    finally:
        opened.close()


def row(pictures: Sequence[NDArray[np.uint8]]) -> tuple[list[float], bool]:
    """Measure a line; the second value is whether it passes the gates."""
    line = measure_line(pictures)
    changes = [change(a, b) for a, b in pairwise(pictures)]
    found = [float(np.mean(line.steps)), line.spread, line.roughness, line.uniformity, line.variation, line.tortuosity]
    found += [line.flicker, line.cliff_share]
    found += [float(np.mean([c.pop for c in changes])), float(np.mean([c.speed for c in changes]))]
    for guesser in (fade, morph):
        guesses = held_out(pictures, guesser=guesser)
        found.append(interpolation_ratio([guess.error for guess in guesses], line.steps))
        found += [float(np.mean([getattr(guess, name) for guess in guesses])) for name in ("sharpness", "contrast")]
    return found, Gates().verdict(line).passed


def milliseconds(work: Callable[[], object], rounds: int = 15) -> float:
    """Return the median time of some work."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def costs(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> None:
    """Print what comparing two pictures takes."""
    cv2.setNumThreads(1)
    side = first.shape[0]
    seen, glanced = [see(view(p)) for p in (first, second)], [glance(p) for p in (first, second)]
    table = {
        f"FLIP at {side}²": lambda: flip(first, second),
        "FLIP as viewed at 128²": lambda: flip(view(first), view(second)),
        "the same, both looked at before": lambda: difference(*seen),
        "fast distance": lambda: distance(glance(first), glance(second)),
        "the same, both looked at before ": lambda: distance(*glanced),
        "pop and speed": lambda: change(first, second),
    }
    print(f"\none pair of {side} × {side} pictures, one thread, median ms")
    mine = {name: milliseconds(work) for name, work in table.items()}
    for name, took in mine.items():
        print(f"  {name:34} {took:8.2f}")
    try:
        import flip_evaluator
    except ImportError:
        print("  flip-evaluator is not installed: no comparison")
        return
    a, b = (np.ascontiguousarray(p / np.float32(255), np.float32) for p in (first, second))
    took = milliseconds(lambda: flip_evaluator.evaluate(a, b, "LDR", applyMagma=False), 5)
    theirs = flip_evaluator.evaluate(a, b, "LDR", applyMagma=False)[1]
    print(f"  {'flip-evaluator, all cores':34} {took:8.2f}   {took / mine[f'FLIP at {side}²']:.1f} times ours")
    print(f"  mean FLIP: ours {flip(first, second):.6f}, theirs {theirs:.6f}")


def ranks(lines: dict[str, list[NDArray[np.uint8]]]) -> None:
    """Print how the fast distance ranks beside FLIP."""
    print("\nfast distance against FLIP: edges, double edges, and edges blended at 1/16 and 1/4")
    everything = []
    for name, line in lines.items():
        pairs = [*pairwise(line), *zip(line, line[2:], strict=False)]
        pairs += [(a, (fade(a, b, s) * 255).astype(np.uint8)) for a, b in pairwise(line) for s in (1 / 16, 1 / 4)]
        everything += pairs
        edges, found = calibrate(pairwise(line)), calibrate(pairs)
        alone = f"edges alone {edges.rank_correlation:6.3f}"
        print(f"  {name:22} rank {found.rank_correlation:.3f}, {alone}, error {found.error:.3f}")
    found = calibrate(everything)
    print(f"  {'all together':22} rank {found.rank_correlation:.3f}, {found.pairs} pairs, error {found.error:.3f}")


def table(folder: Path, *, cells: int, side: int) -> dict[str, list[NDArray[np.uint8]]]:
    """Paint and measure every line, print what comes of it, and return the lines."""
    lines, wrong = {}, 0
    for name, (generator, axis, passes) in {**LINES, **(tiny.LINES if tiny.in_folder(folder) else {})}.items():
        lines[name] = paint(generator, axis, cells=cells, side=side, folder=folder)
        found, passed = row(lines[name])
        wrong += passed != passes
        verdict = ("passed" if passed else "refused") + ("" if passed == passes else "  WRONG")
        print(f"{name:22}" + "".join(f"{value:9.3f}" for value in found) + f"  {verdict}", flush=True)
    print("every line is judged as it should be" if not wrong else f"{wrong} lines are judged WRONGLY")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=61)
    parser.add_argument("--side", type=int, default=192)
    given = parser.parse_args()
    print(f"lines of {given.cells} pictures of {given.side} × {given.side}; e and R in FLIP as viewed at 128 × 128")
    print(f"{'':22}" + "".join(f"{head:>9}" for head in HEADS) + "  gates")
    with tempfile.TemporaryDirectory() as folder:
        lines = table(Path(folder), cells=given.cells, side=given.side)
    ranks(lines)
    costs(*paint('use = "painted"', 'name = "bloom"', cells=2, side=512))


if __name__ == "__main__":
    main()
