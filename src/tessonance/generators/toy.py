"""A test generator that behaves like diffusion without a network: objects pop in and out as axes move.

The prior is a handful of procedural pictures. The score of their noised mixture, taken patch by patch, is exact, after
M. Kamb and S. Ganguli, "An analytic theory of creativity in convolutional diffusion models", arXiv:2412.20292; a
"prompt" is a weight for each picture. So sampler, seed, steps and interpolated prompts are the real thing, and what
makes them smooth (a fixed seed, pinned noise, a shared beginning) can be tried in a tenth of a second.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tessonance.errors import ProjectError
from tessonance.generators import GeneratorKind
from tessonance.generators.presets import PresetFiles
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Axis, Point
    from tessonance.project import Project

    Floats = NDArray[np.float32]

__all__ = ["Toy", "ToyOptions", "toy"]

LATENT = 64  # pixels of the shorter side while it is denoised
PROTOTYPES, PATCH = 24, 13
WORDS = 8  # numbers of a prompt
EMPHASIS = 2.0  # how decided a prompt is
FIRST_SIGMA, LAST_SIGMA = 8.0, 0.03
OWN_SIGMA = 0.15  # how far a picture may be from its prototype
MAX_STEPS, MAX_PREFIX = 200, 0.9
MAX_PREFIX_AXES = 8  # 256 corners


class ToyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `toy`.

    Parameters
    ----------
    sampling_steps : int
        Steps from noise to picture, 2..200.
    prefix : float
        The share of these steps, 0..0.9, done once for each corner of the grid; a picture starts from the
        corners' interpolated latents and pays only the rest.
    noise : {"fixed", "new"}
        Whether all pictures start from one noise, or each from its own: the classical mistake.
    ancestral : float
        How much noise is drawn between the steps, 0 (none) to 1.
    churn : {"pinned", "free"}
        Whether the noise between the steps is the same for all pictures, or each picture's own.
    """

    sampling_steps: int = 20
    prefix: float = 0.0
    noise: Literal["fixed", "new"] = "fixed"
    ancestral: float = 0.0
    churn: Literal["pinned", "free"] = "pinned"

    def __post_init__(self) -> None:
        limits = (("sampling_steps", 2, MAX_STEPS), ("prefix", 0, MAX_PREFIX), ("ancestral", 0, 1))
        for name, low, high in limits:
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", wanted=f"{low}..{high}", got=str(value))


