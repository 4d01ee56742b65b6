"""A song that is heard through the speakers while it is listened to: pictures in step with the ear."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.errors import SoundError
from tessonance.sound.decode import probe
from tessonance.sound.devices import Device, find_device, lasting_name
from tessonance.sound.inputs import InputState, InputStatus, PeakMeter
from tessonance.sound.keeper import Keeper
from tessonance.sound.mono import Mono
from tessonance.sound.portaudio import portaudio
from tessonance.sound.song_buffer import SongBuffer
from tessonance.sound.spectrum import RATE
from tessonance.sound.system import Wish, believed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.sound.decoders import Song
    from tessonance.sound.system import SoundSystem, Stream

__all__ = ["SongInput"]

AHEAD_SECONDS = 0.25  # how long before it is heard a sample is given: time to hear, move and decode pictures
OUTPUT_SECONDS = 0.1  # of sound in the system's hands: no busy moment is heard, and pictures wait for it anyway
READY_SECONDS = 0.5  # decoded before the song begins
MOST_SECONDS = 10  # given at once
STEADY_SECONDS = 0.2  # that the output runs before the song begins: servers pause after the first blocks
MARKS, LAST_MARKS = 64, 9  # callbacks whose clocks are compared
SLEW = 0.1  # of what the clocks say otherwise, followed at each reading
LEAP_SECONDS = 0.05  # a difference beyond this is an interruption, and followed at once


class SongInput:
    """Plays a song and gives its samples a quarter of a second before they are heard.

    It begins with the first `read`. Without an output device it goes by the clock, in silence, and the state says so;
    an output that goes away is tried again every second, and the song goes on where it then is.

    Parameters
    ----------
    song : path-like or (ndarray, int)
        As `probe` takes it.
    output : str, int or Device, optional
        As `find_device` takes it; the default output unless given, and none if there is none.
    start : float
        In seconds of the song.
    loop : bool
        Begin again at the beginning of the song when it ends.
    blocksize : int
        Frames per block of the sound card; 0 leaves it to the system.
    system : SoundSystem, optional
        PortAudio unless given.
    clock : callable
        The seconds of the host.
    watch : bool
        Look after the stream on a thread. Without, call `look`.

    Raises
    ------
    SoundError
        If the song cannot be heard, or an output that was asked for cannot be used.
    """

    def __init__(
        self,
        song: Song,
        *,
        output: str | int | Device | None = None,
        start: float = 0.0,
        loop: bool = False,
        blocksize: int = 0,
        system: SoundSystem | None = None,
        clock: Callable[[], float] = time.perf_counter,
        watch: bool = True,
    ) -> None:
        info = probe(song)
        self.name = info.path.name if info.path else "samples"
        self._song_rate, self._clock, self._blocksize = info.rate, clock, blocksize
        self._meter, self._given, self._lost = PeakMeter(), 0, 0  # of frames, and of interruptions
        self._wanted = False  # until the first reading
        self._began: float | None = None  # when second 0 was audible, on the host's clock
        self._voice: _Voice | None = None
        self.rate, channels = RATE, 2
        self._trouble, self._output, self._system = "", output, system
        stream = self._first_stream()
        if self._voice is not None:
            self.rate, channels = self._voice.rate, min(self._voice.channels, 2)
        self._keeper = self._keep(stream)
        try:
            self._buffer = SongBuffer(song, rate=self.rate, channels=channels, start=start, loop=loop)
        except SoundError:
            if self._keeper:
                self._keeper.close()
            raise
        self._mono = Mono(self.rate, range(channels))
        if self._keeper and watch:
            self._keeper.watch()

    def read(self) -> NDArray[np.float32]:
        """Take what is heard within the next quarter of a second, as far as it was not taken yet; never waits."""
        self._wanted = True
        now = self._clock()
        self._settle(now)
        due = int(((self.heard(now) or 0.0) + AHEAD_SECONDS) * self.rate)
        count = min(due - self._given, MOST_SECONDS * self.rate)
        if self._buffer.total is None:
            count = min(count, self._buffer.decoded - self._given)
        if count <= 0:
            return np.zeros(0, np.float32)
        frames = np.empty((count, self._buffer.channels), np.float32)
        self._lost += self._given < self._buffer.kept_from
        self._buffer.copy(self._given, frames)
        self._given += count
        mono = self._mono.mix(frames)
        self._meter.hear(mono)
        return mono

    def heard(self, host_seconds: float) -> float | None:
        """Tell which second since `start` is audible at a time."""
        return 0.0 if self._began is None else max(host_seconds - self._began, 0.0)

    @property
    def state(self) -> InputState:
        """``waiting`` until it begins; ``ended`` once its end was heard, ``failed`` where it breaks off."""
        buffer, voice = self._buffer, self._voice
        status: InputStatus = "playing" if self._began is not None else "waiting"
        message = self._keeper.trouble if self._keeper else self._trouble
        if self._began is not None and self._is_over(self._clock()):
            status, message = ("failed" if buffer.trouble else "ended"), buffer.trouble or message
        return InputState(
            status,
            message,
            overflows=self._lost,
            level_db=self._meter.db,
            latency_seconds=voice.latency if voice else None,
            stream_rate=self._song_rate,
        )

    def look(self) -> None:
        """Look after the stream once, as the thread does ten times a second."""
        if self._keeper:
            self._keeper.look()

    def close(self) -> None:
        """Stop the song and let go of the device; again does nothing."""
        if self._keeper:
            self._keeper.close()
        self._buffer.close()

    def _is_over(self, now: float) -> bool:
        total = self._buffer.total
        return total is not None and (self.heard(now) or 0.0) >= total / self.rate

    def _settle(self, now: float) -> None:
        """Begin by the clock where nothing plays; else follow the clock of what plays."""
        voice, keeper = self._voice, self._keeper
        if keeper is None or keeper.trouble:
            if self._began is None and self._buffer.has(round(READY_SECONDS * self.rate)):
                self._began = now
            return
        if voice is None or voice.marks == 0:
            return
        said = voice.began()
        if self._began is None or abs(said - self._began) > LEAP_SECONDS:
            self._began = said
        else:
            self._began += SLEW * (said - self._began)

    def _first_stream(self) -> Stream | None:
        """Start the output; without one that was asked for, note why there is none."""
        try:
            self._system = self._system or portaudio()
            device = find_device(self._output, direction="output", system=self._system)
            stream = self._start(device, ways=_ways(device))
        except SoundError as error:
            if self._output is not None:
                raise
            cure = f" ({error.hint})" if error.hint else ""
            self._trouble = f"{error.problem}{cure}; the song goes by the clock, in silence"
            return None
        self._output = lasting_name(self._output, device)
        return stream

    def _keep(self, stream: Stream | None) -> Keeper | None:
        voice, system = self._voice, self._system
        if stream is None or voice is None or system is None:
            return None
        return Keeper(voice.device.name, self._reopen, system, count=self._fetched, stream=stream, clock=self._clock)

    def _fetched(self) -> int:
        return self._voice.fetched if self._voice else 0

    def _reopen(self) -> Stream:
        device = find_device(self._output, direction="output", system=self._system)
        ways = [way for way in _ways(device) if way[0] == self.rate and way[1] >= self._buffer.channels]
        return self._start(device, ways=ways or [(self.rate, self._buffer.channels)])

    def _start(self, device: Device, *, ways: list[tuple[int, int]]) -> Stream:
        assert self._system is not None
        refused: SoundError | None = None
        for rate, channels in ways:
            voice = _Voice(self, device, rate, channels)
            wish = Wish("output", rate, channels, self._blocksize, OUTPUT_SECONDS)
            try:
                stream = self._system.start(device, wish, voice.play)
            except SoundError as error:
                refused = refused or error
                continue
            voice.said = believed(stream.latency)
            self._voice = voice
            return stream
        assert refused is not None
        raise refused

    def _place(self, audible_at: float) -> int | None:
        """Return the frame that a stream is to begin with whose first frame is audible then; None: not yet."""
        if not self._wanted or not self._buffer.has(round(READY_SECONDS * self.rate)):
            return None
        return 0 if self._began is None else max(round((audible_at - self._began) * self.rate), 0)


class _Voice:
    """One opened stream's way from the song to the speakers, and what its clock says."""

    def __init__(self, song: SongInput, device: Device, rate: int, channels: int) -> None:
        self.device, self.rate, self.channels = device, rate, channels
        self.said: float | None = None  # the stream's latency
        self.latency: float | None = None  # what the callbacks say
        self.fetched = self.marks = 0
        self._song, self._at = song, -1
        self._began = np.zeros(MARKS)

    def play(self, out: Any, frames: int, times: Any, flags: Any) -> None:
        """Copy what is to be heard. Called where the sound card waits: allocates nothing, waits for nothing."""
        self.fetched += frames
        self.latency = self._until_heard(times, frames)
        audible_at = self._song._clock() + self.latency
        if self._at < 0:
            place = self._song._place(audible_at) if self.fetched > STEADY_SECONDS * self.rate else None
            if place is None:
                out.fill(0)
                return
            self._at = place
        elif flags:
            self._song._lost += 1
        self._began[self.marks % MARKS] = audible_at - self._at / self.rate
        self.marks += 1
        buffer = self._song._buffer
        self._at += buffer.copy(self._at, out[:, : buffer.channels])
        out[:, buffer.channels :] = 0

    def began(self) -> float:
        """Return when second 0 was audible: the median of many callbacks, for each clock trembles.

        After an interruption the last few agree on another time, and are believed.
        """
        marks = self.marks
        last = float(np.median(self._began[np.arange(max(marks - LAST_MARKS, 0), marks) % MARKS]))
        many = float(np.median(self._began[: min(marks, MARKS)]))
        return many if abs(last - many) < LEAP_SECONDS else last

    def _until_heard(self, times: Any, frames: int) -> float:
        """Return the seconds until the first frame of a block is heard; what is nonsense is not believed."""
        seconds = believed(times.outputBufferDacTime - times.currentTime) or self.said
        return 2 * frames / self.rate if seconds is None else seconds


def _ways(device: Device) -> list[tuple[int, int]]:
    """Return rates and numbers of channels to open, the best first."""
    counts = dict.fromkeys((min(device.outputs, 2), device.outputs))
    return [(rate, count) for count in counts for rate in dict.fromkeys((RATE, device.rate))]
