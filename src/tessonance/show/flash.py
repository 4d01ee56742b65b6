"""Flash safety: how much a frame must be blended into those before it. Pure."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from tessonance.show.flash_count import FlashCount
from tessonance.show.flash_estimate import coded, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Light = NDArray[np.float32]

__all__ = ["FlashLimiter"]

LONGEST = 1.0  # seconds the running mean reaches back when flashing goes on: a strobe of 3.5 Hz leaves no flash in it
SETTLING = 1.0  # seconds in which it gets there, and back
HALVINGS = 6  # of what is searched for the smallest share


class FlashLimiter:
    """Keeps what is shown below the flash thresholds of WCAG 2.3.1.

    Each frame is shown as ``frame + amount * (mean - frame)``, in coded values, and what was shown is the mean for the
    next frame. So the mean runs along with the show, reaches back the further the larger the amounts are, and is what
    was last seen when there is nothing to calm. An amount of 1 repeats that, which is never a change: the limiter can
    always keep its word. It takes the smallest amount with which no fourth flash begins within a second; while the
    frames it is given go on flashing, the mean grows slower, so that a strobe becomes an even picture and not three
    flashes a second; and afterwards it fades away.

    It never touches what stays below the thresholds: the amount is exactly 0.

    Notes
    -----
    Every quantity is of the estimate (see `tessonance.show.flash_estimate`), so flashing finer than a 64th of the
    frame's width escapes it. See `FlashCount` for what is counted, and docs/how-to/flash-safety.md for what this does
    not promise.

    Examples
    --------
    >>> limiter = FlashLimiter()
    >>> dark, bright = np.zeros((36, 64, 3), np.float32), np.ones((36, 64, 3), np.float32)
    >>> amounts = [limiter.step(bright if frame % 2 else dark, frame / 30) for frame in range(30)]
    >>> max(amounts[:7]), max(amounts) > 0.9
    (0.0, True)
    """

    def __init__(self) -> None:
        self.frames, self.calmed = 0, 0
        self._now, self._last = 0.0, math.nan
        self._counts: list[FlashCount] = []
        self._given: list[FlashCount] = []  # the same for the frames before they are calmed; empty when nothing is
        self._shown = self._next = np.zeros((0, 0, 3), np.float32)  # what was shown last, and what will be
        self._reach = 0.0  # seconds of the running mean

    def step(self, estimate: Light, seconds: float) -> float:
        """Return how much of the running mean the next frame must be, and take it as shown so.

        Parameters
        ----------
        estimate : ndarray of float32, shape (36, 64, 3)
            Linear light of the frame, 0..1.
        seconds : float
            When it is shown. Any steps; where time runs backwards it stands still.

        Returns
        -------
        float
            0..1; exactly 0 where the frame is to be shown as it is.
        """
        amount = self.amount(estimate, seconds)
        self.show(self._next, amount)
        return amount

    def amount(self, estimate: Light, seconds: float) -> float:
        """Return what `step` would, without taking the frame as shown: for who can look at what became of it."""
        passed = seconds - self._last
        passed = passed if passed > 0.0 else 0.0  # also where it is no number
        self._now, self._last = self._now + passed, seconds
        if not self._counts:
            self._counts = [FlashCount(estimate.shape[:2], red=red) for red in (False, True)]
            self._next = estimate
            return 0.0
        least = self._least(estimate, passed)
        if self._fits(estimate, least):
            return least
        self._begin(estimate)
        return self._smallest(estimate, least)

    def allows(self, estimate: Light, *, blend: bool = False) -> bool:
        """Tell whether a frame, or a blend of it, may be shown now."""
        return not any(count.too_much(estimate, self._now, blend=blend) for count in self._counts)

    def show(self, estimate: Light, amount: float) -> None:
        """Take a frame as shown, of which `amount` was the running mean."""
        for count in self._counts:
            count.take(estimate, self._now)
        self._shown = estimate
        self.frames += 1
        self.calmed += amount > 0.0

    def _least(self, estimate: Light, passed: float) -> float:
        """Return the amount that the flashing of the last second asks for, whatever this frame is."""
        if not self._given:
            return 0.0
        for count in self._given:
            count.take(estimate, self._now)
        flashing = any(count.going_on(self._now) for count in self._given)
        step = passed / SETTLING * LONGEST
        self._reach = min(self._reach + step, LONGEST) if flashing else max(self._reach - step, 0.0)
        if self._reach == 0.0 and not flashing:
            self._given = []
        return math.exp(-passed / self._reach) if self._reach > 0.0 else 0.0

    def _begin(self, estimate: Light) -> None:
        """Begin to count in the frames that are given: until now they were those that were shown."""
        if not self._given:
            self._given = deepcopy(self._counts)
            for count in self._given:
                count.take(estimate, self._now)

    def _smallest(self, estimate: Light, least: float) -> float:
        """Return the smallest amount that is allowed, to a 64th; all of it always is."""
        most = 1.0
        for _ in range(HALVINGS):
            middle = (least + most) / 2
            least, most = (least, middle) if self._fits(estimate, middle) else (middle, most)
        self._next = self._mixed(estimate, most)
        return most

    def _fits(self, estimate: Light, amount: float) -> bool:
        """Tell whether a frame may be shown with so much of the running mean."""
        self._next = self._mixed(estimate, amount)
        return self.allows(self._next, blend=amount > 0.0)

    def _mixed(self, estimate: Light, amount: float) -> Light:
        """Return the estimate of a frame with so much of the running mean: coded values are what is blended."""
        if amount == 0.0:
            return estimate
        if amount == 1.0:
            return self._shown
        fresh = coded(estimate)
        return linear(fresh + (coded(self._shown) - fresh) * np.float32(amount))
