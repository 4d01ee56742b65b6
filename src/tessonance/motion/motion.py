"""Mapping: all routes together move the coordinate, one step per hop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tessonance.errors import ProjectError
from tessonance.motion.hands import hand
from tessonance.motion.path import Path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from tessonance.grid import Axis
    from tessonance.motion.governor import Governor
    from tessonance.motion.hands import Hand
    from tessonance.project import Mapping, Route

__all__ = ["Motion", "Track", "accented", "motion"]

REST_OPEN, REST_CLOSED = 0.5, 0.0
SWING = 0.15  # of an axis, at either end, in which what swings slows down
HOPS_AT_ONCE = 16_384  # as plain floats, six hours of them would fill a gigabyte


class Track(Protocol):
    """Features over time, as ``tessonance.features`` gives them."""

    @property
    def names(self) -> Sequence[str]:
        """The features' names."""
        ...

    @property
    def values(self) -> NDArray[np.float32]:
        """One row per hop, 0..1, shape ``(hops, n)``."""
        ...

    @property
    def hop_seconds(self) -> float:
        """Time from hop to hop."""
        ...

    @property
    def start_seconds(self) -> float:
        """Where in the song the first hop begins."""
        ...


def motion(mapping: Mapping, track: Track, *, governor: Governor | None = None) -> Path:
    """Move through the tesseract as a song's features say.

    See `Motion` for the same hop by hop, as a live show needs it.

    Parameters
    ----------
    mapping : Mapping
    track : Track
        The features of a song; those that no route needs are passed over.
    governor : Governor, optional
        Limits the speed of what the mapping wants, but for its accents.

    Returns
    -------
    Path
        One coordinate per hop; a track without hops gives one hop at rest.

    Raises
    ------
    ProjectError
        If a route needs a feature that the track lacks.
    """
    mover = Motion(mapping, feature_names=track.names, hop_seconds=track.hop_seconds)
    if not len(track.values):
        coordinates = mover.rest[None]
    elif governor is None:
        coordinates = mover.run(track.values)
    else:
        steady, accents = mover.run_apart(track.values)
        coordinates = accented(governor.run(steady), accents, mapping.grid.closed)
    return Path(coordinates, track.hop_seconds, track.start_seconds, mapping.grid.closed)


