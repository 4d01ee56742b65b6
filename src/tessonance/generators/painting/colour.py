"""Colour: hue, saturation and contrast of a painting in Oklab, and the glow of its lights."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.ImageFilter import Color3DLUT

    from tessonance.generators.painting.form import Bytes, Floats

__all__ = ["add_glow", "recolour", "with_colours_of"]

# Björn Ottosson, "A perceptual color space for image processing", 2020: linear sRGB to cone responses, their cube roots
# to Oklab, and back.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
LATTICE = 33  # colours a side in the table that pictures are recoloured with


def recolour(picture: Bytes, turn: float, *, saturation: float = 1.0, contrast: float = 0.0) -> Bytes:
    """Turn the colour wheel of a picture, keeping its lightness.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        sRGB.
    turn : float
        Of the whole wheel: 0 and 1 are the same.
    saturation : float
        Factor of the chroma.
    contrast : float
        0 leaves the lightness as it is; 1 bends it by a whole smoothstep, darks down and lights up.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB; what would leave the gamut is moved towards the grey of its luminance.
    """
    from PIL import Image

    return np.array(Image.fromarray(picture).filter(_table(turn % 1.0, saturation, contrast)))


def add_glow(picture: Bytes, strength: float) -> Bytes:
    """Let the lights of a picture shine into their surroundings, as a lens does.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    strength : float
        0 for none; 1 is a lot.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    import cv2

    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv2.INTER_AREA)
    lights = cv2.multiply(small, small, scale=1 / 255)
    halo = cv2.GaussianBlur(lights, (0, 0), max(small.shape[:2]) / 40)
    halo = cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.addWeighted(picture, 1.0, halo, strength, 0)


def with_colours_of(painting: Bytes, picture: Bytes, share: float) -> Bytes:
    """Give a painting the colours of a picture, and keep its own lightness.

    Parameters
    ----------
    painting, picture : ndarray of uint8, shape (height, width, 3)
    share : float
        0 leaves the painting as it is, 1 takes all the colour from the picture.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    import cv2

    if not share:
        return painting
    # CIELAB through OpenCV: some milliseconds for a canvas, where Oklab in NumPy takes most of a second.
    own = cv2.cvtColor(painting.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    theirs = cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    theirs = cv2.addWeighted(own, 1 - share, theirs, share, 0)
    theirs[..., 0] = own[..., 0]
    coded: Floats = np.clip(cv2.cvtColor(theirs, cv2.COLOR_LAB2RGB), 0, 1) * np.float32(255) + np.float32(0.5)
    return coded.astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _table(turn: float, saturation: float, contrast: float) -> Color3DLUT:
    """Tabulate what becomes of each colour of a lattice, red fastest."""
    from PIL.ImageFilter import Color3DLUT

    steps = np.linspace(0, 1, LATTICE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    turned = _recoloured(np.stack([red, green, blue], axis=-1), turn, saturation, contrast)
    return Color3DLUT(LATTICE, turned.astype(np.float32).ravel())


def _recoloured(coded: Floats, turn: float, saturation: float, contrast: float) -> Floats:
    lab = np.cbrt(_decode(coded) @ TO_CONES.T) @ TO_LAB.T
    light = np.clip(lab[..., 0], 0, 1)
    lab[..., 0] += contrast * (light * light * (3 - 2 * light) - light)
    cos, sin = (saturation * f(2 * math.pi * turn) for f in (math.cos, math.sin))
    wheel = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    cones = lab @ (np.linalg.inv(TO_LAB) @ wheel).T
    return _encode(_into_gamut(cones**3 @ np.linalg.inv(TO_CONES).T))


def _into_gamut(linear: Floats) -> Floats:
    grey = np.clip(linear @ LUMINANCE, 0, 1)[..., None]
    away = linear - grey
    room = np.where(away > 0, 1 - grey, grey)
    share = np.min(room / np.maximum(np.abs(away), 1e-9), axis=-1, keepdims=True)
    inside: Floats = np.clip(grey + away * np.minimum(share, 1), 0, 1)
    return inside


def _decode(coded: Floats) -> Floats:
    """Return the linear light of coded values 0..1 (IEC 61966-2-1)."""
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _encode(linear: Floats) -> Floats:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
