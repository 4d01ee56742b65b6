"""The seam to the machine's sound: what devices there are, and streams that run on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Callback", "Device", "Direction", "SoundSystem", "Stream", "Wish", "believed"]

Direction: TypeAlias = Literal["input", "output"]
Callback: TypeAlias = "Callable[[Any, int, Any, Any], None]"


@dataclass(frozen=True)
class Device:
    """One way to bring sound in or out.

    Parameters
    ----------
    number : int
        What a person may type; it may change when something is plugged in.
    name : str
    api : str
        The system it is reached through: one card may be there through several.
    inputs, outputs : int
        How many channels it has.
    rate : int
        Samples per second it is set to.
    default_input, default_output : bool
        Taken where nothing is asked for.
    loopback : bool
        An input that hears what the machine plays.
    index : int
        Its place in PortAudio's list.
    server_name : str
        What the sound server calls it, where it is reached through one.
    """

    number: int
    name: str
    api: str
    inputs: int = 0
    outputs: int = 0
    rate: int = 48_000
    default_input: bool = False
    default_output: bool = False
    loopback: bool = False
    index: int = -1
    server_name: str = ""

    def channels(self, direction: Direction) -> int:
        """Return how many channels it has that way."""
        return self.inputs if direction == "input" else self.outputs

    def is_default(self, direction: Direction) -> bool:
        """Tell whether it is taken where nothing is asked for."""
        return self.default_input if direction == "input" else self.default_output


@dataclass(frozen=True)
class Wish:
    """How a stream is wanted.

    Parameters
    ----------
    direction : {"input", "output"}
    rate : int
    channels : int
    blocksize : int
        Frames per callback; 0 leaves it to the system.
    latency_seconds : float, optional
        About how much; as little as the device offers unless given.
    """

    direction: Direction
    rate: int
    channels: int
    blocksize: int = 0
    latency_seconds: float | None = None


class Stream(Protocol):
    """A stream that runs: its callback is called on a thread of the system."""

    @property
    def active(self) -> bool:
        """Whether it still runs; False after its device is gone."""
        ...

    @property
    def latency(self) -> float:
        """Seconds, as the system says; it may be nonsense."""
        ...

    def abort(self) -> object:
        """Stop it at once."""
        ...

    def close(self) -> object:
        """Let go of the device."""
        ...


class SoundSystem(Protocol):
    """Devices and streams; `tessonance.sound.portaudio` is the real one."""

    def devices(self) -> Sequence[Device]:
        """List what there is, as known since the last `renew`."""
        ...

    def start(self, device: Device, wish: Wish, callback: Callback) -> Stream:
        """Open a stream and start it.

        Parameters
        ----------
        device : Device
        wish : Wish
        callback : callable
            Called with (samples of shape (frames, channels), frames, times, flags) as by sounddevice. It only copies.

        Raises
        ------
        SoundError
            If the device refuses.
        """
        ...

    def let_go(self, stream: Stream) -> None:
        """Stop and close a stream, whatever state it is in; raises nothing, and may take long."""
        ...

    def renew(self) -> None:
        """Look for devices anew: some systems notice what was plugged in only then."""
        ...


def believed(latency: float) -> float | None:
    """Return a latency in seconds, or None where what the system says is nonsense, as under pw-jack."""
    return latency if 0 < latency < 1 else None
