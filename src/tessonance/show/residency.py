"""Which pictures lie in which layers, and which one must go. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from tessonance.grid import Cell, Grid

__all__ = ["Residency"]


class Residency:
    """The pictures that are ready to be drawn, each in a layer of its own.

    Parameters
    ----------
    grid : Grid
    layers : int
        How many there is room for.
    pinned : collection of Cell
        Cells that stay once they are there: a coarse grid over everything, so that what is not ready has something
        near it to be replaced by. At most half of the layers.
    """

    def __init__(self, grid: Grid, layers: int, pinned: Collection[Cell] = ()) -> None:
        self._grid, self.layers = grid, layers
        self.pinned: frozenset[Cell] = frozenset()
        self.pin(pinned)
        self._layer_of: OrderedDict[Cell, int] = OrderedDict()  # the longest unused first
        self._free = list(range(layers - 1, -1, -1))
        self._places = np.full((layers, len(grid.axes)), np.inf)  # coordinates of what lies in each layer
        self._closed = grid.closed

    def __contains__(self, cell: object) -> bool:
        return cell in self._layer_of

    def __len__(self) -> int:
        return len(self._layer_of)

    @property
    def full(self) -> bool:
        """Whether every layer holds a picture."""
        return not self._free

    def pin(self, cells: Collection[Cell]) -> None:
        """Let other cells stay once they are there; see the parameter `pinned`."""
        self.pinned = frozenset(list(cells)[: self.layers // 2])

    def layer(self, cell: Cell) -> int | None:
        """Return the layer of a cell; None where it is not there."""
        return self._layer_of.get(cell)

    def touch(self, cells: Iterable[Cell]) -> None:
        """Note that cells are in use: of the others, the longest unused one goes first."""
        for cell in cells:
            if cell in self._layer_of:
                self._layer_of.move_to_end(cell)

    def admit(self, cell: Cell, keep: Collection[object] = ()) -> int | None:
        """Make room for a cell.

        Parameters
        ----------
        cell : Cell
            Becomes the last used one.
        keep : collection of Cell
            What must not go for it.

        Returns
        -------
        int or None
            The layer its picture is to be put into; that of the same cell, if it is there already. None where nothing
            may go.
        """
        layer = self._layer_of.get(cell)
        if layer is None:
            layer = self._free.pop() if self._free else self._vacated(keep)
        if layer is None:
            return None
        self._layer_of[cell] = layer
        self._layer_of.move_to_end(cell)
        self._places[layer] = self._grid.coordinate(cell)
        return layer

    def nearest(self, cell: Cell) -> int:
        """Return the layer of the resident cell nearest to a cell, each axis counting from 0 to 1.

        Raises
        ------
        LookupError
            If there is none.
        """
        if not self._layer_of:
            raise LookupError("nothing is resident")
        away = np.abs(self._places - self._grid.coordinate(cell))
        around: NDArray[np.float64] = np.where(self._closed, np.minimum(away, np.abs(1.0 - away)), away)
        return int(np.square(around).sum(axis=1).argmin())

    def _vacated(self, keep: Collection[object]) -> int | None:
        for cell, layer in self._layer_of.items():
            if cell not in self.pinned and cell not in keep:
                del self._layer_of[cell]
                return layer
        return None
