"""`tess devices`: what can be listened to, played through and looked at."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import click

from tessonance.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def devices(as_json: bool) -> None:
    """List sound inputs, sound outputs and monitors.

    `tess play --input` and `--output` take a number or a part of a name, `--monitor` a number. Numbers may change when
    something is plugged in; names do not. `--input system` hears what the machine itself plays.
    """
    sounds, missing = _sounds()
    monitors = _monitors()
    if as_json:
        click.echo(json.dumps({"devices": sounds, "monitors": monitors, "missing": missing}, indent=2))
    else:
        _tell(sounds, monitors)
    if missing:
        raise SoundError(**missing)


def _sounds() -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the sound devices, or what is missing to know them."""
    from dataclasses import asdict

    from tessonance.sound.devices import list_devices

    try:
        return [asdict(device) for device in list_devices()], None
    except SoundError as error:
        return [], {"problem": error.problem, "got": error.got, "hint": error.hint}


def _monitors() -> list[dict[str, Any]]:
    """Return the monitors; none where there is no display."""
    import glfw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", glfw.GLFWError)
        if not glfw.init():
            return []
        try:
            return [_monitor(number, each) for number, each in enumerate(glfw.get_monitors())]
        finally:
            glfw.terminate()


def _monitor(number: int, monitor: Any) -> dict[str, Any]:
    import glfw

    mode, (left, top) = glfw.get_video_mode(monitor), glfw.get_monitor_pos(monitor)
    name = glfw.get_monitor_name(monitor)
    return {
        "number": number,
        "name": name.decode(errors="replace") if isinstance(name, bytes) else str(name),
        "width": mode.size.width,
        "height": mode.size.height,
        "hertz": mode.refresh_rate,
        "left": left,
        "top": top,
        "main": number == 0,
    }


def _tell(sounds: Sequence[dict[str, Any]], monitors: Sequence[dict[str, Any]]) -> None:
    for title, direction in (("Inputs (tess play --input)", "input"), ("Outputs (tess play --output)", "output")):
        _list(title, [_sound_line(each, direction) for each in sounds if each[f"{direction}s"]])
    _list("Monitors (tess play --monitor)", [_monitor_line(each) for each in monitors])


def _list(title: str, lines: Sequence[str]) -> None:
    click.secho(title, bold=True)
    for line in lines or ["     none"]:
        click.echo(line)


def _sound_line(device: dict[str, Any], direction: str) -> str:
    count = device[f"{direction}s"]
    words = [f"{count} channel" + "s" * (count != 1), f"{device['rate']} Hz", device["api"]]
    if device["loopback"] and direction == "input":
        words.append("hears what is played")
    mark = "*" if device[f"default_{direction}"] else " "
    return f"  {mark} {device['number']:>2}  {device['name']}  " + click.style(", ".join(words), dim=True)


def _monitor_line(monitor: dict[str, Any]) -> str:
    words = f"{monitor['width']} × {monitor['height']}" + f", {monitor['hertz']} Hz" * (monitor["hertz"] > 0)
    mark = "*" if monitor["main"] else " "
    return f"  {mark} {monitor['number']:>2}  {monitor['name']}  " + click.style(words, dim=True)
