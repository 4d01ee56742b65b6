"""What a certificate's numbers amount to: why it fails, and what to change, in plain words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from tessonance.certify.musicality import level_db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tessonance.certify.certificate import AxisUse, Certificate, SongCertificate
    from tessonance.certify.limits import Limits
    from tessonance.project import Mapping

__all__ = ["LEAST_DENSE", "LEAST_FOLLOWED", "LEAST_LOUD", "LEAST_USED", "LONGEST_LAG_MS", "judged"]

# Correlation of loudness or onsets with the steps; music visuals reach 0.51 and 0.21.
LEAST_LOUD, LEAST_DENSE = 0.5, 0.3
LONGEST_LAG_MS = 34.0  # a frame: later than that it is seen
LEAST_USED = 0.6  # of an axis that a route drives
LEAST_SEEN = 0.002  # FLIP: a show whose largest step is below that stands still for the eye
BRISK_MS = 150.0  # the release of a loudness that travels with the beats
LEAST_FOLLOWED = 0.3  # correlation of a route's feature with its axis
BEYOND, FPS = 1.3, 30.0  # of the governor's limit: no frame of its own is above that
NAMES = {
    "median": "half of all steps",
    "p90": "the largest tenth of the steps",
    "p99": "the largest hundredth of the steps",
    "worst": "the largest step",
    "flicker": "the median flicker F",
    "flicker_p99": "the 99th percentile of flicker F",
}


def judged(certificate: Certificate, most: Limits, routes: Mapping) -> Certificate:
    """Return a certificate with why it fails and what to change.

    Parameters
    ----------
    certificate : Certificate
    most : Limits
    routes : Mapping

    Returns
    -------
    Certificate
    """
    songs = []
    for song in certificate.songs:
        rough, unmusical = tuple(_rough(song, most)), tuple(_unmusical(song))
        song = replace(song, rough=rough, unmusical=unmusical)
        said = [*_calmer(certificate, song, most, routes), *_livelier(song, routes)]
        songs.append(replace(song, advice=tuple(dict.fromkeys(said))))
    return replace(certificate, songs=tuple(songs))


def least_agreement(song: SongCertificate) -> float:
    """Return what the steps of a song have to agree with its loudness or its onsets by."""
    return LEAST_DENSE if song.dense else LEAST_LOUD


def _rough(song: SongCertificate, most: Limits) -> Iterator[str]:
    for name, got, limit in most.broken(song.smoothness):
        when = f" (at {_time(song.worst_seconds)})" if name == "worst" else ""
        comes = "is" if "flicker" in name else "comes to"
        yield f"{NAMES[name]} {comes} {got:.2f}{when}; {most.kind} has at most {limit:.2f}"
    if song.flashing:
        yield f"large areas flash more than three times a second in {song.flashing} frames"


def _unmusical(song: SongCertificate) -> Iterator[str]:
    if _silent(song) or song.smoothness.worst < LEAST_SEEN or not math.isfinite(song.loudness.r):
        yield "nothing is heard" if _silent(song) else "nothing moves"
        return
    best = max(song.loudness, song.onset, key=lambda each: each.r if math.isfinite(each.r) else -1.0)
    least = least_agreement(song)
    if best.r < least:
        such = "a song that is equally loud nearly all the time" if song.dense else "one with loud and quiet moments"
        yield f"loudness and onsets agree with the steps by {best.r:.2f}; at least {least:.1f} is wanted of {such}"
    elif math.isnan(best.chance):
        yield "what was played is too short to tell music from chance: some seconds at least"
    elif not best.real:
        yield f"loudness agrees with the steps by {best.r:.2f}, which chance would reach as well ({best.chance:.2f})"
    elif not -LONGEST_LAG_MS <= best.lag_ms <= LONGEST_LAG_MS:
        yield f"the picture comes {abs(best.lag_ms):.0f} ms {'after' if best.lag_ms > 0 else 'before'} the music"
    for axis in song.axes:
        if axis.used < LEAST_USED:
            yield f"{axis.name} uses {axis.used:.0%} of its range; at least {LEAST_USED:.0%} is wanted"
        mine = [route for route in song.routes if route.axis == axis.name]
        if mine and not any(_followed(route.agreement.r) for route in mine):
            names = " and ".join(route.feature for route in mine)
            yield f"{axis.name} does not follow {names} ({max(_or_zero(route.agreement.r) for route in mine):.2f})"


def _silent(song: SongCertificate) -> bool:
    return not any(song.loud)


def _followed(r: float) -> bool:
    return r >= LEAST_FOLLOWED


def _calmer(certificate: Certificate, song: SongCertificate, most: Limits, routes: Mapping) -> Iterator[str]:
    if not song.rough:
        return
    if certificate.trouble:
        yield certificate.trouble
    elif math.isnan(certificate.limit):
        yield f'give the mapping a governor: [governor] with as = "{most.kind}"; `tess bake` measures what it needs'
    if certificate.method == "nearest":
        yield "nearest shows whole pictures, so no mapping is smooth on it: let frames blend"
    mover = max(song.axes, key=lambda axis: _or_zero(axis.travelled), default=None)
    if mover is not None and _broken(song, most, "median", "p90") and _or_zero(mover.travelled) > 0:
        drivers = " and ".join(dict.fromkeys(route.feature_name for route in routes.routes if route.axis == mover.name))
        yield (
            f"{mover.name} changes most, {mover.travelled:.1f} a second: raise the release_ms of {drivers} on it, "
            "lower its gain, or let a slower feature drive it; `tess tune` writes such a mapping"
        )
    held = not math.isnan(certificate.limit) and not certificate.trouble
    if held and _let_go(certificate, song) and _broken(song, most, "worst", "flicker_p99"):
        yield (
            f"the flash limiter held the picture back and let go ({song.calmed} frames): what passes by too fast for "
            "too long flashes, so lower the gain of what travels"
        )
    elif held and _broken(song, most, "p99", "worst"):
        at = _time(song.worst_seconds)
        yield f"lower the governor's limit (it is {certificate.limit:g}); look for accents or an uneven place at {at}"
    if _broken(song, most, "flicker", "flicker_p99"):
        slower = f"longer attack_ms and release_ms{_trembler(song, routes)}"
        yield (
            f"the picture goes back before it has gone on: {slower}, or a speed that swings "
            '(edge = "swing") instead of a position'
        )
    if song.flashing:
        yield "leave the flash limiter on"


def _let_go(certificate: Certificate, song: SongCertificate) -> bool:
    """Return whether the worst step is none that the governor lets pass, but that after calmed frames."""
    return song.calmed > 0 and song.smoothness.worst > BEYOND * certificate.limit / FPS


def _trembler(song: SongCertificate, routes: Mapping) -> str:
    """Name what stands where its features lead and moves the picture most: to slow the others does not help."""
    placed = {route.axis for route in routes.routes if route.act == "position"}
    axes = [axis for axis in song.axes if axis.name in placed and axis.travelled > 0]
    if not axes:
        return ""
    name = max(axes, key=lambda axis: axis.travelled).name
    features = dict.fromkeys(r.feature_name for r in routes.routes if r.axis == name and r.act == "position")
    return f" of {' and '.join(features)} on {name}"


def _livelier(song: SongCertificate, routes: Mapping) -> Iterator[str]:
    if not song.unmusical:
        return
    if _silent(song):
        yield "play something that sounds, or another part of it (--from, --to)"
        return
    if song.smoothness.worst < LEAST_SEEN and any(axis.used >= LEAST_USED for axis in song.axes):
        yield "the music moves through the pictures, but they are all alike: paint a wider range (`tess smooth`)"
        return
    best = max(_or_zero(song.loudness.r), _or_zero(song.onset.r))
    if best < least_agreement(song) and _levelled(song, routes):
        yield (
            "the automatic level lets quiet parts move as far as loud ones: `tess tune` for this song, or in [sound] "
            f"automatic_level = false and start_level_db = {level_db(song.loud):.0f}, which is how loud it is"
        )
    elif best < least_agreement(song):
        yield _louder(song, routes)
    elif any("after the music" in text for text in song.unmusical):
        yield "shorten attack_ms where the drums are, or raise the governor's limit: it holds back what comes late"
    for axis in song.axes:
        if axis.used < LEAST_USED:
            yield _wider(axis, routes)


def _louder(song: SongCertificate, routes: Mapping) -> str:
    for route in routes.routes:
        if route.act == "speed" and route.feature_name == "loudness":
            shorter = "a shorter release_ms" if route.release_ms > BRISK_MS else "more gain"
            larger = f"a larger curve of loudness on {route.axis} (3.0)"
            return f"let what is loud move more than the rest: {larger}, {shorter}"
    more = 'let what is loud move more: a route with act = "speed" and feature = "loudness" on a long axis'
    trembles = any("flicker" in text for text in song.rough)  # then it was told to follow more slowly
    return f"{more}, with a curve of 3.0" + ("" if trembles else ", and a shorter attack_ms on the others")


def _levelled(song: SongCertificate, routes: Mapping) -> bool:
    """Return whether something travels already, but as far in quiet parts as in loud ones."""
    return routes.sound.automatic_level and not song.dense and any(route.act == "speed" for route in routes.routes)


def _wider(axis: AxisUse, routes: Mapping) -> str:
    mine = [route for route in routes.routes if route.axis == axis.name]
    if axis.lag > 0.15:
        return f"{axis.name} is held back by {axis.lag:.0%} of its range: a slower feature for it, or a higher limit"
    gains = " or ".join(f"gain of {route.feature_name}" for route in mine)
    times = min(4.0, LEAST_USED * 1.3 / max(axis.used, 0.05))
    return (
        f"{axis.name} goes from {axis.lowest:.2f} to {axis.highest:.2f} only: about {times:.1f} times the {gains}, or "
        "a smaller curve"
    )


def _broken(song: SongCertificate, most: Limits, *names: str) -> bool:
    return any(name in names for name, _, _ in most.broken(song.smoothness))


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _time(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
