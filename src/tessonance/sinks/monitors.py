"""GLFW, begun once, and the monitors it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tessonance.errors import MissingExtra, RenderError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Monitor", "begun_glfw", "list_monitors", "monitor_handle"]

_complaints: list[str] = []  # what GLFW said, the newest last
MOST_COMPLAINTS = 8


class Monitor(NamedTuple):
    """A screen.

    Parameters
    ----------
    number : int
        What ``tess play --monitor`` takes; 0 is the main one.
    name : str
    size : (int, int)
        Width and height of its mode, in screen coordinates.
    place : (int, int)
        Where its upper left corner lies among all screens.
    refresh : int
        Pictures a second; 0 where that is not known.
    """

    number: int
    name: str
    size: tuple[int, int]
    place: tuple[int, int]
    refresh: int


def list_monitors() -> list[Monitor]:
    """Return the monitors there are, the main one first.

    Raises
    ------
    RenderError
        If there is no display.
    """
    glfw = begun_glfw()
    return [_described(glfw, number, each) for number, each in enumerate(glfw.get_monitors())]


def monitor_handle(number: int) -> tuple[Any, Monitor]:
    """Return GLFW's handle of a monitor, and its description.

    Raises
    ------
    RenderError
        If there is no such monitor, or no display.
    """
    glfw = begun_glfw()
    handles = glfw.get_monitors()
    if not 0 <= number < len(handles):
        there = "0, the only one" if len(handles) == 1 else f"0..{len(handles) - 1}"
        hint = "`tess devices` lists them" if handles else "is one connected and switched on?"
        raise RenderError(f"there is no monitor {number}", wanted=there if handles else "any", hint=hint)
    return handles[number], _described(glfw, number, handles[number])


def begun_glfw() -> ModuleType:
    """Return GLFW, ready to be called.

    Raises
    ------
    MissingExtra
        If its library cannot be loaded.
    RenderError
        If there is no display.
    """
    try:
        import glfw
    except ImportError as error:
        raise MissingExtra(
            "windows need GLFW, which cannot be loaded", got=str(error), hint="pip install --force-reinstall glfw"
        ) from error
    glfw.set_error_callback(_complain)  # its own would warn of what is handled here
    _complaints.clear()
    if not glfw.init():
        raise RenderError(
            "no window can be opened: there is no display",
            got=complaint(),
            hint="start it on a desktop, or over ssh with DISPLAY=:0 of the machine at the screen",
        )
    return glfw


def complaint() -> str | None:
    """Return what GLFW said last; None if nothing."""
    return _complaints[-1] if _complaints else None


def _complain(code: int, text: bytes | str) -> None:
    _complaints.append(text.decode(errors="replace") if isinstance(text, bytes) else str(text))
    del _complaints[:-MOST_COMPLAINTS]


def _described(glfw: ModuleType, number: int, handle: Any) -> Monitor:
    mode, place = glfw.get_video_mode(handle), glfw.get_monitor_pos(handle)
    name = glfw.get_monitor_name(handle) or ""
    name = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    return Monitor(number, name, (mode.size.width, mode.size.height), tuple(place), mode.refresh_rate)
