"""What can be said over OSC: one table of addresses, for the program and for its reference page. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "HEARD",
    "SAID",
    "Address",
    "Beat",
    "Blackout",
    "Bpm",
    "Choose",
    "Gain",
    "Hold",
    "Message",
    "Refused",
    "Release",
    "SetAxis",
    "SetFeature",
    "Smoothing",
    "Tap",
    "heard",
]

BPM = (20.0, 400.0)
TESSERACTS = 999
NAME_LENGTH = 64
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")  # axes, features, and bands such as 40-90Hz
TITLE_LENGTH = 255
WEIGHTS = 16.0  # times as smooth at one end of the fader, a sixteenth at the other


@dataclass(frozen=True)
class Message:
    """Something that was said.

    Parameters
    ----------
    seconds : float
        When it arrived, on the clock that `OscIn` was given.
    """

    seconds: float


@dataclass(frozen=True)
class SetAxis(Message):
    """Put an axis at a place, 0..1, and keep it from the music until `Release`."""

    axis: str
    value: float


@dataclass(frozen=True)
class SetFeature(Message):
    """Let a feature be this, 0..1, where the show listens to OSC instead of sound."""

    feature: str
    value: float


@dataclass(frozen=True)
class Hold(Message):
    """Keep all axes where they are (True), give them back (False), or the other of both (None)."""

    on: bool | None = None


@dataclass(frozen=True)
class Release(Message):
    """Give every axis back to the music."""


@dataclass(frozen=True)
class Gain(Message):
    """How strongly the music moves the axes: a fader, 0..1, as the mapping says in its middle."""

    value: float

    @property
    def factor(self) -> float:
        """What gains are multiplied by, 0..2."""
        return 2.0 * self.value


@dataclass(frozen=True)
class Smoothing(Message):
    """How slowly the axes follow the music: a fader, 0..1, as the mapping says in its middle."""

    value: float

    @property
    def factor(self) -> float:
        """What times are multiplied by, 1/16..16."""
        return float(WEIGHTS ** (2.0 * self.value - 1.0))


@dataclass(frozen=True)
class Choose(Message):
    """Go to another tesseract: by its number, from 1, or by its name."""

    tesseract: int | str


@dataclass(frozen=True)
class Beat(Message):
    """Here is a beat; whether it is said to be the first of a bar."""

    first: bool = False


@dataclass(frozen=True)
class Bpm(Message):
    """The tempo, in beats a minute."""

    value: float


@dataclass(frozen=True)
class Tap(Message):
    """A tap of the tempo, as with the key."""


@dataclass(frozen=True)
class Blackout(Message):
    """Fade to black (True), back (False), or the other of both (None)."""

    on: bool | None = None


class Refused(ValueError):
    """Nothing that can be followed, with the reason."""


Reading: TypeAlias = "Callable[[float, str, Sequence[Any]], Message | None]"


@dataclass(frozen=True)
class Address:
    """One line of the table.

    Parameters
    ----------
    address : str
        A last part of ``NAME`` stands for any name.
    arguments : str
        What comes with it, for people.
    meaning : str
        One sentence.
    read : callable, optional
        Time, name and arguments → the message; None where there is nothing to do. Raises `Refused`.
    """

    address: str
    arguments: str
    meaning: str
    read: Reading | None = None


def heard(address: str, arguments: Sequence[Any], seconds: float) -> Message | None:
    """Read one message.

    Parameters
    ----------
    address : str
    arguments : sequence
        As they were sent: numbers, truth values, text.
    seconds : float
        When it arrived.

    Returns
    -------
    Message or None
        None where it says nothing, as a button that is let go.

    Raises
    ------
    Refused
        If there is no such address, or if what comes with it is not what the table says.
    """
    line, name = _BY_ADDRESS.get(address), ""
    if line is None:
        family, _, name = address.rpartition("/")
        line = _BY_ADDRESS.get(f"{family}/NAME")
    if line is None or line.read is None:
        raise Refused(f"no address {_short(address)}")
    try:
        return line.read(seconds, name, arguments)
    except Refused as refused:
        raise Refused(f"{_short(address)}: {refused}") from None


def _short(text: str) -> str:
    """Return a text that may be anything, as it can be shown."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[:NAME_LENGTH])
    return shown + ("…" if len(text) > NAME_LENGTH else "")


def _number(arguments: Sequence[Any]) -> float:
    if len(arguments) != 1 or not isinstance(arguments[0], int | float):
        raise Refused("one number is wanted")
    if not math.isfinite(arguments[0]):
        raise Refused("this is no number")
    return float(arguments[0])


