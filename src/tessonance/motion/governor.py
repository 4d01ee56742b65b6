"""The seam after the mapping: coordinate stream → coordinate stream, and the speed limit that stands there. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from tessonance.motion.slowness import Slowness

__all__ = ["Governor", "SpeedLimit"]

NEAR = 1e-12  # of an axis: what is left of a way by rounding
GREED = 2.0  # how much of the time goes to the axis on which it brings most: 0 shares it evenly
MOST_LAG_SECONDS = 0.1  # that may be left of a film's lag before it is shifted


class Governor(Protocol):
    """Holds the coordinate back where it would move too fast for the eye.

    It sees what the mapping wants, hop by hop, and answers where the coordinate goes instead. Every coordinate it
    gives is finite and in 0..1; on a closed axis 0 and 1 are one place.
    """

    def step(self, coordinate: NDArray[np.float64]) -> NDArray[np.float64]:
        """Govern one hop of a live show, shape ``(N,)`` in and out; nothing of the future is known."""
        ...

    def run(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Govern a whole film, shape ``(hops, N)`` in and out; it may look ahead, so that nothing lags."""
        ...

    def start(self, coordinate: NDArray[np.float64]) -> None:
        """Let this, shape ``(N,)``, be where the coordinate is: the next `step` goes on from there."""
        ...


