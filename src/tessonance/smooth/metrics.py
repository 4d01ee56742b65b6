"""What smoothness is, number by number: pure functions of distances along a line, and of pictures.

Throughout, ``e_i = d(I_i, I_i+1)`` are the steps of a line of pictures, ``d`` is mean LDR-FLIP as seen at 128 × 128,
and ``R`` is the mean of ``d`` over random pairs. What has no answer is NaN; what comes of pictures that are all equal,
each function says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TessError
from tessonance.smooth.flip import difference, difference_map, see
from tessonance.smooth.flow import agreement, dis, inside, warp
from tessonance.smooth.views import luma, reduced, same_size, shrunk, view

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from tessonance.smooth.flow import FlowFinder
    from tessonance.smooth.views import Picture

    Numbers = NDArray[np.float64]

__all__ = [
    "Change",
    "breathing",
    "change",
    "cliff_share",
    "contrast",
    "detail",
    "deviation",
    "flicker",
    "interpolation_ratio",
    "pop",
    "ratio",
    "roughness",
    "sharpness",
    "speed",
    "tortuosity",
    "trembling",
    "uniformity",
    "variation",
]

FLOW_SIDE = 256  # pixels of the longer side where motion is looked for
FAINT = 0.02  # two steps that sum to less are not looked at for flicker: codes are rounded
ASIDE = 4  # pixels: half a block of JPEG


def ratio(part: float, whole: float, *, of_nothing: float) -> float:
    """Return ``part / whole``; where both are 0, what is said of nothing, and infinity where only the whole is 0."""
    if whole > 0:
        return part / whole
    return of_nothing if part == 0 else math.inf


def roughness(steps: ArrayLike, spread: float) -> float:
    """Return ``mean(e) / R``: how far a step is, beside two pictures picked at random.

    Parameters
    ----------
    steps : array_like, shape (n,)
        The steps of one or more lines, not negative.
    spread : float
        ``R``; it is not to come from the line alone where there is a whole tesseract, lest a collapsed axis score well.

    Returns
    -------
    float
        About 1 for unrelated pictures; 0 where nothing changes, even if ``R`` is 0 too. NaN without a step.
    """
    e = _steps(steps)
    return ratio(float(e.mean()), spread, of_nothing=0.0) if e.size else math.nan


def uniformity(steps: ArrayLike) -> float:
    """Return ``max(e) / mean(e)``: 1 is even; also where nothing changes. NaN without a step."""
    e = _steps(steps)
    return ratio(float(e.max()), float(e.mean()), of_nothing=1.0) if e.size else math.nan


def variation(steps: ArrayLike) -> float:
    """Return the coefficient of variation, ``std(e) / mean(e)``: 0 is even; also where nothing changes."""
    e = _steps(steps)
    return ratio(float(e.std()), float(e.mean()), of_nothing=0.0) if e.size else math.nan


def tortuosity(steps: ArrayLike, span: float) -> float:
    """Return ``T = sum(e) / d(I_0, I_n)``: the way taken over the way straight ahead.

    Parameters
    ----------
    steps : array_like, shape (n,)
    span : float
        ``d(I_0, I_n)``; for a line that returns to its beginning, twice the distance to its middle.

    Returns
    -------
    float
        At least about 1. Even along perfect motion FLIP bends: 4 to 15 is common for a long axis, and about n, the
        number of steps, means that every picture is a stranger. 1 where nothing changes; infinite if it does and comes
        back; NaN without a step.
    """
    e = _steps(steps)
    return ratio(float(e.sum()), span, of_nothing=1.0) if e.size else math.nan


def flicker(steps: ArrayLike, across: ArrayLike, *, faint: float = FAINT) -> Numbers:
    """Return ``F_i = 1 - d(I_i-1, I_i+1) / (d(I_i-1, I_i) + d(I_i, I_i+1))`` of successive pictures.

    Parameters
    ----------
    steps : array_like, shape (n,)
        ``d(I_i, I_i+1)``.
    across : array_like, shape (n - 1,)
        ``d(I_i, I_i+2)``.
    faint : float
        Where two steps sum to no more than that, F is NaN: there is nothing to see.

    Returns
    -------
    ndarray of float64, shape (n - 1,)
        Up to 1: 0 goes straight on, 1 is A-B-A, 0.5 three pictures that are equally far from one another.
    """
    e, two = _steps(steps), _steps(across)
    if len(two) != max(0, len(e) - 1):
        raise TessError("these are not the steps of one line", wanted=f"{max(0, len(e) - 1)} across", got=str(len(two)))
    both = e[:-1] + e[1:]
    return np.where(both > faint, 1 - two / np.where(both > faint, both, 1.0), math.nan)


def trembling(picture: NDArray[np.uint8], store: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> float:
    """Return what two steps have to sum to for their F to count, where pictures are stored with a loss.

    What a codec loses differs from picture to picture, even where these are all but equal, and three such pictures are
    strangers in it: on harsh colours at 192 × 192 JPEG alone takes steps of 0.03, whose F is 0.4. To see how much, the
    picture is stored once more with its blocks elsewhere: in the same place, it would hardly change. Steps as far as
    that had an F of at most 0.3 where they went straight on.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
        As it came out of the store.
    store : callable
        Encodes and decodes a picture of that size.

    Returns
    -------
    float
        For `faint` of `flicker`; at least its default.
    """
    by = min(ASIDE, min(picture.shape[:2]) // 2)
    aside = np.pad(picture, ((by, 0), (by, 0), (0, 0)), mode="edge")[: picture.shape[0], : picture.shape[1]]
    again = store(np.ascontiguousarray(aside))[by:, by:]
    kept = picture[: again.shape[0], : again.shape[1]]
    return max(FAINT, 2 * difference(see(view(kept)), see(view(again))))


def interpolation_ratio(errors: ArrayLike, steps: ArrayLike) -> float:
    """Return ``IR = mean d(picture, guess) / mean(e)``: what skipping a cell costs, in native steps.

    Below 1, a guess errs less than one step of the grid. By itself it proves nothing: unrelated pictures score 0.9.
    0 where neither errs nor changes; NaN without an error or a step.
    """
    guesses, e = _steps(errors), _steps(steps)
    if not guesses.size or not e.size:
        return math.nan
    return ratio(float(guesses.mean()), float(e.mean()), of_nothing=0.0)


def cliff_share(steps: ArrayLike, *, top: float = 0.01) -> float:
    """Return the share of ``sum(e)`` that lies in the largest steps.

    Parameters
    ----------
    steps : array_like, shape (n,)
    top : float
        Which share of the steps is meant, above 0, at most 1; at least one step.

    Returns
    -------
    float
        0..1; of n even steps, about `top`, but not below 1/n. 0 where nothing changes; NaN without a step.
    """
    e = np.sort(_steps(steps))[::-1]
    if not e.size:
        return math.nan
    count = max(1, round(top * len(e)))
    return ratio(float(e[:count].sum()), float(e.sum()), of_nothing=0.0)


def detail(picture: Picture) -> float:
    """Return how much there is to see: the mean absolute gradient of luma, along x and y, in 0..1 a pixel."""
    y = luma(picture)
    along = [np.abs(np.diff(y, axis=axis)) for axis in (0, 1)]
    return float(sum(part.mean(dtype=np.float64) for part in along if part.size))


def sharpness(guess: Picture, picture: Picture) -> float:
    """Return ``S = |grad guess|_1 / |grad I|_1`` of luma.

    Below 1, the guess is softer than the picture: two pictures laid over each other, a ghost. 1 where both are flat;
    infinite where only the picture is.
    """
    _same(guess, picture)
    return ratio(detail(guess), detail(picture), of_nothing=1.0)


def contrast(guess: Picture, picture: Picture) -> float:
    """Return the standard deviation of the guess's luma over that of the picture.

    Below 1, the guess is greyer. 1 where both are flat; infinite where only the picture is.
    """
    _same(guess, picture)
    return ratio(deviation(guess), deviation(picture), of_nothing=1.0)


def deviation(picture: Picture) -> float:
    """Return the standard deviation of a picture's luma, 0..0.5; exactly 0 of a flat one, which rounding is not."""
    y = luma(picture)
    return float(y.std(dtype=np.float64)) if np.ptp(y) else 0.0


