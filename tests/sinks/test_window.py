"""A window on a screen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import moderngl
import numpy as np
import pytest
from x_screen import SIZE, XScreen, x_screen

from tessonance.errors import RenderError
from tessonance.sinks import OffscreenWindow, Panel, Surface, Window, list_monitors

pytestmark = pytest.mark.screen


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XScreen]:
    """One screen for all, since a process keeps the display it began with."""
    with x_screen(tmp_path_factory.mktemp("screen")) as made:
        before = {name: os.environ.pop(name, None) for name in ("DISPLAY", "WAYLAND_DISPLAY")}
        os.environ["DISPLAY"] = made.display
        yield made
        import glfw

        glfw.terminate()
        del os.environ["DISPLAY"]
        os.environ.update({name: value for name, value in before.items() if value is not None})


def corners(window: Surface, *, width: int = 64, height: int = 36) -> moderngl.Texture:
    """A picture with another colour in every quarter: red, green, blue, white."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    top, left = np.arange(height)[:, None] < height // 2, np.arange(width)[None] < width // 2
    for part, colour in ((top & left, (255, 0, 0)), (top & ~left, (0, 255, 0)), (~top & left, (0, 0, 255))):
        pixels[part, :3] = colour
    return window.context.texture((width, height), 4, pixels.tobytes())


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def show(window: Window, texture: moderngl.Texture, **keys: object) -> None:
    for _ in range(3):
        window.poll()
        window.begin()
        window.present(texture, **keys)
        window.swap()


