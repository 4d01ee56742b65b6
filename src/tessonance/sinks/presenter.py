"""Pictures on the graphics processor → what is seen: fitted, cross-faded, calmed, faded, and panels over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.sampling.fit import check_fit
from tessonance.sampling.shader import show, vertex

if TYPE_CHECKING:
    from moderngl import Context, Framebuffer, Texture
    from numpy.typing import NDArray

__all__ = ["Panel", "Presenter", "Showing", "fitted"]

Rectangle = tuple[int, int, int, int]  # left, top, width, height
REDUCED = 2.0  # from here on a picture is made smaller in steps, or its details would flicker


class Panel(NamedTuple):
    """Something drawn over the picture.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w, 4)
        RGBA, the colours already times alpha, as `Hud.overlay` makes it. The same array again costs no upload.
    corner : (int, int)
        Where its upper left corner lies, ``(x, y)`` in pixels; what lies outside is cut.
    """

    image: NDArray[np.uint8]
    corner: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Showing:
    """Everything that is seen at once.

    Parameters
    ----------
    picture : moderngl.Texture
        Row 0 on top, any size.
    over : moderngl.Texture, optional
        The picture it cross-fades to.
    mix : float
        How far, 0..1; 1 shows `over` alone.
    fit : {"cover", "contain", "stretch"}
    calm : float
        How much of the running mean of what was shown takes the place of the pictures, 0..1; see `FlashLimiter`.
    fade : float
        How dark it is, 0..1; 1 is black. Panels stay.
    panels : sequence of Panel
    """

    picture: Texture
    over: Texture | None = None
    mix: float = 0.0
    fit: str = "cover"
    calm: float = 0.0
    fade: float = 0.0
    panels: Sequence[Panel] = ()

    def __post_init__(self) -> None:
        check_fit(self.fit)

    def passes(self, light: float = 1.0) -> list[_Pass]:
        """Return what to sum for the pictures, each times its share of a light."""
        mix = min(max(self.mix, 0.0), 1.0) if self.over is not None else 0.0
        both = [(self.picture, 1.0 - mix), (self.over, mix)]
        return [_Pass(each, share * light, self.fit) for each, share in both if each is not None and share > 0.0]


class _Pass(NamedTuple):
    """A texture, how much of it, and how it gets into the target."""

    texture: Texture
    share: float
    fit: str = "stretch"


class Presenter:
    """Draws onto a framebuffer whose row 0 is at the bottom, as that of a window.

    Everything is one small shader, a texture times a number: cross-fade and running mean are sums of passes, and panels
    are laid over. So a frame that is only a picture costs one reading per pixel.

    Parameters
    ----------
    context : moderngl.Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._program = context.program(vertex_shader=vertex(), fragment_shader=show())
        self._program["picture"] = 0
        self._whole = context.vertex_array(self._program, [])
        self._means: list[tuple[Texture, Framebuffer]] = []  # the running mean, and where the next one is drawn
        self._calming = False  # whether the first of them is what is shown
        self._before: Showing | None = None
        self._panels: list[tuple[NDArray[np.uint8], Texture]] = []

    def present(self, showing: Showing, target: Framebuffer, size: tuple[int, int]) -> None:
        """Draw what is to be seen.

        The textures of the frame before must still be as they were: should this frame be calmed and that one was not,
        it is the running mean.
        """
        if showing.calm > 0.0:
            self._calm(showing, size)
        self._calming = showing.calm > 0.0
        self._before = showing
        self.again(target, size)

    def again(self, target: Framebuffer, size: tuple[int, int]) -> None:
        """Draw what was presented last once more, on the same framebuffer or another."""
        showing = self._before
        if showing is None:
            self._sum([], target, size)
            return
        light = 1.0 - min(max(showing.fade, 0.0), 1.0)
        passes = [_Pass(self._means[0][0], light)] if self._calming else showing.passes(light)
        self._sum(passes, target, size, upright=True)
        self._lay(showing.panels, size)

    def release(self) -> None:
        """Give its memory back."""
        _release(self._means)
        for _, texture in self._panels:
            texture.release()
        self._whole.release()
        self._program.release()

    def _calm(self, showing: Showing, size: tuple[int, int]) -> None:
        """Draw the next running mean, which is what is shown of these pictures."""
        if not self._means or self._means[0][0].size != size:
            old, self._means = self._means, [_deep_target(self._context, size) for _ in range(2)]
            if self._calming:
                self._sum([_Pass(old[0][0], 1.0)], self._means[0][1], size)
            _release(old)
        if not self._calming:
            self._sum((self._before or showing).passes(), self._means[0][1], size)
        amount = min(showing.calm, 1.0)
        mean, target = self._means[0][0], self._means[1][1]
        self._sum([*showing.passes(1.0 - amount), _Pass(mean, amount)], target, size)
        self._means.reverse()

    def _sum(
        self, passes: Sequence[_Pass], target: Framebuffer, size: tuple[int, int], *, upright: bool = False
    ) -> None:
        """Draw the sum of textures; `upright` where row 0 of the target is at the bottom."""
        target.use()
        context = self._context
        context.scissor, context.viewport = None, (0, 0, *size)
        context.disable(context.BLEND)
        if not passes or passes[0].fit == "contain":
            context.clear()
        for texture, share, fit in passes:
            rectangle, part = fitted(texture.size, size, fit)
            _filter(texture, part, rectangle)
            self._draw(texture, share, rectangle, size, part=part, upright=upright)
            context.enable(context.BLEND)
            context.blend_func = context.ONE, context.ONE

    def _lay(self, panels: Sequence[Panel], size: tuple[int, int]) -> None:
        """Lay panels over what was drawn."""
        context = self._context
        context.enable(context.BLEND)
        context.blend_func = context.ONE, context.ONE_MINUS_SRC_ALPHA
        self._upload([panel.image for panel in panels])
        for panel, (_, texture) in zip(panels, self._panels, strict=False):
            self._draw(texture, 1.0, (*panel.corner, *texture.size), size, upright=True)

    def _upload(self, images: Sequence[NDArray[np.uint8]]) -> None:
        """Bring the panels' images into textures: into the same ones, where they have the size."""
        for place, image in enumerate(images):
            height, width = image.shape[:2]
            held, texture = self._panels[place] if place < len(self._panels) else (None, None)
            if held is image:
                continue
            if texture is None or texture.size != (width, height):
                if texture is not None:
                    texture.release()
                texture = self._context.texture((width, height), 4)
                texture.filter = (self._context.NEAREST, self._context.NEAREST)
            texture.write(np.ascontiguousarray(image))
            self._panels[place : place + 1] = [(image, texture)]

    def _draw(
        self,
        texture: Texture,
        share: float,
        rectangle: Rectangle,
        size: tuple[int, int],
        *,
        part: tuple[float, float] = (1.0, 1.0),
        upright: bool,
    ) -> None:
        """Draw the middle part of a texture into a rectangle of the target, times a share."""
        left, top, width, height = rectangle
        self._context.viewport = (left, size[1] - top - height if upright else top, width, height)
        self._program["share"] = share
        self._program["part"] = (part[0], -part[1] if upright else part[1])
        texture.use(0)
        self._whole.render(vertices=3)


