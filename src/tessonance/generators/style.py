"""Your own pictures, painted: photographs, drawings or a video, in styles that mix continuously."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.errors import GridError, ProjectError, nearest
from tessonance.files import read_named
from tessonance.generators import AxisInfo, GeneratorKind
from tessonance.generators.painting.brush import MARGIN
from tessonance.generators.painting.content import fitted, open_content
from tessonance.generators.painting.shelf import Shelf
from tessonance.generators.painting.stylist import check_mixes, open_stylist, paintings_of
from tessonance.generators.painting.view import extent, seen
from tessonance.generators.presets import PresetFiles
from tessonance.grid import Axis
from tessonance.images import MOST_BYTES
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tessonance.generators.painting.form import Bytes, Canvas, Floats, Values
    from tessonance.grid import Point
    from tessonance.project import Project

    Mix = Mapping[str, float]

__all__ = ["AXES", "Style", "StyleOptions", "style"]

AXES: dict[str, AxisInfo] = {
    "strength": AxisInfo("lays the paint over the picture, from the picture itself to paint alone", rest=1.0),
    "zoom": AxisInfo("brings the painting nearer, up to `closest` times"),
    "turn": AxisInfo("turns the painting, 1 once around", closed=True),
    "content": AxisInfo("passes from the first picture to the last; through a video, it is its time"),
    "colour": AxisInfo("passes from the colours of the style to those of the picture"),
    "hue": AxisInfo("turns the colour wheel and keeps the lightness", closed=True),
}
STYLE_AXIS = AxisInfo("passes to one of your `styles`")
REST = {name: info.rest for name, info in AXES.items()}
EXACT = frozenset({"strength", "content", "colour"})  # nothing lies beyond their ends
BEYOND = 0.25  # of an axis' length: how far the values of others may lie beyond either end
MAX_TURNS = 1000.0
SHORTEST_SIDE = 512  # of a canvas: on smaller ones strokes are coarse
LONGEST_SIDE = 2048
TEXELS_PER_PIXEL = 1.25
GLITTER = 1.5  # texels per pixel from which on a picture is looked at in double size and shrunk
VARNISH = (5, 18.0, 1.2)  # diameter, colour, place: takes off the weave that the network leaves, and no strokes


class StyleOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `style`.

    Parameters
    ----------
    content : str or list of str
        What is painted: a picture, several of them, or a video; files, beside the project file.
    style : str or dict of str to float
        What it is painted in: one of the 26 hands of `painted`, or a painting of yours, a file; or several of one kind
        with weights that sum to about 1.
    styles : dict
        Names of axes and the style that each passes to: 0 is what the axes before it made, 1 is this style.
    edges : {"inside", "mirror"}
        What is seen where a turned picture ends: it is made large enough that it ends nowhere, or it is mirrored.
    closest : float
        How many times nearer ``zoom = 1`` is, 1..8.
    rest : dict of str to float
        Where axes that the project leaves out stand.
    saturation : float
        0 (grey) to 2.
    contrast : float
        0 leaves the lightness as painted; up to 1, darks go down and lights up.
    glow : float
        How much lights shine into their surroundings, 0..2.
    canvas : int
        The longer side of the canvas in pixels, 128..2048; 0 chooses it. Larger ones have finer strokes.
    """

    content: str | tuple[str, ...]
    style: str | dict[str, float] = "nocturne"
    styles: dict[str, str | dict[str, float]] = {}
    edges: Literal["inside", "mirror"] = "inside"
    closest: float = 2.0
    rest: dict[str, float] = {}
    saturation: float = 1.0
    contrast: float = 0.0
    glow: float = 0.0
    canvas: int = 0

    def __post_init__(self) -> None:
        ranges = {"closest": (1, 8), "saturation": (0, 2), "contrast": (0, 1), "glow": (0, 2)}
        for name, (low, high) in ranges.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", wanted=f"{low:g}..{high:g}", got=str(value))
        if self.canvas and not 128 <= self.canvas <= LONGEST_SIDE:
            raise ProjectError(
                "canvas is out of range", wanted=f"0, or 128..{LONGEST_SIDE} pixels", got=str(self.canvas)
            )
        for name in self.styles:
            _check_style_name(name)
        check_mixes(self.mixes)

    @property
    def contents(self) -> tuple[str, ...]:
        """The files of the content."""
        return (self.content,) if isinstance(self.content, str) else self.content

    @property
    def mixes(self) -> dict[str, Mix]:
        """All styles as mixtures, by what to call them."""
        named = {"style": self.style} | {f"styles.{name}": mix for name, mix in self.styles.items()}
        return {where: {mix: 1.0} if isinstance(mix, str) else mix for where, mix in named.items()}


