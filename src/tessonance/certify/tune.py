"""A mapping that moves rather than strobes, made of an axis' measured length and what songs do."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace as changed

from tessonance.certify.certify import certify
from tessonance.certify.foresight import Heard
from tessonance.certify.limits import limits
from tessonance.errors import ProjectError, TessError
from tessonance.mapping import Governing
from tessonance.motion.slowness import axis_lengths
from tessonance.project import Mapping, Route, Sound
from tessonance.smooth.lengths import distances_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.certify.certificate import Certificate
    from tessonance.grid import Axis, Grid
    from tessonance.sound.decoders import Song
    from tessonance.store import Tesseract

__all__ = ["PACE", "Tuned", "tune"]

# How far the picture goes in a second, on the mean, in FLIP: about half of what its kind allows at any moment, so that
# there is room for what is louder than the mean.
PACE = {"calm": 1.2, "lively": 2.4, "wild": 4.5}
LONG = 4.0  # FLIP: axes that are longer are never driven to and fro by a place
TRAVELS = 0.6  # of the pace goes at first to the axes that travel, the rest to those that are placed
FASTEST = 0.6  # axis lengths a second, on the mean
# What travels takes so much of the governor's limit where it is loudest. A quiet song with one loud passage travelled
# at the limit for half a minute; what passed by flashed so often that the flash limiter had to calm every fifth frame.
PEAK = 5 / 6
FLAT = 0.05  # FLIP: an axis that changes no more has no say in the pace
FEATURES = ("high", "low", "mid", "brightness", "onset", "noisiness")  # for axes that are placed, the shortest first
TRAVELLERS = ("loudness", "low", "mid", "high")  # for those that travel, the longest first
RELEASES_MS = (300.0, 500.0, 800.0, 1200.0, 1800.0, 2500.0, 3500.0, 5000.0, 8000.0)
TRAVEL_MS = 60.0  # release: after 120, slow swells without the automatic level came two frames late
CURVE = 3.0  # bends loudness so that steps, which grow with the 0.7th power of the way, stand out with it
MOST_GAIN = 8.0
TRIES, SLOWER, MORE_TRAVEL, MOST_TRAVEL = (
    12,
    0.9,
    0.05,
    0.75,
)  # mappings that are foreseen, and how the next one differs
WATCHED, STEADIER = 3, 0.85  # mappings that are watched, and how much slower the next one is
# What is foreseen is to be better by this than it must: the median step, and the agreement with loudness.
ROOM, SURE = 1.05, 1.25
ALIKE_DB = 6.0  # songs whose levels differ by more need the automatic level
WATCHED_SECONDS = 40.0  # of each song


@dataclass(frozen=True)
class Tuned:
    """A mapping and why it is so.

    Parameters
    ----------
    mapping : Mapping
    lengths : tuple of float
        Of each axis, in FLIP.
    paces : tuple of float
        How far each axis is to go in a second.
    certificate : Certificate
        Of forty seconds of each song with this mapping: those that hold the most of loud and quiet.
    """

    mapping: Mapping
    lengths: tuple[float, ...]
    paces: tuple[float, ...]
    certificate: Certificate


def tune(
    tesseract: Tesseract,
    songs: Sequence[Song],
    *,
    kind: str = "lively",
    method: str | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tuned:
    """Make a mapping for a tesseract and some songs.

    The longest axis travels as loud as the music is; so do closed axes and other long ones. Short axes are placed by
    faster features, each with the shortest release whose motion stays within its share of the pace. What the steps will
    be is foreseen from the lengths; then the mapping is watched on forty seconds of each song, and slowed down if that
    is not smooth enough.

    Parameters
    ----------
    tesseract : Tesseract
    songs : sequence of path-like or (ndarray, int)
        At least one; the more alike what will be played, the better.
    kind : {"calm", "lively", "wild"}
    method : str, optional
        How frames are made.
    workers : int, optional
    progress : callable
        Called with the frames watched and the frames there are, anew for each try.

    Returns
    -------
    Tuned
        Its certificate says whether it succeeded.

    Raises
    ------
    TessError
        If the tesseract or a song is not as it should be, there is no such kind, or no axis changes anything.
    """
    limits(kind)
    if not songs:
        raise TessError("a mapping is tuned to songs", wanted="at least one")
    _, distances = distances_of(tesseract)
    lengths = [0.0 if math.isnan(length) else length for length in axis_lengths(distances)]
    counts = [values.shape[k] for k, values in enumerate(distances)]
    grid = tesseract.grid
    if max(lengths) < FLAT:
        raise ProjectError("no axis changes anything that can be seen", where=tesseract.where, wanted="other pictures")
    edges = [length / max(1, count) for length, count in zip(lengths, counts, strict=True)]
    heard = _best_heard(tesseract, songs, lengths, kind, edges=edges, counts=counts)
    parts = list(zip(songs, heard.widest(WATCHED_SECONDS), strict=True))
    pace, best = PACE[kind], None
    for _ in range(WATCHED):
        mapping, paces = _foreseen(grid, lengths, heard, kind, pace)
        certificate = _watched(tesseract, parts, mapping, kind, method, workers, progress)
        if best is None or _faults(certificate) < _faults(best.certificate):
            best = Tuned(mapping, tuple(lengths), tuple(paces), certificate)
        if not any(song.rough for song in certificate.songs):
            break
        pace = sum(paces) * STEADIER
    assert best is not None
    return best


def _best_heard(
    tesseract: Tesseract,
    songs: Sequence[Song],
    lengths: Sequence[float],
    kind: str,
    *,
    edges: Sequence[float],
    counts: Sequence[int],
) -> Heard:
    """Hear the songs; those with quiet parts without the automatic level, if that makes them look quiet."""
    grid, names = tesseract.grid, tuple(dict.fromkeys((*FEATURES, *TRAVELLERS)))
    heard = Heard(grid, songs, names, edges=edges, counts=counts)
    levels, agreements = heard.levels_db, _agreements(grid, lengths, heard, kind)
    if min(agreements) >= SURE or not heard.dynamic or max(levels) - min(levels) > ALIKE_DB:
        return heard
    level = float(round(sum(levels) / len(levels)))
    fixed = Sound(automatic_level=False, start_level_db=level)
    again = Heard(grid, songs, names, edges=edges, counts=counts, sound=fixed)
    return again if min(_agreements(grid, lengths, again, kind)) > min(agreements) else heard


def _agreements(grid: Grid, lengths: Sequence[float], heard: Heard, kind: str) -> list[float]:
    return heard.foreseen(_foreseen(grid, lengths, heard, kind, PACE[kind])[0])[1]


def _foreseen(
    grid: Grid, lengths: Sequence[float], heard: Heard, kind: str, pace: float
) -> tuple[Mapping, list[float]]:
    """Return the first mapping that promises to be what is wanted; else the last that was tried."""
    travels = TRAVELS
    for _ in range(TRIES):
        mapping, paces = _mapping(grid, lengths, heard, kind, pace, travels)
        medians, agreements = heard.foreseen(mapping)
        if max(medians) * ROOM > limits(kind).median:
            pace *= SLOWER
        elif min(agreements) < SURE and travels < MOST_TRAVEL:
            travels += MORE_TRAVEL
        else:
            break
    return mapping, paces


def _faults(certificate: Certificate) -> tuple[int, int]:
    """Return how much is wrong: what is rough counts before all else."""
    return sum(len(song.rough) for song in certificate.songs), sum(len(song.unmusical) for song in certificate.songs)


def _watched(
    tesseract: Tesseract,
    parts: Sequence[tuple[Song, float]],
    mapping: Mapping,
    kind: str,
    method: str | None,
    workers: int | None,
    progress: Callable[[int, int], None],
) -> Certificate:
    """Watch a part of each song, from a time on."""
    from tessonance.sound import probe

    found = []
    for song, start in parts:
        seconds = probe(song).seconds
        watched = certify(
            tesseract,
            [song],
            kind=kind,
            mapping=mapping,
            method=method,
            start=start,
            stop=min(seconds, start + WATCHED_SECONDS),
            workers=workers,
            progress=progress,
        )
        found.append(watched.certificate)
    return replace(found[0], songs=tuple(one for each in found for one in each.songs))


def _mapping(
    grid: Grid, lengths: Sequence[float], heard: Heard, kind: str, pace: float, travels: float
) -> tuple[Mapping, list[float]]:
    travelling, placed = _roles(grid, lengths)
    paces = [0.0] * len(lengths)
    routes: dict[int, Route] = {}
    share = pace * (travels if placed else 1.0) / len(travelling)
    governing = Governing(kind=kind)  # type: ignore[arg-type]
    most = PEAK * (governing.per_second or math.inf)
    for k, feature in zip(travelling, _cycled(TRAVELLERS), strict=False):
        routes[k], paces[k] = _travel(grid.axes[k], feature, heard, lengths[k], share, most=most)
    rest = (pace - sum(min(share, FASTEST * lengths[k]) for k in travelling)) / max(1, len(placed))
    left = list(FEATURES)
    for k in placed:
        routes[k], paces[k] = _best_place(
            grid, k, left or list(FEATURES), heard, lengths[k], rest, list(routes.values())
        )
        left = [feature for feature in left if feature != routes[k].feature]
    chosen = [routes[k] for k in sorted(routes)]
    return Mapping(grid, chosen, heard.sound, governor=governing), paces


def _best_place(
    grid: Grid, axis: int, features: Sequence[str], heard: Heard, length: float, pace: float, others: Sequence[Route]
) -> tuple[Route, float]:
    """Return the route to an axis, of the features there are, with which the whole goes best with the music."""
    found = [_place(grid.axes[axis], feature, heard, length, pace) for feature in features]

    def agreement(candidate: tuple[Route, float]) -> float:
        return min(heard.foreseen(Mapping(grid, [*others, candidate[0]]))[1])

    return max(found, key=agreement)


def _roles(grid: Grid, lengths: Sequence[float]) -> tuple[list[int], list[int]]:
    """Return which axes travel, the longest first, and which are placed, the shortest first."""
    order = sorted((k for k, axis in enumerate(grid.axes) if axis.steps > 1), key=lambda k: lengths[k])
    travelling = [k for k in order if grid.axes[k].closed or lengths[k] > LONG or k == order[-1]]
    return travelling[::-1], [k for k in order if k not in travelling]


def _cycled(names: Sequence[str]) -> list[str]:
    return [names[k % len(names)] for k in range(16)]


def _travel(axis: Axis, feature: str, heard: Heard, length: float, pace: float, *, most: float) -> tuple[Route, float]:
    """Return a route that goes as fast as its feature is loud: so far a second on the mean, at most so far at all."""
    edge: Literal["wrap", "swing"] = "wrap" if axis.closed else "swing"
    route = Route(
        feature=feature,
        axis=axis.name,
        act="speed",
        gain=0.1,
        curve=CURVE,
        attack_ms=0.0,
        release_ms=TRAVEL_MS,
        edge=edge,
    )
    once = heard.travelled(route) / route.gain
    wanted = min(FASTEST, pace / max(length, FLAT))
    gain = _rounded(min(MOST_GAIN, most / max(length, FLAT), wanted / once)) if once > 0 else 1.0
    return changed(route, gain=gain), once * gain * length


def _place(axis: Axis, feature: str, heard: Heard, length: float, pace: float) -> tuple[Route, float]:
    """Return a route whose feature goes from end to end of the axis, as quickly as the pace allows."""
    for release in RELEASES_MS:
        bare = Route(feature=feature, axis=axis.name, attack_ms=release / 8, release_ms=release)
        low, high = heard.ends(bare)
        gain = min(MOST_GAIN, 1.0 / (high - low))
        route = changed(bare, gain=_rounded(gain), offset=_rounded(0.5 - gain * (low + high) / 2))
        found = heard.travelled(route) * length
        if found <= pace:
            break
    return route, found


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
