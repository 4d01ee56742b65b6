"""One edge after the other along a row: how its pictures move, whether that is worth it, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from tessonance.errors import DamagedPicture, MissingPicture
from tessonance.smooth.distance import distance, glance
from tessonance.smooth.fields import FIELD_SIDE, find, shown, shrink, spread_out
from tessonance.smooth.flow import dis, warp
from tessonance.smooth.guess import known
from tessonance.smooth.views import lessened
from tessonance.store.bake import SHARES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Cell
    from tessonance.smooth.distance import Glance
    from tessonance.smooth.flow import FlowFinder
    from tessonance.smooth.guess import Guess, Known
    from tessonance.store.bake_field import Field

    Floats = NDArray[np.float32]
    Flows = tuple[Floats, Floats]
    _Verdict = tuple[Guess, Guess]  # of a known picture: guessed by a blend, and by the flow

__all__ = ["Cells", "FoundEdge", "Line", "Still", "worth"]

GAIN = 0.98  # flow has to err this much less than blending: what is as good is cheaper without
# How far two pictures, moved to the middle of their edge, still are from each other, as a share of the edge. On edges
# whose middle is known, flow never lost below the first, and never won above the second.
MEETS, PARTS = 0.6, 0.9


class Still:
    """A picture as it is looked at here: made smaller, and seen and glanced at once.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
    """

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self.full = picture.shape[:2]
        self.small = lessened(picture, FIELD_SIDE)

    @cached_property
    def glance(self) -> Glance:
        """The picture at a glance."""
        return glance(self.small)

    @cached_property
    def known(self) -> Known:
        """The picture as guesses are held against it."""
        return known(self.small)


class FoundEdge(NamedTuple):
    """What was found out about an edge.

    Parameters
    ----------
    distances : tuple of 3 float
        From its first picture to the frames at 1/16, 1/4 and all of it, as the quick distance has them.
    field : Field or None
        None where it blends.
    """

    distances: tuple[float, ...]
    field: Field | None


class _Moved(NamedTuple):
    """Two pictures, how they move, and how far they still are from each other when they meet half way."""

    field: Field
    flows: Flows
    apart: float


def worth(guess: Guess) -> float:
    """Return how bad a guess is: its error, and more of it where it is softer, sharper or greyer than the picture.

    Error alone rewards grey ghosts: two pictures laid over each other err little in each place.
    """
    return guess.error * (1 + abs(1 - min(guess.sharpness, 2.0)) + abs(1 - min(guess.contrast, 2.0)))


class Cells(Protocol):
    """The cells of a row in the order of the axis: a list, or whatever counts and gives them."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Cell: ...


