"""Memory of the graphics processor: texture arrays as large as the driver allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tessonance.errors import RenderError

if TYPE_CHECKING:
    from moderngl import Context, Framebuffer, Program, Texture, TextureArray, Uniform

__all__ = ["check_size", "target", "texture_array", "uniform"]


def check_size(context: Context, size: tuple[int, int]) -> None:
    """Raise RenderError unless pictures of a width and height fit into a texture."""
    most = int(context.info["GL_MAX_TEXTURE_SIZE"])
    if not 1 <= min(size) <= max(size) <= most:
        raise RenderError(
            "pictures of this size do not fit into a texture of this graphics driver",
            wanted=f"from 1 to {most} pixels wide and high",
            got=f"{size[0]} × {size[1]}",
        )


def texture_array(
    context: Context, size: tuple[int, int], layers: int, *, whole: bool = False
) -> tuple[TextureArray, int]:
    """Return a texture array of as many layers as there is memory for, and their number.

    Parameters
    ----------
    context : moderngl.Context
    size : (int, int)
        Width and height of a layer of four channels.
    layers : int
        How many are wanted; fewer where the driver has no memory for them.
    whole : bool
        Whether it holds whole numbers of -128..127, which are not interpolated, instead of shares of 255.

    Raises
    ------
    RenderError
        If there is no memory for two.
    """
    count = max(2, min(layers, int(context.info["GL_MAX_ARRAY_TEXTURE_LAYERS"])))
    _ = context.error  # an older error says nothing about this
    while count >= 2:
        made = _try_array(context, size, count, whole=whole)
        if made is not None:
            return made, count
        count //= 2
    raise RenderError(
        "the graphics driver has no memory for two pictures", got=f"{size[0]} × {size[1]} pixels", hint="smaller ones"
    )


def target(context: Context, size: tuple[int, int]) -> tuple[Texture, Framebuffer]:
    """Return a texture of a width and height that can be drawn into."""
    texture = context.texture(size, 4)
    texture.filter = (context.LINEAR, context.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    return texture, context.framebuffer([texture])


def uniform(program: Program, name: str) -> Uniform:
    """Return a uniform of a program, which must have it."""
    return cast("Uniform", program[name])


def _try_array(context: Context, size: tuple[int, int], count: int, *, whole: bool) -> TextureArray | None:
    made: Any = None
    try:
        made = context.texture_array((*size, count), 4, dtype="i1" if whole else "f1")
    except Exception:  # moderngl's own, or MemoryError: there is no room either way
        return None
    if context.error != "GL_NO_ERROR":
        made.release()
        return None
    between = context.NEAREST if whole else context.LINEAR
    made.filter = (between, between)
    made.repeat_x = made.repeat_y = False
    return made  # type: ignore[no-any-return]
