"""Meters: where an axis stands, and how loud the feature is that drives it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tessonance.show.glass import SHIFT, Colour, bar, disc, fixed, over, rounded, tint, write
from tessonance.show.text import clipped, label, line_height

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.grid import Axis

__all__ = ["AxisMeter", "RouteMeter"]

INK: Colour = (244, 246, 252)
DIM: Colour = (190, 195, 208)


class AxisMeter:
    """One axis: its name, its value in the parameter's own units, and its place on a line.

    Parameters
    ----------
    axis : Axis
    colour : Colour
    width : int
        In pixels.
    size : float
        Of the letters, in pixels.
    """

    def __init__(self, axis: Axis, colour: Colour, *, width: int, size: float) -> None:
        self._axis, self._colour, self._width, self._size = axis, colour, width, size
        self._rail = line_height(size) + 0.32 * size
        self.height = round(self._rail + 0.55 * size)
        self._decimals = _decimals(axis)

    def still(self, panel: NDArray[np.uint8]) -> None:
        """Draw the name and the rail; a closed axis gets a dial, for it has no ends."""
        name_left = 0.0
        if self._axis.closed:
            mask = np.zeros(panel.shape[:2], np.uint8)
            cv2.circle(mask, fixed(self._dial), round(self._reach * 2**SHIFT), 255, 1, cv2.LINE_AA, SHIFT)
            over(panel, mask, INK, strength=0.6)
            name_left = 1.3 * self._size
        room = round(self._width * 0.62 - name_left)
        write(panel, label(clipped(self._axis.name, self._size, room), self._size), (name_left, 0), INK)
        thick = max(2, round(0.2 * self._size))
        top = round(self._rail - thick / 2)
        over(panel[top : top + thick], rounded((self._width, thick), thick / 2), INK, strength=0.2)

    def draw(self, panel: NDArray[np.uint8], place: float) -> None:
        """Draw the value and the knob; `place` is 0..1."""
        value = self._axis.value(place * self._axis.edges)
        mask = label(f"{value:.{self._decimals}f}", self._size)
        write(panel, mask, (self._width - mask.shape[1], 0), tint(self._colour, 0.35))
        radius, half = 0.36 * self._size, 0.1 * self._size
        x = radius + place * (self._width - 2 * radius)
        if self._axis.closed:
            turn = 2 * math.pi * place
            hand = (self._dial[0] + self._reach * math.sin(turn), self._dial[1] - self._reach * math.cos(turn))
            disc(panel, hand, 0.19 * self._size, tint(self._colour, 0.2))
        else:
            bar(panel, half, self._rail - half, x, self._rail + half, self._colour, 1.0)
        disc(panel, (x, self._rail), radius, self._colour)
        disc(panel, (x, self._rail), 0.5 * radius, tint(self._colour, 0.85))

    @property
    def _dial(self) -> tuple[float, float]:
        return 0.5 * self._size, 0.55 * line_height(self._size)

    @property
    def _reach(self) -> float:
        return 0.38 * self._size


class RouteMeter:
    """One route: the feature's name, how loud it was in the last seconds, and how loud it is.

    Parameters
    ----------
    name : str
        Of the feature.
    colour : Colour
        Of the axis that it drives.
    width : int
        In pixels.
    size : float
        Of the letters, in pixels.
    """

    def __init__(self, name: str, colour: Colour, *, width: int, size: float) -> None:
        self.name = name
        self._colour, self._size = colour, size
        self.height = round(2.1 * size)
        self._left = round(5.6 * size)
        self._bar = max(3, round(0.42 * size))
        self._wide = max(8, width - self._left - self._bar - round(0.35 * size))
        self._tall = round(1.6 * size)
        self._up = np.arange(self._tall, 0, -1, dtype=np.float32)[:, None] - 1
        self._glass = rounded((self._bar, self._tall), self._bar / 2)
        self._fade = np.linspace(0.0, 1.0, self._wide, dtype=np.float32) ** 0.8

    def still(self, panel: NDArray[np.uint8]) -> None:
        """Draw the name and the line that the level rises from."""
        name = label(clipped(self.name, self._size, self._left - 4), self._size)
        write(panel, name, (0, self._tall - 0.86 * line_height(self._size)), DIM)
        bottom = panel[self._tall - 1 : self._tall, self._left : self._left + self._wide]
        over(bottom, (90 * self._fade).astype(np.uint8)[None], DIM)
        over(self._bar_of(panel), self._glass, INK, strength=0.18)

    def draw(self, panel: NDArray[np.uint8], lately: NDArray[np.float32]) -> None:
        """Draw the levels of the last seconds, 0..1, the present last."""
        lately = np.fmin(np.fmax(lately, 0), 1)
        levels = np.interp(np.linspace(0, len(lately) - 1, self._wide), np.arange(len(lately)), lately)
        height = (levels * (self._tall - 1)).astype(np.float32)
        body = np.clip(height - self._up + 0.5, 0, 1) * self._fade
        field = panel[: self._tall, self._left : self._left + self._wide]
        over(field, (255 * body).astype(np.uint8), self._colour, strength=0.5)
        rim = np.clip(1.15 - np.abs(height - self._up), 0, 1) * self._fade
        over(field, (255 * rim).astype(np.uint8), tint(self._colour, 0.3), strength=0.9)
        lit = self._glass * np.clip(float(lately[-1]) * self._tall - self._up, 0, 1)
        over(self._bar_of(panel), lit.astype(np.uint8), tint(self._colour, 0.2))

    def _bar_of(self, panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
        right = self._left + self._wide + round(0.35 * self._size)
        return panel[: self._tall, right : right + self._bar]


def _decimals(axis: Axis) -> int:
    """Return how many decimals tell a fiftieth of an axis: two for spans from a half to five, none from fifty."""
    span = abs(axis.stop - axis.start)
    return 2 if not span else min(6, max(0, 2 - math.floor(math.log10(2 * span))))
