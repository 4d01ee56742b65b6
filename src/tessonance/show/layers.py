"""The pictures and fields that lie ready on the graphics processor, and what a frame takes of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from tessonance.sampling.fields import PART_BITS, PLACES, quarter, steps
from tessonance.sampling.gl import GlSampler
from tessonance.sampling.shares import FAINT, MOST_SHARES, LayerMove, Share, telling
from tessonance.sampling.taps import Edge
from tessonance.show.flash_estimate import COLUMNS, ROWS, blended
from tessonance.show.ready import Ready, ReadyField, Wanted
from tessonance.show.residency import Residency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from moderngl import Context
    from numpy.typing import NDArray

    from tessonance.grid import Grid
    from tessonance.sampling.taps import Shift, Tap

__all__ = ["Layers", "Taken"]

NONE: Any = None  # that there is none is missing in the types of OpenCV
MOST_EDGES = 16_384  # whose fields are known, or known to be none


class Taken(NamedTuple):
    """What a frame takes of what is ready.

    Parameters
    ----------
    shares : list of Share
    replaced : int
        How many stand in for a picture that is not ready.
    unmoved : int
        How many pictures do not move as they are to, since a field is not ready.
    """

    shares: list[Share]
    replaced: int
    unmoved: int


class Layers:
    """Puts pictures and fields into layers of a `GlSampler`; the longest unused ones go.

    Parameters
    ----------
    context : moderngl.Context
    grid : Grid
    size : (int, int)
        Width and height of the pictures.
    layer_bytes, field_bytes : int
        How much memory to take for pictures and for fields; no less than two frames take. 0 for no fields at all.

    Attributes
    ----------
    sampler : GlSampler
    pictures : Residency
    """

    def __init__(
        self, context: Context, grid: Grid, size: tuple[int, int], *, layer_bytes: int, field_bytes: int
    ) -> None:
        axes, (width, height) = len(grid.axes), quarter(size)
        self.picture_bytes, self.field_bytes = 4 * size[0] * size[1], 4 * width * height
        frame = min(1 << axes, MOST_SHARES)
        layers = max(2 * frame, layer_bytes // self.picture_bytes)
        fields = max(2 * frame * axes, field_bytes // self.field_bytes) if field_bytes else 0
        self.sampler = GlSampler(context, size, layers, fields=fields, terms=axes)
        self.pictures = Residency(grid, self.sampler.layers)
        self._thumbnails: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * self.sampler.layers
        self._edges: OrderedDict[Edge, tuple[int, float] | None] = (
            OrderedDict()
        )  # a layer and its scale; longest unused
        self._free = list(range(self.sampler.fields - 1, -1, -1))
        self._small: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * self.sampler.fields
        x, y = np.meshgrid(np.arange(COLUMNS, dtype=np.float32), np.arange(ROWS, dtype=np.float32))
        self._still = np.stack([x, y], axis=-1)

    def __contains__(self, wanted: Wanted) -> bool:
        return wanted in (self._edges if isinstance(wanted, Edge) else self.pictures)

    def absent(self, wanted: Iterable[Wanted]) -> Iterator[Wanted]:
        """Yield those that are not ready."""
        return (each for each in wanted if each not in self)

    def bytes_of(self, wanted: Wanted) -> int:
        """Return what putting it into a layer moves to the graphics processor."""
        return self.field_bytes if isinstance(wanted, Edge) else self.picture_bytes

    def touch(self, wanted: Iterable[Wanted]) -> None:
        """Note that something is in use: of the rest, the longest unused goes first."""
        for each in wanted:
            if not isinstance(each, Edge):
                self.pictures.touch((each,))
            elif each in self._edges:
                self._edges.move_to_end(each)

    def hold(self, wanted: Wanted, ready: Ready, keep: Collection[Wanted] = ()) -> bool:
        """Put a picture or a field into a layer; False where nothing may go for it."""
        if isinstance(wanted, Edge) or isinstance(ready, ReadyField):
            return isinstance(wanted, Edge) and isinstance(ready, ReadyField) and self._hold_field(wanted, ready)
        layer = self.pictures.admit(wanted, keep)
        if layer is None:
            return False
        self.sampler.put(layer, ready.picture)
        self._thumbnails[layer] = ready.thumbnail
        return True

    def forget_fields(self) -> None:
        """Forget the fields: there are other knots, between which there are other edges."""
        self._edges.clear()
        self._free = list(range(self.sampler.fields - 1, -1, -1))

    def take(self, found: Sequence[Tap], strength: float = 1.0) -> Taken:
        """Return what a frame takes.

        Parameters
        ----------
        found : sequence of Tap
        strength : float
            How far pictures are moved, 0..1 of their way.
        """
        shares, replaced, unmoved = list[Share](), 0, 0
        for tap in found:
            layer = self.pictures.layer(tap.cell)
            if layer is None:  # what stands in is another picture, which the field says nothing about
                shares.append(Share(self.pictures.nearest(tap.cell), tap.weight))
                replaced += tap.weight >= FAINT
                continue
            moves = tuple(self._moves(tap.shifts, strength)) if strength else ()
            shares.append(Share(layer, tap.weight, moves))
            unmoved += tap.weight >= FAINT and strength > 0 and any(each.edge not in self._edges for each in tap.shifts)
        return Taken(telling(shares), replaced, unmoved)

    def light(self, shares: Sequence[Share]) -> NDArray[np.float32]:
        """Return the estimate of a frame; see `tessonance.show.flash_estimate.blended`."""
        return blended([self._thumbnail(share) for share in shares], [share.weight for share in shares])

    def release(self) -> None:
        """Give the memory back."""
        self.sampler.release()

    def _hold_field(self, edge: Edge, ready: ReadyField) -> bool:
        held = self._edges.pop(edge, None)
        if held is not None:
            self._free.append(held[0])
        while self._edges and (len(self._edges) >= MOST_EDGES or (ready.scale and not self._free)):
            gone = self._edges.popitem(last=False)[1]
            if gone is not None:
                self._free.append(gone[0])
        if not ready.scale or not self._free:
            self._edges[edge] = None
            return True
        layer = self._free.pop()
        self.sampler.put_field(layer, ready.vectors)
        self._small[layer] = ready.small
        self._edges[edge] = layer, ready.scale
        return True

    def _moves(self, shifts: Iterable[Shift], strength: float) -> Iterator[LayerMove]:
        for shift in shifts:
            held = self._edges.get(shift.edge)
            if held is not None and (by := steps(strength * shift.share, held[1])):
                yield LayerMove(held[0], shift.second, by)

    def _thumbnail(self, share: Share) -> NDArray[np.float32]:
        small = self._thumbnails[share.layer]
        if not share.moves:
            return small
        places = self._still.copy()
        for layer, backward, by in share.moves:
            places += self._small[layer][..., 2 * backward : 2 * backward + 2] * np.float32(by / (PLACES << PART_BITS))
        moved = cv2.remap(small, places, NONE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.float32)
