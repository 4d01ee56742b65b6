"""A certificate as one page of HTML that needs nothing else, and as JSON beside it."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from tessonance.certify.advice import LEAST_FOLLOWED, LEAST_USED, LONGEST_LAG_MS, least_agreement
from tessonance.certify.limits import KINDS, limits
from tessonance.smooth.plots import curve, marked, thumbnail
from tessonance.smooth.report import write_both

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tessonance.certify.certificate import Certificate, SongCertificate
    from tessonance.certify.certify import Rehearsed
    from tessonance.certify.limits import Limits

__all__ = ["certificate_page", "write_certificate"]

STRIP_WIDTH, CURVE_POINTS = 200, 400
FPS = 30
WORDS = (
    ("step", "FLIP from one frame to the next, 30 times a second: how different they look, as viewed at 128 × 128."),
    ("p90, p99", "What nine, or ninety-nine, of a hundred steps stay below."),
    ("flicker F", "0 goes straight on, 1 comes back to where it was; counted where two steps sum above 0.2."),
    ("pop, speed", "What of a step motion does not explain; how far the fastest twentieth of the picture moves."),
    ("loudness", "How well louder moments are those that change more, and by how much the picture is late. Beside it, "
     "what 95 % of the same comparisons with the music shifted around stay below: less than that is chance."),
    ("used", "How much of an axis was visited, but for a hundredth of the time at either end."),
    ("governed", "The share of the frames that the governor held back, and how far from where the music wanted them."),
)  # fmt: skip


def write_certificate(found: Rehearsed, path: str | Path, *, force: bool = False) -> tuple[Path, Path]:
    """Write a certificate as HTML and, beside it, as JSON.

    Parameters
    ----------
    found : Rehearsed
    path : path-like
        The HTML file.
    force : bool
        Whether to replace files that exist.

    Returns
    -------
    html, json : Path

    Raises
    ------
    TessError
        OutputExists, or because a file cannot be written.
    """
    return write_both(path, certificate_page(found), found.certificate.to_dict(), force=force)


def certificate_page(found: Rehearsed) -> str:
    """Return a certificate as a page of HTML."""
    certificate, most = found.certificate, limits(found.certificate.kind)
    parts = [_head(certificate)]
    for song, strip in zip(certificate.songs, found.strips, strict=True):
        parts.append(_song(song, strip, most))
    words = "".join(f"<dt>{word}</dt><dd>{text}</dd>" for word, text in WORDS)
    parts.append(f"<h2>What the numbers mean</h2><dl class='words'>{words}</dl>")
    style = files("tessonance.smooth").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(certificate.name)}: certificate</title>\n<style>\n{style}</style>\n"
        f"<main>\n{''.join(parts)}</main>\n</html>\n"
    )


def _head(certificate: Certificate) -> str:
    verdict = f'<div class="verdict {"good" if certificate.passed else "bad"}">{_verdict(certificate)}</div>'
    governor = (
        "no governor" if math.isnan(certificate.limit) else f"governor at {certificate.limit:g} perceived a second"
    )
    lengths = ", ".join(f"{escape(name)} {_text(length, 1)}" for name, length in certificate.lengths)
    trouble = f'<ul class="advice"><li>{marked(certificate.trouble)}</li></ul>' if certificate.trouble else ""
    return (
        f'<p class="over">Certificate</p><h1>{escape(certificate.name)}</h1><p class="faint">played '
        f"{'as a show, without looking ahead' if certificate.live else 'as a film'} · {certificate.method} · "
        f"{governor} · axes as long as: {lengths}</p>{verdict}{trouble}"
    )


def _verdict(certificate: Certificate) -> str:
    """Say which of the two it is, smooth and musical."""
    smooth = not any(song.rough for song in certificate.songs)
    musical = not any(song.unmusical for song in certificate.songs)
    if smooth and musical:
        return f"{certificate.kind}, and it moves with the music"
    if smooth:
        return f"{certificate.kind}, but not with the music"
    return f"with the music, but not {certificate.kind}" if musical else f"not {certificate.kind}, nor with the music"


def _song(song: SongCertificate, strip: Sequence[NDArray[np.uint8]], most: Limits) -> str:
    verdict = f'<span class="{"good" if song.passed else "hot"}">{"passed" if song.passed else "failed"}</span>'
    kept = (
        f"the calmest kind whose limits it keeps is <b>{song.kind}</b>"
        if song.kind in KINDS
        else f"it keeps the limits of no kind: it is <b>{song.kind}</b>"
    )
    reasons = _listed("Why it fails", (*song.rough, *song.unmusical), "bad")
    return (
        f"<h2>{escape(song.song)}: {verdict}</h2><p class='note'>{song.frames:,} frames from {_time(song.start)} on; "
        f"{kept}.</p>{reasons}{_listed('What to do', song.advice, '')}{_curves(song, most)}"
        f"<section class='axis'><h3>Smooth</h3>{_numbers(_smooth(song, most))}"
        f"<h3>With the music</h3>{_numbers(_musical(song))}</section>{_axes(song)}{_strip(song, strip)}"
    )


def _listed(title: str, texts: Sequence[str], kind: str) -> str:
    items = "".join(f'<li class="{kind}">{marked(text)}</li>' for text in texts)
    return f'<h3 class="over-list">{title}</h3><ul class="advice">{items}</ul>' if items else ""


def _smooth(song: SongCertificate, most: Limits) -> Iterable[tuple[str, str, str]]:
    names = {"median": "median step", "p90": "p90", "p99": "p99", "worst": "worst"}
    names |= {"flicker": "flicker F", "flicker_p99": "F p99"}
    broken = {name for name, _, _ in most.broken(song.smoothness)}
    for name, shown in names.items():
        got = f"{_text(getattr(song.smoothness, name), 2)} <small>of {getattr(most, name):.2f}</small>"
        yield shown, got, "bad" if name in broken else ""
    yield "pop", f"{_text(song.pop, 2)} <small>p99 {_text(song.pop_p99, 2)}</small>", ""
    yield "speed", f"{_text(song.speed, 1)} %", ""
    yield "flashing", f"{song.flashing:,} <small>frames</small>", "bad" if song.flashing else ""
    yield "calmed", f"{song.calmed:,} <small>frames</small>", ""


def _musical(song: SongCertificate) -> Iterable[tuple[str, str, str]]:
    least = least_agreement(song)
    for name, found in (("loudness", song.loudness), ("onsets", song.onset)):
        yield name, f"{_text(found.r, 2)} <small>at {found.lag_ms:.0f} ms</small>", ""
        yield f"{name} by chance", _text(found.chance, 2), ""
    yield "wanted", f"{least:.1f} <small>within {LONGEST_LAG_MS:.0f} ms</small>", ""
    yield "governed", f"{song.governed:.0%} <small>of frames</small>", ""


def _axes(song: SongCertificate) -> str:
    rows = "".join(
        f"<tr><td>{escape(axis.name)}</td><td class='{'' if axis.used >= LEAST_USED else 'hot'}'>{axis.used:.0%}</td>"
        f"<td>{axis.lowest:.2f} to {axis.highest:.2f}</td><td>{_text(axis.travelled, 2)}</td>"
        f"<td>{axis.lag:.1%}</td><td>{axis.lag_ms:.0f} ms</td></tr>"
        for axis in song.axes
    )
    routes = "".join(
        f"<tr><td>{escape(route.feature)} → {escape(route.axis)}, {route.act}</td>"
        f"<td class='{'' if route.agreement.r >= LEAST_FOLLOWED else 'hot'}'>{_text(route.agreement.r, 2)}</td>"
        f"<td>{route.agreement.lag_ms:.0f} ms</td><td>{_text(route.agreement.chance, 2)}</td></tr>"
        for route in song.routes
    )
    return (
        "<table><tr><th>axis</th><th>used</th><th>where</th><th>FLIP a second</th><th>held back by</th><th>late by</th>"
        f"</tr>{rows}</table><table><tr><th>route</th><th>axis follows it</th><th>late by</th><th>by chance</th></tr>"
        f"{routes}</table>"
    )


def _curves(song: SongCertificate, most: Limits) -> str:
    """Draw the largest step, and the loudest moment, of each stretch of the song, under the limit of the largest."""
    steps, loud = (_peaks(values) for values in (song.steps, song.loud))
    loudest = max(loud, default=0.0) or 1.0
    top = max([*steps, most.worst]) * 1.05
    scaled = [value / loudest * top for value in loud]
    return (
        "<p class='note over-curve'>The largest steps over the song, <span class='cool'>blue</span>, the most that "
        f"they may be, dashed, and how loud it was, <span class='hot'>red</span>; the worst step is at "
        f"{_time(song.worst_seconds)}.</p>"
        + curve([("limit", [most.worst] * len(steps)), ("nearest", scaled), ("blend", steps)], top)
    )


def _peaks(values: Sequence[float]) -> list[float]:
    count = min(CURVE_POINTS, len(values))
    return [float(part.max()) for part in np.array_split(np.asarray(values), count)] if count else []


def _strip(song: SongCertificate, strip: Sequence[NDArray[np.uint8]]) -> str:
    if not strip:
        return ""
    pictures = "".join(f'<img alt="a frame" src="{thumbnail(frame, STRIP_WIDTH)}">' for frame in strip)
    count = len(strip)
    first = max(0.0, song.worst_seconds - song.start - 0.5) * FPS
    bars = "".join(_bar(song, int(first + 3 * k)) for k in range(count - 1))
    return (
        f"<p class='note' style='margin-top:28px'>The worst second, around {_time(song.worst_seconds)}: a tenth of a "
        f"second from picture to picture; below, the largest step between them.</p>"
        f"<div class='strip' style='grid-template-columns:repeat({count},1fr)'>{pictures}</div>"
        f"<div class='steps' style='grid-template-columns:repeat({max(1, count - 1)},1fr);"
        f"margin:0 {50 / count:.2f}%'>{bars}</div>"
    )


def _bar(song: SongCertificate, first: int) -> str:
    step = max(song.steps[first : first + 3], default=0.0)
    worst = "worst" if step >= song.smoothness.worst - 1e-9 else ""
    height = 4 + 44 * step / (song.smoothness.worst or 1.0)
    return f'<div class="{worst}" style="height:{height:.0f}px" title="{step:.3f}"></div>'


def _numbers(rows: Iterable[tuple[str, str, str]]) -> str:
    shown = "".join(f'<div><dt>{name}</dt><dd class="{kind}">{value}</dd></div>' for name, value, kind in rows)
    return f'<dl class="numbers">{shown}</dl>'


def _text(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _time(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
