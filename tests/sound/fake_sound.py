"""A sound system without sound: devices that are plugged in and out, refuse, stall and hang, as told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tessonance.errors import SoundError
from tessonance.sound.system import Callback, Device, Wish

MICROPHONE = Device(0, "Fine Microphone", "ALSA", inputs=2, default_input=True)
SPEAKERS = Device(1, "Loud Speakers", "ALSA", outputs=2, default_output=True)


class Clock:
    """Seconds that pass when told."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Times:
    """What PortAudio tells a callback."""

    currentTime: float = 0.0
    inputBufferAdcTime: float = 0.0
    outputBufferDacTime: float = 0.0


@dataclass
class FakeStream:
    """A stream that is driven by the test."""

    device: Device
    wish: Wish
    callback: Callback
    latency: float = 0.01
    active: bool = True
    closed: bool = False
    hangs: Event | None = None

    def bring(self, samples: NDArray[np.float32], flags: object = None) -> None:
        """Bring samples in, of shape (n, channels) or (n,) for all channels."""
        block = np.asarray(samples, np.float32)
        if block.ndim == 1:
            block = np.repeat(block[:, None], self.wish.channels, axis=1)
        assert block.shape[1] == self.wish.channels
        self.callback(block, len(block), Times(), flags)

    def fetch(self, frames: int, latency: float = 0.02, flags: object = None) -> NDArray[np.float32]:
        """Fetch samples that sound after `latency`."""
        block = np.full((frames, self.wish.channels), np.nan, np.float32)
        self.callback(block, frames, Times(5.0, 0.0, 5.0 + latency), flags)
        return block

    def abort(self) -> None:
        if self.hangs:
            self.hangs.wait(20)
        if not self.active:
            raise RuntimeError("the driver is confused")
        self.active = False

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSystem:
    """Devices as the test has them; `renewed` counts, `streams` are all that were started.

    `refuse` names the rates and numbers of channels that are refused, and whatever else the test says.
    """

    there: list[Device] = field(default_factory=lambda: [MICROPHONE, SPEAKERS])
    refuse: Any = None
    streams: list[FakeStream] = field(default_factory=list)
    renewed: int = 0

    def devices(self) -> list[Device]:
        return list(self.there)

    def start(self, device: Device, wish: Wish, callback: Callback) -> FakeStream:
        if self.refuse and self.refuse(wish):
            raise SoundError("does not want to", where=device.name)
        self.streams.append(FakeStream(device, wish, callback))
        return self.streams[-1]

    def let_go(self, stream: FakeStream) -> None:
        for step in (stream.abort, stream.close):
            with suppress(RuntimeError):
                step()

    def renew(self) -> None:
        self.renewed += 1
