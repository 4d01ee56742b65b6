"""PulseAudio's own list of sources and sinks, which PortAudio does not know one by one; PipeWire speaks the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from tessonance.sound.system import Device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tessonance.sound.system import Direction

__all__ = ["DEFAULT_MONITOR", "LISTENING", "PULSE", "pulse_devices"]

PULSE = "PulseAudio"
DEFAULT_MONITOR = "@DEFAULT_MONITOR@"  # the server's word for what its default output plays
# PortAudio reaches the server through one ALSA device; its library then goes where these variables say.
LISTENING: dict[Direction, str] = {"input": "PULSE_SOURCE", "output": "PULSE_SINK"}
ANSWER_SECONDS = 2.0  # a server that hangs must not hold up the list of devices


def pulse_devices(bridge: Device) -> list[Device]:
    """Ask the sound server for its sources and sinks.

    Parameters
    ----------
    bridge : Device
        PortAudio's way to the server; they get the numbers from its own on.

    Returns
    -------
    list of Device
        Empty where there is no `pactl` to ask, or no server to answer.
    """
    about = _ask("info")
    if not isinstance(about, dict):
        return []
    known = [*_read("sources", "input", about), *_read("sinks", "output", about)]
    return [Device(bridge.number + at, api=PULSE, index=bridge.index, **each) for at, each in enumerate(known)]


def _read(what: str, direction: Direction, about: dict[str, Any]) -> Iterator[dict[str, Any]]:
    default = about.get("default_source_name" if direction == "input" else "default_sink_name")
    for each in _ask("list", what) or []:
        try:
            _, channels, rate = str(each["sample_specification"]).split()
            yield {
                "name": str(each["description"]),
                "server_name": str(each["name"]),
                f"{direction}s": int(channels.removesuffix("ch")),
                "rate": int(rate.removesuffix("Hz")),
                f"default_{direction}": each["name"] == default,
                "loopback": direction == "input" and bool(each.get("monitor_source")),
            }
        except (KeyError, ValueError, TypeError, AttributeError):  # a server that words it otherwise
            continue


def _ask(*words: str) -> Any:
    pactl = shutil.which("pactl")
    if pactl is None:
        return None
    try:
        done = subprocess.run(
            [pactl, "--format=json", *words],
            capture_output=True,
            timeout=ANSWER_SECONDS,
            env=os.environ | {"LC_ALL": "C"},
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
