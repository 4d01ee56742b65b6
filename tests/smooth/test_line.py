import math

import numpy as np
import pytest
from pictures import flat, line, noise

from tessonance.errors import TessError
from tessonance.smooth.flip import flip, see
from tessonance.smooth.line import Gates, Line, measure_line, spread_of
from tessonance.smooth.views import view

GOOD = ("plasma", "cppn", "pan", "zoom", "toy", "prefix", "shape", "style")


def test_steps_and_span_are_flip_between_pictures_as_viewed():
    pictures = line("pan")
    found = measure_line(pictures)
    assert found.steps[3] == flip(view(pictures[3]), view(pictures[4]))
    assert found.span == flip(view(pictures[0]), view(pictures[-1]))
    assert len(found.steps) == 16
    assert len(found.flickers) == 15
    assert found.length == pytest.approx(sum(found.steps))


@pytest.mark.parametrize("name", GOOD)
def test_lines_of_every_honest_generator_pass_the_gates(name):
    assert Gates().verdict(measure_line(line(name))).passed


def test_a_closed_line_passes_and_its_ends_are_a_step():
    pictures = line("orbit", 16)
    found = measure_line(pictures, closed=True)
    assert len(found.steps) == len(found.flickers) == 16
    assert found.steps[-1] == flip(view(pictures[-1]), view(pictures[0]))
    assert math.isfinite(found.tortuosity)
    assert Gates().verdict(found).passed


@pytest.mark.parametrize("name", ["new noise", "free churn"])
def test_a_new_seed_for_each_cell_is_refused_though_it_is_as_even_as_can_be(name):
    found = measure_line(line(name))
    verdict = Gates().verdict(found)
    assert not verdict.passed
    assert any("random pictures" in reason for reason in verdict.reasons)
    assert any("come back" in reason for reason in verdict.reasons)
    assert found.uniformity < 1.3  # which is why evenness alone would have praised it


def test_noise_is_refused():
    found = measure_line([noise(seed) for seed in range(20)])
    assert len(Gates().verdict(found).reasons) == 3


def test_to_and_fro_is_refused_for_its_flicker():
    first, second = line("zoom")[0], line("zoom")[2]
    verdict = Gates().verdict(measure_line([first, second] * 6, spread=1.0))
    assert any("come back" in reason for reason in verdict.reasons)


def test_pictures_that_are_all_equal_change_nothing_and_pass():
    found = measure_line([flat(7)] * 6)
    assert found.steps == (0.0,) * 5
    assert (found.length, found.roughness, found.uniformity, found.tortuosity) == (0, 0, 1, 1)
    assert math.isnan(found.flicker)
    assert Gates().verdict(found).passed


def test_one_picture_and_two_have_measures():
    alone = measure_line([noise(1)])
    assert alone.steps == alone.flickers == ()
    assert math.isnan(alone.roughness)
    assert Gates().verdict(alone).passed
    for closed in (False, True):
        two = measure_line([flat(7), flat(90)], closed=closed, spread=0.9)
        assert len(two.steps) == 1
        assert two.flickers == ()
        assert two.tortuosity == 1
        assert Gates().verdict(two).passed


def test_a_collapsed_line_cannot_hide_behind_its_own_spread():
    nearly = [flat(100 + code) for code in range(6)]
    own, whole = measure_line(nearly), measure_line(nearly, spread=0.6)
    assert whole.roughness < 0.1 * own.roughness


def test_the_spread_of_few_pictures_is_that_of_all_pairs():
    seen = [see(picture) for picture in (flat(0), flat(100), flat(200))]
    pairs = [flip(flat(a), flat(b)) for a, b in ((0, 100), (0, 200), (100, 200))]
    assert spread_of(seen) == pytest.approx(np.mean(pairs))
    assert spread_of(seen[:1]) == 0
    assert spread_of(seen * 9, seed=1) == spread_of(seen * 9, seed=1)


def test_a_line_without_pictures_is_refused():
    with pytest.raises(TessError, match="no picture to measure"):
        measure_line([])


def test_gates_can_be_set():
    found = Line(steps=(0.1, 0.1), flickers=(0.2,), span=0.2, spread=0.4)
    assert Gates().verdict(found).passed
    assert Gates(flicker=0.1).verdict(found).reasons == (
        "pictures come back instead of going on (median flicker F 0.20, at most 0.10)",
    )


def test_where_nothing_moves_less_flicker_is_let_through():
    """Strangers a few, far steps apart flicker less than they would beside each other, but never move."""
    measures = {"roughness": 0.8, "flicker": 0.39, "turning": 0.7}
    assert Gates().judge(**measures).passed
    assert Gates().judge(**measures, pop_share=0.8).passed
    assert not Gates().judge(**measures, pop_share=0.97).passed