class Style:
    """Paints a canvas for each content and mixture of styles, and looks at it, turned and near or far.

    Parameters
    ----------
    project : Project
        Its axes are some of `AXES` and of the names in ``styles``; one that it leaves out stands at its rest.

    Raises
    ------
    ProjectError
        For options, axes or ranges it does not understand, and files that cannot be read.
    GeneratorError
        If a file is no picture, or the style networks are not those that were tried.
    """

    batch_size = 1

    def __init__(self, project: Project) -> None:
        self._options = own = options(StyleOptions, project.generator.options, "[generator]")
        for axis in project.axes:
            _check_axis(axis, own)
        for name, value in own.rest.items():
            _check_axis(Axis(name=name, start=value, steps=1), own, where="rest")
        self._rest = REST | dict.fromkeys(own.styles, 0.0) | own.rest
        self._size = project.picture.width, project.picture.height
        self._shape_canvas(_ends(project.axes, self._rest, "turn"), _ends(project.axes, self._rest, "zoom"))
        known = project.generator.files
        self._content = open_content(project, own.contents)
        mixes = own.mixes
        self._stylist = open_stylist(
            list(mixes.values()), lambda name: read_named(project, name, known, most_bytes=MOST_BYTES)
        )
        self._first, *others = (self._stylist.vector(mix) for mix in mixes.values())
        self._others = dict(zip(own.styles, others, strict=True))
        self._slow_axes = tuple(name for name in ("content", *own.styles) if name in project.grid.names)
        self._shelf = Shelf()

    @property
    def slow_axes(self) -> tuple[str, ...]:
        """The axes of the grid along which a step costs a new canvas."""
        return self._slow_axes

    def paint(self, points: Sequence[Point]) -> Bytes:
        """Paint the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(self._rest | point) for point in points])

    def close(self) -> None:
        """Give back the canvases it keeps, and close the video."""
        self._shelf.clear()
        self._content.close()

    def _shape_canvas(self, turns: Sequence[float], zooms: Sequence[float]) -> None:
        """Choose the size of the canvas: as much as is ever seen, at a resolution that is still sharp."""
        own, (width, height) = self._options, self._size
        farthest = own.closest ** min(zooms)
        self._reach = extent(width, height, turns, farthest)
        self._seen_at_rest = extent(width, height, (self._rest["turn"],) * 2, farthest)
        density = max(TEXELS_PER_PIXEL * min(width, height) / 2, SHORTEST_SIDE / 2 / self._reach.shorter)
        if own.canvas:
            density = own.canvas / 2 / max(self._reach)
        density = min(density, LONGEST_SIDE / 2 / max(self._reach))
        self._canvas_size = tuple(max(16, round(2 * side * density / 16) * 16) for side in self._reach)
        texels = density * 2 / min(width, height) / farthest
        self._double = texels > GLITTER  # for all pictures alike: a change on the way would be seen

    def _picture(self, values: Values) -> Bytes:
        import cv2

        from tessonance.generators.painting.colour import add_glow, recolour

        own, magnification = self._options, self._options.closest ** values["zoom"]
        size = (2 * self._size[0], 2 * self._size[1]) if self._double else self._size
        picture = seen(self._canvas(values), self._reach, size, turn=values["turn"], magnification=magnification)
        if self._double:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        if values["hue"] % 1 or own.saturation != 1 or own.contrast:
            picture = recolour(picture, values["hue"], saturation=own.saturation, contrast=own.contrast)
        return add_glow(picture, own.glow) if own.glow else picture

    def _canvas(self, values: Values) -> Bytes:
        strength, colour = values["strength"], values["colour"]
        if strength == 1 and colour == 0:
            return self._painting(values)
        key = ("canvas", *self._painting_key(values), strength, colour)
        return self._shelf.get(key, lambda: (self._blended(values, strength, colour),))[0]

    def _blended(self, values: Values, strength: float, colour: float) -> Bytes:
        import cv2

        from tessonance.generators.painting.colour import with_colours_of

        content = self._under_the_paint(values)
        bare = (content[MARGIN:-MARGIN, MARGIN:-MARGIN] * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        painting = with_colours_of(self._painting(values), bare, colour)
        return cv2.addWeighted(painting, strength, bare, 1 - strength, 0)

    def _painting_key(self, values: Values) -> tuple[float, ...]:
        return tuple(values[name] for name in ("content", *self._options.styles))

    def _painting(self, values: Values) -> Bytes:
        return self._shelf.get(("painting", *self._painting_key(values)), lambda: self._painted(values))[0]

    def _painted(self, values: Values) -> Canvas:
        import cv2

        vector = self._first
        for name, other in self._others.items():
            vector = vector + values[name] * (other - vector)
        return (cv2.bilateralFilter(self._stylist.paint(self._under_the_paint(values), vector), *VARNISH),)

    def _under_the_paint(self, values: Values) -> Floats:
        return self._shelf.get(("content", values["content"]), lambda: (self._drawn(values["content"]),))[0]

    def _drawn(self, share: float) -> Floats:
        """Fit the content to the canvas, with the margin that is cut off after painting."""
        columns, rows = self._canvas_size
        mirrored = self._options.edges == "mirror"
        parts = [
            weight * fitted(picture, (columns, rows), whole=self._reach, rest=self._seen_at_rest, mirrored=mirrored)
            for picture, weight in self._content.at(share)
        ]
        return np.pad(np.sum(parts, axis=0, dtype=np.float32), ((MARGIN,) * 2, (MARGIN,) * 2, (0, 0)), "reflect")


def _ends(axes: Sequence[Axis], rest: Values, name: str) -> tuple[float, float]:
    axis = next((axis for axis in axes if axis.name == name), None)
    return (rest[name], rest[name]) if axis is None else (axis.start, axis.stop if axis.steps > 1 else axis.start)


def _check_style_name(name: str) -> None:
    where = f"styles.{name}"
    if name in AXES:
        raise ProjectError(f"{name!r} is an axis of another kind", where=where, hint="give the style another name")
    try:
        Axis(name=name, steps=1)
    except GridError as error:
        raise ProjectError(error.problem, where=where, wanted=error.wanted) from None


def _check_axis(axis: Axis, own: StyleOptions, *, where: str = "[[axis]]") -> None:
    where, known = f"{where} {axis.name}", {**AXES, **dict.fromkeys(own.styles, STYLE_AXIS)}
    if axis.name not in known:
        hint = f"{nearest(axis.name, known)} or name it in `styles`"
        raise ProjectError(f"`style` has no axis {axis.name!r} here", where=where, hint=hint)
    if axis.name == "content" and len(own.contents) == 1 and axis.steps > 1 and not _is_video(own):
        raise ProjectError(
            "one picture has no way to another", where=where, hint="name several in `content`, or a video"
        )
    info = known[axis.name]
    if axis.closed and not (info.closed and float(axis.stop - axis.start).is_integer()):
        raise ProjectError(
            "the ends of this axis do not meet",
            where=where,
            wanted="to = from + 1" if info.closed else "an open axis",
            got=f"from = {axis.start:g}, to = {axis.stop:g}, closed = true",
            hint=None if info.closed else "leave out `closed`",
        )
    beyond = MAX_TURNS if info.closed else 0 if axis.name in EXACT else BEYOND
    low, high = info.start - beyond, info.stop + beyond
    if not all(low <= end <= high and math.isfinite(end) for end in (axis.start, axis.stop)[: min(axis.steps, 2)]):
        raise ProjectError(
            "the range of this axis is too wide",
            where=where,
            wanted=f"within {low:g}..{high:g}",
            got=f"from = {axis.start:g}, to = {axis.stop:g}",
        )


def _is_video(own: StyleOptions) -> bool:
    from tessonance.clips import SUFFIXES

    return any(name.lower().endswith(tuple(SUFFIXES)) for name in own.contents)


def _files(own: StyleOptions) -> tuple[str, ...]:
    return (*own.contents, *paintings_of(list(own.mixes.values())))


style = GeneratorKind(
    summary="Your own photographs, drawings or video, painted in styles that mix continuously.",
    open=Style,
    options=StyleOptions,
    axes=AXES,
    presets=PresetFiles("style", "paintings", "clip"),
    files=_files,
)
