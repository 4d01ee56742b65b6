"""The seam after the mapping: coordinate stream → coordinate stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Governor"]


class Governor(Protocol):
    """Holds the coordinate back where it would move too fast for the eye.

    It sees what the mapping wants, hop by hop, and answers where the coordinate goes instead. Every coordinate it
    gives is finite and in 0..1; on a closed axis 0 and 1 are one place.
    """

    def step(self, coordinate: NDArray[np.float64]) -> NDArray[np.float64]:
        """Govern one hop of a live show, shape ``(N,)`` in and out; nothing of the future is known."""
        ...

    def run(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Govern a whole film, shape ``(hops, N)`` in and out; it may look ahead, so that nothing lags."""
        ...
