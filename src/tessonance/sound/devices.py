"""Sound devices found by number, by name or by purpose."""

from __future__ import annotations

import sys
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tessonance.errors import SoundError
from tessonance.sound.portaudio import BRIDGES, JACK, portaudio
from tessonance.sound.pulse import DEFAULT_MONITOR, PULSE
from tessonance.sound.system import Device

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tessonance.sound.system import Direction, SoundSystem

__all__ = ["LOOPBACK", "Device", "find_device", "lasting_name", "list_devices"]

LOOPBACK = "system"  # the word for what the machine itself plays
# Where one card is there through several systems, the one of the lowest latency that shares it with other programs.
PREFERENCE = ("Windows WASAPI", "Core Audio", JACK, PULSE, "ALSA", "Windows DirectSound")
NO_LOOPBACK = {
    "linux": "apt-get install pulseaudio-utils libasound2-plugins, which reach PulseAudio and PipeWire",
    "darwin": "install BlackHole (brew install blackhole-2ch); Audio MIDI Setup sends sound to it and to speakers",
    "win32": "enable Stereo Mix under Sound > Recording, or install VB-CABLE and play into it",
}
NONE_AT_ALL: dict[Direction, str] = {
    "input": "plug in a microphone or an interface",
    "output": "plug in something that sounds",
}


def list_devices(system: SoundSystem | None = None) -> list[Device]:
    """List the sound devices of this machine.

    Parameters
    ----------
    system : SoundSystem, optional
        PortAudio unless given.

    Returns
    -------
    list of Device

    Raises
    ------
    SoundError
        If PortAudio is not installed, with the package to install.
    """
    return list((system or portaudio()).devices())


def find_device(
    wanted: str | int | Device | None = None, *, direction: Direction = "input", system: SoundSystem | None = None
) -> Device:
    """Find a device.

    Parameters
    ----------
    wanted : str, int or Device, optional
        Its number, its name or a part of that, or ``"system"`` for what the machine itself plays. The default device
        unless given; a device is returned as it is.
    direction : {"input", "output"}
    system : SoundSystem, optional
        PortAudio unless given.

    Returns
    -------
    Device

    Raises
    ------
    SoundError
        If there is none, with the names that are near.
    """
    if isinstance(wanted, Device):
        return wanted
    everything = list_devices(system)
    devices = [device for device in everything if device.channels(direction)]
    text = "" if wanted is None else str(wanted).strip()
    if text.lower() == LOOPBACK and direction == "input":
        return _loopback(everything)
    if not devices:
        song = ", or name a song file that is there" if text and direction == "input" else ""
        raise SoundError(f"this machine has no sound {direction}", where=wanted, hint=NONE_AT_ALL[direction] + song)
    if not text:
        default = next((device for device in devices if device.is_default(direction)), devices[0])
        return min((device for device in devices if device.name == default.name), key=_rank)
    if text.isdecimal():
        return _numbered(int(text), devices, direction)
    return _named(text, devices, direction)


def lasting_name(wanted: str | int | Device | None, found: Device) -> str | None:
    """Return what finds a device again when it was away: numbers change when something is plugged in or out."""
    if wanted is None or (isinstance(wanted, str) and not wanted.strip().isdecimal()):
        return wanted
    return found.server_name or f"{found.name} ({found.api})"


def _numbered(number: int, devices: Sequence[Device], direction: Direction) -> Device:
    for device in devices:
        if device.number == number:
            return device
    there = ", ".join(f"{device.number} {device.name}" for device in devices)
    raise SoundError(f"there is no sound {direction} of this number", where=number, wanted=f"one of {there}")


def _named(text: str, devices: Sequence[Device], direction: Direction) -> Device:
    for fits in (_is, _holds):
        found = [device for device in devices if fits(device, text.lower())]
        if len({device.name for device in found}) == 1:
            return min(found, key=_rank)
        if found:
            names = ", ".join(f"{device.number} {device.name}" for device in found)
            raise SoundError(f"several sound {direction}s have this in their names", where=text, got=names)
    known = list(dict.fromkeys(device.name for device in devices))
    near = get_close_matches(text, known, n=3, cutoff=0.4) or known
    raise SoundError(
        f"there is no sound {direction} of this name",
        where=text,
        wanted="one of " + ", ".join(near),
        hint="tess devices lists them all with their numbers",
    )


def _is(device: Device, text: str) -> bool:
    return text in (device.name.lower(), device.server_name.lower(), f"{device.name} ({device.api})".lower())


def _holds(device: Device, text: str) -> bool:
    return text in device.name.lower() or text in device.server_name.lower()


def _rank(device: Device) -> int:
    return PREFERENCE.index(device.api) if device.api in PREFERENCE else len(PREFERENCE)


def _loopback(devices: Iterable[Device]) -> Device:
    """Return the input that hears what the default output plays."""
    speakers = {device.name for device in devices if device.default_output}
    found = sorted((device for device in devices if device.loopback), key=_rank)
    direct = next((device for device in found if device.api == JACK and device.name in speakers), None)
    if direct:
        return direct
    bridge = next((device for device in found if device.api == PULSE), None) or _bridge(devices)
    if bridge:  # the server knows best which of its outputs is the default one, and follows when that changes
        return replace(bridge, name="what this machine plays", api=PULSE, server_name=DEFAULT_MONITOR, loopback=True)
    if found:
        return found[0]
    hint = NO_LOOPBACK.get(sys.platform, NO_LOOPBACK["linux"])
    raise SoundError("there is no input that hears what this machine plays", where=LOOPBACK, hint=hint)


def _bridge(devices: Iterable[Device]) -> Device | None:
    return next((device for device in devices if device.api == "ALSA" and device.name == BRIDGES[0]), None)
