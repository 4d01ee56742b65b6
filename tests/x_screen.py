"""An X server without a screen, to look at and to type into: for the tests of windows."""

from __future__ import annotations

import ctypes
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

SIZE = (1600, 900)
POINTER = 24  # pixels


@contextmanager
def x_screen(folder: Path) -> Iterator[XScreen]:
    """Start Xvfb on a display that is free, with its pixels in a file of a folder."""
    options = [
        "-screen",
        "0",
        f"{SIZE[0]}x{SIZE[1]}x24",
        "+extension",
        "GLX",
        "-noreset",
        "-nolisten",
        "tcp",
        "-fbdir",
        str(folder),
    ]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        assert number, "Xvfb did not start"
        made = XScreen(f":{number}", folder / "Xvfb_screen0")
        made.wait()
        yield made
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


class XScreen:
    """What is on the screen, and a keyboard before it."""

    def __init__(self, display: str, file: Path) -> None:
        self.display, self._file = display, file

    def wait(self) -> None:
        """Wait until its pixels can be read: the server answers before it has written their header."""
        for _ in range(200):
            if 100 <= struct.unpack_from(">I", self._file.read_bytes()[:4].ljust(4, b"\0"))[0] < 1000:
                return
            time.sleep(0.05)
        raise AssertionError("Xvfb writes no pixels")

    def pixels(self) -> np.ndarray:
        """Return what is seen, shape (900, 1600, 3): the file is in the format of xwd."""
        self._park_pointer()
        raw = self._file.read_bytes()
        header, colours, row = struct.unpack_from(">I", raw)[0], struct.unpack_from(">19I", raw)[18], 4 * SIZE[0]
        assert struct.unpack_from(">13I", raw)[12] == row
        body = np.frombuffer(raw, np.uint8, row * SIZE[1], header + 12 * colours)
        seen = body.reshape(SIZE[1], SIZE[0], 4)[..., 2::-1].copy()
        seen[-POINTER:, -POINTER:] = 0
        return seen

    def _park_pointer(self) -> None:
        """Move the pointer, which fullscreen windows fetch, to the lower right corner, where nobody looks."""
        x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype, x.XDefaultRootWindow.restype = ctypes.c_void_p, ctypes.c_ulong
        display = ctypes.c_void_p(x.XOpenDisplay(self.display.encode()))
        root = ctypes.c_ulong(x.XDefaultRootWindow(display))
        x.XWarpPointer(display, ctypes.c_ulong(0), root, 0, 0, 0, 0, SIZE[0] - 1, SIZE[1] - 1)
        x.XSync(display, 0)
        x.XCloseDisplay(display)

    def type(self, window: int, keysym: str, *, shift: bool = False) -> None:
        """Press and release a key, by X's name of it, in a window."""
        x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype, x.XStringToKeysym.restype = ctypes.c_void_p, ctypes.c_ulong
        display = ctypes.c_void_p(x.XOpenDisplay(self.display.encode()))
        code = x.XKeysymToKeycode(display, ctypes.c_ulong(x.XStringToKeysym(keysym.encode())))
        for kind in (2, 3):
            event = _KeyEvent(type=kind, display=display, window=window, state=int(shift), keycode=code, same_screen=1)
            x.XSendEvent(display, ctypes.c_ulong(window), 1, ctypes.c_long(kind - 1), ctypes.byref(event))
        x.XSync(display, 0)
        x.XCloseDisplay(display)


class _KeyEvent(ctypes.Structure):
    """Xlib's XKeyEvent, filled up to the size of an XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong),
        ("time", ctypes.c_ulong),
        ("places", ctypes.c_int * 4),
        ("state", ctypes.c_uint),
        ("keycode", ctypes.c_uint),
        ("same_screen", ctypes.c_int),
        ("filling", ctypes.c_long * 24),
    )
