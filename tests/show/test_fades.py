"""Fades go where they are wanted, from wherever they are, and never jump."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.show.fades import CrossFade, Ramp


def test_a_ramp_goes_evenly_and_turns_round_where_it_is() -> None:
    ramp = Ramp()
    ramp.go(1.0, seconds=2.0, now=10.0)
    assert [ramp.at(t) for t in (9.0, 10.0, 11.0, 12.0, 99.0)] == [0, 0, 0.5, 1, 1]
    ramp.go(0.0, seconds=2.0, now=11.0)
    assert ramp.at(11.0) == 0.5
    assert ramp.at(11.5) == 0.25
    assert ramp.at(12.0) == 0


def test_a_ramp_of_no_time_is_there_at_once() -> None:
    ramp = Ramp()
    ramp.go(1.0, seconds=0.0, now=5.0)
    assert ramp.at(5.0) == 1


def test_a_fade_ends_with_the_chosen_one_and_says_which_is_over() -> None:
    fade = CrossFade()
    assert fade.choose(1, seconds=2.0, now=0.0)
    assert fade.showing(1.0) == (1, 0, 0.5)
    assert fade.advance(1.9) == (None, None)
    assert fade.advance(2.0) == (0, None)
    assert fade.showing(2.0) == (1, None, 1.0)


def test_choosing_what_is_shown_does_nothing() -> None:
    fade = CrossFade()
    assert not fade.choose(0, seconds=2.0, now=0.0)
    assert fade.showing(0.5) == (0, None, 1.0)


def test_on_the_way_it_can_be_called_back() -> None:
    fade = CrossFade()
    fade.choose(1, seconds=2.0, now=0.0)
    before = fade.showing(0.5)
    assert fade.choose(0, seconds=2.0, now=0.5)
    after = fade.showing(0.5)
    assert (after.piece, after.over) == (0, 1)
    assert after.mix == pytest.approx(1 - before.mix)
    assert fade.advance(1.0) == (1, None)


def test_a_third_one_waits_for_the_fade_to_end() -> None:
    fade = CrossFade()
    fade.choose(1, seconds=2.0, now=0.0)
    assert not fade.choose(2, seconds=1.0, now=0.5)
    assert fade.advance(2.0) == (0, 2)
    assert fade.showing(2.5) == (2, 1, 0.5)
    assert fade.advance(3.0) == (1, None)


def test_what_waited_is_forgotten_when_the_shown_one_is_chosen_again() -> None:
    fade = CrossFade()
    fade.choose(1, seconds=2.0, now=0.0)
    fade.choose(2, seconds=1.0, now=0.5)
    fade.choose(1, seconds=1.0, now=0.6)
    assert fade.advance(2.0) == (0, None)


@given(st.lists(st.tuples(st.floats(0.01, 1.5), st.integers(0, 3)), max_size=20))
def test_whatever_is_chosen_no_picture_jumps(choices: list[tuple[float, int]]) -> None:
    fade, now = CrossFade(), 0.0
    shares = np.zeros(4)
    shares[0] = 1
    for pause, piece in choices:
        for _ in range(max(1, round(pause / 0.01))):
            now += 0.01
            fade.advance(now)
            shown, over, mix = fade.showing(now)
            after = np.zeros(4)
            after[shown] = mix
            if over is not None:
                after[over] = 1 - mix
            assert np.abs(after - shares).max() <= 0.01 / 1.0 * 1.5 + 1e-9
            shares = after
        fade.choose(piece, seconds=1.0, now=now)
