"""Make the pictures of four ways to show one passage of the demo song: `python docs/methods_picture.py`."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from drawing import COOL, FAINT, GOOD, HOT, INK, LINE, Sheet
from measures_picture import EDGE, WIDTH, kaleidoscope

import tessonance as tess
from tessonance.project import ANALYSIS_RATE, Governing, Mapping, Route, parse_project
from tessonance.sampling import CpuSampler
from tessonance.show.filming import Part
from tessonance.show.rehearsal import rehearse
from tessonance.smooth.bake import bake
from tessonance.smooth.flip import difference, see
from tessonance.smooth.views import view
from tessonance.sound.demo_song import demo_song

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.store import Tesseract

FPS, SIZE = 30, (320, 180)
START, SECONDS = 11.0, 4.0  # of the demo song
FRAMES = 6  # in a row of the strip
COLOURS = {"nearest": HOT, "blend": COOL, "morph": GOOD, "morph + governor": INK}


class Shown(NamedTuple):
    """A passage as it is shown one way."""

    frames: list[NDArray[np.uint8]]
    steps: NDArray[np.float64]
    places: NDArray[np.float64]  # (frames, axes)


def shown(tesseract: Tesseract, part: Part) -> tuple[dict[str, Shown], float]:
    """Play a passage all four ways, wired straight and fast, and return the governor's limit a frame."""
    routes = [
        Route(feature=feature, axis=axis, attack_ms=10, release_ms=220)
        for feature, axis in (("low", "bloom"), ("high", "ink"))
    ]
    fields, found, limit = tesseract.bake(), dict[str, Shown](), 0.0
    for name in COLOURS:
        governor = Governing(kind="lively" if name.endswith("governor") else None)
        limit = governor.per_second or limit
        path = rehearse(tesseract, part, Mapping(tesseract.grid, routes, governor=governor), live=True).path
        method = name.split()[0]
        sampler = CpuSampler(tesseract.picture, tesseract.grid, tesseract.knots(), method=method, fields=fields)
        places = path.at(np.array(list(part.times())))
        frames = [sampler.frame(place) for place in places]
        seen = [see(view(frame)) for frame in frames]
        steps = np.array([difference(*pair) for pair in pairwise(seen)])
        found[name] = Shown(frames, steps, places)
        print(f"{name:17} p99 {np.percentile(steps, 99):.3f}, largest {steps.max():.3f}")
    return found, limit / FPS


def hardest(ways: dict[str, Shown]) -> int:
    """Return the frame that the strip begins with: around the hit that moves the ungoverned morph most."""
    steps = ways["morph"].steps
    begin = int(np.convolve(steps, np.ones(3), mode="valid").argmax()) - 1
    return int(np.clip(begin, 0, len(steps) + 1 - FRAMES))


def strip(ways: dict[str, Shown], limit: float) -> None:
    """Show the frames around the hardest hit in four rows, and the steps of the whole passage."""
    wide, tall, begin = 152, 112, hardest(ways)
    sheet, row_height = Sheet(WIDTH, 2 * EDGE + 4 * (tall + 30) + 200), tall + 30
    most = max(float(way.steps.max()) for way in ways.values())
    for row, (name, way) in enumerate(ways.items()):
        top, colour = EDGE + row * row_height, COLOURS[name]
        for k in range(FRAMES):
            x = EDGE + k * (wide + 6)
            sheet.picture(_middle(way.frames[begin + k], wide / tall), (x, top, wide, tall))
        for k, step in enumerate(way.steps[begin : begin + FRAMES - 1].tolist()):
            long = step / most * wide
            sheet.bar((EDGE + (k + 1) * (wide + 6) - 3 - long / 2, top + tall + 8, long, 6), colour)
        x = EDGE + FRAMES * (wide + 6) + 16
        sheet.text((x, top + 14), name, size=18, colour=colour)
        sheet.text((x, top + 46), "99 of 100 steps", colour=FAINT)
        sheet.text((x, top + 70), f"below {np.percentile(way.steps, 99):.2f}", colour=FAINT)
    box = (EDGE, EDGE + 4 * row_height + 14, WIDTH - 2 * EDGE, 170)
    left, across = box[0] + box[2] * begin / FPS / SECONDS, box[2] * (FRAMES - 1) / FPS / SECONDS
    sheet.bar((left, box[1], across, box[3]), LINE)
    _steps(sheet, ways, limit, box)
    sheet.save("smooth-methods.webp", quality=72)


def held(ways: dict[str, Shown], limit: float) -> None:
    """Show the governor: where the music wants the coordinate and where it goes, and the steps without and with it."""
    sheet, ends = Sheet(WIDTH, 430), (EDGE, WIDTH - 2 * EDGE)
    sheet.text((EDGE, EDGE), "bloom", colour=FAINT)
    sheet.text((EDGE + 70, EDGE), "as the music wants it", colour=GOOD)
    sheet.text((EDGE + 248, EDGE), "as it goes", colour=INK)
    for name, colour in (("morph", GOOD), ("morph + governor", INK)):
        sheet.curve((ends[0], EDGE + 20, ends[1], 150), ways[name].places[:, 0], most=1, colour=colour)
    top = EDGE + 210
    sheet.text((EDGE, top), "step", colour=FAINT)
    sheet.text((EDGE + 70, top), "without", colour=GOOD)
    sheet.text((EDGE + 150, top), "with the governor", colour=INK)
    sheet.text((EDGE + 310, top), "its limit", colour=FAINT)
    two = {name: ways[name] for name in ("morph", "morph + governor")}
    _steps(sheet, two, limit, (ends[0], top + 20, ends[1], 150))
    sheet.save("smooth-governor.webp")


def _steps(sheet: Sheet, ways: dict[str, Shown], limit: float, box: tuple[float, float, float, float]) -> None:
    """Draw the steps of a passage, and the limit."""
    most = max(float(way.steps.max()) for way in ways.values())
    for name, way in ways.items():
        sheet.curve(box, way.steps, most=most, colour=COLOURS[name], width=2.5 if "+" in name else 1.5)
    sheet.dashes((box[0], box[1] + box[3] * (1 - limit / most)), box[2])


def _middle(picture: NDArray[np.uint8], shape: float) -> NDArray[np.uint8]:
    cut = round((picture.shape[1] - picture.shape[0] * shape) / 2)
    return picture[:, cut : picture.shape[1] - cut]


def main() -> None:
    """Paint, bake, play, and make both."""
    part = Part((demo_song(), ANALYSIS_RATE), START, START + SECONDS, Fraction(FPS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kaleidoscope.tess"
        tess.generate(parse_project(kaleidoscope(size=SIZE)), path).close()
        bake(path)
        with tess.open(path) as tesseract:
            ways, limit = shown(tesseract, part)
    strip(ways, limit)
    held(ways, limit)


if __name__ == "__main__":
    main()
