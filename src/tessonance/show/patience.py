"""How long a frame may give the threads for pictures that came to be needed only now. Pure."""

from __future__ import annotations

__all__ = ["PATIENCE_SECONDS", "Patience"]

PATIENCE_SECONDS = 0.004  # a quarter of a frame at 60 a second; four pictures on two threads take 3 ms
LEAST_SECONDS = 0.0005  # below it nothing is decoded
REST_FRAMES = 120  # without a late picture, until patience that was lost is back


class Patience:
    """Is lost where it is in vain, and comes back in quiet times.

    So a frame that lacks pictures which are decoded in a moment gets them, and a slow disk costs a few milliseconds
    once, not in every frame.

    Parameters
    ----------
    most : float
        Seconds; 0 for none at all.
    """

    def __init__(self, most: float = PATIENCE_SECONDS) -> None:
        self._most = self._now = most

    @property
    def seconds(self) -> float:
        """How long to wait at most, now; 0 where it makes no sense."""
        return self._now if self._now >= LEAST_SECONDS else 0.0

    def rewarded(self) -> None:
        """Note that something came while it was waited for."""
        self._now = min(self._most, 2 * self._now)

    def in_vain(self) -> None:
        """Note that nothing came."""
        self._now /= 2

    def rested(self) -> None:
        """Note a frame for which nothing had to be waited for."""
        self._now = min(self._most, self._now + self._most / REST_FRAMES)
