"""Frames kept in memory: the sink for trying things out and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tessonance.errors import RenderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MemorySink"]


class MemorySink:
    """Keeps a copy of every frame.

    Attributes
    ----------
    frames : list of ndarray
        What was written; empty again once it is abandoned.
    closed : bool
        Whether it was closed or abandoned.
    """

    def __init__(self) -> None:
        self.frames: list[NDArray[np.uint8]] = []
        self.closed = False

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Keep a copy of a frame; see `Sink.write`."""
        if self.closed:
            raise RenderError("takes no more frames", where="MemorySink", hint="open a new one")
        self.frames.append(frame.copy())

    def close(self) -> None:
        """Take no more frames."""
        self.closed = True

    def abandon(self) -> None:
        """Forget the frames and take no more."""
        if not self.closed:
            self.frames.clear()
        self.closed = True
