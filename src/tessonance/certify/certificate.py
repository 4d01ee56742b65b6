"""What a certificate says, as plain frozen data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tessonance.smooth.findings import plain

if TYPE_CHECKING:
    from tessonance.certify.limits import Smoothness
    from tessonance.certify.musicality import Agreement

__all__ = ["AxisUse", "Certificate", "RouteUse", "SongCertificate"]


@dataclass(frozen=True)
class RouteUse:
    """How well an axis follows one of its routes.

    Parameters
    ----------
    feature, axis, act : str
    agreement : Agreement
        Of the axis' place (``position``) or pace (``speed``, ``step``) with the feature as the route follows it.
    """

    feature: str
    axis: str
    act: str
    agreement: Agreement


@dataclass(frozen=True)
class AxisUse:
    """What became of one axis that a route drives.

    Parameters
    ----------
    name : str
    used : float
        The share of it that was used, 0..1, leaving out the outermost hundredth of the time at either end.
    lowest, highest : float
        Where that lies, 0..1.
    travelled : float
        Perceived difference per second, on the mean: its length times how far it went; NaN where that is not known.
    lag : float
        How far the governor held it back, on the mean, as a share of the axis.
    lag_ms : float
        By how much time.
    """

    name: str
    used: float
    lowest: float
    highest: float
    travelled: float
    lag: float
    lag_ms: float


@dataclass(frozen=True)
class SongCertificate:
    """How a tesseract plays one song.

    Parameters
    ----------
    song : str
    start, seconds : float
        What was played of it.
    frames : int
    smoothness : Smoothness
    kind : str
        The calmest kind whose limits it keeps.
    worst_seconds : float
        When the largest step was.
    pop, pop_p99, speed : float
        Mean and 99th percentile of what motion does not explain, and the mean speed in percent of the width a frame,
        of one frame in twelve.
    flashing : int
        Frames during which a large area flashed more than three times within a second.
    calmed : int
        Frames that the flash limiter held back.
    governed : float
        The share of the frames that the governor held back.
    dense : bool
        Whether the song is equally loud nearly all the time.
    loudness, onset : Agreement
        Of the steps with them.
    routes : tuple of RouteUse
    axes : tuple of AxisUse
        Those that a route drives.
    steps, loud : tuple of float
        From frame to frame, and how loud it was then.
    rough, unmusical : tuple of str
        Why it is not smooth, or not musical; empty where it is.
    advice : tuple of str
        What to change.
    """

    song: str
    start: float
    seconds: float
    frames: int
    smoothness: Smoothness
    kind: str
    worst_seconds: float
    pop: float
    pop_p99: float
    speed: float
    flashing: int
    calmed: int
    governed: float
    dense: bool
    loudness: Agreement
    onset: Agreement
    routes: tuple[RouteUse, ...]
    axes: tuple[AxisUse, ...]
    steps: tuple[float, ...]
    loud: tuple[float, ...]
    rough: tuple[str, ...] = ()
    unmusical: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is smooth and musical."""
        return not self.rough and not self.unmusical


@dataclass(frozen=True)
class Certificate:
    """Whether a tesseract with its mapping is fit to be shown.

    Parameters
    ----------
    where, name : str
        The tesseract.
    kind : str
        What it was to be.
    method : str
    live : bool
        Whether it was played as in a show, without looking ahead; else as a film.
    limit : float
        Of the governor, in perceived difference per second; NaN where none was at work.
    trouble : str
        Why a limit that the mapping has was not held.
    lengths : tuple of (str, float)
        The perceived length of each axis.
    songs : tuple of SongCertificate
    """

    where: str
    name: str
    kind: str
    method: str
    live: bool
    limit: float
    trouble: str
    lengths: tuple[tuple[str, float], ...]
    songs: tuple[SongCertificate, ...]

    @property
    def passed(self) -> bool:
        """Whether every song is smooth and musical."""
        return all(song.passed for song in self.songs)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; what has no answer is None."""
        data: dict[str, Any] = plain(asdict(self))
        for said, song in zip(data["songs"], self.songs, strict=True):
            said["passed"] = song.passed
        return data | {"passed": self.passed}
