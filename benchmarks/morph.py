"""What moving pictures costs beside cross-fading them, on the processor and in OpenGL, and whether both agree.

    python benchmarks/morph.py

Pictures of 512 × 512 that pan, turn and zoom, every edge with a field; each frame stands somewhere between 2, 4, 8 or
16 of them, so 1 to 4 axes are off a knot. The frames of a blend, of a morph that reads pictures along straight lines
and of a fine one, of `CpuSampler` and `GlSampler`, take turns. Told are milliseconds of processor time per frame, all
cores together, which hold on a busy machine too; the last columns are the largest and the mean difference between the
two samplers' fine morphs, in 255ths, on pictures of pure noise.

Then a square of 9 × 9 such pictures is painted and baked, and played along a smooth way at 640 × 360, paced at 60 a
second, with all that is decoded for it: a live frame without the sound. On a machine that does other work besides,
``--slower 4`` gives each frame four times its time. OpenGL without a graphics card is software rendering: a floor.
``benchmarks/show.py SONG --method morph`` plays a whole show.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import tessonance as tess
from tessonance.grid import Axis, Cell, Grid
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler, Edge, GlSampler, Tap, taps
from tessonance.sampling.fields import steps
from tessonance.sampling.shares import LayerMove, Share
from tessonance.show.patience import PATIENCE_SECONDS
from tessonance.show.stage import Stage
from tessonance.sinks.offscreen import OffscreenWindow, offscreen_context
from tessonance.smooth.bake import bake
from tessonance.smooth.fields import find, shrink
from tessonance.smooth.views import as_float
from tessonance.store import Tesseract, open_tesseract
from tessonance.store.bake_field import Field

SIDE = 512
WHERE = (("CPU ", ""), ("GL ", ""), ("", ", seen"))
SEEN = (0, 112, 512, 288)  # what a frame of 640 × 360 shows of them
SCENE = """
picture = {{ width = {side}, height = {side} }}
generator = {{ use = "scene" }}
axis = [
    {{ name = "pan", from = 0.4, to = 0.5, steps = 2 }},
    {{ name = "turn", to = 0.03, steps = 2 }},
    {{ name = "zoom", to = 0.2, steps = 2 }},
    {{ name = "orbit", to = 0.05, steps = 2, closed = false }},
]
"""


class Corners(NamedTuple):
    """The pictures of a square of any number of dimensions, and a field along each of its edges."""

    grid: Grid
    pictures: dict[Cell, NDArray[np.uint8]]
    fields: dict[Edge, Field]

    @property
    def knots(self) -> tuple[NDArray[np.int_], ...]:
        """Two along each axis."""
        return tuple(np.arange(2) for _ in self.grid.axes)

    def field(self, axis: int, edge: Cell) -> Field:
        """Return the field of an edge."""
        return self.fields[Edge(axis, edge)]


def corners(axes: int, side: int, *, noise: bool = False) -> Corners:
    """Paint pictures, and find how they move."""
    project = parse_project(SCENE.format(side=side))
    grid = Grid([Axis(name=f"a{k}", steps=2) for k in range(axes)])
    painter = open_generator(project)
    cells = [grid.cell(flat) for flat in range(grid.size)]
    whole = [(*cell, *[0] * (4 - axes)) for cell in cells]
    pictures = dict(zip(cells, (painter.paint([project.grid.point(cell)])[0] for cell in whole), strict=True))
    fields = {}
    for axis, at in product(range(axes), product(*[range(2)] * axes)):
        if at[axis] == 0:
            other = (*at[:axis], 1, *at[axis + 1 :])
            motion = find(as_float(pictures[at]), as_float(pictures[other]))
            fields[Edge(axis, at)] = shrink(motion, side, side)
    if noise:
        pictures = {cell: np.random.default_rng(cell).integers(0, 256, (side, side, 3), np.uint8) for cell in cells}
    return Corners(grid, pictures, fields)


class Gl:
    """The corners on the graphics processor."""

    def __init__(self, given: Corners, side: int) -> None:
        self._given, count = given, len(given.pictures)
        self._layers = {edge: layer for layer, edge in enumerate(given.fields)}
        self.context = offscreen_context()
        fields = max(1, len(given.fields))
        self._sampler = GlSampler(self.context, (side, side), count, fields=fields, terms=len(given.grid.axes))
        for cell, picture in given.pictures.items():
            self._sampler.put(given.grid.flat(cell), picture)
        for edge, field in given.fields.items():
            self._sampler.put_field(self._layers[edge], np.dstack([field.forward, field.backward]))

    def draw(self, place: list[float], method: str, region: tuple[int, int, int, int] | None = None) -> None:
        """Draw a frame, and wait for it."""
        found = taps(place, self._given.grid, self._given.knots, method="blend" if method == "blend" else "morph")
        self._sampler.draw(map(self._share, found), region=region, fineness=float(method == "fine"))
        self.context.finish()

    def read(self) -> NDArray[np.uint8]:
        """Return what was drawn."""
        return self._sampler.read()

    def close(self) -> None:
        """Give the memory back."""
        self._sampler.release()
        self.context.release()

    def _share(self, tap: Tap) -> Share:
        moves = [
            LayerMove(self._layers[shift.edge], shift.second, steps(shift.share, self._given.fields[shift.edge].scale))
            for shift in tap.shifts
        ]
        return Share(self._given.grid.flat(tap.cell), tap.weight, tuple(moves))


def costs(axes: int, rounds: int, side: int) -> list[float]:
    """Return the milliseconds of each kind of frame."""
    given = corners(axes, side)
    samplers = {
        name: CpuSampler(given.pictures.__getitem__, given.grid, given.knots, method=method, fields=given, fine=fine)
        for name, method, fine in (("blend", "blend", False), ("morph", "morph", False), ("fine", "morph", True))
    }
    gl, rng = Gl(given, side), np.random.default_rng(axes)
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        place = rng.uniform(0.2, 0.8, axes).tolist()
        works = {f"cpu {name}": lambda place=place, made=made: made.frame(place) for name, made in samplers.items()}
        for seen in (None, SEEN):
            for name in samplers:
                works[f"gl {name} {seen}"] = lambda place=place, name=name, seen=seen: gl.draw(place, name, seen)
        for name, work in works.items():
            begun = time.process_time()
            work()
            times.setdefault(name, []).append(1e3 * (time.process_time() - begun))
    gl.close()
    return [statistics.median(each[2:]) for each in times.values()]  # the first ones compile


def agreement(axes: int, side: int) -> tuple[float, float]:
    """Return the largest and the mean difference between the samplers' morphs of noise."""
    given = corners(axes, side, noise=True)
    cpu = CpuSampler(given.pictures.__getitem__, given.grid, given.knots, method="morph", fields=given)
    gl, worst, means = Gl(given, side), 0.0, []
    for place in np.random.default_rng(axes).random((8, axes)).tolist():
        gl.draw(place, "fine")
        away = np.abs(gl.read().astype(int) - cpu.frame(place))
        worst, means = max(worst, float(away.max())), [*means, float(away.mean())]
    gl.close()
    return worst, statistics.mean(means)


