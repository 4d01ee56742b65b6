"""Values by sight: equal lengths, never run together, and only what holds on other lines counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.smooth.spacing import bend, respace


def lines(places, *, count=4, power=1.0, noise=0.0):
    """Return steps and steps across of some lines on which a picture is at a place, and distance grows by a power."""
    random = np.random.default_rng(1)
    shifted = np.asarray(places) + noise * random.standard_normal((count, len(places)))
    shifted = np.maximum.accumulate(shifted, axis=1)
    return np.diff(shifted, axis=1) ** power, (shifted[:, 2:] - shifted[:, :-2]) ** power


@pytest.mark.parametrize("power", [1.0, 0.7])
def test_an_axis_that_starts_slowly_gets_its_values_late(power):
    spacing = respace(*lines(np.linspace(0, 1, 33) ** 2, power=power), edges=16)
    assert spacing.helps
    assert spacing.spaced < 0.35 * spacing.even
    seen = np.diff(np.array(spacing.shares) ** 2)
    assert seen.std() / seen.mean() < 0.35
    assert spacing.shares[8] == pytest.approx(0.5**0.5, abs=0.05)


def test_what_changes_at_another_place_on_every_line_is_left_even():
    random = np.random.default_rng(2)
    steps = random.exponential(0.1, (4, 32))
    assert not respace(steps, steps[:, 1:] + steps[:, :-1], edges=32).helps


def test_an_even_axis_is_left_alone():
    spacing = respace(*lines(np.linspace(0, 1, 17)), edges=8)
    assert not spacing.helps
    assert spacing.shares == pytest.approx(np.linspace(0, 1, 9))


def test_a_single_line_is_judged_on_pictures_that_had_no_say():
    spacing = respace(*lines(np.linspace(0, 1, 33) ** 3, count=1), edges=32)
    assert spacing.helps
    assert 0 < spacing.spaced < spacing.even


def test_the_power_by_which_distance_grows():
    assert bend(*lines(np.linspace(0, 1, 9), power=0.7)) == pytest.approx(0.7)
    assert bend(np.full((1, 4), 0.5), np.full((1, 3), 0.5)) == 0.5
    assert bend(np.zeros((1, 4)), np.zeros((1, 3))) == 1.0


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(1, 200))
def test_shares_always_ascend_from_0_to_1(steps, edges):
    e = np.array([steps, steps])
    spacing = respace(e, np.maximum(e[:, 1:], e[:, :-1]), edges=edges)
    assert (spacing.shares[0], spacing.shares[-1]) == (0.0, 1.0)
    assert (np.diff(spacing.shares) > 0.05 / edges).all()