def _share(arguments: Sequence[Any]) -> float:
    return min(max(_number(arguments), 0.0), 1.0)


def _named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise Refused("this can be no name")
    return name


def _switched(arguments: Sequence[Any]) -> bool | None:
    return None if not arguments else _number(arguments) != 0.0


def _pressed(message: Message, arguments: Sequence[Any]) -> Message | None:
    """Leave out a button that comes up: controllers send a 1 when it goes down, and then a 0."""
    return None if _switched(arguments) is False else message


def _axis(seconds: float, name: str, arguments: Sequence[Any]) -> Message:
    return SetAxis(seconds, _named(name), _share(arguments))


def _feature(seconds: float, name: str, arguments: Sequence[Any]) -> Message:
    return SetFeature(seconds, _named(name), _share(arguments))


def _choose(seconds: float, name: str, arguments: Sequence[Any]) -> Message:
    if len(arguments) == 1 and isinstance(arguments[0], str):
        if not 1 <= len(arguments[0]) <= TITLE_LENGTH or not arguments[0].isprintable():
            raise Refused("this can be no name of a tesseract")
        return Choose(seconds, arguments[0])
    number = _number(arguments)
    if number != int(number) or not 1 <= number <= TESSERACTS:
        raise Refused(f"a number from 1 to {TESSERACTS} is wanted, or a name")
    return Choose(seconds, int(number))


def _bpm(seconds: float, name: str, arguments: Sequence[Any]) -> Message:
    value = _number(arguments)
    if not BPM[0] <= value <= BPM[1]:
        raise Refused(f"from {BPM[0]:.0f} to {BPM[1]:.0f} beats a minute are wanted")
    return Bpm(seconds, value)


HEARD: tuple[Address, ...] = (
    Address("/tess/axis/NAME", "f", "The place of the axis NAME, 0..1; kept from the music until released.", _axis),
    Address(
        "/tess/hold",
        "none, or i",
        "All axes stay where they are, and so does the picture: 1 on, 0 off, nothing the other of both.",
        lambda seconds, _, given: Hold(seconds, _switched(given)),
    ),
    Address(
        "/tess/release",
        "none, or i",
        "The music moves every axis again.",
        lambda seconds, _, given: _pressed(Release(seconds), given),
    ),
    Address(
        "/tess/gain",
        "f",
        "How strongly the music moves the axes: 0 not at all, 0.5 as the mapping says, 1 twice.",
        lambda seconds, _, given: Gain(seconds, _share(given)),
    ),
    Address(
        "/tess/smoothing",
        "f",
        "How slowly the axes follow: 0 in a sixteenth of the time, 0.5 as the mapping says, 1 in sixteen times.",
        lambda seconds, _, given: Smoothing(seconds, _share(given)),
    ),
    Address("/tess/tesseract", "i or s", "Another tesseract, by its number from 1 or by its name.", _choose),
    Address("/tess/beat", "none, or i", "A beat, now.", lambda seconds, _, given: _pressed(Beat(seconds), given)),
    Address(
        "/tess/bar",
        "none, or i",
        "A beat, now, and a bar begins with it.",
        lambda seconds, _, given: _pressed(Beat(seconds, first=True), given),
    ),
    Address("/tess/bpm", "f", f"The tempo, {BPM[0]:.0f}..{BPM[1]:.0f} beats a minute.", _bpm),
    Address(
        "/tess/tap",
        "none, or i",
        "A tap of the tempo, as with the key.",
        lambda seconds, _, given: _pressed(Tap(seconds), given),
    ),
    Address(
        "/tess/blackout",
        "none, or i",
        "Fade to black: 1 on, 0 off, nothing the other of both.",
        lambda seconds, _, given: Blackout(seconds, _switched(given)),
    ),
    Address(
        "/tess/freeze",
        "none, or i",
        "The same as `/tess/hold`, by the name that the key has.",
        lambda seconds, _, given: Hold(seconds, _switched(given)),
    ),
    Address("/tess/feature/NAME", "f", "The feature NAME, 0..1, for a show with `--input osc`.", _feature),
)

SAID: tuple[Address, ...] = (
    Address("/tess/feature/NAME", "f", "Each feature that the show hears, 0..1."),
    Address("/tess/coordinate", "f …", "The place in the tesseract: one number for each axis, 0..1, in their order."),
    Address("/tess/axis/NAME", "f", "The same, each axis by its name."),
    Address("/tess/beat", "f", "Where in the beat the music is: 0 on the beat, rising to 1."),
    Address("/tess/bpm", "f", "The tempo, in beats a minute; left out while there is none."),
)

_BY_ADDRESS = {line.address: line for line in HEARD}
