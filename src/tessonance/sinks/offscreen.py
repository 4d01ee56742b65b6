"""A window without a screen: for tests, and for machines that have none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tessonance.errors import RenderError
from tessonance.sinks.pacing import Pacer
from tessonance.sinks.presenter import Presenter
from tessonance.sinks.surface import Surface, leave_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderngl import Context

__all__ = ["OffscreenWindow", "offscreen_context"]


class OffscreenWindow(Surface):
    """Has all that a `Window` has, and nobody sees it.

    Parameters
    ----------
    size : (int, int)
        Width and height in pixels.
    fps : float
    clock, sleep : callable
        See `Pacer`; with those of a test no time goes by.

    Raises
    ------
    RenderError
        If there is no OpenGL 3.3.
    """

    def __init__(
        self,
        size: tuple[int, int] = (640, 360),
        *,
        fps: float = 60.0,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.context = offscreen_context()
        self.pacer = Pacer(fps, clock=clock, sleep=sleep)
        self._presenter = Presenter(self.context)
        self._typed: list[str] = []
        self._closed = self._released = self._fullscreen = False
        self.resize(size)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def closed(self) -> bool:
        """Whether `wish_closed` or `close` was called."""
        return self._closed

    @property
    def fullscreen(self) -> bool:
        """Whether it would fill the monitor."""
        return self._fullscreen

    def toggle_fullscreen(self) -> None:
        """Note that it is to fill the monitor, or no longer."""
        self._fullscreen = not self._fullscreen

    def poll(self) -> list[str]:
        """Return the keys that were typed by `type`."""
        typed, self._typed = self._typed, []
        return typed

    def type(self, *keys: str) -> None:
        """Type keys, as somebody before the window would; see `Keyboard` for their names."""
        self._typed += keys

    def wish_closed(self) -> None:
        """Close it as somebody with a mouse would."""
        self._closed = True

    def resize(self, size: tuple[int, int]) -> None:
        """Give it another size, as somebody with a mouse would."""
        self._size = size
        if min(size) > 0:
            self._target = self.context.simple_framebuffer(size)

    def close(self) -> None:
        """Let go of the context."""
        self._closed = True
        if not self._released:
            self._released = True
            self._presenter.release()
            self.context.release()
            leave_thread()


def offscreen_context() -> Context:
    """Return an OpenGL 3.3 context that needs no screen; by EGL, or what the platform has instead.

    Raises
    ------
    RenderError
        If there is none.
    """
    import sys

    import moderngl

    keys: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        return moderngl.create_context(standalone=True, require=330, **keys)
    except Exception as error:  # whatever the driver says
        raise RenderError(
            "there is no OpenGL 3.3 without a screen",
            got=str(error),
            hint="on Debian and Ubuntu: apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri libgles2",
        ) from error
