"""Calm, lively and wild."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tessonance.certify.limits import KINDS, Smoothness, kind_of, limits
from tessonance.errors import TessError


def even(step: float, frames: int = 100, across: float = 1.7) -> Smoothness:
    return Smoothness.of([step] * frames, [across * step] * (frames - 1))


def test_a_film_is_as_calm_as_its_steps() -> None:
    assert [kind_of(even(step)) for step in (0.05, 0.1, 0.18, 0.3)] == ["calm", "lively", "wild", "beyond wild"]


def test_limits_hold_to_the_two_digits_they_have() -> None:
    assert kind_of(even(0.1249)) == "lively"
    assert kind_of(even(0.1251)) == "wild"


def test_one_great_step_is_one_too_many() -> None:
    steps = np.full(1000, 0.05)
    steps[500] = 0.5
    found = Smoothness.of(steps.tolist(), (1.7 * steps[:-1]).tolist())
    assert found.worst == 0.5
    assert [name for name, _, _ in limits("lively").broken(found)] == ["worst"]


def test_what_goes_to_and_fro_is_no_kind() -> None:
    """Steps as in a lively film, but each second frame is the one before."""
    found = even(0.11, across=0.2)
    assert found.flicker == pytest.approx(0.9)
    assert kind_of(found) == "beyond wild"


def test_flicker_of_faint_steps_does_not_count() -> None:
    assert math.isnan(even(0.09, across=0.0).flicker)
    assert kind_of(even(0.06, across=0.0)) == "calm"


def test_the_kinds_are_ordered_and_others_refused() -> None:
    calm, lively, wild = KINDS.values()
    for name in ("median", "p90", "p99", "worst", "flicker", "flicker_p99"):
        assert getattr(calm, name) < getattr(lively, name) < getattr(wild, name)
    with pytest.raises(TessError, match="no kind 'livly'"):
        limits("livly")
