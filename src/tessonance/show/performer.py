"""Samples → coordinates, with everything that may change on the way: one arithmetic for the show and for its take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.errors import ProjectError
from tessonance.motion import accented
from tessonance.motion.hands import coefficient
from tessonance.project import ANALYSIS_RATE
from tessonance.show.changes import Beat, Hold, Release, SetAxis, SetFeature, Tap
from tessonance.show.idle import IdleMotion

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.motion import Governor
    from tessonance.project import Mapping
    from tessonance.show.changes import Change
    from tessonance.show.hearing import Hearing

__all__ = ["Performed", "Performer"]

GLIDE_SECONDS = 0.6  # from where a change found the coordinate to where it leads
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


class Performer:
    """Plays one tesseract: hears samples as they come and says where they lead, once per hop.

    Whatever is changed meanwhile, the coordinate glides on from where it is. The same samples with the same changes at
    the same samples give the same coordinates.

    Parameters
    ----------
    mapping : Mapping
    hearing : Hearing
        Which has heard all there was so far.
    governor : callable, optional
        Mapping → what limits its speed.

    Attributes
    ----------
    mapping : Mapping
        What is played now.
    hop : int
        Samples per hop.
    first_hop : int
        Which hop of the stream is the first that `push` gives.
    """

    def __init__(
        self,
        mapping: Mapping,
        hearing: Hearing,
        *,
        governor: Callable[[Mapping], Governor | None] = lambda mapping: None,
    ) -> None:
        self.mapping, self._hearing = mapping, hearing
        self._governor_of, self._governor = governor, governor(mapping)
        self.hop = mapping.sound.hop
        self.hop_seconds = self.hop / ANALYSIS_RATE
        self.first_hop = hearing.position // self.hop
        self.closed: NDArray[np.bool_] = mapping.grid.closed
        self._idle = self._idle_motion(mapping)
        self._grab = coefficient(GRAB_MS, self.hop_seconds)
        self._grabbed: dict[int, tuple[float, float]] = {}  # axis → where it is wanted, where it is
        self._given: dict[str, float] = {}  # features that come from elsewhere
        self._frozen: NDArray[np.float64] | None = None
        self._place: NDArray[np.float64] = hearing.motion.place
        self._accent: NDArray[np.float64] | None = None  # what the last hop's accents add, past the governor
        self._out: NDArray[np.float64] = self._place
        self._away = np.zeros(len(self.closed))
        self._gliding = 0
        self._glide_hops = max(1, round(GLIDE_SECONDS / self.hop_seconds))

    @property
    def place(self) -> NDArray[np.float64]:
        """The last coordinate, shape ``(N,)``."""
        return self._out

    def beat(self, seconds: float) -> tuple[float, float] | None:
        """Return where in the beat a second of the sound is, and beats a minute; None where nobody follows one."""
        return self._hearing.beat(seconds)

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
        values, powers = self._hearing.push(samples)
        if self._given:
            powers = self._give(values, powers)
        coordinates = np.empty((len(values), len(self.closed)))
        places, accents = self._moved(values)
        for k, (place, power) in enumerate(zip(places, powers, strict=True)):
            coordinates[k] = self._step(place, power, None if accents is None else accents[k])
        return Performed(coordinates, values[:, : len(self.mapping.feature_names)])

    def needs_to_hear(self, mapping: Mapping) -> bool:
        """Tell whether a mapping hears otherwise than the one that plays, so that it has to warm up first."""
        return (mapping.feature_names, mapping.sound) != (self.mapping.feature_names, self.mapping.sound)

    def play(self, mapping: Mapping, hearing: Hearing | None = None) -> None:
        """Go on with another mapping of the same grid.

        Parameters
        ----------
        mapping : Mapping
        hearing : Hearing, optional
            Of that mapping, which has heard all there was; needed where `needs_to_hear`.

        Raises
        ------
        ProjectError
            If its hop is another; nothing is changed then.
        """
        self.check(mapping)
        idle, before = self._idle, self._hearing.motion
        if hearing is None:
            self._hearing.move(mapping)
            self._hearing.motion.carry_on(before)
        else:
            hearing.carry_on(self._hearing)
            self._hearing = hearing
        self._idle = idle if mapping.idle == self.mapping.idle else self._idle_motion(mapping)
        if mapping.governor != self.mapping.governor:
            self._governor = self._governor_of(mapping)
        self.mapping = mapping
        if self._idle.depth == 0.0:
            self._rest()
        self._glide()

    def check(self, mapping: Mapping) -> None:
        """Raise ProjectError for a mapping that cannot go on from this one."""
        if mapping.sound.hop != self.hop:
            wanted, got = str(self.hop), str(mapping.sound.hop)
            raise ProjectError("the hop stays as it is during a show", where="[sound]", wanted=wanted, got=got)

    def change(self, change: Change) -> None:
        """Apply a change from the next hop on; what concerns no coordinate is passed over.

        Raises
        ------
        ProjectError
            If an axis or a feature does not exist; nothing is changed then.
        """
        if isinstance(change, Hold):
            self._frozen = self._out if change.on else None
            self._glide()
        elif isinstance(change, SetAxis):
            self._set(change)
        elif isinstance(change, SetFeature):
            self._set_feature(change)
        elif isinstance(change, Release):
            self._grabbed.clear()
            self._glide()
        elif isinstance(change, Tap):
            self._hearing.tap(change.seconds)
        elif isinstance(change, Beat):
            self._hearing.follow(change.seconds, bpm=change.bpm, first=change.first)

    def _moved(self, values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return where the music leads, and what is to be added to it past the governor."""
        motion = self._hearing.motion
        return (motion.run(values), None) if self._governor is None else motion.run_apart(values)

    def _rest(self) -> None:
        """Be where the music led last."""
        motion = self._hearing.motion
        self._place, self._accent = motion.place, None
        if self._governor is not None and motion.accents.any():
            self._accent = motion.accents
            self._place = accented(self._place, -self._accent, self.closed)

    def _step(
        self, place: NDArray[np.float64], power: float, accent: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """Return where one hop goes, of where the music alone would take it."""
        self._place, self._accent = self._idle.step(place, power), accent
        for axis, (wanted, at) in self._grabbed.items():
            self._grabbed[axis] = (wanted, at + self._grab * self._short(wanted - at, axis))
        out = self._aim()
        if self._gliding:
            self._gliding -= 1
            share = self._gliding / self._glide_hops
            out = out + share * share * (3 - 2 * share) * self._away
            out = np.where(self.closed, out % 1.0, np.minimum(np.maximum(out, 0.0), 1.0))
        if self._governor is not None:
            out = self._governor.step(out)
        self._out = accented(out, self._accents(), self.closed)
        return self._out

    def _accents(self) -> NDArray[np.float64] | None:
        """Return what accents add where nobody holds the coordinate."""
        if self._accent is None or self._frozen is not None:
            return None
        if not self._grabbed:
            return self._accent
        return np.array([0.0 if axis in self._grabbed else way for axis, way in enumerate(self._accent)])

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
        accents = self._accents()
        steady = accented(self._out, None if accents is None else -accents, self.closed)
        if self._governor is not None:
            self._governor.start(steady)
        away = steady - self._aim()
        self._away = np.where(self.closed, away - np.rint(away), away)
        self._gliding = self._glide_hops if self._away.any() else 0

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
        if change.feature not in self._hearing.stream.names:
            raise ProjectError(
                f"no route needs the feature {change.feature!r}", wanted=", ".join(self._hearing.stream.names)
            )
        if change.value is None or not math.isfinite(change.value):
            self._given.pop(change.feature, None)
        else:
            self._given[change.feature] = min(max(change.value, 0.0), 1.0)

    def _give(self, values: NDArray[np.float32], powers: list[float]) -> list[float]:
        """Put features that come from elsewhere into some hops; return their powers, since those sound, too."""
        for name, value in self._given.items():
            if name in self._hearing.stream.names:
                values[:, self._hearing.stream.names.index(name)] = value
        return [1.0] * len(powers) if max(self._given.values()) > FAINT else powers

    def _short(self, way: float, axis: int) -> float:
        return way - round(way) if self.closed[axis] else way
