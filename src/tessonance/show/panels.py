"""What a running show writes over its picture besides the HUD: how it goes, what happened, and which keys there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.show.glass import Colour, bar, over, rounded, write
from tessonance.show.hud import GLASS
from tessonance.show.keys import KEYS
from tessonance.show.meters import DIM, INK
from tessonance.show.text import clipped, label, line_height

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Status", "help_panel", "status_panel"]

CALM, WARM, HOT = (112, 226, 158), (255, 209, 92), (255, 112, 92)
QUIETEST_DB, WARM_DB, HOT_DB = -60.0, -12.0, -1.0
LETTERS, SMALLEST = 13.0, 11.0  # pixels
DESIGNED_FOR = 720  # rows


@dataclass(frozen=True)
class Status:
    """How a show goes, in figures and words.

    Parameters
    ----------
    fps : float
        Frames shown in the last second.
    late_share : float
        Share of the frames, 0..1, for which a picture was not ready.
    level_db : float
        The peak of the input, in dBFS.
    input : str
        What is heard, and what is wrong with it.
    lines : tuple of str
        How the artist has set gain, smoothing and level, and what other programs say, where there is something to say.
    notes : tuple of str
        What else is to be said, the newest last.
    """

    fps: float
    late_share: float
    level_db: float
    input: str
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def status_panel(status: Status, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw how a show goes.

    Parameters
    ----------
    status : Status
    size : (int, int)
        Width and height of the frame; the panel is smaller.

    Returns
    -------
    ndarray of uint8, shape (h, w, 4)
        RGBA, the colours already times alpha.
    """
    letters = _letters(size)
    width = max(8, min(round(30 * letters), size[0] - 2 * round(letters)))
    rows = [f"{status.fps:.1f} fps, {status.late_share:.1%} late", status.input]
    rows += [part for line in status.lines for part in _wrapped(line, letters, width - 2 * round(letters))]
    notes = [part for note in status.notes for part in _wrapped(note, letters, width - 2 * round(letters))]
    line, gap = _line(letters), round(letters)
    panel = _glass(width, (len(rows) + len(notes)) * line + gap + 2 * gap)
    top = gap
    for k, text in enumerate((*rows, *notes)):
        colour = INK if k == 0 else DIM if k < len(rows) else WARM
        write(panel, label(clipped(text, letters, width - 2 * gap), letters), (gap, top), colour)
        top += line
        if k == 1:
            _draw_level(panel[top + round(0.2 * gap) : top + round(0.6 * gap)], status.level_db, gap)
            top += gap
    return panel


def help_panel(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw which keys there are; see `status_panel`."""
    letters = _letters(size)
    while len(KEYS) * _line(letters) + 2 * letters > size[1] and letters > 6:
        letters -= 0.5
    gap, line = round(letters), _line(letters)
    left = max(label(key.shown, letters).shape[1] for key in KEYS) + 2 * gap
    width = min(left + max(label(key.says, letters).shape[1] for key in KEYS) + gap, size[0])
    panel = _glass(width, len(KEYS) * line + 2 * gap)
    for k, key in enumerate(KEYS):
        write(panel, label(key.shown, letters), (gap, gap + k * line), WARM)
        write(panel, label(clipped(key.says, letters, width - left - gap), letters), (left, gap + k * line), INK)
    return panel


def _letters(size: tuple[int, int]) -> float:
    return max(SMALLEST, round(LETTERS * size[1] / DESIGNED_FOR))


def _line(letters: float) -> int:
    return round(1.15 * line_height(letters))


def _glass(width: int, height: int) -> NDArray[np.uint8]:
    panel = np.zeros((height, width, 4), np.uint8)
    over(panel, rounded((width, height), 8), GLASS, strength=0.76)
    return panel


def _draw_level(panel: NDArray[np.uint8], level_db: float, gap: int) -> None:
    height, width = panel.shape[0], panel.shape[1] - 2 * gap
    share = min(max(1 - level_db / QUIETEST_DB, 0.0), 1.0)
    colour: Colour = HOT if level_db > HOT_DB else WARM if level_db > WARM_DB else CALM
    bar(panel, gap, 0.25 * height, gap + width, 0.75 * height, INK, 0.2)
    if share > 0:
        bar(panel, gap, 0.0, gap + share * width, height, colour, 0.9)


def _wrapped(text: str, letters: float, width: int) -> Sequence[str]:
    """Break a note into at most three lines that fit."""
    lines: list[str] = []
    for given in text.splitlines():
        line = ""
        for word in given.split():
            longer = f"{line} {word}".strip()
            if line and label(longer, letters).shape[1] > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines[:3]
