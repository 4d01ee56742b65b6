"""RIFE as a finder of flow: it says the same as DIS where both can, and a tesseract can be baked by it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import TessError
from tessonance.project import parse_project
from tessonance.smooth.fields import find
from tessonance.smooth.finders import finder_named

SCENE = """
[picture]
width = 96
height = 80
[generator]
use = "scene"
[[axis]]
name = "pan"
steps = 5
"""


def shifted(right: int, down: int) -> tuple[np.ndarray, np.ndarray]:
    """Two cuts of one picture: what is at x in the first is at x + (right, down) in the second."""
    grain = np.random.default_rng(0).random((200, 220, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(grain, (0, 0), 5)
    whole = (soft - soft.min()) / (soft.max() - soft.min())
    return whole[40:170, 40:190], whole[40 - down : 170 - down, 40 - right : 190 - right]


@pytest.mark.diffusers
def test_it_finds_where_a_picture_went() -> None:
    rife = finder_named("rife")
    first, second = shifted(9, -6)
    flow = rife(first, second)
    assert flow.shape == (130, 150, 2)
    assert flow.dtype == np.float32
    assert np.abs(np.median(flow, axis=(0, 1)) - (9, -6)).max() < 0.5


@pytest.mark.diffusers
def test_both_ways_meet_half_way() -> None:
    first, second = shifted(8, 5)
    motion = find(first, second, finder=finder_named("rife"))
    assert motion.torn < 0.1
    assert np.abs(np.median(motion.backward, axis=(0, 1)) - (8, 5)).max() < 0.5
    assert np.abs(np.median(-motion.forward, axis=(0, 1)) - (8, 5)).max() < 0.5


@pytest.mark.diffusers
def test_two_sizes_are_refused() -> None:
    first, second = shifted(0, 0)
    with pytest.raises(TessError, match="size"):
        finder_named("rife")(first, second[:-3])


@pytest.mark.diffusers
def test_a_tesseract_is_baked_by_it(tmp_path: Path) -> None:
    tess.generate(parse_project(SCENE), tmp_path / "scene.tess", workers=1).close()
    report = tess.bake(tmp_path / "scene.tess", finder="rife")
    assert report.made == 4
    with tess.open(tmp_path / "scene.tess") as tesseract:
        bake = tesseract.bake()
        assert bake is not None
        assert bake.finder.startswith("rife")
        assert bake.field(0, (1,)) is not None


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "tessonance.smooth.rife", raising=False)
    with pytest.raises(TessError, match=r"pip install 'tessonance\[rife\]'"):
        finder_named("rife")
