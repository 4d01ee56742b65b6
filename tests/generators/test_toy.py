from typing import ClassVar

import numpy as np
import pytest

from tessonance.errors import ProjectError
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project
from tessonance.testing import GeneratorTests

PROJECT = """
picture = { width = 48, height = 40 }
generator = { use = "toy", seed = 3 }
axis = [
    { name = "tall", steps = 33 },
    { name = "mood", steps = 32, closed = true, from = -2, to = 5 },
    { name = "alone", steps = 1, from = 3, to = 3 },
]
"""


def with_options(text):
    return parse_project(PROJECT.replace("seed = 3", f"seed = 3, {text}"))


class TestToy(GeneratorTests):
    project: ClassVar = with_options("sampling_steps = 10")


class TestToyWithAPrefix(GeneratorTests):
    project: ClassVar = with_options("prefix = 0.5, sampling_steps = 8")


class TestToyWithPinnedAncestralNoise(GeneratorTests):
    project: ClassVar = with_options("ancestral = 1.0, sampling_steps = 8")


class TestToyWithANewNoiseForEachCell(GeneratorTests):
    project: ClassVar = with_options('noise = "new", sampling_steps = 8')
    largest_step: ClassVar = 255.0


def line(text, cells=21):
    """A line along the first axis, as float32 of 0..255."""
    project = with_options(text)
    generator = open_generator(project)
    points = [{"tall": share, "mood": -2.0, "alone": 3.0} for share in np.linspace(0, 1, cells)]
    return np.concatenate([generator.paint([point]) for point in points]).astype(np.float32)


def steps(pictures):
    return np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3))


def test_its_preset_is_a_project():
    kind = generator_kind("toy")
    assert [parse_project(kind.presets[name]).generator.use for name in kind.presets] == ["toy"]


def test_new_noise_and_free_churn_make_neighbours_strangers():
    smooth = steps(line("sampling_steps = 10")).mean()
    assert steps(line('sampling_steps = 10, noise = "new"')).mean() > 4 * smooth
    pinned, free = (
        steps(line(f'sampling_steps = 10, ancestral = 1.0, churn = "{churn}"')) for churn in ("pinned", "free")
    )
    assert free.mean() > 3 * pinned.mean()


def test_objects_pop_and_a_prefix_makes_that_milder():
    full, shared = line("prefix = 0"), line("prefix = 0.5")
    assert steps(full).max() > 3 * np.median(steps(full)), "some edge stands out"
    assert steps(shared).mean() < 0.8 * steps(full).mean()
    range_of = {name: np.abs(pictures[0] - pictures[-1]).mean() for name, pictures in (("f", full), ("s", shared))}
    assert range_of["s"] > 0.8 * range_of["f"], "the ends are as far apart"


def test_a_prefix_paints_the_corners_as_without_it():
    assert np.abs(line("prefix = 0.5")[[0, -1]] - line("prefix = 0")[[0, -1]]).max() <= 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("prefixes = 0.5", "did you mean 'prefix'?"),
        ("prefix = 1.0", "prefix is out of range"),
        ("sampling_steps = 1", "sampling_steps is out of range"),
        ("ancestral = -0.1", "ancestral is out of range"),
        ('noise = "old"', "noise: invalid enum value 'old'"),
    ],
)
def test_wrong_options_are_refused(options, text):
    with pytest.raises(ProjectError) as refused:
        open_generator(with_options(options))
    assert text in str(refused.value)


def test_a_prefix_of_too_many_axes_is_refused():
    axes = ", ".join(f'{{ name = "a{n}", steps = 2 }}' for n in range(9))
    with pytest.raises(ProjectError, match="every corner"):
        open_generator(parse_project(f'generator = {{ use = "toy", prefix = 0.5 }}\naxis = [{axes}]'))
