from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pictures import any_picture, flat, line, noise

from tessonance.errors import TessError
from tessonance.smooth.distance import calibrate, distance, fit, glance, rank_correlation

FIXTURES = ("plasma", "cppn", "pan", "zoom", "toy", "prefix", "shape", "style")


def edges(name):
    pictures = line(name)
    return list(pairwise(pictures))


def test_it_ranks_the_edges_of_all_fixtures_as_flip_does():
    found = calibrate([pair for name in FIXTURES for pair in edges(name)])
    assert found.pairs == 16 * len(FIXTURES)
    assert found.rank_correlation >= 0.98
    assert found.error < 0.1


@pytest.mark.parametrize("name", [name for name in FIXTURES if name != "plasma"])  # whose steps are all alike
def test_it_ranks_the_edges_and_double_edges_of_each_fixture_as_flip_does(name):
    pictures = line(name)
    assert calibrate([*edges(name), *zip(pictures, pictures[2:], strict=False)]).rank_correlation >= 0.9


@given(any_picture(), any_picture())
@settings(max_examples=25)
def test_it_is_a_symmetric_distance_within_0_and_1(first, second):
    one, other = glance(first), glance(second)
    assert distance(one, one) == 0.0
    assert distance(one, other) == distance(other, one)
    assert 0 <= distance(one, other) <= 1


def test_large_pictures_are_looked_at_small():
    assert [scale.shape for scale in glance(noise(1, 300, 500)).scales] == [(64, 64, 3), (32, 32, 3)]
    assert [scale.shape for scale in glance(noise(1, 3, 70)).scales] == [(3, 64, 3), (2, 32, 3)]


def test_pictures_of_two_shapes_are_refused():
    with pytest.raises(TessError, match="two sizes"):
        distance(glance(flat(1, 8, 8)), glance(flat(1, 8, 9)))


DISTANCES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(DISTANCES, st.integers(0, 2**32 - 1))
@example([2e-311], 0)  # which nothing can be divided by
def test_the_map_is_monotone_from_0_and_stays_within_0_and_1(distances, seed):
    flips = np.random.default_rng(seed).random(len(distances))
    found = fit(distances, flips)
    asked = found(np.linspace(0, 2, 101))
    assert asked[0] >= 0
    assert (np.diff(asked) >= -1e-12).all()
    assert asked.max() <= 1


def test_the_map_finds_a_bent_relation():
    x = np.linspace(0.01, 0.5, 300)
    found = fit(x, 1.2 * x**0.7)
    assert found.rank_correlation == 1
    assert found.error < 0.02
    assert np.abs(found(x) - 1.2 * x**0.7).max() < 0.03
    assert found(0.0) == 0


def test_pictures_that_are_all_equal_calibrate_to_nothing():
    found = calibrate([(flat(9), flat(9))] * 5)
    assert (found.rank_correlation, found.error, found.pairs) == (1.0, 0.0, 5)
    assert found([0.0, 0.3]).tolist() == [0.0, 0.0]


def test_calibrating_with_nothing_is_refused():
    with pytest.raises(TessError, match="nothing to calibrate with"):
        calibrate([])


@given(DISTANCES.filter(lambda values: len(set(values)) > 1))
def test_rank_correlation_sees_order_alone(values):
    x = np.array(values)
    assert rank_correlation(x, x) == pytest.approx(1)
    assert rank_correlation(x, -x) == pytest.approx(-1)
    _, ranks = np.unique(x, return_inverse=True)
    assert rank_correlation(x, ranks.astype(float) ** 3) == pytest.approx(1)


def test_ties_share_their_rank():
    assert rank_correlation([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(0.9487, abs=1e-4)  # as scipy has it
    assert rank_correlation([1, 1, 1], [2, 2, 2]) == 1
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0
