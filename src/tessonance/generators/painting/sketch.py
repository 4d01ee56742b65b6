"""A sketch: what a small network with random weights sees at every place of a picture."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["PALETTES", "SketchNetwork"]

WIDTH = 32
DEPTH = 5
FOURIER = 4
CHUNK = 8_192  # places at once: their 32 activations stay in the processor's cache
ENTRY_STRENGTH, LAYER_STRENGTH = 0.6, 0.2  # of a latent, at the first layer and at those after it

# Cosine palettes a + b·cos(2π(c·t + d)), one row each for a, b, c, d (after Inigo Quilez, "Palettes", 1999).
PALETTES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "sunset": ((0.55, 0.38, 0.42), (0.45, 0.38, 0.38), (1.0, 0.9, 0.8), (0.0, 0.12, 0.3)),
    "aqua": ((0.35, 0.5, 0.55), (0.35, 0.4, 0.4), (0.8, 1.0, 1.0), (0.5, 0.25, 0.1)),
    "neon": ((0.5, 0.35, 0.55), (0.5, 0.4, 0.45), (1.0, 1.0, 1.0), (0.8, 0.9, 0.3)),
    "earth": ((0.55, 0.48, 0.4), (0.4, 0.35, 0.3), (1.0, 1.0, 0.9), (0.05, 0.1, 0.22)),
    "jewel": ((0.38, 0.34, 0.45), (0.38, 0.34, 0.42), (1.0, 1.0, 1.0), (0.62, 0.4, 0.18)),
    "gold": ((0.42, 0.36, 0.4), (0.42, 0.34, 0.38), (1.0, 0.9, 0.8), (0.0, 0.08, 0.45)),
    "fire": ((0.5, 0.25, 0.12), (0.5, 0.28, 0.14), (1.0, 1.0, 1.0), (0.0, 0.08, 0.16)),
}


class SketchNetwork:
    """A compositional pattern-producing network (Stanley 2007) with random weights.

    Place, distance from the centre and a few Fourier features go in; out come a number that chooses a colour of a
    cosine palette, and its brightness. A latent is added at every layer.

    Parameters
    ----------
    seed : int
        Of the weights.
    palette : str
        One of `PALETTES`.
    detail : float
        Standard deviation of the Fourier features' frequencies; 0.8 is broad, 1.8 is fine.
    contrast : float
        Scale of the weights; 1 is soft, 1.5 is wild.
    latents : iterable of str, optional
        The names of the latents. What one does depends on the seed and its name, not on the others.
    """

    def __init__(
        self, seed: int, palette: str, *, detail: float, contrast: float, latents: tuple[str, ...] = ()
    ) -> None:
        random = np.random.default_rng(seed)
        inputs = 3 + 2 * FOURIER
        self._frequencies = random.normal(0, detail, (FOURIER, 2)).astype(np.float32)
        self._layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        for size in (inputs, *[WIDTH] * (DEPTH - 1)):
            weights = random.normal(0, 1.3 * contrast / math.sqrt(size), (WIDTH, size)).astype(np.float32)
            self._layers.append((weights, random.normal(0, 0.4, (WIDTH, 1)).astype(np.float32)))
        self._last = random.normal(0, 1 / math.sqrt(WIDTH), (3, WIDTH)).astype(np.float32)
        self._directions = {name: _directions(seed, name) for name in latents}
        self._palette = np.array(PALETTES[palette], np.float32)[:, :, None]

    def draw(self, x: NDArray[np.float32], y: NDArray[np.float32], latents: Mapping[str, float]) -> NDArray[np.uint8]:
        """Draw the sketch at some places.

        Parameters
        ----------
        x, y : ndarray of float32, shape (height, width)
            The places; -1.2..1.2 looks good.
        latents : mapping of str to float
            -1..1 looks good. One that is left out is 0.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            sRGB.
        """
        shift = [bias.copy() for _, bias in self._layers]
        for name, value in latents.items():
            for layer, direction in zip(shift, self._directions[name], strict=True):
                layer += np.float32(value) * direction
        flat_x, flat_y = x.ravel(), y.ravel()
        picture = np.empty((x.size, 3), np.uint8)
        for start in range(0, x.size, CHUNK):
            part = slice(start, start + CHUNK)
            picture[part] = self._colours(flat_x[part], flat_y[part], shift).T
        return picture.reshape(*x.shape, 3)

    def _colours(
        self, x: NDArray[np.float32], y: NDArray[np.float32], shift: list[NDArray[np.float32]]
    ) -> NDArray[np.uint8]:
        wave = self._frequencies @ np.stack([x, y])
        h = np.concatenate([np.stack([x, y, np.hypot(x, y) * np.float32(1.4)]), np.sin(wave), np.cos(wave)])
        for (weights, _), bias in zip(self._layers, shift, strict=True):
            h = _bend(weights @ h + bias)
        colour, brightness, other = self._last @ h
        t = np.float32(0.55) * colour + np.float32(0.1) * other
        a, b, c, d = self._palette
        rgb = a + b * np.cos(np.float32(2 * math.pi) * (c * t + d))
        rgb *= np.float32(0.625) + np.float32(0.375) * np.tanh(np.float32(1.2) * brightness + np.float32(0.4))
        coded: NDArray[np.uint8] = (np.clip(rgb, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        return coded


def _bend(h: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bend a quarter of the activations by a sine, half by tanh, a quarter by a Gaussian; in place."""
    quarter = WIDTH // 4
    sine, soft, bell = h[:quarter], h[quarter : 3 * quarter], h[3 * quarter :]
    np.sin(sine, out=sine)
    np.tanh(soft, out=soft)
    bell[:] = 2 * np.exp(-(bell**2)) - 1
    return h


def _directions(seed: int, name: str) -> list[NDArray[np.float32]]:
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    strengths = [ENTRY_STRENGTH] + [LAYER_STRENGTH] * (DEPTH - 1)
    return [random.normal(0, strength, (WIDTH, 1)).astype(np.float32) for strength in strengths]
