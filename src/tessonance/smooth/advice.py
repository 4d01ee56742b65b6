"""What to do about what a survey found, in plain words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tessonance.smooth.findings import AxisFindings, Survey

__all__ = ["advise"]

FLAT = 0.05  # an axis that is shorter changes next to nothing
LONG = 4.0  # FLIP; lively material goes about 3 a second
COARSE = 0.30  # a step as large as the 99th percentile of what looks lively between two frames
POPS, POP_FLOOR = 2.0, 0.03  # an edge pops if its pop is so many times the axis' mean, and can be seen
UNEVEN = 2.5
MOST_POPS = 3
PAINT_ON = "(`tess generate`, with a larger --budget or without)"


def advise(found: Survey) -> Survey:
    """Return the survey with its advice, the most important first."""
    said: list[str] = []
    for axis in found.axes:
        said += [f"{axis.name} is refused: {reason}" for reason in axis.refused]
        if axis.refused:
            said.append(
                f"{axis.name}: fix the seed and pin the sampler's noise; if they are fixed, {_finer(axis)}, "
                "or narrow its range"
            )
    for axis in found.axes:
        if not axis.refused and axis.measured:
            said += _of_axis(axis)
    if found.holes:
        said.append(
            f"{found.holes} pictures of this level are missing or damaged: `tess generate` paints what is missing"
        )
    if not any(axis.measured for axis in found.axes):
        said.append("there is no edge to measure: a tesseract needs two neighbouring pictures at the least")
    return replace(found, advice=tuple(said))


def _of_axis(axis: AxisFindings) -> list[str]:
    if axis.length < FLAT:
        return [f"{axis.name} changes next to nothing from end to end: widen its range, or leave it out"]
    pops = _pops(axis)
    said = list(pops)
    if axis.mean > COARSE:
        said.append(
            f"{axis.name} takes large steps ({axis.mean:.2f} FLIP each): one after the other they strobe; "
            f"{_finer(axis)}, or narrow its range"
        )
    if axis.length > LONG:
        said.append(
            f"{axis.name} is {axis.length:.1f} FLIP long: drive it slowly (loudness over bars, or a speed route), "
            "or narrow it"
        )
    elif not said:
        said.append(f"{axis.name} is {axis.length:.1f} FLIP long: short enough for a fast feature")
    if axis.uniformity > UNEVEN and not pops:
        said.append(f"{axis.name} is uneven: its largest step is {axis.uniformity:.1f} times the mean")
    return said if pops or axis.mean > COARSE else said + _savings(axis)


def _pops(axis: AxisFindings) -> list[str]:
    limit = max(POP_FLOOR, POPS * axis.pop)
    places = sorted({edge.place for edge in axis.edges if edge.pop > limit})
    spans: list[list[int]] = []
    for place in places:
        if spans and place == spans[-1][1] + 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    said = [f"between {axis.values[first]:.3g} and {axis.value_after(last):.3g}" for first, last in spans[:MOST_POPS]]
    more = f"paint what it skips {PAINT_ON}" if axis.skipped else "add steps there"
    return [f"{axis.name} pops {' and '.join(said)}: {more}"] if said else []


def _finer(axis: AxisFindings) -> str:
    return f"paint the {axis.skipped:,} steps that it skips {PAINT_ON}" if axis.skipped else "give it more steps"


def _savings(axis: AxisFindings) -> list[str]:
    best = max(axis.guesses, key=lambda guess: guess.accepted, default=None)
    if best is None or best.accepted < 0.9:
        return []
    so = "what it skips need not be painted" if axis.skipped else "half its steps would do"
    return [
        f"{axis.name}: every second picture can be guessed by {best.method} ({best.accepted:.0%} of those tried were "
        f"good enough), so {so}"
    ]
