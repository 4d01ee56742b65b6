"""The one shader body that moves and weighs pictures, and its header for GL 3.3 and for GLSL ES 3.00. Pure text."""

from __future__ import annotations

from typing import Literal, get_args

from tessonance.errors import RenderError, nearest
from tessonance.sampling.fields import FURTHEST, PART_BITS, PLACES

__all__ = ["DIALECTS", "MOST_TAPS", "Dialect", "fours", "fragment", "morph", "moves", "show", "vertex"]

Dialect = Literal["gl", "es"]
DIALECTS: tuple[str, ...] = get_args(Dialect)
MOST_TAPS = 16  # four axes off a knot

_HEADERS = {
    "gl": "#version 330\n",
    "es": "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp sampler2D;\n"
    "precision highp sampler2DArray;\nprecision highp isampler2D;\n"
    "precision highp isampler2DArray;\n",
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

# How far four pictures are moved, for every 4 × 4 pixels, in 32nds of a pixel: x in the lower half of a number, y in
# the upper. Fours stand side by side. Whole numbers, so that it is exactly what `Mover` makes of it.
_MOVES = """
uniform isampler2DArray fields;  // one edge a layer: forward x, y and backward x, y
uniform int width;               // of a field
uniform ivec3 terms[4 * FOURS * TERMS];  // a layer, whether backward, and what a unit moves by
out ivec4 moved;

ivec2 term(ivec3 told, ivec2 at) {
    ivec4 field = texelFetch(fields, ivec3(at, told.x), 0);
    return told.z * (told.y != 0 ? field.zw : field.xy);
}

int picture(int number, ivec2 at) {
    ivec2 total = ivec2(1 << (PART_BITS - 1));
    for (int k = 0; k < TERMS; k++) {
        total += term(terms[number * TERMS + k], at);
    }
    total = clamp(total >> PART_BITS, -FURTHEST, FURTHEST);
    return (total.y << 16) | (total.x & 0xFFFF);
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    int four = at.x / width;
    at.x -= four * width;
    moved = ivec4(0);
    moved.x = picture(4 * four, at);
#if TAPS > 1
    moved.y = picture(4 * four + 1, at);
#endif
#if TAPS > 2
    moved.z = picture(4 * four + 2, at);
    moved.w = picture(4 * four + 3, at);
#endif
}
"""

# Each picture is read where it has moved to. Moves are enlarged linearly: by eighths, which fractions hold exactly.
# What FINE adds is what `FineReader` and `grain` say.
_MORPH = """
uniform sampler2DArray cells;  // one picture a layer
uniform isampler2D moved;      // what the pass before has drawn
uniform ivec2 vectors;         // width and height of a field
uniform vec2 texel;            // of a picture
uniform int layers[TAPS];
uniform float weights[TAPS];
#ifdef FINE
uniform float bend;   // how far the line between pixels is bent to the curve, 0..1
uniform float grain;  // steps of the frame's codes that rounding is spread over
#endif
out vec4 colour;

struct Moves {
    vec4 x, y;  // of four pictures
};

vec4 enlarged(vec4 a, vec4 b, vec4 c, vec4 d, vec2 share) {
    return roundEven(mix(mix(a, b, share.x), mix(c, d, share.x), share.y)) / PLACES;
}

Moves moves(int four, ivec4 around, vec2 share) {
    int left = four * vectors.x;
    ivec4 a = texelFetch(moved, ivec2(left + around.x, around.y), 0);
    ivec4 b = texelFetch(moved, ivec2(left + around.z, around.y), 0);
    ivec4 c = texelFetch(moved, ivec2(left + around.x, around.w), 0);
    ivec4 d = texelFetch(moved, ivec2(left + around.z, around.w), 0);
    return Moves(
        enlarged(vec4(a << 16 >> 16), vec4(b << 16 >> 16), vec4(c << 16 >> 16), vec4(d << 16 >> 16), share),
        enlarged(vec4(a >> 16), vec4(b >> 16), vec4(c >> 16), vec4(d >> 16), share)
    );
}

vec4 picture(int number, float x, float y) {
    vec2 at = gl_FragCoord.xy + vec2(x, y);
    vec3 place = vec3(at * texel, layers[number]);
    vec4 here = texture(cells, place);
#ifdef FINE
    vec2 part = fract(at - 0.5);
    vec2 bent = 0.5 * bend * part * (1.0 - part);
    vec4 beside = textureOffset(cells, place, ivec2(-1, 0)) + textureOffset(cells, place, ivec2(1, 0));
    vec4 above = textureOffset(cells, place, ivec2(0, -1)) + textureOffset(cells, place, ivec2(0, 1));
    here += bent.x * (2.0 * here - beside) + bent.y * (2.0 * here - above);
#endif
    return weights[number] * here;
}

#if TAPS > 2
vec4 four(int first, Moves by) {
    return picture(first, by.x.x, by.y.x) + picture(first + 1, by.x.y, by.y.y)
        + picture(first + 2, by.x.z, by.y.z) + picture(first + 3, by.x.w, by.y.w);
}
#endif

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) - 2;
    ivec4 around = clamp(ivec4(at >> 2, (at >> 2) + 1), ivec4(0), vectors.xyxy - 1);
    vec2 share = (vec2(2 * (at & 3)) + 1.0) / 8.0;
    Moves by = moves(0, around, share);
#if TAPS < 4
    colour = picture(0, by.x.x, by.y.x);
#if TAPS > 1
    colour += picture(1, by.x.y, by.y.y);
#endif
#else
    colour = four(0, by);
#endif
#if TAPS > 4
    colour += four(4, moves(1, around, share));
#endif
#if TAPS > 8
    colour += four(8, moves(2, around, share));
    colour += four(12, moves(3, around, share));
#endif
#ifdef FINE
    ivec2 here = ivec2(gl_FragCoord.xy);
    int odd = here.x ^ here.y;
    int order = (odd & 1) << 3 | (here.y & 1) << 2 | (odd & 2) | (here.y & 2) >> 1;
    colour += grain * ((float(order) + 0.5) / 16.0 - 0.5);
#endif
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
    return f"{_header(dialect)}{_taps(taps)}{_BLEND}"


def moves(taps: int, terms: int, dialect: str = "gl") -> str:
    """Return the fragment shader that sums up how far pictures are moved.

    Parameters
    ----------
    taps : int
        How many pictures: 1, 2, 4, 8 or 16.
    terms : int
        How many fields are summed for each, at least 1. Fewer are told to move by 0.
    dialect : {"gl", "es"}

    Returns
    -------
    str
        Its uniforms: ``fields``, a texture array of RGBA8I; ``width``, that of a field; ``terms``, for each picture and
        field its layer, 1 for backward, and the `steps`. It draws into RGBA32I, a field's height and as many fields
        wide as there are fours of pictures.

    Raises
    ------
    RenderError
        If there is no such number of taps, or no such dialect.
    """
    sizes = f"#define FOURS {fours(taps)}\n#define TERMS {terms}\n#define PART_BITS {PART_BITS}\n"
    return f"{_header(dialect)}{_taps(taps)}{sizes}#define FURTHEST {FURTHEST}\n{_MOVES}"


def morph(taps: int, dialect: str = "gl", *, fine: bool = False) -> str:
    """Return the fragment shader that moves pictures, and weighs them.

    Parameters
    ----------
    taps : int
        How many pictures: 1, 2, 4, 8 or 16.
    dialect : {"gl", "es"}
    fine : bool
        Whether they are read along curves, and the frame gets a grain; see `tessonance.sampling.fine`.

    Returns
    -------
    str
        Its uniforms: those of `fragment`; ``moved``, what `moves` has drawn; ``vectors``, the width and height of a
        field; ``texel``, 1 over the width and height of a picture. Of a fine one also ``bend``, 0..1 of the curve, and
        ``grain``, in 0..1 of the frame's range.

    Raises
    ------
    RenderError
        If there is no such number of taps, or no such dialect.
    """
    sizes = f"#define PLACES {PLACES}.0\n" + ("#define FINE\n" if fine else "")
    return f"{_header(dialect)}{_taps(taps)}{sizes}{_MORPH}"


def show(dialect: str = "gl") -> str:
    """Return the fragment shader that shows a texture; its uniforms are ``picture``, ``part`` and ``share``."""
    return _header(dialect) + _SHOW


def fours(taps: int) -> int:
    """Return how many fours of pictures there are."""
    return -(-taps // 4)


def _taps(taps: int) -> str:
    if taps not in (1, 2, 4, 8, MOST_TAPS):
        raise RenderError("no shader weighs so many pictures", wanted="1, 2, 4, 8 or 16", got=str(taps))
    return f"#define TAPS {taps}\n"


def _header(dialect: str) -> str:
    if dialect not in DIALECTS:
        raise RenderError(f"there is no dialect {dialect!r}", hint=nearest(dialect, DIALECTS))
    return _HEADERS[dialect]
