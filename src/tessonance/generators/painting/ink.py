"""Ink that runs: from a drawing's outlines into a blot with drops around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.generators.painting.flower_sheet import smoothstep
from tessonance.generators.painting.strips import strips

if TYPE_CHECKING:
    from tessonance.generators.painting.form import Bytes, Floats

__all__ = ["InkBlot"]

ABSORBS = (2.7, 2.2, 1.15)  # optical density of the ink in red, green and blue: an indigo
MOST = 1.4  # times that density, where the ink stands deepest
DROPS = 70
RUN = 0.04  # how far outlines are carried, in halves of the picture's shorter side


class InkBlot:
    """Ink soaking out of what is laid on a picture.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    seed : int
        Of the way the ink takes.
    """

    def __init__(self, width: int, height: int, *, seed: int) -> None:
        random = np.random.default_rng([seed, 3])
        self._edges, self._grain = (_clouds(random, width, height, octaves=5) for _ in range(2))
        self._right, self._up = (_clouds(random, width, height, octaves=3) for _ in range(2))
        self._drops = _drops(random, width, height)
        density = np.arange(256)[:, None] * (MOST / 255)
        self._passes = (255 * np.exp(-density * np.array(ABSORBS))).astype(np.uint8).reshape(1, 256, 3)

    def run(self, ink: float) -> tuple[Floats, Floats] | None:
        """Return how far to the right and up the ink has carried each place, or None where it has not run."""
        if ink <= 0:
            return None
        carried = np.float32(RUN * min(ink, 1.25) ** 2)
        return carried * self._right, carried * self._up

    def over(self, picture: Bytes, cover: Bytes, *, ink: float, light: float) -> Bytes:
        """Let the ink of what is covered soak into a picture, then light it."""
        import cv2

        picture = picture if light == 1 else cv2.convertScaleAbs(picture, alpha=light)
        if ink <= 0:
            return picture
        wet, soaked = _soaked(cover), np.empty_like(picture)
        for part in strips(*cover.shape):
            density = (np.clip(self._density(part, wet[part], cover[part], ink), 0, MOST) * (255 / MOST)).astype(
                np.uint8
            )
            passes = cv2.LUT(cv2.merge((density, density, density)), self._passes)
            soaked[part] = cv2.multiply(picture[part], passes, scale=1 / 255)
        return soaked

    def _density(self, part: slice, wet: Floats, cover: Bytes, ink: float) -> Floats:
        edge = 0.75 - 0.56 * ink
        field = wet + (0.04 + 0.2 * ink) * self._edges[part] * np.minimum(wet * 4, 1)
        field = np.maximum(field, (self._drops[part] + (ink - 1)) * 2 + edge)
        blot: Floats = smoothstep(edge - 0.015, edge + 0.03 + 0.04 * ink, field)
        rim = 4 * blot * (1 - blot)  # pigment gathers where the wet stops
        deep = np.clip((field - edge) * 2.2, 0, 1)
        density: Floats = blot * np.maximum(0.42 + 0.22 * self._grain[part] + 0.3 * deep, 0.1) + 0.3 * rim
        density *= min(1.5 * ink, 1.0)
        density *= 1 - np.float32(0.7 / 255) * cover
        return density


def _soaked(cover: Bytes) -> Floats:
    import cv2

    height, width = cover.shape
    small = cv2.resize(cover, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv2.INTER_AREA)
    near, far = (cv2.GaussianBlur(small, (0, 0), min(small.shape) * s).astype(np.float32) for s in (0.018, 0.06))
    return cv2.resize((0.55 * near + 0.45 * far) / 255, (width, height), interpolation=cv2.INTER_LINEAR)


def _clouds(random: np.random.Generator, width: int, height: int, *, octaves: int) -> Floats:
    """Return noise of several sizes, mean 0 and standard deviation 1."""
    import cv2

    field = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cells = 7 * 2**octave
        coarse = random.random((cells, max(2, round(cells * width / height)))).astype(np.float32)
        field += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.62**octave)
    even: Floats = (field - field.mean()) / field.std()
    return even


def _drops(random: np.random.Generator, width: int, height: int) -> Floats:
    """Return for each place, 0..1, how early a drop covers it: at ink = 1 - value; below 0, never."""
    unit = min(height, width) / 2
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x - width / 2) / unit, (height / 2 - y) / unit
    field = np.full((height, width), -9, np.float32)
    for _ in range(DROPS):
        out, angle = 0.45 + 0.8 * random.random() ** 1.5, random.uniform(0, 2 * math.pi)
        right, up = out * math.cos(angle) * width / height, 0.3 + 0.8 * out * math.sin(angle)
        radius = 0.006 / (0.06 + random.random()) ** 0.75
        early = 0.05 + 0.45 * random.random()
        away = np.hypot(x - right, (y - up) * random.uniform(0.85, 1.15))
        np.maximum(field, early + 0.25 * (1 - away / radius), out=field)
    return field
