"""How pictures are moved towards each other: the fields of an edge, and the arithmetic both samplers share. Pure.

A place in a picture is told in 32nds of a pixel, in whole numbers: so the processor and the graphics processor read
the very same places, however different their arithmetic of fractions.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Protocol

from tessonance.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.grid import Cell

__all__ = ["FURTHEST", "PART_BITS", "PLACES", "QUARTER", "Field", "Fields", "check_field", "quarter", "steps"]

QUARTER = 4  # pixels of a picture along a side for one vector of a field
PLACES = 32  # that are told apart along a pixel; what OpenCV tells apart too
PART_BITS = 12  # what a field adds is counted in 4096ths of a 32nd of a pixel
FURTHEST = 32767  # 32nds of a pixel, which is 1023 pixels: what 16 bits hold
MOST_STEPS = 1 << 20  # so that six fields sum up in 32 bits


class Field(Protocol):
    """How the pictures of an edge move towards each other; see `Fields`.

    A vector stands for 4 × 4 pixels, of which those at the right and the lower rim may stand over the picture.
    """

    @property
    def forward(self) -> NDArray[np.int8]:
        """For the first picture, shape ``(ceil(H / 4), ceil(W / 4), 2)``: x and y, in units of `scale`.

        The flow from the second picture back to the first: at the share u from first to second, that one is read at
        ``x + u * scale * forward(x)``.
        """
        ...

    @property
    def backward(self) -> NDArray[np.int8]:
        """For the second picture: at the share u, that one is read at ``x + (1 - u) * scale * backward(x)``."""
        ...

    @property
    def scale(self) -> float:
        """How many pixels of the picture a unit is."""
        ...


class Fields(Protocol):
    """The fields of all edges between some knots, such as a bake has."""

    @property
    def knots(self) -> Sequence[NDArray[np.int_]]:
        """The indices along each axis between which the edges lie."""
        ...

    def field(self, axis: int, edge: Cell, /) -> Field | None:
        """Return the field of an edge, counted in knots as `Edge.at` is; None where its pictures only cross-fade."""
        ...


def quarter(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a field for pictures of a width and height."""
    return -(-size[0] // QUARTER), -(-size[1] // QUARTER)


def check_field(field: Field, size: tuple[int, int], where: str) -> None:
    """Raise RenderError unless a field is one for pictures of a width and height."""
    wanted = (*quarter(size)[::-1], 2)
    for vectors in (field.forward, field.backward):
        if vectors.shape != wanted or vectors.dtype != "int8":
            raise RenderError(
                "the field does not fit the pictures",
                where=where,
                wanted=f"int8 of shape {wanted}",
                got=f"{vectors.dtype} of shape {vectors.shape}",
                hint="`tess bake` once more",
            )


def steps(share: float, scale: float) -> int:
    """Return what one unit of a field moves a picture by, at a share of the edge.

    Parameters
    ----------
    share : float
        0..1.
    scale : float
        Pixels; what is no number moves nothing.

    Returns
    -------
    int
        In 4096ths of a 32nd of a pixel.
    """
    moved = share * scale * (PLACES << PART_BITS)
    return max(-MOST_STEPS, min(MOST_STEPS, round(moved))) if isfinite(moved) else 0
