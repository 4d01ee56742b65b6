"""Make the pictures of what the measures of smoothness mean: `python docs/measures_picture.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from drawing import COOL, FAINT, GOOD, HOT, INK, LINE, WARM, Sheet, heat
from PIL import Image

import tessonance as tess
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler
from tessonance.smooth.bake import bake
from tessonance.smooth.flip import difference_map, see
from tessonance.smooth.flow import agreement, dis, warp
from tessonance.smooth.line import Gates, measure_line
from tessonance.smooth.metrics import breathing, change, detail
from tessonance.smooth.views import reduced, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

WIDTH, EDGE = 1200, 28  # of every sheet, and its rim
SIZE = 480, 270  # of what is painted
STEPS = 17
MOST = 0.5  # FLIP, the brightest of a map


def kaleidoscope(*, seed: int = 116, size: tuple[int, int] = SIZE, axes: str = "") -> str:
    """Return the preset as a project of this size; other axes replace its own, and its routes."""
    text = generator_kind("painted").presets["kaleidoscope"].replace("seed = 116", f"seed = {seed}")
    text = text.replace("width = 960", f"width = {size[0]}").replace("height = 540", f"height = {size[1]}")
    return text[: text.index("[[axis]]")] + axes if axes else text


def painted(text: str, points: Iterable[dict[str, float]]) -> list[Picture]:
    """Paint some points of a project."""
    generator = open_generator(parse_project(text))
    try:
        return [generator.paint([point])[0] for point in points]
    finally:
        generator.close()


def along(axis: str) -> list[Picture]:
    """Paint one of the kaleidoscope's two axes from end to end, the other one at rest."""
    low, high = (0.15, 0.85) if axis == "bloom" else (0.0, 1.0)
    rest = {"bloom": 0.5, "ink": 0.3}
    return painted(kaleidoscope(), ({**rest, axis: float(value)} for value in np.linspace(low, high, STEPS)))


def lengths(rows: dict[str, list[Picture]]) -> None:
    """Show step and length: neighbours with the distance between them, and all steps of an axis laid end to end."""
    sheet, top = Sheet(WIDTH, 510), EDGE
    lines = {name: measure_line(pictures) for name, pictures in rows.items()}
    longest = max(line.length for line in lines.values())
    for name, pictures in rows.items():
        _row(sheet, pictures[5:12], top, lines[name].steps[5:11])
        left = float(EDGE)
        for number, step in enumerate(lines[name].steps):
            wide = step / longest * (WIDTH - 2 * EDGE - 170)
            sheet.bar((left, top + 176, max(wide - 2, 1), 14), WARM if number in range(5, 11) else "#8a6330")
            left += wide
        sheet.text((left + 12, top + 183), f"{name} is {lines[name].length:.1f} long", size=17, colour=FAINT)
        top += 240
    sheet.save("smooth-length.webp")


def _row(sheet: Sheet, pictures: Sequence[Picture], top: float, steps: Sequence[float]) -> None:
    """Lay out neighbours, and under each gap how far it is."""
    wide = (WIDTH - 2 * EDGE + 6) / len(pictures)
    tall = (wide - 6) * 0.675
    for k, picture in enumerate(pictures):
        cut = picture.shape[1] // 12  # the flower, not the rim
        sheet.picture(picture[:, cut:-cut], (EDGE + k * wide, top, wide - 6, tall))
    for k, step in enumerate(steps):
        x = EDGE + (k + 1) * wide - 3
        high = step / 0.2 * 42
        sheet.bar((x - 5, top + tall + 8, 10, high), WARM)
        sheet.text((x + 12, top + tall + 15), f"{step:.2f}", size=15, colour=FAINT)


def pops(pairs: dict[str, tuple[Picture, Picture]]) -> None:
    """Show pop against speed: what differs between two pictures, and what motion leaves of it."""
    tall, wide, head = 176, 280, 34
    sheet = Sheet(WIDTH, head + EDGE + len(pairs) * (tall + 34))
    lefts = [EDGE + k * (wide + 8) for k in range(4)]
    for x, text in zip(lefts, ("a picture", "its neighbour", "what differs", "what motion leaves"), strict=True):
        sheet.text((x + 2, EDGE), text, colour=FAINT)
    for number, (name, (first, second)) in enumerate(pairs.items()):
        found, top = change(first, second), EDGE + 20 + number * (tall + 34)
        maps = [_as_wide_as(first, heat(each, MOST)) for each in differences(first, second)]
        for x, picture in zip(lefts, (first, second, *maps), strict=True):
            sheet.picture(_cut(picture, wide / tall), (x, top, wide, tall))
        sheet.text((lefts[0] + 2, top + tall + 14), name, size=16, colour=FAINT)
        sheet.text((lefts[1] + 2, top + tall + 14), f"speed {found.speed:.1f} %", size=16, colour=COOL)
        sheet.text((lefts[2] + 2, top + tall + 14), f"step {found.step:.2f}", size=16, colour=WARM)
        sheet.text((lefts[3] + 2, top + tall + 14), f"pop {found.pop:.2f}", size=16, colour=HOT)
    sheet.save("smooth-pop.webp")


