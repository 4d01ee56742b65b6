"""The parts of a flower as they are drawn before they are painted: head, leaf and stem, side by side on paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tessonance.generators.painting.form import Drawing, Floats

__all__ = ["HEAD", "LEAF", "STEM", "Part", "draw_sheet", "smoothstep"]


@dataclass(frozen=True)
class Part:
    """A rectangle of the sheet: its middle and half its sides, where the sheet spans -1..1."""

    x: float
    y: float
    half_width: float
    half_height: float


HEAD = Part(0.16, -0.27, 0.68, 0.68)
LEAF = Part(0.15, 0.76, 0.76, 0.18)
STEM = Part(-0.84, 0.0, 0.036, 0.9)
PAPER = (0.80, 0.70, 0.53)
OUTER_PETALS, INNER_PETALS, SEEDS = (0.80, 0.17, 0.16), (0.97, 0.62, 0.24), (0.96, 0.78, 0.30)
PETAL_RINGS = ((1.0, 13), (0.86, 13), (0.70, 12), (0.54, 11), (0.39, 10), (0.26, 8))  # radius, petals
HEART_RADIUS, SEED_COUNT = 0.115, 90
MARKS = 192  # places along a petal, and across it, at which its markings are drawn
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


class _Paper:
    """A drawing in the making: what was drawn, and how much of each place is covered."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self.x, self.y = x, y
        self.pixel = float(x[0, 1] - x[0, 0])
        self.colours = np.full((*x.shape, 3), PAPER, np.float32)
        self.cover = np.zeros(x.shape, np.float32)

    def lay(self, colour: Floats | tuple[float, float, float], over: Floats, *, shadow: bool = False) -> None:
        self.colours += (np.asarray(colour, np.float32) - self.colours) * over[..., None]
        if not shadow:
            np.maximum(self.cover, over, out=self.cover)


def draw_sheet(x: Floats, y: Floats, markings: Drawing, seed: int) -> tuple[Floats, Floats]:
    """Draw the parts.

    Parameters
    ----------
    x, y : ndarray of float32, shape (height, width)
        Places on the sheet.
    markings : callable
        Colours by place, which tint the petals.
    seed : int
        Of how the petals lie.

    Returns
    -------
    colours : ndarray of float32, shape (height, width, 3)
        sRGB, 0..1.
    cover : ndarray of float32, shape (height, width)
        1 within a part, 0 on the paper.
    """
    paper = _Paper(x, y)
    _draw_stem(paper)
    _draw_leaf(paper)
    _draw_head(paper, markings, np.random.default_rng([seed, 2]))
    return np.clip(paper.colours, 0, 1), paper.cover


def _draw_stem(paper: _Paper) -> None:
    across = (paper.x - STEM.x) / STEM.half_width
    inside = smoothstep(1.15, 0.85, np.abs(across)) * (np.abs(paper.y - STEM.y) < STEM.half_height + 0.1)
    tone = 0.62 + 0.38 * np.cos((across - 0.35) * 1.3)
    paper.lay(_tinted((0.25, 0.42, 0.17), tone * (1 + 0.1 * np.sin(paper.y * 60 + across * 2))), inside)


def _draw_leaf(paper: _Paper) -> None:
    along = np.clip((paper.x - LEAF.x) / (2 * LEAF.half_width) + 0.5, 0, 1)
    across = (paper.y - LEAF.y) / LEAF.half_height
    edge = (np.sin(math.pi * along**0.75).clip(0) ** 0.9 - np.abs(across)) * LEAF.half_height
    ribs = np.clip(np.sin(along * 42 - np.abs(across) * 5.5), 0, 1) ** 3
    tone = 0.62 + 0.3 * (across < 0) + 0.16 * along - 0.28 * ribs + 0.25 * np.exp(-((across / 0.05) ** 2))
    within = np.abs(paper.x - LEAF.x) < LEAF.half_width
    paper.lay(_tinted((0.22, 0.46, 0.2), tone), within * smoothstep(-paper.pixel, paper.pixel, edge))


def _draw_head(paper: _Paper, markings: Drawing, random: np.random.Generator) -> None:
    x, y = (paper.x - HEAD.x) / HEAD.half_width, (paper.y - HEAD.y) / HEAD.half_height
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    along, across = np.linspace(-0.4, 0.8, MARKS), np.linspace(0, 0.5, MARKS)
    table = markings(*np.meshgrid(along, across))
    soft = paper.pixel / HEAD.half_width
    for number, (reach, petals) in enumerate(PETAL_RINGS):
        turns = angle * (petals / (2 * math.pi)) + 0.5 * (number % 2) + random.uniform(-0.1, 0.1)
        petal = np.floor(turns)
        across = 2 * (turns - petal) - 1
        across = across + 0.12 * np.sin(petal % petals * 3.7 + number) * (1 - across**2)
        outline = 0.42 + 0.58 * np.sqrt(np.clip(1 - across**2, 0, 1)) * (1 - 0.16 * np.abs(across))
        edge = reach * outline * (1 + 0.06 * np.sin(petal % petals * 7.3 + number * 2.1)) - radius
        paper.lay((0.16, 0.03, 0.06), 0.55 * smoothstep(-0.05, 0.005, edge), shadow=True)
        along = np.clip(radius / reach, 0, 1)
        folds = np.clip(np.sin(np.abs(across) * 9 - along * 3), 0, 1) ** 2
        tone = 0.42 + 0.55 * along**1.5 + 0.12 * (1 - across**2) - 0.18 * folds
        inner = number / (len(PETAL_RINGS) - 1)
        colour = (1 - inner) * np.array(OUTER_PETALS) + inner * np.array(INNER_PETALS)
        marks = _on_petals(table, 0.75 * along + 0.25 * inner, np.abs(across))
        paper.lay(_tinted(colour, tone) * (0.75 + 0.5 * marks), smoothstep(-soft, soft, edge))
    _draw_heart(paper, x, y, radius)


def _on_petals(table: Floats, along: Floats, across: Floats) -> Floats:
    import cv2

    columns, rows = ((MARKS - 1) * place.astype(np.float32) for place in (along, across))
    return cv2.remap(table, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _draw_heart(paper: _Paper, x: Floats, y: Floats, radius: Floats) -> None:
    paper.lay((0.24, 0.12, 0.06), smoothstep(-0.01, 0.01, HEART_RADIUS - radius))
    near = np.nonzero(radius < 1.3 * HEART_RADIUS)
    box = tuple(slice(rows.min(), rows.max() + 1) for rows in near)
    # Seeds on a spiral of the golden angle, as Helmut Vogel described sunflowers (1979).
    for number in range(SEED_COUNT):
        out, angle = HEART_RADIUS * math.sqrt((number + 0.5) / SEED_COUNT), number * GOLDEN_ANGLE
        distance = np.hypot(x[box] - out * math.cos(angle), y[box] - out * math.sin(angle)) / 0.02
        seed = np.asarray(SEEDS, np.float32) * (1 - 0.5 * distance[..., None])
        paper.colours[box] = np.where((distance < 1)[..., None], seed, paper.colours[box])


def _tinted(colour: Floats | tuple[float, float, float], tone: Floats) -> Floats:
    return np.asarray(colour, np.float32) * tone[..., None]


def smoothstep(start: float, stop: float, value: Floats) -> Floats:
    """Pass smoothly from 0 at `start` to 1 at `stop`."""
    t = np.clip((value - start) / (stop - start), 0, 1)
    return t * t * (3 - 2 * t)
