"""Prompts whose words have weights and alternatives that axes set, as mixtures of plain prompts. Pure.

``(tall:{height})`` is a phrase with a weight: 0 is the prompt without it, 1 with it, and what lies between and beyond
is on the straight line through the two. ``[drawing|photograph:{look}]`` leads from one phrase to others: 0 is the
first, 1 the second. With several of them a prompt is the multilinear mixture of its corner prompts, each of which is
plain text that a text encoder reads once.

Why not the emphasis of other programs, which multiplies the numbers that a phrase was encoded to: the response of
compel bends at 1, and is singular where two weights near 0; A1111 rescales by the mean of the whole batch; and at 0 the
phrase is still there, for its neighbours were encoded beside it. A mixture is linear through 1, has no special corner,
and is exact where there is a plain prompt to compare with.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

from tessonance.errors import ProjectError
from tessonance.generators.diffusion.values import Stops, Value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tessonance.grid import Axis

__all__ = ["Corner", "Prompts"]

MAX_CORNERS = 256
MAX_DEPTH = 16
MAX_CHARACTERS = 20_000
WEIGHTS = (2.0, 3.0)  # how far below 0 and above 1 the weight of a phrase may be
ALTERNATIVES = (0.5, 0.5)
CLOSING = {"(": ")", "[": "]"}
TAIL = re.compile(r":\s*(\{[^{}]*\}|[-+]?(?:\d+\.?\d*|\.\d+))\s*$")

Texts = tuple[str, ...]


class Corner(NamedTuple):
    """A share of a mixture: the plain texts, one for each prompt, and their weight."""

    texts: Texts
    weight: float


class _Choice(NamedTuple):
    """A place in a prompt where one of several texts stands; `factor` says which number chooses."""

    factor: int
    options: tuple[_Text, ...]


_Text = tuple["str | _Choice", ...]


class _Factor(NamedTuple):
    value: Value
    stops: Stops


class Prompts:
    """Some prompts that vary together, such as the positive and the negative one.

    Parameters
    ----------
    texts : sequence of str
    axes : sequence of Axis
        Those of the project.
    where : sequence of str
        What to call each text in errors.

    Attributes
    ----------
    used : frozenset of str
        The axes that they name.

    Raises
    ------
    ProjectError
        For a text that cannot be read, or too many corners.
    """

    def __init__(self, texts: Sequence[str], axes: Sequence[Axis], *, where: Sequence[str]) -> None:
        self._axes = {axis.name: axis for axis in axes}
        self._factors: list[_Factor] = []
        self._texts = [_Reader(text, self, place).read() for text, place in zip(texts, where, strict=True)]
        self.used = frozenset(factor.value.axis for factor in self._factors if factor.value.axis)
        corners = math.prod(factor.stops.count for factor in self._factors)
        if corners > MAX_CORNERS:
            raise ProjectError(
                "these are too many prompts",
                where=where[0],
                wanted=f"at most {MAX_CORNERS}; two for each weight, and as many as there are alternatives",
                got=str(corners),
            )

    def corners(self) -> Iterator[Texts]:
        """Yield the texts of every corner."""
        for chosen in product(*(range(factor.stops.count) for factor in self._factors)):
            yield self._written(chosen)

    def at(self, point: Mapping[str, float]) -> tuple[Corner, ...]:
        """Return the mixture at a point: corners with weights that sum to 1, none of which is 0."""
        sides = []
        for value, stops in self._factors:
            low, high, share = stops.between(value.at(point))
            sides.append([(stop, weight) for stop, weight in ((low, 1 - share), (high, share)) if weight])
        mixed: dict[Texts, float] = {}
        for chosen in product(*sides):
            texts = self._written(tuple(stop for stop, _ in chosen))
            mixed[texts] = mixed.get(texts, 0.0) + math.prod(weight for _, weight in chosen)
        return tuple(Corner(texts, weight) for texts, weight in mixed.items() if weight)

    def knots(self, axis: Axis) -> list[float]:
        """Return the values of an axis between which the mixture is linear, its ends among them, in ascending order."""
        counts = [factor.stops.count for factor in self._factors if factor.value.axis == axis.name]
        low, high = sorted((axis.start, axis.stop))
        inner = {float(stop) for count in counts for stop in range(count) if count > 2 and low < stop < high}
        return sorted({low, high, *inner})

    def factor(self, tail: str, count: int, *, is_weight: bool, where: str) -> int:
        """Return the number of what chooses at a place: one for each axis, however often the prompts name it."""
        given = tail if tail.startswith("{") else float(tail)
        value = value_of(given, self._axes, where=where)
        axis = self._axes.get(value.axis or "")
        stops = Stops(count, closed=axis is not None and axis.closed)
        if axis and is_weight and axis.closed:
            raise ProjectError(f"a weight cannot be a closed axis: {axis.name!r}", where=where, hint="[one|other:{…}]")
        beyond = WEIGHTS if is_weight else ALTERNATIVES
        if axis:
            stops.check(axis, beyond=beyond, where=where)
        elif not -beyond[0] <= value.number <= count - 1 + beyond[1]:
            wanted = f"{-beyond[0]:g}..{count - 1 + beyond[1]:g}"
            raise ProjectError(
                "this number is out of range", where=where, wanted=wanted, got=tail, hint="\\( is a bracket"
            )
        for number, known in enumerate(self._factors):
            if known.value.axis and known.value.axis == value.axis:
                if known.stops.count != count:
                    raise ProjectError(
                        f"axis {value.axis!r} chooses among {known.stops.count} here and among {count} there",
                        where=where,
                        wanted="as many alternatives wherever the prompt names it; a weight has two",
                    )
                return number
        self._factors.append(_Factor(value, stops))
        return len(self._factors) - 1

    def _written(self, chosen: tuple[int, ...]) -> Texts:
        return tuple(_tidy(_flat(text, chosen)) for text in self._texts)


class _Reader:
    """Reads one text: ``(…:weight)``, ``[…|…:value]``, and backslashes before brackets that are to stay."""

    def __init__(self, text: str, prompts: Prompts, where: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise ProjectError("this prompt is too long", where=where, wanted=f"at most {MAX_CHARACTERS:,} characters")
        self._text, self._prompts, self._where = text, prompts, where

    def read(self) -> _Text:
        return self._read(self._text, 0)

    def _read(self, text: str, depth: int) -> _Text:
        if depth > MAX_DEPTH:
            raise ProjectError("brackets are nested too deeply", where=self._where, wanted=f"at most {MAX_DEPTH}")
        parts: list[str | _Choice] = []
        place = 0
        while place < len(text):
            character = text[place]
            if character == "\\" and place + 1 < len(text):
                place += 1
                parts.append(text[place])
            elif character in CLOSING:
                end = self._end(text, place)
                parts += self._group(character, text[place + 1 : end], depth + 1)
                place = end
            elif character in "{}":
                hint = "(phrase:{axis}) is a weight, [one|other:{axis}] leads from one to the other, \\{ is a brace"
                raise ProjectError("an axis stands alone", where=self._where, got=text[place : place + 40], hint=hint)
            else:
                parts.append(character)
            place += 1
        return tuple(parts)

    def _end(self, text: str, start: int) -> int:
        """Return the place of the bracket that closes the one at `start`."""
        if (end := next(_at_depth_0(text, start + 1, CLOSING[text[start]]), None)) is None:
            raise ProjectError(
                f"a bracket is not closed: {CLOSING[text[start]]!r} is missing",
                where=self._where,
                got=text[start : start + 40],
                hint=f"\\{text[start]} is a bracket itself",
            )
        return end

    def _group(self, bracket: str, inside: str, depth: int) -> list[str | _Choice]:
        if not (tail := TAIL.search(inside)):
            return [bracket, *self._read(inside, depth), CLOSING[bracket]]
        body = inside[: tail.start()]
        bars = [-1, *_at_depth_0(body, 0, "|"), len(body)] if bracket == "[" else []
        texts = [body[bar + 1 : after] for bar, after in pairwise(bars)] if bars else ["", body]
        if len(texts) < 2:
            raise ProjectError(
                "there is nothing to lead to", where=self._where, got=f"[{inside}]"[:80], hint="[one|other:{axis}]"
            )
        factor = self._prompts.factor(tail[1], len(texts), is_weight=bracket == "(", where=self._where)
        return [_Choice(factor, tuple(self._read(text, depth) for text in texts))]


def _at_depth_0(text: str, start: int, wanted: str) -> Iterator[int]:
    """Yield the places from `start` on where a character stands outside of inner brackets and without a backslash."""
    inner: list[str] = []
    place = start
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 1
        elif inner and character == inner[-1]:
            inner.pop()
        elif not inner and character == wanted:
            yield place
        elif character in CLOSING:
            inner.append(CLOSING[character])
        place += 1


def _flat(text: _Text, chosen: tuple[int, ...]) -> str:
    return "".join(part if isinstance(part, str) else _flat(part.options[chosen[part.factor]], chosen) for part in text)


def _tidy(text: str) -> str:
    """Close the gap that a phrase leaves: spaces and commas that stood around it."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"(?: ?,)+", ",", re.sub(r" (?=[,.;:!?])", "", text))
    return text.strip(" ,")
