"""Painting less: what a budget saves and what its guesses are worth, beside nearest and cross-fade; axes by sight.

    python benchmarks/budget.py             # some minutes; parts by name: budgets, held-out, squares, spacings

Four tables, with pictures of 192 × 192:

1. `tess generate --budget` on the fixtures, then random cells that it skipped, painted to see: error over R, sharpness,
   contrast, the share that is accepted (error at most 0.25 R, sharpness 0.85, contrast 0.9) and the interpolation ratio
   (error over the mean step of the whole grid), as nearest, cross-fade and morph guess them, and as a show makes them
   of the baked tesseract. Pictures and guesses are compared as they would be stored.
2. Held-out midpoints at stride 4: FLIP as nearest, cross-fade and morph guess them; and as whichever of the last two
   erred less on the pictures that are known, as baking chooses for each edge.
3. The same on pairs of axes: the middle of a square of four known pictures.
4. The variation (CV) of the steps of an axis, evenly and by sight, as its pilot foretold and on other lines.

Where the extra `[diffusers]` and open_clip_torch are installed, the tiny diffusers pipeline is among the fixtures.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import tiny
from msgspec import UNSET
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

import tessonance as tess
from tessonance.grid import Cell, Grid
from tessonance.make.budget import BudgetReport
from tessonance.make.crew import SoloCrew
from tessonance.make.judging import hold
from tessonance.make.painting import Limits, Painting
from tessonance.make.perceptual import Pilot, _values
from tessonance.make.samples import around, skipped
from tessonance.plugins import open_generator
from tessonance.project import Project, parse_project
from tessonance.sampling.cpu import CpuSampler
from tessonance.smooth.bake import bake
from tessonance.smooth.flip import flip, see
from tessonance.smooth.flow import dis
from tessonance.smooth.guess import Guess, among, better, judge, known
from tessonance.smooth.line import spread_of
from tessonance.smooth.metrics import variation
from tessonance.smooth.views import view
from tessonance.store import Tesseract, codec_for

SIDE, TRIED, PAIRS, LINES, LINE = 192, 40, 24, 4, 65
Picture = NDArray[np.uint8]
Method = Callable[[Sequence[Picture], Sequence[float]], NDArray[np.float32]]


def axes(*tables: str) -> str:
    """Write axes as TOML."""
    return ", ".join(f"{{ {table} }}" for table in tables)


STYLE = 'use = "style", content = "content.png", canvas = 384'
TWO_WORDS = axes('name = "a", steps = 65', 'name = "b", steps = 65')
ZOOM_AND_TURN = axes('name = "zoom", steps = 65', 'name = "turn", to = 0.25, steps = 65')
BUDGETS = {  # generator, axes, budget
    "toy": ('use = "toy"', TWO_WORDS, "6.25%"),
    "toy, at a tenth": ('use = "toy"', TWO_WORDS, "10%"),
    "toy, 129 steps": ('use = "toy"', axes('name = "a", steps = 129', 'name = "b", steps = 129'), "6.25%"),
    "toy, prefix 0.5": ('use = "toy", prefix = 0.5', TWO_WORDS, "6.25%"),
    "scene": ('use = "scene"', axes('name = "pan", steps = 65', 'name = "zoom", steps = 65'), "6.25%"),
    "style, zoom and turn": (STYLE, ZOOM_AND_TURN, "6.25%"),
    "style, strength and zoom": (STYLE, axes('name = "strength", steps = 33', 'name = "zoom", steps = 65'), "6.25%"),
    "painted, shape": (
        'use = "painted"',
        axes('name = "bloom", steps = 33', 'name = "turn", to = 0.2, steps = 33'),
        "25%",
    ),
    "painted, shape and style": (
        'use = "painted"',
        axes('name = "bloom", steps = 65', 'name = "ink", steps = 17'),
        "6.25%",
    ),
    "toy, a new noise in each cell": (
        'use = "toy", noise = "new"',
        axes('name = "a", steps = 33', 'name = "b", steps = 33'),
        "6.25%",
    ),
}
HELD_OUT = {  # generator, axis
    "toy": ('use = "toy"', 'name = "a"'),
    "scene, pan": ('use = "scene"', 'name = "pan"'),
    "scene, zoom": ('use = "scene"', 'name = "zoom"'),
    "scene, turn": ('use = "scene"', 'name = "turn", to = 0.25'),
    "style, zoom": (STYLE, 'name = "zoom"'),
    "style, turn": (STYLE, 'name = "turn", to = 0.25'),
    "painted, bloom": ('use = "painted"', 'name = "bloom"'),
    "painted, ink": ('use = "painted"', 'name = "ink"'),
}
BUDGETS_OF_DIFFUSERS = {
    "diffusers, two words": (tiny.WORDS, axes(*(f'name = "{name}", to = 1.4, steps = 65' for name in "ab")), "6.25%")
}
HELD_OUT_OF_DIFFUSERS = {"diffusers, a word": tiny.LINES["diffusers, a word"][:2]}
SQUARES = {
    "scene, zoom and turn": ('use = "scene"', ZOOM_AND_TURN),
    "style, zoom and turn": (STYLE, ZOOM_AND_TURN),
    "toy": ('use = "toy"', TWO_WORDS),
}
SPACINGS = {  # generator, axes
    "scene": ('use = "scene"', axes('name = "zoom", steps = 33', 'name = "turn", to = 0.25, steps = 33')),
    "toy": ('use = "toy"', axes('name = "a", steps = 33', 'name = "b", steps = 33')),
    "painted": ('use = "painted"', axes('name = "bloom", steps = 33', 'name = "ink", steps = 33')),
}


def nearest(pictures: Sequence[Picture], shares: Sequence[float]) -> NDArray[np.float32]:
    """Guess by the picture that stands nearest."""
    number = sum((share > 0.5) << (len(shares) - 1 - k) for k, share in enumerate(shares))
    return pictures[number].astype(np.float32) / 255


def fade(pictures: Sequence[Picture], shares: Sequence[float]) -> NDArray[np.float32]:
    """Guess by laying pictures over each other."""
    return among(pictures, shares)


def morph(pictures: Sequence[Picture], shares: Sequence[float]) -> NDArray[np.float32]:
    """Guess by moving pictures towards each other, then laying them over each other."""
    return among(pictures, shares, finder=dis)


METHODS: dict[str, Method] = {"nearest": nearest, "cross-fade": fade, "morph": morph}


class Bench:
    """Paints what is asked for."""

    def __init__(self, folder: Path, *, only: str = "") -> None:
        self.folder, self.only = folder, only
        self._write_content()

    def project(self, generator: str, of_axes: str, *, seed: int = 1) -> Project:
        """Return a project."""
        text = f"picture = {{ width = {SIDE}, height = {SIDE} }}\ngenerator = {{ {generator}, seed = {seed} }}\n"
        return parse_project(f"{text}axis = [{of_axes}]", folder=self.folder)

    def painter(self, project: Project) -> Callable[[Sequence[float]], Picture]:
        """Return what paints the picture of some values."""
        opened = open_generator(project)
        names = project.grid.names
        return lambda values: opened.paint([dict(zip(names, map(float, values), strict=True))])[0]

    def _write_content(self) -> None:
        """Write a picture to be painted over: one of the scene."""
        text = "picture = { width = 512, height = 512 }\ngenerator = { use = 'scene', seed = 3 }\n"
        project = parse_project(f"{text}axis = [{{ name = 'pan', steps = 2 }}]")
        picture = open_generator(project).paint([{"pan": 0.5}])[0]
        Image.fromarray(picture).save(self.folder / "content.png")


def in_cells(
    paint: Callable[[Sequence[float]], Picture], project: Project, *, stored: bool = False
) -> Callable[[Cell], Picture]:
    """Return what paints a cell, as it is or as it would be stored, and keeps it."""
    kept: dict[Cell, Picture] = {}
    codec = codec_for(project.picture)

    def of_cell(cell: Cell) -> Picture:
        if cell not in kept:
            picture = paint(list(project.grid.point(cell).values()))
            kept[cell] = codec.decode(codec.encode(picture)) if stored else picture
        return kept[cell]

    return of_cell


def head(*names: str) -> None:
    """Begin a table in Markdown."""
    print("|", " | ".join(names), "|\n|", "---|" * len(names), sep="", flush=True)


def line(*cells: object) -> None:
    """Print a row of a table."""
    print("|", " | ".join(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells), "|", flush=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    head(*heads)
    for row in rows:
        line(*row)
    print(flush=True)


def budgets(bench: Bench) -> None:
    """Table 1."""
    head("fixture", "painted", "knots", "it says", "guessed by", "error / R", "sharpness", "contrast", "accepted", "IR")
    for number, (name, (generator, of_axes, budget)) in enumerate(BUDGETS.items()):
        if bench.only not in ("", name):
            continue
        project = bench.project(generator, of_axes)
        picture = in_cells(bench.painter(project), project, stored=True)
        step, spread = native_step(project.grid, picture), random_spread(project.grid, picture)
        reports: list[BudgetReport] = []
        path = bench.folder / f"{number}.tess"
        with tess.generate(project, path, workers=1, budget=budget, on_report=reports.append) as tesseract:  # type: ignore[arg-type]
            guesses = judged(tesseract, picture)
            counts = " × ".join(str(len(along)) for along in tesseract.knots())
        painted = f"{reports[-1].painted:,} of {project.grid.size:,} ({reports[-1].painted / project.grid.size:.1%})"
        both = [better(a, b, spread) for a, b in zip(guesses["cross-fade"], guesses["morph"], strict=True)]
        for method, found in {**guesses, "the better of both": both}.items():
            line(name, painted, counts, said(reports[-1]), method, *figures(found, spread, step))
        line(
            name,
            painted,
            counts,
            said(reports[-1]),
            "`tess bake`, as shown",
            *figures(shown(path, picture), spread, step),
        )
    print()


def said(report: BudgetReport) -> str:
    """Return in short what a run came to."""
    if any(axis.strange for axis in report.axes):
        return "refused"
    return f"{'enough' if report.enough else 'not enough'}, surely {report.surely:.0%}"


def judged(tesseract: Tesseract, truth: Callable[[Cell], Picture]) -> dict[str, list[Guess]]:
    """Guess random skipped cells by every method."""
    grid, knots = tesseract.grid, tesseract.knots()
    found: dict[str, list[Guess]] = {method: [] for method in METHODS}
    for cell in unpainted(tesseract):
        corners, shares = around(grid, knots, cell)
        pictures = [tesseract.picture(corner) for corner in corners]
        for method, guess in METHODS.items():
            found[method].append(hold(guess(pictures, shares), known(truth(cell)), tesseract.codec))
    return found


def shown(path: Path, truth: Callable[[Cell], Picture]) -> list[Guess]:
    """Bake, and guess the same cells with the frames that a show makes."""
    bake(path, workers=1)
    with tess.open(path) as tesseract:
        grid = tesseract.grid
        frames = CpuSampler(tesseract.picture, grid, tesseract.knots(), method="morph", fields=tesseract.bake())
        cells = unpainted(tesseract)
        guesses = [frames.frame(grid.coordinate(cell)).astype(np.float32) / 255 for cell in cells]
        pairs = zip(guesses, cells, strict=True)
        return [hold(guess, known(truth(cell)), tesseract.codec) for guess, cell in pairs]


def unpainted(tesseract: Tesseract) -> list[Cell]:
    """Return random cells that are not painted: none of those that the run itself looked at."""
    grid = tesseract.grid
    drawn = skipped(grid, tesseract.knots(), TRIED + 64)
    painted = tesseract.is_painted(np.array([grid.flat(cell) for cell in drawn])).tolist()
    return [cell for cell, there in zip(drawn, painted, strict=True) if not there][:TRIED]


def figures(found: Sequence[Guess], spread: float, step: float) -> list[object]:
    """Return the columns of a row of table 1."""
    error = float(np.mean([guess.error for guess in found]))
    sharp = float(np.mean([guess.sharpness for guess in found]))
    contrast = float(np.mean([guess.contrast for guess in found]))
    accepted = float(np.mean([guess.accepted(spread) for guess in found]))
    return [error / spread, sharp, contrast, f"{accepted:.0%}", error / step]


def native_step(grid: Grid, picture: Callable[[Cell], Picture], *, pairs: int = PAIRS) -> float:
    """Return the mean FLIP between cells one step apart."""
    random = np.random.default_rng(3)
    steps = []
    for number in range(pairs):
        k = number % len(grid.axes)
        cell = [int(random.integers(steps_)) for steps_ in grid.shape]
        cell[k] = int(random.integers(grid.axes[k].steps - 1))
        beside = (*cell[:k], cell[k] + 1, *cell[k + 1 :])
        steps.append(flip(view(picture(tuple(cell))), view(picture(beside))))
    return float(np.mean(steps))


def random_spread(grid: Grid, picture: Callable[[Cell], Picture]) -> float:
    """Return R over random cells."""
    random = np.random.default_rng(4)
    cells = [tuple(int(random.integers(steps)) for steps in grid.shape) for _ in range(24)]
    return spread_of([see(view(picture(cell))) for cell in cells])


def held_out(bench: Bench) -> None:
    """Table 2."""
    rows: list[list[object]] = []
    for name, (generator, axis) in HELD_OUT.items():
        project = bench.project(generator, f"{{ {axis}, steps = {LINE} }}")
        picture = in_cells(bench.painter(project), project)
        row = [picture((index,)) for index in range(LINE)]

        def error(k: int, method: Method, reach: int, row: list[Picture] = row) -> float:
            return judge(method([row[k - reach], row[k + reach]], [0.5]), row[k]).error

        knots = range(4, LINE - 4, 4)  # known pictures, guessed from the known ones beside them
        known = {k: error(k, morph, 4) - error(k, fade, 4) for k in knots}
        middles = range(2, LINE - 2, 4)
        errors = {method: [error(k, guess, 2) for k in middles] for method, guess in METHODS.items()}
        chosen = [
            morphed if np.mean([known[k] for k in (middle - 2, middle + 2) if k in known]) < 0 else faded
            for middle, faded, morphed in zip(middles, errors["cross-fade"], errors["morph"], strict=True)
        ]
        means = [float(np.mean(found)) for found in (*errors.values(), chosen)]
        rows.append(
            [name, *(f"{mean:.3f}" for mean in means), *(f"{100 * (m / means[1] - 1):+.0f} %" for m in means[2:])]
        )
    table(("line", "nearest", "cross-fade", "morph", "chosen per edge", "morph", "chosen"), rows)


def squares(bench: Bench) -> None:
    """Table 3."""
    rows: list[list[object]] = []
    for name, (generator, of_axes) in SQUARES.items():
        project = bench.project(generator, of_axes)
        picture = in_cells(bench.painter(project), project)
        random = np.random.default_rng(5)
        errors: dict[str, list[float]] = {method: [] for method in METHODS}
        for _ in range(12):
            a, b = (int(4 * random.integers(16)) for _ in range(2))
            pictures = [picture(cell) for cell in ((a, b), (a, b + 4), (a + 4, b), (a + 4, b + 4))]
            for method, guess in METHODS.items():
                errors[method].append(judge(guess(pictures, [0.5, 0.5]), picture((a + 2, b + 2))).error)
        means = [float(np.mean(found)) for found in errors.values()]
        rows.append([name, *(f"{mean:.3f}" for mean in means), f"{100 * (means[2] / means[1] - 1):+.0f} %"])
    table(("square", "nearest", "cross-fade", "morph", "morph against cross-fade"), rows)


def spacings(bench: Bench) -> None:
    """Table 4."""
    rows: list[list[object]] = []
    for name, (generator, of_axes) in SPACINGS.items():
        even = bench.project(generator, of_axes)
        project = replace(even, axes=tuple(replace(axis, spacing="perceptual") for axis in even.axes))
        paint = bench.painter(even)
        pilot = Pilot(project, bench.folder / f"spacing{len(rows)}.tess")
        crew = SoloCrew(even)
        pilot._paint(lambda writer, crew=crew: Painting(crew, writer, Limits(level=0)))
        for k, spacing in pilot._measure().items():
            axis = replace(project.axes[k], recorded=UNSET)
            spaced = replace(axis, recorded=_values(axis, spacing.shares))
            found = [variation(steps_along(paint, even, k, values)) for values in (axis.values, spaced.values)]
            verdict = "by sight" if spacing.helps else "evenly"
            rows.append([f"{name}, {axis.name}", pilot.pictures, spacing.even, spacing.spaced, verdict, *found])
        crew.close()
    heads = (
        "axis",
        "pilot",
        "even, foretold",
        "by sight, foretold",
        "it is spaced",
        "even, painted",
        "by sight, painted",
    )
    table(heads, rows)


def steps_along(
    paint: Callable[[Sequence[float]], Picture], project: Project, k: int, values: NDArray[np.float64]
) -> list[float]:
    """Return the steps of random lines along an axis, other than those of a pilot."""
    random = np.random.default_rng(6)
    steps = []
    for _ in range(LINES):
        point = [float(random.uniform(*sorted((axis.start, axis.stop)))) for axis in project.axes]
        seen = [view(paint([*point[:k], value, *point[k + 1 :]])) for value in values]
        steps += [flip(a, b) for a, b in pairwise(seen)]
    return steps


PARTS = {"budgets": budgets, "held-out": held_out, "squares": squares, "spacings": spacings}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="all unless named")
    parser.add_argument("--only", default="", help="of table 1, only the fixture of this name")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), only=given.only)
        if tiny.in_folder(bench.folder):
            BUDGETS.update(BUDGETS_OF_DIFFUSERS)
            HELD_OUT.update(HELD_OUT_OF_DIFFUSERS)
        for part in given.parts or PARTS:
            start = time.perf_counter()
            PARTS[part](bench)
            print(f"({part}: {time.perf_counter() - start:.0f} s)\n", flush=True)
