"""Time → frame: where the path is, the pictures there, and what is drawn over them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tessonance.sampling.fit import check_fit
from tessonance.sampling.fit import fit as fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.motion import Path
    from tessonance.show.hud import Hud
    from tessonance.show.state import FilmStates

__all__ = ["FrameMaker", "Sampler", "Stage"]

Stage: TypeAlias = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]


class Sampler(Protocol):
    """Coordinate → frame at the pictures' own size, as `CpuSampler` makes it."""

    def frame(self, coordinate: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Make the frame of a coordinate, shape ``(H, W, 3)``; read-only where it is kept."""
        ...


class FrameMaker:
    """Makes the frames of a film, one after the other.

    Parameters
    ----------
    sampler : Sampler
    path : Path
    size : (int, int)
        Width and height of a frame.
    fit : {"cover", "contain", "stretch"}
    stages : sequence of callable
        Frame and its time in seconds → frame, in this order, after sampling and before the HUD. Each sees every frame
        in order, so it may remember; it may change the frame in place where that is writeable.
    hud : (Hud, FilmStates), optional
    lasting : int
        How many frames stay as they are: a frame's memory is used again after so many more of them.

    Raises
    ------
    RenderError
        If there is no such fit.
    """

    def __init__(
        self,
        sampler: Sampler,
        path: Path,
        *,
        size: tuple[int, int],
        fit: str = "cover",
        stages: Sequence[Stage] = (),
        hud: tuple[Hud, FilmStates] | None = None,
        lasting: int = 1,
    ) -> None:
        check_fit(fit)
        self._sampler, self._path, self._size, self._fit = sampler, path, size, fit
        self._stages, self._hud = tuple(stages), hud
        self._memory = cycle([np.empty((size[1], size[0], 3), np.uint8) for _ in range(lasting)])

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """Return the frame of a time of the song, shape ``(height, width, 3)``, writeable or not; see `lasting`."""
        memory = next(self._memory)
        frame = fitted(self._sampler.frame(self._path.at(seconds)), self._size, self._fit, into=memory)
        for stage in self._stages:
            frame = stage(frame, seconds)
        if self._hud is not None:
            hud, states = self._hud
            if not frame.flags.writeable:
                np.copyto(memory, frame)
                frame = memory
            hud.draw(frame, states.at(seconds))
        return frame
