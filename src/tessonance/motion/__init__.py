"""Features → coordinate, on the hop clock. Pure."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tessonance.motion.governor import Governor, SpeedLimit
from tessonance.motion.motion import Motion, Track, accented, motion
from tessonance.motion.path import Path
from tessonance.motion.slowness import Slowness

if TYPE_CHECKING:
    from tessonance.project import Mapping

__all__ = ["Governor", "Motion", "Path", "Slowness", "SpeedLimit", "Track", "accented", "motion"]


class _Room(ModuleType):
    """The room, callable as its one-line function: both are ``tessonance.motion``, and whoever imports last wins."""

    def __call__(self, mapping: Mapping, track: Track, **options: Any) -> Path:
        return motion(mapping, track, **options)


sys.modules[__name__].__class__ = _Room
