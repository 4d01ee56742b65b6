"""The music's hand on the axes: routes, how the sound is heard, a speed limit, what moves without sound. Pure."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from tessonance.errors import ProjectError, nearest
from tessonance.grid import Grid

__all__ = [
    "ANALYSIS_RATE",
    "BANDS",
    "CHROMA",
    "FEATURES",
    "TEMPO",
    "Governing",
    "Idle",
    "Mapping",
    "Route",
    "Sound",
    "check_feature",
    "feature_name",
]

ANALYSIS_RATE = 48_000
BANDS: dict[str, tuple[float, float]] = {
    "sub": (20.0, 60.0),
    "low": (20.0, 150.0),
    "mid": (150.0, 2_000.0),
    "high": (2_000.0, 16_000.0),
}
CHROMA = tuple(f"chroma_{tone}" for tone in ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b"))
TEMPO = ("beat", "bar", "bpm")
LIMITS = {"calm": 3.0, "lively": 6.0, "wild": 12.0}  # 30 times what nine frames in ten of such material change at most
FEATURES = (*BANDS, "loudness", "onset", *TEMPO, "brightness", "noisiness", *CHROMA)


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feature driving an axis, with its shaping.

    The feature is followed (`attack_ms`, `release_ms`), bent (`curve`), then scaled: ``offset + gain * value``.

    Parameters
    ----------
    feature : str or (float, float)
        One of `FEATURES`, or a band ``[lo, hi]`` in Hz.
    axis : str
        The axis it drives. Several routes to one axis add up.
    act : {"position", "speed", "step"}
        What the value is: a place on the axis (0..1); a speed (axis lengths per second); or, at every onset of the
        feature, a step of `gain` axis lengths.
    gain, offset : float
        Scale and shift, finite.
    curve : float or {"linear", "smooth"}
        An exponent above 0, or the smoothstep polynomial.
    attack_ms, release_ms : float
        Time constants of the follower as the feature rises and falls, 0..60,000 ms.
    edge : {"bounce", "swing", "wrap"}
        What ``speed`` and ``step`` do at the end of the axis: turn round at once, slow down and turn, or go on at the
        other end, which only a closed axis can.
    accent : bool
        Whether it goes past the governor: what it adds to the place is not limited.
    """

    feature: str | tuple[float, float]
    axis: str
    act: Literal["position", "speed", "step"] = "position"
    gain: float = 1.0
    offset: float = 0.0
    curve: float | Literal["linear", "smooth"] = "linear"
    attack_ms: float = 40.0
    release_ms: float = 500.0
    edge: Literal["bounce", "swing", "wrap"] = "bounce"
    accent: bool = False

    def __post_init__(self) -> None:
        check_feature(self.feature)
        for name in ("gain", "offset"):
            if not (math.isfinite(value := getattr(self, name)) and abs(value) <= 1000):
                raise ProjectError(f"{name} is out of range", where="[[route]]", wanted="-1000..1000", got=str(value))
        for name in ("attack_ms", "release_ms"):
            if not 0 <= (value := getattr(self, name)) <= 60_000:
                raise ProjectError(f"{name} is out of range", where="[[route]]", wanted="0..60000 ms", got=str(value))
        if not isinstance(self.curve, str) and not 0.01 <= self.curve <= 100:
            raise ProjectError(
                "curve is out of range",
                where="[[route]]",
                wanted="an exponent from 0.01 to 100, 'linear' or 'smooth'",
                got=str(self.curve),
            )

    @property
    def feature_name(self) -> str:
        """The feature as one word: its name, or ``40-90Hz`` for a band."""
        return feature_name(self.feature)


