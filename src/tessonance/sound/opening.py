"""What a person writes behind ``--input``, opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tessonance.errors import SoundError
from tessonance.sound.decode import probe
from tessonance.sound.device_input import DeviceInput
from tessonance.sound.devices import LOOPBACK, find_device
from tessonance.sound.song_input import SongInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.sound.inputs import Input
    from tessonance.sound.system import SoundSystem

__all__ = ["open_input"]


def open_input(
    what: str | None = None,
    *,
    output: str | None = None,
    start: float = 0.0,
    loop: bool = False,
    blocksize: int = 0,
    channels: Sequence[int] | None = None,
    system: SoundSystem | None = None,
) -> Input:
    """Open a song or a sound device.

    Take `SongInput` or `DeviceInput` themselves where it is known which.

    Parameters
    ----------
    what : str, optional
        The path of a song, the number or name of a device, or ``"system"``; the default device unless given. A file
        that is there goes before a device of that name.
    output, start, loop
        Of a song, as `SongInput` takes them.
    blocksize : int
        Frames per block of the sound card; 0 leaves it to the system.
    channels
        Of a device, as `DeviceInput` takes them.
    system : SoundSystem, optional
        PortAudio unless given.

    Returns
    -------
    Input

    Raises
    ------
    SoundError
        If it is neither a song nor a device, or cannot be heard.
    """
    if what is not None and _is_song(what):
        return SongInput(what, output=output, start=start, loop=loop, blocksize=blocksize, system=system)
    return DeviceInput(_device(what, system), blocksize=blocksize, channels=channels, system=system)


def _is_song(what: str) -> bool:
    """Tell a song from a device: what is written as a path is one, even if it is not there."""
    if what.strip().isdecimal() or what.strip().lower() == LOOPBACK:
        return Path(what).is_file()
    return Path(what).exists() or Path(what).name != what


def _device(what: str | None, system: SoundSystem | None) -> str | None:
    """Return the device as it is written; what has an ending and is no device is answered as the file it is not."""
    if what is None or not Path(what).suffix:
        return what
    try:
        find_device(what, system=system)
    except SoundError:
        probe(what)
        raise
    return what
