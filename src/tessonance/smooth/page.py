"""A survey as one page of HTML that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture
from tessonance.smooth.plots import curve, heat_map, heat_values, marked, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tessonance.grid import Cell
    from tessonance.smooth.findings import AxisFindings, Edge, Survey, Sweep
    from tessonance.store import Tesseract

__all__ = ["page"]

WORST_EDGES, STRIP_PICTURES = 6, 7
EDGE_WIDTH, STRIP_WIDTH = 360, 200
LIVELY_PACE = 3.0  # FLIP a second
BRIGHTEST = 0.3  # FLIP, at the least: a smooth tesseract is dark, not stretched to look wild
WORDS = (
    ("FLIP", "How different two pictures look to someone who sees them in turn, 0 to 1, as viewed at 128 × 128."),
    ("step", "FLIP between neighbouring pictures. An animated film makes 0.03 a frame, a music visual 0.1 to 0.2."),
    ("length", "The steps of an axis added up: how far its two ends are for the eye. Lively material goes 3 a second."),
    ("pop", "What is left of a step when motion is taken out: things that appear, vanish or recolour on the spot."),
    ("speed", "How far things move from one picture to the next, in percent of the width: the fastest twentieth."),
    ("roughness", "The mean step beside two pictures picked at random. Near 1, neighbours are strangers."),
    ("flicker F", "0 goes straight on, 1 comes back to where it was; three strangers make 0.5."),
    ("tortuosity T", "The way along the axis over the way straight from end to end."),
    ("uniformity", "The largest step over the mean one: 1 is even."),
    ("guessing", "Known pictures guessed from their two neighbours: the share that need not have been painted."),
    ("breathing", "The softest frame of a sweep beside the mean one: 1 is steady, less goes soft between pictures."),
)


def page(survey: Survey, tesseract: Tesseract) -> str:
    """Return a survey as a page of HTML.

    Parameters
    ----------
    survey : Survey
    tesseract : Tesseract
        That it is of: its worst edges and its worst row are shown in pictures.

    Returns
    -------
    str
    """
    parts = [_head(survey), _advice(survey)]
    if survey.edges:
        parts += [_lengths(survey), *_axes(survey), _worst(survey, tesseract), _strip(survey, tesseract)]
    parts += [_sweeps(survey), _words()]
    style = files("tessonance.smooth").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(survey.name)}: smoothness</title>\n<style>\n{style}</style>\n"
        f"<main>\n{''.join(part for part in parts if part)}</main>\n</html>\n"
    )


def _head(survey: Survey) -> str:
    size = " × ".join(str(count) for count in survey.shape)
    sample = "every edge" if survey.complete else "a sample"
    verdict = (
        f'<div class="verdict bad">refused: {_names(survey.refused)}</div>'
        if survey.refused
        else '<div class="verdict good">gates passed</div>'
    )
    holes = f" · {survey.holes} missing or damaged" if survey.holes else ""
    spread = f" · two pictures picked at random differ by {survey.spread:.2f} FLIP" if survey.edges else ""
    return (
        f'<p class="over">Smoothness</p><h1>{escape(survey.name)}</h1>'
        f'<p class="faint">{size} pictures, {survey.edges:,} edges measured ({sample}){holes}{spread}</p>'
        f"{verdict if survey.edges else ''}"
    )


def _advice(survey: Survey) -> str:
    items = "".join(
        f'<li class="{"bad" if " is refused" in text else ""}">{marked(text)}</li>' for text in survey.advice
    )
    return f'<h2>What to do</h2><ul class="advice">{items}</ul>' if items else ""


def _lengths(survey: Survey) -> str:
    longest = max(axis.length for axis in survey.axes) or 1.0
    rows = "".join(
        f'<div><b>{escape(axis.name)}</b></div><div class="bar{" bad" if axis.refused else ""}" '
        f'style="width:{100 * axis.length / longest:.1f}%"></div>'
        f'<div class="faint">{axis.length:.2f} FLIP · {axis.length / LIVELY_PACE:.1f} s at a lively pace</div>'
        for axis in survey.axes
        if axis.measured
    )
    return (
        "<h2>How long each axis is to the eye</h2><p class='note'>Fast features belong on short axes, long axes on "
        f"slow features.</p><div class='lengths'>{rows}</div>"
    )


def _axes(survey: Survey) -> Iterable[str]:
    maps = {k: heat_values(survey, k) for k, axis in enumerate(survey.axes) if axis.measured}
    most = max(BRIGHTEST, *(float(np.nanmax(values)) for values in maps.values()))
    yield (
        "<h2>Axis by axis</h2><p class='note'>Heat maps: each edge at its place in the grid, dark is smooth"
        f"<span class='key'></span>{most:.2f} FLIP. Curves: <span class='cool'>mean</span> and "
        "<span class='hot'>largest</span> step by place along the axis.</p>"
    )
    for k, values in maps.items():
        yield _axis(survey, k, values, most)


def _axis(survey: Survey, k: int, values: np.ndarray[tuple[int, int], np.dtype[np.float64]], most: float) -> str:
    axis = survey.axes[k]
    known = np.isfinite(values)
    mean = np.where(
        known.any(axis=0), np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
    )
    largest = np.where(known, values, -1).max(axis=0)
    curves = curve([("most", np.where(largest < 0, np.nan, largest).tolist()), ("mean", mean.tolist())], most)
    other = next((a.name for j, a in enumerate(survey.axes) if j != k and len(a.values) > 1), "")
    across = f" · {escape(other)} downwards" if other else ""
    refused = "".join(f'<p class="bad-text">{escape(reason)}</p>' for reason in axis.refused)
    ends = f"{axis.values[0]:.3g}", f"{axis.value_after(len(axis.values) - (1 if axis.closed else 2)):.3g}"
    return (
        f'<section class="axis"><header><h3>{escape(axis.name)}</h3><span class="faint">{ends[0]} to {ends[1]}'
        f"{', closed' if axis.closed else ''} · {len(axis.values)} steps · {axis.measured:,} edges</span></header>"
        f"{refused}{_numbers(axis)}"
        f'<img class="heat" style="aspect-ratio:{values.shape[1]}/{max(1, values.shape[0])}" alt="heat map" '
        f'src="{heat_map(values, most)}">{curves}<div class="scale"><span>{ends[0]}</span>'
        f"<span>{escape(axis.name)}{across}</span><span>{ends[1]}</span></div></section>"
    )


def _numbers(axis: AxisFindings) -> str:
    rows = [
        ("mean step", _text(axis.mean), ""),
        ("largest step", _text(axis.largest), ""),
        ("pop", _text(axis.pop), ""),
        ("speed", _text(axis.speed, 1) + " %", ""),
        ("roughness", _text(axis.roughness, 2), _warn(axis.roughness, 0.6, 0.85)),
        ("flicker F", _text(axis.flicker, 2), _warn(axis.flicker, 0.35, 0.43)),
        ("tortuosity T", _text(axis.tortuosity, 1), ""),
        ("uniformity", _text(axis.uniformity, 2), _warn(axis.uniformity, 2.5, math.inf)),
        *((f"guessed by {guess.method}", f"{guess.accepted:.0%}", "") for guess in axis.guesses),
    ]
    shown = "".join(f'<div><dt>{name}</dt><dd class="{kind}">{value}</dd></div>' for name, value, kind in rows)
    return f'<dl class="numbers">{shown}</dl>'


def _worst(survey: Survey, tesseract: Tesseract) -> str:
    edges = sorted((edge for axis in survey.axes for edge in axis.edges), key=lambda edge: edge.pop)
    places = {(edge.axis, edge.place): edge for edge in edges}  # the worst at each place: its neighbours look the same
    worst = sorted(places.values(), key=lambda edge: -edge.pop)[:WORST_EDGES]
    figures = [_pair(survey, tesseract, edge) for edge in worst]
    return (
        "<h2>The worst edges</h2><p class='note'>Neighbouring pictures between which most pops.</p>"
        f"<div class='pairs'>{''.join(figures)}</div>"
    )


def _pair(survey: Survey, tesseract: Tesseract, edge: Edge) -> str:
    axis = survey.axes[edge.axis]
    change = f"{axis.values[edge.place]:.3g} → {axis.value_after(edge.place):.3g}"
    point = tesseract.grid.point(edge.first)
    still = ", ".join(f"{name} {value:.3g}" for name, value in point.items() if name != axis.name)
    pictures = "".join(_image(tesseract, cell, EDGE_WIDTH) for cell in (edge.first, edge.second))
    return (
        f'<figure><div class="two">{pictures}</div><figcaption><b>{escape(axis.name)} {change}</b>'
        f"{' at ' + escape(still) if still else ''}<br>step {edge.step:.3f}, of which pop {edge.pop:.3f}; "
        f"speed {edge.speed:.1f} %</figcaption></figure>"
    )


def _strip(survey: Survey, tesseract: Tesseract) -> str:
    """Show the row around the largest step of all."""
    k = max((k for k, a in enumerate(survey.axes) if a.measured), key=lambda k: survey.axes[k].largest)
    axis = survey.axes[k]
    worst, _ = max(axis.steps, key=lambda found: found[1])
    places = {index: place for place, index in enumerate(survey.knots[k])}
    start = max(0, min(places[worst[k]] - STRIP_PICTURES // 2 + 1, len(places) - STRIP_PICTURES))
    shown = survey.knots[k][start : start + STRIP_PICTURES]
    cells = [(*worst[:k], index, *worst[k + 1 :]) for index in shown]
    steps = dict(axis.steps)
    bars = "".join(
        f'<div class="{"worst" if cell == worst else ""}" '
        f'style="height:{4 + 44 * steps.get(cell, 0.0) / axis.largest:.0f}px" title="{steps.get(cell, 0.0):.3f}"></div>'
        for cell in cells[:-1]
        if axis.largest
    )
    pictures = "".join(_image(tesseract, cell, STRIP_WIDTH) for cell in cells)
    count, inset = len(cells), 50 / len(cells)
    return (
        f"<h2>The worst row</h2><p class='note'>{escape(axis.name)} around its largest step, {axis.largest:.3f} FLIP; "
        f"below, each step.</p><div class='strip' style='grid-template-columns:repeat({count},1fr)'>{pictures}</div>"
        f"<div class='steps' style='grid-template-columns:repeat({max(1, count - 1)},1fr);"
        f"margin:0 {inset:.2f}%'>{bars}</div>"
    )


def _sweeps(survey: Survey) -> str:
    if not survey.sweeps:
        return ""
    most = max(max(sweep.steps) for sweep in survey.sweeps)
    groups = {sweep.title: [each for each in survey.sweeps if each.title == sweep.title] for sweep in survey.sweeps}
    curves = "".join(
        f"<div class='note over-curve'>{escape(title)}</div>"
        + curve([(each.method, each.steps) for each in group], most)
        for title, group in groups.items()
    )
    rows = "".join(
        _sweep_row(each, escape(title) if each is group[0] else "", last=each is group[-1])
        for title, group in groups.items()
        for each in group
    )
    shown = "<span class='hot'>nearest</span> and <span class='cool'>blended</span>"
    if any(each.method == "morph" for each in survey.sweeps):
        shown = (
            "<span class='hot'>nearest</span>, <span class='cool'>blended</span> and <span class='good'>morphed</span>"
        )
    return (
        "<h2>As a show would see it</h2><p class='note'>Half an axis in two and a half seconds at 30 frames a second, "
        f"and a slow wander along all axes: the step from frame to frame, {shown}. Nearest strobes; blend goes soft "
        f"between the pictures.</p>{curves}<table><tr><th>sweep</th><th>method</th><th>median step</th><th>largest</th>"
        f"<th>pop p99</th><th>breathing</th><th>unevenness</th></tr>{rows}</table>"
    )


def _sweep_row(sweep: Sweep, title: str, *, last: bool) -> str:
    numbers = (
        _text(float(np.median(sweep.steps))),
        _text(max(sweep.steps)),
        _text(sweep.pop_p99),
        _text(sweep.breathing, 2),
        _text(sweep.evenness, 2),
    )
    shown = "".join(f"<td>{number}</td>" for number in numbers)
    colour = {"nearest": "hot", "blend": "cool", "morph": "good"}[sweep.method]
    kind = "" if last else " class='joined'"
    return f"<tr{kind}><td>{title}</td><td class='{colour}'>{sweep.method}</td>{shown}</tr>"


def _words() -> str:
    words = "".join(f"<dt>{word}</dt><dd>{text}</dd>" for word, text in WORDS)
    return f"<h2>What the numbers mean</h2><dl class='words'>{words}</dl>"


def _image(tesseract: Tesseract, cell: Cell, width: int) -> str:
    try:
        return f'<img alt="cell {cell}" src="{thumbnail(tesseract.picture(cell), width)}">'
    except (MissingPicture, DamagedPicture):
        return "<div></div>"


def _text(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _warn(value: float, warn: float, bad: float) -> str:
    return "bad" if value > bad else "warn" if value > warn else ""


def _names(names: Sequence[str]) -> str:
    return escape(", ".join(names))
