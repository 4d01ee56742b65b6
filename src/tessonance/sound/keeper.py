"""Keeps a stream of the sound card running through the night: watched, and opened again when its device was away."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from tessonance.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tessonance.sound.system import SoundSystem, Stream

__all__ = ["Keeper"]

LOOK_SECONDS = 0.1
STALL_SECONDS = 1.0  # without a sample: sound servers deliver in bursts, but not in such
START_SECONDS = 3.0  # what a stream may take until it runs: PulseAudio's null sink pauses for up to two at first
RETRY_SECONDS, LATER_SECONDS, EAGER_TRIES = 1.0, 3.0, 60  # each start of PortAudio with ALSA leaks 12 KB
LET_GO_SECONDS = 2.0  # what a driver may take to close a stream whose device is gone

log = logging.getLogger(__name__)


class Keeper:
    """Watches a running stream on a thread, and opens it again when it stopped or stalled.

    Whoever plays or listens goes on meanwhile: nothing of it waits for this.

    Parameters
    ----------
    name : str
        What a person calls the device.
    open_stream : callable
        Opens the stream and starts it; raises SoundError.
    system : SoundSystem
        Looks for devices anew, and lets go of streams that have stopped.
    count : callable
        How many frames came or went since the beginning: a stream whose count stands still has stalled.
    stream : Stream
        The one that runs already.
    clock : callable
        The seconds of the host.

    Attributes
    ----------
    trouble : str
        Why there is no sound at the moment; empty while there is.
    retries : int
        How often it was tried to open the stream again.
    """

    def __init__(
        self,
        name: str,
        open_stream: Callable[[], Stream],
        system: SoundSystem,
        *,
        count: Callable[[], int],
        stream: Stream,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name, self.trouble, self.retries = name, "", 0
        self._open, self._system, self._count, self._clock = open_stream, system, count, clock
        self._stream: Stream | None = stream
        self._counted, self._patient_until = count(), clock() + START_SECONDS
        self._stuck: Thread | None = None
        self._tries_in_row = 0
        self._over = Event()
        self._thread = Thread(target=self._watch, name="tessonance-sound-keeper", daemon=True)

    def watch(self) -> None:
        """Look after the stream from now on, on a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking after the stream, and close it; again does nothing."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2 * LET_GO_SECONDS)
        if not self._thread.is_alive():
            self._let_go()

    def look(self) -> None:
        """Look once: the thread does so ten times a second."""
        now, count = self._clock(), self._count()
        if count != self._counted and self._stream is not None and self._stream.active:
            self._counted, self.trouble, self._tries_in_row = count, "", 0
            self._patient_until = max(self._patient_until, now + STALL_SECONDS)
        elif self._stream is not None and (now >= self._patient_until or not self._stream.active):
            self.trouble = f"{self.name} has stopped; trying again"
            log.info("%s", self.trouble)  # whoever plays says it
            self._let_go()
            self._try()
        elif self._stream is None and now >= self._patient_until:
            self._try()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.look()

    def _try(self) -> None:
        """Open the stream again, with the devices that are there now."""
        self.retries += 1
        self._tries_in_row += 1
        if self._stuck is None or not self._stuck.is_alive():
            try:
                self._system.renew()
                self._stream = self._open()
            except Exception as error:  # whatever a driver comes up with, the next try may go well
                reason = error.problem if isinstance(error, SoundError) else str(error)
                self.trouble = f"{self.name} is away, trying again: {reason}"
        self._counted = self._count()
        pause = RETRY_SECONDS if self._tries_in_row < EAGER_TRIES else LATER_SECONDS
        self._patient_until = self._clock() + (START_SECONDS if self._stream else pause)

    def _let_go(self) -> None:
        """Close the stream on a thread of its own: some drivers never come back from that."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        self._stuck = Thread(target=self._system.let_go, args=(stream,), name="tessonance-sound-closing", daemon=True)
        self._stuck.start()
        self._stuck.join(LET_GO_SECONDS)
