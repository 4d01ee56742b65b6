"""Who hears in a show: input → features → motion → the path that frames read."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TessError
from tessonance.show.clock import SampleClock
from tessonance.show.ensemble import Ensemble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Grid
    from tessonance.motion import Governor
    from tessonance.project import Mapping
    from tessonance.show.changes import Change
    from tessonance.show.ensemble import Record, Voice
    from tessonance.sound.inputs import Input

__all__ = ["Listener"]

GLANCE_SECONDS = 0.01  # how often the thread looks whether anybody hears
PATIENCE_SECONDS = 0.03  # how long whoever shows frames may leave the sound alone, until the thread hears it
AHEAD_SECONDS = 0.045  # between two looks at a song: most of what is known ahead of the ear stays known
NOTHING = np.zeros(0, np.float32)
TOLERANCE_SECONDS = 0.0055  # of unevenness that nobody sees: a hop
AT_ONCE = 16_384  # samples heard before the path is told: after a stall it catches up in steps


class Listener:
    """Hears an input as its sound comes and moves the voices of a show.

    Whoever shows frames calls `advance` just before each: so the frame has the newest sound, features cost by the
    frame and not by the block, and no thread asks for the interpreter while a frame is made. (A thread that woke for
    every block was tried: it took three times the processor time.) Should no frame come, because somebody drags the
    window or the screen sleeps, a thread hears on; `start` starts it.

    Parameters
    ----------
    source : Input
    grids : sequence of Grid
        The tesseracts' grids, in the order of the show.
    governor : callable, optional
        Number of a tesseract and mapping → what limits its speed.
    record : Record, optional
        A take to write.
    also : sequence of str
        Features to hear besides those that the mappings need.
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
        governor: Callable[[int, Mapping], Governor | None] = lambda piece, mapping: None,
        record: Record | None = None,
        also: Sequence[str] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.source = source
        self.problems: SimpleQueue[str] = SimpleQueue()
        self._ensemble = Ensemble(grids, governor=governor, record=record, also=also)
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._clock = clock
        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_samples = 0
        self._arrivals = SampleClock(TOLERANCE_SECONDS)
        self._turn, self._last_turn = Lock(), -float("inf")
        self._read_at = -float("inf")
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

        Of a song it is what is heard at that time, of a microphone the newest that is known for frames shown in even
        steps; None before any sound came.
        """
        heard = self.source.heard(host_seconds)
        return self._arrivals.at(host_seconds) if heard is None else heard

    def then(self, host_seconds: float) -> float | None:
        """Return the second of the sound at a host time that is over: when somebody tapped, say."""
        heard = self.source.heard(host_seconds)
        return self._arrivals.then(host_seconds) if heard is None else heard

    def level_db(self) -> float:
        """Return how loud it was lately, in dBFS: the mean power of the last seconds that were not silent."""
        return self._ensemble.ear.level_db()

    def advance(self, due: float | None = None) -> int:
        """Do one round: make the changes that were asked for, and hear what came. Return how many samples came.

        It waits for nothing: where another thread is at it, or anything goes wrong, it comes back at once.

        Parameters
        ----------
        due : float, optional
            The host time at which the frame that is about to be made will be seen.
        """
        if not self._turn.acquire(blocking=False):
            return 0
        try:
            self._last_turn = self._clock()
            came = self._round()
            # After a sleep the first round takes half a millisecond, six times its work: what came meanwhile is newer.
            came += self._round() if came else 0
            # Only now: what a frame is shown is what is known after both.
            if self.position:
                self._arrivals.look(self._ensemble.known_seconds, self._clock() if due is None else due)
            return came
        except Exception as error:  # whatever it is, the pictures go on and so does the listening
            self.problems.put(f"the sound stumbles: {error}")
            return 0
        finally:
            self._turn.release()

    def _round(self) -> int:
        self._make_changes()
        samples = self._read()
        if len(samples):
            self._waiting.append(samples)
            self._waiting_samples += len(samples)
            if self._waiting_samples >= self._ensemble.samples_to_hop:
                self._hear(self._taken())
        return len(samples)

    def _read(self) -> NDArray[np.float32]:
        """Take what came; of what comes long before it is heard, a good piece now and then: that costs a third."""
        now = self._clock()
        if self.source.heard(now) is not None:
            if now - self._read_at < AHEAD_SECONDS:
                return NOTHING
            self._read_at = now
        return self.source.read()

    def _hear(self, samples: NDArray[np.float32]) -> None:
        for first in range(0, len(samples), AT_ONCE):
            self._ensemble.hear(samples[first : first + AT_ONCE])

    def _taken(self) -> NDArray[np.float32]:
        taken = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        self._waiting, self._waiting_samples = [], 0
        return taken

    def start(self) -> None:
        """Hear on a thread from now on, whenever nobody else does."""
        self._thread = Thread(target=self._run, name="tessonance-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread. The input stays open; who opened it closes it."""
        self._unwanted.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._unwanted.wait(GLANCE_SECONDS):
            if self._clock() - self._last_turn > PATIENCE_SECONDS:
                self.advance()

    def _make_changes(self) -> None:
        while True:
            try:
                change = self._changes.get_nowait()
            except Empty:
                return
            if self._waiting:
                self._hear(self._taken())
            try:
                self._ensemble.change(change)
            except TessError as error:
                self.problems.put(str(error))
