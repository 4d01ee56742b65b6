"""Mirrors at 30, 60 and 90 degrees: a kaleidoscope whose rosettes fill the plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.generators.painting.strips import pixel_places, read, sketch_square, strips, under_light

if TYPE_CHECKING:
    from tessonance.generators.painting.form import Bytes, Canvas, Colouring, Drawing, Floats, Values

__all__ = ["Mirrors"]

TEXTURE = 0.85  # half sides of the painting per edge of the triangle between the mirrors
DRIFT = 0.16  # radius of the circle that the painting drifts on, in half sides
LEAD = 0.02  # half the width of the lines along the mirrors, in edges of the triangle
REFLECTIONS = 6  # enough for every picture: each pass brings places nearer by a rosette at least


class Mirrors:
    """Shows a piece of the painting between three mirrors, as a kaleidoscope does. A `Form`.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    seed : int
        Of which piece of the painting is seen.
    size : float
        The distance between two rosettes, where half the shorter side is 1.
    """

    axes = frozenset({"bloom", "turn", "zoom", "petals", "twist", "drift", "grow", "light", "depth"})

    def __init__(self, width: int, height: int, *, seed: int, size: float) -> None:
        self._edge = size / 2
        self._radius, self._angle = pixel_places(width, height)
        random = np.random.default_rng([seed, 4])
        self._centre = random.uniform(-0.6, 0.6, 2)
        self._tilt = random.uniform(0, 2 * math.pi)

    def sketch(self, draw: Drawing, side: int) -> Floats:
        """Draw what is to be painted; see `Form.sketch`."""
        return sketch_square(draw, side, 1.2)

    def prepare(self, painting: Bytes, colour: Colouring, values: Values) -> Canvas:
        """Give the painting its colours; see `Form.prepare`."""
        return (colour(painting, 0.0),)

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
            angle = angle + np.float32(0.8 * values["twist"]) / (1 + radius * radius)
        away = radius * np.float32(1 / (self._edge * 2 ** (values["zoom"] - 0.5)))
        x, y = _between_mirrors(away * np.cos(angle), away * np.sin(angle))
        u, v = self._look(x, y, values)
        return under_light(read(painting, u, v), self._light(radius, x, y, values))

    def _look(self, x: Floats, y: Floats, values: Values) -> tuple[Floats, Floats]:
        """Return where the place between the mirrors shows the painting, in its half sides."""
        away = np.hypot(x, y)
        # Petals: the sixfold wave that the mirrors' own symmetry allows, so that no seam shows.
        wave = np.cos(6 * np.arctan2(y, x))
        scale = (
            TEXTURE * self._edge * (1.12 - 0.24 * values["bloom"]) * (1 - 0.3 * (values["petals"] - 0.5) * wave * away)
        )
        tilt = self._tilt + 0.35 * values["bloom"]
        drift = [DRIFT * f(2 * math.pi * values["drift"]) for f in (math.cos, math.sin)]
        cos, sin = np.float32(math.cos(tilt)), np.float32(math.sin(tilt))
        u = np.float32(self._centre[0] + drift[0]) + scale * (cos * x - sin * y)
        v = np.float32(self._centre[1] + drift[1]) + scale * (sin * x + cos * y)
        return u, v

    def _light(self, radius: Floats, x: Floats, y: Floats, values: Values) -> Floats:
        """Light from behind, brightest in the middle of every rosette, with a line of lead along the mirrors."""
        away2 = x * x + y * y
        lead = np.minimum(np.minimum(y, 0.5 * x - 0.5 * math.sqrt(3) * y), 1 - x) * (1 / LEAD)
        shine = 1 - 0.55 * values["depth"] * away2
        reach = 0.3 + 2.4 * values["grow"]
        fall = 1 / (1 + np.exp((radius - reach) * 4))
        dim = 1 - values["depth"] * 0.5 * np.exp(-lead * lead)
        light: Floats = (0.65 + 1.3 * values["light"]) * shine * dim * fall
        return light


def _between_mirrors(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Reflect places into the triangle with corners (0, 0), (1, 0) and (1, 1/√3)."""
    half, tall = np.float32(0.5), np.float32(0.5 * math.sqrt(3))
    for _ in range(REFLECTIONS):
        x, y = np.abs(x), np.abs(y)
        behind = np.minimum(half * x - tall * y, 0)
        x, y = x - behind, y + np.float32(math.sqrt(3)) * behind
        y = np.abs(y)
        x = 1 - np.abs(1 - x)
    return x, y
