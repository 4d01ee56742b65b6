"""A song played through without a picture: what is heard of it, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import ProjectError
from tessonance.motion import Motion, Path, accented, motion
from tessonance.project import ANALYSIS_RATE, Mapping, load_mapping, mapping_beside
from tessonance.show.governing import governor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path as FilePath

    from tessonance.motion import SpeedLimit
    from tessonance.show.filming import Part
    from tessonance.sound.track import FeatureTrack
    from tessonance.store import Tesseract

__all__ = ["Rehearsal", "rehearse", "routes_for"]

SETTLE_SECONDS = 5.0  # of sound before the film begins, so that followers do not have to start from silence


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """Where a song leads.

    Parameters
    ----------
    track : FeatureTrack
        What was heard, from a little before the part on.
    path : Path
        Where it leads.
    wanted : Path
        Where the mapping alone would lead.
    governor : SpeedLimit or None
        What made the difference.
    """

    track: FeatureTrack
    path: Path
    wanted: Path
    governor: SpeedLimit | None


def rehearse(
    tesseract: Tesseract, part: Part, mapping: Mapping, *, live: bool = False, also: Sequence[str] = ()
) -> Rehearsal:
    """Hear a part of a song and find where it leads.

    Parameters
    ----------
    tesseract : Tesseract
    part : Part
    mapping : Mapping
    live : bool
        Whether the governor knows nothing of the future, as in a show.
    also : sequence of str
        Features to hear besides those that the mapping needs.

    Returns
    -------
    Rehearsal
    """
    from tessonance.sound import features

    hop_seconds = mapping.sound.hop / ANALYSIS_RATE
    settled = max(0.0, part.start - SETTLE_SECONDS)
    begin = int(settled / hop_seconds) * hop_seconds  # on the hops of the whole song, so that a part is cut out of it
    names = dict.fromkeys((*mapping.feature_names, *also))
    track = features(part.song, tuple(names), start=begin, stop=part.stop, sound=mapping.sound)
    wanted, limit = motion(mapping, track), governor(tesseract, mapping)
    if limit is None:
        return Rehearsal(track, wanted, wanted, None)
    path = _live(mapping, track, limit) if live else motion(mapping, track, governor=limit)
    return Rehearsal(track, path, wanted, limit)


def _live(mapping: Mapping, track: FeatureTrack, limit: SpeedLimit) -> Path:
    if not len(track.values):
        return motion(mapping, track)
    mover = Motion(mapping, feature_names=track.names, hop_seconds=track.hop_seconds)
    steady, accents = mover.run_apart(track.values)
    governed = np.array([limit.step(place) for place in steady])
    coordinates = accented(governed, accents, mapping.grid.closed)
    return Path(coordinates, track.hop_seconds, track.start_seconds, mapping.grid.closed)


def routes_for(tesseract: Tesseract, mapping: Mapping | str | FilePath | None) -> Mapping:
    """Return the mapping given, by itself or as a file, else that beside the tesseract, else the one inside.

    Raises
    ------
    ProjectError
        If it is not as it should be, or has no route: nothing would move.
    """
    beside = mapping_beside(tesseract.path)
    if mapping is None and beside.is_file():
        mapping = beside
    if mapping is None or isinstance(mapping, Mapping):
        given = mapping or tesseract.project.mapping
        routes = Mapping(tesseract.grid, given.routes, given.sound, given.idle, given.governor)
    else:
        routes = load_mapping(mapping, tesseract.grid)
    if not routes.routes:
        raise ProjectError(
            "there are no routes, so the picture would stand still",
            where=tesseract.where if mapping is None or isinstance(mapping, Mapping) else mapping,
            hint="a [[route]] with a feature and an axis, in the mapping or the project file",
        )
    return routes
