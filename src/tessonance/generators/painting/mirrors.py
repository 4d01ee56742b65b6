"""A rose window between mirrors: rosettes of coloured panes, held by lead, that fill the plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.generators.painting.strips import (
    fitted,
    magnified,
    pixel_places,
    read,
    sketch_square,
    strips,
    under_light,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.painting.form import Bytes, Canvas, Colouring, Drawing, Floats, Values

__all__ = ["Mirrors"]

TEXTURE = 1.15  # half sides of the painting per edge of the triangle between the mirrors
ROOM_TO_GROW = 1.3  # texels per pixel at rest: panes that have grown are still sharp
DRIFT = 0.05  # radius of the circle that the painting drifts on, in half sides
LEAD = 0.011  # half the width of the lead, in edges of the triangle
PANES = 4  # heart, ring, ground, and the trefoils where three rosettes meet
TREFOIL = 1.0, 1 / math.sqrt(3)  # the corner where three rosettes meet


class Mirrors:
    """Sets panes cut from a painting between mirrors at 30, 60 and 90 degrees. A `Form`.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    seed : int
        Of which piece of the painting each pane is cut from.
    size : float
        The distance between two rosettes, where half the shorter side is 1.
    accents : sequence of float
        By how much the panes turn the colour wheel, in turn.
    """

    axes = frozenset({"bloom", "turn", "zoom", "petals", "twist", "drift", "grow", "light", "depth"})

    def __init__(self, width: int, height: int, *, seed: int, size: float, accents: Sequence[float]) -> None:
        self._edge, self._accents = size / 2, accents
        self._radius, self._angle = pixel_places(width, height)
        random = np.random.default_rng([seed, 4])
        self._centres = random.uniform(-0.7, 0.7, (2, PANES))
        self._tilts = random.uniform(0, 2 * math.pi, PANES)

    def sketch(self, draw: Drawing, side: int) -> Floats:
        """Draw what is to be painted; see `Form.sketch`."""
        return sketch_square(draw, side, 1.2)

    def prepare(self, painting: Bytes, colour: Colouring, values: Values) -> Canvas:
        """Stack the accents of the painting into one tall picture; see `Form.prepare`."""
        painting = fitted(painting, TEXTURE * painting.shape[1] / min(self._radius.shape) / ROOM_TO_GROW)
        return (np.concatenate([colour(painting, accent) for accent in self._accents]),)

    def fold(self, canvas: Canvas, values: Values) -> Bytes:
        """Make the picture of some axis values; see `Form.fold`."""
        height, width = self._radius.shape
        picture = np.empty((height, width, 3), np.uint8)
        # The pattern looks the same after half a turn: the lower half is the upper one upside down.
        rows = (height + 1) // 2
        for part in strips(rows, width):
            picture[part] = self._strip(part, canvas[0], values)
        picture[rows:] = picture[: height - rows][::-1, ::-1]
        return picture

    def _strip(self, part: slice, painting: Bytes, values: Values) -> Bytes:
        radius: Floats = self._radius[part]
        angle: Floats = self._angle[part] + np.float32(math.pi / 3 * values["turn"])
        if values["twist"]:
            angle = angle + np.float32(0.5 * values["twist"]) / (1 + radius * radius)
        away = radius * np.float32(1 / (self._edge * magnified(values)))
        x, y = _between_mirrors(away * np.cos(angle), away * np.sin(angle))
        pane, lead = _panes(x, y, values)
        u, v, row = self._look(x, y, pane, values)
        return under_light(read(painting, u, v, row * painting.shape[1]), _light(radius, lead, values))

    def _look(self, x: Floats, y: Floats, pane: Floats, values: Values) -> tuple[Floats, Floats, Floats]:
        """Return where the panes show the painting, in its half sides, and in which accent."""
        scale = TEXTURE * self._edge / (0.85 + 0.3 * values["bloom"])
        p, q = ((scale * f(self._tilts)).astype(np.float32) for f in (np.cos, np.sin))
        drift = [DRIFT * f(2 * math.pi * values["drift"]) for f in (math.cos, math.sin)]
        u0, v0 = ((centre + d).astype(np.float32) for centre, d in zip(self._centres, drift, strict=True))
        accents = (np.arange(PANES) % len(self._accents)).astype(np.float32)
        p, q = p[pane], q[pane]
        return u0[pane] + p * x - q * y, v0[pane] + q * x + p * y, accents[pane]


def _panes(x: Floats, y: Floats, values: Values) -> tuple[Floats, Floats]:
    """Return the pane at each place between the mirrors, and how far the nearest lead is, in widths of lead."""
    away = np.hypot(x, y)
    # A wave of six around the rosette: the only one that meets its image at every mirror.
    wave = np.cos(6 * np.arctan2(y, x))
    cut = 0.04 + 0.26 * values["petals"]
    heart = (0.18 + 0.2 * values["bloom"]) * (1 + cut * wave) - away
    ring = (0.56 + 0.22 * values["bloom"]) * (1 - cut * wave) - away
    trefoil = 0.36 - 0.12 * values["bloom"] - np.hypot(x - TREFOIL[0], y - TREFOIL[1])
    pane = np.where(trefoil > 0, 3, np.where(heart > 0, 0, np.where(ring > 0, 1, 2)))
    rings = np.where(trefoil > 0, 1, np.minimum(np.abs(heart), np.abs(ring)))
    return pane, np.minimum(rings, np.abs(trefoil)) * np.float32(1 / LEAD)


def _light(radius: Floats, lead: Floats, values: Values) -> Floats:
    """Return the light that falls through the window: none through the lead, less near it and far from the middle."""
    dark = np.clip(1.6 - lead, 0, 1)
    shade = 0.3 + 0.6 * values["depth"]
    reach = 0.25 + 1.6 * values["grow"]
    fall = 1 / (1 + np.exp((radius - reach) * 3.5))
    light: Floats = (0.85 + 1.2 * values["light"]) * (1 - shade * np.exp(-0.16 * lead)) * (1 - dark) * fall
    return light


def _between_mirrors(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Reflect places into the triangle with corners (0, 0), (1, 0) and (1, 1/√3)."""
    half, tall = np.float32(0.5), np.float32(0.5 * math.sqrt(3))
    # Each round brings far places nearer by one edge at least.
    for _ in range(1 + math.ceil(max(float(x.max()), -float(x.min()), float(y.max()), -float(y.min())))):
        x, y = np.abs(x), np.abs(y)
        behind = np.minimum(half * x - tall * y, 0)
        x, y = x - behind, np.abs(y + 2 * tall * behind)
        x = 1 - np.abs(1 - x)
    return x, y
