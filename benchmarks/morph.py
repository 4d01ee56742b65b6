"""What moving pictures costs beside cross-fading them, on the processor and in OpenGL, and whether both agree.

    python benchmarks/morph.py

Pictures of 512 × 512 that pan, turn and zoom, every edge with a field; each frame stands somewhere between 2, 4, 8 or
16 of them, so 1 to 4 axes are off a knot. The frames of a blend and of a morph, of `CpuSampler` and `GlSampler`, take
turns. Told are milliseconds of processor time per frame, all cores together, which hold on a busy machine too; the last
columns are the largest and the mean difference between the two samplers' morphs, in 255ths, on pictures of pure noise.
OpenGL without a graphics card is software rendering: a floor. ``benchmarks/show.py SONG --method morph`` plays a whole
show.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tessonance.grid import Axis, Cell, Grid
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler, Edge, GlSampler, Tap, taps
from tessonance.sampling.fields import steps
from tessonance.sampling.shares import LayerMove, Share
from tessonance.sinks.offscreen import offscreen_context
from tessonance.smooth.fields import find, shrink
from tessonance.smooth.views import as_float
from tessonance.store.bake import Field

SIDE = 512
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
        found = taps(place, self._given.grid, self._given.knots, method=method)
        self._sampler.draw(map(self._share, found), region=region)
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
        method: CpuSampler(given.pictures.__getitem__, given.grid, given.knots, method=method, fields=given)
        for method in ("blend", "morph")
    }
    gl, rng = Gl(given, side), np.random.default_rng(axes)
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        place = rng.uniform(0.2, 0.8, axes).tolist()
        works = {
            "cpu blend": lambda place=place: samplers["blend"].frame(place),
            "cpu morph": lambda place=place: samplers["morph"].frame(place),
            "gl blend": lambda place=place: gl.draw(place, "blend"),
            "gl morph": lambda place=place: gl.draw(place, "morph"),
            "gl blend seen": lambda place=place: gl.draw(place, "blend", SEEN),
            "gl morph seen": lambda place=place: gl.draw(place, "morph", SEEN),
        }
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
        gl.draw(place, "morph")
        away = np.abs(gl.read().astype(int) - cpu.frame(place))
        worst, means = max(worst, float(away.max())), [*means, float(away.mean())]
    gl.close()
    return worst, statistics.mean(means)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--side", type=int, default=SIDE)
    given = parser.parse_args()
    heads = ("CPU blend", "CPU morph", "GL blend", "GL morph", "blend, seen", "morph, seen", "most", "mean")
    print(f"{'axes off a knot':16}" + "".join(f"{head:>13}" for head in heads))
    for axes in (1, 2, 3, 4):
        figures = [*costs(axes, given.rounds, given.side), *agreement(axes, given.side)]
        print(f"{axes:<16}" + "".join(f"{figure:13.2f}" for figure in figures))


if __name__ == "__main__":
    main()
