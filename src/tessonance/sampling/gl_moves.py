"""How far pictures are moved, on the graphics processor: fields are layers of a texture array, sums a small target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.sampling.fields import QUARTER, quarter
from tessonance.sampling.gl_memory import texture_array, uniform
from tessonance.sampling.shader import MOST_TAPS, fours, moves, vertex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moderngl import Context, Program, VertexArray
    from numpy.typing import NDArray

    from tessonance.sampling.fit import Region
    from tessonance.sampling.shares import Share

__all__ = ["GlMover"]

FIELDS_UNIT, MOVED_UNIT = 1, 2


class GlMover:
    """Sums up the fields of pictures, for every 4 × 4 pixels of them, into a texture.

    Parameters
    ----------
    context : moderngl.Context
    size : (int, int)
        Width and height of the pictures.
    layers : int
        How many fields it is to hold. There may be fewer; see `layers`.
    terms : int
        How many fields a picture may have: one per axis.

    Attributes
    ----------
    layers : int
    vectors : (int, int)
        Width and height of a field.

    Raises
    ------
    RenderError
        If the driver has no memory for two fields.
    """

    def __init__(self, context: Context, size: tuple[int, int], layers: int, terms: int) -> None:
        self._context, self._terms, self.vectors = context, terms, quarter(size)
        self._fields, self.layers = texture_array(context, self.vectors, layers, whole=True)
        width, height = self.vectors
        self._moved = context.texture((width * fours(MOST_TAPS), height), 4, dtype="i4")
        self._moved.filter = (context.NEAREST, context.NEAREST)
        self._target = context.framebuffer([self._moved])
        self._programs: dict[int, tuple[Program, VertexArray]] = {}

    def put(self, layer: int, vectors: NDArray[np.int8]) -> None:
        """Put a field into a layer: int8 of shape ``(h, w, 4)``, forward x and y, then backward x and y."""
        self._fields.write(np.ascontiguousarray(vectors), viewport=(0, 0, layer, *self.vectors, 1))

    def draw(self, told: Sequence[Share], region: Region) -> None:
        """Sum up how far some pictures are moved, in the part of them that is needed; what follows may read it.

        Parameters
        ----------
        told : sequence of Share
            As many as a shader takes: 1, 2, 4, 8 or 16.
        region : (int, int, int, int)
            Left, top, width and height of the part, in pixels of the pictures.
        """
        (width, height), across = self.vectors, fours(len(told))
        program, vertices = self._program(len(told))
        terms = np.zeros((4 * across, self._terms, 3), np.int32)
        for number, share in enumerate(told):
            if share.moves:
                terms[number, : len(share.moves)] = share.moves
        uniform(program, "terms").write(terms)
        self._target.use()
        self._target.viewport = (0, 0, width * across, height)
        above = max(0, region[1] // QUARTER - 1)
        below = min(height, (region[1] + region[3]) // QUARTER + 2)
        self._target.scissor = (0, above, width * across, below - above)
        self._fields.use(FIELDS_UNIT)
        vertices.render(vertices=3)
        self._moved.use(MOVED_UNIT)

    def release(self) -> None:
        """Give its memory back."""
        for program, vertices in self._programs.values():
            vertices.release()
            program.release()
        self._target.release()
        self._moved.release()
        self._fields.release()

    def _program(self, count: int) -> tuple[Program, VertexArray]:
        if count not in self._programs:
            program = self._context.program(vertex_shader=vertex(), fragment_shader=moves(count, self._terms))
            program["fields"], program["width"] = FIELDS_UNIT, self.vectors[0]
            self._programs[count] = program, self._context.vertex_array(program, [])
        return self._programs[count]
