"""What a window and its hidden twin have in common: presenting, pacing and looking at what is shown."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from tessonance.sinks.pacing import Pacer
from tessonance.sinks.presenter import Panel, Presenter, Showing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from moderngl import Context, Framebuffer, Texture
    from numpy.typing import NDArray

__all__ = ["Surface", "leave_thread"]

WORDS_FOR_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")


def leave_thread() -> None:
    """Let go of a context without a screen that this thread still holds, though it may have been released.

    X ends a program that makes another one current meanwhile.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            ctypes.CDLL("libEGL.so.1").eglReleaseThread()


class Surface:
    """Shows textures of one OpenGL context, frame by frame.

    A frame of a show is, on the thread that opened the surface::

        for key in surface.poll(): ...          # and stage.prepare(…): there is time now
        due = surface.begin()                   # sleeps until just before the frame has to be made
        surface.present(stage.draw(path.at(due)).texture)
        surface.swap()                          # waits until it is due

    Attributes
    ----------
    context : moderngl.Context
        For what draws into textures that are shown here.
    pacer : Pacer
    """

    context: Context
    pacer: Pacer
    _presenter: Presenter
    _target: Framebuffer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, which may change at any time."""
        raise NotImplementedError

    @property
    def scale(self) -> float:
        """How many pixels stand for one of a screen of usual density: 2 on many a laptop."""
        return 1.0

    @property
    def period(self) -> float:
        """Seconds from frame to frame."""
        return self.pacer.period

    @property
    def work(self) -> float:
        """Seconds that the work of the last frame took, from `begin` until everything was drawn."""
        return self.pacer.work

    @property
    def renderer(self) -> str:
        """What draws, as the driver names it."""
        return str(self.context.info.get("GL_RENDERER", "unknown"))

    @property
    def software(self) -> bool:
        """Whether the processor draws, for lack of a graphics card."""
        return any(word in self.renderer.lower() for word in WORDS_FOR_SOFTWARE)

    @property
    def closed(self) -> bool:
        """Whether the window is to be closed: somebody wished so, or `close` was called."""
        raise NotImplementedError

    @property
    def fullscreen(self) -> bool:
        """Whether it fills the monitor."""
        raise NotImplementedError

    def toggle_fullscreen(self) -> None:
        """Fill the monitor, or be a window again."""
        raise NotImplementedError

    def poll(self) -> list[str]:
        """Handle what the window system tells, and return the keys that were typed; see `Keyboard` for their names."""
        raise NotImplementedError

    def begin(self) -> float:
        """Wait until the next frame has to be made, and return when it will be seen, by ``time.perf_counter``."""
        return self.pacer.begin()

    def present(
        self,
        picture: Texture,
        *,
        over: Texture | None = None,
        mix: float = 0.0,
        fit: str = "cover",
        calm: float = 0.0,
        fade: float = 0.0,
        panels: Sequence[Panel] = (),
    ) -> None:
        """Draw what is to be seen next; see `Showing` for the parameters.

        Raises
        ------
        RenderError
            If there is no such fit.
        """
        showing = Showing(picture, over, mix, fit, calm, fade, panels)
        self._finish()  # the pictures: software drivers wait for them here anyway, at twice the time
        if min(self.size) > 0:  # a minimised window has no pixels
            self._presenter.present(showing, self._target, self.size)

    def flush(self) -> None:
        """Let what is drawn into textures begin now, so that there is time for something else meanwhile."""

    def swap(self) -> float:
        """Show what was drawn when it is due, and return when that was, by ``time.perf_counter``."""
        self._finish()  # so that the work of the frame is known, and is done when the frame is due
        self.pacer.hold()
        self._show()
        return self.pacer.swapped()

    def screenshot(self) -> NDArray[np.uint8]:
        """Return what was presented last, shape ``(height, width, 3)``, top row first. It takes some milliseconds."""
        width, height = self.size
        if min(width, height) == 0:
            return np.zeros((height, width, 3), np.uint8)
        texture = self.context.texture((width, height), 3)
        target = self.context.framebuffer([texture])
        try:
            self._presenter.again(target, (width, height))
            raw = target.read(components=3, alignment=1)
        finally:
            target.release()
            texture.release()
        return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1].copy()

    def close(self) -> None:
        """Close it; what was made of its context must be let go of before."""
        raise NotImplementedError

    def _finish(self) -> None:
        """Wait until everything is drawn."""
        self.context.finish()

    def _show(self) -> None:
        """Swap what was drawn with what is seen."""
