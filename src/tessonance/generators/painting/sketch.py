"""A sketch: what a small network with random weights sees at every place of a picture."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tessonance.generators.painting.form import Floats

__all__ = ["PALETTES", "SketchNetwork"]

WIDTH = 32
DEPTH = 5
FOURIER = 4
# Places in one matrix product, and products at once. OpenBLAS computes products of this size in one thread; larger ones
# it gives to several, which wait for each other: on a busy machine thirty times longer than one alone would take.
PRODUCT_PLACES = 256
PRODUCTS = 32
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
        self._layers: list[tuple[Floats, Floats]] = []
        for size in (inputs, *[WIDTH] * (DEPTH - 1)):
            weights = random.normal(0, 1.3 * contrast / math.sqrt(size), (WIDTH, size)).astype(np.float32)
            self._layers.append((weights, random.normal(0, 0.4, (WIDTH, 1)).astype(np.float32)))
        self._last = random.normal(0, 1 / math.sqrt(WIDTH), (3, WIDTH)).astype(np.float32)
        self._directions = {name: _directions(seed, name) for name in latents}
        self._palette = np.array(PALETTES[palette], np.float32)[:, :, None]

    def draw(self, x: Floats, y: Floats, latents: Mapping[str, float]) -> Floats:
        """Draw the sketch at some places.

        Parameters
        ----------
        x, y : ndarray of float32, shape (height, width)
            The places; -1.2..1.2 looks good.
        latents : mapping of str to float
            -1..1 looks good. One that is left out is 0.

        Returns
        -------
        ndarray of float32, shape (height, width, 3)
            sRGB, 0..1.
        """
        shift = [bias.copy() for _, bias in self._layers]
        for name, value in latents.items():
            for layer, direction in zip(shift, self._directions[name], strict=True):
                layer += np.float32(value) * direction
        missing = -x.size % PRODUCT_PLACES
        places = np.stack([np.pad(np.ravel(c), (0, missing)).reshape(-1, PRODUCT_PLACES) for c in (x, y)], axis=1)
        colours = np.empty((len(places), 3, PRODUCT_PLACES), np.float32)
        for start in range(0, len(places), PRODUCTS):
            part = slice(start, start + PRODUCTS)
            colours[part] = self._colours(places[part].astype(np.float32), shift)
        return colours.transpose(0, 2, 1).reshape(-1, 3)[: x.size].reshape(*x.shape, 3)

    def _colours(self, places: Floats, shift: list[Floats]) -> Floats:
        """Return the colours at places: shape ``(n, 2, PRODUCT_PLACES)`` to ``(n, 3, PRODUCT_PLACES)``."""
        away = np.hypot(places[:, :1], places[:, 1:]) * np.float32(1.4)
        wave = self._frequencies @ places
        h = np.concatenate([places, away, np.sin(wave), np.cos(wave)], axis=1)
        for (weights, _), bias in zip(self._layers, shift, strict=True):
            h = weights @ h
            h += bias
            _bend(h)
        out = self._last @ h
        t = np.float32(0.55) * out[:, :1] + np.float32(0.1) * out[:, 2:]
        brightness = np.tanh(np.float32(1.2) * out[:, 1:2] + np.float32(0.4))
        a, b, c, d = self._palette
        rgb: Floats = a + b * np.cos(np.float32(2 * math.pi) * (c * t + d))
        rgb *= np.float32(0.625) + np.float32(0.375) * brightness
        np.clip(rgb, 0, 1, out=rgb)
        return rgb


def _bend(h: Floats) -> None:
    """Bend a quarter of the activations by a sine, half by tanh, a quarter by a Gaussian; in place."""
    quarter = WIDTH // 4
    sine, soft, bell = h[:, :quarter], h[:, quarter : 3 * quarter], h[:, 3 * quarter :]
    np.sin(sine, out=sine)
    np.tanh(soft, out=soft)
    bell[:] = 2 * np.exp(-(bell**2)) - 1


def _directions(seed: int, name: str) -> list[Floats]:
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    strengths = [ENTRY_STRENGTH] + [LAYER_STRENGTH] * (DEPTH - 1)
    return [random.normal(0, strength, (WIDTH, 1)).astype(np.float32) for strength in strengths]
