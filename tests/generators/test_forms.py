import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.generators.painted import AXES
from tessonance.generators.painting.mirrors import Mirrors, _between_mirrors
from tessonance.generators.painting.petals import Petals
from tessonance.generators.painting.sketch import SketchNetwork
from tessonance.generators.painting.strips import mirrored, strips

PAINTING = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8).repeat(4, 0).repeat(4, 1)
VALUES = {name: info.rest for name, info in AXES.items()} | {"turn": 0.3, "twist": 0.2, "drift": 0.1}
WIDTH, HEIGHT = 150, 91


def unchanged(painting, turn):
    return painting


@pytest.mark.parametrize(
    "form",
    [
        Petals(WIDTH, HEIGHT, seed=1, count=8, spacing=1.5, accents=[0.0]),
        Mirrors(WIDTH, HEIGHT, seed=1, size=1.5, accents=[0.0]),
    ],
)
def test_the_half_that_is_copied_is_what_would_have_been_folded(form):
    canvas = form.prepare(PAINTING, unchanged, VALUES)
    if isinstance(form, Petals):
        whole = [
            form._strip(part, canvas[0], form._look(canvas[0].shape[1], VALUES), VALUES)
            for part in strips(HEIGHT, WIDTH)
        ]
    else:
        whole = [form._strip(part, canvas[0], VALUES) for part in strips(HEIGHT, WIDTH)]
    differs = np.abs(np.concatenate(whole).astype(int) - form.fold(canvas, VALUES)).max(axis=2)
    assert (differs > 2).mean() < 0.01  # rounding may move an outline by a pixel here and there


def test_an_odd_number_of_petals_looks_otherwise_upside_down():
    form = Petals(WIDTH, HEIGHT, seed=1, count=7, spacing=1.5, accents=[0.0])
    picture = form.fold(form.prepare(PAINTING, unchanged, VALUES), VALUES).astype(int)
    assert np.abs(picture - picture[::-1, ::-1]).mean() > 5


@given(st.floats(-8, 8), st.floats(-8, 8))
def test_every_place_is_reflected_into_the_triangle(x, y):
    u, v = (float(part[0]) for part in _between_mirrors(np.array([x], np.float32), np.array([y], np.float32)))
    assert -1e-4 <= u <= 1 + 1e-4
    assert -1e-4 <= v <= u / math.sqrt(3) + 1e-4


@given(st.floats(-100, 100))
def test_a_world_of_mirrors_repeats_after_four(place):
    here, there, inside = (float(mirrored(np.float64(p))) for p in (place, place + 4, (place % 2) - 1))
    assert -1 - 1e-9 <= here <= 1 + 1e-9
    assert math.isclose(here, there, abs_tol=1e-6)
    assert math.isclose(inside, (place % 2) - 1, abs_tol=1e-9)


@settings(max_examples=20)
@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_strips_cover_every_row_once(rows, width):
    covered = [row for part in strips(rows, width) for row in range(rows)[part]]
    assert covered == list(range(rows))


def test_a_sketch_is_the_same_whatever_is_drawn_beside_it():
    network = SketchNetwork(1, "gold", detail=1.3, contrast=1.1, latents=("a",))
    x, y = np.meshgrid(np.linspace(-1, 1, 70, dtype=np.float32), np.linspace(-1, 1, 40, dtype=np.float32))
    whole = network.draw(x, y, {"a": 0.5})
    assert np.abs(whole[:7, :9] - network.draw(x[:7, :9], y[:7, :9], {"a": 0.5})).max() < 1e-5


def test_what_a_latent_does_depends_on_its_name_and_the_seed():
    a, b, other = (
        SketchNetwork(seed, "gold", detail=1.3, contrast=1.1, latents=("a", "b"))._directions[name][0]
        for seed, name in ((1, "a"), (1, "b"), (2, "a"))
    )
    assert not np.allclose(a, b)
    assert not np.allclose(a, other)
