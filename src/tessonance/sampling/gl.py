"""Shares of pictures → frame on the graphics processor: the pictures are layers of a texture array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from tessonance.errors import RenderError
from tessonance.sampling.shader import MOST_TAPS, fragment, vertex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moderngl import Context, Framebuffer, Program, Texture, TextureArray, Uniform, VertexArray
    from numpy.typing import NDArray

Share = tuple[int, float]  # a layer and its weight
Region = tuple[int, int, int, int]  # left, top, width and height in pixels of the picture

__all__ = ["FAINT", "MOST_SHARES", "GlSampler", "Region", "telling"]

MOST_SHARES = 64  # six axes off a knot, in four passes
FAINT = 1 / 512  # of a frame: half a step of 255, which no eye and no 8-bit pixel holds


class GlSampler:
    """Weighs pictures that lie in layers of a texture array, into a target of their size.

    Parameters
    ----------
    context : moderngl.Context
        OpenGL 3.3 or later; every call must come from its thread.
    size : (int, int)
        Width and height of the pictures.
    layers : int
        How many pictures it is to hold. There may be fewer; see `layers`.

    Attributes
    ----------
    layers : int
        How many pictures it holds: at most what the driver allows and has memory for.

    Raises
    ------
    RenderError
        If pictures of that size do not fit into a texture, or the driver has no memory for two of them.

    Notes
    -----
    Coded values are weighed in 32-bit numbers and rounded once, so a frame equals that of `CpuSampler` to one step of
    255; and what is left out as faint (see `telling`) is at most half a step more.
    """

    def __init__(self, context: Context, size: tuple[int, int], layers: int) -> None:
        self._context, self.size = context, size
        _check_size(context, size)
        self._cells, self.layers = _array(context, size, layers)
        self._targets: list[tuple[Texture, Framebuffer]] = [_target(context, size) for _ in range(2)]
        self._programs: dict[int, tuple[Program, VertexArray]] = {}
        self._drawn: tuple[list[Share], Region] | None = None

    @property
    def texture(self) -> Texture:
        """The frame that was drawn last, top row first."""
        return self._targets[0][0]

    def warm(self, most: int) -> None:
        """Compile what is needed to weigh up to so many pictures, so that no frame has to wait for it later."""
        target = self._targets[0][1]
        target.use()
        target.scissor = (0, 0, 1, 1)
        self._cells.use(0)
        self._drawn = None
        count = 1
        while count <= min(most, MOST_TAPS):
            self._weigh([(0, 1.0)] * count)  # some drivers compile only what is drawn
            count *= 2

    def put(self, layer: int, picture: NDArray[np.uint8]) -> None:
        """Put a picture into a layer.

        Parameters
        ----------
        layer : int
            From 0 to ``layers - 1``.
        picture : ndarray of uint8, shape (height, width, 3) or (height, width, 4)
            Top row first. Four channels are five times as fast; the fourth is not looked at.
        """
        if picture.shape[2] == 3:
            picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8)
        self._cells.write(np.ascontiguousarray(picture), viewport=(0, 0, layer, *self.size, 1))
        if self._drawn is not None and any(layer == shown for shown, _ in self._drawn[0]):
            self._drawn = None

    def draw(self, shares: Iterable[Share], *, region: Region | None = None) -> Texture:
        """Draw a frame.

        Parameters
        ----------
        shares : iterable of (int, float)
            Layers and their weights, which sum to 1. Beyond 16, they are summed in passes that are each rounded; of
            more than 64 the largest are taken.
        region : (int, int, int, int), optional
            Left, top, width and height of the part that is needed; the rest of the frame is left undefined.

        Returns
        -------
        moderngl.Texture
            The frame, of the pictures' size, row 0 on top. It stays as it is until the second next frame is drawn that
            differs, so the one before is there still.
        """
        told = telling(shares)
        part = region or (0, 0, *self.size)
        if self._drawn == (told, part):
            return self.texture
        self._drawn = (told, part)
        self._targets.reverse()
        target = self._targets[0][1]
        target.use()
        target.scissor = part
        self._cells.use(0)
        self._context.disable(self._context.BLEND)
        self._weigh(told[:MOST_TAPS])
        if len(told) > MOST_TAPS:
            self._context.enable(self._context.BLEND)
            self._context.blend_func = self._context.ONE, self._context.ONE
            for first in range(MOST_TAPS, len(told), MOST_TAPS):
                self._weigh(told[first : first + MOST_TAPS])
        return self.texture

    def read(self) -> NDArray[np.uint8]:
        """Return the frame that was drawn last, shape ``(height, width, 3)``. It waits for the graphics processor."""
        raw = self._targets[0][1].read(components=3, alignment=1)
        return np.frombuffer(raw, np.uint8).reshape(self.size[1], self.size[0], 3)

    def release(self) -> None:
        """Give its memory back."""
        for program, vertices in self._programs.values():
            vertices.release()
            program.release()
        for texture, target in self._targets:
            target.release()
            texture.release()
        self._cells.release()

    def _weigh(self, told: list[Share]) -> None:
        count = 1 << (len(told) - 1).bit_length()
        program, vertices = self._program(count)
        padded = told + [(told[0][0], 0.0)] * (count - len(told))
        _uniform(program, "layers").write(np.array([layer for layer, _ in padded], np.int32))
        _uniform(program, "weights").write(np.array([weight for _, weight in padded], np.float32))
        vertices.render(vertices=3)

    def _program(self, count: int) -> tuple[Program, VertexArray]:
        if count not in self._programs:
            program = self._context.program(vertex_shader=vertex(), fragment_shader=fragment(count))
            program["cells"] = 0
            self._programs[count] = program, self._context.vertex_array(program, [])
        return self._programs[count]


def telling(shares: Iterable[Share]) -> list[Share]:
    """Return the shares that tell in a frame, one per layer, the largest first; they sum to 1.

    Left out are the smallest, as long as all that is left out stays below a 512th of the frame: near a knot that
    saves half of the pictures of each axis, and where followers come to rest they are near one for long.
    """
    by_layer: dict[int, float] = {}
    for layer, weight in shares:
        by_layer[layer] = by_layer.get(layer, 0.0) + weight
    told = sorted(by_layer.items(), key=_weight, reverse=True)[:MOST_SHARES]
    faint = 0.0
    while len(told) > 1 and faint + told[-1][1] < FAINT:
        faint += told.pop()[1]
    total = sum(weight for _, weight in told)
    return [(layer, weight / total) for layer, weight in told]


def _uniform(program: Program, name: str) -> Uniform:
    return cast("Uniform", program[name])


def _weight(share: Share) -> float:
    return share[1]


def _check_size(context: Context, size: tuple[int, int]) -> None:
    most = int(context.info["GL_MAX_TEXTURE_SIZE"])
    if not 1 <= min(size) <= max(size) <= most:
        raise RenderError(
            "pictures of this size do not fit into a texture of this graphics driver",
            wanted=f"from 1 to {most} pixels wide and high",
            got=f"{size[0]} × {size[1]}",
        )


def _array(context: Context, size: tuple[int, int], layers: int) -> tuple[TextureArray, int]:
    """Return a texture array of as many layers as there is memory for, and their number."""
    count = max(2, min(layers, int(context.info["GL_MAX_ARRAY_TEXTURE_LAYERS"])))
    _ = context.error  # an older error says nothing about this
    while count >= 2:
        cells = _try_array(context, size, count)
        if cells is not None:
            return cells, count
        count //= 2
    raise RenderError(
        "the graphics driver has no memory for two pictures", got=f"{size[0]} × {size[1]} pixels", hint="smaller ones"
    )


def _try_array(context: Context, size: tuple[int, int], count: int) -> TextureArray | None:
    cells: Any = None
    try:
        cells = context.texture_array((*size, count), 4)
    except Exception:  # moderngl's own, or MemoryError: there is no room either way
        return None
    if context.error != "GL_NO_ERROR":
        cells.release()
        return None
    cells.filter = (context.LINEAR, context.LINEAR)
    cells.repeat_x = cells.repeat_y = False
    return cells  # type: ignore[no-any-return]


def _target(context: Context, size: tuple[int, int]) -> tuple[Texture, Framebuffer]:
    texture = context.texture(size, 4)
    texture.filter = (context.LINEAR, context.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    return texture, context.framebuffer([texture])
