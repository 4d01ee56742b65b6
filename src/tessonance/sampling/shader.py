"""The one shader body that weighs pictures, and its header in each dialect: OpenGL 3.3 and GLSL ES 3.00. Pure text."""

from __future__ import annotations

from typing import Literal, get_args

from tessonance.errors import RenderError, nearest

__all__ = ["DIALECTS", "MOST_TAPS", "Dialect", "fragment", "show", "vertex"]

Dialect = Literal["gl", "es"]
DIALECTS: tuple[str, ...] = get_args(Dialect)
MOST_TAPS = 16  # four axes off a knot

_HEADERS = {
    "gl": "#version 330\n",
    "es": "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp sampler2D;\n"
    "precision highp sampler2DArray;\n",
}

# A triangle that covers the target, without buffers: three vertices, drawn as triangles.
_WHOLE = """
out vec2 place;  // 0..1 over the target

void main() {
    place = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
    gl_Position = vec4(place * 2.0 - 1.0, 0.0, 1.0);
}
"""

# The target has the size of the pictures, so texel (x, y) of the frame is made of texel (x, y) of each picture: half a
# pixel and the edges need no thought. Row 0 is the top row, in the layers and in the target.
# A loop over a number of taps that is known only when it is drawn was tried: four to seven times as slow in software.
_BLEND = """
uniform sampler2DArray cells;  // one picture a layer
uniform int layers[TAPS];
uniform float weights[TAPS];
out vec4 colour;

vec4 picture(int layer) {
    return texelFetch(cells, ivec3(ivec2(gl_FragCoord.xy), layer), 0);
}

#define TAP(k) weights[k] * picture(layers[k])

void main() {
    colour = TAP(0)
#if TAPS > 1
        + TAP(1)
#endif
#if TAPS > 2
        + TAP(2) + TAP(3)
#endif
#if TAPS > 4
        + TAP(4) + TAP(5) + TAP(6) + TAP(7)
#endif
#if TAPS > 8
        + TAP(8) + TAP(9) + TAP(10) + TAP(11) + TAP(12) + TAP(13) + TAP(14) + TAP(15)
#endif
        ;
}
"""

# Everything that is seen: the middle part of a texture, times a share.
_SHOW = """
uniform sampler2D picture;
uniform vec2 part;  // of its width and height; negative is mirrored
uniform float share;
in vec2 place;
out vec4 colour;

void main() {
    colour = share * texture(picture, 0.5 + (place - 0.5) * part);
}
"""


def vertex(dialect: str = "gl") -> str:
    """Return the vertex shader of a triangle that covers the whole target."""
    return _header(dialect) + _WHOLE


def fragment(taps: int, dialect: str = "gl") -> str:
    """Return the fragment shader that weighs pictures.

    Parameters
    ----------
    taps : int
        How many pictures it weighs: 1, 2, 4, 8 or 16. Fewer are given weight 0.
    dialect : {"gl", "es"}
        OpenGL 3.3, or GLSL ES 3.00 for WebGL 2.

    Returns
    -------
    str
        Its uniforms: ``cells``, the texture array; ``layers`` and ``weights``, one per tap.

    Raises
    ------
    RenderError
        If there is no such number of taps, or no such dialect.
    """
    if taps not in (1, 2, 4, 8, MOST_TAPS):
        raise RenderError("no shader weighs so many pictures", wanted="1, 2, 4, 8 or 16", got=str(taps))
    return f"{_header(dialect)}#define TAPS {taps}\n{_BLEND}"


def show(dialect: str = "gl") -> str:
    """Return the fragment shader that shows a texture; its uniforms are ``picture``, ``part`` and ``share``."""
    return _header(dialect) + _SHOW


def _header(dialect: str) -> str:
    if dialect not in DIALECTS:
        raise RenderError(f"there is no dialect {dialect!r}", hint=nearest(dialect, DIALECTS))
    return _HEADERS[dialect]
