"""Frame rates and sizes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import RenderError
from tessonance.sinks.format import frame_rate, frame_size


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (30, Fraction(30)),
        (30.0, Fraction(30)),
        (12.5, Fraction(25, 2)),
        (23.976, Fraction(24_000, 1_001)),
        (23.98, Fraction(24_000, 1_001)),
        (29.97, Fraction(30_000, 1_001)),
        (Fraction("59.94"), Fraction(60_000, 1_001)),
        (Fraction(30_000, 1_001), Fraction(30_000, 1_001)),
        (Fraction(1000, 33), Fraction(1000, 33)),
    ],
)
def test_what_is_meant_becomes_exact(fps: float | Fraction, exact: Fraction) -> None:
    assert frame_rate(fps) == exact


@given(st.integers(1, 240))
def test_whole_rates_stay_whole(fps: int) -> None:
    assert frame_rate(fps) == frame_rate(float(fps)) == fps


@pytest.mark.parametrize("fps", [0, -30, 0.5, 241, float("nan"), float("inf")])
def test_what_is_none_is_refused(fps: float) -> None:
    with pytest.raises(RenderError, match="this is no frame rate\n  wanted: fps from 1 to 240"):
        frame_rate(fps)


def test_a_size_that_frames_can_have_is_itself() -> None:
    assert frame_size((1280, 720)) == (1280, 720)


def test_an_odd_size_is_refused_with_the_next_even_one() -> None:
    with pytest.raises(RenderError, match="even sizes\n  wanted: even numbers\n  got: 1279x719\n  try: 1280x720"):
        frame_size((1279, 719))
