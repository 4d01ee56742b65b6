"""The governor of a tesseract that plays: the mapping's limit over the distances that were baked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tessonance.motion import Slowness, SpeedLimit
from tessonance.motion.slowness import unmeasured
from tessonance.project import ANALYSIS_RATE
from tessonance.shell import command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.project import Mapping
    from tessonance.store import Tesseract

__all__ = ["governor", "governors", "ungoverned", "unheld"]


def governor(tesseract: Tesseract, mapping: Mapping) -> SpeedLimit | None:
    """Return what limits the speed of a mapping on a tesseract, for `tessonance.motion`.

    Parameters
    ----------
    tesseract : Tesseract
    mapping : Mapping
        Its ``[governor]`` says how fast the picture may change.

    Returns
    -------
    SpeedLimit or None
        None where the mapping has no limit, or the tesseract is not baked (`tess bake`).
    """
    return governors([tesseract])(0, mapping)


def governors(
    tesseracts: Sequence[Tesseract], mappings: Sequence[Mapping] = ()
) -> Callable[[int, Mapping], SpeedLimit | None]:
    """Return the governors of a show: number of a tesseract and mapping → what limits its speed.

    Parameters
    ----------
    tesseracts : sequence of Tesseract
        Their bakes are read now and no more, so that no disk holds up a picture.
    mappings : sequence of Mapping
        One of each, whose limits are worked out now.
    """
    bakes = [tesseract.bake() for tesseract in tesseracts]
    known: dict[tuple[int, float], Slowness] = {}

    def of(piece: int, mapping: Mapping) -> SpeedLimit | None:
        bake = bakes[piece] if piece < len(bakes) else None
        limit = mapping.governor.per_second
        if limit is None or bake is None:
            return None
        if (piece, limit) not in known:
            distances = [bake.distances(axis) for axis in range(len(bake.knots))]
            known[piece, limit] = Slowness(mapping.grid, bake.knots, distances, limit=limit)
        return SpeedLimit(known[piece, limit], mapping.sound.hop / ANALYSIS_RATE)

    for piece, mapping in enumerate(mappings):
        of(piece, mapping)
    return of


def ungoverned(tesseract: Tesseract, mapping: Mapping) -> str:
    """Say why a mapping's limit cannot be held; nothing where it is, or where there is none."""
    if mapping.governor.per_second is None:
        return ""
    again, bake = command("tess", "bake", tesseract.where), tesseract.bake()
    if bake is None:
        return f"{tesseract.name}: the governor does nothing until it is baked: `{again}`"
    free = unmeasured([bake.distances(axis) for axis in range(len(bake.knots))])
    names = " and ".join(tesseract.grid.names[axis] for axis in free)
    return f"{tesseract.name}: the governor does not hold {names}, whose bake was stopped: `{again}`" if free else ""


def unheld(names: Sequence[str], limits: Callable[[int, Mapping], SpeedLimit | None]) -> Callable[[int, Mapping], str]:
    """Return what says of a running show why a limit is not held: what is baked now is heard of in the next one.

    Parameters
    ----------
    names : sequence of str
        Of the tesseracts, in the order of the show.
    limits : callable
        As `governors` returns it.
    """

    def said(piece: int, mapping: Mapping) -> str:
        if mapping.governor.per_second is None or limits(piece, mapping) is not None:
            return ""
        return f"{names[piece]}: the governor does nothing, since it was not baked when the show began"

    return said
