"""Flashes counted as WCAG 2.3.1 defines them, place by place of an estimate. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Light = NDArray[np.float32]
    Places: TypeAlias = NDArray[np.bool_]

__all__ = ["CHANGES", "FlashCount"]

# "A flash consists of two opposing transitions" (WCAG 2.2, general flash and red flash thresholds), so three of them
# are six; seven or more count as a failure in the test media of the field (github.com/jbjord/pse-test-media).
CHANGES = 6
SECOND = 1.0 - 1e-6  # times are sums of steps: what is a second apart must not be found within it by rounding
LIGHT_CHANGE = 0.09  # of 0.10: eight bits round a bright frame by 0.4 % of the light, on both ends of a change
BRIGHT = 0.80 + LIGHT_CHANGE  # a change from below 0.80 is one of as much below this, and no other is
RED_CHANGE = 17 / 320  # of 20/320
RED_SHARE = 0.79  # of 0.80
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
AREA = 0.20  # of a window, of 0.25: places at the border of what flashes count as wholes, or not at all
AT_ONCE = 0.25  # of a window that takes turns; motion does this too, so without a margin
BLEND_CHANGE, BLEND_AREA = 0.5, 0.25  # of both, in a blend: it must not just bring the mean of a place below them


@dataclass(frozen=True, eq=False)
class _Ahead:
    """What a frame would change: where a quantity turns, and where that counts."""

    light: Light
    value: Light
    counts: Places | None
    up: Places
    down: Places
    changed: Places


class FlashCount:
    """Counts the opposing changes of light, or of saturated red, in every place and in every window.

    A change is a run between a peak and a valley, however many frames it takes; a wavering below the threshold does
    not end it. A place has one more change as soon as the run is long enough. Too much is flashing where in a window, a
    third of the frame wide and high, the places with more than six changes within a second cover a quarter, or where
    a quarter of it changes at once, up and down in turn, more than six times: places that take turns.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the estimate.
    red : bool
        Whether to count red flashes instead of general ones.

    Notes
    -----
    The thresholds are those of WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-general-flash-and-red-flash-thresholds),
    with a small margin. Red follows the working definition of WCAG 2.0 and 2.1: R/(R+G+B) >= 0.8 at either end, and
    (R-G-B) × 320 changes by more than 20, negative values being zero.
    """

    def __init__(self, shape: tuple[int, int], *, red: bool = False) -> None:
        self._red, self._change = red, RED_CHANGE if red else LIGHT_CHANGE
        self._window = (-(-shape[1] // 3), -(-shape[0] // 3))  # whole places: no window between them holds more
        self._whole = shape[0] * shape[1] / 9  # places of a window
        self._high, self._low = np.full(shape, -np.inf, np.float32), np.full(shape, np.inf, np.float32)
        self._way = np.zeros(shape, np.int8)  # 1 since it rose, -1 since it fell, 0 before either
        self._counted, self._seen = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        self._places = _Times(shape)
        self._looked: _Ahead | None = None  # at what comes next, most likely
        self._windows, self._windows_way = _Times(shape), np.zeros(shape, np.int8)

    def too_much(self, light: Light, now: float, *, blend: bool = False) -> bool:
        """Tell whether there would be a seventh change within a second, on too large an area, if this came next.

        A blend is looked at more strictly. As little of it as is allowed would else leave the mean of each place just
        below the threshold, and its bright pixels, or what covers it in part, above.
        """
        ahead = self._ahead(light, BLEND_CHANGE) if blend else self._ahead(light)
        part = BLEND_AREA if blend else 1.0
        self._looked = None if blend else ahead
        often = ahead.changed & self._places.full(now)
        if often.any() and (self._large(often, part * AREA) or self._large(often | self._places.over(now), AREA)):
            return True
        if not self._large(ahead.changed, part * AT_ONCE):
            return False
        return bool((self._together(ahead, part * AT_ONCE)[0] & self._windows.full(now)).any())

    def going_on(self, now: float) -> bool:
        """Tell whether there were more than six changes within the last second, on too large an area."""
        return self._large(self._places.over(now), AREA) or bool(self._windows.over(now).any())

    def take(self, light: Light, now: float) -> None:
        """Let this be what came next."""
        ahead = self._looked if self._looked is not None and self._looked.light is light else self._ahead(light)
        self._looked = None
        self._places.add(ahead.changed, now)
        if self._large(ahead.changed, AT_ONCE):
            changed, self._windows_way = self._together(ahead, AT_ONCE)
            self._windows.add(changed, now)
        self._follow(ahead)

    def _ahead(self, light: Light, part: float = 1.0) -> _Ahead:
        value, counts = _red(light) if self._red else (np.minimum(light @ LUMINANCE, np.float32(BRIGHT)), None)
        up = (value - self._low >= part * self._change) & (self._way != 1)
        down = (self._high - value >= part * self._change) & (self._way != -1)
        changed = up | down
        if counts is not None:
            late = (self._way != 0) & ~changed & ~self._counted & counts  # the run went on into saturated red
            changed = (changed & (self._seen | counts)) | late
        return _Ahead(light, value, counts, up, down, changed)

    def _follow(self, ahead: _Ahead) -> None:
        value, up, down = ahead.value, ahead.up, ahead.down
        if ahead.counts is not None:
            further = np.where(self._way == 1, value >= self._high, (self._way == -1) & (value <= self._low))
            turned = up | down
            self._seen = ahead.counts | (self._seen & ~(turned | further))
            self._counted = ahead.changed | (self._counted & ~turned)
        self._high = np.where(up, value, np.maximum(self._high, value))
        self._low = np.where(down, value, np.minimum(self._low, value))
        self._way[up], self._way[down] = 1, -1

    def _together(self, ahead: _Ahead, share: float) -> tuple[Places, NDArray[np.int8]]:
        """Return the windows of which such a share changes in this frame, against the way it changed last."""
        way = np.where(ahead.up | ahead.down, ahead.up, self._way == 1)
        up, down = (self._area(ahead.changed & side) >= share * self._whole for side in (way, ~way))
        last = self._windows_way
        changed = (up & (last != 1)) | (down & (last != -1))
        ways = np.where(up & down, -last, up.astype(np.int8) - down.astype(np.int8))
        return changed, np.where(changed, ways, last).astype(np.int8)

    def _large(self, places: Places, share: float) -> bool:
        """Tell whether places cover such a share of a window."""
        least = share * self._whole
        return bool(np.count_nonzero(places) >= least) and bool(self._area(places).max() >= least)

    def _area(self, places: Places) -> NDArray[np.float32]:
        """Return how many of the places each window holds."""
        ones = places.astype(np.float32)
        return np.asarray(cv2.boxFilter(ones, -1, self._window, normalize=False, borderType=cv2.BORDER_CONSTANT))


class _Times:
    """When something happened in each place: the last seven times."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._times = np.full((CHANGES + 1, *shape), -np.inf)

    def add(self, places: Places, now: float) -> None:
        if places.any():
            self._times[1:, places] = self._times[:-1, places]
            self._times[0, places] = now

    def full(self, now: float) -> Places:
        """Return where once more within the second would be too often."""
        return np.asarray(now - self._times[-2] < SECOND)

    def over(self, now: float) -> Places:
        """Return where it was too often within the last second."""
        return np.asarray(now - self._times[-1] < SECOND)


def _red(light: Light) -> tuple[Light, Places]:
    """Return how much red there is beyond green and blue, and where it is saturated."""
    red, rest = light[..., 0], light[..., 1] + light[..., 2]
    saturated = (red * np.float32(1 - RED_SHARE) >= rest * np.float32(RED_SHARE)) & (red > 0)
    return np.maximum(red - rest, np.float32(0)), saturated
