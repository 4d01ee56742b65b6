"""By which method a tesseract is shown, and the fields that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import RenderError, nearest
from tessonance.sampling.taps import METHODS
from tessonance.shell import command

if TYPE_CHECKING:
    from tessonance.grid import Knots
    from tessonance.sampling.fields import Fields
    from tessonance.store import Tesseract

__all__ = ["FieldsToCome", "chosen"]

STILL_LOOKS = 15  # half a minute: pictures that are missing leave edges that are never baked


def chosen(tesseract: Tesseract, method: str | None) -> tuple[str, Fields | None]:
    """Return the method by which a tesseract is shown, and the fields that move its pictures.

    Parameters
    ----------
    tesseract : Tesseract
    method : {"nearest", "blend", "morph"} or None
        None is ``morph`` where the tesseract is baked, else ``blend``.

    Returns
    -------
    method : str
    fields : Fields or None
        None unless it is ``morph``.

    Raises
    ------
    RenderError
        If there is no such method, or nothing to morph by.
    TesseractError
        If no level is complete.
    """
    if method is not None and method not in METHODS:
        raise RenderError(f"there is no method {method!r}", hint=nearest(method, METHODS))
    if method not in (None, "morph"):
        return str(method), None
    bake, knots = tesseract.bake(), tesseract.knots()
    if bake is not None and _same(bake.knots, knots):
        return "morph", bake
    if method is None:
        return "blend", None
    from tessonance.store.bake import find_bake

    raise RenderError(
        "there is nothing to morph by",
        where=tesseract.where,
        wanted="a bake",
        got=find_bake(tesseract).reason or None,
        hint=f"`{command('tess', 'bake', tesseract.where)}`, or --method blend",
    )


class FieldsToCome:
    """Looks for a bake that comes while its tesseract plays; each look takes its time, on a thread.

    Parameters
    ----------
    tesseract : Tesseract
    """

    def __init__(self, tesseract: Tesseract) -> None:
        self._tesseract = tesseract
        self._baked, self._looks = 0, 0  # edges, and how many looks in a row have found so many

    def look(self, knots: Knots) -> Fields | None:
        """Return the fields between some knots once all are baked, or for fifteen looks no more have been.

        What a bake says is as it was when it was opened: half of one would stay half of one all night.

        Raises
        ------
        TesseractError
            If the tesseract is gone.
        """
        bake = self._tesseract.bake()
        if bake is None or not _same(bake.knots, knots):
            return None
        before, self._baked = self._baked, bake.baked()
        self._looks = self._looks + 1 if self._baked == before else 0
        return bake if self._baked == bake.edges() or self._looks >= STILL_LOOKS else None


def _same(one: Knots, other: Knots) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))
