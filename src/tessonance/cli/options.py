"""Kinds of values that several commands take."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _Type = click.ParamType[Any]  # generic only in newer versions of click
else:
    _Type = click.ParamType

__all__ = ["DURATION", "FILE", "FPS", "PLACE", "SECONDS", "SIZE"]


class _Size(_Type):
    name = "WxH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        if not (match := re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", str(value))):
            self.fail(f"{value!r} is no size; write it as 1280x720", param, ctx)
        return int(match[1]), int(match[2])


class _Seconds(_Type):
    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", str(value)):
            self.fail(f"{value!r} is no time; write seconds, or 1:30", param, ctx)
        total = 0.0
        for part in str(value).split(":"):
            total = total * 60 + float(part)
        return total


class _Fps(_Type):
    name = "FPS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        try:
            fps = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no frame rate; write 30, 59.94 or 30000/1001", param, ctx)
        return fps


class _Duration(_Type):
    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        parts = re.fullmatch(
            r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", str(value).replace(" ", "")
        )
        if not parts or not any(parts.groups()):
            self.fail(f"{value!r} is no duration; write 2h, 90m, 1h30m or 45s", param, ctx)
        return sum(float(part or 0) * unit for part, unit in zip(parts.groups(), (3600, 60, 1), strict=True))


SIZE, SECONDS, FPS, DURATION = _Size(), _Seconds(), _Fps(), _Duration()

# click would answer a file that may not be read as a wrong call; it is refused where it is opened, as any other.
FILE = click.Path(path_type=Path, readable=False)
PLACE = click.Path(readable=False)  # a tesseract: a folder, a packed file or an address, which a Path would spoil