def accented(
    steady: NDArray[np.float64], accents: NDArray[np.float64] | None, closed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return where accents take a governed coordinate, shape ``(..., N)``: 0..1 along each axis."""
    if accents is None:
        return steady
    inside: NDArray[np.float64] = np.where(closed, (steady + accents) % 1.0, np.clip(steady + accents, 0.0, 1.0))
    return inside


class Motion:
    """Features in, coordinate out, once per hop: a mapping at work.

    Routes to one axis combine: the positions are added and held inside the axis (or wrapped), and what speeds and steps
    travelled goes on from there, reflected at the ends (or swung, or wrapped). An axis without a position starts from
    its rest: the middle of an open axis, 0 on a closed one.

    Parameters
    ----------
    mapping : Mapping
    feature_names : sequence of str
        What each column of the values is.
    hop_seconds : float
        Time from hop to hop, above 0.

    Raises
    ------
    ProjectError
        If a route needs a feature that is not among the names, or a hop takes no time.

    Notes
    -----
    A step costs about 5 µs for two routes and 14 µs for sixteen. The arithmetic is on plain floats, route by route: on
    arrays with one element a route it took 15 µs for the positions alone, however few the routes.
    """

    def __init__(self, mapping: Mapping, *, feature_names: Sequence[str], hop_seconds: float) -> None:
        if not (math.isfinite(hop_seconds) and hop_seconds > 0):
            raise ProjectError("a hop must take some time", wanted="seconds above 0", got=str(hop_seconds))
        self._columns = {name: column for column, name in enumerate(feature_names)}
        for name in mapping.feature_names:
            if name not in self._columns:
                heard = ", ".join(self._columns) or "nothing"
                raise ProjectError(f"a route needs the feature {name!r}, which is not heard", got=heard)
        self._axes = [
            _AxisMotion(
                axis, [(self._columns[r.feature_name], r) for r in mapping.routes if r.axis == axis.name], hop_seconds
            )
            for axis in mapping.grid.axes
        ]

    @property
    def rest(self) -> NDArray[np.float64]:
        """Where the axes are that nothing moves, shape ``(N,)``."""
        return np.array([axis.rest for axis in self._axes])

    @property
    def place(self) -> NDArray[np.float64]:
        """What the last `step` gave, shape ``(N,)``; before the first, where no sound leads."""
        return np.array([axis.place for axis in self._axes])

    def carry_on(self, before: Motion) -> None:
        """Take over how far another motion's hands have come, those of the same feature, axis and act.

        So a show that changes its mapping goes on from where it is: what follows a level keeps the level, what
        travels keeps the way it has gone. Other hands are left as they are.

        Parameters
        ----------
        before : Motion
            Of the same hop.
        """
        known = {key: made for axis in before._axes for key, made in axis.hands.items()}
        for axis in self._axes:
            for key in axis.hands.keys() & known.keys():
                axis.hands[key].carry_on(known[key])

    def step(self, values: ArrayLike) -> NDArray[np.float64]:
        """Advance by one hop.

        Parameters
        ----------
        values : array_like, shape (n,)
            The features, in the order of the names. NaN counts as 0; what lies outside 0..1 is clamped.

        Returns
        -------
        ndarray of float64, shape (N,)
            The coordinate, 0..1 along each axis.
        """
        levels = self._clean(values, 1).tolist()
        return np.array([axis.step(levels) for axis in self._axes])

    def run(self, values: ArrayLike) -> NDArray[np.float64]:
        """Advance by many hops: the same as `step` on each row.

        Parameters
        ----------
        values : array_like, shape (hops, n)

        Returns
        -------
        ndarray of float64, shape (hops, N)
        """
        rows = self._clean(values, 2)
        coordinates = np.empty((len(rows), len(self._axes)))
        for start in range(0, len(rows), HOPS_AT_ONCE):
            part = slice(start, start + HOPS_AT_ONCE)
            coordinates[part] = [[axis.step(levels) for axis in self._axes] for levels in rows[part].tolist()]
        return coordinates

    def run_apart(self, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Advance by many hops, and tell accents from the rest; see `run`.

        Parameters
        ----------
        values : array_like, shape (hops, n)

        Returns
        -------
        steady : ndarray of float64, shape (hops, N)
            Where the routes lead that are no accents.
        accents : ndarray of float64, shape (hops, N), or None
            How far the accents lead from there; None where no route is one.
        """
        if not any(axis.accented for axis in self._axes):
            return self.run(values), None
        rows = self._clean(values, 2)
        apart = np.empty((2, len(rows), len(self._axes)))
        for start in range(0, len(rows), HOPS_AT_ONCE):
            for hop, levels in enumerate(rows[start : start + HOPS_AT_ONCE].tolist(), start):
                for k, axis in enumerate(self._axes):
                    place, accent = axis.step(levels), axis.accent
                    apart[:, hop, k] = place - accent, accent
        closed = np.array([axis.closed for axis in self._axes])
        return np.where(closed, apart[0] % 1.0, apart[0]), apart[1]

    @property
    def accents(self) -> NDArray[np.float64]:
        """How far accents led at the last hop, shape ``(N,)``."""
        return np.array([axis.accent for axis in self._axes])

    def _clean(self, values: ArrayLike, dimensions: int) -> NDArray[np.float64]:
        given = np.asarray(values, np.float64)
        if given.ndim != dimensions or given.shape[-1] != len(self._columns):
            wanted = f"({'hops, ' * (dimensions - 1)}{len(self._columns)})"
            raise ProjectError(
                "the values do not fit the features", wanted=f"shape {wanted}", got=f"shape {given.shape}"
            )
        return np.fmin(np.fmax(given, 0.0), 1.0)  # fmax takes 0 rather than NaN


class _AxisMotion:
    """All routes to one axis: their positions and travels become one place."""

    def __init__(self, axis: Axis, routes: Sequence[tuple[int, Route]], hop_seconds: float) -> None:
        self.rest, self.closed = REST_CLOSED if axis.closed else REST_OPEN, axis.closed
        self.hands: dict[tuple[str, str, str, int], Hand] = {}
        self.accented = self._swings = False
        steady, accents = _Hands(), _Hands()
        for column, route in routes:
            made = hand(route, hop_seconds)
            alike = sum(key[:3] == (axis.name, route.feature_name, route.act) for key in self.hands)
            self.hands[axis.name, route.feature_name, route.act, alike] = made
            (accents if route.accent else steady).add(column, made, route)
            self.accented = self.accented or route.accent
            self._swings = self._swings or route.edge == "swing"
        self._steady, self._accents = steady, accents

    def step(self, levels: list[float]) -> float:
        """Advance by one hop, and return the place, accents and all."""
        placing, travelling, turning = self._steady.step(levels)
        if self.accented:
            more = self._accents.step(levels)
            return self._place(placing + more[0], travelling + more[1], turning + more[2], accents=True)
        return self._place(placing, travelling, turning, accents=False)

    @property
    def accent(self) -> float:
        """How far the accents led at the last hop."""
        if not self.accented:
            return 0.0
        way = self.place - self._place(*self._steady.places, accents=False)
        return way - round(way) if self.closed else way

    @property
    def place(self) -> float:
        """What the last `step` gave."""
        sums = zip(self._steady.places, self._accents.places, strict=True)
        placing, travelling, turning = (mine + more for mine, more in sums)
        return self._place(placing, travelling, turning, accents=True)

    def _place(self, placing: float, travelling: float, turning: float, *, accents: bool) -> float:
        place = self.rest
        if self._steady.placing or (accents and self._accents.placing):
            place = min(max(placing, 0.0), 1.0)
        if self._steady.travelling or (accents and self._accents.travelling):
            place = _reflect(place + travelling)
            if self._swings:
                place = _swing(place)
        if self._steady.turning or (accents and self._accents.turning):
            place = (place + turning) % 1.0
        return place


class _Hands:
    """The hands of one axis by what they do to it, each with the column of its feature."""

    def __init__(self) -> None:
        self.placing: list[tuple[int, Hand]] = []
        self.travelling: list[tuple[int, Hand]] = []
        self.turning: list[tuple[int, Hand]] = []

    def add(self, column: int, made: Hand, route: Route) -> None:
        if route.edge == "wrap":
            self.turning.append((column, made))
        else:
            (self.placing if route.act == "position" else self.travelling).append((column, made))

    def step(self, levels: list[float]) -> tuple[float, float, float]:
        """Advance by one hop, and return the sums of what they give."""
        placing = sum([hand.step(levels[k]) for k, hand in self.placing]) if self.placing else 0.0
        travelling = sum([hand.step(levels[k]) for k, hand in self.travelling]) if self.travelling else 0.0
        return placing, travelling, sum([hand.step(levels[k]) for k, hand in self.turning]) if self.turning else 0.0

    @property
    def places(self) -> tuple[float, float, float]:
        """The sums of what they gave last."""
        placing, travelling, turning = (
            sum([hand.place for _, hand in hands]) for hands in (self.placing, self.travelling, self.turning)
        )
        return placing, travelling, turning


def _reflect(place: float) -> float:
    """Fold a line onto 0..1 as a ball runs between two walls: a triangle wave of period 2."""
    folded = place % 2.0
    return min(folded, 2.0 - folded)


def _swing(place: float) -> float:
    """Bend 0..1 so that what runs evenly slows down near the ends, stands there for an instant, and turns."""
    end = min(place, 1.0 - place)
    bent = (end * end / (2 * SWING) if end < SWING else end - SWING / 2) / (1 - SWING)
    return bent if place < 0.5 else 1.0 - bent
