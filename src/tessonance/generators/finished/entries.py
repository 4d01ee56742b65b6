"""Finished pictures before they are sorted into a grid: what each is called along every axis."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tessonance.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tessonance.generators.painting.form import Bytes

__all__ = ["Entry", "Pattern", "Source", "guessed_pattern"]

_PLACE = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD_BEFORE = re.compile(r"([A-Za-z]+)[ _=-]*$")
GUESSES = "abcdefghijklmnop"


@dataclass(frozen=True)
class Entry:
    """One finished picture.

    Parameters
    ----------
    name : str
        What to call it.
    labels : mapping of str to str
        What it is called along each axis, as written.
    """

    name: str
    labels: Mapping[str, str]


class Source(Protocol):
    """Where finished pictures are.

    Attributes
    ----------
    axes : tuple of str
        What the labels tell of, in order.
    entries : tuple of Entry
    strange : tuple of str
        What was found beside them and could not be understood.
    is_concurrent : bool
        Whether several threads may read at once.
    is_counted : bool
        Whether the labels are the indices themselves, because nothing tells of values.
    """

    axes: tuple[str, ...]
    entries: tuple[Entry, ...]
    strange: tuple[str, ...]
    is_concurrent: bool
    is_counted: bool

    def encoded(self, entry: Entry) -> bytes | None:
        """Return the file of a picture, if it has one of its own. Raises GeneratorError."""
        ...

    def picture(self, entry: Entry) -> Bytes:
        """Decode a picture. Raises GeneratorError."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(frozen=True)
class Pattern:
    """Names with places for axes, such as ``flower_{height}_{blot}.png``.

    Parameters
    ----------
    text : str
        With ``/`` between folders; without an ending it fits files of every kind.

    Raises
    ------
    ProjectError
        If it has no place, one twice, or two with nothing between them.
    """

    text: str
    axes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = tuple(_PLACE.findall(self.text))
        problem = None
        if not names:
            problem = "it has no {axis}"
        elif len(set(names)) < len(names):
            problem = "an axis stands in it twice"
        elif re.search(r"\}\{", self.text):
            problem = "nothing stands between two axes, so that nobody can tell where one ends"
        elif not all(name.isidentifier() for name in names):
            problem = "an axis has no name, or none that can be one"
        if problem:
            raise ProjectError(f"this is no pattern: {problem}", where=self.text, wanted="flower_{height}_{blot}.png")
        object.__setattr__(self, "axes", names)

    @property
    def depth(self) -> int:
        """How many folders deep the files lie."""
        return self.text.count("/")

    def labels(self, name: str) -> dict[str, str] | None:
        """Return what a name says of each axis; None where it does not fit."""
        found = self._expression.fullmatch(name)
        return found.groupdict() if found else None

    @property
    def _expression(self) -> re.Pattern[str]:
        parts = _PLACE.split(self.text)
        text = "".join(re.escape(part) if k % 2 == 0 else f"(?P<{part}>[^/]+?)" for k, part in enumerate(parts))
        return re.compile(text if re.search(r"\.\w+$", parts[-1]) else text + r"\.\w+", re.IGNORECASE)


def guessed_pattern(names: list[str]) -> Pattern:
    """Guess the pattern of names that differ in numbers.

    Parameters
    ----------
    names : list of str
        Of picture files in one folder.

    Returns
    -------
    Pattern
        With an axis for every number that varies, named after the word before it if there is one.

    Raises
    ------
    ProjectError
        If most of the names are not alike, or nothing varies.
    """
    skeletons: dict[str, list[list[str]]] = {}
    for name in names:
        stem = name.rpartition(".")[0]
        skeletons.setdefault(_NUMBER.sub("\0", stem), []).append(_NUMBER.findall(stem))
    skeleton, numbers = max(skeletons.items(), key=lambda pair: len(pair[1]), default=("", []))
    columns = list(zip(*numbers, strict=True))
    vary = [len(set(column)) > 1 for column in columns]
    if len(numbers) * 2 < len(names) or not any(vary):
        raise ProjectError(
            "it cannot be guessed which axes these names tell of",
            where=", ".join(names[:3]),
            hint="say it: --pattern 'flower_{height}_{blot}.png'",
        )
    text, taken = "", set[str]()
    for k, part in enumerate(skeleton.split("\0")):
        if k and vary[k - 1]:
            text += "{" + _axis_name(text, taken) + "}"
        elif k:
            text += columns[k - 1][0]
        text += part
    return Pattern(text)


def _axis_name(before: str, taken: set[str]) -> str:
    word = _WORD_BEFORE.search(before)
    first = before if "{" not in before else before.rpartition("}")[2]
    name = word[1].lower() if word and word[1] in first and taken else ""
    if not name or name in taken or name in ("x", "y", "rgb", "frames"):
        name = next(letter for letter in GUESSES if letter not in taken)
    taken.add(name)
    return name
