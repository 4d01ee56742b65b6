"""Frame rates, exact."""

from __future__ import annotations

import math
from fractions import Fraction

from tessonance.errors import RenderError

__all__ = ["frame_rate"]

SLOWEST, FASTEST = 1, 240


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
