"""A window on a screen, by GLFW and OpenGL 3.3."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from tessonance.errors import RenderError
from tessonance.sinks.keyboard import NAMES, Keyboard
from tessonance.sinks.monitors import begun_glfw, complaint, monitor_handle
from tessonance.sinks.pacing import Pacer, locked_rate
from tessonance.sinks.presenter import Presenter
from tessonance.sinks.surface import Surface, leave_thread

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

__all__ = ["Window"]

LARGEST = 16384


class Window(Surface):
    """A window on a screen; see `Surface` for how frames are shown in it.

    Parameters
    ----------
    size : (int, int)
        Width and height in screen coordinates, which on a dense screen are fewer than its pixels.
    title : str
    fullscreen : bool
    monitor : int
        Which one to stand on, or to fill; see `list_monitors`.
    fps : float
        Frames a second, at most.
    vsync : bool
        Whether swaps wait for the screen, so that no frame is torn.
    visible : bool
        Whether anybody sees it.

    Raises
    ------
    RenderError
        If there is no display, no OpenGL 3.3, or no such monitor.
    MissingExtra
        If GLFW cannot be loaded.
    """

    def __init__(
        self,
        size: tuple[int, int] = (1280, 720),
        *,
        title: str = "tessonance",
        fullscreen: bool = False,
        monitor: int = 0,
        fps: float = 60.0,
        vsync: bool = True,
        visible: bool = True,
    ) -> None:
        if not 1 <= min(size) <= max(size) <= LARGEST:
            raise RenderError("a window cannot have this size", wanted=f"1..{LARGEST} pixels", got=f"{size}")
        self._glfw = glfw = begun_glfw()
        self._monitor, self._fps, self._wants_vsync = monitor, fps, vsync
        _, described = monitor_handle(monitor)
        self._window = _opened(glfw, size, title)
        self._released = self._cursor_hidden = False
        try:
            self._windowed = _middle_of(described.place, described.size, size)
            self._place(self._windowed)
            self._listen()
            self.context = _context(glfw)
            self._gl_finish = ctypes.CFUNCTYPE(None)(_Functions(glfw).load("glFinish"))
            self._gl_flush = ctypes.CFUNCTYPE(None)(_Functions(glfw).load("glFlush"))
            self._presenter = Presenter(self.context)
            self._target = self.context.detect_framebuffer(0)
            self._pace()
            if visible:
                glfw.show_window(self._window)
            if fullscreen:
                self.toggle_fullscreen()
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; 0 while it is minimised."""
        width, height = self._glfw.get_framebuffer_size(self._window)
        return int(width), int(height)

    @property
    def scale(self) -> float:
        """How many pixels stand for one of a screen of usual density."""
        return float(self._glfw.get_window_content_scale(self._window)[0]) or 1.0

    @property
    def closed(self) -> bool:
        """Whether it is to be closed."""
        return self._released or bool(self._glfw.window_should_close(self._window))

    @property
    def fullscreen(self) -> bool:
        """Whether it fills the monitor."""
        return bool(self._glfw.get_window_monitor(self._window))

    @property
    def visible(self) -> bool:
        """Whether it is shown on a screen, and not minimised."""
        glfw = self._glfw
        shown = glfw.get_window_attrib(self._window, glfw.VISIBLE)
        return bool(shown and not glfw.get_window_attrib(self._window, glfw.ICONIFIED))

    def toggle_fullscreen(self) -> None:
        """Fill the monitor, or be a window again, where it was and as large."""
        glfw = self._glfw
        if self.fullscreen:
            glfw.set_window_monitor(self._window, None, *self._windowed, glfw.DONT_CARE)
        else:
            self._windowed = (*glfw.get_window_pos(self._window), *glfw.get_window_size(self._window))
            handle, monitor = monitor_handle(self._there())
            glfw.set_window_monitor(self._window, handle, 0, 0, *monitor.size, monitor.refresh or glfw.DONT_CARE)
        cursor = glfw.CURSOR_HIDDEN if self.fullscreen else glfw.CURSOR_NORMAL
        glfw.set_input_mode(self._window, glfw.CURSOR, cursor)
        self._pace()

    def poll(self) -> list[str]:
        """Handle what the window system tells, and return the keys that were typed; see `Keyboard` for their names."""
        self._glfw.poll_events()
        return self._keyboard.typed()

    def close(self) -> None:
        """Close it; what was made of its context must be let go of before."""
        if self._released:
            return
        self._released = True
        for each in ("_presenter", "context"):
            if hasattr(self, each):
                getattr(self, each).release()
        self._glfw.destroy_window(self._window)
        self._glfw.poll_events()  # or some desktops leave it standing

    def flush(self) -> None:
        """Let what is drawn into textures begin now, so that there is time for something else meanwhile."""
        self._gl_flush()

    def _finish(self) -> None:
        # moderngl's own would keep the interpreter to itself while the processor draws: no thread could hear or decode.
        self._gl_finish()

    def _show(self) -> None:
        self._glfw.swap_buffers(self._window)

    def _there(self) -> int:
        """Return the number of the monitor it was opened for, or of the main one if that is gone."""
        return self._monitor if self._monitor < len(self._glfw.get_monitors()) else 0

    def _pace(self) -> None:
        """Keep in step with the screen it is on, where that is wished and possible."""
        glfw = self._glfw
        _, monitor = monitor_handle(self._there())
        rate = locked_rate(self._fps, monitor.refresh) if self._wants_vsync else None
        # Wayland never tears, and a swap that waits for the screen may wait for ever while the window is out of sight.
        wayland = glfw.get_platform() == glfw.PLATFORM_WAYLAND
        glfw.swap_interval(1 if self._wants_vsync and not wayland else 0)
        self.pacer = Pacer(rate or self._fps, vsync=rate is not None and not wayland)

    def _place(self, area: tuple[int, int, int, int]) -> None:
        self._glfw.set_window_pos(self._window, *area[:2])  # where the window system lets programs do that

    def _listen(self) -> None:
        glfw = self._glfw
        self._keyboard = Keyboard({getattr(glfw, f"KEY_{key}"): name for key, name in NAMES.items()})
        glfw.set_key_callback(self._window, lambda _, code, scan, action, held: self._keyboard.key(code, action, held))
        glfw.set_char_callback(self._window, lambda _, codepoint: self._keyboard.character(codepoint))


