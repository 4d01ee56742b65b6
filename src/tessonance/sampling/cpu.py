"""Coordinate → frame on the processor: reads pictures, keeps some of them, moves and weighs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tessonance.errors import RenderError, nearest
from tessonance.sampling.fields import check_field, steps
from tessonance.sampling.fine import grain
from tessonance.sampling.kept import Kept
from tessonance.sampling.moves import Mover
from tessonance.sampling.taps import METHODS, taps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from tessonance.grid import Cell, Grid
    from tessonance.sampling.fields import Field, Fields
    from tessonance.sampling.fit import Region
    from tessonance.sampling.moves import Move
    from tessonance.sampling.taps import Along, Edge, Shift, Tap

__all__ = ["CpuSampler"]

CACHE_BYTES = 256 * 2**20
FIELD_BYTES = 64 * 2**20
LEAST_BYTES = 4096  # that a field counts for, even where there is none: so their number is bounded, too


class CpuSampler:
    """Makes the frame of any coordinate, always the same one.

    Parameters
    ----------
    read : callable
        Cell → picture, uint8 of shape (H, W, 3), every picture of one shape.
    grid : Grid
    knots : sequence of sequences of int
        The indices along each axis whose product is painted; see `taps`.
    method : {"nearest", "blend", "morph"}
    fields : Fields, optional
        How pictures move, for ``morph``: those of the same knots. Without them it blends.
    region : (int, int, int, int), optional
        Left, top, width and height of the part of the pictures that frames show; all of it unless given. Pictures that
        move are read beyond it.
    fine : bool
        Whether pictures that move are read along curves, which keeps them sharp, and rounded with a grain, which keeps
        contours from crawling; see `tessonance.sampling.fine`. Without, it takes half the time.
    cache_bytes : int
        How many bytes of pictures to keep; the least recently used goes first. The pictures that are being weighed are
        held whatever it says.

    Raises
    ------
    RenderError
        If there is no such method, or the fields are of other knots; from `frame` also whatever `read` raises.

    Notes
    -----
    One thread at a time. Coded values are weighed in float32 and rounded once, so a frame is within 0.5/255 of the
    exact sum, and within 1/255 where pictures move.
    """

    def __init__(
        self,
        read: Callable[[Cell], NDArray[np.uint8]],
        grid: Grid,
        knots: Sequence[Along],
        *,
        method: str = "blend",
        fields: Fields | None = None,
        region: Region | None = None,
        fine: bool = True,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        if method not in METHODS:
            raise RenderError(f"there is no method {method!r}", hint=nearest(method, METHODS))
        self._read, self._grid, self._method, self._region = read, grid, method, region
        self._knots = [[int(index) for index in along] for along in knots]  # bisecting a list is ten times as fast
        self._fields = fields if method == "morph" else None
        if self._fields is not None and [list(map(int, along)) for along in self._fields.knots] != self._knots:
            raise RenderError("these fields are of other knots", hint="`tess bake` once more")
        self._pictures: Kept[NDArray[np.uint8]] = Kept(cache_bytes, _bytes)
        self._edges: Kept[Field | None] = Kept(FIELD_BYTES, _field_bytes)
        self._fine = fine
        self._mover: Mover | None = None
        self._sum: NDArray[np.float32] | None = None
        self._moved: list[NDArray[np.uint8]] = []
        self._finely: _Finely | None = None

    def frame(self, coordinate: ArrayLike) -> NDArray[np.uint8]:
        """Make the frame of a coordinate.

        Parameters
        ----------
        coordinate : array_like, shape (N,)
            0..1 along each axis.

        Returns
        -------
        ndarray of uint8, shape (H, W, 3)
            At the pictures' own size, or that of the region; on a cell, read-only and exactly its picture.
        """
        where = np.asarray(coordinate, np.float64).tolist()
        found = taps(where, self._grid, self._knots, method=self._method)
        if self._fine and self._fields is not None and any(map(self._has_moved, found)):
            return self._weigh_finely(found)
        return self._weigh(found)

    def _weigh_finely(self, found: list[Tap]) -> NDArray[np.uint8]:
        """Weigh parts that are not rounded; the sum is, once, with a grain."""
        if self._finely is None:
            self._finely = _Finely(self._picture(found[0].cell), self._region)
        total, into, spread = self._finely.total, self._finely.moved, self._finely.grain
        total.fill(0.0)
        for tap in found:
            picture = self._picture(tap.cell)
            moves = self._moves(tap.shifts, (picture.shape[1], picture.shape[0]))
            part: NDArray[Any] = (
                self._mover_for(picture).read_finely(picture, moves, into)
                if moves
                else cv2.cvtColor(self._shown(picture), cv2.COLOR_RGB2RGBA)
            )
            cv2.addWeighted(total, 1.0, part, tap.weight, 0.0, dst=total, dtype=cv2.CV_32F)
        frame = cv2.add(total, spread, dtype=cv2.CV_8U)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGBA2RGB), np.uint8)

    def _weigh(self, found: list[Tap]) -> NDArray[np.uint8]:
        first, *middle, last = (found[0], found[-1]) if len(found) == 1 else found
        total: NDArray[Any] = self._part(first, 0)
        if len(found) == 1:
            return total
        share = first.weight
        for number, tap in enumerate(middle, 1):
            part, into = self._part(tap, number), self._sum_like(total)
            total = cv2.addWeighted(total, share, part, tap.weight, 0.0, dst=into, dtype=cv2.CV_32F)
            share = 1.0
        part = self._part(last, len(found) - 1)
        frame = cv2.addWeighted(total, share, part, last.weight, 0.0, dtype=cv2.CV_8U)
        return np.asarray(frame, np.uint8)

    def _sum_like(self, picture: NDArray[Any]) -> NDArray[np.float32]:
        """Return the one buffer for sums: new ones for every frame cost more in page faults than the arithmetic."""
        if self._sum is None:
            self._sum = np.empty(picture.shape, np.float32)
        return self._sum

    def _part(self, tap: Tap, number: int) -> NDArray[np.uint8]:
        """Return what a tap shows; where it has moved, as long as no more than one further is asked for."""
        picture = self._picture(tap.cell)
        moves = self._moves(tap.shifts, (picture.shape[1], picture.shape[0]))
        if not moves:
            return self._shown(picture)
        mover = self._mover_for(picture)
        if not self._moved:
            self._moved = [np.empty(self._shown(picture).shape, np.uint8) for _ in range(2)]
        return mover.read(picture, moves, self._moved[number % 2])

    def _mover_for(self, picture: NDArray[np.uint8]) -> Mover:
        if self._mover is None:
            size = picture.shape[1], picture.shape[0]
            self._mover = Mover(size, self._region or (0, 0, *size))
        return self._mover

    def _has_moved(self, tap: Tap) -> bool:
        picture = self._picture(tap.cell)
        return bool(self._moves(tap.shifts, (picture.shape[1], picture.shape[0])))

    def _moves(self, shifts: tuple[Shift, ...], size: tuple[int, int]) -> list[Move]:
        moves: list[Move] = []
        for shift in shifts if self._fields is not None else ():
            field = self._edges.get(shift.edge, lambda edge=shift.edge: self._read_field(edge, size))  # type: ignore[misc]
            if field is not None and (by := steps(shift.share, field.scale)):
                moves.append((field.backward if shift.second else field.forward, by))
        return moves

    def _read_field(self, edge: Edge, size: tuple[int, int]) -> Field | None:
        field = None if self._fields is None else self._fields.field(*edge)
        if field is not None:
            check_field(field, size, f"edge {edge.at} along axis {edge.axis}")
        return field

    def _picture(self, cell: Cell) -> NDArray[np.uint8]:
        return self._pictures.get(cell, lambda: self._fetch(cell))

    def _fetch(self, cell: Cell) -> NDArray[np.uint8]:
        picture = self._read(cell)
        if self._fields is None and self._region is not None:
            shown = self._shown(picture)
            picture = picture if shown is picture else shown.copy()  # what no frame shows is not kept either
        picture = picture.view()
        picture.flags.writeable = False  # it will be handed out again
        return picture

    def _shown(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._region is None or picture.shape[:2] == (self._region[3], self._region[2]):
            return picture
        left, top, width, height = self._region
        return picture[top : top + height, left : left + width]


class _Finely:
    """What fine frames are made in: new arrays for every frame cost more in page faults than the arithmetic."""

    def __init__(self, picture: NDArray[np.uint8], region: Region | None) -> None:
        region = region or (0, 0, picture.shape[1], picture.shape[0])
        self.grain = grain(region)
        self.total, self.moved = np.empty_like(self.grain), np.empty_like(self.grain)


def _bytes(picture: NDArray[np.uint8]) -> int:
    return picture.nbytes


def _field_bytes(field: Field | None) -> int:
    return LEAST_BYTES if field is None else max(LEAST_BYTES, field.forward.nbytes + field.backward.nbytes)
