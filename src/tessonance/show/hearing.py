"""What a mapping hears: features and motion, from any moment on, as if it had been there for some seconds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.motion import Motion
from tessonance.project import ANALYSIS_RATE
from tessonance.sound.stream import FeatureStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.project import Mapping

__all__ = ["SILENCE_DB", "Ear", "Hearing", "warm_up_from"]

WARM_UP_SECONDS = 5.0  # of sound that a new mapping hears before it plays: more than the automatic level remembers
KEPT_SECONDS = 12.0  # of sound, so that warming up may take its time
SURE = 0.1  # of the tempo: below it there is none
HOP, SILENCE_DB = 256, -60.0  # by which the level of the last seconds is told


class Ear:
    """The last seconds of what was heard, for mappings that come later.

    Attributes
    ----------
    position : int
        How many samples were heard so far.
    """

    def __init__(self) -> None:
        self.position = 0
        self._room = np.zeros(round(KEPT_SECONDS * ANALYSIS_RATE), np.float32)

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Hear some more, mono at 48 kHz."""
        room = len(self._room)
        at, kept = self.position % room, samples[-room:]
        at = (self.position + len(samples) - len(kept)) % room
        first = kept[: room - at]
        self._room[at : at + len(first)] = first
        self._room[: len(kept) - len(first)] = kept[len(first) :]
        self.position += len(samples)

    def since(self, sample: int, *, most: int | None = None) -> NDArray[np.float32]:
        """Return what was heard from a sample on, at most so many samples; what is not kept any more is left out."""
        first = max(sample, self.position - len(self._room))
        stop = self.position if most is None else min(self.position, first + most)
        return self._room[np.arange(first, stop) % len(self._room)]

    def level_db(self, *, gate_db: float = SILENCE_DB) -> float:
        """Return the mean power in dBFS of what was heard lately and was not silent; `SILENCE_DB` where all was."""
        powers = np.array(_powers(self._whole_hops(), HOP))
        sounding = powers[powers > 10 ** (gate_db / 10)]
        return 10 * math.log10(sounding.mean()) if len(sounding) else SILENCE_DB

    def _whole_hops(self) -> NDArray[np.float32]:
        lately = self.since(warm_up_from(self.position, hop=HOP))
        return lately[: len(lately) // HOP * HOP]


def warm_up_from(position: int, *, hop: int) -> int:
    """Return from which sample on a mapping hears that is to play from a position on; a hop begins there."""
    begin = max(0, position - round(WARM_UP_SECONDS * ANALYSIS_RATE))
    return -(-begin // hop) * hop


class Hearing:
    """The features and the motion of one mapping.

    Parameters
    ----------
    mapping : Mapping
    since : int
        The number of the first sample that it hears; a hop begins there.
    also : sequence of str
        Features that nothing moves by, but somebody wants to know.

    Attributes
    ----------
    stream : FeatureStream
    motion : Motion
    since : int
    position : int
        The number of the next sample that it hears.
    """

    def __init__(self, mapping: Mapping, *, since: int, also: Sequence[str] = ()) -> None:
        names = dict.fromkeys((*mapping.feature_names, *also))
        self.stream = FeatureStream(names, sound=mapping.sound)
        self.since = self.position = self._tempo_since = since
        self._rest = np.zeros(0, np.float32)
        self.move(mapping)

    def move(self, mapping: Mapping) -> None:
        """Move as another mapping of the same features does."""
        self.motion = Motion(mapping, feature_names=self.stream.names, hop_seconds=self.stream.hop / ANALYSIS_RATE)

    def carry_on(self, before: Hearing) -> None:
        """Take over how far the motion of another one has come, and the beat that it follows."""
        self.motion.carry_on(before.motion)
        if self.stream.tempo is not None and before.stream.tempo is not None:
            self.stream.tempo, self._tempo_since = before.stream.tempo, before._tempo_since

    def tap(self, seconds: float) -> None:
        """Take a tap on the beat at a second of the sound; where nobody follows the beat, pass it over."""
        if self.stream.tempo is not None:
            self.stream.tempo.tap(seconds - self._tempo_since / ANALYSIS_RATE)

    def follow(self, seconds: float, *, bpm: float | None, first: bool) -> None:
        """Take the beat of another program; see `tap`."""
        if self.stream.tempo is not None:
            bar = 0 if first else None
            self.stream.tempo.follow(seconds - self._tempo_since / ANALYSIS_RATE, bpm=bpm, bar=bar)

    def beat(self, seconds: float) -> tuple[float, float] | None:
        """Return where in the beat a second of the sound is, 0..1, and beats a minute; None where there is no beat."""
        tempo = self.stream.tempo
        if tempo is None or tempo.confidence < SURE:
            return None
        ahead = self._tempo_since / ANALYSIS_RATE + tempo.seconds - seconds
        return (tempo.beat - ahead * tempo.bpm / 60) % 1.0, tempo.bpm

    def catch_up(self, ear: Ear, *, most: int | None = None) -> bool:
        """Hear what it missed, at most so many samples; return whether it is up to date."""
        values, _ = self.push(ear.since(self.position, most=most))
        self.motion.run(values)
        return self.position >= ear.position

    def push(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[float]]:
        """Hear some more; return the features of the hops that this completes, and their mean squares."""
        values = self.stream.push(samples)
        heard = np.concatenate([self._rest, samples])
        whole = len(values) * self.stream.hop
        self._rest = heard[whole:]
        self.position += len(samples)
        return values, _powers(heard[:whole], self.stream.hop)


def _powers(samples: NDArray[np.float32], hop: int) -> list[float]:
    """Return the mean square of every hop."""
    rows = samples.reshape(-1, hop)
    powers: list[float] = (np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / hop).tolist()
    return powers
