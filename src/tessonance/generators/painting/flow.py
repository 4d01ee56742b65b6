"""Currents of paint: the painting wound into a spiral and stirred by waves."""

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
    from tessonance.generators.painting.form import Bytes, Canvas, Colouring, Drawing, Floats, Values

__all__ = ["Flow"]

TEXTURE = 0.75  # half sides of the painting per half of the picture's shorter side
WAVES = 3
ORBIT = 0.45  # radians: radius of the circle that the waves' beginnings go round
DRIFT = 0.06  # radius of the circle that the painting drifts on, in half sides


class Flow:
    """Winds the painting around the middle of the picture and stirs it. A `Form`.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    seed : int
        Of the currents.
    """

    axes = frozenset({"bloom", "turn", "zoom", "twist", "drift", "grow", "light", "depth"})

    def __init__(self, width: int, height: int, *, seed: int) -> None:
        self._radius, self._angle = pixel_places(width, height)
        # The winding falls off with the logarithm of the distance, as the arms of a spiral galaxy do.
        self._winding = -0.5 * np.log(self._radius**2 + np.float32(0.12))
        self._starts = np.random.default_rng([seed, 2]).uniform(0, 2 * math.pi, (WAVES, 2))

    def sketch(self, draw: Drawing, side: int) -> Floats:
        """Draw what is to be painted; see `Form.sketch`."""
        return sketch_square(draw, side, 1.2)

    def prepare(self, painting: Bytes, colour: Colouring, values: Values) -> Canvas:
        """Give the painting its colours; see `Form.prepare`."""
        return (fitted(colour(painting, 0.0), TEXTURE * painting.shape[1] / min(self._radius.shape)),)

    def fold(self, canvas: Canvas, values: Values) -> Bytes:
        """Make the picture of some axis values; see `Form.fold`."""
        height, width = self._radius.shape
        picture = np.empty((height, width, 3), np.uint8)
        for part in strips(height, width):
            picture[part] = self._strip(part, canvas[0], values)
        return picture

    def _strip(self, part: slice, painting: Bytes, values: Values) -> Bytes:
        radius = self._radius[part]
        wound = np.float32(0.7 + 1.1 * values["bloom"] + 0.8 * values["twist"])
        angle = self._angle[part] + wound * self._winding[part]
        away = radius * np.float32(1 / magnified(values))
        x, y = away * np.cos(angle), away * np.sin(angle)
        orbit = [ORBIT * f(2 * math.pi * values["turn"]) for f in (math.cos, math.sin)]
        height, pitch = 0.11 + 0.16 * values["bloom"], 1.7
        for starts in self._starts:
            across, along = (np.float32(start + o) for start, o in zip(starts, orbit, strict=True))
            x, y = (
                x + np.float32(height) * np.sin(np.float32(pitch) * y + across),
                y + np.float32(height) * np.sin(np.float32(pitch) * x + along),
            )
            pitch, height = pitch * 1.7, height / 1.65
        drift = [DRIFT * f(2 * math.pi * values["drift"]) for f in (math.cos, math.sin)]
        u, v = np.float32(TEXTURE) * x + np.float32(drift[0]), np.float32(TEXTURE) * y + np.float32(drift[1])
        reach = 0.35 + 0.9 * values["grow"]
        core = np.exp(-(radius * radius) / np.float32(reach * reach))
        dark = 0.75 * values["depth"]
        light = (0.7 + 1.2 * values["light"]) * (1 - dark + dark * core)
        return under_light(read(painting, u, v), light)
