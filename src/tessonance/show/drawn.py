"""What a stage tells of its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from moderngl import Texture

__all__ = ["Counts", "Drawn"]


class Drawn(NamedTuple):
    """A frame that was drawn.

    Parameters
    ----------
    texture : moderngl.Texture
        At the pictures' size, row 0 on top; as it is until the second next frame is drawn.
    late : bool
        Whether a picture was not ready and another stands in for it.
    replaced : int
        How many were not.
    moved : bool
        Whether pictures were moved in it.
    """

    texture: Texture
    late: bool
    replaced: int
    moved: bool = False


@dataclass
class Counts:
    """What has happened on a stage since it was opened.

    Parameters
    ----------
    frames : int
        Frames drawn.
    pictures : int
        Pictures they needed.
    late : int
        Frames for which a picture was not ready.
    replaced : int
        Pictures that were not ready.
    decoded : int
        Pictures read and decoded.
    failed : int
        Readings that failed.
    unmoved : int
        Frames in which a picture did not move as it is to, because the field was not ready.
    blended : int
        Frames that were to move their pictures and cross-faded them, because they were told so.
    plain : int
        Frames whose pictures moved and were read along straight lines, because they were told so.
    """

    frames: int = 0
    pictures: int = 0
    late: int = 0
    replaced: int = 0
    unmoved: int = 0
    blended: int = 0
    plain: int = 0
    decoded: int = 0
    failed: int = 0
