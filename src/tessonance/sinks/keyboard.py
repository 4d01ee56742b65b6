"""What is typed, as plain names: the same on every keyboard. Pure."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Keyboard"]

REPEATING = frozenset({"up", "down", "left", "right", "pageup", "pagedown", "backspace"})
NAMES = {
    "ESCAPE": "escape",
    "ENTER": "enter",
    "KP_ENTER": "enter",
    "TAB": "tab",
    "SPACE": "space",
    "BACKSPACE": "backspace",
    "INSERT": "insert",
    "DELETE": "delete",
    "UP": "up",
    "DOWN": "down",
    "LEFT": "left",
    "RIGHT": "right",
    "PAGE_UP": "pageup",
    "PAGE_DOWN": "pagedown",
    "HOME": "home",
    "END": "end",
    **{f"F{number}": f"f{number}" for number in range(1, 13)},
}  # of GLFW's constants KEY_…
SHIFT, CTRL, ALT, SUPER = 1, 2, 4, 8  # GLFW's bits
RELEASE, REPEAT = 0, 2


class Keyboard:
    """Makes names of what the window system tells: first of a key, then of the character it types.

    Letters are small, with ``shift+`` before them where shift is held; signs are what is typed, ``+`` or ``?``,
    wherever they are on the keyboard; where the alphabet is another, a key has the name of the Latin one in its place.
    So ``s`` is a key on every keyboard. Other names: ``space``, ``enter``, ``escape``, ``tab``, ``backspace``,
    ``insert``, ``delete``, ``up``, ``down``, ``left``, ``right``, ``pageup``, ``pagedown``, ``home``, ``end``, ``f1``
    to ``f12``. With control keys: ``ctrl+q``, ``alt+enter``, ``super+f``.

    A key that is held comes again if it is an arrow, a page or a sign; letters, digits and ``space`` come once.

    Parameters
    ----------
    named : mapping of int to str
        Codes of the keys that have a name of their own.
    """

    def __init__(self, named: Mapping[int, str]) -> None:
        self._named = dict(named)
        self._pending: tuple[int, bool, int] | None = None  # a key whose character is still to come
        self._typed: list[str] = []

    def key(self, code: int, action: int, modifiers: int) -> None:
        """Note that a key was pressed, held or released."""
        if action == RELEASE:
            return
        repeated, held = action == REPEAT, modifiers & (CTRL | ALT | SUPER)
        if code in self._named:
            name = self._named[code]
            self._note(name, modifiers, wanted=not repeated or name in REPEATING)
        elif held and held != CTRL | ALT:  # both together are AltGr, which types signs
            if 32 < code < 127:
                self._note(chr(code).lower(), modifiers, wanted=not repeated)
        else:
            self._pending = code, repeated, modifiers

    def character(self, codepoint: int) -> None:
        """Note which character the key has typed."""
        if self._pending is None:
            return
        (code, repeated, modifiers), self._pending = self._pending, None
        typed = codepoint if 32 < codepoint < 127 else code
        if not 32 < typed < 127:
            return
        name = chr(typed).lower()
        if name.isalnum():
            self._note(name, modifiers & SHIFT if name.isalpha() else 0, wanted=not repeated)
        else:
            self._note(name, 0, wanted=True)

    def typed(self) -> list[str]:
        """Return what was typed since the last call, in order."""
        typed, self._typed = self._typed, []
        return typed

    def _note(self, name: str, modifiers: int, *, wanted: bool) -> None:
        if wanted:
            held = ((CTRL, "ctrl+"), (ALT, "alt+"), (SUPER, "super+"), (SHIFT, "shift+"))
            self._typed.append("".join(word for bit, word in held if modifiers & bit) + name)
