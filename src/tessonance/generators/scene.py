"""A test generator whose pictures differ by motion alone: a patterned plane with discs above it, and a camera.

Every pixel's motion is known (`Scene.flow`), so that optical flow, and what is built on it, can be held against the
truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tessonance.errors import ProjectError, nearest
from tessonance.generators import AxisInfo, GeneratorKind
from tessonance.generators.presets import PresetFiles
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Point
    from tessonance.project import Project

    Floats = NDArray[np.float32]

__all__ = ["Scene", "SceneOptions", "scene"]

MAX_DISCS = 64
AXES: dict[str, AxisInfo] = {
    "pan": AxisInfo("the camera goes sideways; near discs go by faster", 0.0, 1.0, rest=0.5),
    "zoom": AxisInfo("the camera comes nearer", 0.0, 1.0, rest=0.3),
    "turn": AxisInfo("the camera rolls, in turns", 0.0, 0.25, rest=0.0),
    "orbit": AxisInfo("the discs go round", 0.0, 1.0, closed=True, rest=0.0),
}
PAN, ZOOM, ORBIT = 0.8, 0.8, 0.12  # in halves of the shorter side; doublings; halves of the shorter side


class SceneOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `scene`.

    Parameters
    ----------
    discs : int
        How many discs float above the plane, 0..64.
    """

    discs: int = 9

    def __post_init__(self) -> None:
        if not 0 <= self.discs <= MAX_DISCS:
            raise ProjectError("discs is out of range", wanted=f"0..{MAX_DISCS}", got=str(self.discs))


@dataclass(frozen=True)
class _Layer:
    """A flat thing: where it is in the world, how near, and its pattern; the plane has no radius."""

    centre: complex
    radius: float
    nearness: float  # 1: goes by as the plane does, 2: twice as fast
    phase: float  # where on its orbit
    waves: Floats  # (waves, 3): two frequencies and a phase
    colours: Floats  # (3, 3): offset, reach and phase of each channel


class Scene:
    """Draws a plane and discs as the camera sees them.

    Parameters
    ----------
    project : Project
        Its axes are among ``pan``, ``zoom``, ``turn`` and ``orbit``.

    Raises
    ------
    ProjectError
        For options or axes it does not understand.
    """

    batch_size = 8
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        own = options(SceneOptions, project.generator.options, "[generator]")
        for axis in project.axes:
            if axis.name not in AXES:
                raise ProjectError(f"there is no axis {axis.name!r} in a scene", hint=nearest(axis.name, AXES))
        width, height = project.picture.width, project.picture.height
        self._unit = min(width, height) / 2  # pixels
        x = (np.arange(width) - (width - 1) / 2) / self._unit
        y = (np.arange(height) - (height - 1) / 2) / self._unit
        self._places = (x + 1j * y[:, None]).astype(np.complex64)
        random = np.random.default_rng(project.generator.seed % 2**64)
        spread = 1.6 * complex(width, height) / min(width, height)
        self._layers = [_plane(random), *sorted(_discs(random, own.discs, spread), key=lambda disc: disc.nearness)]

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def close(self) -> None:
        """Give back what it holds: nothing."""

    def flow(self, first: Mapping[str, float], second: Mapping[str, float]) -> Floats:
        """Return where the pixels of one picture are in another.

        Parameters
        ----------
        first, second : mapping of str to float
            Points; an axis that is left out rests.

        Returns
        -------
        ndarray of float32, shape (height, width, 2)
            x and y in pixels, to be added to a pixel's place in the first picture. A place may be outside of the second
            picture, or behind a disc there.
        """
        moved = np.zeros_like(self._places)
        for layer in self._layers:
            here, there = _seen(layer, first), _seen(layer, second)
            local = (self._places - here[0]) / here[1]
            own = (local * there[1] + there[0] - self._places).astype(np.complex64)
            moved = np.where(_cover(layer, local, abs(here[1]) * self._unit) > 0.5, own, moved)
        return np.stack([moved.real, moved.imag], axis=-1) * np.float32(self._unit)

    def _picture(self, point: Mapping[str, float]) -> NDArray[np.uint8]:
        canvas = np.zeros((*self._places.shape, 3), np.float32)
        for layer in self._layers:
            shift, scale = _seen(layer, point)
            rows, columns = self._window(shift, abs(scale) * layer.radius)
            local = (self._places[rows, columns] - np.complex64(shift)) * np.complex64(1 / scale)
            if local.size:
                part = canvas[rows, columns]
                part += _cover(layer, local, abs(scale) * self._unit)[..., None] * (_pattern(layer, local) - part)
        return (canvas * np.float32(255) + np.float32(0.5)).astype(np.uint8)

    def _window(self, centre: complex, radius: float) -> tuple[slice, slice]:
        """Return the rows and columns that a disc may cover."""
        if not math.isfinite(radius):
            return slice(None), slice(None)
        reach = radius + 2 / self._unit
        x, y = self._places[0].real, self._places[:, 0].imag
        spans = ((y, centre.imag), (x, centre.real))
        down, right = (slice(*np.searchsorted(line, (at - reach, at + reach))) for line, at in spans)
        return down, right