class _Functions:
    """How moderngl finds OpenGL's functions: through GLFW, whatever made the context (GLX, EGL, WGL, Cocoa)."""

    def __init__(self, glfw: ModuleType) -> None:
        self._glfw = glfw

    def load(self, name: str) -> int:
        return ctypes.cast(self._glfw.get_proc_address(name), ctypes.c_void_p).value or 0

    load_opengl_function = load

    def __enter__(self) -> _Functions:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the context current: there is one thread for it."""

    def release(self) -> None:
        """Leave the context to the window."""


def _opened(glfw: ModuleType, size: tuple[int, int], title: str) -> Any:
    """Return a window with OpenGL 3.3, not shown yet, whose context is current."""
    glfw.default_window_hints()
    hints = {
        glfw.CONTEXT_VERSION_MAJOR: 3,
        glfw.CONTEXT_VERSION_MINOR: 3,
        glfw.OPENGL_PROFILE: glfw.OPENGL_CORE_PROFILE,
        glfw.OPENGL_FORWARD_COMPAT: True,  # macOS has no other
        glfw.VISIBLE: False,
        glfw.AUTO_ICONIFY: False,  # a show on the projector goes on while the laptop's screen is used
        glfw.DEPTH_BITS: 0,
        glfw.STENCIL_BITS: 0,
        glfw.SRGB_CAPABLE: False,  # coded values are what is blended
    }
    for hint, value in hints.items():
        glfw.window_hint(hint, value)
    leave_thread()
    # A file's name may hold bytes that are no text.
    window = glfw.create_window(*size, title.encode(errors="replace").decode(), None, None)
    if not window:
        raise RenderError(
            "there is no OpenGL 3.3 for a window",
            got=complaint(),
            hint="install the graphics driver of your card; on Debian and Ubuntu libgl1-mesa-dri draws without one",
        )
    glfw.make_context_current(window)
    return window


def _context(glfw: ModuleType) -> Any:
    import moderngl

    try:
        functions: Any = _Functions(glfw)
        return moderngl.create_context(require=330, context=functions)
    except Exception as error:  # whatever the driver says
        raise RenderError("there is no OpenGL 3.3 for a window", got=str(error)) from error


def _middle_of(place: tuple[int, int], screen: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the place and size of a window in the middle of a monitor."""
    left, top = (place[k] + max(0, (screen[k] - size[k]) // 2) for k in (0, 1))
    return left, top, *size
