"""What may change while a show goes on, as frozen values that a take can keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tessonance.errors import GridError, ProjectError, SoundError
from tessonance.project import Governing, Idle, Mapping, Route, Sound
from tessonance.tables import many, options

if TYPE_CHECKING:
    from tessonance.grid import Grid

__all__ = [
    "Beat",
    "Blackout",
    "Change",
    "End",
    "Hold",
    "Play",
    "Release",
    "Routes",
    "SetAxis",
    "SetFeature",
    "Show",
    "Tap",
    "change_from",
    "plain",
]


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping in plain structs, not bound to a grid yet."""

    routes: tuple[Route, ...]
    sound: Sound = Sound()
    idle: Idle = Idle()
    governor: Governing = Governing()

    @classmethod
    def of(cls, mapping: Mapping) -> Routes:
        """Take the routes and settings of a mapping."""
        return cls(mapping.routes, mapping.sound, mapping.idle, mapping.governor)

    def on(self, grid: Grid) -> Mapping:
        """Bind them to a grid. Raises ProjectError where they do not fit it."""
        return Mapping(grid, self.routes, self.sound, self.idle, self.governor)


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hold"):
    """Let the coordinate stand still, or go on."""

    on: bool


class SetAxis(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="axis"):
    """Take an axis out of the music's hand and put it somewhere; with None, give it back."""

    axis: str
    value: float | None


class SetFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="feature"):
    """Let a feature be this, 0..1, whatever is heard; with None, what is heard again."""

    feature: str
    value: float | None


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="release"):
    """Give every axis back to the music."""


class Tap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tap"):
    """Somebody tapped the beat, at a second of the sound as it was heard."""

    seconds: float


class Beat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="beat"):
    """Another program told a beat, at a second of the sound as it was heard.

    `bpm` is its tempo, if that was told too; `first` says that a bar begins with it.
    """

    seconds: float
    bpm: float | None = None
    first: bool = False


class Play(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="play"):
    """A tesseract, by its number in the show, begins to move as a mapping says, or goes on with another mapping.

    `since` is the sample from which on the mapping has heard, where it had to warm up.
    """

    piece: int
    routes: Routes
    since: int | None = None


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end"):
    """A tesseract moves no more."""

    piece: int


class Show(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="show"):
    """A tesseract is shown: it fades in over the one before."""

    piece: int
    seconds: float


class Blackout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="blackout"):
    """The picture fades out, or in again."""

    on: bool
    seconds: float


Change: TypeAlias = Play | End | Hold | SetAxis | SetFeature | Release | Tap | Beat | Show | Blackout
_KINDS: dict[str, type[Any]] = {
    "hold": Hold,
    "axis": SetAxis,
    "feature": SetFeature,
    "release": Release,
    "tap": Tap,
    "beat": Beat,
    "end": End,
    "show": Show,
    "blackout": Blackout,
}


def plain(change: Change) -> dict[str, Any]:
    """Return a change as plain data; `change_from` reads it back."""
    data: dict[str, Any] = msgspec.to_builtins(change)
    return data


def change_from(data: object, *, where: str) -> Change:
    """Build a change from plain data that may come from anywhere.

    Raises
    ------
    SoundError
        If there is no such change.
    """
    if not isinstance(data, dict):
        raise SoundError("this is no change", where=where, got=repr(data)[:80])
    kind, rest = data.get("type"), {key: value for key, value in data.items() if key != "type"}
    try:
        if kind == "play":
            return _play(rest, where)
        if kind in _KINDS:
            change: Change = msgspec.convert(data, _KINDS[kind])
            return change
    except (msgspec.ValidationError, ProjectError, GridError) as error:
        raise SoundError("this is no change", where=where, got=str(error)[:200]) from None
    raise SoundError("there is no such change", where=where, got=repr(kind)[:80])


def _play(data: dict[str, Any], where: str) -> Play:
    piece, since = data.get("piece"), data.get("since")
    if data.keys() - {"piece", "routes", "since"} or type(piece) is not int or type(since) not in (int, type(None)):
        raise SoundError("this is no change", where=where, got=repr(data)[:80])
    return Play(piece, _routes(data.get("routes"), where), since)


def _routes(data: object, where: str) -> Routes:
    if not isinstance(data, dict) or data.keys() - {"routes", "sound", "idle", "governor"}:
        raise SoundError("this is no change", where=where, got=repr(data)[:80])
    return Routes(
        many(Route, data.get("routes", []), f"{where} [[route]]"),
        options(Sound, data.get("sound", {}), f"{where} [sound]"),
        options(Idle, data.get("idle", {}), f"{where} [idle]"),
        options(Governing, data.get("governor", {}), f"{where} [governor]"),
    )
