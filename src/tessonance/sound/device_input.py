"""Live sound: a microphone, an interface, or what the machine itself plays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.errors import SoundError
from tessonance.sound.devices import Device, find_device, lasting_name
from tessonance.sound.inputs import InputState, PeakMeter
from tessonance.sound.keeper import Keeper
from tessonance.sound.mono import Mono
from tessonance.sound.portaudio import portaudio
from tessonance.sound.ring import Ring
from tessonance.sound.spectrum import RATE
from tessonance.sound.system import Wish, believed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tessonance.sound.system import SoundSystem, Stream

__all__ = ["DeviceInput"]

KEPT_SECONDS = 4.0  # how long whoever reads may be away
GAP_SECONDS = 0.25  # without a sample, until silence stands in: longer than any burst of a server
LONGEST_SILENCE = 10 * RATE  # given at once: after a machine slept, nobody wants its night


class DeviceInput:
    """Listens to a sound device.

    When the device goes away or stalls, silence comes in its place; it is tried again every second, later every three,
    by its name, until it is back.

    Parameters
    ----------
    device : str, int or Device, optional
        As `find_device` takes it; the default input unless given.
    blocksize : int
        Frames per block of the sound card; 0 leaves it to the system.
    channels : sequence of int, optional
        Which channels are heard, counted from 1, their mean. The first two, or the only one, unless given.
    system : SoundSystem, optional
        PortAudio unless given.
    clock : callable
        The seconds of the host.
    watch : bool
        Look after the stream on a thread. Without, call `look`.

    Raises
    ------
    SoundError
        If there is no such device or channel, or if it refuses now, at the beginning.
    """

    def __init__(
        self,
        device: str | int | Device | None = None,
        *,
        blocksize: int = 0,
        channels: Sequence[int] | None = None,
        system: SoundSystem | None = None,
        clock: Callable[[], float] = time.perf_counter,
        watch: bool = True,
    ) -> None:
        self._system, self._clock = system or portaudio(), clock
        found = find_device(device, system=self._system)
        self.name = found.name
        self._wanted = lasting_name(device, found)
        self._blocksize, self._channels = blocksize, None if channels is None else tuple(channels)
        self._overflows, self._meter = 0, PeakMeter()
        self._line = _Line(1, RATE, (0,), None)
        self._covered, self._silent = clock(), False  # until when what was read covers the time of the host
        self._keeper = Keeper(
            self.name,
            self._reopen,
            self._system,
            count=lambda: self._line.ring.written,
            stream=self._start(found),
            clock=clock,
        )
        self.look = self._keeper.look
        if watch:
            self._keeper.watch()

    def read(self) -> NDArray[np.float32]:
        """Take what came since the last call; never waits."""
        now, line = self._clock(), self._line
        sound = line.read()
        if line.came:
            line.came = self._silent = False
            self._covered = now
        elif self._silent or now - self._covered > GAP_SECONDS:
            self._silent = True
            sound = self._silence(now)
        self._meter.hear(sound)
        return sound

    def _silence(self, now: float) -> NDArray[np.float32]:
        count = int((now - self._covered) * RATE)
        self._covered += count / RATE
        return np.zeros(min(count, LONGEST_SILENCE), np.float32)

    def heard(self, host_seconds: float) -> float | None:
        """Tell nothing: of live sound only the arrival is known."""
        return None

    @property
    def state(self) -> InputState:
        """``waiting`` while the device is away."""
        line, trouble = self._line, self._keeper.trouble
        return InputState(
            "waiting" if trouble else "playing",
            trouble,
            overflows=self._overflows + line.ring.losses,
            level_db=self._meter.db,
            latency_seconds=line.latency,
            stream_rate=line.rate,
        )

    def close(self) -> None:
        """Let go of the device; again does nothing."""
        self._keeper.close()

    def _reopen(self) -> Stream:
        return self._start(find_device(self._wanted, system=self._system))

    def _start(self, device: Device) -> Stream:
        """Start the stream as the device takes it, what is wanted first."""
        refused: SoundError | None = None
        for rate, channels, picks in _ways(device, self._channels):
            line = _Line(channels, rate, picks, self._lost)
            try:
                stream = self._system.start(device, Wish("input", rate, channels, self._blocksize), line.hear)
            except SoundError as error:
                refused = refused or error
                continue
            line.latency = believed(stream.latency)
            self._line = line
            return stream
        assert refused is not None
        raise refused

    def _lost(self) -> None:
        self._overflows += 1


class _Line:
    """One opened stream's way from the sound card to mono at 48 kHz."""

    def __init__(self, channels: int, rate: int, picks: Sequence[int], lost: Callable[[], None] | None) -> None:
        self.rate, self.came = rate, False
        self.latency: float | None = None
        self.ring = Ring(round(KEPT_SECONDS * rate), channels)
        self._mono, self._lost = Mono(rate, picks), lost

    def hear(self, samples: Any, frames: int, times: Any, flags: Any) -> None:
        """Copy what the sound card brings. Called where it waits: allocates nothing, waits for nothing."""
        self.ring.push(samples)
        if flags and self._lost:
            self._lost()

    def read(self) -> NDArray[np.float32]:
        frames = self.ring.pull()
        if not len(frames):
            return np.zeros(0, np.float32)
        self.came = True
        return self._mono.mix(frames)


def _ways(device: Device, channels: tuple[int, ...] | None) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield rates, numbers of channels to open and which of them to hear, the best first.

    Some drivers open only at their own rate, or only with all of their channels.
    """
    picks = tuple(channel - 1 for channel in (range(1, min(device.inputs, 2) + 1) if channels is None else channels))
    if not picks or min(picks) < 0 or max(picks) >= device.inputs:
        raise SoundError(
            "has no such channel",
            where=device.name,
            wanted=f"1 to {device.inputs}",
            got=", ".join(str(pick + 1) for pick in picks) or "none",
        )
    for count in dict.fromkeys((max(picks) + 1, device.inputs)):
        for rate in dict.fromkeys((RATE, device.rate)):
            yield rate, count, picks
