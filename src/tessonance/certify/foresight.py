"""What songs would do to a mapping, foreseen without making a frame."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from tessonance.certify.advice import LEAST_DENSE, LEAST_LOUD
from tessonance.certify.certify import DENSE, FPS, loud_of
from tessonance.certify.musicality import correlation, dynamics, level_db
from tessonance.motion.hands import Follower, bend
from tessonance.motion.motion import SWING
from tessonance.project import Sound
from tessonance.show.filming import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Grid
    from tessonance.project import Mapping, Route
    from tessonance.sound.decoders import Song
    from tessonance.sound.track import FeatureTrack

    Curve = NDArray[np.float64]

__all__ = ["Heard"]

BENT = 0.7  # the power of the way that FLIP grows with
LOWEST, HIGHEST = 2.0, 98.0  # percentiles of a feature that are put on the ends of an axis


class Heard:
    """Songs heard once, and where any route would lead in them, frame by frame.

    Parameters
    ----------
    grid : Grid
    songs : sequence of path-like or (ndarray, int)
    features : sequence of str
        What routes may need.
    edges : sequence of float
        How far an edge of each axis is, in FLIP, on the mean.
    counts : sequence of int
        How many edges each axis has.
    sound : Sound, optional
        How they are heard.

    Attributes
    ----------
    sound : Sound
    """

    def __init__(
        self,
        grid: Grid,
        songs: Sequence[Song],
        features: Sequence[str],
        *,
        edges: Sequence[float],
        counts: Sequence[int],
        sound: Sound | None = None,
    ) -> None:
        from tessonance.sound import features as heard

        self.sound = sound or Sound()
        self._axes = dict(zip(grid.names, grid.axes, strict=True))
        self._edges, self._counts = np.asarray(edges, np.float64), np.asarray(counts, np.float64)
        self._tracks: list[FeatureTrack] = [heard(song, tuple(features), sound=self.sound) for song in songs]
        self._loud = [loud_of(Part.of(song, start=0.0, stop=None, fps=Fraction(FPS))) for song in songs]
        self._known: dict[tuple[str, float, float, str, str], list[Curve]] = {}

    @property
    def dynamic(self) -> bool:
        """Whether a song has loud and quiet parts."""
        return any(dynamics(loud[1:]) >= DENSE for loud in self._loud)

    @property
    def levels_db(self) -> list[float]:
        """The mean power of each song where it sounds, in dBFS."""
        return [level_db(loud) for loud in self._loud]

    def widest(self, seconds: float) -> list[float]:
        """Return where in each song so many seconds begin that hold the most of loud and quiet."""
        return [_widest(loud, round(seconds * FPS)) for loud in self._loud]

    def places(self, route: Route) -> list[Curve]:
        """Return where a route alone leads its axis in each song, at each frame, shape (frames,) each."""
        bent = self._bent(route)
        if route.act == "position":
            return [np.clip(route.offset + route.gain * values, 0, 1) for values in bent]
        return [_folded(route.gain * values, self._axes[route.axis]) for values in bent]

    def travelled(self, route: Route) -> float:
        """Return how many axis lengths a route goes in a second, on the mean of all songs."""
        ways = [np.abs(_short(np.diff(places), self._axes[route.axis])) for places in self.places(route)]
        frames = sum(map(len, ways))
        return float(sum(way.sum() for way in ways)) * FPS / frames if frames else 0.0

    def ends(self, route: Route) -> tuple[float, float]:
        """Return the two places to put on the ends of an axis, so that each song uses as much of it as can be."""
        spans = [np.percentile(places, (LOWEST, HIGHEST)).tolist() for places in self.places(route)]
        ends = sorted({end for span in spans for end in span})
        pairs = [(a, b) for a in ends for b in ends if b - a > 1e-3] or [(0.0, 1.0)]

        def least(pair: tuple[float, float]) -> float:
            a, b = pair
            return float(min((min(high, b) - max(low, a)) / (b - a) for low, high in spans))

        return max(pairs, key=lambda pair: (round(min(least(pair), 0.9), 3), pair[1] - pair[0]))

    def foreseen(self, mapping: Mapping) -> tuple[list[float], list[float]]:
        """Foresee what a mapping with one route for each axis would do.

        Returns
        -------
        medians : list of float
            Of the steps of each song, in FLIP.
        agreements : list of float
            How well they agree with its loudness, in units of what is wanted of it.
        """
        limit = (mapping.governor.per_second or math.inf) / FPS
        moved = {route.axis: self.places(route) for route in mapping.routes}
        medians, agreements = [], []
        for number, loud in enumerate(self._loud):
            way = np.zeros(max(0, len(loud) - 1))
            for k, (name, axis) in enumerate(self._axes.items()):
                if name in moved:
                    gone = np.abs(_short(np.diff(moved[name][number]), axis))
                    way += gone * self._counts[k] * self._edges[k] ** (1 / BENT)
            steps = np.minimum(way**BENT, limit)
            wanted = LEAST_DENSE if dynamics(loud[1:]) < DENSE else LEAST_LOUD
            medians.append(float(np.median(steps)) if len(steps) else 0.0)
            agreements.append(correlation(loud[1:], steps)[0] / wanted if len(steps) else math.nan)
        return medians, agreements

    def _bent(self, route: Route) -> list[Curve]:
        """Return a route's feature, followed and bent; of one that travels, added up."""
        key = route.feature_name, route.attack_ms, route.release_ms, str(route.curve), route.act
        if key not in self._known:
            self._known[key] = [self._one(route, track, len(loud)) for track, loud in self._pairs()]
        return self._known[key]

    def _pairs(self) -> list[tuple[FeatureTrack, Curve]]:
        return list(zip(self._tracks, self._loud, strict=True))

    def _one(self, route: Route, track: FeatureTrack, frames: int) -> Curve:
        follower, curve = Follower(route.attack_ms, route.release_ms, track.hop_seconds), bend(route.curve)
        values = [curve(follower.step(value)) for value in track.column(route.feature_name).tolist()] or [0.0]
        shaped = np.array(values) if route.act == "position" else np.cumsum(values) * track.hop_seconds
        times = np.arange(1.0, len(shaped) + 1) * track.hop_seconds
        return np.interp(np.arange(frames) / FPS, times, shaped)


def _folded(travelled: Curve, axis: Axis) -> Curve:
    """Return where a way leads on an axis from its rest: round and round, or to and fro, swinging at the ends."""
    if axis.closed:
        return travelled % 1.0
    folded = (travelled + 0.5) % 2.0
    place = np.minimum(folded, 2.0 - folded)
    end = np.minimum(place, 1.0 - place)
    bent = np.where(end < SWING, end * end / (2 * SWING), end - SWING / 2) / (1 - SWING)
    return np.where(place < 0.5, bent, 1.0 - bent)


def _widest(loud: Curve, frames: int) -> float:
    starts = range(0, max(1, len(loud) - frames + 1), FPS)
    spans = [float(np.ptp(np.percentile(loud[start : start + frames], (LOWEST, HIGHEST)))) for start in starts]
    return starts[spans.index(max(spans))] / FPS


def _short(way: Curve, axis: Axis) -> Curve:
    return way - np.rint(way) if axis.closed else way
