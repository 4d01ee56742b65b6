"""Slow ways through a tesseract, frame by frame as a show would make them, and how they look."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tessonance.sampling import CpuSampler
from tessonance.smooth.findings import Sweep
from tessonance.smooth.metrics import breathing, change, detail, variation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.sampling import Fields

__all__ = ["SWEEP_FRAMES", "sweeps", "wander"]

SWEEP_FRAMES = 75  # half an axis in two and a half seconds
AT_ONCE = 15  # frames in memory together


def sweeps(
    read: Callable[[Cell], NDArray[np.uint8]],
    grid: Grid,
    knots: Knots,
    *,
    pool: ThreadPoolExecutor,
    fields: Fields | None = None,
    frames: int = SWEEP_FRAMES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Sweep, ...]:
    """Sweep along the middle half of each axis, and wander along all of them; each by every method there is.

    Parameters
    ----------
    read : callable
        Cell → picture.
    grid : Grid
    knots : tuple of ndarray of int
        The indices along each axis whose product is painted.
    pool : ThreadPoolExecutor
        What compares the frames.
    fields : Fields, optional
        How the pictures move, a bake of these knots; without them there is no morph.
    frames : int
        Of each sweep.
    progress : callable
        Called with how many sweeps are done, and of how many.

    Returns
    -------
    tuple of Sweep
        None of a grid of one cell.
    """
    moving = [k for k, along in enumerate(knots) if len(along) > 1]
    ways = [(grid.axes[k].name, _along(len(knots), k, frames)) for k in moving]
    if len(moving) > 1:
        ways.append(("all axes", wander(len(knots), frames)))
    methods = ("nearest", "blend") if fields is None else ("nearest", "blend", "morph")
    found: list[Sweep] = []
    for title, way in ways:
        for method in methods:
            sampler = CpuSampler(read, grid, knots, method=method, fields=fields)
            found.append(_watch(title, method, sampler, way, pool))
            progress(len(found), len(methods) * len(ways))
    return tuple(found)


def wander(axes: int, frames: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Return a smooth random way that turns nowhere sharply.

    Parameters
    ----------
    axes : int
    frames : int
    seed : int

    Returns
    -------
    ndarray of float64, shape (frames, axes)
        0..1; on each axis two slow sines, of which neither repeats.
    """
    random = np.random.default_rng(seed)
    turns = np.linspace(0, 2 * math.pi, frames)[:, None]
    first, second = random.uniform(0, 2 * math.pi, (2, axes))
    slow = np.sin(turns * random.uniform(0.3, 0.6, axes) + first)
    way: NDArray[np.float64] = 0.5 + 0.35 * slow + 0.1 * np.sin(turns * random.uniform(0.8, 1.3, axes) + second)
    return way


def _along(axes: int, axis: int, frames: int) -> NDArray[np.float64]:
    way = np.full((frames, axes), 0.5)
    way[:, axis] = np.linspace(0.25, 0.75, frames)
    return way


def _watch(title: str, method: str, sampler: CpuSampler, way: NDArray[np.float64], pool: ThreadPoolExecutor) -> Sweep:
    steps: list[float] = []
    pops: list[float] = []
    details: list[float] = []
    last: list[NDArray[np.uint8]] = []
    for start in range(0, len(way), AT_ONCE):
        shown = last + [sampler.frame(at).copy() for at in way[start : start + AT_ONCE]]
        changes = list(pool.map(lambda pair: change(*pair), pairwise(shown)))
        steps += [found.step for found in changes]
        pops += [found.pop for found in changes]
        details += pool.map(detail, shown[len(last) :])
        last = shown[-1:]
    return Sweep(
        title=title,
        method=method,
        steps=tuple(steps),
        pop_p99=_percentile(pops, 99),
        breathing=breathing(details),
        evenness=variation(steps),
    )


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else math.nan