def assert_corners(seen: np.ndarray) -> None:
    """Check the four colours in a part of the screen."""
    height, width = seen.shape[:2]
    found = [seen[y * height // 4, x * width // 4].tolist() for y in (1, 3) for x in (1, 3)]
    assert found == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]


def test_what_is_presented_is_on_the_screen_upright(screen: XScreen) -> None:
    with Window((640, 360), vsync=False) as window:
        assert window.size == (640, 360)
        panel = np.full((20, 30, 4), 255, np.uint8)
        show(window, corners(window), panels=[Panel(panel, (0, 340))])
        left, top = (SIZE[0] - 640) // 2, (SIZE[1] - 360) // 2  # in the middle of the monitor
        seen = screen.pixels()
        assert_corners(seen[top : top + 360, left : left + 640])
        np.testing.assert_array_equal(seen[top : top + 360, left : left + 640], window.screenshot())
        assert (seen[top + 340 : top + 360, left : left + 30] == 255).all()
        assert (seen[:top] == 0).all()


def test_it_fills_the_monitor_and_is_a_window_again(screen: XScreen) -> None:
    import glfw

    with Window((320, 200), vsync=False) as window:
        texture = corners(window)
        show(window, texture)
        before = np.count_nonzero(screen.pixels().any(axis=2))
        window.toggle_fullscreen()
        assert window.fullscreen
        assert glfw.get_input_mode(window._window, glfw.CURSOR) == glfw.CURSOR_HIDDEN
        until(lambda: window.poll() or window.size == SIZE)
        show(window, texture)
        assert_corners(screen.pixels())
        window.toggle_fullscreen()
        assert not window.fullscreen
        assert glfw.get_input_mode(window._window, glfw.CURSOR) == glfw.CURSOR_NORMAL
        until(lambda: window.poll() or window.size == (320, 200))
        show(window, texture)
        assert np.count_nonzero(screen.pixels().any(axis=2)) == before == 320 * 200


def test_it_opens_fullscreen(screen: XScreen) -> None:
    with Window((320, 200), fullscreen=True, vsync=False) as window:
        until(lambda: window.poll() or window.size == SIZE)
        show(window, corners(window), fit="contain")
        assert_corners(screen.pixels())


def test_its_pixels_follow_its_size(screen: XScreen) -> None:
    import glfw

    with Window((640, 360), vsync=False) as window:
        texture = corners(window)
        show(window, texture)
        glfw.set_window_size(window._window, 300, 300)
        until(lambda: window.poll() or window.size == (300, 300))
        show(window, texture, fit="stretch")
        assert_corners(window.screenshot())
        pixels = screen.pixels()
        rows, columns = np.nonzero(pixels.any(axis=2))
        assert (np.ptp(rows), np.ptp(columns)) == (299, 299)
        assert_corners(pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def test_keys_come_by_their_names(screen: XScreen) -> None:
    import glfw

    with Window((200, 100), vsync=False) as window:
        show(window, corners(window))
        number = glfw.get_x11_window(window._window)
        for keysym, shift in (
            ("f", False),
            ("s", True),
            ("slash", True),
            ("Up", False),
            ("space", False),
            ("3", False),
        ):
            screen.type(number, keysym, shift=shift)
        typed: list[str] = []
        until(lambda: typed.extend(window.poll()) or len(typed) >= 6)
        assert typed == ["f", "shift+s", "?", "up", "space", "3"]


def test_somebody_may_close_it(screen: XScreen) -> None:
    import glfw

    window = Window((200, 100), vsync=False)
    assert not window.closed
    glfw.set_window_should_close(window._window, True)
    assert window.closed
    window.close()
    window.close()
    assert window.closed


def test_one_window_after_another_and_two_at_once(screen: XScreen) -> None:
    for _ in range(3):
        with Window((100, 100), vsync=False, visible=False) as window:
            show(window, corners(window))
            assert_corners(window.screenshot())


@pytest.mark.gl
def test_it_opens_after_one_without_a_screen_whether_that_was_closed_or_not(screen: XScreen) -> None:
    for close in (True, False):
        offscreen = OffscreenWindow((64, 36))
        offscreen.present(corners(offscreen))
        if close:
            offscreen.close()
        with Window((100, 100), vsync=False) as window:
            show(window, corners(window))
            assert_corners(window.screenshot())


def test_nobody_sees_a_hidden_one(screen: XScreen) -> None:
    with Window((640, 360), vsync=False, visible=False) as window:
        show(window, corners(window))
        assert_corners(window.screenshot())
        assert screen.pixels().max() == 0
        assert not window.visible


def test_vsync_where_there_is_no_screen_does_not_stop_it(screen: XScreen) -> None:
    with Window((100, 100), fps=120, vsync=True) as window:
        show(window, corners(window))


def test_monitors_are_told(screen: XScreen) -> None:
    (monitor,) = list_monitors()
    assert (monitor.number, monitor.size, monitor.place) == (0, SIZE, (0, 0))


def test_a_monitor_that_does_not_exist_is_refused(screen: XScreen) -> None:
    with pytest.raises(RenderError, match="there is no monitor 3") as refused:
        Window((640, 360), monitor=3)
    assert refused.value.wanted == "0, the only one"
    assert "tess devices" in str(refused.value)


def test_a_title_of_bytes_that_are_no_text_is_shown_as_far_as_it_is(screen: XScreen) -> None:
    with Window((160, 90), title="Bl\udcfcte") as window:
        assert not window.closed


def test_a_size_that_no_window_has_is_refused(screen: XScreen) -> None:
    for size in ((0, 100), (100_000, 10), (-5, 5)):
        with pytest.raises(RenderError, match="cannot have this size"):
            Window(size)


OPEN = """
from tessonance.errors import TessError
from tessonance.sinks import Window
try:
    Window((100, 100)).close()
except TessError as error:
    print(type(error).__name__, error)
else:
    print("opened")
"""


def opened(**environment: str) -> str:
    """Open a window in a process with another environment, and return what came of it."""
    clean = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OPEN], env=clean | environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_without_a_display_it_is_said_what_is_missing() -> None:
    if sys.platform != "linux":
        pytest.skip("there is always a display here")
    said = opened()
    assert said.startswith("RenderError no window can be opened: there is no display")
    assert "DISPLAY" in said


def test_without_opengl_3_3_it_is_said_what_is_missing(screen: XScreen) -> None:
    said = opened(DISPLAY=screen.display, MESA_GL_VERSION_OVERRIDE="2.1", LIBGL_ALWAYS_SOFTWARE="1")
    assert said.startswith("RenderError there is no OpenGL 3.3 for a window")
    assert "driver" in said
    assert opened(DISPLAY=screen.display) == "opened\n"


def test_it_opens_in_a_program_that_has_drawn_without_a_screen(screen: XScreen) -> None:
    code = (
        "from tessonance.sinks import Window\n"
        "from tessonance.sinks.offscreen import offscreen_context\n"
        "offscreen_context().release()\n"
        "with Window((64, 36)) as window:\n"
        "    print(window.size)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(64, 36)", done.stderr
