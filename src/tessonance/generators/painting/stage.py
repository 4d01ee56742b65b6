"""The stage that painted parts are laid on: pasting with soft edges, at any size, with shadows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.generators.painting.flower_sheet import Part, smoothstep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.generators.painting.form import Bytes, Floats

    Bounds = tuple[float, float, float, float]  # left, bottom, right, top; half the picture's shorter side is 1
    ToPart = Callable[[Floats, Floats], tuple[Floats, Floats]]

__all__ = ["Stage"]

REACH = 1.1  # how far beyond its rectangle a part may be read
NOWHERE = -9.0


class Stage:
    """A picture on which parts of a sheet are laid, one over the other.

    Parameters
    ----------
    ground : ndarray of uint8, shape (height, width, 3)
        What is there before anything is laid; it is copied.
    sheet : sequence of ndarray of uint8, each shape (side, side, 4)
        The sheet in sizes that halve, its colours multiplied by its cover, the fourth channel.
    zoom : float
        How much nearer everything laid is.
    run : tuple of ndarray of float32, shape (height, width), optional
        By how much the ink has run: places are read that far aside.
    """

    def __init__(
        self, ground: Bytes, sheet: Sequence[Bytes], *, zoom: float, run: tuple[Floats, Floats] | None
    ) -> None:
        self.picture = ground.copy()
        self.cover = np.zeros(ground.shape[:2], np.uint8)
        self._sheet, self._run = sheet, run
        self._run_far = 0.0 if run is None else 2 * float(max(np.std(run[0]), np.std(run[1])))
        self._height, self._width = int(ground.shape[0]), int(ground.shape[1])
        self._middle = (self._width - 1) / 2, (self._height - 1) / 2
        self._scale = zoom * min(self._width, self._height) / 2

    def shade(self, bounds: Bounds, middle: tuple[float, float], radius: float, darkness: float) -> None:
        """Lay a soft round shadow."""
        import cv2

        if (box := self._box(bounds)) is None:
            return
        x, y = self._places(box)
        shadow = smoothstep(1.3, 0.6, np.hypot(x - middle[0], y - middle[1]) / np.float32(radius))
        light = ((1 - darkness * shadow) * 255).astype(np.uint8)
        under = self.picture[box]
        under[:] = cv2.multiply(under, cv2.merge((light, light, light)), scale=1 / 255)

    def paste(self, part: Part, bounds: Bounds, to_part: ToPart, *, half_width: float) -> None:
        """Lay a part.

        Parameters
        ----------
        part : Part
        bounds : tuple of float
            What it can cover.
        to_part : callable
            From places on the stage to places in the part, -1..1 each way.
        half_width : float
            Half its width as it is laid: from it follows how soft a copy of the sheet is read.
        """
        import cv2

        if (box := self._box(bounds)) is None:
            return
        across, along = to_part(*self._places(box))
        outside = np.maximum(np.abs(across), np.abs(along)) > REACH
        u = np.where(outside, np.float32(NOWHERE), part.x + across * np.float32(part.half_width))
        laid = self._read(u, part.y + along * np.float32(part.half_height), part, half_width)
        red, green, blue, cover = cv2.split(laid)
        bare = 255 - cover
        under = self.picture[box]
        under[:] = cv2.add(
            cv2.multiply(under, cv2.merge((bare, bare, bare)), scale=1 / 255), cv2.merge((red, green, blue))
        )
        np.maximum(self.cover[box], cover, out=self.cover[box])

    def _read(self, u: Floats, v: Floats, part: Part, half_width: float) -> Bytes:
        """Read the sheet, mixing two neighbouring sizes: a part that grows must not jump from one to the next."""
        import cv2

        side = self._sheet[0].shape[0]
        shrunk = math.log2(max(part.half_width * side / (2 * half_width * self._scale), 1.0))
        first = min(int(shrunk), len(self._sheet) - 2)
        halves = [np.float32((sheet.shape[0] - 1) / 2) for sheet in self._sheet[first : first + 2]]
        larger, smaller = (
            cv2.remap(sheet, (u + 1) * half, (v + 1) * half, cv2.INTER_LINEAR)
            for sheet, half in zip(self._sheet[first : first + 2], halves, strict=True)
        )
        share = min(shrunk - first, 1.0)
        return cv2.addWeighted(larger, 1 - share, smaller, share, 0)

    def _box(self, bounds: Bounds) -> tuple[slice, slice] | None:
        far = np.array([-1, -1, 1, 1]) * self._run_far
        left, bottom, right, top = (float(bound) for bound in np.array(bounds) + far)
        columns = slice(max(int(self._column(left)), 0), min(int(self._column(right)) + 2, self._width))
        rows = slice(max(int(self._row(top)), 0), min(int(self._row(bottom)) + 2, self._height))
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def _column(self, x: float) -> float:
        return self._middle[0] + self._scale * x

    def _row(self, y: float) -> float:
        return self._middle[1] - self._scale * y

    def _places(self, box: tuple[slice, slice]) -> tuple[Floats, Floats]:
        rows, columns = box
        x = (np.arange(columns.start, columns.stop) - self._middle[0]) / self._scale
        y = (self._middle[1] - np.arange(rows.start, rows.stop)) / self._scale
        x, y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        if self._run is not None:
            x, y = x + self._run[0][box], y + self._run[1][box]
        return x, y