def live(folder: Path, *, seconds: float, slower: float, side: int) -> None:
    """Play a square by a blend and by a morph, and print what a frame takes."""
    axes = '{ name = "pan", steps = 9 }, { name = "turn", to = 0.25, steps = 9 }'
    text = f'picture = {{ width = {side}, height = {side} }}\ngenerator = {{ use = "scene" }}\naxis = [{axes}]\n'
    tess.generate(parse_project(text), folder / "square.tess").close()
    bake(folder / "square.tess")
    heads = ("median", "p99", "processor", "late %", "unmoved %")
    print(f"\n{'a live frame, ms':16}" + "".join(f"{head:>11}" for head in heads))
    for method in ("blend", "morph", "fine"):
        with (
            open_tesseract(folder / "square.tess") as tesseract,
            OffscreenWindow((640, 360), fps=60 / slower) as window,
        ):
            print(f"{method:16}{play(tesseract, window, method, seconds, slower)}")


def play(tesseract: Tesseract, window: OffscreenWindow, method: str, seconds: float, slower: float) -> str:
    """Play a smooth way, which crosses an edge about every third of a second."""
    period, seen = window.pacer.period / slower, []
    shown_by = "blend" if method == "blend" else "morph"
    with Stage(window.context, tesseract, method=shown_by, patience_seconds=slower * PATIENCE_SECONDS) as stage:
        begun = time.process_time()
        for number in range(round(seconds / period)):
            t = number * period
            place, speed = way(t), (way(t + 0.01) - way(t)) / 0.01
            stage.prepare(place, speed.tolist())
            window.begin()
            fineness = float(method == "fine")
            window.present(stage.draw(way(t + period), shown_in=window.size, fineness=fineness).texture)
            stage.estimate(way(t + period))
            seen.append(window.swap())
        used = 1e3 * (time.process_time() - begun) / len(seen)
        counts = stage.counts
    middle, high = np.percentile(1e3 * np.diff(seen), [50, 99])
    figures = (middle, high, used, 100 * counts.late / counts.frames, 100 * counts.unmoved / counts.frames)
    return "".join(f"{figure:11.2f}" for figure in figures)


def way(seconds: float) -> NDArray[np.float64]:
    """Return where it is at a time."""
    return 0.5 + 0.4 * np.sin(seconds * np.array([0.9, 0.62]) + np.array([0.1, 0.7]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the loop, each time")
    parser.add_argument("--slower", type=float, default=1.0, help="give every frame of the loop so many times its time")
    given = parser.parse_args()
    heads = [f"{where}{name}{seen}" for where, seen in WHERE for name in ("blend", "morph", "fine")] + ["most", "mean"]
    print(f"{'axes off a knot':16}" + "".join(f"{head:>13}" for head in heads))
    for axes in (1, 2, 3, 4):
        figures = [*costs(axes, given.rounds, given.side), *agreement(axes, given.side)]
        print(f"{axes:<16}" + "".join(f"{figure:13.2f}" for figure in figures))
    with tempfile.TemporaryDirectory() as folder:
        live(Path(folder), seconds=given.seconds, slower=given.slower, side=given.side)


if __name__ == "__main__":
    main()
