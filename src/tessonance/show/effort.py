"""Whether pictures are moved: as long as the machine holds that at the frame rate. Pure."""

from __future__ import annotations

from collections import deque
from statistics import median

__all__ = ["Effort"]

REMEMBERED = 60  # frames
LONG_SHARE = 0.95  # of the frame's period; what takes longer is late
MOST_LONG = 8  # of the frames remembered, until pictures move no more
REST_FRAMES = 120  # for which they do not, at least; twice as many each time it was in vain
LONGEST_REST = 18_000  # five minutes, after which it is tried whatever was foreseen
ROOM_SHARE = 0.8  # of the period, in which frames must be expected to fit
PROOF_FRAMES = 600  # of moved pictures, until all is forgotten
RISE_FRAMES = 30  # over which pictures come to move all the way, so that nothing leaps


class Effort:
    """Gives moving pictures up where frames take too long, and takes it up again when there is room.

    What a moved frame costs more than a still one is measured when it is given up. It is taken up again after two
    seconds, if what still frames cost then, and that, fit into four fifths of a frame.

    Attributes
    ----------
    strength : float
        How far pictures are to be moved, 0..1 of the way; 0 is a blend.
    """

    def __init__(self) -> None:
        self.strength = 1.0
        self._moved: deque[tuple[float, bool]] = deque(maxlen=REMEMBERED)  # seconds, and whether that was too long
        self._still: deque[float] = deque(maxlen=REMEMBERED)
        self._rest, self._rested, self._proved = REST_FRAMES, 0, 0
        self._cost = self._more = 0.0

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
            self._note_rest(seconds, period)
            return
        self.strength = min(1.0, self.strength + 1 / RISE_FRAMES)
        if not moved:
            return
        self._moved.append((seconds, seconds > LONG_SHARE * period))
        self._proved += 1
        if self._proved >= PROOF_FRAMES:
            self._rest = REST_FRAMES
        if sum(long for _, long in self._moved) >= MOST_LONG:
            self._give_up()

    def _give_up(self) -> None:
        self.strength = 0.0
        self._cost = median(seconds for seconds, _ in self._moved)
        self._still.clear()
        self._rested = 0

    def _note_rest(self, seconds: float, period: float) -> None:
        self._still.append(seconds)
        self._rested += 1
        if self._rested == min(REMEMBERED, self._rest):
            self._more = max(0.0, self._cost - median(self._still))
        if self._rested < self._rest:
            return
        if self._rested >= LONGEST_REST or median(self._still) + self._more <= ROOM_SHARE * period:
            self.strength = 1 / RISE_FRAMES
            self._rest = min(LONGEST_REST, 2 * self._rest)
            self._proved = 0
            self._moved.clear()
