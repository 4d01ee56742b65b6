"""The picture of a feature track: a lane for each feature, chroma as a heat strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.outputs import replacing
from tessonance.project import BANDS, CHROMA

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw

    from tessonance.sound.track import FeatureTrack

__all__ = ["draw", "write_plot"]

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 1760, 132, 36, 96, 52
LANE, GAP, STRIP_ROW = 74, 18, 15  # pixels
BACKGROUND, LANE_GROUND = (13, 14, 20), (20, 22, 31)
TEXT, FAINT, GRID = (226, 228, 236), (128, 133, 150), (44, 47, 62)
COLOURS = {
    "sub": (142, 84, 233),
    "low": (225, 78, 150),
    "mid": (246, 146, 72),
    "high": (250, 214, 92),
    "loudness": (98, 220, 158),
    "onset": (240, 244, 255),
    "beat": (255, 120, 104),
    "bar": (206, 92, 120),
    "bpm": (255, 176, 150),
    "brightness": (84, 190, 240),
    "noisiness": (134, 150, 190),
}
OTHER = (72, 208, 200)
HEAT = np.array([(20, 22, 31), (64, 34, 98), (158, 48, 110), (238, 104, 72), (252, 226, 150)], np.float64)
HEAT_LABEL = (238, 104, 72)
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def write_plot(track: FeatureTrack, path: str | Path, title: str | None = None) -> None:
    """Write the picture of a track as a PNG.

    Parameters
    ----------
    track : FeatureTrack
    path : path-like
        Replaced if it exists, once the new file is complete.
    title : str, optional
        The song's name, to stand above it.

    Raises
    ------
    TessError
        If the file cannot be written.
    """
    from PIL import Image

    picture = Image.fromarray(draw(track, title))
    with replacing(path) as file:
        picture.save(file, format="PNG")


def draw(track: FeatureTrack, title: str | None = None) -> NDArray[np.uint8]:
    """Draw a track.

    A lane is filled up to the mean of what falls on a pixel column, and more faintly up to the highest of it.

    Parameters
    ----------
    track : FeatureTrack
    title : str, optional

    Returns
    -------
    ndarray of uint8, shape (height, 1760, 3)
        sRGB, top row first.
    """
    from PIL import Image, ImageDraw

    lanes = _lanes(track)
    height = TOP + sum(pixels + GAP for _, pixels in lanes) - GAP + BOTTOM
    canvas = np.empty((height, WIDTH, 3), np.float64)
    canvas[:] = BACKGROUND
    tops, top = [], TOP
    for names, pixels in lanes:
        area = canvas[top : top + pixels, LEFT : WIDTH - RIGHT]
        _fill_strip(area, track) if len(names) > 1 else _fill_lane(area, track, names[0])
        tops.append(top)
        top += pixels + GAP
    picture = Image.fromarray(np.clip(canvas + 0.5, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    _write_heading(pen, track, title)
    _write_times(pen, track, top - GAP)
    for (names, pixels), top in zip(lanes, tops, strict=True):
        _write_names(pen, names, top, pixels)
    return np.asarray(picture)


def _lanes(track: FeatureTrack) -> list[tuple[tuple[str, ...], int]]:
    """Say what is drawn from top to bottom: the names in a lane, and its height in pixels."""
    whole_chroma = all(name in track.names for name in CHROMA)
    alone = [name for name in dict.fromkeys(track.names) if not (whole_chroma and name in CHROMA)]
    lanes: list[tuple[tuple[str, ...], int]] = [((name,), LANE) for name in alone]
    return [*lanes, (CHROMA, 12 * STRIP_ROW)] if whole_chroma else lanes


def _columns(values: NDArray[np.float32], pixels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the highest of what falls on each pixel column."""
    hops = len(values)
    if not hops:
        return np.zeros(pixels), np.zeros(pixels)
    if hops <= 2 * pixels:
        shown = np.interp((np.arange(pixels) + 0.5) * hops / pixels - 0.5, np.arange(hops), values)
        return shown, shown
    edges = np.arange(pixels) * hops // pixels
    counts = np.diff(edges, append=hops)
    return np.add.reduceat(values.astype(np.float64), edges) / counts, np.maximum.reduceat(values, edges).astype(float)


