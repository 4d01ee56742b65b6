"""What a form is: how a painting becomes the pictures of a grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # float32 and uint8 throughout; type checkers lose count of that in NumPy's and OpenCV's arithmetic.
    Floats = NDArray[Any]
    Bytes = NDArray[Any]
    Canvas = tuple[Bytes, ...]
    Values = Mapping[str, float]
    Drawing = Callable[[Floats, Floats], Floats]
    Colouring = Callable[[Bytes, float], Bytes]

__all__ = ["Form"]


class Form(Protocol):
    """Has a sketch drawn, takes its painting, and folds pictures from it.

    Paint first, fold after: strokes must travel with the shape. Where each step of a shape is painted anew, strokes
    pop (measured: 0.27-0.40 FLIP per step after motion compensation, against 0.06-0.12).
    """

    @property
    def axes(self) -> frozenset[str]:
        """The axes that `fold` understands."""
        ...

    def sketch(self, draw: Drawing, side: int) -> Floats:
        """Draw what is to be painted.

        Parameters
        ----------
        draw : callable
            Colours of the random network by place, ``draw(x, y)``; places within -1..1 look good.
        side : int
            Pixels that the longest side of the canvas should have about.

        Returns
        -------
        ndarray of float32, shape (height, width, 3)
            sRGB, 0..1, with the brush's margin around it; sides divisible by 4.
        """
        ...

    def prepare(self, painting: Bytes, colour: Colouring, values: Values) -> Canvas:
        """Make of a painting what `fold` reads.

        Parameters
        ----------
        painting : ndarray of uint8
            What became of the sketch, its margin cut off.
        colour : callable
            Gives a painting its colours, with the wheel turned on by some part of a turn: ``colour(painting, 0.1)``.
        values : mapping of str to float
            Those of the axes that a canvas depends on.

        Returns
        -------
        tuple of ndarray of uint8
        """
        ...

    def fold(self, canvas: Canvas, values: Values) -> Bytes:
        """Make the picture of some axis values.

        Parameters
        ----------
        canvas : tuple of ndarray
            From `prepare`.
        values : mapping of str to float
            A value for every axis of `painted`.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
        """
        ...
