"""Knots that are finer than whole levels: recorded by who painted them, believed where they are painted. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.grid import MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Grid, Knots

__all__ = ["finer", "with_knots"]

ATTRIBUTE = "tessonance_knots"
MOST_KNOTS = 100_000  # in all: what stands in a small document


def with_knots(group: dict[str, Any], grid: Grid, knots: Knots) -> dict[str, Any]:
    """Return the group's document with some knots recorded; as it is where they are too many."""
    if sum(map(len, knots)) > MOST_KNOTS:
        return group
    told = {axis.name: [int(index) for index in along] for axis, along in zip(grid.axes, knots, strict=True)}
    return {**group, "attributes": {**group["attributes"], ATTRIBUTE: told}}


def finer(
    group: dict[str, Any], grid: Grid, whole: Knots, *, level: int, is_painted: Callable[..., NDArray[np.bool_]]
) -> Knots:
    """Return the knots that are recorded, where they are painted and no fewer cells than those of whole levels.

    Parameters
    ----------
    group : dict
        The group's document, a stranger's.
    grid : Grid
    whole : tuple of ndarray of intp
        The finest knots that whole levels make.
    level : int
        The finest complete level: no axis may be coarser.
    is_painted : callable
        Given flat indices, tells which of them are painted.

    Returns
    -------
    tuple of ndarray of intp
        Those recorded, else `whole`.
    """
    told = group.get("attributes", {}).get(ATTRIBUTE)
    if not isinstance(told, dict) or set(told) != set(grid.names):
        return whole
    found = [_along(axis, told[axis.name], least) for axis, least in zip(grid.axes, grid.knots(level), strict=True)]
    knots = tuple(along for along in found if along is not None)
    if len(knots) < len(found) or math.prod(map(len, knots)) < math.prod(map(len, whole)):
        return whole
    return knots if all(is_painted(flats).all() for flats in grid.knots_chunks(knots, MOST_AT_ONCE)) else whole


def _along(axis: Axis, told: Any, least: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """Return the knots of an axis as they are told; None where they cannot be."""
    if not isinstance(told, list) or not len(told) <= axis.steps or not all(type(index) is int for index in told):
        return None
    if not told or min(told) < 0 or max(told) >= axis.steps:
        return None
    along = np.array(told, np.intp)
    in_order = bool((np.diff(along) > 0).all())
    return along if in_order and np.isin(least, along).all() else None
