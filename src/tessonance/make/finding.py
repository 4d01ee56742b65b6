"""`found_project`: look at finished pictures, and write the project that they are the tesseract of."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from tessonance.errors import DamagedPicture, GeneratorError, ProjectError
from tessonance.generators.finished.arrange import found_axes
from tessonance.generators.finished.files import FolderSource
from tessonance.generators.folder import FolderOptions, open_source
from tessonance.images import picture_size
from tessonance.project import Picture
from tessonance.store import adopted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.finished.entries import Entry, Source
    from tessonance.grid import Axis
    from tessonance.project import Codec

__all__ = ["FoundProject", "found_project"]

LOOKED_AT = 16  # pictures: their size and kind decide those of all
DRIVERS = ("low", "high", "mid", "loudness")


@dataclass(frozen=True)
class FoundProject:
    """A project written from finished pictures.

    Parameters
    ----------
    text : str
        The project file.
    pictures : int
        How many there are.
    """

    text: str
    pictures: int


def found_project(
    source: str | Path,
    folder: str | Path,
    *,
    own: FolderOptions | None = None,
    axes: Sequence[str] = (),
    steps: int = 0,
    size: tuple[int, int] | None = None,
    codec: Codec | None = None,
) -> FoundProject:
    """Look at finished pictures, and write their project.

    Parameters
    ----------
    source : path-like
        A folder, a CSV, a contact sheet or a video.
    folder : path-like
        Where the project file will be.
    own : FolderOptions, optional
        What is known of them: a pattern, the cells of a sheet; its `source` is not looked at.
    axes : sequence of str
        Names of the axes, where the pictures do not tell.
    steps : int
        How many frames of a video; all unless given.
    size : (int, int), optional
        Width and height that are stored; those of most pictures unless given.
    codec : {"jpeg", "jpeg444", "lossless"}, optional
        The one that takes most of them over as they are, unless given.

    Returns
    -------
    FoundProject

    Raises
    ------
    ProjectError
        If there are no pictures, or it cannot be told what they belong to.
    GeneratorError
        If none of them can be read.
    """
    if not Path(source).exists():
        raise ProjectError("there is nothing of that name", where=source)
    if not Path(folder).is_dir():
        raise ProjectError("there is no such folder", where=folder, hint="make it first")
    place, named = str(Path(folder).absolute()), _seen_from(Path(source).absolute(), Path(folder).absolute())
    own = replace(own or FolderOptions(source=named), source=named)
    opened = open_source(place, own, axes=axes, steps=steps)
    try:
        found = found_axes(opened)
        pattern = opened.pattern.text if isinstance(opened, FolderSource) else ""
        own = replace(own, values=found.values, pattern=pattern)
        return FoundProject(_text(_picture(opened, size, codec), own, found.axes), len(opened.entries))
    finally:
        opened.close()


def _seen_from(place: Path, folder: Path) -> str:
    """Return how a place is named from a folder; from another drive of Windows, in full."""
    try:
        return Path(os.path.relpath(place, folder)).as_posix()
    except ValueError:
        return place.as_posix()


def _picture(source: Source, size: tuple[int, int] | None, codec: Codec | None) -> Picture:
    """Choose what is stored by a look at a few pictures: the size and the codec that most of them have."""
    spread = np.unique(np.linspace(0, len(source.entries) - 1, LOOKED_AT).astype(int))
    looks, problem = [], None
    for number in spread if size is None or codec is None else ():
        try:
            looks.append(_look(source, source.entries[number]))
        except GeneratorError as error:
            problem = error
    if not looks and problem is not None:
        raise problem
    width, height = size or Counter(look[0] for look in looks).most_common(1)[0][0]
    fitting = [encoded for look, encoded in looks if encoded is not None]
    if codec:
        return Picture(width=width, height=height, codec=codec)
    coarse = Picture(width=width, height=height, codec="jpeg")
    fine = Picture(width=width, height=height, codec="jpeg444")  # takes fewer: only those with the finest colours
    taken, finest = (sum(_is_taken(encoded, one) for encoded in fitting) for one in (coarse, fine))
    return fine if taken and finest == taken else coarse


def _look(source: Source, entry: Entry) -> tuple[tuple[int, int], bytes | None]:
    encoded = source.encoded(entry)
    if encoded is not None:
        return picture_size(encoded, where=entry.name), encoded
    height, width = source.picture(entry).shape[:2]
    return (width, height), None


def _is_taken(encoded: bytes, picture: Picture) -> bool:
    try:
        return adopted(encoded, picture) is not None
    except DamagedPicture:
        return False


def _text(picture: Picture, own: FolderOptions, axes: Sequence[Axis]) -> str:
    """Write the project file, with routes to begin with."""
    plain = FolderOptions(source=own.source)
    changed = {name: getattr(own, name) for name in own.__struct_fields__ if getattr(own, name) != getattr(plain, name)}
    blocks = [
        "# Finished pictures; edit the routes as you like, and `tess render` plays them.",
        _table("[picture]", {"width": picture.width, "height": picture.height, "codec": picture.codec}),
        _table("[generator]", {"use": "folder", "source": own.source, **changed}),
    ]
    for axis in axes:
        blocks.append(_table("[[axis]]", {"name": axis.name, "from": axis.start, "to": axis.stop, "steps": axis.steps}))
    moving = [axis for axis in axes if axis.steps > 1]
    for feature, axis in zip(DRIVERS, moving, strict=False):
        blocks.append(_table("[[route]]", {"feature": feature, "axis": axis.name}))
    return "\n\n".join(blocks) + "\n"


def _table(head: str, keys: dict[str, Any]) -> str:
    return "\n".join([head, *(f"{key} = {_value(value)}" for key, value in keys.items())])


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