@dataclass(eq=False)
class Line:
    """A row of knots along an axis, whose edges are looked at one by one; for one thread.

    Parameters
    ----------
    cells : Cells
    read : callable
        Cell → picture; may raise MissingPicture or DamagedPicture.
    closed : bool
        Whether the last is followed by the first.
    middles : dict of int to (Cell, float)
        A painted cell between the two of an edge, by the number of the edge, and how far along it is.
    places : sequence of int
        Where the cells are on the axis.
    finder : FlowFinder
    """

    cells: Cells
    read: Callable[[Cell], NDArray[np.uint8]]
    closed: bool = False
    middles: dict[int, tuple[Cell, float]] = field(default_factory=dict)
    places: Sequence[float] | NDArray[np.intp] | None = None
    finder: FlowFinder = dis
    _stills: dict[Cell, Still | None] = field(default_factory=dict)
    _verdicts: dict[int, _Verdict | None] = field(default_factory=dict)

    def edge(self, number: int) -> FoundEdge | None:
        """Look at an edge; None where a picture of it is missing or damaged."""
        first, second = self.still(number), self.still(number + 1)
        if first is None or second is None:
            return None
        whole = distance(first.glance, second.glance)
        moved = self._move(first, second, whole)
        flows = moved.flows if moved is not None and self._flows(number, moved) else None
        frames = (glance(_clipped(shown(first.small, second.small, flows, u))) for u in SHARES[:-1])
        near = tuple(distance(first.glance, frame) for frame in frames)
        return FoundEdge((*near, whole), moved.field if moved is not None and flows is not None else None)

    def still(self, place: int) -> Still | None:
        """Return the picture of a knot, counted around where the row is closed; None where there is none."""
        return self._still(self.cells[place % len(self.cells)])

    def forget(self, place: int) -> None:
        """Let go of the picture of a knot."""
        self._stills.pop(self.cells[place % len(self.cells)], None)

    def _flows(self, number: int, moved: _Moved) -> bool:
        """Decide whether an edge flows: known pictures in it or beside it are guessed both ways."""
        if moved.apart > PARTS:
            return False
        if number in self.middles:
            verdicts = [self._inside(number, moved)]
        else:
            verdicts = [self._across(place) for place in (number, number + 1)]
        judged = [verdict for verdict in verdicts if verdict is not None]
        better = sum(worth(flow) for _, flow in judged) < GAIN * sum(worth(blend) for blend, _ in judged)
        better &= sum(flow.error for _, flow in judged) < sum(blend.error for blend, _ in judged)
        # Where twice the edge was too far for the flow, or nothing is known, this edge may still hold together.
        return better or (moved.apart <= MEETS and number not in self.middles)

    def _inside(self, number: int, moved: _Moved) -> _Verdict | None:
        """Guess the painted picture between the two of an edge."""
        first, second = self.still(number), self.still(number + 1)
        cell, share = self.middles[number]
        middle = self._still(cell)
        if first is None or second is None or middle is None:
            return None
        return _verdict(first, middle, second, moved, share)

    def _across(self, place: int) -> _Verdict | None:
        """Guess the picture of a knot from the two beside it: by a blend, and by the flow."""
        count = len(self.cells)
        if self.closed and count > 2:
            place %= count
        elif not 0 < place < count - 1:
            return None
        if place not in self._verdicts:
            before, middle, after = (self.still(place + by) for by in (-1, 0, 1))
            if before is None or middle is None or after is None:
                return None
            moved = self._move(before, after, distance(before.glance, after.glance))
            verdict = None if moved is None else _verdict(before, middle, after, moved, self._share(place))
            self._verdicts[place] = verdict
        return self._verdicts[place]

    def _share(self, place: int) -> float:
        """Return how far a knot is between its neighbours."""
        if self.places is None or not 0 < place < len(self.cells) - 1:
            return 0.5
        before, here, after = self.places[place - 1 : place + 2]
        return float((here - before) / (after - before))

    def _move(self, first: Still, second: Still, whole: float) -> _Moved | None:
        """Find how two pictures move, as it would be kept; None where nothing does."""
        if whole <= 0:
            return None
        kept = shrink(find(first.small, second.small, finder=self.finder), *first.full)
        if kept.scale <= 0:
            return None
        flows = spread_out(kept, first.small.shape, first.full)
        half = np.float32(0.5)
        here, there = warp(first.small, flows[0] * half), warp(second.small, flows[1] * half)
        return _Moved(kept, flows, distance(glance(_clipped(here)), glance(_clipped(there))) / whole)

    def _still(self, cell: Cell) -> Still | None:
        if cell not in self._stills:
            try:
                self._stills[cell] = Still(self.read(cell))
            except (MissingPicture, DamagedPicture):
                self._stills[cell] = None
        return self._stills[cell]


def _verdict(first: Still, middle: Still, second: Still, moved: _Moved, share: float) -> _Verdict:
    guesses = (shown(first.small, second.small, flows, share) for flows in (None, moved.flows))
    blend, flow = (middle.known.judge(_clipped(guess)) for guess in guesses)
    return blend, flow


def _clipped(frame: Floats) -> Floats:
    return np.clip(frame, 0, 1)
