"""A small network with random weights: each axis is a latent, whatever its name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.errors import ProjectError
from tessonance.generators import GeneratorKind
from tessonance.generators.painting.sketch import SketchNetwork
from tessonance.generators.presets import PresetFiles
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Point
    from tessonance.project import Project

__all__ = ["Cppn", "CppnOptions", "cppn"]

SPREAD = 1.2  # half the height of the picture, in the units of the network
LATENT_RANGE = 4.0
ORBIT = 0.5  # radius of a closed axis among the latents: once around is about as far as -1..1 on an open one
MAX_MIRRORS = 48


class CppnOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `cppn`.

    Parameters
    ----------
    palette : str
        The colours.
    mirrors : int
        How many wedges the picture is folded into, 0 (none) to 48.
    detail : float
        How fine the forms are, 0.1..4.
    contrast : float
        How wild they are, 0.1..3.
    """

    palette: Literal["sunset", "aqua", "neon", "earth", "jewel", "gold", "fire"] = "sunset"
    mirrors: int = 0
    detail: float = 1.3
    contrast: float = 1.1

    def __post_init__(self) -> None:
        for name, low, high in (("mirrors", 0, MAX_MIRRORS), ("detail", 0.1, 4), ("contrast", 0.1, 3)):
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", wanted=f"{low}..{high}", got=str(value))


class Cppn:
    """Paints what a `SketchNetwork` draws; the axes are its latents.

    Parameters
    ----------
    project : Project
        Its axes may have any names, with values within -4..4. A closed axis enters as the cosine and the sine of its
        angle.

    Raises
    ------
    ProjectError
        For options or ranges it does not understand.
    """

    batch_size = 1
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        own = options(CppnOptions, project.generator.options, "[generator]")
        for axis in project.axes:
            if not axis.closed and max(abs(axis.start), abs(axis.stop)) > LATENT_RANGE:
                raise ProjectError(
                    "the range is too wide for a latent",
                    where=f"[[axis]] {axis.name}",
                    wanted=f"within {-LATENT_RANGE:g}..{LATENT_RANGE:g}; -1..1 looks good",
                    got=f"from = {axis.start:g}, to = {axis.stop:g}",
                )
        self._axes = project.axes
        names = tuple(name for axis in project.axes for name in _latents(axis, axis.start))
        self._network = SketchNetwork(
            project.generator.seed, own.palette, detail=own.detail, contrast=own.contrast, latents=names
        )
        self._places = _places(project.picture.width, project.picture.height, own.mirrors)

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def close(self) -> None:
        """Give back what it holds: nothing."""

    def _picture(self, point: Point) -> NDArray[np.uint8]:
        latents = {name: value for axis in self._axes for name, value in _latents(axis, point[axis.name]).items()}
        return (self._network.draw(*self._places, latents) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _latents(axis: Axis, value: float) -> dict[str, float]:
    if not axis.closed:
        return {axis.name: value}
    angle = 2 * math.pi * (value - axis.start) / (axis.stop - axis.start) if axis.stop != axis.start else 0.0
    return {f"{axis.name} cos": ORBIT * math.cos(angle), f"{axis.name} sin": ORBIT * math.sin(angle)}


def _places(width: int, height: int, mirrors: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where the network looks for every pixel: ``x`` and ``y``, folded into a wedge if there are mirrors."""
    scale = SPREAD / min(width, height)
    y, x = np.meshgrid(np.arange(1 - height, height, 2) * scale, np.arange(1 - width, width, 2) * scale, indexing="ij")
    if mirrors:
        wedge = math.pi / mirrors
        radius = np.hypot(x, y)
        angle = np.abs((np.arctan2(y, x) / wedge + 1) % 2 - 1) * wedge
        x, y = radius * np.cos(angle), radius * np.sin(angle)
    return x.astype(np.float32), y.astype(np.float32)


cppn = GeneratorKind(
    summary="Flowing abstract colour from a small network with random weights; any axes.",
    open=Cppn,
    options=CppnOptions,
    axes={},
    presets=PresetFiles("cppn"),
)
