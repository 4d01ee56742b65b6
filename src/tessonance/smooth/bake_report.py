"""What a bake came to, axis by axis, as plain frozen data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.store.bake import BLEND, FLOW

if TYPE_CHECKING:
    from tessonance.store.bake import Bake
    from tessonance.store.calibration import Calibration

__all__ = ["LEAST_RANK", "BakeReport", "BakedAxis", "summed", "summed_dicts"]

LEAST_RANK = 0.9  # of the quick distance beside FLIP; below, it is told


@dataclass(frozen=True)
class BakedAxis:
    """The edges of one axis.

    Parameters
    ----------
    name : str
    edges : int
        How many there are, in all rows.
    flow, blend : int
        How many of them do; the others are not baked.
    length : float
        How long the axis is to the eye, in FLIP: the steps of a row added up, the mean of all rows. NaN where nothing
        is baked.
    """

    name: str
    edges: int
    flow: int
    blend: int
    length: float


@dataclass(frozen=True)
class BakeReport:
    """What `bake` did.

    Parameters
    ----------
    where : str
        The tesseract.
    axes : tuple of BakedAxis
    calibration : Calibration or None
        None where there is no edge.
    finder : str
        What found the flow.
    made : int
        Edges that were baked now.
    kept : int
        Edges that were baked before, of the same pictures.
    reused : int
        Edges taken over from a bake for other knots.
    stale : int
        Edges that were baked before, and made again because a picture of theirs has changed.
    missing : int
        Edges that are not baked because a picture of theirs is missing or damaged.
    damaged : str
        Why an earlier bake could not be read and was made again; empty where there was none.
    seconds : float
        What it took.
    """

    where: str
    axes: tuple[BakedAxis, ...]
    calibration: Calibration | None
    finder: str
    made: int
    kept: int
    reused: int
    stale: int
    missing: int
    damaged: str
    seconds: float

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return sum(axis.edges for axis in self.axes)

    @property
    def rough(self) -> bool:
        """Whether the distances rank less as FLIP does than they should."""
        return self.calibration is not None and self.calibration.rank_correlation < LEAST_RANK

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, for JSON; what has no answer is None."""
        return {**asdict(self), "axes": [_plain(axis) for axis in self.axes]}


def summed_dicts(bake: Bake) -> list[dict[str, Any]]:
    """Return what a bake holds of each axis as plain data, for JSON."""
    return [_plain(axis) for axis in summed(bake)]


def _plain(axis: BakedAxis) -> dict[str, Any]:
    return {**asdict(axis), "length": axis.length if math.isfinite(axis.length) else None}


def summed(bake: Bake) -> tuple[BakedAxis, ...]:
    """Return what a bake holds of each axis."""
    return tuple(_axis(bake, axis) for axis in range(len(bake.knots)))


def _axis(bake: Bake, axis: int) -> BakedAxis:
    methods, steps = bake.methods(axis), bake.distances(axis)[..., -1]
    baked = steps[np.isfinite(steps)]
    length = float(baked.mean(dtype=np.float64)) * bake.files.edges(axis) if baked.size else math.nan
    if not methods.size:
        length = 0.0
    flow, blend = (int(np.count_nonzero(methods == method)) for method in (FLOW, BLEND))
    return BakedAxis(bake.files.grid.names[axis], methods.size, flow, blend, length)
