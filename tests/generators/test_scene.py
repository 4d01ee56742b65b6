from typing import ClassVar

import numpy as np
import pytest

from tessonance.errors import ProjectError
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project
from tessonance.testing import GeneratorTests

PROJECT = """
picture = { width = 96, height = 64 }
generator = { use = "scene", seed = 3 }
axis = [
    { name = "pan", steps = 17 },
    { name = "zoom", steps = 17 },
    { name = "turn", steps = 17, to = 0.25 },
    { name = "orbit", steps = 16, closed = true },
]
"""


class TestScene(GeneratorTests):
    project: ClassVar = parse_project(PROJECT)


def read(picture, flow):
    """The picture read at every pixel moved by the flow, and which of these places are inside."""
    height, width = picture.shape[:2]
    x, y = np.arange(width) + flow[..., 0], np.arange(height)[:, None] + flow[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    left, top = (np.clip(np.floor(place), 0, most - 2).astype(int) for place, most in ((x, width), (y, height)))
    u, v = np.clip(x - left, 0, 1)[..., None], np.clip(y - top, 0, 1)[..., None]
    upper = picture[top, left] * (1 - u) + picture[top, left + 1] * u
    lower = picture[top + 1, left] * (1 - u) + picture[top + 1, left + 1] * u
    return upper * (1 - v) + lower * v, inside


def test_its_preset_is_a_project():
    kind = generator_kind("scene")
    assert [parse_project(kind.presets[name]).generator.use for name in kind.presets] == ["scene"]


@pytest.mark.parametrize(
    "change", [{"pan": 0.6}, {"zoom": 0.42}, {"turn": 0.02}, {"orbit": 0.05}], ids=lambda change: next(iter(change))
)
def test_the_flow_tells_where_every_pixel_went(change):
    generator = open_generator(parse_project(PROJECT.replace("96", "240").replace("64", "160")))
    first = {"pan": 0.5, "zoom": 0.3, "turn": 0.0, "orbit": 0.0}
    one, other = generator.paint([first, first | change]).astype(np.float32)
    warped, inside = read(other, generator.flow(first, first | change))
    still, moved = (np.abs(one - guess)[inside] for guess in (other, warped))
    assert np.median(moved) < 2
    assert moved.mean() < 0.4 * still.mean()  # what is left: pixels that a disc hides, and rims


def test_without_discs_only_the_plane_is_seen():
    text = PROJECT.replace("seed = 3", "seed = 3, discs = 0")
    generator = open_generator(parse_project(text))
    point = {"pan": 0.5, "zoom": 0.3, "turn": 0.0}
    one, other = generator.paint([point | {"orbit": 0.0}, point | {"orbit": 0.4}])
    assert np.array_equal(one, other)


def test_unknown_axes_and_options_are_refused():
    with pytest.raises(ProjectError, match="no axis 'zooms' in a scene"):
        open_generator(parse_project(PROJECT.replace('"zoom"', '"zooms"')))
    with pytest.raises(ProjectError, match="discs is out of range"):
        open_generator(parse_project(PROJECT.replace("seed = 3", "seed = 3, discs = 65")))