class Sound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the sound is heard.

    Parameters
    ----------
    automatic_level : bool
        Whether amplitudes are relative to the loudness of the last four seconds.
    start_level_db : float
        The level in dBFS that automatic level starts from, and stays at where it is off; -120..20.
    gate_db : float
        Below this level in dBFS the automatic level stands still; -160..0.
    hop : int
        Samples per step of the analysis at 48 kHz, 64..1024.
    """

    automatic_level: bool = True
    start_level_db: float = -20.0
    gate_db: float = -60.0
    hop: int = 256

    def __post_init__(self) -> None:
        for name, low, high in (("start_level_db", -120, 20), ("gate_db", -160, 0), ("hop", 64, 1024)):
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", where="[sound]", wanted=f"{low}..{high}", got=str(value))


class Idle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the picture drifts in a show while nothing sounds.

    Parameters
    ----------
    speed : float
        Axis lengths per second, 0..1; 0 lets it stand still.
    after_seconds : float
        How long it must be silent before that, 0..3600.
    below_db : float
        What counts as silence, in dBFS; -160..0.
    fall_seconds, wake_seconds : float
        How long it takes to fall asleep and to wake with the sound, 0..60.
    """

    speed: float = 0.03
    after_seconds: float = 4.0
    below_db: float = -50.0
    fall_seconds: float = 4.0
    wake_seconds: float = 0.4

    def __post_init__(self) -> None:
        limits = {"speed": (0, 1), "after_seconds": (0, 3600), "below_db": (-160, 0)}
        limits |= {"fall_seconds": (0, 60), "wake_seconds": (0, 60)}
        for name, (low, high) in limits.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", where="[idle]", wanted=f"{low}..{high}", got=str(value))


class Governing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"kind": "as"}):
    """How fast the picture may change, whatever the music does.

    Parameters
    ----------
    limit : float, optional
        Perceived difference (FLIP) per second, as frames at 30 a second show it, 0.1..100.
    as : {"calm", "lively", "wild"}, optional
        The same by a word: 3, 6 or 12. Without either, nothing is limited.
    """

    limit: float | None = None
    kind: Literal["calm", "lively", "wild"] | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and not 0.1 <= self.limit <= 100:
            raise ProjectError("limit is out of range", where="[governor]", wanted="0.1..100", got=str(self.limit))
        if self.limit is not None and self.kind is not None:
            raise ProjectError("there are two limits", where="[governor]", wanted="either limit or as")

    @property
    def per_second(self) -> float | None:
        """The limit in perceived difference per second; None where there is none."""
        return self.limit if self.kind is None else LIMITS[self.kind]


class Mapping:
    """All routes together, bound to the grid whose axes they drive.

    Parameters
    ----------
    grid : Grid
    routes : sequence of Route
    sound : Sound, optional
    idle : Idle, optional
    governor : Governing, optional

    Raises
    ------
    ProjectError
        If a route drives no axis of the grid, or wraps on an open one.
    """

    def __init__(
        self,
        grid: Grid,
        routes: tuple[Route, ...] | list[Route],
        sound: Sound | None = None,
        idle: Idle | None = None,
        governor: Governing | None = None,
    ) -> None:
        self.grid, self.routes, self.sound, self.idle = grid, tuple(routes), sound or Sound(), idle or Idle()
        self.governor = governor or Governing()
        for number, route in enumerate(self.routes, 1):
            where = f"[[route]] {number} ({route.feature_name} to {route.axis})"
            if route.axis not in grid.names:
                raise ProjectError(
                    f"there is no axis {route.axis!r}", where=where, hint=nearest(route.axis, grid.names)
                )
            closed = grid.axes[grid.names.index(route.axis)].closed
            if route.edge == "wrap" and not closed:
                raise ProjectError(
                    "an open axis cannot wrap",
                    where=where,
                    wanted='edge = "wrap" only where the axis says closed = true',
                    hint='edge = "bounce", or close the axis',
                )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that the routes need, each once, in the order of the routes."""
        return tuple(dict.fromkeys(route.feature_name for route in self.routes))

    def __repr__(self) -> str:
        return "Mapping(" + ", ".join(f"{route.feature_name} → {route.axis}" for route in self.routes) + ")"


def feature_name(feature: str | tuple[float, float]) -> str:
    """Name a feature in one word: its own name, or ``40-90Hz`` for a band."""
    return feature if isinstance(feature, str) else f"{feature[0]:g}-{feature[1]:g}Hz"


def check_feature(feature: str | tuple[float, float]) -> None:
    """Raise ProjectError unless `feature` is a known name or a band that can be heard."""
    if isinstance(feature, str):
        if feature not in FEATURES:
            raise ProjectError(f"there is no feature {feature!r}", hint=nearest(feature, FEATURES))
        return
    low, high = feature
    nyquist = ANALYSIS_RATE / 2
    if not 0 <= low < high <= nyquist:
        raise ProjectError(
            "this is no band",
            wanted=f"[lo, hi] in Hz with 0 <= lo < hi <= {nyquist:g} (half the {ANALYSIS_RATE} Hz of the analysis)",
            got=f"[{low:g}, {high:g}]",
        )
