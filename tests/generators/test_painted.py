import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest

from tessonance.errors import ProjectError
from tessonance.generators.painted import AXES, Painted
from tessonance.generators.painting.shelf import KEPT_BYTES
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import parse_project
from tessonance.testing import GeneratorTests

PROJECT = """
picture = { width = 96, height = 64 }
generator = { use = "painted", seed = 3, canvas = 128, form = "FORM" }
axis = [AXES]
"""


def project(form, rest="", **axes):
    tables = ", ".join(f'{{ name = "{name}", {keys} }}' for name, keys in axes.items())
    text = PROJECT.replace("FORM", form).replace("AXES", tables)
    return parse_project(text.replace("canvas", f"rest = {{ {rest} }}, canvas"))


class TestPetals(GeneratorTests):
    project: ClassVar = project(
        "petals", bloom="steps = 17", ink="steps = 3, to = 0.3", turn="steps = 16, closed = true", twist="steps = 9"
    )


class TestMirrors(GeneratorTests):
    project: ClassVar = project("mirrors", bloom="steps = 17", drift="steps = 16, closed = true", petals="steps = 9")


class TestFlow(GeneratorTests):
    project: ClassVar = project("flow", bloom="steps = 17", turn="steps = 16, closed = true", depth="steps = 9")


class TestFlower(GeneratorTests):
    project: ClassVar = project("flower", rest="ink = 0.4", grow="steps = 17", drift="steps = 16, closed = true")


class TestColours(GeneratorTests):
    project: ClassVar = project("petals", hue="steps = 8, closed = true", latent_a="steps = 3, to = 0.3")


@pytest.mark.parametrize("form", ["petals", "mirrors", "flow", "flower"])
def test_every_axis_of_every_form_moves_something(form):
    generator = open_generator(project(form, ink="steps = 2"))
    rest = generator.paint([{}])[0].astype(int)
    for name in {*generator._form.axes, "ink", "hue", "latent_a"}:
        value = AXES[name].rest + (0.3 if AXES[name].rest < 0.6 else -0.3)
        assert np.abs(generator.paint([{name: value}])[0] - rest).mean() > 0.4, name


def test_an_axis_left_out_stands_at_its_rest():
    with_axes = open_generator(project("petals", bloom="steps = 3", light="steps = 3"))
    without = open_generator(project("petals", turn="steps = 3"))
    point = {"bloom": AXES["bloom"].rest, "light": AXES["light"].rest}
    assert np.array_equal(with_axes.paint([point]), without.paint([{"turn": AXES["turn"].rest}]))


def test_the_project_can_say_where_axes_rest():
    rested = open_generator(project("petals", rest="bloom = 0.9", turn="steps = 3")).paint([{"turn": 0.0}])
    bloomed = open_generator(project("petals", bloom="steps = 3")).paint([{"bloom": 0.9}])
    assert np.array_equal(rested, bloomed)


def test_cells_that_differ_in_shape_alone_share_a_canvas(monkeypatch):
    generator = open_generator(project("petals", bloom="steps = 9", ink="steps = 3", hue="steps = 3"))
    painted = []
    monkeypatch.setattr(
        generator, "_painted", lambda values, paint=generator._painted: painted.append(1) or paint(values)
    )
    for ink in (0.0, 1.0):
        for hue in (0.0, 0.5):
            generator.paint([{"bloom": bloom, "ink": ink, "hue": hue} for bloom in (0.0, 0.5, 1.0)])
    assert len(painted) == 2
    assert generator.slow_axes == ("ink", "hue")


def test_what_it_keeps_is_bounded(monkeypatch):
    monkeypatch.setattr("tessonance.generators.painting.shelf.KEPT_BYTES", 600_000)
    generator = open_generator(project("petals", hue="steps = 32"))
    first = generator.paint([{"hue": 0.0}])
    for hue in np.linspace(0, 1, 12):
        generator.paint([{"hue": float(hue)}])
        assert generator._shelf.kept_bytes <= 600_000
    assert np.array_equal(first, generator.paint([{"hue": 0.0}]))
    assert KEPT_BYTES <= 256_000_000


