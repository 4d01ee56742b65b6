"""The keys of a show: one table, from which the help on the screen and the page on keys are made."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias, get_args

__all__ = ["ACTIONS", "KEYS", "Action", "Key", "action_of", "piece_of"]

Action: TypeAlias = Literal[
    "help",
    "fullscreen",
    "window",
    "hud",
    "freeze",
    "blackout",
    "more gain",
    "less gain",
    "more smoothing",
    "less smoothing",
    "reset",
    "automatic level",
    "save",
    "tap",
    "next",
    "choose",
    "leave",
]
ACTIONS: tuple[str, ...] = get_args(Action)


class Key(NamedTuple):
    """One row of the table.

    Parameters
    ----------
    names : tuple of str
        What the window calls the keys.
    shown : str
        What stands on them.
    action : Action
    says : str
        What they do.
    """

    names: tuple[str, ...]
    shown: str
    action: Action
    says: str


KEYS: tuple[Key, ...] = (
    Key(("h", "f1"), "H", "help", "this help"),
    Key(("f", "f11"), "F", "fullscreen", "fill the screen, or back"),
    Key(("escape",), "Esc", "window", "back to a window"),
    Key(("p",), "P", "hud", "the panel"),
    Key(("space",), "Space", "freeze", "freeze, or go on"),
    Key(("b",), "B", "blackout", "fade to black, or back"),
    Key(("up",), "Up", "more gain", "more gain: the music moves it further"),
    Key(("down",), "Down", "less gain", "less gain"),
    Key(("right",), "Right", "more smoothing", "more smoothing: slower"),
    Key(("left",), "Left", "less smoothing", "less smoothing: quicker"),
    Key(("r",), "R", "reset", "gain, smoothing and level as in the file"),
    Key(("a",), "A", "automatic level", "automatic level on, or held as it is now"),
    Key(("s",), "S", "save", "save gain, smoothing and level to the file"),
    Key(("t",), "T", "tap", "tap the beat, three times or more"),
    Key(("n", "tab"), "N", "next", "the next tesseract"),
    Key(tuple("123456789"), "1 ... 9", "choose", "a tesseract by its number"),
    Key(("q",), "Q Q", "leave", "end the show: twice"),
)
_ACTIONS = {name: key.action for key in KEYS for name in key.names}


def action_of(name: str) -> Action | None:
    """Return what a key does, by the window's name for it; None for nothing."""
    return _ACTIONS.get(name.lower())


def piece_of(name: str) -> int:
    """Return which tesseract a number key chooses, counted from 0."""
    return int(name) - 1
