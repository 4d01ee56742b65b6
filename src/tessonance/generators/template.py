"""Axis placeholders: ``{height}`` in the strings of a request becomes the axis' value. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tessonance.errors import ProjectError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Template", "fixed_point", "named_axes"]

DECIMALS = 6
MAX_DECIMALS = 12
MAX_DEPTH = 64  # of tables in tables: a workflow has five
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
FORM = re.compile(r"([^:]+?)(?::\.(\d{1,2})f)?")


def fixed_point(value: float, decimals: int = DECIMALS) -> str:
    """Write a number without an exponent, which the prompt parsers of image servers do not read.

    Trailing zeros go, as does the point before them: ``0.8``, ``1``, ``-0.125``.
    """
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


class Template:
    """A string, or tables and lists of strings, with placeholders for axes.

    ``{height}`` becomes the axis' value in fixed-point notation, ``{height:.2f}`` the same with two decimals; ``{{``
    and ``}}`` are braces. A string that is one placeholder and nothing else becomes a number.

    Parameters
    ----------
    given : object
        What JSON can hold.
    axes : iterable of str
        The names that may stand in braces.
    where : str
        What to call it in errors.
    lenient : bool
        Whether braces that hold no axis stand for themselves, as in the file of another program.

    Attributes
    ----------
    used : frozenset of str
        The axes that it names.

    Raises
    ------
    ProjectError
        For a placeholder that is no axis, a lone brace, or tables nested too deeply.
    """

    def __init__(self, given: Any, axes: Iterable[str], *, where: str, lenient: bool = False) -> None:
        self._given, self._axes, self._where = given, frozenset(axes), where
        self._lenient = lenient
        used: set[str] = set()
        self._walk(given, self._axes_of, used, where, 0)
        self.used = frozenset(used)

    def fill(self, point: Mapping[str, float]) -> Any:
        """Return what was given, with the values of a point in it; nothing of it is shared with what was given."""
        return self._walk(self._given, self._filled, point, self._where, 0)

    def _walk(self, part: Any, at_string: Any, argument: Any, where: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ProjectError("tables are nested too deeply", where=self._where, wanted=f"at most {MAX_DEPTH} levels")
        if isinstance(part, str):
            return at_string(part, argument, where)
        if isinstance(part, dict):
            return {k: self._walk(v, at_string, argument, f"{where}.{k}", depth + 1) for k, v in part.items()}
        if isinstance(part, list | tuple):
            return [self._walk(v, at_string, argument, f"{where}[{k}]", depth + 1) for k, v in enumerate(part)]
        return part

    def _axes_of(self, text: str, used: set[str], where: str) -> None:
        used.update(form[0] for match in PLACEHOLDER.finditer(text) if (form := self._form(match, text, where)))

    def _filled(self, text: str, point: Mapping[str, float], where: str) -> str | float:
        whole = PLACEHOLDER.fullmatch(text)
        if whole and (form := self._form(whole, text, where)):
            number = round(float(point[form[0]]), form[1])
            return int(number) if number.is_integer() else number

        def put(match: re.Match[str]) -> str:
            if form := self._form(match, text, where):
                return fixed_point(point[form[0]], form[1])
            return match[0] if self._lenient else match[0][0]

        return PLACEHOLDER.sub(put, text)

    def _form(self, match: re.Match[str], text: str, where: str) -> tuple[str, int] | None:
        """Return the axis of a placeholder, and how many decimals; None for braces that stand for themselves."""
        form = FORM.fullmatch((match[1] or "").strip())
        if match[0] in ("{{", "}}") or (self._lenient and (form is None or form[1] not in self._axes)):
            return None
        if form is None:
            raise ProjectError(
                "a brace stands alone", where=where, got=text[:80], hint="{name of an axis}, or {{ for a brace itself"
            )
        if form[1] not in self._axes:
            raise ProjectError(f"there is no axis {form[1]!r}", where=where, hint=nearest(form[1], self._axes))
        return form[1], min(int(form[2]), MAX_DECIMALS) if form[2] else DECIMALS


def named_axes(axes: Iterable[str], *templates: Template, where: str) -> None:
    """Raise ProjectError for an axis that no template names: it would paint the same picture again and again."""
    for axis in axes:
        if not any(axis in template.used for template in templates):
            raise ProjectError(
                f"axis {axis!r} changes nothing",
                where=where,
                wanted=f"{{{axis}}} somewhere in it",
                hint="or drop the axis",
            )
