"""A song decoded ahead on a thread, found by its frames: the last seconds and the next ones."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError
from tessonance.sound.decode import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.sound.decoders import Song

__all__ = ["SongBuffer"]

AHEAD_SECONDS = 4  # decoded before it is wanted; as much of what was wanted last is kept
GLANCE_SECONDS = 0.02  # how often a thread that is far enough ahead looks whether it still is


class SongBuffer:
    """The part of a song around the frame that is wanted.

    One thread fills it; any may copy out of it, and none ever waits for another.

    Parameters
    ----------
    song : path-like or (ndarray, int)
        As `probe` takes it.
    rate : int
        Of what is copied out.
    channels : {1, 2}
    start : float
        In seconds of the song: frame 0 is there.
    loop : bool
        Begin again at the beginning of the song when it ends.

    Attributes
    ----------
    decoded : int
        How many frames there are by now.
    total : int or None
        How many there will be, once the end was reached.
    trouble : str
        Why the song broke off; empty if it did not.

    Raises
    ------
    SoundError
        If the song cannot be heard, or is over by `start`.
    """

    def __init__(self, song: Song, *, rate: int, channels: int, start: float = 0.0, loop: bool = False) -> None:
        self._song, self._rate, self._start, self._loop = song, rate, start, loop
        self._kept = np.zeros((2 * AHEAD_SECONDS * rate, channels), np.float32)
        self._first = blocks(song, start=start, rate=rate, channels=channels)  # refuses now what it would refuse
        self.decoded, self.trouble = 0, ""
        self.total: int | None = None
        self._wanted = 0
        self._over = Event()
        self._thread = Thread(target=self._fill, name="tessonance-song", daemon=True)
        self._thread.start()

    @property
    def channels(self) -> int:
        """How many channels a frame has."""
        return self._kept.shape[1]

    @property
    def kept_from(self) -> int:
        """The first frame that is still there: those before are overwritten, or about to be."""
        return max(self.decoded + self._largest - len(self._kept), 0)

    def has(self, frame: int) -> bool:
        """Whether all frames before this one are decoded, or will never be."""
        return self.decoded >= frame or self.total is not None

    def copy(self, first: int, out: NDArray[np.float32]) -> int:
        """Copy frames out, and silence where there are none; allocates nothing.

        Parameters
        ----------
        first : int
            The first frame wanted.
        out : ndarray of float32, shape (n, channels)
            Where they go.

        Returns
        -------
        int
            How many frames are right as they are: after the song's end all, else those decoded by now.
        """
        self._wanted = max(self._wanted, first + len(out))
        size = len(self._kept)
        count = min(max(self.decoded - first, 0), len(out))
        at = first % size
        before = min(size - at, count)
        out[:before] = self._kept[at : at + before]
        out[before:count] = self._kept[: count - before]
        out[count:] = 0
        gone = min(max(self.kept_from - first, 0), count)
        out[:gone] = 0
        return count if self.total is None else len(out)

    def close(self) -> None:
        """End the thread; again does nothing."""
        self._over.set()
        self._thread.join()

    @property
    def _largest(self) -> int:
        """The most frames that are written at once."""
        return self._rate // 2

    def _fill(self) -> None:
        try:
            for block in self._first:
                if not self._put(block):
                    return
            while self._loop and self.decoded:
                for block in blocks(self._song, rate=self._rate, channels=self.channels):
                    if not self._put(block):
                        return
        except SoundError as error:
            self.trouble = error.problem
        self.total = self.decoded

    def _put(self, block: NDArray[np.float32]) -> bool:
        """Write a block when there is room; False once nobody wants it any more."""
        size = len(self._kept)
        for first in range(0, len(block), self._largest):
            part = block[first : first + self._largest]
            while self.decoded + len(part) > self._wanted + AHEAD_SECONDS * self._rate:
                if self._over.wait(GLANCE_SECONDS):
                    return False
            at = self.decoded % size
            before = min(size - at, len(part))
            self._kept[at : at + before] = part[:before]
            self._kept[: len(part) - before] = part[before:]
            self.decoded += len(part)
        return not self._over.is_set()
