"""Where frames go: a window, a video file, memory; each sink is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tessonance.sinks.encoders import available_encoders
    from tessonance.sinks.memory import MemorySink
    from tessonance.sinks.monitors import Monitor, list_monitors
    from tessonance.sinks.offscreen import OffscreenWindow
    from tessonance.sinks.presenter import Panel
    from tessonance.sinks.surface import Surface
    from tessonance.sinks.video import VideoSink
    from tessonance.sinks.window import Window

__all__ = [
    "MemorySink",
    "Monitor",
    "OffscreenWindow",
    "Panel",
    "Sink",
    "Surface",
    "VideoSink",
    "Window",
    "available_encoders",
    "list_monitors",
]

_HOMES = {
    "MemorySink": "memory",
    "Monitor": "monitors",
    "OffscreenWindow": "offscreen",
    "Panel": "presenter",
    "Surface": "surface",
    "VideoSink": "video",
    "Window": "window",
    "available_encoders": "encoders",
    "list_monitors": "monitors",
}


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
    """Load a sink when it is first wanted; the one for films needs PyAV and OpenCV, windows need OpenGL."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
