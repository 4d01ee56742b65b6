"""Pictures read between pixels along a curve, which keeps them sharp wherever they have moved to; and the grain.

A straight line between two pixels is soft half way and sharp on them, so a film of straight reads goes soft just behind
each knot. Catmull and Rom's curve (E. Catmull, R. Rom, "A class of local interpolating splines", 1974) is that line,
less ``f (1 - f) / 2`` times the line between the pixels' second differences, f being the part of a pixel. Here it is
bent so along x and along y; what bends along both at once is left out: it is a 64th at most, and one read more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tessonance.sampling.fields import PLACES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.sampling.fit import Region

__all__ = ["GRAIN", "FineReader", "grain"]

# Steps of 255 that the grain spreads rounding over. Without it, the contours of rounding crawl over soft gradients in
# a slow sweep. A whole step shows no more than three quarters do, and puts more noise into it.
GRAIN = 0.75
_RIM = 2  # pixels around a picture, all of them those at its rim: so that no read reaches outside
_AT_ONCE = 2**15  # pixels: what reading them takes stays in the processor's cache; all at once take 1.7 times as long
_NONE, _HALF, _ONE = np.float32(0), np.float32(0.5), np.float32(1)


class FineReader:
    """Reads pictures at places in 32nds of a pixel.

    Parameters
    ----------
    size : (int, int)
        Width and height of the pictures.
    shown : (int, int)
        Width and height of what is read.

    Notes
    -----
    One thread at a time. What lies outside a picture is the pixel at its rim. Four channels, of which the last one says
    nothing, and places in fractions: OpenCV 5 reads those in a third of the time of any others. The places are rounded
    beforehand, since older versions would round them.
    """

    def __init__(self, size: tuple[int, int], shown: tuple[int, int]) -> None:
        self._exact = np.empty((size[1] + 2 * _RIM, size[0] + 2 * _RIM, 4), np.float32)
        self._rows = max(1, min(shown[1], _AT_ONCE // shown[0]))
        self._beside, self._behind, self._bend = (np.empty((self._rows, shown[0], 4), np.float32) for _ in range(3))

    def read(
        self, picture: NDArray[Any], places: NDArray[np.float32], into: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Read a picture.

        Parameters
        ----------
        picture : ndarray of uint8 or float32, shape (H, W, 3)
        places : ndarray of float32, shape (h, w, 2)
            x and y in pixels.
        into : ndarray of float32, shape (h, w, 4)

        Returns
        -------
        ndarray of float32, shape (h, w, 4)
            `into`, in the picture's units; up to an eighth of its range beyond it along each side.
        """
        whole = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
        np.copyto(self._exact, cv2.copyMakeBorder(whole, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_REPLICATE))
        for top in range(0, len(places), self._rows):
            rows = slice(top, top + self._rows)
            self._read_rows(places[rows], into[rows])
        return into

    def _read_rows(self, places: NDArray[np.float32], into: NDArray[np.float32]) -> None:
        rounded = np.rint(places * np.float32(PLACES)) * np.float32(1 / PLACES) + np.float32(_RIM)
        x, y = np.ascontiguousarray(rounded[..., 0]), np.ascontiguousarray(rounded[..., 1])
        rows = slice(len(places))
        beside, behind, bend = self._beside[rows], self._behind[rows], self._bend[rows]
        here = self._line(x, y, into).copy()
        for along, across, down in ((x, _ONE, _NONE), (y, _NONE, _ONE)):
            part = along - np.floor(along)
            bent = _HALF * part * (_ONE - part)
            self._line(x - across, y - down, beside)
            cv2.add(beside, self._line(x + across, y + down, behind), dst=beside)
            cv2.scaleAdd(here, -2.0, beside, dst=beside)
            cv2.multiply(beside, cv2.merge([bent, bent, bent, bent], dst=bend), dst=beside)
            cv2.subtract(into, beside, dst=into)

    def _line(self, x: NDArray[np.float32], y: NDArray[np.float32], into: NDArray[np.float32]) -> NDArray[np.float32]:
        """Read along straight lines."""
        cv2.remap(self._exact, x, y, cv2.INTER_LINEAR, dst=into, borderMode=cv2.BORDER_REPLICATE)
        return into


def grain(region: Region) -> NDArray[np.float32]:
    """Return what is added to a frame before it is rounded, in steps of 255, shape (height, width, 4).

    Parameters
    ----------
    region : (int, int, int, int)
        Left, top, width and height of the frame in the picture.

    Returns
    -------
    ndarray of float32
        The same for each 4 × 4 pixels (B. Bayer, "An optimum method for two-level rendition of continuous-tone
        pictures", 1973), half a step at most: what is a whole number stays it.
    """
    left, top, width, height = region
    x, y = np.arange(left, left + width), np.arange(top, top + height)[:, None]
    order = ((x ^ y) & 1) << 3 | (y & 1) << 2 | ((x ^ y) & 2) | (y & 2) >> 1
    steps = ((order + 0.5) / 16 - 0.5) * GRAIN
    return np.repeat(steps.astype(np.float32)[..., None], 4, axis=2)
