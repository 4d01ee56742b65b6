"""Pictures and lines that the tests of this room share."""

from __future__ import annotations

from functools import cache

import cv2
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np

from tessonance.plugins import open_generator
from tessonance.project import parse_project

PAINTERS = {  # name: generator with options, axis
    "plasma": ('use = "plasma"', 'name = "sway"'),
    "cppn": ('use = "cppn"', 'name = "drift", from = -1'),
    "pan": ('use = "scene"', 'name = "pan"'),
    "zoom": ('use = "scene"', 'name = "zoom"'),
    "orbit": ('use = "scene"', 'name = "orbit", closed = true'),
    "toy": ('use = "toy"', 'name = "tall"'),
    "prefix": ('use = "toy", prefix = 0.5', 'name = "tall"'),
    "new noise": ('use = "toy", noise = "new", sampling_steps = 8', 'name = "tall"'),
    "free churn": ('use = "toy", ancestral = 1.0, churn = "free", sampling_steps = 12', 'name = "tall"'),
    "shape": ('use = "painted"', 'name = "bloom"'),
    "style": ('use = "painted"', 'name = "ink"'),
}


@cache
def line(name: str, count: int = 17, *, width: int = 128, height: int = 96) -> tuple[np.ndarray, ...]:
    """The pictures of one axis of a fixture."""
    generator, axis = PAINTERS[name]
    project = parse_project(
        f"picture = {{ width = {width}, height = {height} }}\n"
        f"generator = {{ {generator}, seed = 1 }}\naxis = [{{ {axis}, steps = {count} }}]"
    )
    opened = open_generator(project)
    try:
        return tuple(opened.paint([project.grid.point((index,))])[0] for index in range(count))
    finally:
        opened.close()


def noise(seed: int, height: int = 64, width: int = 64) -> np.ndarray:
    """White noise in three channels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def harsh(share: float, height: int = 96, width: int = 96) -> np.ndarray:
    """A texture of harsh colours, which JPEG keeps badly; a share (0..1) of it is on its way to another one."""
    first, second = (cv2.GaussianBlur(noise(seed, height, width).astype(np.float32), (0, 0), 2) for seed in (1, 2))
    mixed = (1 - share) * first + share * second - 127.5
    return np.clip(127.5 + 10 * mixed, 0, 255).astype(np.uint8)


def flat(code: int, height: int = 64, width: int = 64) -> np.ndarray:
    """A grey picture."""
    return np.full((height, width, 3), code, np.uint8)


def any_picture(height: int = 20, width: int = 24) -> st.SearchStrategy[np.ndarray]:
    """Any small picture."""
    return arrays.arrays(np.uint8, (height, width, 3), elements=st.integers(0, 255))