def _fill_lane(area: NDArray[np.float64], track: FeatureTrack, name: str) -> None:
    height, width = area.shape[:2]
    area[:] = LANE_GROUND
    area[height // 2] = GRID
    from_bottom = np.arange(height)[::-1, None]
    colour = np.array(COLOURS.get(name, OTHER), np.float64)
    mean, high = _columns(track.column(name), width)
    for level, opacity in ((high, 0.4), (mean, 1.0)):
        covered = np.clip(level * height - from_bottom, 0.0, 1.0)  # a pixel cut by the curve is covered in part
        shade = opacity * (0.35 + 0.65 * from_bottom / height)
        area += (covered * shade)[..., None] * (colour - area)


def _fill_strip(area: NDArray[np.float64], track: FeatureTrack) -> None:
    for row, name in enumerate(CHROMA):
        mean, _ = _columns(track.column(name), area.shape[1])
        at = np.clip(mean, 0, 1) * (len(HEAT) - 1)
        colours = np.stack([np.interp(at, np.arange(len(HEAT)), HEAT[:, part]) for part in range(3)], axis=1)
        top = (11 - row) * STRIP_ROW
        area[top : top + STRIP_ROW - 1] = colours
        area[top + STRIP_ROW - 1] = BACKGROUND


def _write_heading(pen: ImageDraw, track: FeatureTrack, title: str | None) -> None:
    from PIL import ImageFont

    pen.text((LEFT, 22), title or "features", font=ImageFont.load_default(30), fill=TEXT)
    milliseconds = track.hop_seconds * 1000
    what = f"{_clock(track.seconds)}   ·   {len(track.values):,} hops of {milliseconds:.2f} ms   ·   each lane 0 to 1"
    pen.text((LEFT, 62), what, font=ImageFont.load_default(15), fill=FAINT)


def _write_times(pen: ImageDraw, track: FeatureTrack, bottom: int) -> None:
    from PIL import ImageFont

    font, width = ImageFont.load_default(15), WIDTH - LEFT - RIGHT
    step = next((tick for tick in TICKS if track.seconds <= 14 * tick), 7200)
    first, last = track.start_seconds, track.start_seconds + track.seconds
    for number in range(int(np.ceil(first / step)), int(last // step) + 1):
        x = LEFT + (number * step - first) / max(track.seconds, 1e-9) * width
        pen.line([(x, bottom), (x, bottom + 7)], fill=FAINT)
        pen.text((x, bottom + 12), _clock(number * step, step), font=font, fill=FAINT, anchor="ma")


def _write_names(pen: ImageDraw, names: tuple[str, ...], top: int, pixels: int) -> None:
    from PIL import ImageFont

    if len(names) == 1:
        font = ImageFont.load_default(18)
        pen.text((LEFT - 16, top + pixels // 2), names[0], font=font, fill=COLOURS.get(names[0], OTHER), anchor="rm")
        if names[0] in BANDS:
            low, high = BANDS[names[0]]
            small = ImageFont.load_default(12)
            pen.text((LEFT - 16, top + pixels // 2 + 17), f"{low:g}-{high:g} Hz", font=small, fill=FAINT, anchor="rm")
        return
    for row, note in enumerate(NOTES):
        y = top + (11 - row) * STRIP_ROW + STRIP_ROW // 2
        pen.text((LEFT - 12, y), note, font=ImageFont.load_default(12), fill=TEXT, anchor="rm")
    pen.text((16, top + pixels // 2), "chroma", font=ImageFont.load_default(18), fill=HEAT_LABEL, anchor="lm")


def _clock(seconds: float, step: float = 1.0) -> str:
    """Write a time as 1:05, or with its decimals where ticks are less than a second apart."""
    minutes, rest = divmod(seconds, 60)
    decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2
    return f"{int(minutes)}:{rest:0{2 + bool(decimals) + decimals}.{decimals}f}"
