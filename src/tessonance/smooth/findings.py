"""What a survey finds, as plain frozen data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tessonance.grid import Cell

__all__ = ["AxisFindings", "Edge", "Guesses", "Survey", "Sweep", "plain"]


@dataclass(frozen=True)
class Edge:
    """Two neighbouring cells along one axis, and what changes between them.

    Parameters
    ----------
    axis : int
    first, second : Cell
    place : int
        Where the first one is among the axis' knots.
    step : float
        Mean FLIP.
    pop : float
        What of it motion does not explain; NaN where it was not looked for.
    speed : float
        In percent of the width; NaN where it was not looked for.
    """

    axis: int
    first: Cell
    second: Cell
    place: int
    step: float
    pop: float = math.nan
    speed: float = math.nan


@dataclass(frozen=True)
class Guesses:
    """Known pictures guessed from their two neighbours by one method: means over a sample.

    Parameters
    ----------
    method : {"blend", "morph"}
    ratio : float
        The interpolation ratio: error over the mean step.
    error : float
        FLIP.
    sharpness, contrast : float
        Over the true picture's.
    accepted : float
        The share of the guesses that are good enough not to paint the picture, 0..1.
    """

    method: str
    ratio: float
    error: float
    sharpness: float
    contrast: float
    accepted: float


@dataclass(frozen=True)
class AxisFindings:
    """The measures of one axis, over all its rows that were looked at; see `metrics` for each.

    Parameters
    ----------
    name : str
    values : tuple of float
        The parameter's values at the knots that were looked at.
    closed : bool
    measured : int
        Edges.
    mean, largest : float
        Of the steps, in FLIP.
    length : float
        The perceived length of the axis from end to end, in FLIP.
    roughness, uniformity, variation, flicker, tortuosity, cliff_share : float
        NaN where there is no answer.
    pop, speed : float
        Their means over a fair sample of the edges; NaN without one.
    edges : tuple of Edge
        The largest ones and that sample, with pop and speed.
    steps : tuple of (Cell, float)
        Each edge's first cell and step.
    guesses : tuple of Guesses
    refused : tuple of str
        The gates that were not passed: then no score of this axis means anything.
    skipped : int
        Steps of the axis that are no knots: not painted yet, or left out by a budget.
    """

    name: str
    values: tuple[float, ...]
    closed: bool
    measured: int
    mean: float
    largest: float
    length: float
    roughness: float
    uniformity: float
    variation: float
    flicker: float
    tortuosity: float
    cliff_share: float
    pop: float
    speed: float
    edges: tuple[Edge, ...]
    steps: tuple[tuple[Cell, float], ...]
    guesses: tuple[Guesses, ...]
    refused: tuple[str, ...]
    skipped: int = 0

    def value_after(self, place: int) -> float:
        """Return the value at the far end of an edge, by where its first cell is among the knots."""
        return self.values[(place + 1) % len(self.values)]


@dataclass(frozen=True)
class Sweep:
    """A slow way through the tesseract, as a show would make it, at 30 frames a second.

    Parameters
    ----------
    title : str
        Along which axis, or a wander along all.
    method : {"nearest", "blend", "morph"}
    steps : tuple of float
        FLIP between successive frames.
    pop_p99 : float
        The 99th percentile of pop between them.
    breathing : float
        Lowest over mean detail.
    evenness : float
        The coefficient of variation of the steps: 0 is even.
    """

    title: str
    method: str
    steps: tuple[float, ...]
    pop_p99: float
    breathing: float
    evenness: float


@dataclass(frozen=True)
class Survey:
    """How smooth a tesseract is.

    Parameters
    ----------
    where, name : str
        The tesseract.
    knots : tuple of tuple of int
        The indices along each axis whose cells were measured.
    cells, painted : int
        Of the grid.
    complete : bool
        Whether every edge between the knots was measured, or a fair sample.
    holes : int
        Pictures of this level that were looked for and not there, or damaged.
    spread : float
        R: mean FLIP over random pairs.
    axes : tuple of AxisFindings
    sweeps : tuple of Sweep
    advice : tuple of str
        What to do about it, the most important first.
    """

    where: str
    name: str
    knots: tuple[tuple[int, ...], ...]
    cells: int
    painted: int
    complete: bool
    holes: int
    spread: float
    axes: tuple[AxisFindings, ...]
    sweeps: tuple[Sweep, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """How many knots were measured along each axis."""
        return tuple(len(along) for along in self.knots)

    @property
    def refused(self) -> tuple[str, ...]:
        """The axes that did not pass the gates."""
        return tuple(axis.name for axis in self.axes if axis.refused)

    @property
    def edges(self) -> int:
        """How many edges were measured."""
        return sum(axis.measured for axis in self.axes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; what has no answer is None."""
        found: dict[str, Any] = plain(asdict(self))
        return found | {"refused": list(self.refused), "edges": self.edges}


def plain(value: Any) -> Any:
    """Return what JSON can hold: lists for tuples, and None for numbers that are none, all through."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
