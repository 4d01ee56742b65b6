"""The whole show played before the doors open: whether it is smooth, and whether it moves with the music."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.certify.advice import judged
from tessonance.certify.certificate import AxisUse, Certificate, RouteUse, SongCertificate
from tessonance.certify.limits import Smoothness, kind_of, limits
from tessonance.certify.musicality import agreement, dynamics, lag_between, loudness, used
from tessonance.certify.watching import Watcher
from tessonance.motion.governor import MOST_LAG_SECONDS
from tessonance.motion.hands import Follower
from tessonance.motion.slowness import axis_lengths
from tessonance.show.calm import Calm
from tessonance.show.filming import LASTING, Part, pump
from tessonance.show.frames import FrameMaker
from tessonance.show.governing import ungoverned
from tessonance.show.rehearsal import rehearse, routes_for
from tessonance.show.small import small_sampler
from tessonance.smooth.lengths import distances_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tessonance.project import Mapping, Route
    from tessonance.show.rehearsal import Rehearsal
    from tessonance.sound.decoders import Song
    from tessonance.store import Tesseract

    Progress = Callable[[int, int], None]
    Strip = list[NDArray[np.uint8]]

__all__ = ["DENSE", "FPS", "Rehearsed", "certify", "loud_of"]

FPS = 30
SIZE = (256, 144)  # of the frames: twice what they are compared at, and large enough to find motion in
DENSE = 0.25  # dynamics below which a song is equally loud nearly all the time
HELD = 1e-4  # of an axis: less is no holding back
STRIP, STRIP_EVERY = 30, 3  # frames of the worst second, and which of them are shown


@dataclass(frozen=True)
class Rehearsed:
    """A certificate with the pictures that its page shows.

    Parameters
    ----------
    certificate : Certificate
    strips : tuple of list of ndarray
        Of each song, every third frame of the worst second.
    """

    certificate: Certificate
    strips: tuple[Strip, ...]


def certify(
    tesseract: Tesseract,
    songs: Sequence[Song],
    *,
    kind: str = "lively",
    mapping: Mapping | str | Path | None = None,
    method: str | None = None,
    live: bool = True,
    flash_limit: bool = True,
    start: float = 0.0,
    stop: float | None = None,
    workers: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Rehearsed:
    """Play songs on a tesseract, offline, and judge what would be seen.

    Every frame is made as the show makes it, at 30 a second, 256 × 144, and compared with the two before it by FLIP at
    128 × 128; one in twelve is split into pop and speed.

    Parameters
    ----------
    tesseract : Tesseract
    songs : sequence of path-like or (ndarray, int)
    kind : {"calm", "lively", "wild"}
        What it is to be.
    mapping : Mapping or path-like, optional
        As `tessonance.render` takes it.
    method : str, optional
        How frames are made, as `tessonance.render` takes it.
    live : bool
        Whether the governor knows nothing of the future, as in `tess play`; else everything, as in `tess render`.
    flash_limit : bool
    start, stop : float, optional
        The part of each song, in seconds.
    workers : int, optional
        Threads; one for each core unless given.
    progress : callable
        Called with the frames done and the frames there are.

    Returns
    -------
    Rehearsed

    Raises
    ------
    TessError
        If the tesseract, a song or the mapping is not as it should be, or there is no such kind.
    """
    most, routes = limits(kind), routes_for(tesseract, mapping)
    parts = [Part.of(song, start=start, stop=stop, fps=Fraction(FPS)) for song in songs]
    lengths = axis_lengths(distances_of(tesseract)[1])
    total, done = sum(part.frames for part in parts), 0
    found: list[SongCertificate] = []
    strips: list[Strip] = []
    limit = math.nan
    for part in parts:
        rehearsal = rehearse(tesseract, part, routes, live=live, also=("onset",))
        limit = math.nan if rehearsal.governor is None else routes.governor.per_second or math.nan
        show = _Show(tesseract, part, rehearsal, method)
        watcher, calm = Watcher(FPS, workers=workers), Calm() if flash_limit else None
        before = done
        show.play(watcher, calm, lambda now, _, before=before: progress(before + now, total))  # type: ignore[misc]
        done += part.frames
        song = _measured(part, routes, rehearsal, watcher, lengths, live=live)
        found.append(replace(song, calmed=calm.limiter.calmed if calm else 0))
        strips.append(show.strip(song))
        method = show.method
    certificate = Certificate(
        where=tesseract.where,
        name=tesseract.name,
        kind=kind,
        method=method or "blend",
        live=live,
        limit=limit,
        trouble=ungoverned(tesseract, routes),
        lengths=tuple(zip(tesseract.grid.names, lengths, strict=True)),
        songs=tuple(found),
    )
    return Rehearsed(judged(certificate, most, routes), tuple(strips))


class _Show:
    """The frames of one song."""

    def __init__(self, tesseract: Tesseract, part: Part, rehearsal: Rehearsal, method: str | None) -> None:
        self._part, self._path = part, rehearsal.path
        self._sampler, self.method = small_sampler(tesseract, method=method, size=SIZE)

    def play(self, watcher: Watcher, calm: Calm | None, progress: Progress) -> None:
        """Show all of them."""
        stages = () if calm is None else (calm,)
        maker = FrameMaker(self._sampler, self._path, size=SIZE, fit="stretch", stages=stages, lasting=LASTING)
        try:
            pump(maker, self._part, watcher, progress)
            watcher.close()
        except BaseException:
            watcher.abandon()
            raise

    def strip(self, song: SongCertificate) -> Strip:
        """Return the frames of the worst second, without the flash limiter."""
        last = self._part.start + (song.frames - 1) / FPS
        first = max(self._part.start, min(song.worst_seconds - STRIP / 2 / FPS, last - STRIP / FPS))
        maker = FrameMaker(self._sampler, self._path, size=SIZE, fit="stretch")
        times = [first + k / FPS for k in range(0, STRIP, STRIP_EVERY)]
        return [maker.frame(seconds).copy() for seconds in times]


def _measured(
    part: Part, routes: Mapping, rehearsal: Rehearsal, watcher: Watcher, lengths: Sequence[float], *, live: bool
) -> SongCertificate:
    times = np.array(list(part.times()))
    steps = np.array(watcher.steps or [0.0])
    loud = loud_of(part)[1:] if len(times) > 1 else np.zeros(1)
    onset = _at(rehearsal, "onset", times)[1:] if len(times) > 1 else np.zeros(1)
    smoothness = Smoothness.of(steps.tolist(), watcher.across)
    pops = [change.pop for _, change in watcher.changes] or [math.nan]
    return SongCertificate(
        song=Path(part.song).name if isinstance(part.song, str | Path) else "samples",
        start=part.start,
        seconds=part.stop - part.start,
        frames=len(times),
        smoothness=smoothness,
        kind=kind_of(smoothness),
        worst_seconds=float(times[min(int(steps.argmax()) + 1, len(times) - 1)]),
        pop=float(np.mean(pops)),
        pop_p99=float(np.percentile(pops, 99)),
        speed=float(np.mean([change.speed for _, change in watcher.changes] or [math.nan])),
        flashing=len(watcher.flashing),
        calmed=0,
        governed=_governed(rehearsal, times, live=live),
        dense=dynamics(loud) < DENSE,
        loudness=agreement(loud, steps, fps=FPS),
        onset=agreement(onset, steps, fps=FPS),
        routes=tuple(_route(route, rehearsal, times, routes) for route in routes.routes),
        axes=tuple(
            _axis(k, rehearsal, times, routes, lengths[k])
            for k, name in enumerate(routes.grid.names)
            if name in {route.axis for route in routes.routes}
        ),
        steps=tuple(steps.tolist()),
        loud=tuple(loud.tolist()),
    )


def loud_of(part: Part) -> NDArray[np.float64]:
    """Return how loud it is at each frame of a part of a song, shape (frames,)."""
    from tessonance.sound import blocks

    rate = 48_000
    parts = list(blocks(part.song, rate=rate, start=part.start, stop=part.stop, channels=1))
    samples = np.concatenate(parts)[:, 0] if parts else np.zeros(1, np.float32)
    return loudness(samples, rate, FPS, part.frames)


def _at(rehearsal: Rehearsal, feature: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a feature at the times of the frames."""
    track = rehearsal.track
    if not len(track.values):
        return times * 0.0
    return np.interp(times, track.times, track.column(feature))


