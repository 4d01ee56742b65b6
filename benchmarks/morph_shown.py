"""What a morph shows between painted pictures, beside a blend and the picture that would have been painted there.

    python benchmarks/morph_shown.py [--picture docs/images/morph.jpg]

Squares of two axes are painted coarsely and baked; then frames at the middles of edges and at the centres of squares
are held against the picture of that very point: mean FLIP (as viewed at 128 × 128), sharpness and contrast as shares of
the picture's. ``--picture`` writes some of them side by side.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import tessonance as tess
from tessonance.grid import Cell
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler
from tessonance.smooth.bake import bake
from tessonance.smooth.guess import judge
from tessonance.store import open_tesseract
from tessonance.store.bake import FLOW

SQUARES = {  # name: generator, and two axes
    "scene, pan and turn": ('use = "scene"', ('name = "pan"', 'name = "turn", to = 0.25')),
    "scene, zoom and orbit": ('use = "scene"', ('name = "zoom"', 'name = "orbit", to = 0.5, closed = false')),
    "painted, bloom and ink": ('use = "painted"', ('name = "bloom"', 'name = "ink"')),
    "toy, two prompts": ('use = "toy"', ('name = "a"', 'name = "b"')),
}
SHOWN = {"scene, pan and turn": 1, "scene, zoom and orbit": 1, "painted, bloom and ink": 1}  # centres in the picture
METHODS = ("blend", "morph")


class Frames(NamedTuple):
    """A place between painted pictures: what is shown there, and what would be painted."""

    square: bool
    shown: dict[str, NDArray[np.uint8]]
    painted: NDArray[np.uint8]


def text(generator: str, axes: tuple[str, str], *, side: int, steps: int) -> str:
    """Return a project."""
    told = ", ".join(f"{{ {axis}, steps = {steps} }}" for axis in axes)
    return f"picture = {{ width = {side}, height = {side} }}\ngenerator = {{ {generator} }}\naxis = [{told}]\n"


def places(steps: int, most: int) -> list[Cell]:
    """Return some cells of twice as fine a grid: as many middles of edges as centres of squares."""
    fine = 2 * steps - 1
    odd = [(i, j) for i in range(fine) for j in range(fine) if i % 2 or j % 2]
    rng = np.random.default_rng(1)
    centres = [cell for cell in odd if cell[0] % 2 and cell[1] % 2]
    middles = [cell for cell in odd if not (cell[0] % 2 and cell[1] % 2)]
    return [several[k] for several in (middles, centres) for k in rng.permutation(len(several))[: most // 2].tolist()]


def look(folder: Path, name: str, *, side: int, steps: int, most: int) -> tuple[float, list[Frames]]:
    """Paint, bake and sample a square; also return the share of its edges that flow."""
    generator, axes = SQUARES[name]
    path = folder / f"{len(list(folder.iterdir()))}.tess"
    tess.generate(parse_project(text(generator, axes, side=side, steps=steps)), path).close()
    bake(path)
    fine = parse_project(text(generator, axes, side=side, steps=2 * steps - 1))
    painter, found = open_generator(fine), []
    with open_tesseract(path) as tesseract:
        fields = tesseract.bake()
        assert fields is not None
        samplers = [
            CpuSampler(tesseract.picture, tesseract.grid, tesseract.knots(), method=method, fields=fields)
            for method in METHODS
        ]
        for cell in places(steps, most):
            frames = [sampler.frame(fine.grid.coordinate(cell)) for sampler in samplers]
            painted = painter.paint([fine.grid.point(cell)])[0]
            found.append(Frames(bool(cell[0] % 2 and cell[1] % 2), dict(zip(METHODS, frames, strict=True)), painted))
        flows = np.concatenate([(fields.methods(axis) == FLOW).ravel() for axis in range(2)])
    painter.close()
    return float(flows.mean()), found


def sheet(rows: list[Frames], path: Path) -> None:
    """Write some places side by side."""
    side, font = rows[0].painted.shape[0], ImageFont.load_default(18)
    columns = (*METHODS, "painted")
    made = Image.new("RGB", (side * len(columns), side * len(rows)))
    draw = ImageDraw.Draw(made)
    for row, frames in enumerate(rows):
        for column, picture in enumerate((*frames.shown.values(), frames.painted)):
            made.paste(Image.fromarray(picture), (side * column, side * row))
    for column, name in enumerate(columns):
        draw.text((side * column + 8, 8), name, "white", font, stroke_width=2, stroke_fill="black")
    made.save(path, quality=85)
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--steps", type=int, default=9, help="that are painted along each axis")
    parser.add_argument("--most", type=int, default=40, help="places for each square")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    print(f"{'':26}{'flow':>6}   {'error':>13}{'sharpness':>13}{'contrast':>13}   at (blend, morph)")
    rows: list[Frames] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in SQUARES:
            flow, found = look(Path(folder), name, side=given.side, steps=given.steps, most=given.most)
            rows += [frames for frames in found if frames.square][: SHOWN.get(name, 0)]
            for square in (False, True):
                here = [frames for frames in found if frames.square == square]
                judged = [[judge(each.shown[method], each.painted) for each in here] for method in METHODS]
                told = [
                    np.mean([[guess.error, guess.sharpness, guess.contrast] for guess in guesses], axis=0)
                    for guesses in judged
                ]
                figures = "".join(f"{told[0][k]:7.3f}{told[1][k]:6.3f}" for k in range(3))
                print(f"{name:26}{flow:6.0%}   {figures}   {'centres' if square else 'middles of edges'}")
    if given.picture is not None:
        sheet(rows, given.picture)


if __name__ == "__main__":
    main()
