"""PortAudio as the sound system: loaded when it is wanted, its refusals in words."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from tessonance.errors import SoundError
from tessonance.sound.pulse import LISTENING, PULSE, pulse_devices
from tessonance.sound.system import Device

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tessonance.sound.system import Callback, Stream, Wish

__all__ = ["PortAudio", "portaudio"]

LOOPBACK_NAMES = ("monitor of", "blackhole", "soundflower", "loopback", "stereo mix", "what u hear", "cable output")
JACK = "JACK Audio Connection Kit"
BRIDGES = ("pulse", "default")  # ALSA's devices that lead to the sound server, the sure one first
MISSING = {
    "linux": "apt-get install libportaudio2 (dnf, pacman: portaudio)",
    "darwin": "brew install portaudio, or pip install --force-reinstall sounddevice",
    "win32": "pip install --force-reinstall sounddevice",
}
REFUSALS = {
    -9985: ("is in use by another program, or gone", "close what uses it, or take the device of the sound server"),
    -9996: ("is no device that can be opened", "look at tess devices again: its number may have changed"),
    -9997: ("does not run at this rate", "set it to 48000 Hz in the settings of the system"),
    -9998: ("does not have so many channels", "ask for fewer channels"),
}
OTHERWISE = "is it plugged in, and may this program use it? tess devices lists what there is"

log = logging.getLogger(__name__)


@cache
def portaudio() -> PortAudio:
    """Return the sound system of this machine.

    Raises
    ------
    SoundError
        If PortAudio is not installed, with the package to install.
    """
    return PortAudio()


class PortAudio:
    """Devices and streams of PortAudio, and the sources and sinks of PulseAudio behind it.

    Raises
    ------
    SoundError
        If PortAudio is not installed, with the package to install.
    """

    def __init__(self) -> None:
        try:
            import sounddevice
        except OSError as error:
            hint = MISSING.get(sys.platform, MISSING["linux"])
            raise SoundError(
                "PortAudio is not installed: no sound device can be used", got=str(error), hint=hint
            ) from None
        self._library: Any = sounddevice
        self._lock = RLock()  # PortAudio's own functions may not be called from two threads at a time
        self._streams: dict[Any, str] = {}  # that are open, and through which system
        self._given_up: set[str] = set()

    def devices(self) -> list[Device]:
        """List PortAudio's devices, then those of the sound server."""
        with self._lock, _quiet():
            found = [self._device(each) for each in self._library.query_devices()]
        found = [device for device in found if device.api not in self._given_up]
        names = {device.name: device for device in found if device.api == "ALSA"}
        bridge = next((names[name] for name in BRIDGES if name in names), None)
        served = pulse_devices(replace(bridge, number=len(found))) if bridge else []
        if any(device.default_input or device.default_output for device in served):
            found = [replace(device, default_input=False, default_output=False) for device in found]
        return [_monitoring(device, served) for device in found] + served

    def _device(self, said: dict[str, Any]) -> Device:
        name, place = str(said["name"]), int(said["index"])
        inputs, outputs = int(said["max_input_channels"]), int(said["max_output_channels"])
        first, second = self._library.default.device[0], self._library.default.device[1]
        return Device(
            number=place,
            name=" ".join(name.split()),  # Windows' names may hold line breaks
            api=str(self._library.query_hostapis(said["hostapi"])["name"]),
            inputs=inputs,
            outputs=outputs,
            rate=round(said["default_samplerate"]),
            default_input=place == first,
            default_output=place == second,
            loopback=inputs > 0 and any(word in name.lower() for word in LOOPBACK_NAMES),
            index=place,
        )

    def start(self, device: Device, wish: Wish, callback: Callback) -> Stream:
        """Open a stream and start it."""
        kind = self._library.InputStream if wish.direction == "input" else self._library.OutputStream
        with self._lock, _quiet(), _pointed(device, wish):
            try:
                stream = kind(
                    device=device.index,
                    samplerate=wish.rate,
                    channels=wish.channels,
                    blocksize=wish.blocksize,
                    dtype="float32",
                    latency=wish.latency_seconds or "low",
                    callback=callback,
                )
            except (self._library.PortAudioError, ValueError) as error:
                raise _refusal(device, wish, error) from None
            self._streams[stream] = device.api
            try:
                stream.start()
            except self._library.PortAudioError as error:
                self.let_go(stream)
                raise _refusal(device, wish, error) from None
        started: Stream = stream
        return started

    def let_go(self, stream: Stream) -> None:
        """Stop and close a stream; one of a JACK server that is gone is given up instead.

        Of such a server PortAudio waits forever for the end of the stream, and its own end aborts the whole program
        (seen with PipeWire's and PortAudio 19.6). The sound server's other door still opens when it is back.
        """
        if self._streams.get(stream) == JACK and not stream.active:
            self._given_up.add(JACK)
            atexit.unregister(self._library._exit_handler)
            return
        for step in (stream.abort, stream.close):
            try:
                step()
            except self._library.PortAudioError as error:
                log.debug("a stream that is given up: %s", error)
        self._streams.pop(stream, None)

    def renew(self) -> None:
        """Start PortAudio anew, unless a stream is still open: it would be closed with it."""
        with self._lock:
            if self._streams:
                return
            try:
                self._library._terminate()
                self._library._initialize()
            except self._library.PortAudioError as error:
                log.debug("PortAudio does not start anew: %s", error)


def _monitoring(device: Device, served: Sequence[Device]) -> Device:
    """Return a device of JACK as what it is where it is a sink: its inputs are what the sink plays."""
    sink = any(device.name == each.name for each in served if each.outputs)
    return replace(device, loopback=True) if device.api == JACK and device.inputs and sink else device


def _refusal(device: Device, wish: Wish, error: Exception) -> SoundError:
    code = int(error.args[1]) if len(error.args) > 1 else 0
    problem, hint = REFUSALS.get(code, ("cannot be opened", OTHERWISE))
    channels = f"{wish.channels} channel" + "s" * (wish.channels != 1)
    return SoundError(
        problem,
        where=f"{device.name} ({device.api})",
        wanted=f"{wish.direction} of {channels} at {wish.rate} Hz",
        got=str(error.args[0]) if error.args else None,
        hint=hint,
    )


@contextmanager
def _pointed(device: Device, wish: Wish) -> Iterator[None]:
    """Point the library of PulseAudio at one of its sources or sinks while a stream is opened."""
    if device.api != PULSE or not device.server_name:
        yield
        return
    variable = LISTENING[wish.direction]
    before = os.environ.get(variable)
    os.environ[variable] = device.server_name
    try:
        yield
    finally:
        os.environ.pop(variable)
        if before is not None:
            os.environ[variable] = before


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what ALSA and PortAudio write to standard error out of the terminal: it goes to the log, at debug level.

    A device that is away is tried again every second of a night; its library complains in ten lines each time.
    """
    if sys.platform != "linux":
        yield
        return
    with tempfile.TemporaryFile() as said:
        try:
            kept = os.dup(2)
        except OSError:  # there is no standard error
            yield
            return
        try:
            os.dup2(said.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        said.seek(0)
        if text := said.read().decode(errors="replace").strip():
            log.debug("%s", text)