def _governed(rehearsal: Rehearsal, times: NDArray[np.float64], *, live: bool) -> float:
    """Return the share of the frames that were held back: a film that is shifted as a whole is not, by that."""
    if rehearsal.governor is None:
        return 0.0
    hop = rehearsal.path.hop_seconds
    most = 0 if live else round(MOST_LAG_SECONDS / hop)
    ways = (_way(rehearsal, times, late=late * hop) for late in range(-most, most + 1))
    return min(float((np.abs(way) > HELD).any(axis=1).mean()) for way in ways)


def _way(rehearsal: Rehearsal, times: NDArray[np.float64], *, late: float = 0.0) -> NDArray[np.float64]:
    """Return how far the coordinate is from where the mapping wants it, frame by frame; so many seconds later."""
    way = rehearsal.path.at(times + late) - rehearsal.wanted.at(times)
    short: NDArray[np.float64] = np.where(rehearsal.path.closed, way - np.rint(way), way)
    return short


def _axis(axis: int, rehearsal: Rehearsal, times: NDArray[np.float64], routes: Mapping, length: float) -> AxisUse:
    closed, path = bool(rehearsal.path.closed[axis]), rehearsal.path
    places = path.at(times)[:, axis]
    low, high = (float(np.percentile(places, share)) for share in (1, 99))
    steps = np.diff(path.coordinates[:, axis])
    gone = np.abs(steps - np.rint(steps) if closed else steps).sum() / (len(path.coordinates) * path.hop_seconds)
    wanted, got = (_unwound(each.coordinates[:, axis], closed) for each in (rehearsal.wanted, path))
    return AxisUse(
        name=routes.grid.names[axis],
        used=used(places, closed=closed),
        lowest=low,
        highest=high,
        travelled=float(gone * length),
        lag=float(np.abs(_way(rehearsal, times))[:, axis].mean()),
        lag_ms=0.0 if rehearsal.governor is None else lag_between(wanted, got, path.hop_seconds),
    )


