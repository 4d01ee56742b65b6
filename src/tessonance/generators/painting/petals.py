"""Rings of petals, each cut from the painting: a flower seen from above that fills any frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
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

__all__ = ["Petals"]

RINGS = 40  # of these, some lie within the heart and some outside the frame
MIDDLE_RING = 24  # the ring whose petals' tips lie at radius 1
TEXTURE = 0.95  # half sides of the painting per radius, at the middle ring
DENSITY = 0.8  # how an outer petal shows more of the painting than an inner one: 0 as much, 1 by its size
SOFTNESS = (0.0, 0.8, 1.6)  # pixels of blur: petals that shrink the painting read softer copies, else they glitter
ROOM_TO_GROW = 1.6  # texels per pixel at the middle ring: a petal that has grown is still sharp
HEART = 0.04  # radius
OUTLINE = 4.5  # pixels
DRIFT = 0.055  # radius of the circle that the painting drifts on, in half sides


@dataclass(frozen=True)
class _Rings:
    """Where each ring looks in the painting: ``u = u0 + p·x - q·y``, ``v = v0 + q·x + p·y``; each ``(RINGS,)``."""

    u0: Floats
    v0: Floats
    p: Floats
    q: Floats
    row: Floats
    light: Floats


class Petals:
    """Cuts petals from a painting and lays them in rings, each ring staggered against the next.

    Every petal is a mirrored piece of the painting, scaled but never bent, so that its strokes travel with it. Inner
    petals lie on outer ones and shade them. A `Form`.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    seed : int
        Of which piece of the painting each ring takes.
    count : int
        Petals in a ring.
    spacing : float
        Radius of a ring over that of the ring within it.
    accents : sequence of float
        By how much the rings turn the colour wheel, in turn.
    """

    axes = frozenset({"bloom", "turn", "zoom", "petals", "twist", "drift", "grow", "light", "depth"})

    def __init__(
        self, width: int, height: int, *, seed: int, count: int, spacing: float, accents: Sequence[float]
    ) -> None:
        self._count, self._spacing, self._accents = count, spacing, accents
        self._unit = min(width, height) / 2
        self._radius, self._angle = pixel_places(width, height)
        self._log_radius = np.log(self._radius) / np.float32(math.log(spacing))
        random = np.random.default_rng([seed, 1])
        self._centres = random.uniform(-1, 1, (2, RINGS))
        self._angles = random.uniform(0, 2 * math.pi, RINGS)
        self._rings = np.arange(RINGS) - MIDDLE_RING

    def sketch(self, draw: Drawing, side: int) -> Floats:
        """Draw what is to be painted; see `Form.sketch`."""
        return sketch_square(draw, side, 1.2)

    def prepare(self, painting: Bytes, colour: Colouring, values: Values) -> Canvas:
        """Stack the accents of a painting, each with its softer copies, into one tall picture."""
        import cv2

        painting = fitted(painting, TEXTURE * painting.shape[1] / (2 * self._unit) / ROOM_TO_GROW)
        accents = [colour(painting, accent) for accent in self._accents]
        return (np.concatenate([cv2.GaussianBlur(a, (0, 0), s) if s else a for a in accents for s in SOFTNESS]),)

    def fold(self, canvas: Canvas, values: Values) -> Bytes:
        """Make the picture of some axis values; see `Form.fold`."""
        height, width = self._radius.shape
        rings = self._look(canvas[0].shape[1], values)
        picture = np.empty((height, width, 3), np.uint8)
        # With an even number of petals, half a turn changes nothing: the lower half is the upper one upside down.
        rows = (height + 1) // 2 if self._count % 2 == 0 else height
        for part in strips(rows, width):
            picture[part] = self._strip(part, canvas[0], rings, values)
        picture[rows:] = picture[: height - rows][::-1, ::-1]
        return picture

    def _look(self, side: int, values: Values) -> _Rings:
        rings, spacing, phase = self._rings, self._spacing, _phase(values)
        tips = spacing ** (rings + phase)
        scale = TEXTURE * spacing ** (rings * DENSITY) / tips
        p, q = scale * np.cos(self._angles), scale * np.sin(self._angles)
        drift = [DRIFT * f(2 * math.pi * values["drift"]) for f in (math.cos, math.sin)]
        u0, v0 = self._centres[0] + drift[0] - p * tips, self._centres[1] + drift[1] - q * tips
        # How much a ring shrinks the painting, as it stands half open: a petal does not soften or sharpen as it grows.
        shrunk = np.log2(np.maximum(TEXTURE * spacing ** (rings * (DENSITY - 1)) * side / (2 * self._unit), 1))
        soft = np.clip(np.rint(shrunk), 0, len(SOFTNESS) - 1)
        row = (rings % len(self._accents) * len(SOFTNESS) + soft) * side
        beyond = np.log(self._spacing) * (rings + phase) - _reach(values)
        light = 1 / (1 + np.exp(5 * beyond))
        return _Rings(*(a.astype(np.float32) for a in (u0, v0, p, q, row, light)))

    def _strip(self, part: slice, painting: Bytes, rings: _Rings, values: Values) -> Bytes:
        nearer = np.float32(magnified(values))
        radius = self._radius[part] / nearer
        ring, inside, beyond, across = self._petals(part, math.log(nearer), values)
        place = np.clip(ring + MIDDLE_RING, 0, RINGS - 1).astype(np.intp)
        aside = across * np.float32(math.pi / self._count)
        x, y = radius * np.cos(aside), radius * np.sin(aside)
        p, q = rings.p[place], rings.q[place]
        u, v = rings.u0[place] + p * x - q * y, rings.v0[place] + q * x + p * y
        painted = read(painting, u, v, rings.row[place])
        pixels = inside * radius * np.float32(math.log(self._spacing) * self._unit * nearer / OUTLINE)
        outline = np.minimum(pixels, 1)
        light = (0.08 + 0.92 * outline * (2 - outline)) * rings.light[place]
        light *= 1 - (0.35 + 0.6 * values["depth"]) * np.exp(-3.2 * beyond)
        light *= 1 - 0.5 * values["depth"] * across * across
        light *= 1 + 0.35 * np.exp(-3 * inside)
        light *= (0.6 + 1.2 * values["light"]) / (1 + 0.2 * radius * radius)
        light *= np.clip((radius - 0.6 * HEART) * (1 / HEART), 0, 1)
        return under_light(painted, light)

    def _petals(self, part: slice, nearer: float, values: Values) -> tuple[Floats, Floats, Floats, Floats]:
        """Find the uppermost petal at each pixel.

        Returns
        -------
        ring : the number of its ring
        inside : how far the pixel is within its outline, in rings
        beyond : how far the pixel is beyond the outline of the ring above it, in rings
        across : 0 at its middle, 1 where it meets its neighbour
        """
        base = self._log_radius[part] - np.float32(_phase(values) + nearer / math.log(self._spacing))
        turns = self._angle[part] * np.float32(self._count / (2 * math.pi)) + np.float32(values["turn"])
        if values["twist"]:
            turns = turns + np.float32(values["twist"]) * self._log_radius[part]
        even = np.abs(2 * (turns - np.floor(turns)) - 1)
        odd = 1 - even
        cut, point = 0.55 + 0.9 * values["petals"], 0.55 * values["petals"]
        past_even, past_odd = (base + cut * (1 - _outline(across, point)) for across in (even, odd))
        # A petal of ring i covers what lies before its outline, i > past: the uppermost is the smallest such i.
        ring_even, ring_odd = 2 * np.floor(past_even / 2) + 2, 2 * np.floor((past_odd - 1) / 2) + 3
        is_odd = ring_odd < ring_even
        ring = np.where(is_odd, ring_odd, ring_even)
        inside = ring - np.where(is_odd, past_odd, past_even)
        beyond = np.where(is_odd, past_even, past_odd) - (ring - 1)
        return ring, inside, beyond, np.where(is_odd, odd, even)


def _phase(values: Values) -> float:
    """Return by how many rings the flower has opened: petals travel outwards, new ones come from the heart."""
    return 1.3 * values["bloom"] - 0.35


def _reach(values: Values) -> float:
    """Return the logarithm of the radius beyond which petals lie in the dark."""
    return math.log(max(0.11 + 2.4 * values["grow"], 0.01))


def _outline(across: Floats, point: float) -> Floats:
    """Return how far a petal reaches at each place across it: 1 at its tip, 0 where it meets its neighbour."""
    rounded = np.sqrt(1 - across * across)
    pointed = (1 - across) * (1 - 0.3 * across)
    reach: Floats = (1 - point) * rounded + point * pointed
    return reach
