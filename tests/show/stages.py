"""A small tesseract on the graphics processor, and its frames when all that they need is there."""

from __future__ import annotations

import time
from collections.abc import Callable

import moderngl
import numpy as np

from tessonance.show.stage import Stage

PROJECT = """
[picture]
width = 51
height = 33

[generator]
use = "plasma"

[[axis]]
name = "bloom"
steps = 9

[[axis]]
name = "ink"
steps = 8
closed = true
"""


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


def read(texture: moderngl.Texture) -> np.ndarray:
    return np.frombuffer(texture.read(), np.uint8).reshape(texture.height, texture.width, 4)[..., :3]


def settle(stage: Stage, place: tuple[float, ...]) -> np.ndarray:
    """Go on until everything for a place is there, and return its frame."""

    def whole() -> bool:
        before = stage.counts.unmoved
        return not stage.draw(place).late and stage.counts.unmoved == before

    until(lambda: stage.prepare(place) or whole())
    return read(stage.draw(place).texture).astype(int)
