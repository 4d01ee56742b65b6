"""Samples → coordinates, with everything that may change on the way: one arithmetic for the show and for its take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.errors import ProjectError
from tessonance.motion import Motion
from tessonance.motion.hands import coefficient
from tessonance.project import ANALYSIS_RATE
from tessonance.show.changes import Beat, Hold, Release, Routes, SetAxis, SetFeature, Tap
from tessonance.show.idle import IdleMotion
from tessonance.sound.stream import FeatureStream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.motion import Governor
    from tessonance.project import Mapping
    from tessonance.show.changes import Change

__all__ = ["Ear", "Performed", "Performer"]

WARM_UP_SECONDS = 5.0  # of sound that a new mapping hears before it plays: more than the automatic level remembers
GLIDE_SECONDS = 0.6  # from where a change found the coordinate to where it leads
HOP, SILENCE_DB = 256, -60.0  # by which the level of the last seconds is told
FAINT = 0.01  # of a feature that comes from elsewhere: below it is silence
GRAB_MS = 30.0  # how an axis follows a hand that sets it in steps


class Performed(NamedTuple):
    """Some hops of a show.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (hops, N)
    features : ndarray of float32, shape (hops, n)
    """

    coordinates: NDArray[np.float64]
    features: NDArray[np.float32]


class Ear:
    """The last seconds of what was heard, for mappings that come later.

    Attributes
    ----------
    position : int
        How many samples were heard so far.
    """

    def __init__(self) -> None:
        self.position = 0
        self._room = np.zeros(2 * round((WARM_UP_SECONDS + 1) * ANALYSIS_RATE), np.float32)

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Hear some more, mono at 48 kHz."""
        room = len(self._room)
        at, kept = self.position % room, samples[-room:]
        at = (self.position + len(samples) - len(kept)) % room
        first = kept[: room - at]
        self._room[at : at + len(first)] = first
        self._room[: len(kept) - len(first)] = kept[len(first) :]
        self.position += len(samples)

    def lately(self, seconds: float, *, hop: int) -> NDArray[np.float32]:
        """Return at most so many seconds of what was heard last, beginning on a hop of the whole stream."""
        begin = max(0, self.position - round(seconds * ANALYSIS_RATE))
        begin = -(-begin // hop) * hop
        return self._room[np.arange(begin, self.position) % len(self._room)]

    def level_db(self, *, gate_db: float = SILENCE_DB) -> float:
        """Return the mean power in dBFS of what was heard lately and was not silent; `SILENCE_DB` where all was."""
        powers = np.array(_powers(self._whole_hops(), HOP))
        sounding = powers[powers > 10 ** (gate_db / 10)]
        return 10 * math.log10(sounding.mean()) if len(sounding) else SILENCE_DB

    def _whole_hops(self) -> NDArray[np.float32]:
        lately = self.lately(WARM_UP_SECONDS, hop=HOP)
        return lately[: len(lately) // HOP * HOP]


class Performer:
    """Plays one tesseract: hears samples as they come and says where they lead, once per hop.

    Whatever is changed meanwhile, the coordinate glides on from where it is. The same samples with the same changes at
    the same samples give the same coordinates.

    Parameters
    ----------
    mapping : Mapping
    ear : Ear
        What was heard so far; the features warm up on it.
    governor : Governor, optional
        Limits the speed.

    Attributes
    ----------
    mapping : Mapping
        What is played now.
    hop : int
        Samples per hop.
    first_hop : int
        Which hop of the stream is the first that `push` gives.
    """

    def __init__(self, mapping: Mapping, ear: Ear, *, governor: Governor | None = None) -> None:
        self.mapping, self._ear, self._governor = mapping, ear, governor
        self.hop = mapping.sound.hop
        self.hop_seconds = self.hop / ANALYSIS_RATE
        self.first_hop = ear.position // self.hop
        self.closed: NDArray[np.bool_] = mapping.grid.closed
        self._stream: FeatureStream
        self._motion: Motion
        self._idle: IdleMotion
        self._rest: NDArray[np.float32]
        self._start_hearing(mapping)
        self._grab = coefficient(GRAB_MS, self.hop_seconds)
        self._grabbed: dict[int, tuple[float, float]] = {}  # axis → where it is wanted, where it is
        self._given: dict[str, float] = {}  # features that come from elsewhere
        self._frozen: NDArray[np.float64] | None = None
        self._place: NDArray[np.float64] = self._motion.place
        self._out: NDArray[np.float64] = self._place
        self._away = np.zeros(len(self.closed))
        self._gliding = 0
        self._glide_hops = max(1, round(GLIDE_SECONDS / self.hop_seconds))

    @property
    def place(self) -> NDArray[np.float64]:
        """The last coordinate, shape ``(N,)``."""
        return self._out

    @property
    def asleep(self) -> float:
        """How much the drift of silence moves the picture, 0..1."""
        return self._idle.depth

    def push(self, samples: NDArray[np.float32]) -> Performed:
        """Hear some more.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono at 48 kHz.

        Returns
        -------
        Performed
            The hops that these samples completed.
        """
        values = self._stream.push(samples)
        heard = np.concatenate([self._rest, samples])
        powers = _powers(heard[: len(values) * self.hop], self.hop)
        self._rest = heard[len(values) * self.hop :]
        if self._given:
            powers = self._give(values, powers)
        coordinates = np.empty((len(values), len(self.closed)))
        for k, (row, power) in enumerate(zip(values, powers, strict=True)):
            coordinates[k] = self._step(row, power)
        return Performed(coordinates, values)

    def change(self, change: Change | Routes) -> None:
        """Apply a change from the next hop on; what concerns no coordinate is passed over.

        Raises
        ------
        ProjectError
            If a mapping does not fit the grid, or an axis does not exist; nothing is changed then.
        """
        if isinstance(change, Routes):
            self._play(change.on(self.mapping.grid))
        elif isinstance(change, Hold):
            self._frozen = self._out if change.on else None
            self._glide()
        elif isinstance(change, SetAxis):
            self._set(change)
        elif isinstance(change, SetFeature):
            self._set_feature(change)
        elif isinstance(change, Release):
            self._grabbed.clear()
            self._glide()
        elif isinstance(change, Tap | Beat):
            self._beat(change)

    def _step(self, values: NDArray[np.float32], power: float) -> NDArray[np.float64]:
        self._place = self._idle.step(self._motion.step(values), power)
        for axis, (wanted, at) in self._grabbed.items():
            self._grabbed[axis] = (wanted, at + self._grab * self._short(wanted - at, axis))
        out = self._aim()
        if self._gliding:
            self._gliding -= 1
            share = self._gliding / self._glide_hops
            out = out + share * share * (3 - 2 * share) * self._away
            out = np.where(self.closed, out % 1.0, np.minimum(np.maximum(out, 0.0), 1.0))
        self._out = out if self._governor is None else self._governor.step(out)
        return self._out

    def _aim(self) -> NDArray[np.float64]:
        """Return where the coordinate is to be, but for what is left of a glide."""
        if self._frozen is not None:
            return self._frozen
        if not self._grabbed:
            return self._place
        aim = self._place.copy()
        for axis, (_, at) in self._grabbed.items():
            aim[axis] = at % 1.0 if self.closed[axis] else at
        return aim

    def _glide(self) -> None:
        away = self._out - self._aim()
        self._away = np.where(self.closed, away - np.rint(away), away)
        self._gliding = self._glide_hops if self._away.any() else 0

    def _play(self, mapping: Mapping) -> None:
        if mapping.sound.hop != self.hop:
            raise ProjectError(
                "the hop stays as it is during a show",
                where="[sound]",
                wanted=str(self.hop),
                got=str(mapping.sound.hop),
            )
        before, idle = self._motion, self._idle
        if (mapping.feature_names, mapping.sound) == (self.mapping.feature_names, self.mapping.sound):
            self._motion = _motion(mapping, self._stream)
        else:
            self._start_hearing(mapping)
        self._motion.carry_on(before)
        self._idle = idle if mapping.idle == self.mapping.idle else self._idle_motion(mapping)
        self.mapping = mapping
        if self._idle.depth == 0.0:
            self._place = self._motion.place
        self._glide()

    def _start_hearing(self, mapping: Mapping) -> None:
        """Hear with a new mapping, as if it had been there for some seconds."""
        lately = self._ear.lately(WARM_UP_SECONDS, hop=self.hop)
        self._stream = FeatureStream(mapping.feature_names, sound=mapping.sound)
        self._motion = _motion(mapping, self._stream)
        self._motion.run(self._stream.push(lately))
        self._rest = lately[len(lately) - self._ear.position % self.hop :]
        self._idle = self._idle_motion(mapping)

    def _idle_motion(self, mapping: Mapping) -> IdleMotion:
        return IdleMotion(mapping.idle, closed=self.closed, hop_seconds=self.hop_seconds)

    def _set(self, change: SetAxis) -> None:
        if change.axis not in self.mapping.grid.names:
            raise ProjectError(f"there is no axis {change.axis!r}", wanted=", ".join(self.mapping.grid.names))
        if change.value is not None and not math.isfinite(change.value):
            raise ProjectError("an axis cannot be put there", wanted="0..1", got=str(change.value))
        axis = self.mapping.grid.names.index(change.axis)
        before = self._grabbed.pop(axis, None)
        if change.value is not None:
            at = float(self._out[axis]) if before is None else before[1]
            self._grabbed[axis] = (min(max(change.value, 0.0), 1.0), at)
        if (before is None) != (change.value is None):  # a hand that goes on moving does not begin its glide anew
            self._glide()

    def _set_feature(self, change: SetFeature) -> None:
        if change.feature not in self._stream.names:
            raise ProjectError(f"no route needs the feature {change.feature!r}", wanted=", ".join(self._stream.names))
        if change.value is None or not math.isfinite(change.value):
            self._given.pop(change.feature, None)
        else:
            self._given[change.feature] = min(max(change.value, 0.0), 1.0)

    def _give(self, values: NDArray[np.float32], powers: list[float]) -> list[float]:
        """Put features that come from elsewhere into some hops; return their powers, since those sound, too."""
        for name, value in self._given.items():
            if name in self._stream.names:
                values[:, self._stream.names.index(name)] = value
        return [1.0] * len(powers) if max(self._given.values()) > FAINT else powers

    def _beat(self, change: Tap | Beat) -> None:
        """Tell the tempo tracker, where the mapping has one."""

    def _short(self, way: float, axis: int) -> float:
        return way - round(way) if self.closed[axis] else way


def _motion(mapping: Mapping, stream: FeatureStream) -> Motion:
    return Motion(mapping, feature_names=stream.names, hop_seconds=stream.hop / ANALYSIS_RATE)


def _powers(samples: NDArray[np.float32], hop: int) -> list[float]:
    """Return the mean square of every hop."""
    rows = samples.reshape(-1, hop).astype(np.float64)
    powers: list[float] = (rows * rows).mean(axis=1).tolist()
    return powers
