"""Make the picture of all presets of `painted`: `python docs/presets_picture.py`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project

TARGET = Path(__file__).parent / "images" / "presets.jpg"
PLACES = ((0.5, 0.1), (0.8, 0.9))  # of the first axis and the second
SIZE = (480, 270)


def main() -> None:
    """Paint two pictures of each preset and write them with their names."""
    presets = generator_kind("painted").presets
    sheet = Image.new("RGB", (SIZE[0] * len(PLACES), SIZE[1] * len(presets)))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    for row, (name, text) in enumerate(presets.items()):
        project = parse_project(text, where=name)
        generator = open_generator(project)
        for column, place in enumerate(PLACES):
            rest = [0.5] * (len(project.axes) - len(place))
            point = project.grid.point(project.grid.nearest([*place[: len(project.axes)], *rest]))
            sheet.paste(Image.fromarray(generator.paint([point])[0]).resize(SIZE), (column * SIZE[0], row * SIZE[1]))
        generator.close()
        draw.text((14, (row + 1) * SIZE[1] - 14), name, "white", font, anchor="ls", stroke_width=2, stroke_fill="black")
    sheet.save(TARGET, quality=85)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
