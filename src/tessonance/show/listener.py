"""The thread that hears: input → features → motion → the path that frames read."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

from tessonance.errors import TessError
from tessonance.show.clock import SampleClock
from tessonance.show.ensemble import Ensemble
from tessonance.sound.spectrum import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.grid import Grid
    from tessonance.motion import Governor
    from tessonance.show.changes import Change
    from tessonance.show.ensemble import Record, Voice
    from tessonance.sound.inputs import Input

__all__ = ["Listener"]

ROUND_SECONDS = 0.0015  # between two looks at the input: a block of 128 samples waits 0.75 ms on average
STUMBLE_SECONDS = 0.2
AT_ONCE = 16_384  # samples heard before the path is told: after a stall it catches up in steps


class Listener:
    """Hears an input as its sound comes and moves the voices of a show.

    `start` does so on a thread; without it, each `advance` is one round.

    Parameters
    ----------
    source : Input
    grids : sequence of Grid
        The tesseracts' grids, in the order of the show.
    governor : callable, optional
        Number of a tesseract → what limits its speed.
    record : Record, optional
        A take to write.
    clock : callable
        The seconds of the host.

    Attributes
    ----------
    problems : SimpleQueue of str
        What went wrong on the thread, for the screen.
    """

    def __init__(
        self,
        source: Input,
        grids: Sequence[Grid],
        *,
        governor: Callable[[int], Governor | None] = lambda piece: None,
        record: Record | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.source = source
        self.problems: SimpleQueue[str] = SimpleQueue()
        self._ensemble = Ensemble(grids, governor=governor, record=record)
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._clock = clock
        self._arrivals = SampleClock()
        self._unwanted = Event()
        self._thread: Thread | None = None

    @property
    def voices(self) -> tuple[Voice, ...]:
        """What plays now."""
        return self._ensemble.voices

    @property
    def position(self) -> int:
        """How many samples were heard."""
        return self._ensemble.ear.position

    def voice(self, piece: int) -> Voice | None:
        """Return the voice of a tesseract; None where it does not play (yet)."""
        return self._ensemble.voice(piece)

    def send(self, change: Change) -> None:
        """Ask for a change; it is made before the next sample that is heard."""
        self._changes.put(change)

    def seconds(self, host_seconds: float) -> float | None:
        """Return the second of the sound that is to be seen at a host time.

        Of a song it is what is heard at that time, of a microphone the newest that is reliably known; None before any
        sound came.
        """
        heard = self.source.heard(host_seconds)
        return self._arrivals.at(host_seconds) if heard is None else heard

    def level_db(self) -> float:
        """Return how loud it was lately, in dBFS: the mean power of the last seconds that were not silent."""
        return self._ensemble.ear.level_db()

    def advance(self) -> int:
        """Do one round: make the changes that were asked for, and hear what came. Return how many samples came."""
        self._make_changes()
        samples = self.source.read()
        for first in range(0, len(samples), AT_ONCE):
            self._ensemble.hear(samples[first : first + AT_ONCE])
        if len(samples):
            self._arrivals.feed(self._ensemble.ear.position / RATE, self._clock())
        return len(samples)

    def start(self) -> None:
        """Hear on a thread from now on."""
        self._thread = Thread(target=self._run, name="tessonance-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread. The input stays open; who opened it closes it."""
        self._unwanted.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._unwanted.is_set():
            try:
                if not self.advance():
                    time.sleep(ROUND_SECONDS)
            except Exception as error:  # whatever it is, the pictures go on and so does the listening
                self.problems.put(f"the sound stumbles: {error}")
                self._unwanted.wait(STUMBLE_SECONDS)

    def _make_changes(self) -> None:
        while True:
            try:
                change = self._changes.get_nowait()
            except Empty:
                return
            try:
                self._ensemble.change(change)
            except TessError as error:
                self.problems.put(str(error))
