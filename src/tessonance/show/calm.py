"""The flash limiter on frames in memory: a stage of a render."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tessonance.show.flash import FlashLimiter
from tessonance.show.flash_estimate import estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Calm"]

TRIES = 3  # then what was shown last stays, which is always allowed


class Calm:
    """Blends frames into those before them where they would flash too often.

    It is called with each frame and its time, in order, as a stage of `FrameMaker`, and gives back the frame itself
    where nothing is to be calmed. What a blend has become is measured again, so the thresholds hold for the
    estimate of the frame that is shown, rounding and all.

    Parameters
    ----------
    limiter : FlashLimiter, optional
        Which also counts the frames it calmed.
    """

    def __init__(self, limiter: FlashLimiter | None = None) -> None:
        self.limiter = limiter or FlashLimiter()
        self._shown: NDArray[np.uint8] | None = None
        self._mean: NDArray[np.float32] | None = None  # finer than eight bits, or small steps would get lost in it

    def __call__(self, frame: NDArray[np.uint8], seconds: float) -> NDArray[np.uint8]:
        """Return the frame, calmed where it must be; in its own memory where that is writeable."""
        light = estimate(frame)
        amount = self.limiter.amount(light, seconds)
        if amount == 0.0 or self._shown is None:
            self.limiter.show(light, 0.0)
            self._shown, self._mean = _copied(frame, self._shown), None
            return frame
        amount, self._mean, self._shown = self._calmed(frame, amount, self._shown)
        self.limiter.show(estimate(self._shown), amount)
        return _copied(self._shown, frame if frame.flags.writeable else None)

    def _calmed(
        self, frame: NDArray[np.uint8], amount: float, shown: NDArray[np.uint8]
    ) -> tuple[float, NDArray[np.float32], NDArray[np.uint8]]:
        mean = shown.astype(np.float32) if self._mean is None else self._mean
        for _ in range(TRIES):
            blend = np.asarray(cv2.addWeighted(mean, amount, frame, 1.0 - amount, 0.0, dtype=cv2.CV_32F), np.float32)
            calmed = np.asarray(cv2.convertScaleAbs(blend), np.uint8)
            if self.limiter.allows(estimate(calmed), blend=True):
                return amount, blend, calmed
            amount = (1.0 + amount) / 2
        return 1.0, mean, shown


def _copied(frame: NDArray[np.uint8], into: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return a copy: the memory of a frame is drawn on, and used again."""
    if into is None:
        return frame.copy()
    np.copyto(into, frame)
    return into
