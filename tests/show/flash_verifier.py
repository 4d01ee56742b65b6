"""Says whether frames flash too often, from the text of WCAG 2.2 alone; it shares nothing with the limiter.

    "general flash and red flash thresholds: a flash or rapidly changing image sequence is below the threshold if there
    are no more than three general flashes and/or no more than three red flashes within any one-second period; or the
    combined area of flashes occurring concurrently occupies no more than 25 % of any 10 degree visual field. A general
    flash is a pair of opposing changes in relative luminance of 10 % or more of the maximum relative luminance (1.0)
    where the relative luminance of the darker image is below 0.80. A red flash is any pair of opposing transitions
    involving a saturated red. A transition is the change between adjacent peaks and valleys in a plot of relative
    luminance against time. A flash consists of two opposing transitions."
    -- https://www.w3.org/TR/WCAG22/#dfn-general-flash-and-red-flash-thresholds

A 10 degree field is a window of 341 x 256 of 1024 x 768, a third of the frame each way. Every pixel is looked at in
double precision. Six transitions are three flashes, so the seventh within a second begins a fourth one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

QUARTER = 0.25
ALLOWED = 6  # transitions within a second


def flashes_too_often(frames: np.ndarray, times: Sequence[float]) -> list[str]:
    """Name what is violated by frames of 8 bits, shape (n, height, width, 3); nothing where all is well."""
    found = []
    for kind, transitions in (("general", general), ("red", red), ("red by chromaticity", red_by_chromaticity)):
        changes = list(transitions(light(frames)))
        if places_flash(changes, times):
            found.append(kind)
        if windows_flash(changes, times):
            found.append(f"{kind}, in turn")
    return found


def light(frames: np.ndarray) -> np.ndarray:
    value = np.asarray(frames, np.float64) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def general(frames: np.ndarray) -> Iterator[np.ndarray]:
    """For each frame, where a change of luminance has just become large enough: 1 upwards, -1 downwards, else 0."""
    yield from runs(
        frames @ [0.2126, 0.7152, 0.0722], lambda begin, now: (abs(begin - now) >= 0.1) & (np.minimum(begin, now) < 0.8)
    )


def red(frames: np.ndarray) -> Iterator[np.ndarray]:
    """WCAG 2.0 and 2.1: R/(R+G+B) >= 0.8 in either state, and (R-G-B) x 320 changes by more than 20."""
    saturated = frames[..., 0] >= 0.8 * frames.sum(-1)
    excess = np.maximum(frames[..., 0] - frames[..., 1] - frames[..., 2], 0) * 320
    packed = excess + 1j * (saturated & (frames[..., 0] > 0))
    yield from runs(packed, lambda begin, now: (abs(begin.real - now.real) > 20) & (begin.imag + now.imag > 0))


def red_by_chromaticity(frames: np.ndarray) -> Iterator[np.ndarray]:
    """WCAG 2.2: to or from a state with R/(R+G+B) >= 0.8, and more than 0.2 away in the CIE 1976 UCS diagram.

    Here from frame to frame of those that differ, since chromaticity has no peaks; black has none at all.
    """
    x, y, z = np.moveaxis(frames @ np.array(SRGB_TO_XYZ).T, -1, 0)
    total = x + 15 * y + 3 * z
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.where(total > 1e-3, (4 * x + 9j * y) / total, np.nan)
    saturated = (frames[..., 0] >= 0.8 * frames.sum(-1)) & (frames[..., 0] > 1e-3)
    last = place[0]
    was = saturated[0]
    for now, red_now in zip(place, saturated, strict=True):
        known = ~np.isnan(now)
        far = known & ~np.isnan(last) & (abs(now - last) > 0.2) & (red_now | was)
        yield np.where(far, np.where(red_now, 1, -1), 0)
        last, was = np.where(known, now, last), np.where(known, red_now, was)


SRGB_TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def runs(series: np.ndarray, large: object) -> Iterator[np.ndarray]:
    """Follow each pixel from one peak or valley to the next, and tell once a run when the change is large."""
    begin, last = series[0].copy(), series[0]
    way = np.zeros(last.shape, int)
    told = np.zeros(last.shape, bool)
    yield np.zeros(last.shape, int)
    for now in series[1:]:
        step = np.sign(now.real - last.real).astype(int)
        turned = (step != 0) & (way != 0) & (step != way)
        begin = np.where(turned, last, begin)
        told &= ~turned
        way = np.where(step != 0, step, way)
        tell = large(begin, now) & ~told  # type: ignore[operator]
        told |= tell
        yield np.where(tell, way, 0)
        last = now


def places_flash(changes: Sequence[np.ndarray], times: Sequence[float]) -> bool:
    """Whether the pixels that flash more than three times in one second cover a quarter of a window."""
    often = by_second(opposing(changes), times) > ALLOWED
    return any(covered(pixels) >= QUARTER for pixels in often if pixels.mean() >= QUARTER / 9)


def windows_flash(changes: Sequence[np.ndarray], times: Sequence[float]) -> bool:
    """Whether a quarter of one window changes at once, up and down in turn, more than three times in one second."""
    return bool((by_second(turns_of_windows(changes), times) > ALLOWED).any())


def by_second(events: Iterator[np.ndarray], times: Sequence[float]) -> np.ndarray:
    """Count what happened in the second that ends with each frame."""
    so_far = np.cumsum([event != 0 for event in events], axis=0, dtype=np.int16)
    before = np.concatenate([np.zeros_like(so_far[:1]), so_far])
    first = np.searchsorted(times, np.asarray(times) - 1.0 + 1e-9, side="right")
    return so_far - before[first]


def turns_of_windows(changes: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Tell for each window whether a quarter of it changes at once, and not the same way as the last time."""
    last = np.zeros_like(window_shares(changes[0]), int)
    for change in changes:
        up, down = (window_shares(change == side) >= QUARTER for side in (1, -1))
        turned = (up & (last != 1)) | (down & (last != -1))
        last = np.where(turned, np.where(up & down, -last, up.astype(int) - down), last)
        yield turned


def opposing(changes: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Leave out what changes the same way again: only opposing changes make a flash."""
    way = np.zeros(changes[0].shape, int)
    for change in changes:
        yield np.where(change == way, 0, change)
        way = np.where(change != 0, change, way)


def covered(pixels: np.ndarray) -> float:
    return float(window_shares(pixels).max())


def window_shares(pixels: np.ndarray) -> np.ndarray:
    """What share of each window is set; windows a third of the frame wide and high, anywhere."""
    total = np.pad(np.cumsum(np.cumsum(pixels, 0), 1), ((1, 0), (1, 0)))
    high, wide = pixels.shape[0] // 3, pixels.shape[1] // 3
    inside = total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
    return inside / (high * wide)
