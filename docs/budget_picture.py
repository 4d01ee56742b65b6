"""Make the picture of what a budget leaves out, and what a show makes there: `python docs/budget_picture.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import tessonance as tess
from tessonance.make.budget import BudgetReport
from tessonance.make.samples import skipped
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.sampling.cpu import CpuSampler
from tessonance.smooth.bake import bake

TARGET = Path(__file__).parent / "images" / "budget.jpg"
SIDE, ROWS, HEAD = 224, 4, 28
PROJECT = f"""
picture = {{ width = {SIDE}, height = {SIDE} }}
generator = {{ use = "scene", seed = 1 }}
axis = [{{ name = "pan", steps = 33 }}, {{ name = "zoom", steps = 33 }}]
"""


def main() -> None:
    """Paint with a budget, bake, and show some skipped pictures as painted and as guessed."""
    project = parse_project(PROJECT)
    paint, reports = open_generator(project).paint, list[BudgetReport]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.tess"
        tess.generate(project, path, workers=1, budget="15%", on_report=reports.append).close()  # type: ignore[arg-type]
        bake(path)
        with tess.open(path) as tesseract:
            rows = []
            samplers = [
                CpuSampler(tesseract.picture, project.grid, tesseract.knots(), method=method, fields=fields)
                for method, fields in (("nearest", None), ("blend", None), ("morph", tesseract.bake()))
            ]
            for cell in skipped(project.grid, tesseract.knots(), 64)[-ROWS:]:
                place = project.grid.coordinate(cell)
                frames = [sampler.frame(place) for sampler in samplers]
                rows.append(np.hstack([paint([project.grid.point(cell)])[0], *frames]))
            count = " x ".join(str(len(along)) for along in tesseract.knots())
    sheet = Image.new("RGB", (4 * SIDE, HEAD + ROWS * SIDE))
    sheet.paste(Image.fromarray(np.vstack(rows)), (0, HEAD))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for column, name in enumerate(("if it were painted", "nearest", "blend", f"morph, of {count} knots")):
        draw.text((column * SIDE + 8, HEAD / 2), name, "white", font, anchor="lm")
    sheet.save(TARGET, quality=85)
    print(f"{TARGET}: {reports[-1].painted} of {reports[-1].cells} pictures, knots {count}")


if __name__ == "__main__":
    main()
