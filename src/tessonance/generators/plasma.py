"""The test generator: coloured waves, one for each axis; no network, no model, a fraction of a millisecond."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tessonance.errors import ProjectError
from tessonance.generators import GeneratorKind
from tessonance.generators.presets import PresetFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Point
    from tessonance.project import Project

__all__ = ["Plasma", "PlasmaOptions", "plasma"]

MAX_DELAY_MS = 60_000
OPEN_SWEEP = 0.5  # of a period, so that the ends of an open axis differ as much as they can
COLOURS = np.array([0.0, 0.33, 0.67], np.float32) * (2 * math.pi)


class PlasmaOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `plasma`.

    Parameters
    ----------
    delay_ms : float
        How long each picture pretends to take, 0..60,000 ms; for trying out what happens when painting is slow.
    """

    delay_ms: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.delay_ms <= MAX_DELAY_MS:
            raise ProjectError("delay_ms is out of range", wanted=f"0..{MAX_DELAY_MS} ms", got=str(self.delay_ms))


class Plasma:
    """Paints a sum of waves, each of which one axis moves.

    Parameters
    ----------
    project : Project
        Its axes may have any names. A closed axis moves its wave by a whole period, an open one by half of one.

    Raises
    ------
    ProjectError
        For options it does not understand.
    """

    batch_size = 8
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        from tessonance.project import options

        self._delay_seconds = options(PlasmaOptions, project.generator.options, "[generator]").delay_ms / 1000
        self._axes = project.axes
        random = np.random.default_rng(project.generator.seed)
        aspect = project.picture.width / project.picture.height
        x = np.linspace(-aspect, aspect, project.picture.width, dtype=np.float32)
        y = np.linspace(-1, 1, project.picture.height, dtype=np.float32)
        self._ramps = [
            _ramp(x, y, angle) for angle in random.uniform(0, 2 * math.pi) + 2.4 * np.arange(len(self._axes))
        ]

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def close(self) -> None:
        """Give back what it holds: nothing."""

    def _picture(self, point: Point) -> NDArray[np.uint8]:
        time.sleep(self._delay_seconds)
        waves = [
            np.sin(ramp + _phase(axis, point[axis.name])) for axis, ramp in zip(self._axes, self._ramps, strict=True)
        ]
        height = np.sum(waves, axis=0) * np.float32(1.8 / math.sqrt(len(waves)))
        picture = np.empty((*height.shape, 3), np.uint8)
        for channel, colour in enumerate(COLOURS):
            picture[..., channel] = 127.5 + 115 * np.sin(height + colour)
        return picture


def _ramp(x: NDArray[np.float32], y: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    """Return the phase of a plane wave over the picture, shape ``(height, width)``."""
    return np.float32(3.5 * math.cos(angle)) * x + np.float32(3.5 * math.sin(angle)) * y[:, None]


def _phase(axis: Axis, value: float) -> np.float32:
    span = axis.stop - axis.start
    share = (value - axis.start) / span if span else 0.0
    return np.float32(2 * math.pi * share * (1.0 if axis.closed else OPEN_SWEEP))


plasma = GeneratorKind(
    summary="Coloured waves without a network, for trying things out; any axes.",
    open=Plasma,
    options=PlasmaOptions,
    axes={},
    presets=PresetFiles("plasma"),
)
