"""What the pictures on smoothness are drawn with: a dark sheet for pictures, bars, curves and a few words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Box = tuple[float, float, float, float]

__all__ = ["COOL", "FAINT", "GOOD", "HOT", "INK", "LINE", "WARM", "Sheet", "heat"]

IMAGES = Path(__file__).parent / "images"
# The colours of the report's pages: src/tessonance/smooth/page.css.
GROUND, LINE, INK, FAINT = "#0e0e12", "#2a2a33", "#ececf0", "#9698a4"
WARM, HOT, COOL, GOOD = "#ffb454", "#ff6b57", "#6fc3ff", "#7ddc9a"
FINE = 2  # how much larger it is drawn than saved, so that curves have no stairs


class Sheet:
    """A dark sheet; all places and sizes are in pixels of the file, boxes are left, top, width, height.

    Parameters
    ----------
    width, height : int
    """

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * FINE, height * FINE), GROUND)
        self._draw = ImageDraw.Draw(self._image)

    def picture(self, picture: NDArray[np.uint8], box: Box, *, round_by: float = 5) -> None:
        """Lay a picture into a box, its corners rounded."""
        left, top, width, height = (round(side * FINE) for side in box)
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), round_by * FINE, fill=255)
        laid = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
        self._image.paste(laid, (left, top), mask)

    def text(
        self, at: tuple[float, float], text: str, *, size: float = 17, colour: str = INK, anchor: Any = "lm"
    ) -> None:
        """Write a few words; `anchor` as Pillow has it."""
        font = ImageFont.load_default(size * FINE)
        self._draw.text((at[0] * FINE, at[1] * FINE), text, colour, font, anchor=anchor)

    def bar(self, box: Box, colour: str, *, round_by: float = 2) -> None:
        """Fill a box; one of no width or height leaves nothing."""
        left, top, width, height = (side * FINE for side in box)
        if width > 0 and height > 0:
            ends = (left, top, left + width - 1, top + height - 1)
            self._draw.rounded_rectangle(ends, min(round_by * FINE, width / 2, height / 2), fill=colour)

    def curve(self, box: Box, values: ArrayLike, *, most: float, colour: str, width: float = 2) -> None:
        """Draw values from left to right; `most` is the top of the box, 0 its bottom."""
        left, top, across, high = box
        y = top + high * (1 - np.asarray(values, np.float64) / most)
        x = np.linspace(left, left + across, len(y))
        self.line(np.stack([x, y], axis=1).tolist(), colour=colour, width=width)

    def line(self, points: Sequence[Sequence[float]], *, colour: str, width: float = 2) -> None:
        """Draw a line through points."""
        flat = [(x * FINE, y * FINE) for x, y in points]
        self._draw.line(flat, colour, round(width * FINE), joint="curve")

    def dashes(self, start: tuple[float, float], across: float, *, colour: str = FAINT) -> None:
        """Draw a level line of dashes."""
        for x in np.arange(start[0], start[0] + across, 10).tolist():
            self.line([(x, start[1]), (min(x + 5, start[0] + across), start[1])], colour=colour, width=1)

    def save(self, name: str, *, quality: int = 76) -> Path:
        """Write it to docs/images, say how large it has become, and return where it is."""
        path = IMAGES / name
        small = self._image.resize((self._image.width // FINE, self._image.height // FINE), Image.Resampling.LANCZOS)
        small.save(path, quality=quality, method=6)
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
        return path


def heat(values: NDArray[np.float32], most: float) -> NDArray[np.uint8]:
    """Colour a map of 0..most as the report's heat maps are, black to light yellow."""
    import cv2

    codes = np.clip(values / most * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(codes, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8)
