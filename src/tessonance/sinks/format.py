"""What a film can be like: its frame rate, exact, and its size."""

from __future__ import annotations

import math
from fractions import Fraction

from tessonance.errors import RenderError

__all__ = ["frame_rate", "frame_size"]

SLOWEST, FASTEST = 1, 240
SMALLEST, LARGEST = 16, 8192


def frame_rate(fps: float | Fraction) -> Fraction:
    """Return a frame rate as a fraction.

    Parameters
    ----------
    fps : int, float or Fraction
        From 1 to 240. What is meant for a television rate becomes it: 23.976 is 24000/1001, 29.97 is 30000/1001.

    Returns
    -------
    Fraction

    Raises
    ------
    RenderError
        If it is no frame rate.
    """
    if not (math.isfinite(fps) and SLOWEST <= fps <= FASTEST):
        raise RenderError("this is no frame rate", wanted=f"fps from {SLOWEST} to {FASTEST}", got=str(fps))
    exact = Fraction(fps)
    television = Fraction(round(exact) * 1000, 1001)
    meant = exact.denominator > 1 and abs(exact - television) < Fraction(1, 200)
    return television if meant else exact.limit_denominator(1001)


def frame_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size of frames, checked.

    Parameters
    ----------
    size : (int, int)
        Width and height from 16 to 8192; even, because colour is stored once for four pixels.

    Returns
    -------
    (int, int)

    Raises
    ------
    RenderError
        If frames cannot have it.
    """
    width, height = size
    if not all(SMALLEST <= side <= LARGEST for side in size):
        wanted = f"width and height from {SMALLEST} to {LARGEST}"
        raise RenderError("the size is out of range", wanted=wanted, got=f"{width}x{height}")
    if width % 2 or height % 2:
        even = f"{width + width % 2}x{height + height % 2}"
        raise RenderError("films have even sizes", wanted="even numbers", got=f"{width}x{height}", hint=even)
    return int(width), int(height)