def fitted(picture: tuple[int, int], frame: tuple[int, int], fit: str) -> tuple[Rectangle, tuple[float, float]]:
    """Return where in a frame a picture goes, and which middle part of it.

    Parameters
    ----------
    picture, frame : (int, int)
        Width and height.
    fit : {"cover", "contain", "stretch"}

    Returns
    -------
    rectangle : (int, int, int, int)
        Left, top, width and height in the frame.
    part : (float, float)
        The shares of the picture's width and height that are seen.
    """
    (width, height), wider = frame, picture[0] * frame[1] / (picture[1] * frame[0])
    if fit == "cover":
        return (0, 0, width, height), (min(1.0, 1.0 / wider), min(1.0, wider))
    if fit == "stretch":
        return (0, 0, width, height), (1.0, 1.0)
    wide = min(width, max(1, round(width * min(1.0, wider))))
    tall = min(height, max(1, round(height * min(1.0, 1.0 / wider))))
    return ((width - wide) // 2, (height - tall) // 2, wide, tall), (1.0, 1.0)


def _filter(texture: Texture, part: tuple[float, float], rectangle: Rectangle) -> None:
    """Choose how a texture is read: as it is, between its pixels, or from smaller copies if made much smaller."""
    context = texture.ctx
    if part == (1.0, 1.0) and texture.size == rectangle[2:]:
        texture.filter = (context.NEAREST, context.NEAREST)
    elif max(texture.width * part[0] / rectangle[2], texture.height * part[1] / rectangle[3]) >= REDUCED:
        texture.build_mipmaps()
    else:
        texture.filter = (context.LINEAR, context.LINEAR)


def _deep_target(context: Context, size: tuple[int, int]) -> tuple[Texture, Framebuffer]:
    """Return a target of 16 bits: with eight, a mean that follows slowly would stop short of what it follows."""
    texture = context.texture(size, 4, dtype="nu2")
    texture.repeat_x = texture.repeat_y = False
    return texture, context.framebuffer([texture])


def _release(targets: Sequence[tuple[Texture, Framebuffer]]) -> None:
    for texture, target in targets:
        target.release()
        texture.release()
