"""What is believed about tempo and place."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.sound.bar_pointer import PATTERNS, PLACES, BarPointer

STEP = 0.02


def test_what_is_set_is_read_and_turns_at_its_tempo() -> None:
    pointer = BarPointer(seconds=STEP)
    pointer.set(120.0, 0.25, 2)
    reading = pointer.read(0.25)
    assert reading.bpm == pytest.approx(120, rel=0.01)
    assert reading.beat == pytest.approx(0.25, abs=0.02)
    assert reading.bar == 2
    for _ in range(10):  # 0.4 beats
        pointer.advance(np.ones(3), 0.0)
    assert pointer.read(0.65).beat == pytest.approx(0.65, abs=0.03)


def test_it_turns_over_into_the_next_bar() -> None:
    pointer = BarPointer(seconds=STEP)
    pointer.set(100.0, 0.9, 3)
    for _ in range(10):  # a third of a beat
        pointer.advance(np.ones(3), 0.0)
    reading = pointer.read(0.2)
    assert reading.bar == 0
    assert reading.beat == pytest.approx(0.233, abs=0.03)


def test_what_was_set_holds_until_it_is_free() -> None:
    """Hits at another tempo are believed only then."""
    pointer = BarPointer(seconds=STEP)
    pointer.set(90.0, 0.0)
    for free, wanted in ((False, 90.0), (True, 125.0)):
        if free:
            pointer.free()
        for step in range(1_000):  # 24 steps from hit to hit are 125 beats a minute
            pointer.advance(np.full(3, 6.0) if step % 24 < 3 else np.full(3, 0.4), 1.0)
        assert pointer.read(0.0).bpm == pytest.approx(wanted, rel=0.2 if not free else 0.03)


def test_a_long_time_of_anything_is_no_number_out_of_range() -> None:
    pointer, random = BarPointer(seconds=STEP), np.random.default_rng(0)
    for step in range(3_000):
        pointer.advance(6.0 * random.random(3) * (step % 700 < 500), float(step % 900 < 800))
        if step % 50 == 0:
            reading = pointer.read(0.5)
            assert 50 <= reading.bpm <= 200
            assert 0 <= reading.beat < 1
            assert 0 <= reading.confidence <= 1.0001


def test_the_patterns_are_of_whole_beats_that_divide_a_bar() -> None:
    assert sum(pattern.share for pattern in PATTERNS) == pytest.approx(1)
    for pattern in PATTERNS:
        assert len(pattern.low) == len(pattern.mid) == len(pattern.high)
        assert len(pattern.low) % pattern.parts == 0
        assert 4 % (len(pattern.low) // pattern.parts) == 0
    assert PLACES % 2 == 0
