"""LDR-FLIP: how different two pictures look to someone who sees them in turn, in the same place.

The metric, its constants and the order of its steps are those of P. Andersson, J. Nilsson, T. Akenine-Möller,
M. Oskarsson, K. Åström and M. D. Fairchild, "FLIP: A Difference Evaluator for Alternating Images", Proceedings of the
ACM on Computer Graphics and Interactive Techniques 3 (2), 2020, doi:10.1145/3406183. This is a new implementation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tessonance.errors import TessError
from tessonance.smooth.views import linear, same_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.smooth.views import Picture

    _Blur = tuple[tuple[float, NDArray[np.float32]], ...]

__all__ = [
    "PIXELS_PER_DEGREE",
    "Seen",
    "difference",
    "difference_map",
    "flip",
    "flip_map",
    "hunt_lab",
    "hyab",
    "see",
]

# A 0.7 m wide monitor of 3840 pixels seen from 0.7 m, the paper's default: about 67.
PIXELS_PER_DEGREE = 0.7 * (3840 / 0.7) * math.pi / 180

# Linear sRGB (D65) to XYZ, the primaries' exact fractions, and XYZ of white.
_XYZ = np.array(
    [
        [10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
        [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
        [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382],
    ]
)
_BY_WHITE = _XYZ / _XYZ.sum(axis=1, keepdims=True)
_OPPONENT = np.array([[0, 1, 0], [1, -1, 0], [0, 1, -1]]) @ _BY_WHITE  # y, x - y, y - z: the paper's space, unscaled
_FROM_OPPONENT = np.linalg.inv(_OPPONENT)
_LAB = np.array([[0, 116, 0, -16], [500, -500, 0, 0], [0, 200, -200, 0]])  # of the bent XYZ

# Contrast sensitivity of achromatic, red-green and blue-yellow: a·sqrt(pi / b)·exp(-pi² x² / b), x in degrees.
_ACHROMATIC, _RED_GREEN = ((1.0, 0.0047),), ((1.0, 0.0053),)
_BLUE_YELLOW = ((34.1, 0.04), (13.5, 0.025))
_WIDEST = 0.04
_FEATURE_DEGREES = 0.082  # width of the edges and points that the eye is keen on
_COLOUR_POWER, _FEATURE_POWER = 0.7, 0.5
_BEND, _BEND_AT = 0.4, 0.95  # colour differences up to 0.4 of the largest take 0.95 of the scale

_TINY = 1e-7  # of a kernel's peak: smaller taps at its ends cost time and change nothing


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as FLIP's observer sees it; made once by `see`, compared often by `difference`.

    Parameters
    ----------
    colour : ndarray of float32, shape (H, W, 3)
        Hunt-adjusted L*a*b* after the eye's contrast sensitivity.
    edges, points : ndarray of float32, shape (H, W)
        How much of an edge and of a point or line is there.
    """

    colour: NDArray[np.float32]
    edges: NDArray[np.float32]
    points: NDArray[np.float32]


def flip(first: Picture, second: Picture, *, pixels_per_degree: float = PIXELS_PER_DEGREE) -> float:
    """Return the mean LDR-FLIP of two pictures; for many pairs see `see` and `difference`.

    Parameters
    ----------
    first, second : ndarray, shape (H, W, 3)
        sRGB, uint8 or floating point of 0..1, of one size.
    pixels_per_degree : float
        How large a pixel appears.

    Returns
    -------
    float
        0 (equal) to 1. Symmetric.

    Raises
    ------
    TessError
        If these are no pictures, of two sizes, or `pixels_per_degree` is out of range.
    """
    return difference(see(first, pixels_per_degree), see(second, pixels_per_degree))


def flip_map(first: Picture, second: Picture, *, pixels_per_degree: float = PIXELS_PER_DEGREE) -> NDArray[np.float32]:
    """Return LDR-FLIP pixel by pixel, 0..1, shape (H, W); see `flip`."""
    return difference_map(see(first, pixels_per_degree), see(second, pixels_per_degree))


def see(picture: Picture, pixels_per_degree: float = PIXELS_PER_DEGREE) -> Seen:
    """Look at a picture once, so that comparing it with others is cheap; see `flip` for what is raised."""
    if not 1 <= pixels_per_degree <= 1000:
        raise TessError("pixels_per_degree is out of range", wanted="1..1000", got=f"{pixels_per_degree:g}")
    y, red_green, blue_yellow = _planes(_mixed(linear(picture), _OPPONENT))
    kernels = _kernels(pixels_per_degree)
    planes = [
        _blur(y, kernels.achromatic),
        _blur(red_green, kernels.red_green),
        _blur(blue_yellow, kernels.blue_yellow),
    ]
    rgb = np.clip(_mixed(np.asarray(cv2.merge(planes), np.float32), _FROM_OPPONENT), 0, 1)
    smooth, slope, bend = kernels.smooth, kernels.slope, kernels.bend
    return Seen(
        hunt_lab(rgb),
        _length(_filter(y, slope, smooth), _filter(y, smooth, slope)),
        _length(_filter(y, bend, smooth), _filter(y, smooth, bend)),
    )


def difference(first: Seen, second: Seen) -> float:
    """Return the mean LDR-FLIP of two pictures that were looked at. Raises TessError if their sizes differ."""
    return float(difference_map(first, second).mean(dtype=np.float64))


