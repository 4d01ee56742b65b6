"""Where frames go: a video file, memory; each sink is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Sink"]


class Sink(Protocol):
    """Takes frames one by one, then is closed or abandoned."""

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Take one frame.

        Parameters
        ----------
        frame : ndarray of uint8, shape (height, width, 3)
            sRGB, top row first. The sink copies what it keeps.

        Raises
        ------
        RenderError
            If the frame cannot be written.
        """
        ...

    def close(self) -> None:
        """Finish: what was written is complete under its final name."""
        ...

    def abandon(self) -> None:
        """Stop without finishing: nothing is left under the final name."""
        ...
