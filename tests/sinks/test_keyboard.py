"""What is typed, as plain names."""

from __future__ import annotations

import pytest

from tessonance.sinks.keyboard import ALT, CTRL, SHIFT, SUPER, Keyboard

NAMED = {256: "escape", 265: "up", 32: "space", 290: "f1"}
RELEASE, PRESS, REPEAT = 0, 1, 2


def typed(*events: tuple[int, int, int, str]) -> list[str]:
    """What comes of keys: code, action, modifiers, and the character that the layout makes of it."""
    keyboard = Keyboard(NAMED)
    for code, action, modifiers, character in events:
        keyboard.key(code, action, modifiers)
        if character:
            keyboard.character(ord(character))
    return keyboard.typed()


@pytest.mark.parametrize(
    ("code", "modifiers", "character", "name"),
    [
        (ord("S"), 0, "s", "s"),
        (ord("S"), SHIFT, "S", "shift+s"),
        (ord("S"), 0, "S", "s"),  # caps lock
        (ord("S"), 0, "ы", "s"),  # Russian
        (ord("S"), SHIFT, "Ы", "shift+s"),
        (ord("Z"), 0, "y", "y"),  # German
        (ord("1"), 0, "1", "1"),
        (ord("1"), SHIFT, "1", "1"),  # French
        (ord("="), SHIFT, "+", "+"),
        (ord("]"), 0, "+", "+"),  # German
        (ord("/"), SHIFT, "?", "?"),
        (ord("8"), CTRL | ALT, "[", "["),  # AltGr on Windows
        (ord("Q"), CTRL, "", "ctrl+q"),
        (ord("F"), CTRL | SUPER | SHIFT, "", "ctrl+super+shift+f"),
        (256, 0, "", "escape"),
        (265, SHIFT, "", "shift+up"),
        (290, ALT, "", "alt+f1"),
        (32, 0, " ", "space"),
    ],
)
def test_a_key_has_one_name_on_every_keyboard(code: int, modifiers: int, character: str, name: str) -> None:
    assert typed((code, PRESS, modifiers, character), (code, RELEASE, modifiers, "")) == [name]


def test_arrows_and_signs_repeat_and_all_else_comes_once() -> None:
    held = [(265, "", "up"), (ord("="), "+", "+"), (ord("S"), "s", "s"), (32, " ", "space"), (ord("1"), "1", "1")]
    for code, character, name in held:
        got = typed((code, PRESS, 0, character), (code, REPEAT, 0, character), (code, REPEAT, 0, character))
        assert got == [name] * (3 if name in ("up", "+") else 1)


def test_what_was_typed_is_told_once_and_keys_without_a_name_are_left_out() -> None:
    keyboard = Keyboard(NAMED)
    keyboard.key(340, PRESS, SHIFT)  # shift itself
    keyboard.key(265, PRESS, 0)
    keyboard.character(0x1F600)  # out of a menu of the desktop, without a key
    assert keyboard.typed() == ["up"]
    assert keyboard.typed() == []
