from typing import ClassVar

import numpy as np
import pytest

from tessonance.errors import ProjectError
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project
from tessonance.testing import GeneratorTests

PROJECT = """
picture = { width = 48, height = 32 }
generator = { use = "cppn", seed = 3 }
axis = [
    { name = "mood", steps = 17, from = -1 },
    { name = "orbit", steps = 16, closed = true },
    { name = "alone", steps = 1, from = 0.5 },
]
"""


class TestCppn(GeneratorTests):
    project: ClassVar = parse_project(PROJECT)


class TestCppnWithMirrors(GeneratorTests):
    project: ClassVar = parse_project(PROJECT.replace("seed = 3", 'seed = 4, mirrors = 6, palette = "neon"'))


def test_its_preset_is_a_project():
    kind = generator_kind("cppn")
    assert [parse_project(kind.presets[name]).generator.use for name in kind.presets] == ["cppn"]


def test_what_an_axis_does_does_not_depend_on_the_other_axes():
    one, two = (open_generator(parse_project(text)) for text in (PROJECT, PROJECT.replace('"alone"', '"another"')))
    at_rest = {"mood": 0.3, "orbit": 0.25}
    assert np.array_equal(one.paint([at_rest | {"alone": 0.0}]), two.paint([at_rest | {"another": 0.0}]))
    assert not np.array_equal(one.paint([at_rest | {"alone": 1.0}]), two.paint([at_rest | {"another": 1.0}]))


def test_mirrors_make_a_picture_symmetric():
    generator = open_generator(parse_project(PROJECT.replace("seed = 3", "seed = 3, mirrors = 6")))
    picture = generator.paint([{"mood": 0.0, "orbit": 0.0, "alone": 0.5}])[0].astype(int)
    assert np.abs(picture - picture[:, ::-1]).max() <= 2
    assert np.abs(picture - picture[::-1]).max() <= 2


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("seed = 3", "seed = 3, mirror = 6", "did you mean 'mirrors'?"),
        ("seed = 3", 'seed = 3, palette = "rust"', "palette"),
        ("seed = 3", "seed = 3, detail = 99", "detail is out of range"),
        ("from = -1 ", "from = -9 ", "the range is too wide for a latent"),
    ],
)
def test_wrong_options_and_ranges_are_refused(old, new, text):
    with pytest.raises(ProjectError) as refused:
        open_generator(parse_project(PROJECT.replace(old, new)))
    assert text in str(refused.value)