def breathing(details: ArrayLike) -> float:
    """Return the lowest over the mean `detail` of a sweep's frames.

    1 is steady; blended frames are sharp on the knots and soft between them, so that the film breathes. 1 where no
    frame has any detail; NaN without a frame.
    """
    seen = _steps(details)
    return ratio(float(seen.min()), float(seen.mean()), of_nothing=1.0) if seen.size else math.nan


@dataclass(frozen=True)
class Change:
    """What changes from one picture to the next, in parts.

    Parameters
    ----------
    step : float
        Mean FLIP, 0..1.
    pop : float
        What of it motion does not explain, 0..step.
    speed : float
        The 95th percentile of the motion, in percent of the picture's width.
    explained : float
        The share of the pixels whose motion can be believed, 0..1.
    """

    step: float
    pop: float
    speed: float
    explained: float


def change(first: Picture, second: Picture, *, finder: FlowFinder = dis) -> Change:
    """Split the change between two pictures into pop and speed.

    The second picture is warped onto the first by optical flow, wherever the way there and back agrees; what FLIP still
    sees is pop. Places that come from beyond the rim are left out: no motion could bring them.

    Parameters
    ----------
    first, second : ndarray, shape (H, W, 3)
        sRGB, uint8 or floating point of 0..1, of one size.
    finder : FlowFinder
        What finds the motion.

    Returns
    -------
    Change
        All 0, and all explained, for equal pictures.

    Raises
    ------
    TessError
        If these are no pictures, or of two sizes.
    """
    _same(first, second)
    a, b = reduced(first, FLOW_SIDE), reduced(second, FLOW_SIDE)
    step = difference(see(view(first)), see(view(second)))
    forward, backward = finder(a, b), finder(b, a)
    believed = agreement(forward, backward)
    guess = np.where(believed[..., None], warp(b, forward), b)
    left = difference_map(see(view(a)), see(view(guess)))
    weight = shrunk(inside(forward).astype(np.float32), left.shape)  # a banner's map is flatter than its view
    total = float(weight.sum(dtype=np.float64))
    unexplained = float((left * weight).sum(dtype=np.float64)) / total if total else step
    return Change(
        step=step,
        pop=min(step, unexplained),
        speed=speed(forward, believed),
        explained=float(believed.mean()),
    )


def pop(first: Picture, second: Picture, *, finder: FlowFinder = dis) -> float:
    """Return mean FLIP after motion compensation, 0..1: change that motion does not explain; see `change`."""
    return change(first, second, finder=finder).pop


def speed(flow: NDArray[np.float32], believed: NDArray[np.bool_] | None = None) -> float:
    """Return the 95th percentile of a flow's length, in percent of the width.

    Parameters
    ----------
    flow : ndarray of float32, shape (H, W, 2)
        In pixels.
    believed : ndarray of bool, shape (H, W), optional
        Which pixels count; all unless given.

    Returns
    -------
    float
        0 where no pixel counts.
    """
    length = np.hypot(flow[..., 0], flow[..., 1])
    counted = length if believed is None else length[believed]
    return float(np.percentile(counted, 95)) * 100 / flow.shape[1] if counted.size else 0.0


def _steps(values: ArrayLike) -> Numbers:
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not (found >= 0).all() or not np.isfinite(found).all():
        raise TessError("these are no distances", wanted="a row of finite numbers from 0", got=f"{found!r:.80}")
    return found


def _same(first: Picture, second: Picture) -> None:
    same_size(np.asarray(first), np.asarray(second))