class Toy:
    """Denoises pictures towards a mixture of procedural ones.

    Parameters
    ----------
    project : Project
        Its axes may have any names: an open one leads from the prompt of all first values to a prompt of its own, a
        closed one around a circle of prompts. The grid's seed picks the noise, not the prior.

    Raises
    ------
    ProjectError
        For options it does not understand, or a prefix with more than 8 axes.
    """

    batch_size = 1
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        self._options = options(ToyOptions, project.generator.options, "[generator]")
        self._axes, self._seed = project.axes, project.generator.seed % 2**64
        self._size = project.picture.height, project.picture.width
        scale = LATENT / min(self._size)
        self._shape = tuple(max(PATCH, round(side * scale)) for side in self._size)
        self._prior = _Prior(self._shape)
        self._prompts = _prompts(len(self._axes), self._seed)
        inner = np.geomspace(FIRST_SIGMA, LAST_SIGMA, self._options.sampling_steps)
        self._sigmas = [*inner.tolist(), 0.0]
        self._shared = round(self._options.prefix * self._options.sampling_steps)
        self._corners = [(0.0,) if axis.closed or axis.steps == 1 else (0.0, 1.0) for axis in self._axes]
        if self._shared and math.prod(map(len, self._corners)) > 2**MAX_PREFIX_AXES:
            raise ProjectError("a prefix needs every corner of the grid", wanted=f"at most {MAX_PREFIX_AXES} open axes")
        self._latents: dict[tuple[float, ...], Floats] = {}

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def close(self) -> None:
        """Give back what it holds: the corners' latents."""
        self._latents.clear()

    def _picture(self, point: Point) -> NDArray[np.uint8]:
        shares = tuple(_share(axis, point[axis.name]) for axis in self._axes)
        latent = self._denoise(self._start(shares), shares, self._shared, self._options.sampling_steps)
        large = _stretched(_stretched(latent, self._size[0], 0), self._size[1], 1)
        codes: NDArray[np.uint8] = np.clip(large * np.float32(127.5) + np.float32(128), 0, 255).astype(np.uint8)
        return codes

    def _start(self, shares: tuple[float, ...]) -> Floats:
        """Return where a picture starts: its noise, or the interpolated latents of the corners."""
        if not self._shared:
            return self._noise(shares)
        start = np.zeros((*self._shape, 3), np.float32)
        for corner in product(*self._corners):
            pairs = zip(corner, shares, self._corners, strict=True)
            weight = math.prod(1 - abs(c - share) if len(ends) > 1 else 1.0 for c, share, ends in pairs)
            if weight:
                start += np.float32(weight) * self._corner(corner)
        return start

    def _corner(self, corner: tuple[float, ...]) -> Floats:
        if corner not in self._latents:
            self._latents[corner] = self._denoise(self._noise(corner), corner, 0, self._shared)
        return self._latents[corner]

    def _denoise(self, latent: Floats, shares: tuple[float, ...], first: int, last: int) -> Floats:
        """Take the steps from `first` to `last`: Euler's, with ancestral noise if there is any (as in k-diffusion)."""
        logits = self._prior.logits(self._prompt(shares))
        for step in range(first, last):
            sigma, after = self._sigmas[step], self._sigmas[step + 1]
            fresh = after * math.sqrt(max(0.0, sigma**2 - after**2)) / sigma * self._options.ancestral
            fresh = min(after, fresh)
            clean = self._prior.denoised(latent, sigma, logits)
            latent = clean + (latent - clean) * np.float32(math.sqrt(after**2 - fresh**2) / sigma)
            if fresh:
                own = shares if self._options.churn == "free" else ()
                latent = latent + np.float32(fresh) * _draw((*self._shape, 3), (self._seed, 1 + step), own)
        return latent

    def _noise(self, shares: tuple[float, ...]) -> Floats:
        own = shares if self._options.noise == "new" else ()
        return _draw((*self._shape, 3), (self._seed, 0), own) * np.float32(self._sigmas[0])

    def _prompt(self, shares: tuple[float, ...]) -> Floats:
        prompt: Floats = self._prompts[0, 0].copy()
        for axis, share, (first, second) in zip(self._axes, shares, self._prompts[1:], strict=True):
            if axis.closed:
                angle = 2 * math.pi * share
                prompt += (first * np.float32(math.cos(angle)) + second * np.float32(math.sin(angle))) / 2
            else:
                prompt += np.float32(share) * (first - self._prompts[0, 0])
        return prompt


