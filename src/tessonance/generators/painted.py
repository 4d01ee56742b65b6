"""The built-in painter: a sketch painted by a pretrained style network, then folded into shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.errors import ProjectError, nearest
from tessonance.generators import AxisInfo, GeneratorKind
from tessonance.generators.painting.brush import Brush, check_hands
from tessonance.generators.painting.flow import Flow
from tessonance.generators.painting.flower import Flower
from tessonance.generators.painting.mirrors import Mirrors
from tessonance.generators.painting.petals import Petals
from tessonance.generators.painting.shelf import Shelf
from tessonance.generators.painting.sketch import SketchNetwork
from tessonance.generators.presets import PresetFiles
from tessonance.grid import Axis
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.painting.form import Bytes, Canvas, Floats, Form, Values
    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["AXES", "Painted", "PaintedOptions", "painted"]

LATENTS = ("latent_a", "latent_b", "latent_c", "latent_d")
PAINTING_AXES = ("ink", *LATENTS)  # a step along these needs a new painting
CANVAS_AXES = (*PAINTING_AXES, "hue")  # a step along this one only new colours
AXES: dict[str, AxisInfo] = {
    "bloom": AxisInfo("opens the form: petals travel outwards, new ones come from the heart", rest=0.5),
    "ink": AxisInfo("passes from one hand to another, from `brush` to `ink_brush`; in `flower`, to a blot"),
    "turn": AxisInfo("turns the form until it looks the same again; in `flower`, nods", closed=True),
    "zoom": AxisInfo("brings the form nearer, from 0.8 to 1.25 times its size", rest=0.5),
    "petals": AxisInfo("cuts the petals, from short and round to long and pointed", rest=0.5),
    "twist": AxisInfo("winds the form into a spiral, to either side", start=-1.0),
    "drift": AxisInfo("lets the painting drift on a circle under the form; in `flower`, the wind", closed=True),
    "grow": AxisInfo("lets the form grow, out of the ground or out of the dark", rest=1.0),
    "hue": AxisInfo("turns the colour wheel and keeps the lightness", closed=True),
    "light": AxisInfo("brings up the light", rest=0.5),
    "depth": AxisInfo("deepens the shadows", rest=0.5),
    "latent_a": AxisInfo("changes the sketch under the paint", start=-1.0),
    "latent_b": AxisInfo("changes the sketch under the paint in another direction", start=-1.0),
    "latent_c": AxisInfo("changes the sketch under the paint in a third direction", start=-1.0),
    "latent_d": AxisInfo("changes the sketch under the paint in a fourth direction", start=-1.0),
}
LATENT_REACH = 0.2  # of the network's own latents: a sketch that changes under the brush makes strokes pop
REST = {name: info.rest for name, info in AXES.items()}
BEYOND = 0.25  # of an axis' length: how far its values may lie beyond either end
MAX_TURNS = 1000.0
CANVAS_PER_PICTURE = 1.2  # side of the canvas over that of a square as large as the picture
VARNISH = (5, 18.0, 1.2)  # diameter, colour, place: takes off the weave that the network leaves, and no strokes


def _nocturne() -> dict[str, float]:
    return {"nocturne": 0.55, "nightsky": 0.45}


def _ember() -> dict[str, float]:
    return {"ember": 1.0}


class PaintedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `painted`.

    Parameters
    ----------
    form : {"petals", "mirrors", "flow", "flower"}
        What the painting is folded into.
    palette : str
        The sketch's colours, which the hands translate into theirs.
    detail, wildness : float
        How fine the sketch's forms are, 0.1..4, and how wild, 0.1..3.
    brush, ink_brush : dict of str to float
        The hands that paint at the two ends of the axis ``ink``, with weights that sum to about 1.
    count : int
        Petals in a ring, 3..48; for ``petals``.
    spacing : float
        Radius of a ring over that of the ring within it, 1.2..3; for ``petals``.
    accents : list of float
        By what part of the colour wheel the rings are turned, in turn, 1..6 numbers; for ``petals``.
    size : float
        Distance of two rosettes, in halves of the picture's shorter side, 0.6..6; for ``mirrors``.
    rest : dict of str to float
        Where axes that the project leaves out stand, if not where `AXES` says.
    saturation : float
        0 (grey) to 2.
    contrast : float
        0 leaves the lightness as painted; up to 1, darks go down and lights up.
    glow : float
        How much lights shine into their surroundings, 0..2.
    canvas : int
        Side of the canvas in pixels, 128..2048; 0 chooses it for the picture. Larger ones have finer strokes.
    """

    form: Literal["petals", "mirrors", "flow", "flower"] = "petals"
    palette: Literal["sunset", "aqua", "neon", "earth", "jewel", "gold", "fire"] = "aqua"
    detail: float = 1.5
    wildness: float = 1.1
    brush: dict[str, float] = msgspec.field(default_factory=_nocturne)
    ink_brush: dict[str, float] = msgspec.field(default_factory=_ember)
    count: int = 12
    spacing: float = 1.55
    accents: tuple[float, ...] = (0.0,)
    size: float = 2.0
    rest: dict[str, float] = {}
    saturation: float = 1.1
    contrast: float = 0.25
    glow: float = 0.35
    canvas: int = 0

    def __post_init__(self) -> None:
        ranges = {
            "detail": (0.1, 4), "wildness": (0.1, 3), "count": (3, 48), "spacing": (1.2, 3), "size": (0.6, 6),
            "saturation": (0, 2), "contrast": (0, 1), "glow": (0, 2),
        }  # fmt: skip
        for name, (low, high) in ranges.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", wanted=f"{low:g}..{high:g}", got=str(value))
        if self.canvas and not 128 <= self.canvas <= 2048:
            raise ProjectError("canvas is out of range", wanted="0, or 128..2048 pixels", got=str(self.canvas))
        if not 1 <= len(self.accents) <= 6 or not all(abs(accent) <= 1 for accent in self.accents):
            raise ProjectError("accents are out of range", wanted="1..6 numbers within -1..1", got=str(self.accents))
        check_hands(self.brush, "brush")
        check_hands(self.ink_brush, "ink_brush")