def _route(route: Route, rehearsal: Rehearsal, times: NDArray[np.float64], routes: Mapping) -> RouteUse:
    """Hold an axis against the feature as its route follows it."""
    track, path = rehearsal.track, rehearsal.path
    axis = routes.grid.names.index(route.axis)
    attack, release = (route.attack_ms, route.release_ms) if route.act != "step" else (0.0, route.attack_ms)
    follower = Follower(attack, release, track.hop_seconds)
    followed = np.array([follower.step(value) for value in track.column(route.feature_name).tolist()] or [0.0])
    place = _unwound(path.coordinates[:, axis], bool(path.closed[axis]))
    moves = place if route.act == "position" else np.abs(np.diff(place, prepend=place[:1]))
    curves = [np.interp(times, path.seconds, each[: len(path.seconds)]) for each in (followed, moves)]
    sign = -1.0 if route.act == "position" and route.gain < 0 else 1.0
    return RouteUse(route.feature_name, route.axis, route.act, agreement(curves[0], sign * curves[1], fps=FPS))


def _unwound(places: NDArray[np.float64], closed: bool) -> NDArray[np.float64]:
    steps: Any = np.diff(places, prepend=places[:1])
    unwound: NDArray[np.float64] = places[0] + np.cumsum(steps - np.rint(steps)) if closed else places
    return unwound