class _Prior:
    """The pictures that there are, and what a noised one most likely was."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        pictures = np.stack([_prototype(number, shape) for number in range(PROTOTYPES)])
        self._channels = np.ascontiguousarray(np.moveaxis(pictures, -1, 0))
        self._squares = _patches((pictures**2).sum(axis=-1))
        self._from_prompt = np.random.default_rng(5).standard_normal((WORDS, PROTOTYPES)).astype(np.float32)

    def logits(self, prompt: Floats) -> Floats:
        return (prompt @ self._from_prompt) * np.float32(EMPHASIS)

    def denoised(self, latent: Floats, sigma: float, logits: Floats) -> Floats:
        """Return the expected clean picture of a latent: for each pixel, prototypes by how well the patch fits."""
        variance = sigma**2 + OWN_SIGMA**2
        product = self._channels[0] * latent[..., 0]
        for channel in (1, 2):
            product += self._channels[channel] * latent[..., channel]
        likely = 2 * _patches(product) - self._squares  # the latent's own square is the same for all prototypes
        likely *= np.float32(1 / (2 * variance))
        likely += logits[:, None, None]
        likely -= likely.max(axis=0)
        np.exp(likely, out=likely)
        likely /= likely.sum(axis=0)
        mean: Floats = np.stack([(likely * channel).sum(axis=0) for channel in self._channels], axis=-1)
        mean += np.float32(OWN_SIGMA**2 / variance) * (latent - mean)
        return mean


def _prompts(axes: int, seed: int) -> Floats:
    """Return a pair of prompts for the start and for each axis, shape ``(1 + axes, 2, WORDS)``."""
    random = np.random.default_rng([seed, 3])
    return random.standard_normal((1 + axes, 2, WORDS)).astype(np.float32)


def _share(axis: Axis, value: float) -> float:
    share = (value - axis.start) / (axis.stop - axis.start) if axis.stop != axis.start else 0.0
    return share % 1.0 if axis.closed else share


def _draw(shape: tuple[int, ...], key: tuple[int, ...], own: tuple[float, ...]) -> Floats:
    """Draw noise for a key and, where it is a picture's own, for the bits of its shares."""
    bits = np.array(own, np.float64).view(np.uint64).tolist()
    return np.random.default_rng([*key, *bits]).standard_normal(shape).astype(np.float32)


def _prototype(number: int, shape: tuple[int, ...]) -> Floats:
    """Return a picture of the prior, -1..1: coloured clouds with a few discs on them."""
    random = np.random.default_rng(1000 + number)
    clouds = [np.tanh(_cloud(random, shape) * random.uniform(0.3, 1) + random.uniform(-0.7, 0.7)) for _ in range(3)]
    picture = np.stack(clouds, axis=-1)
    y, x = (np.arange(side) / min(shape) for side in shape)
    for _ in range(int(random.integers(2, 6))):
        across, down, radius = *random.uniform(0.15, 0.85, 2), random.uniform(0.06, 0.22)
        away = np.hypot(x - across * x[-1], (y - down * y[-1])[:, None]) - radius
        disc = 1 / (1 + np.exp(np.clip(away * min(shape), -60, 60)))
        picture += disc[..., None] * (random.uniform(-1, 1, 3) - picture)
    return picture.astype(np.float32)


def _cloud(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return noise whose amplitudes fall with frequency, of mean 0 and deviation 1."""
    height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1.0
    spectrum = random.standard_normal(shape) + 1j * random.standard_normal(shape)
    cloud = np.fft.ifft2(spectrum / frequency**1.8).real
    return (cloud - cloud.mean()) / cloud.std()  # type: ignore[no-any-return]


def _patches(values: Floats) -> Floats:
    """Return the sums over the patch around each pixel, reflected at the rim, of values of shape ``(n, H, W)``.

    Without BLAS: its threads cost more than they bring.
    """
    wing = PATCH // 2
    padded = np.pad(values, ((0, 0), (wing + 1, wing), (wing + 1, wing)), mode="symmetric")
    total = np.cumsum(np.cumsum(padded, axis=1, dtype=np.float64), axis=2)
    corners = total[:, PATCH:, PATCH:] - total[:, :-PATCH, PATCH:] - total[:, PATCH:, :-PATCH]
    return (corners + total[:, :-PATCH, :-PATCH]).astype(np.float32)


def _stretched(picture: Floats, out: int, axis: int) -> Floats:
    """Return a picture resampled linearly along one axis, pixel centres on pixel centres."""
    side = picture.shape[axis]
    place = np.clip((np.arange(out) + 0.5) * side / out - 0.5, 0, side - 1)
    low = np.minimum(place.astype(int), side - 2)
    part = np.expand_dims((place - low).astype(np.float32), (1, 2) if axis == 0 else (0, 2))
    stretched: Floats = np.take(picture, low, axis=axis) * (1 - part) + np.take(picture, low + 1, axis=axis) * part
    return stretched


toy = GeneratorKind(
    summary="A test fixture: diffusion in miniature, without a network, that pops objects; any axes.",
    open=Toy,
    options=ToyOptions,
    axes={},
    presets=PresetFiles("toy"),
)
