"""The panels over a running show: drawn now and then, not for each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tessonance.show.hud import Hud
from tessonance.show.live_state import live_state
from tessonance.show.panels import Status, help_panel, status_panel
from tessonance.sinks.presenter import Panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tessonance.project import Mapping
    from tessonance.show.desk import Desk
    from tessonance.show.ensemble import Voice

__all__ = ["Overlays"]

DRAWN_A_SECOND = 25  # of the panels: a frame that draws none leaves the time to the picture
MARGIN = 20 / 720  # of the frame's height


class Overlays:
    """Draws the HUD, the status and the help as panels, at most 25 times a second.

    Parameters
    ----------
    desk : Desk
        Says which are to be seen.
    status : callable
        The time → what the status panel shows.
    """

    def __init__(self, desk: Desk, status: Callable[[float], Status]) -> None:
        self._desk, self._status = desk, status
        self._drawn_at, self._drawn_as = -1e9, (False, False)
        self._panels: tuple[Panel, ...] = ()
        self._hud: tuple[tuple[Mapping, tuple[int, int]], Hud] | None = None
        self._help: tuple[tuple[int, int], Panel] | None = None

    def panels(self, voice: Voice | None, seconds: float, size: tuple[int, int], now: float) -> tuple[Panel, ...]:
        """Return what is to be seen over the picture; the same panels as before where they are fresh enough.

        Parameters
        ----------
        voice : Voice or None
            Of the tesseract that is shown.
        seconds : float
            The second of the sound that is shown.
        size : (int, int)
            Width and height of the frame.
        now : float
            The time of the host.
        """
        wished = (self._desk.hud, self._desk.help)
        if wished == (False, False):
            self._drawn_as = wished
            return ()
        if wished != self._drawn_as or now - self._drawn_at >= 1 / DRAWN_A_SECOND:
            self._drawn_at, self._drawn_as = now, wished
            self._panels = self._draw(voice, seconds, size, now)
        return self._panels

    def _draw(self, voice: Voice | None, seconds: float, size: tuple[int, int], now: float) -> tuple[Panel, ...]:
        if self._desk.help:  # there is room for one of the two
            return (self._help_panel(size),)
        status = self._status_panel(size, now)
        if voice is None:
            return (status,)
        hud = self._hud_of(voice.performer.mapping, size)
        panel = Panel(hud.overlay(live_state(voice.path, voice.track, seconds)), hud.corner)
        _make_room(panel, status)
        return status, panel

    def _hud_of(self, mapping: Mapping, size: tuple[int, int]) -> Hud:
        if self._hud is None or self._hud[0] != (mapping, size):
            self._hud = (mapping, size), Hud(mapping.grid, mapping, size)
        return self._hud[1]

    def _status_panel(self, size: tuple[int, int], now: float) -> Panel:
        image, margin = status_panel(self._status(now), size), round(MARGIN * size[1])
        return Panel(image, (size[0] - image.shape[1] - margin, margin))

    def _help_panel(self, size: tuple[int, int]) -> Panel:
        if self._help is None or self._help[0] != size:
            image = help_panel(size)
            self._help = size, Panel(image, ((size[0] - image.shape[1]) // 2, (size[1] - image.shape[0]) // 2))
        return self._help[1]


def _make_room(under: Panel, over: Panel) -> None:
    """Clear what of a panel lies under another one: in a small window, both together could not be read."""
    left, top = (max(0, over.corner[k] - under.corner[k]) for k in (0, 1))
    right, bottom = (over.corner[k] + over.image.shape[1 - k] - under.corner[k] for k in (0, 1))
    under.image[top : max(top, bottom), left : max(left, right)] = 0
