"""When a frame is due, and how to be there neither late nor early."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pacer", "locked_rate"]

SPIN_SECONDS = 0.0015  # at the end of a wait: sleeping wakes up to a millisecond late
SPARE_SECONDS = 0.0003  # between the work of a frame and the moment it is due
MOST_OVERSLEPT_SECONDS = 0.003  # that is allowed for: a machine that is busy now and then would age all sound by more
VSYNC_SPARE_SECONDS = 0.0012  # the same where the screen is waited for: enough to tell whether it was
REMEMBERED = 60  # frames whose work tells how long that of the next may take
FEWEST = 10  # of them, or it cannot be told
USUAL_SHARE = 0.95  # of them take no longer than what is allowed for
VSYNC_EARLY = 0.25  # of a frame: how long before it is due a swap that waits for the screen may begin
EARLY_SECONDS = 0.001  # a swap that begins so long before a frame is due has something to wait for
UNBLOCKED = 0.0003  # seconds; a swap that comes back sooner has not waited
DOUBTS = 30  # of both in a row
NEAR = 0.03  # a screen of 59.94 Hz shows 60 frames a second; one of 50 Hz does not


class Pacer:
    """Says when to begin a frame and when to show it.

    A frame is `begin` (sleeps until there is just time enough for the work of a frame, so that it shows the newest
    sound), the work, `hold` (waits for the moment it is due), the swap, `swapped`.

    Parameters
    ----------
    fps : float
        Frames a second.
    vsync : bool
        Whether swaps wait for the screen, whose rate is near `fps` (see `locked_rate`). Where it turns out that they
        do not, that is given up.
    clock, sleep : callable
        Seconds, and waiting.

    Attributes
    ----------
    due : float
        When the next frame is to be seen, by the clock.
    period : float
        Seconds from frame to frame.
    vsync : bool
    work : float
        Seconds that the work of the last frame took.
    """

    def __init__(
        self,
        fps: float,
        *,
        vsync: bool = False,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.period, self.vsync = 1.0 / fps, vsync
        self._clock, self._sleep = clock, sleep
        self.work = 0.0
        self._work: deque[float] = deque(maxlen=REMEMBERED)  # with what sleep took too long
        self._begun, self._overslept = clock(), 0.0
        self.due = self._begun + self.period
        self._swapping, self._early = self._begun, False
        self._doubts = 0

    def begin(self) -> float:
        """Wait until the work of a frame has to begin, and return when that frame is due."""
        now = self._clock()
        if now > self.due:  # missed altogether: go on from here, without hurrying after what is lost
            self.due = now + self.period
        spare = VSYNC_SPARE_SECONDS if self.vsync else SPARE_SECONDS
        if (early := self.due - self._usual() - spare - now) > 0.0:
            self._sleep(early)
        self._begun = self._clock()
        self._overslept = min(self._begun - now - max(0.0, early), MOST_OVERSLEPT_SECONDS)
        return self.due

    def _usual(self) -> float:
        """Return how long the work of a frame takes but for the few longest: to begin for them costs all 2 ms."""
        if len(self._work) < FEWEST:
            return self.period
        return sorted(self._work)[int(USUAL_SHARE * (len(self._work) - 1))]

    def hold(self) -> None:
        """Wait until the frame is due; its work is done."""
        now = self._clock()
        self.work = now - self._begun
        self._work.append(self._overslept + self.work)
        until = self.due - (VSYNC_EARLY * self.period if self.vsync else 0.0)
        if (long := until - SPIN_SECONDS - now) > 0.0:
            self._sleep(long)
        while not self.vsync and self._clock() < until:
            pass
        self._swapping = self._clock()
        self._early = self.due - self._swapping > EARLY_SECONDS

    def swapped(self) -> float:
        """Note that the frame is seen now, and return when that is."""
        now = self._clock()
        if self.vsync:
            waited = now - self._swapping >= UNBLOCKED
            self._doubts = 0 if waited or not self._early else self._doubts + 1
            self.vsync = self._doubts < DOUBTS
            self.due = now if waited else self.due
        self.due += self.period
        return now


def locked_rate(fps: float, refresh: float) -> float | None:
    """Return the rate at which frames can be shown in step with a screen.

    Parameters
    ----------
    fps : float
        What is wished.
    refresh : float
        Pictures a second of the screen; 0 where that is not known.

    Returns
    -------
    float or None
        The screen's rate, a half or a third of it; None where none of them is near. A screen that is slower than what
        is wished sets the rate.
    """
    if refresh <= 0.0:
        return None
    for part in (1, 2, 3):
        if abs(refresh / part / fps - 1.0) < NEAR:
            return refresh / part
    return refresh if refresh < fps else None
