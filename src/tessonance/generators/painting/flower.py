"""A flower that grows on paper, from a drawing to a blot of ink: parts painted once, then cut out, bent and laid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.generators.painting.brush import MARGIN
from tessonance.generators.painting.flower_sheet import HEAD, LEAF, PAPER, STEM, Part, draw_sheet, smoothstep
from tessonance.generators.painting.ink import InkBlot
from tessonance.generators.painting.stage import Stage
from tessonance.generators.painting.strips import magnified, sheet_line

if TYPE_CHECKING:
    from tessonance.generators.painting.form import Bytes, Canvas, Colouring, Drawing, Floats, Values

__all__ = ["Flower"]

LEVELS = 4  # halvings of the sheet, for parts that are laid small
GROUND = -1.08  # where stems start, just below the picture; half its shorter side is 1
SWAY = 0.07  # of the head to either side
NOD = 0.45  # radians that a head turns to either side
PAPER_STROKES, PAPER_EDGE = 0.04, 0.22  # how much lighter and darker strokes are; how much darker the corners
LEAF_GLAZE = (0.62, 0.88, 0.45)  # what it lets through of red, green and blue
PETAL_WAVES = 13  # around the outermost ring of the sheet's head


@dataclass(frozen=True)
class _Leaf:
    at: float  # of the stem's height
    side: int  # 1 right, -1 left
    length: float
    angle: float  # radians above the horizontal


@dataclass(frozen=True)
class _Plant:
    x: float
    height: float
    radius: float
    lean: float
    delay: float
    leaves: tuple[_Leaf, ...]


class Flower:
    """Lays painted parts on painted paper: a tall flower between two smaller ones. A `Form`.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    seed : int
        Of how the petals lie and the ink runs.
    """

    axes = frozenset({"grow", "bloom", "turn", "zoom", "petals", "twist", "drift", "light", "depth"})

    def __init__(self, width: int, height: int, *, seed: int) -> None:
        self._width, self._height, self._seed = width, height, seed
        self._plants = _plants(width / min(width, height))
        self._blot = InkBlot(width, height, seed=seed)
        self._cover: Floats | None = None

    def sketch(self, draw: Drawing, side: int) -> Floats:
        """Draw the sheet of parts and, below it, something whose strokes give the paper its texture."""
        import cv2

        whole = side + 2 * MARGIN
        line = sheet_line(side, whole)
        parts, cover = draw_sheet(*np.meshgrid(line, line), draw, self._seed)
        self._cover = cover[MARGIN:-MARGIN, MARGIN:-MARGIN]
        rows = math.ceil((side * min(self._height / self._width, 1) + 3 * MARGIN) / 4) * 4
        strokes = draw(*np.meshgrid(sheet_line(side // 2, whole // 2), sheet_line(side // 2, rows // 2)))
        return np.concatenate([parts, cv2.resize(strokes, (whole, rows), interpolation=cv2.INTER_LINEAR)])

    def prepare(self, painting: Bytes, colour: Colouring, values: Values) -> Canvas:
        """Cut the painting into the parts, in several sizes, and the paper; see `Form.prepare`."""
        import cv2

        side = painting.shape[1]
        parts = painting[:side].copy()
        # No hand paints leaves green beside red petals: they are glazed, until the ink takes over.
        glaze = 1 - (1 - values["ink"]) * (1 - np.array(LEAF_GLAZE, np.float32))
        for rows, columns in (_pixels(LEAF, side), _pixels(STEM, side)):
            parts[rows, columns] = np.clip(parts[rows, columns] * glaze, 0, 255).astype(np.uint8)
        parts, paper = colour(parts, 0.0), colour(_paper(painting[side + 2 * MARGIN :]), 0.0)
        cover = self._cover if self._cover is not None else np.ones((side, side), np.float32)
        levels: list[Bytes] = [(np.dstack([parts * cover[..., None], cover * 255]) + 0.5).astype(np.uint8)]
        for _ in range(LEVELS - 1):
            levels.append(cv2.pyrDown(levels[-1]))
        scale = max(self._width / paper.shape[1], self._height / paper.shape[0])
        size = (max(self._width, round(paper.shape[1] * scale)), max(self._height, round(paper.shape[0] * scale)))
        ground = cv2.resize(paper, size, interpolation=cv2.INTER_CUBIC)[: self._height, : self._width]
        return (np.ascontiguousarray(ground), *levels)

    def fold(self, canvas: Canvas, values: Values) -> Bytes:
        """Make the picture of some axis values; see `Form.fold`."""
        stage = Stage(canvas[0], canvas[1:], zoom=magnified(values), run=self._blot.run(values["ink"]))
        for plant in self._plants:
            _lay_plant(stage, plant, values)
        return self._blot.over(stage.picture, stage.cover, ink=values["ink"], light=0.7 + 0.6 * values["light"])


def _pixels(part: Part, side: int) -> tuple[slice, slice]:
    middle, half = np.array([part.y, part.x]), 1.1 * np.array([part.half_height, part.half_width])
    start, stop = (
        np.clip((place + 1) * (side - 1) / 2, 0, side).astype(int) for place in (middle - half, middle + half)
    )
    return slice(start[0], stop[0]), slice(start[1], stop[1])


def _paper(strokes: Bytes) -> Bytes:
    """Make paper of a warm middle tone, on which strokes are faintly to be seen.

    Paper that is painted as such comes out in islands of any colour: the network evens out contrasts.
    """
    import cv2

    grey = cv2.cvtColor(strokes, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), grey.shape[0] / 24)
    y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in grey.shape), indexing="ij")
    tone = (1 + PAPER_STROKES * np.tanh(fine / (2 * fine.std() + 1e-3))) * (1 - PAPER_EDGE * (x * x + y * y))
    paper: Bytes = (np.clip(tone[..., None] * np.array(PAPER, np.float32), 0, 1) * 255 + 0.5).astype(np.uint8)
    return paper


def _plants(aspect: float) -> tuple[_Plant, ...]:
    far = 0.56 * min(max(aspect, 1.0), 2.0)
    return (
        _Plant(-far, 0.82, 0.29, 0.09, 0.28, (_Leaf(0.34, -1, 0.42, 0.55), _Leaf(0.52, 1, 0.36, 0.7))),
        _Plant(far, 0.98, 0.34, -0.07, 0.14, (_Leaf(0.3, 1, 0.46, 0.5), _Leaf(0.5, -1, 0.4, 0.75))),
        _Plant(
            0.0, 1.4, 0.56, 0.06, 0.0, (_Leaf(0.2, 1, 0.68, 0.45), _Leaf(0.34, -1, 0.6, 0.6), _Leaf(0.5, 1, 0.42, 0.85))
        ),
    )


def _lay_plant(stage: Stage, plant: _Plant, values: Values) -> None:
    grown = min(max((values["grow"] - 0.6 * plant.delay) / (1 - 0.6 * plant.delay), 0.0), 1.0)
    height = plant.height * (0.28 + 0.72 * grown)
    swing = SWAY * math.sin(2 * math.pi * values["drift"] + 2 * plant.x)
    thick = 0.03 * (0.45 + 0.55 * grown) * math.sqrt(plant.radius / 0.56)
    bow = math.copysign(0.05 * grown, plant.lean)

    def stem(t: Any) -> Any:
        return plant.x + (plant.lean + swing) * t * t + bow * np.sin(2.6 * t) * (1 - t)

    def to_stem(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        t = (y - GROUND) / np.float32(height)
        width = thick * (1.25 - 0.5 * np.clip(t, 0, 1))
        return (x - stem(t)) / width, 0.95 - 1.9 * t

    for leaf in plant.leaves:
        root = float(stem(leaf.at)), GROUND + leaf.at * height
        _lay_leaf(stage, leaf, root, grown)
    along = np.linspace(0, 1, 9)
    stage.paste(STEM, _around(stem(along), GROUND + height * along, 2 * thick), to_stem, half_width=thick)
    _lay_head(stage, plant, (float(stem(1.0)), GROUND + height), grown, swing, values)


def _lay_leaf(stage: Stage, leaf: _Leaf, root: tuple[float, float], grown: float) -> None:
    # A leaf unfolds once the stem has passed it, upright at first.
    out = float(smoothstep(0.55 * leaf.at, 0.55 * leaf.at + 0.55, np.array(grown)))
    length = leaf.length * (0.06 + 0.94 * out)
    angle = leaf.angle + 0.5 * (1 - out)
    cos, sin = math.cos(angle) / length, math.sin(angle) / length

    def to_leaf(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        right, up = (x - root[0]) * leaf.side, y - root[1]
        along = cos * right + sin * up
        across = cos * up - sin * right + 0.42 * along * along - 0.16 * along
        return 2 * along - 1, across * (-1 / 0.235)

    along = np.linspace(-0.05, 1.05, 9)
    middle = 0.16 * along - 0.42 * along * along
    right = leaf.side * length * length * (cos * along - sin * middle)
    up = length * length * (sin * along + cos * middle)
    half = 0.28 * length
    stage.paste(LEAF, _around(root[0] + right, root[1] + up, half), to_leaf, half_width=length / 2)


def _lay_head(
    stage: Stage, plant: _Plant, place: tuple[float, float], grown: float, swing: float, values: Values
) -> None:
    openness = grown**1.3 + 0.8 * (values["bloom"] - 0.5)
    closed = min(max(0.72 * (1 - openness), -0.35), 0.8)
    radius = plant.radius * (0.28 + 0.72 * grown**1.2) * (0.8 + 0.4 * values["bloom"])
    narrow = 1 - 0.36 * max(closed, 0.0)
    angle = NOD * math.sin(2 * math.pi * values["turn"]) + 1.5 * swing + plant.x
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    cut, twist = 0.3 * (values["petals"] - 0.5), 0.9 * values["twist"]

    def to_head(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        right, down = (x - place[0]) * (1 / (radius * narrow)), (place[1] - y) * (1 / (0.94 * radius))
        away = np.hypot(right, down)
        # A closed head shows its middle large and foreshortens the petals around it.
        stretch = 1 - closed + closed * away
        if not (cut or twist):
            return stretch * (cos * right - sin * down), stretch * (sin * right + cos * down)
        turned = np.arctan2(down, right) + np.float32(angle) + np.float32(twist) * (1 - np.minimum(away, 1))
        out = away * stretch * (1 - np.float32(cut) * np.cos(PETAL_WAVES * turned) * np.minimum(away, 1))
        return out * np.cos(turned), out * np.sin(turned)

    shadow = place[0] - 0.04 * radius, place[1] - 0.12 * radius
    stage.shade(_around(*shadow, 1.3 * radius), shadow, radius, 0.75 * values["depth"])
    stage.paste(HEAD, _around(*place, 1.15 * radius), to_head, half_width=radius)


def _around(x: Any, y: Any, half: float) -> tuple[float, float, float, float]:
    """Return the bounds of some places, with half a width around them: left, bottom, right, top."""
    return float(np.min(x)) - half, float(np.min(y)) - half, float(np.max(x)) + half, float(np.max(y)) + half
