"""What the artist sees over the picture: the place in the tesseract, the axes, and what the music does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.show.glass import Colour, lay, over, rounded, write
from tessonance.show.meters import DIM, AxisMeter, RouteMeter
from tessonance.show.pad import Pad
from tessonance.show.state import HudState
from tessonance.show.text import label, line_height

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tessonance.grid import Grid
    from tessonance.project import Mapping

__all__ = ["Hud", "HudState"]

GLASS: Colour = (9, 11, 20)
COLOURS: tuple[Colour, ...] = (
    (255, 138, 92),
    (88, 208, 255),
    (255, 209, 92),
    (186, 148, 255),
    (112, 226, 158),
    (255, 130, 182),
)
NAME_SIZE, SMALL_SIZE = 16.0, 13.0  # of letters, in pixels
DESIGNED_FOR = (1280, 720)
SMALLEST_LETTERS = 11.0
SMALLEST_SCALE = 0.74  # below it letters of 15 pixels cannot be read
LARGEST_SHARE = 0.62  # of the frame's height


class _Row(NamedTuple):
    top: int
    meter: AxisMeter | RouteMeter
    axis: int


class Hud:
    """Draws a translucent panel at the lower left of a frame.

    Parameters
    ----------
    grid : Grid
    mapping : Mapping
        Its routes stand below the axes they drive.
    size : (int, int)
        Width and height of the frame.

    Attributes
    ----------
    corner : (int, int)
        Where the panel's upper left corner lies in the frame, ``(x, y)``.
    shape : (int, int)
        Height and width of the panel; at most the frame's.
    """

    def __init__(self, grid: Grid, mapping: Mapping, size: tuple[int, int]) -> None:
        width, height = size
        area = (width * height) / (DESIGNED_FOR[0] * DESIGNED_FOR[1])
        self._scale = scale = max(SMALLEST_SCALE, area**0.5)
        self._gap = round(16 * scale)
        self._colours = [COLOURS[k % len(COLOURS)] for k in range(len(grid.axes))]
        room = round(LARGEST_SHARE * height) - 2 * self._gap
        self._rows, tall, self._left_out = _rows(grid, mapping, self._colours, scale, room)
        self._small = _small(scale)
        tall += round(0.5 * self._gap) + line_height(self._small)
        self._side = round(min(max(tall, 148 * scale), 220 * scale))
        self._pad = Pad(grid.axes[:2], tuple(self._colours[:2]), side=self._side, scale=scale)
        self.shape = (max(tall, self._side) + 2 * self._gap, self._side + 3 * self._gap + _column(scale))
        self.corner = (round(20 * scale), height - self.shape[0] - round(20 * scale))
        self._still = self._draw_still()

    def overlay(self, state: HudState) -> NDArray[np.uint8]:
        """Draw the panel.

        Parameters
        ----------
        state : HudState

        Returns
        -------
        ndarray of uint8, shape (*self.shape, 4)
            RGBA, the colours already times alpha: lay it over a frame at `corner` as
            ``panel.rgb + frame * (1 - panel.alpha)``.
        """
        panel = self._still.copy()
        trail = state.trail if len(state.trail) else state.coordinate[None]
        gap = self._gap
        self._pad.draw(panel[gap : gap + self._side, gap : gap + self._side], trail)
        for row, part in self._parts(panel):
            if isinstance(row.meter, AxisMeter):
                row.meter.draw(part, float(state.coordinate[row.axis]))
            elif row.meter.name in state.features:
                row.meter.draw(part, np.atleast_1d(state.features[row.meter.name]))
        clock = label(_clock(state.seconds), self._small)
        write(panel, clock, (self._side + 2 * gap, panel.shape[0] - gap - 0.8 * clock.shape[0]), DIM)
        return panel

    def draw(self, frame: NDArray[np.uint8], state: HudState) -> None:
        """Draw the panel on a frame, in place; on a frame too small for it, as much as there is room for.

        Parameters
        ----------
        frame : ndarray of uint8, shape (height, width, 3)
            Of the size that was given.
        state : HudState
        """
        panel = self.overlay(state)
        x, y = self.corner
        below = max(0, -y)
        lay(frame, panel[below:, : max(0, frame.shape[1] - x)], (x, y + below))

    def _parts(self, panel: NDArray[np.uint8]) -> Iterator[tuple[_Row, NDArray[np.uint8]]]:
        left = self._side + 2 * self._gap
        right = left + _column(self._scale)
        for row in self._rows:
            top = self._gap + row.top
            yield row, panel[top : top + row.meter.height, left:right]

    def _draw_still(self) -> NDArray[np.uint8]:
        height, width = self.shape
        panel = np.zeros((height, width, 4), np.uint8)
        radius, gap = 14 * self._scale, self._gap
        rim = max(1, round(self._scale))
        over(panel, rounded((width, height), radius), (255, 255, 255), strength=0.14)
        inner = panel[rim:-rim, rim:-rim]
        inner[rounded((width - 2 * rim, height - 2 * rim), radius - rim) > 127] = 0
        over(inner, rounded((width - 2 * rim, height - 2 * rim), radius - rim), GLASS, strength=0.72)
        self._pad.still(panel[gap : gap + self._side, gap : gap + self._side])
        for row, part in self._parts(panel):
            row.meter.still(part)
        if self._left_out:
            more = label(f"+ {self._left_out} more", self._small)
            write(panel, more, (width - gap - more.shape[1], height - gap - 0.8 * more.shape[0]), DIM)
        return panel


def _small(scale: float) -> float:
    return max(SMALLEST_LETTERS, SMALL_SIZE * scale)


def _column(scale: float) -> int:
    return round(264 * scale)


def _rows(grid: Grid, mapping: Mapping, colours: list[Colour], scale: float, room: int) -> tuple[list[_Row], int, int]:
    """Stack the meters as far as there is room; also return their height, and how many axes were left out."""
    rows: list[_Row] = []
    top, gap, wide = 0, round(9 * scale), _column(scale)
    for k, axis in enumerate(grid.axes):
        names = dict.fromkeys(route.feature_name for route in mapping.routes if route.axis == axis.name)
        meters: list[AxisMeter | RouteMeter] = [AxisMeter(axis, colours[k], width=wide, size=NAME_SIZE * scale)]
        meters += [RouteMeter(name, colours[k], width=wide, size=_small(scale)) for name in names]
        height = sum(meter.height for meter in meters) + gap
        if rows and top + height - gap > room:
            return rows, top - gap, len(grid.axes) - k
        for meter in meters:
            rows.append(_Row(top, meter, k))
            top += meter.height
        top += gap
    return rows, top - gap, 0


def _clock(seconds: float) -> str:
    tenths = max(0, round(seconds * 10))
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