def _seen(layer: _Layer, point: Mapping[str, float]) -> tuple[complex, complex]:
    """Return a layer's place in the picture and its scale with its turn: place = shift + scale * local."""
    at = {name: point.get(name, info.rest) for name, info in AXES.items()}
    angle = 2 * math.pi * (at["orbit"] + layer.phase)
    orbit = ORBIT * complex(math.cos(angle), math.sin(angle)) if math.isfinite(layer.radius) else 0j
    camera = 2 ** (ZOOM * at["zoom"]) * complex(math.cos(a := 2 * math.pi * at["turn"]), math.sin(a))
    pan = PAN * (at["pan"] - 0.5) * layer.nearness
    return (layer.centre + orbit - pan) * camera, camera


def _cover(layer: _Layer, local: NDArray[np.complex64], pixels: float) -> Floats:
    """Return how much of each pixel a layer covers, its rim two pixels soft."""
    if not math.isfinite(layer.radius):
        return np.ones(local.shape, np.float32)
    inside = (layer.radius - np.abs(local)) * np.float32(pixels / 2) + np.float32(0.5)
    return np.clip(inside, 0, 1).astype(np.float32)


def _pattern(layer: _Layer, local: NDArray[np.complex64]) -> Floats:
    """Return the colours of a layer at places of its own, 0..1."""
    x, y = local.real, local.imag
    height = sum(np.sin(x * u + y * v + phase) for u, v, phase in layer.waves)
    return np.stack([offset + reach * np.sin(height + phase) for offset, reach, phase in layer.colours], axis=-1)


def _plane(random: np.random.Generator) -> _Layer:
    return _Layer(0j, math.inf, 1.0, 0.0, _waves(random, 5, 2, 11), _colours(random, 0.42, 0.25))


def _discs(random: np.random.Generator, count: int, spread: complex) -> list[_Layer]:
    found = []
    for _ in range(count):
        across, down = random.uniform(-0.5, 0.5, 2)
        centre = complex(across * spread.real, down * spread.imag)
        radius, nearness, phase = random.uniform(0.12, 0.34), random.uniform(1.1, 2.2), random.uniform()
        waves, colours = _waves(random, 2, 3, 14), _colours(random, 0.55, 0.4)
        found.append(_Layer(centre, radius, nearness, phase, waves, colours))
    return found


def _waves(random: np.random.Generator, count: int, low: float, high: float) -> Floats:
    angle, length = random.uniform(0, 2 * math.pi, count), random.uniform(low, high, count)
    phase = random.uniform(0, 2 * math.pi, count)
    return np.stack([length * np.cos(angle), length * np.sin(angle), phase], axis=1).astype(np.float32)


def _colours(random: np.random.Generator, middle: float, reach: float) -> Floats:
    offset = middle + random.uniform(-0.1, 0.1, 3)
    reaches = np.minimum(np.minimum(offset, 1 - offset), reach * random.uniform(0.6, 1, 3))
    return np.stack([offset, reaches, random.uniform(0, 2 * math.pi, 3)], axis=1).astype(np.float32)


scene = GeneratorKind(
    summary="A test fixture: a patterned plane and discs under a moving camera, every pixel's motion known.",
    open=Scene,
    options=SceneOptions,
    axes=AXES,
    presets=PresetFiles("scene"),
)
