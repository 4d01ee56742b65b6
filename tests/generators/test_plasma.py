import time
from typing import ClassVar

import numpy as np
import pytest

from tessonance.errors import ProjectError
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project
from tessonance.testing import GeneratorTests

PROJECT = """
picture = { width = 48, height = 32 }
generator = { use = "plasma", seed = 3 }
axis = [
    { name = "sway", steps = 9 },
    { name = "swirl", steps = 8, closed = true, from = -2, to = 5 },
    { name = "alone", steps = 1, from = 3, to = 3 },
]
"""


class TestPlasma(GeneratorTests):
    project: ClassVar = parse_project(PROJECT)


def test_its_preset_is_a_project():
    kind = generator_kind("plasma")
    assert [parse_project(kind.presets[name]).generator.use for name in kind.presets] == ["plasma"]


def test_a_picture_of_64_pixels_takes_less_than_a_few_milliseconds():
    generator = open_generator(parse_project(PROJECT.replace("48", "64").replace("32", "64")))
    point = {"sway": 0.5, "swirl": 0.5, "alone": 3.0}
    generator.paint([point])
    start = time.perf_counter()
    for _ in range(20):
        generator.paint([point])
    assert (time.perf_counter() - start) / 20 < 0.005


def test_delay_ms_slows_it_down():
    generator = open_generator(parse_project(PROJECT.replace("seed = 3", "seed = 3, delay_ms = 40")))
    start = time.perf_counter()
    generator.paint([{"sway": 0.5, "swirl": 0.5, "alone": 3.0}] * 2)
    assert time.perf_counter() - start >= 0.08


def test_seeds_paint_different_pictures():
    point = {"sway": 0.5, "swirl": 0.5, "alone": 3.0}
    one, other = (
        open_generator(parse_project(PROJECT.replace("= 3", f"= {seed}", 1))).paint([point]) for seed in (3, 4)
    )
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("delay = 3", "did you mean 'delay_ms'?"),
        ("delay_ms = -1", "delay_ms is out of range"),
        ('delay_ms = "x"', "a number"),
    ],
)
def test_wrong_options_are_refused(options, text):
    with pytest.raises(ProjectError) as refused:
        open_generator(parse_project(PROJECT.replace("seed = 3", f"seed = 3, {options}")))
    assert text in str(refused.value)
