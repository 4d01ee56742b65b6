"""What the artist turns during a show: how far and how quickly the music moves the picture, and the automatic level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec.structs import replace as changed

from tessonance.project import Mapping

if TYPE_CHECKING:
    from tessonance.project import Route, Sound

__all__ = ["Hands", "shaped"]

GAIN_STEP, GAIN_MOST = 2**0.25, 8.0
SMOOTHING_STEP, SMOOTHING_MOST = 2**0.5, 16.0
MOST_GAIN, MOST_MS = 1000.0, 60_000.0  # of a route


@dataclass(frozen=True)
class Hands:
    """How the artist has set what the file says otherwise.

    Parameters
    ----------
    gain : float
        Factor on the gain of every route.
    smoothing : float
        Factor on the attack and the release of every route.
    automatic_level : bool or None
        None where the file decides.
    start_level_db : float or None
        The level that stays where automatic level was switched off.
    """

    gain: float = 1.0
    smoothing: float = 1.0
    automatic_level: bool | None = None
    start_level_db: float | None = None

    def turned(self, *, gain: int = 0, smoothing: int = 0) -> Hands:
        """Return them some steps further."""
        return replace(
            self,
            gain=_between(self.gain * GAIN_STEP**gain, GAIN_MOST),
            smoothing=_between(self.smoothing * SMOOTHING_STEP**smoothing, SMOOTHING_MOST),
        )

    def beyond(self, saved: Hands) -> Hands:
        """Return what was turned since these were saved."""
        return Hands(
            _between(self.gain / saved.gain, GAIN_MOST),
            _between(self.smoothing / saved.smoothing, SMOOTHING_MOST),
            None if self.automatic_level == saved.automatic_level else self.automatic_level,
            None if self.start_level_db == saved.start_level_db else self.start_level_db,
        )

    def levelled(self, on: bool, *, level_db: float) -> Hands:
        """Return them with the automatic level on, or off and standing where the sound is now."""
        return replace(self, automatic_level=on, start_level_db=None if on else round(min(max(level_db, -120), 20), 1))


def shaped(mapping: Mapping, hands: Hands) -> Mapping:
    """Return a mapping as the artist's hands make it."""
    if hands == Hands():
        return mapping
    routes = [_route(route, hands) for route in mapping.routes]
    return Mapping(mapping.grid, routes, _sound(mapping.sound, hands), mapping.idle, mapping.governor)


def _route(route: Route, hands: Hands) -> Route:
    return changed(
        route,
        gain=max(-MOST_GAIN, min(MOST_GAIN, _rounded(route.gain, hands.gain))),
        attack_ms=min(MOST_MS, _rounded(route.attack_ms, hands.smoothing)),
        release_ms=min(MOST_MS, _rounded(route.release_ms, hands.smoothing)),
    )


def _sound(sound: Sound, hands: Hands) -> Sound:
    if hands.automatic_level is None:
        return sound
    level = sound.start_level_db if hands.start_level_db is None else hands.start_level_db
    return changed(sound, automatic_level=hands.automatic_level, start_level_db=level)


def _rounded(value: float, factor: float) -> float:
    """Scale a setting to what is written in a file: four digits."""
    return value if factor == 1 else float(f"{value * factor:.4g}")


def _between(value: float, most: float) -> float:
    value = min(max(value, 1 / most), most)
    return 1.0 if abs(value - 1) < 1e-9 else value