def difference_map(first: Seen, second: Seen) -> NDArray[np.float32]:
    """Return LDR-FLIP pixel by pixel of two pictures that were looked at, 0..1, shape (H, W); see `difference`."""
    same_size(first.colour, second.colour)
    colour = _bent(hyab(first.colour, second.colour))
    edges, points = cv2.absdiff(first.edges, second.edges), cv2.absdiff(first.points, second.points)
    feature = np.asarray(cv2.pow(cv2.max(edges, points) * np.float32(math.sqrt(0.5)), _FEATURE_POWER))
    # colour ** (1 - feature); the logarithm of nothing is kept finite, so that equal pixels give 0 exactly.
    whole = cv2.exp((1 - feature) * np.asarray(cv2.log(np.maximum(colour, np.float32(1e-30)))))
    return np.where(colour > 0, whole, np.float32(0)).astype(np.float32, copy=False)


def hyab(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the HyAB difference of two L*a*b* pictures to the power 0.7, 1 for green against blue; shape (H, W)."""
    light, a, b = _planes(np.asarray(cv2.absdiff(first, second), np.float32))
    raised = np.asarray(cv2.pow(light + _length(a, b), _COLOUR_POWER), np.float32)
    return raised * np.float32(1 / _largest())


def _bent(colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let small colour differences take most of the scale."""
    below = colour * np.float32(_BEND_AT / _BEND)
    above = (colour - np.float32(_BEND)) * np.float32((1 - _BEND_AT) / (1 - _BEND)) + np.float32(_BEND_AT)
    return np.where(colour < _BEND, below, above)


def _length(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the length of vectors; cv2.magnitude answers differently as memory happens to be aligned."""
    return np.sqrt(x * x + y * y)


def hunt_lab(linear_rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return L*, and a* and b* scaled by lightness as Hunt found, of linear sRGB of 0..1; shape (H, W, 3)."""
    xyz = _mixed(linear_rgb, _BY_WHITE)
    edge = 6 / 29
    root = np.asarray(cv2.pow(np.maximum(xyz, 0), 1 / 3), np.float32)
    bent = np.where(xyz > edge**3, root, xyz * np.float32(1 / (3 * edge**2)) + np.float32(4 / 29))
    lab = _mixed(bent, _LAB)
    lab[..., 1:] *= lab[..., :1] * np.float32(0.01)
    return lab


def _mixed(picture: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return each pixel times a matrix, which may have a fourth column to add."""
    return np.asarray(cv2.transform(picture, matrix.astype(np.float32)), np.float32)


def _planes(picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [np.asarray(plane, np.float32) for plane in cv2.split(picture)]


@lru_cache(maxsize=1)
def _largest() -> float:
    """Return the largest colour difference there is: green against blue."""
    green, blue = hunt_lab(np.eye(3, dtype=np.float32)[None, 1:])[0].astype(np.float64)
    step = np.abs(green - blue)
    return float((step[0] + math.hypot(step[1], step[2])) ** _COLOUR_POWER)


@dataclass(frozen=True, eq=False)
class _Kernels:
    """One-dimensional kernels; each blur is a sum of separable ones, with their shares."""

    achromatic: _Blur
    red_green: _Blur
    blue_yellow: _Blur
    smooth: NDArray[np.float32]
    slope: NDArray[np.float32]
    bend: NDArray[np.float32]


@lru_cache(maxsize=8)
def _kernels(pixels_per_degree: float) -> _Kernels:
    radius = math.ceil(3 * math.sqrt(_WIDEST / (2 * math.pi**2)) * pixels_per_degree)
    degrees = np.arange(-radius, radius + 1) / pixels_per_degree
    sigma = 0.5 * _FEATURE_DEGREES * pixels_per_degree
    reach = math.ceil(3 * sigma)
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    return _Kernels(
        achromatic=_sensitivity(degrees, _ACHROMATIC),
        red_green=_sensitivity(degrees, _RED_GREEN),
        blue_yellow=_sensitivity(degrees, _BLUE_YELLOW),
        smooth=(bell / bell.sum()).astype(np.float32),
        slope=_balanced(-x * bell),
        bend=_balanced((x**2 / sigma**2 - 1) * bell),
    )


def _sensitivity(degrees: NDArray[np.float64], terms: tuple[tuple[float, float], ...]) -> _Blur:
    """Return the Gaussians of a contrast sensitivity, each of sum 1, with shares of sum 1."""
    bells = [np.exp(-((math.pi * degrees) ** 2) / b) for _, b in terms]
    weights = [a * math.sqrt(math.pi / b) * bell.sum() ** 2 for (a, b), bell in zip(terms, bells, strict=True)]
    return tuple(
        (weight / sum(weights), _trimmed(bell / bell.sum())) for weight, bell in zip(weights, bells, strict=True)
    )


def _trimmed(kernel: NDArray[np.float64]) -> NDArray[np.float32]:
    spare = int(np.argmax(kernel > _TINY * kernel.max()))
    kept = kernel[spare : len(kernel) - spare]
    return kept.astype(np.float32)


def _balanced(kernel: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scale a kernel so that its positive weights sum to 1 and its negative ones to -1."""
    positive, negative = kernel[kernel > 0].sum(), -kernel[kernel < 0].sum()
    balanced: NDArray[np.float64] = np.where(kernel > 0, kernel / positive, kernel / negative)
    return balanced.astype(np.float32)


def _blur(plane: NDArray[np.float32], terms: _Blur) -> NDArray[np.float32]:
    parts = [_filter(plane, kernel, kernel) * np.float32(share) for share, kernel in terms]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _filter(
    plane: NDArray[np.float32], along_x: NDArray[np.float32], along_y: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.asarray(cv2.sepFilter2D(plane, -1, along_x, along_y, borderType=cv2.BORDER_REPLICATE), np.float32)