class SpeedLimit:
    """Lets no frame change more than a limit of perceived difference per second allows.

    Live (`step`), the coordinate runs towards where the mapping wants it, edge by edge, as fast as the edges on its way
    allow, and stands still once it is there: it lags, catches up, and never overshoots. On a closed axis it keeps its
    direction until it has caught up, so that what turns faster than is allowed turns evenly at the limit. Where several
    axes are behind, most of the time goes to the one on which a moment brings most: far behind, and quick to catch up.

    Offline (`run`), it does the same forwards and backwards in time and takes the middle, so it starts early instead
    of late: on the whole, nothing lags.

    Parameters
    ----------
    slowness : Slowness
        How long each edge takes at least.
    hop_seconds : float
        Time from hop to hop.

    Notes
    -----
    Where several axes move, each uses up the share of the time that it would need alone, and the shares add up. FLIP
    grows with about the 0.7th power of the way, so that is a norm of the axes' distances with the exponent 1.4. Between
    frames of two moving axes of the diffusion toy, at 60 a second and in units of the limit, half of all frames were
    above 0.95 and the largest was 1.23, as with a single axis; with the sum of the distances it was 0.85 and 1.22,
    which holds back more than it need; with the Euclidean norm 0.99 and 1.34.

    Straight to where it is wanted, so that all axes arrive together, was tried first: a long axis that is far behind
    then holds up a short one that could be there at once. Time by how far an axis is behind over its slowness, squared
    (so that the way left, squared and added up, shrinks fast), left the mean miss of the benchmark's drives at 0.91 of
    that, and the lag at 0.78. Aiming at where the music will be by its present speed brought nothing more.
    """

    def __init__(self, slowness: Slowness, hop_seconds: float) -> None:
        self._slowness, self._hop_seconds = slowness, hop_seconds
        self._axes = range(len(slowness.axes))
        self._closed = [along.closed for along in slowness.axes]
        # Nobody crosses more knots in a hop; should rounding ever think up a leg without a length, a show goes on.
        self._most_legs = 2 * sum(len(along.knots) + 1 for along in slowness.axes)
        self._at: list[float] | None = None
        self._wanted: list[float] = []
        self._way: list[float] = []  # still to go; of a closed axis less than once around, in the direction it runs

    def start(self, coordinate: ArrayLike) -> None:
        """Let this be where the coordinate is; see `Governor`."""
        self._at = [float(place) for place in np.asarray(coordinate, np.float64)]
        self._wanted, self._way = list(self._at), [0.0] * len(self._at)

    def step(self, coordinate: NDArray[np.float64]) -> NDArray[np.float64]:
        """Govern one hop; see `Governor`. The first hop is where it starts."""
        wanted = coordinate.tolist()
        if self._at is None:
            self.start(coordinate)
        else:
            self._want(wanted)
            self._go(self._hop_seconds)
        return np.array(self._at)

    def run(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Govern a whole film; see `Governor`. Where `step` has come is left as it is."""
        if not len(coordinates):
            return coordinates
        late, early = self._forwards(coordinates), self._forwards(coordinates[::-1])[::-1]
        middle = late + self._short(early - late) / 2
        held = self._forwards(np.where(self._closed, middle % 1.0, middle))
        return self._on_time(held, coordinates)

    def _on_time(self, governed: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shift a film's path as a whole to where it misses least: what rises fast and falls slowly has a lag left."""
        most = min(round(MOST_LAG_SECONDS / self._hop_seconds), len(wanted) // 4)
        places = np.arange(len(wanted))
        misses = {
            lag: np.square(self._short(governed[np.clip(places + lag, 0, len(places) - 1)] - wanted)).sum()
            for lag in sorted(range(-most, most + 1), key=abs)
        }
        lag = min(misses, key=misses.__getitem__)
        return governed[np.clip(places + lag, 0, len(places) - 1)]

    def _short(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        shortest: NDArray[np.float64] = np.where(self._closed, way - np.rint(way), way)
        return shortest

    def _forwards(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        own = SpeedLimit(self._slowness, self._hop_seconds)
        return np.array([own.step(place) for place in coordinates])

    def _want(self, wanted: list[float]) -> None:
        """Set where to go, and which way."""
        assert self._at is not None
        for k, place in enumerate(wanted):
            if not self._closed[k]:
                self._way[k] = min(max(place, 0.0), 1.0) - self._at[k]
                continue
            moved = place - self._wanted[k]
            way = self._way[k] + moved - round(moved)
            self._way[k] = way - round(way) if abs(way) >= 1.0 else way
        self._wanted = wanted

    def _go(self, seconds: float) -> None:
        """Go ahead, from knot to knot, for at most so long."""
        for _ in range(self._most_legs):
            if max(map(abs, self._way)) <= NEAR:
                return
            legs, pace = self._legs()
            shares = self._shares(pace)
            needed = [abs(leg) * pace[k] / shares[k] if shares[k] else math.inf for k, (leg, _) in enumerate(legs)]
            first = needed.index(min(needed))
            if needed[first] > seconds:
                self._move(seconds, shares, pace)
                return
            self._move(needed[first], shares, pace, but=first)
            self._land(first, *legs[first])
            seconds -= needed[first]

    def _legs(self) -> tuple[list[tuple[float, float | None]], list[float]]:
        """Return each axis' way to where it wants to be, or to the knot before that with its place; and its pace."""
        assert self._at is not None
        legs: list[tuple[float, float | None]] = []
        places = []
        for k in self._axes:
            along, way = self._slowness.axes[k], self._still_to_go(k)
            edge, share, place = along.find(self._at[k], way >= 0.0)
            after = edge + 1 if edge + 1 < along.count else 0 if along.closed else edge
            places.append((edge, after, share))
            knot = along.knots[edge + 1 if way > 0.0 else edge] if along.edges else place
            beyond = bool(along.edges) and abs(knot - place) < abs(way)
            legs.append((knot - place, knot) if beyond else (way, None))
        return legs, self._slowness.at(places)

    def _shares(self, pace: list[float]) -> list[float]:
        """Return how much of the time each axis gets: all of it for one that needs none."""
        ways = [abs(self._still_to_go(k)) for k in self._axes]
        gains = [0.0 if not way else way / pace[k] if pace[k] > 0.0 else math.inf for k, way in enumerate(ways)]
        most = max(gains)
        if most == math.inf:
            free = gains.index(most)
            return [1.0 if k == free else 0.0 for k in self._axes]
        weights = [(gain / most) ** GREED for gain in gains]
        whole = sum(weights)
        return [weight / whole for weight in weights]

    def _still_to_go(self, axis: int) -> float:
        """Return an axis' way; none where rounding alone left some, else it would never end on the knot where it is."""
        way = self._way[axis]
        return way if abs(way) > NEAR else 0.0

    def _move(self, seconds: float, shares: list[float], pace: list[float], *, but: int | None = None) -> None:
        """Let each axis go for its share of so long, but for one."""
        for k in self._axes:
            if k != but and shares[k] and pace[k]:
                self._land(k, math.copysign(seconds * shares[k] / pace[k], self._way[k]), None)

    def _land(self, axis: int, gone: float, knot: float | None) -> None:
        """Let an axis have gone some of its way; onto a knot exactly, where one is reached."""
        assert self._at is not None
        place = self._at[axis] + gone if knot is None else knot
        self._at[axis] = place % 1.0 if self._closed[axis] else min(max(place, 0.0), 1.0)
        self._way[axis] -= gone
