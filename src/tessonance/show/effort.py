"""Whether pictures are moved: as long as the machine holds that at the frame rate. Pure."""

from __future__ import annotations

from collections import deque

__all__ = ["Effort"]

REMEMBERED = 60  # frames
LONG_SHARE = 0.95  # of the frame's period; what takes longer is late
MOST_LONG = 8  # of the frames remembered, until pictures move no more
REST_FRAMES = 120  # for which they do not; twice as many each time it was in vain
LONGEST_REST = 18_000  # five minutes at 60 a second
TRIAL_FRAMES = 120  # after a rest, which have to fit more easily
TRIAL_SHARE = 0.8  # of the period
PROOF_FRAMES = 3600  # of moved pictures, until rests are as short as at first
RISE_FRAMES = 30  # over which pictures come to move all the way, so that nothing leaps


class Effort:
    """Gives moving pictures up where frames take too long, and takes it up again when there is room.

    What frames take is measured, not foreseen: after a rest pictures are moved again, and where that is still too much
    the next rest is twice as long. So a burst of other work costs two seconds of morph, and a machine that is too slow
    for it is asked again ever more seldom.

    Attributes
    ----------
    strength : float
        How far pictures are to be moved, 0..1 of the way; 0 is a blend.
    """

    def __init__(self) -> None:
        self.strength = 1.0
        self._long: deque[bool] = deque(maxlen=REMEMBERED)
        self._rest, self._rested = REST_FRAMES, 0
        self._moved = TRIAL_FRAMES  # frames since the last rest

    @property
    def resting(self) -> bool:
        """Whether moving pictures is given up for now."""
        return self.strength == 0.0

    def note(self, seconds: float, period: float, *, moved: bool) -> None:
        """Note a frame.

        Parameters
        ----------
        seconds : float
            What it took, without waiting.
        period : float
            From frame to frame.
        moved : bool
            Whether pictures were moved in it.
        """
        if self.resting:
            self._rested += 1
            if self._rested >= self._rest:
                self._try_again()
            return
        self.strength = min(1.0, self.strength + 1 / RISE_FRAMES)
        if not moved:
            return
        self._moved += 1
        share = LONG_SHARE if self._moved > TRIAL_FRAMES else TRIAL_SHARE
        self._long.append(seconds > share * period)
        if self._moved == PROOF_FRAMES:
            self._rest = REST_FRAMES
        if sum(self._long) >= MOST_LONG:
            self.strength, self._rested = 0.0, 0

    def _try_again(self) -> None:
        self.strength, self._moved = 1 / RISE_FRAMES, 0
        self._rest = min(LONGEST_REST, 2 * self._rest)
        self._long.clear()
