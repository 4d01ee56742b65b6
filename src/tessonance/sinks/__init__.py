"""Where frames go: a video file, memory; each sink is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tessonance.sinks.encoders import available_encoders
    from tessonance.sinks.memory import MemorySink
    from tessonance.sinks.video import VideoSink

__all__ = ["MemorySink", "Sink", "VideoSink", "available_encoders"]

_HOMES = {"MemorySink": "memory", "VideoSink": "video", "available_encoders": "encoders"}


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


def __getattr__(name: str) -> Any:
    """Load a sink when it is first wanted; the one for films needs PyAV and OpenCV."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