def differences(first: Picture, second: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return FLIP pixel by pixel, and what is left of it once motion is taken out; see `tessonance.smooth.metrics`."""
    a, b = reduced(first, 256), reduced(second, 256)
    forward, backward = dis(a, b), dis(b, a)
    guess = np.where(agreement(forward, backward)[..., None], warp(b, forward), b)
    whole = difference_map(see(view(first)), see(view(second)))
    return whole, difference_map(see(view(a)), see(view(guess)))


def _as_wide_as(picture: Picture, found: Picture) -> Picture:
    """Stretch a map, which is of a picture pressed to a square, over the picture again."""
    return np.asarray(Image.fromarray(found).resize((picture.shape[1], picture.shape[0]), Image.Resampling.BICUBIC))


def _cut(picture: Picture, shape: float) -> Picture:
    """Cut the middle out of a picture so that it has this shape."""
    height, width = picture.shape[:2]
    if width / height < shape:
        cut = round((height - width / shape) / 2)
        return picture[cut : height - cut]
    cut = round((width - height * shape) / 2)
    return picture[:, cut : width - cut] if cut else picture


def flickers(rows: dict[str, list[Picture]]) -> None:
    """Show flicker F and roughness: going on, coming back, and strangers."""
    wide, tall, spread = 160, 108, measure_line(rows["goes on"]).spread
    sheet = Sheet(WIDTH, 2 * EDGE + len(rows) * (tall + 20) - 20)
    for number, (name, pictures) in enumerate(rows.items()):
        line = measure_line(pictures, spread=None if name == "strangers" else spread)
        passed, top = Gates().verdict(line).passed, EDGE + number * (tall + 20)
        for k, picture in enumerate(pictures[:6]):
            sheet.picture(_cut(picture, wide / tall), (EDGE + k * (wide + 6), top, wide, tall))
        left = EDGE + 6 * (wide + 6) + 18
        sheet.text((left, top + 10), name, size=18)
        sheet.text((left, top + 40), f"F {line.flicker:.2f}", colour=FAINT)
        sheet.text((left, top + 64), f"roughness {line.roughness:.2f}", colour=FAINT)
        sheet.text((left, top + 96), "passed" if passed else "refused", size=18, colour=GOOD if passed else HOT)
    sheet.save("smooth-flicker.webp")


def breaths() -> None:
    """Show breathing: how much detail there is along four edges, by blend, by morph, and if all were painted."""
    axis = '[[axis]]\nname = "bloom"\nfrom = 0.15\nto = 0.85\nsteps = {}\n'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bloom.tess"
        tess.generate(parse_project(kaleidoscope(axes=axis.format(9))), path, workers=1).close()
        bake(path)
        with tess.open(path) as tesseract:
            samplers = {
                method: CpuSampler(
                    tesseract.picture, tesseract.grid, tesseract.knots(), method=method, fields=tesseract.bake()
                )
                for method in ("blend", "morph")
            }
            places = np.linspace(0.25, 0.75, 65)
            shown = {name: [sampler.frame([place]) for place in places] for name, sampler in samplers.items()}
    points = ({"bloom": 0.15 + 0.7 * place} for place in places.tolist())
    _breathe({"painted": painted(kaleidoscope(axes=axis.format(129)), points), **shown})


def _breathe(shown: dict[str, list[Picture]]) -> None:
    sheet = Sheet(WIDTH, 520)
    colours = {"painted": FAINT, "blend": COOL, "morph": GOOD}
    details = {name: [detail(frame) for frame in frames] for name, frames in shown.items()}
    most = max(max(each) for each in details.values()) * 1.06
    box = (EDGE, EDGE + 30, WIDTH - 2 * EDGE - 190, 150)
    for k in range(5):
        x = box[0] + box[2] * k / 4
        sheet.line([(x, box[1]), (x, box[1] + box[3])], colour=LINE, width=1)
    for number, (name, values) in enumerate((name, details[name]) for name in colours):
        sheet.curve(box, np.array(values) - most / 2, most=most / 2, colour=colours[name], width=2.5)
        text = f"{name}  {breathing(values):.2f}"
        sheet.text((box[0] + box[2] + 24, box[1] + 20 + 30 * number), text, colour=colours[name])
    sheet.text((EDGE, EDGE + 6), "detail", colour=FAINT)
    middle = 24  # of the second edge
    crops = [("on a picture", shown["morph"][16], INK)]
    crops += [(f"between, {name}", frames[middle], colours[name]) for name, frames in shown.items()]
    for k, (name, picture, colour) in enumerate(crops):
        x = EDGE + k * 288
        height, width = picture.shape[:2]
        sheet.picture(picture[: height // 2, width // 2 : width // 2 + height // 2 * 5 // 4], (x, 244, 280, 224))
        sheet.text((x + 2, 488), name, colour=colour)
    sheet.save("smooth-breathing.webp")


def strangers() -> list[Picture]:
    """Paint the mistake: a new seed for each cell."""
    return [painted(kaleidoscope(seed=seed), [{"bloom": 0.5, "ink": 0.3}])[0] for seed in range(1, 1 + STEPS)]


def appears() -> tuple[Picture, Picture]:
    """Paint two neighbours between which things appear."""
    text = 'picture = { width = 270, height = 270 }\ngenerator = { use = "toy", seed = 6 }\n'
    text += 'axis = [{ name = "a", steps = 2 }]\n'
    first, second = painted(text, [{"a": 0.875}, {"a": 0.9375}])
    return first, second


def main() -> None:
    """Make them all."""
    bloom, ink = along("bloom"), along("ink")
    lengths({"bloom": bloom, "ink": ink})
    pops({"moves": (bloom[8], bloom[9]), "recolours": (ink[8], ink[9]), "appears": appears()})
    rows = {"goes on": bloom, "comes back": [bloom[8], bloom[9]] * (STEPS // 2), "strangers": strangers()}
    flickers(rows)
    breaths()


if __name__ == "__main__":
    main()
