"""Whether pictures are moved, and read finely: as long as the machine holds that at the frame rate. Pure."""

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

FINE_SHARE = 0.8  # of the period; what takes longer is too much for reading finely
MOST_LONG_FINE = 4  # of the frames remembered, until pictures are read plainly
ROOM_SHARE = 0.4  # of the period, that a plain frame has to fit into: a fine one takes twice as long
CROWDED_COST = 10  # frames with room that a frame without it takes back


class Effort:
    """Gives reading finely up where frames take too long, then moving pictures, until there is room again.

    What frames take is measured, not foreseen: after a rest pictures are moved again, and where that is still too much
    the next rest is twice as long. So a burst of other work costs two seconds of morph, and a machine that is too slow
    for it is asked again ever more seldom. What moves is read finely, as long as there is room for that, too.

    Parameters
    ----------
    fine : bool
        Whether reading finely is tried at all. Where the processor draws it is not: the time would be missing for
        decoding, which shows only as late pictures.

    Attributes
    ----------
    strength : float
        How far pictures are to be moved, 0..1 of the way; 0 is a blend.
    """

    def __init__(self, *, fine: bool = True) -> None:
        self.strength = 1.0
        self._fine = _Fineness(tried=fine)
        self._long: deque[bool] = deque(maxlen=REMEMBERED)
        self._rest, self._rested = REST_FRAMES, 0
        self._moved = TRIAL_FRAMES  # frames since the last rest

    @property
    def resting(self) -> bool:
        """Whether moving pictures is given up for now."""
        return self.strength == 0.0

    @property
    def fineness(self) -> float:
        """How far pictures that move are to be read along curves, 0..1; see `tessonance.sampling.fine`."""
        return self._fine.share

    @property
    def plain(self) -> bool:
        """Whether reading finely is given up for now, but moving is not."""
        return self.fineness == 0.0 and not self.resting

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
        if self._fine.note(seconds / period):
            return  # what is too long for that says nothing about moving
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


class _Fineness:
    """Whether what moves is read finely."""

    def __init__(self, *, tried: bool) -> None:
        self.share = 1.0 if tried else 0.0
        self._tried, self._long = tried, deque[bool](maxlen=REMEMBERED)
        self._rest, self._room, self._held = REST_FRAMES, 0, 0

    def note(self, share: float) -> bool:
        """Note a frame by its share of the period; return whether it was read finely."""
        fine = self.share > 0
        if fine:
            self._note_fine(share)
        else:
            self._room = self._room + 1 if share <= ROOM_SHARE else max(0, self._room - CROWDED_COST)
            if self._tried and self._room >= self._rest:
                self.share, self._held, self._rest = 1 / RISE_FRAMES, 0, min(LONGEST_REST, 2 * self._rest)
        return fine

    def _note_fine(self, share: float) -> None:
        self.share = min(1.0, self.share + 1 / RISE_FRAMES)
        self._long.append(share > FINE_SHARE)
        self._held += 1
        if self._held == PROOF_FRAMES:
            self._rest = REST_FRAMES
        if sum(self._long) >= MOST_LONG_FINE:
            self.share, self._room = 0.0, 0
            self._long.clear()
