"""Samples on their way from the sound card's thread to ours: only copied, never waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ring"]


class Ring:
    """The last samples, written by one thread and read by one other.

    Neither ever waits for the other, and `push` allocates nothing: it may be called where the sound card waits. Who
    reads too seldom loses the oldest samples; they are counted and silence stands in their place, so that the count of
    samples stays the time.

    Parameters
    ----------
    frames : int
        How many frames may wait to be read.
    channels : int

    Attributes
    ----------
    lost : int
        How many frames were overwritten before they were read.
    losses : int
        How many times that was found.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self._kept = np.zeros((frames, channels), np.float32)
        self._claimed = self._written = self._read = 0  # frames since the beginning; each has one thread that sets it
        self.lost = self.losses = 0

    @property
    def written(self) -> int:
        """How many frames were pushed since the beginning."""
        return self._written

    def push(self, block: NDArray[np.float32]) -> None:
        """Copy a block in.

        Parameters
        ----------
        block : ndarray of float32, shape (n, channels)
            Of a block longer than the ring, the last frames are kept.
        """
        kept, size = self._kept, len(self._kept)
        end = self._claimed = self._written + len(block)  # said before anything is overwritten, see `pull`
        if len(block) > size:
            block = block[-size:]
        at = (end - len(block)) % size
        before = min(size - at, len(block))
        kept[at : at + before] = block[:before]
        kept[: len(block) - before] = block[before:]
        self._written = end

    def pull(self) -> NDArray[np.float32]:
        """Take what came since the last call.

        Returns
        -------
        ndarray of float32, shape (n, channels)
            In the order of their pushes, the caller's to keep. At most as many as the ring holds: of those lost, no
            more than that are given as silence.
        """
        size, end = len(self._kept), self._written
        first = max(self._read, end - size)
        frames = np.take(self._kept, np.arange(first, end), axis=0, mode="wrap")
        torn = min(max(self._claimed - size - first, 0), len(frames))  # overwritten since, or half
        frames[:torn] = 0
        lost = first - self._read
        self.lost += lost + torn
        self.losses += bool(lost + torn)
        self._read = end
        return frames if not lost else np.concatenate([np.zeros_like(self._kept[: min(lost, size)]), frames])
