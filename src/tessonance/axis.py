"""One axis: a parameter of the generator, the values it takes, and the levels that bisect it. Pure."""

from __future__ import annotations

import math
import re
from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.errors import GridError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Axis"]

MAX_STEPS = 1_000_000
MAX_RECORDED = 10_000  # values that stand in a small document
RESERVED_NAMES = frozenset(
    {"frames", "bake", "y", "x", "rgb"}  # names of arrays, groups and dimensions inside the file
    | {"con", "prn", "aux", "nul"}  # an axis is a folder there, and Windows keeps these
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class Axis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter of the generator and the values it takes.

    Parameters
    ----------
    name : str
        A letter, then letters, digits and underscores.
    start, stop : float
        The range; ``from`` and ``to`` in the project file. `stop` may be below `start`.
    steps : int
        How many values, from 1 to 1,000,000. A closed axis leaves `stop` out, because it is `start` again.
    closed : bool
        Whether the ends meet, as those of an angle or a hue do.
    spacing : {"even", "perceptual"}
        How the values stand between `start` and `stop`: evenly, or as far apart as makes neighbouring pictures look
        equally different. The latter is for `tessonance.generate` to find out; until then they stand evenly.
    recorded : tuple of float, optional
        ``values`` in files: where the values of a perceptual axis stand, once that is decided. From `start` to `stop`
        in order, one for each step; a closed axis leaves `stop` out. At most 10,000.

    Raises
    ------
    GridError
        If the name, the range or the number of steps cannot be.
    """

    name: str
    start: float = msgspec.field(default=0.0, name="from")
    stop: float = msgspec.field(default=1.0, name="to")
    steps: int
    closed: bool = False
    spacing: Literal["even", "perceptual"] = "even"
    recorded: tuple[float, ...] | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="values")

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name.lower() in RESERVED_NAMES:
            raise GridError(
                "this cannot be the name of an axis",
                where=f"axis {self.name!r}",
                wanted="a letter, then letters, digits or _; bake, frames, x, y, rgb and Windows' devices are taken",
            )
        most = MAX_STEPS if self.spacing == "even" else MAX_RECORDED
        if not 1 <= self.steps <= most:
            raise GridError(
                "steps is out of range",
                where=f"axis {self.name!r}",
                wanted=f"a whole number from 1 to {most:,}",
                got=f"steps = {self.steps}",
                hint="17, 33 or 65 make good levels",
            )
        if not (math.isfinite(self.start) and math.isfinite(self.stop)) or (self.start == self.stop and self.steps > 1):
            raise GridError(
                "the range is no range",
                where=f"axis {self.name!r}",
                wanted="two different finite numbers, from and to",
                got=f"from = {self.start}, to = {self.stop}",
            )
        if self.recorded is not msgspec.UNSET and not self._is_in_order(self.recorded):
            raise GridError(
                "these are not its values",
                where=f"axis {self.name!r}",
                wanted=f"{self.steps} numbers in order from {self.start} to {self.stop}, of a perceptual axis",
                got=f"values = {list(self.recorded)!r:.80}",
                hint="leave values out: `tess generate` finds them"
                if self.spacing == "perceptual"
                else 'write spacing = "perceptual" beside them, or leave them out',
            )

    def _is_in_order(self, values: tuple[float, ...]) -> bool:
        """Tell whether these can be the values of this axis."""
        if self.spacing != "perceptual" or len(values) != self.steps or values[0] != self.start:
            return False
        way = np.sign(self.stop - self.start) * np.diff([*values, self.stop])
        inner = way if self.closed or self.steps == 1 else way[:-1]
        last_fits = self.closed or self.steps == 1 or values[-1] == self.stop
        return bool(last_fits and np.isfinite(way).all() and (inner > 0).all()) or self.steps == 1

    @property
    def is_decided(self) -> bool:
        """Whether it is known where its values stand."""
        return self.spacing == "even" or self.recorded is not msgspec.UNSET

    @property
    def edges(self) -> int:
        """How many edges the axis has: one fewer than its steps, or as many where the ends meet."""
        if self.steps == 1:
            return 0
        return self.steps if self.closed else self.steps - 1

    @property
    def values(self) -> NDArray[np.float64]:
        """The parameter's values, shape ``(steps,)``."""
        if self.recorded is not msgspec.UNSET:
            return np.array(self.recorded)
        if self.steps == 1:
            return np.array([self.start])
        return self.start + (self.stop - self.start) * (np.arange(self.steps) / self.edges)

    def value(self, place: float) -> float:
        """Return the value at a place in steps, 0..edges, between those of the steps beside it."""
        ends = np.append(self.values, self.stop) if self.closed else self.values
        return float(np.interp(place, np.arange(len(ends)), ends))

    def place(self, value: float) -> float:
        """Return where a value is, in steps; beyond the ends, as if its steps went on evenly."""
        if self.steps == 1:
            return 0.0
        share = (value - self.start) / (self.stop - self.start)
        if self.spacing == "even" or not 0 <= share <= 1:
            return share * self.edges
        ends = np.append(self.values, self.stop) if self.closed else self.values
        return float(np.interp(share, (ends - self.start) / (self.stop - self.start), np.arange(len(ends))))

    @property
    def levels(self) -> int:
        """How many levels bisect the axis until every step is a knot; at least 1."""
        return 1 + math.ceil(math.log2(self.edges)) if self.edges > 1 else 1

    def knots(self, level: int) -> NDArray[np.intp]:
        """Return the indices that stand after `level` bisections, in ascending order.

        Level 0 holds both ends; on a closed axis, whose ends are one, it holds index 0.
        A level beyond the last is the last.

        Parameters
        ----------
        level : int
            From 0.

        Returns
        -------
        ndarray of intp
            Indices into `values`.
        """
        places = next(islice(self._bisections(), min(level, self.levels - 1), None))
        return places[:-1] if places[-1] == self.steps else places  # the end of a closed axis is its beginning

    @property
    def level_of_index(self) -> NDArray[np.uint8]:
        """The level at which each index becomes a knot, shape ``(steps,)``."""
        first = np.full(self.steps, self.levels - 1, np.uint8)
        for level, places in enumerate(self._bisections()):
            index = places % self.steps
            first[index] = np.minimum(first[index], level)
        return first

    def _bisections(self) -> Iterator[NDArray[np.intp]]:
        """Yield the knots of each level in ascending order; a closed axis has its end besides its beginning."""
        places = np.unique(np.array([0, self.edges], np.intp))
        for _ in range(self.levels):
            yield places
            halved = np.stack([places[:-1], (places[:-1] + places[1:]) // 2], axis=1).reshape(-1)
            halved = np.append(halved, places[-1])
            places = halved[np.insert(np.diff(halved) > 0, 0, True)]  # between neighbours there is no half