class Painted:
    """Paints a canvas for each hand, sketch and hue, and folds from it the pictures of all cells that share them.

    Parameters
    ----------
    project : Project
        Its axes are some of `AXES`; one that it leaves out stands at its `rest`.

    Raises
    ------
    ProjectError
        For options, axes or ranges it does not understand.
    GeneratorError
        If the style network is not the one that was tried.
    """

    batch_size = 1

    def __init__(self, project: Project) -> None:
        self._options = own = options(PaintedOptions, project.generator.options, "[generator]")
        seed, picture = project.generator.seed, project.picture
        self._form = _form(own, picture.width, picture.height, seed)
        for axis in project.axes:
            _check_axis(axis, own.form, self._form)
        for name, value in own.rest.items():
            _check_axis(Axis(name=name, start=value, steps=1), own.form, self._form, where="rest")
        self._rest = REST | own.rest
        side = own.canvas or min(max(CANVAS_PER_PICTURE * math.sqrt(picture.width * picture.height), 512), 1280)
        self._side = round(side / 16) * 16
        self._network = SketchNetwork(seed, own.palette, detail=own.detail, contrast=own.wildness, latents=LATENTS)
        self._brush = Brush()
        self._slow_axes = tuple(name for name in CANVAS_AXES if name in project.grid.names)
        self._shelf = Shelf()

    @property
    def slow_axes(self) -> tuple[str, ...]:
        """The axes of the grid along which a step costs a new canvas."""
        return self._slow_axes

    def paint(self, points: Sequence[Point]) -> Bytes:
        """Paint the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(self._rest | point) for point in points])

    def close(self) -> None:
        """Give back the canvases it keeps."""
        self._shelf.clear()

    def _picture(self, values: Values) -> Bytes:
        from tessonance.generators.painting.colour import add_glow

        picture = self._form.fold(self._canvas(values), values)
        return add_glow(picture, self._options.glow) if self._options.glow else picture

    def _canvas(self, values: Values) -> Canvas:
        from tessonance.generators.painting.colour import recolour

        own = self._options

        def colour(painting: Bytes, turn: float) -> Bytes:
            return recolour(painting, turn + values["hue"], saturation=own.saturation, contrast=own.contrast)

        key = ("canvas", *(values[name] for name in CANVAS_AXES))
        return self._shelf.get(key, lambda: self._form.prepare(self._painting(values), colour, values))

    def _painting(self, values: Values) -> Bytes:
        key = ("painting", *(values[name] for name in PAINTING_AXES))
        return self._shelf.get(key, lambda: (self._painted(values),))[0]

    def _painted(self, values: Values) -> Bytes:
        import cv2

        brush, ink_brush, ink = self._options.brush, self._options.ink_brush, values["ink"]
        names = dict.fromkeys([*brush, *ink_brush])
        hands = {name: (1 - ink) * brush.get(name, 0.0) + ink * ink_brush.get(name, 0.0) for name in names}
        return cv2.bilateralFilter(self._brush.paint(self._sketch(values), hands), *VARNISH)

    def _sketch(self, values: Values) -> Floats:
        def draw(x: Floats, y: Floats) -> Floats:
            return self._network.draw(x, y, {name: LATENT_REACH * values[name] for name in LATENTS if values[name]})

        key = ("sketch", *(values[name] for name in LATENTS))
        return self._shelf.get(key, lambda: (self._form.sketch(draw, self._side),))[0]


def _form(own: PaintedOptions, width: int, height: int, seed: int) -> Form:
    match own.form:
        case "petals":
            return Petals(width, height, seed=seed, count=own.count, spacing=own.spacing, accents=own.accents)
        case "mirrors":
            return Mirrors(width, height, seed=seed, size=own.size, accents=own.accents)
        case "flow":
            return Flow(width, height, seed=seed)
        case "flower":
            return Flower(width, height, seed=seed)


def _check_axis(axis: Axis, form_name: str, form: Form, *, where: str = "[[axis]]") -> None:
    where, known = f"{where} {axis.name}", {*CANVAS_AXES, *form.axes}
    if axis.name not in AXES:
        raise ProjectError(f"`painted` has no axis {axis.name!r}", where=where, hint=nearest(axis.name, known))
    if axis.name not in known:
        moves = "one of " + ", ".join(sorted(known))
        raise ProjectError(f"{axis.name!r} moves nothing in the form {form_name!r}", where=where, hint=moves)
    info = AXES[axis.name]
    if axis.closed and not (info.closed and float(axis.stop - axis.start).is_integer()):
        raise ProjectError(
            "the ends of this axis do not meet",
            where=where,
            wanted="to = from + 1" if info.closed else "an open axis",
            got=f"from = {axis.start:g}, to = {axis.stop:g}, closed = true",
            hint=None if info.closed else "leave out `closed`",
        )
    beyond = MAX_TURNS if info.closed else BEYOND * (info.stop - info.start)
    low, high = info.start - beyond, info.stop + beyond
    if not (low <= axis.start <= high and (axis.steps == 1 or low <= axis.stop <= high)):
        raise ProjectError(
            "the range of this axis is too wide",
            where=where,
            wanted=f"within {low:g}..{high:g}; {info.start:g}..{info.stop:g} looks good",
            got=f"from = {axis.start:g}, to = {axis.stop:g}",
        )


painted = GeneratorKind(
    summary="Pictures painted by a pretrained style network, folded into flowers, kaleidoscopes and currents.",
    open=Painted,
    options=PaintedOptions,
    axes=AXES,
    presets=PresetFiles("kaleidoscope", "flower", "cathedral", "tide", "ember"),
)