def test_another_process_paints_the_same_bytes():
    code = (
        "import sys, hashlib\n"
        "from tessonance.plugins import open_generator\n"
        "from tessonance.project import parse_project\n"
        "generator = open_generator(parse_project(sys.argv[1]))\n"
        "points = [{'bloom': 0.25, 'ink': 0.5}, {'bloom': 0.75, 'ink': 0.5}]\n"
        "print(hashlib.sha256(generator.paint(points[:int(sys.argv[2])]).tobytes()).hexdigest())"
    )
    text = PROJECT.replace("FORM", "petals").replace(
        "AXES", '{ name = "bloom", steps = 9 }, { name = "ink", steps = 9 }'
    )
    run = [subprocess.run([sys.executable, "-c", code, text, "2"], capture_output=True, text=True) for _ in range(2)]
    assert run[0].returncode == 0, run[0].stderr
    assert run[0].stdout == run[1].stdout


@pytest.mark.parametrize("size", [(160, 90), (50, 90), (17, 16)])
@pytest.mark.parametrize("form", ["petals", "mirrors", "flow", "flower"])
def test_any_size_is_painted(form, size):
    text = PROJECT.replace("FORM", form).replace("AXES", '{ name = "bloom", steps = 3 }')
    text = text.replace("width = 96, height = 64", f"width = {size[0]}, height = {size[1]}")
    picture = open_generator(parse_project(text)).paint([{"bloom": 0.5}])
    assert picture.shape == (1, size[1], size[0], 3)
    assert picture.std() > 5


@pytest.mark.parametrize(
    ("axes", "text"),
    [
        ({"blom": "steps = 3"}, "did you mean 'bloom'?"),
        ({"petals": "steps = 3"}, "'petals' moves nothing in the form 'flow'"),
        ({"bloom": "steps = 3, closed = true"}, "the ends of this axis do not meet"),
        ({"turn": "steps = 3, to = 0.5, closed = true"}, "to = from + 1"),
        ({"bloom": "steps = 3, to = 2"}, "within -0.25..1.25; 0..1 looks good"),
    ],
)
def test_wrong_axes_are_refused(axes, text):
    with pytest.raises(ProjectError) as refused:
        open_generator(project("flow", **axes))
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("form = 'petal'", "form"),
        ("brushes = { ember = 1 }", "did you mean 'brush'?"),
        ("brush = { embers = 1 }", "did you mean 'ember'?"),
        ("brush = { ember = 0.1 }", "a sum of about 1"),
        ("brush = { ember = 3, nocturne = -2 }", "the weight of 'ember' is out of range"),
        ("count = 99", "count is out of range"),
        ("glow = nan", "glow is out of range"),
        ("canvas = 4096", "canvas is out of range"),
        ("accents = []", "accents are out of range"),
        ("rest = { blom = 0.5 }", "did you mean 'bloom'?"),
        ("rest = { bloom = 5 }", "within -0.25..1.25"),
        ("form = 'flow', rest = { petals = 0.5 }", "'petals' moves nothing in the form 'flow'"),
    ],
)
def test_wrong_options_are_refused(options, text):
    with pytest.raises(ProjectError) as refused:
        Painted(
            parse_project(f"generator = {{ use = 'painted', {options} }}\naxis = [{{ name = 'bloom', steps = 3 }}]")
        )
    assert text in str(refused.value)


def test_every_preset_is_a_project_that_opens():
    kind = generator_kind("painted")
    for name, text in kind.presets.items():
        preset = parse_project(text, where=name)
        assert preset.generator.use == "painted"
        assert preset.routes
        kind.open(preset).close()
    assert next(iter(kind.presets)) == "kaleidoscope"
