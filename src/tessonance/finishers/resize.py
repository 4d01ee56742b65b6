"""Finishers that change the size: `resize` scales, `crop` cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.errors import ProjectError
from tessonance.finishers import FinisherKind
from tessonance.project import options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.finishers import Size
    from tessonance.project import Finish, Project

__all__ = ["CropOptions", "ResizeOptions", "crop", "resize"]

SIDES = 16, 8192


class ResizeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[[finish]]`` for `resize`.

    Parameters
    ----------
    width, height : int
        The size that is painted, in pixels; what comes out is what the next table, or ``[picture]``, wants.
    fit : {"stretch", "cover"}
        Where the proportions differ: pull the picture to shape, or cut off what is over, alike at both sides.
    """

    width: int
    height: int
    fit: Literal["stretch", "cover"] = "stretch"

    def __post_init__(self) -> None:
        _check_sides(self.width, self.height)


class CropOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[[finish]]`` for `crop`.

    Parameters
    ----------
    width, height : int
        The size that is painted, in pixels; what comes out is what the next table, or ``[picture]``, wants.
    x, y : float
        Which part is kept: 0 the left or the top, 0.5 the middle, 1 the right or the bottom.
    """

    width: int
    height: int
    x: float = 0.5
    y: float = 0.5

    def __post_init__(self) -> None:
        _check_sides(self.width, self.height)
        for name in ("x", "y"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise ProjectError(f"{name} is out of range", wanted="0..1", got=str(value))


class _Resize:
    def __init__(self, project: Project, finish: Finish, before: Size, after: Size) -> None:
        own = options(ResizeOptions, finish.options, f"[[finish]] {finish.use}")
        self._after, self._part = after, (slice(None), slice(None))
        if own.fit == "cover":
            scale = max(after[0] / before[0], after[1] / before[1])
            kept = [min(size, max(1, round(new / scale))) for size, new in zip(before, after, strict=True)]
            self._part = _middle(before[1], kept[1], 0.5), _middle(before[0], kept[0], 0.5)
        shrinks = after[0] < before[0] and after[1] < before[1]
        self._how = "area" if shrinks else "cubic"

    def finish(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        import cv2

        how = cv2.INTER_AREA if self._how == "area" else cv2.INTER_CUBIC
        return np.stack(
            [cv2.resize(np.ascontiguousarray(p[self._part]), self._after, interpolation=how) for p in pictures]
        )

    def close(self) -> None:
        pass


class _Crop:
    def __init__(self, project: Project, finish: Finish, before: Size, after: Size) -> None:
        own = options(CropOptions, finish.options, f"[[finish]] {finish.use}")
        self._part = _middle(before[1], after[1], own.y), _middle(before[0], after[0], own.x)

    def finish(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.ascontiguousarray(pictures[:, self._part[0], self._part[1]])

    def close(self) -> None:
        pass


def _middle(whole: int, part: int, place: float) -> slice:
    start = round((whole - part) * place)
    return slice(start, start + part)


def _check_sides(width: int, height: int) -> None:
    low, high = SIDES
    for name, value in (("width", width), ("height", height)):
        if not low <= value <= high:
            raise ProjectError(f"{name} is out of range", wanted=f"{low}..{high} pixels", got=str(value))


def _resized_from(own: ResizeOptions, after: Size) -> Size:
    return own.width, own.height


def _cropped_from(own: CropOptions, after: Size) -> Size:
    if own.width < after[0] or own.height < after[1]:
        raise ProjectError(
            "a crop cannot make pictures larger",
            wanted=f"at least {after[0]} × {after[1]}, the size after it",
            got=f"width = {own.width}, height = {own.height}",
            hint="`resize` or `upscale` can",
        )
    return own.width, own.height


resize = FinisherKind(
    summary="Scales pictures: by area means where they shrink, bicubically where they grow.",
    open=_Resize,
    options=ResizeOptions,
    size_before=_resized_from,
)
crop = FinisherKind(
    summary="Cuts a part out of the pictures.", open=_Crop, options=CropOptions, size_before=_cropped_from
)
