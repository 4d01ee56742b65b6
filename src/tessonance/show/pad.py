"""The place in the tesseract: a square of the first two axes, or a line or a ring where there is but one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tessonance.show.glass import SHIFT, Colour, bar, blurred, disc, fixed, line, over, ramp, rounded, shine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.grid import Axis

__all__ = ["Pad"]

WHITE: Colour = (255, 255, 255)
EMBER = ramp((0, (0, 0, 0)), (0.25, (52, 40, 150)), (0.6, (190, 120, 255)), (0.85, (255, 214, 236)), (1, WHITE))
MOST_DOTS = 11  # along an axis; more of them melt into grey
DASH = 0.05


class Pad:
    """Where the coordinate is, where it was, and the knots around it.

    The first axis runs downwards and the second to the right, as on a contact sheet.

    Parameters
    ----------
    axes : sequence of Axis
        The first two axes of the grid, or the only one.
    colours : sequence of Colour
        One for each.
    side : int
        Width and height in pixels.
    scale : float
        Of what has a width: 1 is one pixel.
    """

    def __init__(self, axes: tuple[Axis, ...], colours: tuple[Colour, ...], *, side: int, scale: float) -> None:
        self._axes, self._colours, self._side, self._scale = axes, colours, side, scale
        self._margin = 7.0 * scale
        self._inner = side - 2 * self._margin
        self._closed = np.array([axis.closed for axis in axes])

    def places(self, coordinates: NDArray[np.float64], ages: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where coordinates stand on the pad.

        Parameters
        ----------
        coordinates : ndarray, shape (n, N)
            Only the first two axes are looked at.
        ages : ndarray, shape (n,)
            0 for the present to 1; a single axis leaves its past behind it, since it has room for it.

        Returns
        -------
        ndarray of float64, shape (n, 2)
            ``(x, y)`` in pixels.
        """
        if len(self._axes) == 2:
            unit = coordinates[:, 1::-1]
        elif self._closed[0]:
            turn = 2 * np.pi * coordinates[:, 0]
            away = 0.5 * (1 - 0.55 * ages)
            unit = 0.5 + np.column_stack([np.sin(turn) * away, -np.cos(turn) * away])
        else:
            unit = np.column_stack([coordinates[:, 0], 0.18 + 0.8 * ages])
        places: NDArray[np.float64] = self._margin + unit * self._inner
        return places

    def still(self, panel: NDArray[np.uint8]) -> None:
        """Draw what never moves: the field, its edges and the knots."""
        over(panel, rounded((self._side, self._side), 7 * self._scale), (0, 0, 0), strength=0.4)
        shown = [_spread(axis) for axis in self._axes]
        knots = np.array(np.meshgrid(*shown, indexing="ij")).reshape(len(shown), -1).T
        for place in self.places(knots, np.zeros(len(knots))).tolist():
            disc(panel, place, 0.8 * self._scale, (118, 124, 146))
        mask = np.zeros(panel.shape[:2], np.uint8)
        for start, stop in self._edges():
            line(mask, start.tolist(), stop.tolist(), 255, width=self._scale)
        over(panel, mask, WHITE, strength=0.26)

    def draw(self, panel: NDArray[np.uint8], trail: NDArray[np.float64]) -> None:
        """Draw the trail and the cursor.

        Parameters
        ----------
        panel : ndarray of uint8, shape (side, side, 4)
            Changed in place.
        trail : ndarray of float64, shape (n, N)
            The present last, at least one.
        """
        places = self.places(trail, np.linspace(1, 0, len(trail)) if len(trail) > 1 else np.zeros(1))
        x, y = places[-1].tolist()
        if len(self._axes) == 2:  # one hair in the colour of each axis ties the cursor to the meters
            low, high, half = self._margin, self._margin + self._inner, 0.5 * self._scale
            bar(panel, low, y - half, high, y + half, self._colours[0], 0.55)
            bar(panel, x - half, low, x + half, high, self._colours[1], 0.55)
        shine(panel, self._comet(trail, places), EMBER)
        disc(panel, (x, y), 3.6 * self._scale, WHITE)

    def _comet(self, trail: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return how bright the trail and its glow are, shape ``(side, side)``."""
        mask = np.zeros((self._side, self._side), np.uint8)
        points = [fixed(place) for place in places.tolist()]
        leaps = np.abs(np.diff(trail[:, : len(self._axes)], axis=0)) > 0.5
        across = (leaps & self._closed).any(1).tolist()
        width = max(1, round(2 * self._scale))
        for k, leap in enumerate(across):
            if not leap:  # across the seam of a closed axis it leaves on one side and enters on the other
                light = 210 * ((k + 1) / len(across)) ** 2
                cv2.line(mask, points[k], points[k + 1], light, width, cv2.LINE_AA, SHIFT)
        cv2.circle(mask, points[-1], round(5 * self._scale * 2**SHIFT), 255, -1, cv2.LINE_AA, SHIFT)
        glow = blurred(mask, 4.5 * self._scale)
        return np.asarray(cv2.addWeighted(mask, 0.55, glow, 0.85, 0), np.uint8)

    def _edges(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return the lines around the field: whole where an axis ends, dashed where it goes on at the other side."""
        if len(self._axes) == 1:
            around = np.linspace(0, 1, 73 if self._closed[0] else 2)[:, None]
            rim = self.places(around, np.zeros(len(around)))
            return list(pairwise(rim))
        whole, dashes = [(0.0, 1.0)], [(k * DASH * 2, k * DASH * 2 + DASH) for k in range(round(0.5 / DASH))]
        found = []
        for k, closed in enumerate(self._closed):
            for end in (0.0, 1.0):
                for start, stop in dashes if closed else whole:
                    ends = np.array([[start, start], [stop, stop]])
                    ends[:, k] = end
                    found.append(tuple(self.places(ends, np.zeros(2))))
        return found


def _spread(axis: Axis) -> NDArray[np.float64]:
    """Return where the knots of an axis stand, 0..1; every second, third … where they would stand too close."""
    steps = np.arange(axis.steps)
    every = -(-axis.steps // MOST_DOTS)
    if not axis.closed:
        while (axis.steps - 1) % every and every < axis.steps:
            every += 1
    return steps[::every] / max(axis.edges, 1)
