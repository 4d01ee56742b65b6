"""What a show listens to: the seam, its fake, and silence."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

from tessonance.errors import SoundError
from tessonance.sound.spectrum import RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Input", "InputState", "InputStatus", "MemoryInput", "PeakMeter", "Silence"]

InputStatus: TypeAlias = Literal["playing", "waiting", "ended", "failed"]

SILENCE_DB = -120.0  # what the meter shows for no sound at all
FALL_DB = 20.0  # per second: a peak can be read before it is gone


@dataclass(frozen=True)
class InputState:
    """How an input is at the moment, for people to read.

    Parameters
    ----------
    status : {"playing", "waiting", "ended", "failed"}
        Sound comes; the device is away or stalled and is tried again; the song is over; nothing will ever come. In all
        but the first, `Input.read` gives silence in its place, so that time goes on.
    message : str
        What there is to say, in a few words; empty while all is well. A song may play without being heard: then it is
        here why.
    overflows : int
        How often sound was lost because it was fetched too late.
    level_db : float
        The peak of what was read last, falling by 20 dB a second; full scale is 0, nothing at all -120.
    latency_seconds : float or None
        From the air to `Input.read` as far as the device knows it, or, for a song, from our hands to the ear. None
        where the device says nothing or nonsense.
    stream_rate : int
        Samples per second of the device or the song, before they were resampled.
    """

    status: InputStatus = "playing"
    message: str = ""
    overflows: int = 0
    level_db: float = SILENCE_DB
    latency_seconds: float | None = None
    stream_rate: int = RATE


class Input(Protocol):
    """A source of sound for a show. One thread reads it; any may ask `heard` and `state`.

    Attributes
    ----------
    name : str
        What a person calls it.
    """

    name: str

    def read(self) -> NDArray[np.float32]:
        """Take what came since the last call; never waits.

        Returns
        -------
        ndarray of float32, shape (n,)
            Mono at 48 kHz, full scale at 1, finite; n may be 0. Time is their count: where sound is missing there is
            silence, after the end too.
        """
        ...

    def heard(self, host_seconds: float) -> float | None:
        """Tell which second of the stream is audible at a time.

        Parameters
        ----------
        host_seconds : float
            On the clock of `time.perf_counter`; it may lie a little ahead.

        Returns
        -------
        float or None
            Seconds since the first sample of `read`; 0 before anything is heard. What was read lies ahead of it. None
            where only the arrival of samples tells: microphones.
        """
        ...

    @property
    def state(self) -> InputState:
        """How it is at the moment."""
        ...

    def close(self) -> None:
        """Let go of the device; again does nothing."""
        ...


class MemoryInput:
    """Samples in memory that come as from a sound card, by any clock: the fake input.

    Parameters
    ----------
    samples : ndarray of float, shape (n,)
        Mono at 48 kHz. Silence follows them.
    name : str
    block : int
        They come in blocks of so many samples, each when its last sample is over.
    ahead_seconds : float, optional
        As a song: they come so long before they are heard. As a microphone unless given, and `heard` is None.
    loop : bool
        Begin again at the end.
    clock : callable
        The seconds of the host; the sound begins at once.

    Attributes
    ----------
    trouble : str
        Set it, and the device is away: silence comes, and the state says this. The samples wait.
    """

    def __init__(
        self,
        samples: NDArray[np.float32],
        *,
        name: str = "memory",
        block: int = 256,
        ahead_seconds: float | None = None,
        loop: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if np.ndim(samples) != 1 or (loop and not len(samples)):
            wanted = "shape (n,)" if not loop else "shape (n,), n > 0"
            raise SoundError("these are no mono samples", wanted=wanted, got=f"shape {np.shape(samples)}")
        self.name, self.trouble = name, ""
        self._samples, self._loop = np.asarray(samples, np.float32), loop
        self._block, self._ahead, self._clock, self._began = block, ahead_seconds, clock, clock()
        self._given = self._at = 0  # samples of the stream, and of what was given to us
        self._meter = PeakMeter()

    def read(self) -> NDArray[np.float32]:
        """Take the blocks that are over by now."""
        seconds = self._clock() - self._began + (self._ahead or 0.0)
        due = math.floor(seconds * RATE / self._block + 1e-6) * self._block  # a clock's last bit is no block
        count = max(due - self._given, 0)
        self._given += count
        taken = np.zeros(count, np.float32) if self.trouble else self._next(count)
        self._meter.hear(taken)
        return taken

    def _next(self, count: int) -> NDArray[np.float32]:
        at, self._at = self._at, self._at + count
        if self._loop:
            return np.take(self._samples, np.arange(at, at + count), mode="wrap")
        taken = self._samples[at : at + count]
        return np.concatenate([taken, np.zeros(count - len(taken), np.float32)])

    def heard(self, host_seconds: float) -> float | None:
        """Tell which second is audible, as a song knows it."""
        return None if self._ahead is None else max(host_seconds - self._began, 0.0)

    @property
    def state(self) -> InputState:
        """``waiting`` in `trouble`, ``ended`` once all samples were read."""
        status: InputStatus = "waiting" if self.trouble else "playing"
        if not self.trouble and not self._loop and self._at >= len(self._samples):
            status = "ended"
        return InputState(status, self.trouble, level_db=self._meter.db, latency_seconds=self._block / RATE)

    def close(self) -> None:
        """Do nothing."""


class Silence:
    """No sound at all, on the clock: for a show that is moved by hand or by OSC alone.

    Parameters
    ----------
    name : str
    clock : callable
        The seconds of the host.
    """

    state = InputState()

    def __init__(self, *, name: str = "silence", clock: Callable[[], float] = time.perf_counter) -> None:
        self.name, self._clock, self._began, self._given = name, clock, clock(), 0

    def read(self) -> NDArray[np.float32]:
        """Take the silence that came since the last call."""
        due = int((self._clock() - self._began) * RATE)
        count, self._given = max(due - self._given, 0), max(due, self._given)
        return np.zeros(count, np.float32)

    def heard(self, host_seconds: float) -> float | None:
        """Tell nothing: it is as a microphone that hears nothing."""
        return None

    def close(self) -> None:
        """Do nothing."""


class PeakMeter:
    """The peak of the last samples, falling slowly.

    Attributes
    ----------
    db : float
        Full scale is 0, nothing at all -120.
    """

    def __init__(self) -> None:
        self.db = SILENCE_DB

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Hear some more, mono at 48 kHz."""
        if not len(samples):
            return
        peak = float(np.abs(samples).max())
        fallen = self.db - FALL_DB * len(samples) / RATE
        self.db = max(SILENCE_DB, fallen, 20 * math.log10(peak) if peak > 1e-6 else SILENCE_DB)
