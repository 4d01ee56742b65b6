"""Values of axes: where they stand in the options, between which stops they are, and with which weights. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from tessonance.errors import ProjectError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tessonance.grid import Axis

__all__ = ["Between", "Stops", "Value", "value_of"]

PLACEHOLDER = re.compile(r"\{\s*([A-Za-z]\w*)\s*\}")


class Value(NamedTuple):
    """A number of the project file, or the axis whose value it is.

    Parameters
    ----------
    axis : str or None
    number : float
        What it is where no axis is named.
    """

    axis: str | None = None
    number: float = 0.0

    def at(self, point: Mapping[str, float]) -> float:
        """Return the number at a point."""
        return self.number if self.axis is None else point[self.axis]


def value_of(given: float | str, axes: Collection[str], *, where: str) -> Value:
    """Read ``7.5`` or ``"{axis}"``. Raises ProjectError for anything else, and for axes that are not there."""
    if not isinstance(given, str):
        if not math.isfinite(given):
            raise ProjectError("this is no number", where=where, got=str(given))
        return Value(number=float(given))
    if not (found := PLACEHOLDER.fullmatch(given.strip())):
        raise ProjectError("this is no number", where=where, wanted='a number, or "{name of an axis}"', got=given[:80])
    if found[1] not in axes:
        raise ProjectError(f"there is no axis {found[1]!r}", where=where, hint=nearest(found[1], axes))
    return Value(axis=found[1])


class Between(NamedTuple):
    """Where a value is: at `share` of the way from stop `low` to stop `high`; beyond the ends, outside of 0..1."""

    low: int
    high: int
    share: float


class Stops:
    """A row of things that a value leads through: 0 is the first, 1 the second; on a closed axis the last leads home.

    Parameters
    ----------
    count : int
        How many there are, at least 2.
    closed : bool
    """

    def __init__(self, count: int, *, closed: bool = False) -> None:
        self.count, self.closed = count, closed

    def between(self, value: float) -> Between:
        """Return between which stops a value is."""
        value = value % self.count if self.closed else value
        low = min(max(math.floor(value), 0), self.count - (1 if self.closed else 2))
        return Between(low, (low + 1) % self.count, value - low)

    def check(self, axis: Axis, *, beyond: tuple[float, float], where: str) -> None:
        """Raise ProjectError for an axis that leads too far beyond the stops, or closes without coming home."""
        if self.closed:
            if (axis.start, axis.stop) != (0, self.count):
                raise ProjectError(
                    f"the closed axis {axis.name!r} does not come home",
                    where=where,
                    wanted=f"from = 0, to = {self.count}: once through all {self.count}, and back to the first",
                    got=f"from = {axis.start:g}, to = {axis.stop:g}",
                )
            return
        low, high = -beyond[0], self.count - 1 + beyond[1]
        if not all(low <= end <= high for end in (axis.start, axis.stop)):
            raise ProjectError(
                f"axis {axis.name!r} leads too far",
                where=where,
                wanted=f"values from {low:g} to {high:g}",
                got=f"{axis.start:g}..{axis.stop:g}",
            )
