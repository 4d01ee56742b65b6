"""By which method a tesseract is shown, and the fields that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import RenderError, nearest
from tessonance.sampling.taps import METHODS

if TYPE_CHECKING:
    from tessonance.grid import Knots
    from tessonance.sampling.fields import Fields
    from tessonance.store import Tesseract

__all__ = ["chosen", "fields_of"]


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
    fields = fields_of(tesseract, tesseract.knots())
    if fields is not None:
        return "morph", fields
    if method is None:
        return "blend", None
    from tessonance.store.bake import find_bake

    raise RenderError(
        "there is nothing to morph by",
        where=tesseract.where,
        wanted="a bake",
        got=find_bake(tesseract).reason or None,
        hint=f"`tess bake {tesseract.where}`, or --method blend",
    )


def fields_of(tesseract: Tesseract, knots: Knots) -> Fields | None:
    """Return the fields between some knots; None where the tesseract is not baked for them."""
    bake = tesseract.bake()
    if bake is None or len(bake.knots) != len(knots):
        return None
    return bake if all(map(np.array_equal, bake.knots, knots)) else None
