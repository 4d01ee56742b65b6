"""What guesses between knots four steps apart are worth, by how fine the grid is: the diffusion toy on two axes.

    python benchmarks/strides.py            # a quarter of an hour; --steps 65 129 --draws 2 for less

Every fourth step of both axes is a knot, as `tess generate --until level:4` paints of 65 steps (level:5 of 129): about
a sixteenth of the pictures. What is between is blended, for nothing in it moves, and held against what would be painted
there, at 96 random cells and at the middles of 48 edges. Only what is looked at is painted. IR is the error over the
mean step, of 96 pairs of neighbours. The prompts are drawn by the seed, and some draws pop more than others: figures
are means over several draws, with the least and the largest.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from budget import Bench, Picture, axes, in_cells, native_step, random_spread, table

from tessonance.grid import Cell, Grid, Knots
from tessonance.make.judging import hold
from tessonance.make.samples import around, skipped
from tessonance.smooth.guess import Guess, among, known
from tessonance.store import PictureCodec, codec_for

STRIDE, CELLS, EDGES, PAIRS = 4, 96, 48, 96
TOYS = {"toy": 'use = "toy"', "toy, prefix 0.5": 'use = "toy", prefix = 0.5'}


def middles(grid: Grid) -> list[Cell]:
    """Return the middles of random edges between knots."""
    random = np.random.default_rng(7)
    found = []
    for number in range(EDGES):
        cell = [STRIDE * int(random.integers((steps - 1) // STRIDE)) for steps in grid.shape]
        cell[number % len(cell)] += STRIDE // 2
        found.append(tuple(cell))
    return found


def guessed(
    grid: Grid, knots: Knots, picture: Callable[[Cell], Picture], codec: PictureCodec, cells: Sequence[Cell]
) -> list[Guess]:
    """Blend the pictures of some cells from the knots around them, and hold them against those."""
    found = []
    for cell in cells:
        corners, shares = around(grid, knots, cell)
        found.append(hold(among([picture(corner) for corner in corners], shares), known(picture(cell)), codec))
    return found


def draw(bench: Bench, generator: str, steps: int, seed: int) -> list[float]:
    """Return the mean step, error over R, the share accepted, and IR at random cells and at middles of edges."""
    project = bench.project(generator, axes(*(f'name = "{name}", steps = {steps}' for name in "ab")), seed=seed)
    grid, codec = project.grid, codec_for(project.picture)
    picture = in_cells(bench.painter(project), project, stored=True)
    step, spread = native_step(grid, picture, pairs=PAIRS), random_spread(grid, picture)
    knots = tuple(np.arange(0, steps, STRIDE) for _ in grid.axes)
    found = guessed(grid, knots, picture, codec, skipped(grid, knots, CELLS))
    between = guessed(grid, knots, picture, codec, middles(grid))
    error, at_middles = (float(np.mean([guess.error for guess in some])) for some in (found, between))
    accepted = float(np.mean([guess.accepted(spread) for guess in found]))
    return [step, error / spread, accepted, error / step, at_middles / step]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, nargs="+", default=[33, 65, 129, 257], help="of both axes, 4 n + 1")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--toys", nargs="+", choices=TOYS, default=list(TOYS), metavar="TOY")
    given = parser.parse_args()
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in given.toys:
            for steps in given.steps:
                draws = np.array([draw(bench, TOYS[name], steps, seed) for seed in range(1, given.draws + 1)])
                step, error, accepted, ratio, between = draws.mean(axis=0)
                least, most = draws[:, 3].min(), draws[:, 3].max()
                share = ((steps - 1) // STRIDE + 1) ** 2 / steps**2
                told = f"{accepted:.0%}, least {draws[:, 2].min():.0%}", f"{ratio:.2f}, {least:.2f} to {most:.2f}"
                rows.append([name, steps, f"{share:.1%}", f"{step:.3f}", float(error), *told, float(between)])
                print("done:", *rows[-1], flush=True)
    table(("toy", "steps", "painted", "mean step", "error over R", "accepted", "IR", "IR, middles of edges"), rows)


if __name__ == "__main__":
    main()
