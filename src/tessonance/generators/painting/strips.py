"""Places of pixels, and work on a picture in strips of rows small enough for the processor's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.generators.painting.brush import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tessonance.generators.painting.form import Bytes, Drawing, Floats, Values

__all__ = [
    "fitted",
    "magnified",
    "mirrored",
    "pixel_places",
    "read",
    "sheet_line",
    "sketch_square",
    "strips",
    "under_light",
]

STRIP_PIXELS = 16_384
LIGHT_STEPS = 170  # of a light of 1, so that a byte reaches 1.5


def strips(rows: int, width: int) -> Iterator[slice]:
    """Yield slices that cover all rows in strips of about 16,000 pixels."""
    step = max(1, STRIP_PIXELS // width)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def pixel_places(width: int, height: int) -> tuple[Floats, Floats]:
    """Return every pixel's place around the middle of the picture.

    Returns
    -------
    radius : ndarray of float32, shape (height, width)
        1 at the middle of the longer sides; never 0.
    angle : ndarray of float32, shape (height, width)
        Radians, -π..π, from the right, clockwise.
    """
    scale = 1 / min(width, height)
    y, x = np.meshgrid(np.arange(1 - height, height, 2) * scale, np.arange(1 - width, width, 2) * scale, indexing="ij")
    return np.maximum(np.hypot(x, y), 1e-3).astype(np.float32), np.arctan2(y, x).astype(np.float32)


def sheet_line(side: int, pixels: int) -> Floats:
    """Return places along a line of `pixels` whose inner `side` span -1..1 and whose ends are margin."""
    middle = (pixels - 1) / 2
    return ((np.arange(pixels) - middle) * (2 / (side - 1))).astype(np.float32)


def sketch_square(draw: Drawing, side: int, reach: float) -> Floats:
    """Draw a square sketch with its margin, at half the resolution: it is smooth, the brush brings the detail."""
    import cv2

    whole = side + 2 * MARGIN
    line = sheet_line(side // 2, whole // 2) * np.float32(reach)
    sketch = cv2.resize(draw(*np.meshgrid(line, line)), (whole, whole), interpolation=cv2.INTER_CUBIC)
    return np.clip(sketch, 0, 1)


def fitted(painting: Bytes, texels_per_pixel: float) -> Bytes:
    """Shrink a painting of which a pixel would show more than one texel: what is left out would glitter."""
    import cv2

    if texels_per_pixel <= 1:
        return painting
    side = max(16, round(painting.shape[1] / texels_per_pixel))
    return cv2.resize(painting, (side, side), interpolation=cv2.INTER_AREA)


def magnified(values: Values) -> float:
    """Return how much nearer the axis ``zoom`` brings a form: 0.8 to 1.25 times."""
    return float(1.5625 ** (values["zoom"] - 0.5))


def mirrored(place: Floats) -> Floats:
    """Fold the places of a world of mirrors into -1..1."""
    folded: Floats = 1 - np.abs(place - 4 * np.floor(place * 0.25 + 0.25) - 1)
    return folded


def read(painting: Bytes, u: Floats, v: Floats, row: Floats | float = 0.0) -> Bytes:
    """Read a painting, as wide as it is, at places -1..1 of the square that starts at a row; beyond, it is mirrored."""
    import cv2

    half = (painting.shape[1] - 1) / 2
    columns, rows = (mirrored(u) + 1) * half, (mirrored(v) + 1) * half + row
    return cv2.remap(painting, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def under_light(picture: Bytes, light: Floats) -> Bytes:
    """Multiply a picture by a light of 0..1.5, of shape ``(height, width)``."""
    import cv2

    byte = np.clip(light * LIGHT_STEPS, 0, 255).astype(np.uint8)
    return cv2.multiply(picture, cv2.merge((byte, byte, byte)), scale=1 / LIGHT_STEPS)
