"""How far the sound is known at a moment, smoothly, though it comes in bursts."""

from __future__ import annotations

from collections import deque

__all__ = ["SampleClock"]

BIN_SECONDS = 0.1
BINS = 40  # four seconds of arrivals: long enough to have met most delays, short enough to follow a drifting card
FORGIVING_FROM = 10  # bins: from then on one of them counts for nothing, so that one slow wake-up delays no picture
CATCH_UP = 0.05  # how much faster or slower than time the line runs while it moves to where it is wanted
JUMP_SECONDS = 0.25  # further away than this it leaps there: after a stall, nobody wants slow motion


class SampleClock:
    """Says which second of the sound a frame is to show, of what is known.

    Sound arrives in steps: nothing for some milliseconds, then a block, sometimes several at once. A frame that took
    the newest sample there is would move by fits and starts. So this draws the line that lies just below the steps: it
    advances as time does, and the second it names is known whenever it is asked for. It needs no rate of the sound
    card: one that runs fast or slow bends the line within four seconds.

    `look` belongs to the thread that hears, `at` to the one that shows; nothing is locked.

    Parameters
    ----------
    tolerance : float
        Seconds that the line lies above that: so much earlier things are seen, and so much a frame may be off. Steps
        that are no higher are passed on as they are.
    """

    def __init__(self, tolerance: float = 0.0) -> None:
        self._tolerance = tolerance
        self._known: float | None = None
        self._bin, self._lowest = 0, float("inf")
        self._lows: deque[float] = deque(maxlen=BINS)
        self._wanted: float | None = None  # position minus host time
        self._offset: float | None = None
        self._asked = self._given = -float("inf")

    def look(self, position: float, host_seconds: float) -> None:
        """Note that the sound is known up to a position, whether it was so before or not.

        Parameters
        ----------
        position : float
            In seconds of the sound; never less than before.
        host_seconds : float
            The time of the frame that is to show it, or when it was looked at; never earlier than before.
        """
        limit = position - host_seconds
        self._known = position
        if (number := int(host_seconds // BIN_SECONDS)) != self._bin:
            if self._lowest < float("inf"):
                self._lows.append(self._lowest)
            self._bin, self._lowest = number, float("inf")
        if limit < self._lowest:
            self._lowest = limit
            lows = sorted((*self._lows, limit))
            # A bin that is new always comes here.
            self._wanted = lows[1 if len(lows) > FORGIVING_FROM else 0] + self._tolerance

    def at(self, host_seconds: float) -> float | None:
        """Return the second of the sound that belongs to a host time; None before the first look.

        It never goes back, and where nothing arrives any more it stands at the last second that is known.
        """
        wanted, known = self._wanted, self._known
        if wanted is None or known is None:
            return None
        if self._offset is None or abs(wanted - self._offset) > JUMP_SECONDS:
            self._offset = wanted
        else:
            reach = CATCH_UP * max(0.0, host_seconds - max(self._asked, host_seconds - 1.0))
            self._offset += min(max(wanted - self._offset, -reach), reach)
        self._asked = max(self._asked, host_seconds)
        self._given = max(self._given, min(host_seconds + self._offset, known))
        return self._given

    def then(self, host_seconds: float) -> float | None:
        """Return the second of the sound that belongs to a host time of the last moments, as `at` has it by now."""
        offset = self._wanted if self._offset is None else self._offset
        return None if offset is None else max(0.0, host_seconds + offset)
