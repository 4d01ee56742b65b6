"""Shares of pictures → frame on the graphics processor: the pictures are layers of a texture array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tessonance.sampling.fine import GRAIN
from tessonance.sampling.gl_memory import check_size, target, texture_array, uniform
from tessonance.sampling.gl_moves import MOVED_UNIT, GlMover
from tessonance.sampling.shader import MOST_TAPS, fragment, morph, vertex
from tessonance.sampling.shares import LayerMove, Share, telling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moderngl import Context, Framebuffer, Program, Texture, VertexArray
    from numpy.typing import NDArray

    from tessonance.sampling.fit import Region

__all__ = ["GlSampler"]


class GlSampler:
    """Moves and weighs pictures that lie in layers of a texture array, into a target of their size.

    Parameters
    ----------
    context : moderngl.Context
        OpenGL 3.3 or later; every call must come from its thread.
    size : (int, int)
        Width and height of the pictures.
    layers : int
        How many pictures it is to hold. There may be fewer; see `layers`.
    fields : int
        How many fields, too, for pictures that move; see `fields`.
    terms : int
        How many fields may move a picture at once: one per axis.

    Attributes
    ----------
    layers, fields : int
        How many pictures and fields it holds: at most what the driver allows and has memory for.

    Raises
    ------
    RenderError
        If pictures of that size do not fit into a texture, or the driver has no memory for two of them.

    Notes
    -----
    Coded values are weighed in 32-bit numbers and rounded once, so a frame equals that of `CpuSampler` to one step of
    255; and what is left out as faint (see `telling`) is at most half a step more. Pictures that move are read at the
    very places where `CpuSampler` reads them; drivers interpolate between pixels to a step of 255.
    """

    def __init__(
        self, context: Context, size: tuple[int, int], layers: int, *, fields: int = 0, terms: int = 1
    ) -> None:
        self._context, self.size = context, size
        check_size(context, size)
        self._cells, self.layers = texture_array(context, size, layers)
        self._mover = GlMover(context, size, fields, terms) if fields else None
        self.fields = 0 if self._mover is None else self._mover.layers
        self._targets: list[tuple[Texture, Framebuffer]] = [target(context, size) for _ in range(2)]
        self._programs: dict[tuple[int, bool, bool], tuple[Program, VertexArray]] = {}
        self._drawn: tuple[list[Share], Region, float] | None = None

    @property
    def texture(self) -> Texture:
        """The frame that was drawn last, top row first."""
        return self._targets[0][0]

    def warm(self, most: int) -> None:
        """Compile what is needed to weigh up to so many pictures, so that no frame has to wait for it later."""
        self._drawn = None
        still, moved = Share(0, 1.0), Share(0, 1.0, (LayerMove(0, False, 0),))
        count = 1
        while count <= min(most, MOST_TAPS):
            self._pass([still] * count, (0, 0, 1, 1), 0.0)  # some drivers compile only what is drawn
            if self._mover is not None:
                for fineness in (0.0, 1.0):
                    self._pass([moved] * count, (0, 0, 1, 1), fineness)
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
        if self._drawn is not None and any(layer == share.layer for share in self._drawn[0]):
            self._drawn = None

    def put_field(self, layer: int, vectors: NDArray[np.int8]) -> None:
        """Put the field of an edge into a layer.

        Parameters
        ----------
        layer : int
            From 0 to ``fields - 1``.
        vectors : ndarray of int8, shape (ceil(height / 4), ceil(width / 4), 4)
            Forward x and y, then backward x and y.
        """
        if self._mover is not None:
            self._mover.put(layer, vectors)
        if self._drawn is not None and any(layer == move.layer for share in self._drawn[0] for move in share.moves):
            self._drawn = None

    def draw(
        self, shares: Iterable[Share | tuple[int, float]], *, region: Region | None = None, fineness: float = 1.0
    ) -> Texture:
        """Draw a frame.

        Parameters
        ----------
        shares : iterable of Share, or of (int, float)
            Layers, their weights, which sum to 1, and what moves them. Beyond 16, they are summed in passes that are
            each rounded; of more than 64 the largest are taken.
        region : (int, int, int, int), optional
            Left, top, width and height of the part that is needed; the rest of the frame is left undefined.
        fineness : float
            How far pictures that move are read along curves, 0..1; 0 is along straight lines, which takes half the
            time. See `tessonance.sampling.fine`.

        Returns
        -------
        moderngl.Texture
            The frame, of the pictures' size, row 0 on top. It stays as it is until the second next frame is drawn that
            differs, so the one before is there still.
        """
        told = telling(Share(*share) for share in shares)
        part = region or (0, 0, *self.size)
        if self._drawn == (told, part, fineness):
            return self.texture
        self._drawn = (told, part, fineness)
        self._targets.reverse()
        for first in range(0, len(told), MOST_TAPS):
            self._pass(told[first : first + MOST_TAPS], part, fineness, more=first > 0)
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
        for texture, drawn in self._targets:
            drawn.release()
            texture.release()
        if self._mover is not None:
            self._mover.release()
        self._cells.release()

    def _pass(self, told: list[Share], region: Region, fineness: float, *, more: bool = False) -> None:
        """Weigh some pictures; `more` of them adds to what is there."""
        count = 1 << (len(told) - 1).bit_length()
        padded = told + [Share(told[0].layer, 0.0)] * (count - len(told))
        moving = self._mover if any(share.moves for share in told) else None
        self._context.disable(self._context.BLEND)
        if moving is not None:
            moving.draw(padded, region)
        drawn = self._targets[0][1]
        drawn.use()
        drawn.scissor = region
        self._cells.use(0)
        if more:
            self._context.enable(self._context.BLEND)
            self._context.blend_func = self._context.ONE, self._context.ONE
        program, vertices = self._program(count, moving, fine=fineness > 0)
        if moving is not None and fineness > 0:
            program["bend"], program["grain"] = fineness, 0.0 if more else GRAIN * fineness / 255
        uniform(program, "layers").write(np.array([share.layer for share in padded], np.int32))
        uniform(program, "weights").write(np.array([share.weight for share in padded], np.float32))
        vertices.render(vertices=3)

    def _program(self, count: int, moving: GlMover | None, *, fine: bool) -> tuple[Program, VertexArray]:
        key = count, moving is not None, fine and moving is not None
        if key not in self._programs:
            body = fragment(count) if moving is None else morph(count, fine=fine)
            program = self._context.program(vertex_shader=vertex(), fragment_shader=body)
            program["cells"] = 0
            if moving is not None:
                program["moved"], program["vectors"] = MOVED_UNIT, moving.vectors
                program["texel"] = 1 / self.size[0], 1 / self.size[1]
            self._programs[key] = program, self._context.vertex_array(program, [])
        return self._programs[key]
