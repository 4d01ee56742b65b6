"""The ring between the sound card's thread and ours."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tessonance.sound.ring import Ring


def count_up(first: int, count: int) -> NDArray[np.float32]:
    """Frames that tell their place: left counts from 1, right is its negative."""
    places = np.arange(first + 1, first + count + 1, dtype=np.float32)
    return np.stack([places, -places], axis=1)


def test_what_goes_in_comes_out_in_order() -> None:
    ring = Ring(10, 2)
    ring.push(count_up(0, 4))
    ring.push(count_up(4, 3))
    np.testing.assert_array_equal(ring.pull(), count_up(0, 7))
    ring.push(count_up(7, 8))  # around the end
    np.testing.assert_array_equal(ring.pull(), count_up(7, 8))
    assert ring.pull().shape == (0, 2)
    assert (ring.written, ring.lost) == (15, 0)


def test_what_was_taken_is_the_callers_to_keep() -> None:
    ring = Ring(4, 2)
    ring.push(count_up(0, 4))
    taken = ring.pull()
    ring.push(count_up(4, 4))
    np.testing.assert_array_equal(taken, count_up(0, 4))


def test_frames_that_nobody_fetched_are_counted_and_silence_stands_for_them() -> None:
    ring = Ring(10, 2)
    ring.push(count_up(0, 8))
    ring.push(count_up(8, 5))
    taken = ring.pull()
    assert ring.lost == 3
    np.testing.assert_array_equal(taken[:3], 0)
    np.testing.assert_array_equal(taken[3:], count_up(3, 10))


def test_a_reader_gone_for_long_is_not_answered_with_all_of_the_silence() -> None:
    ring = Ring(10, 2)
    for first in range(0, 1000, 10):
        ring.push(count_up(first, 10))
    assert len(ring.pull()) == 20
    assert ring.lost == 990


def test_of_a_block_longer_than_the_ring_the_end_is_kept() -> None:
    ring = Ring(10, 2)
    ring.push(count_up(0, 25))
    np.testing.assert_array_equal(ring.pull()[-10:], count_up(15, 10))
    assert ring.lost == 15


@given(st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=40))
def test_any_order_of_pushes_and_pulls_keeps_place_and_count(steps: list[int | None]) -> None:
    """None pulls. Every frame is itself or silence; none is twice or out of place."""
    ring, pushed, taken = Ring(8, 2), 0, 0
    for step in [*steps, None]:
        if step is not None:
            ring.push(count_up(pushed, step))
            pushed += step
            continue
        frames = ring.pull()
        kept = frames[np.flatnonzero(frames[:, 0])]
        np.testing.assert_array_equal(kept, count_up(pushed - len(kept), len(kept)))
        assert len(frames) == min(pushed - taken, 16)
        taken = pushed
    assert ring.written == pushed


def test_a_writer_on_another_thread_never_spoils_a_frame() -> None:
    """Whatever the reader gets is a frame as it was pushed at that place, or silence."""
    ring, total, block = Ring(512, 2), 200_000, 64
    writer = threading.Thread(target=lambda: [ring.push(count_up(first, block)) for first in range(0, total, block)])
    writer.start()
    taken, at = 0, 0.0
    while writer.is_alive() or ring.written > taken:
        before = ring.written
        frames = ring.pull()
        taken = max(taken, before)
        np.testing.assert_array_equal(frames[:, 0], -frames[:, 1])
        places = frames[frames[:, 0] > 0, 0]
        if len(places):
            assert places[0] > at
            np.testing.assert_array_equal(np.diff(places), 1)
            at = float(places[-1])
    writer.join()
    assert at == ring.written


def test_frames_overwritten_while_they_are_copied_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring(8, 2)
    ring.push(count_up(0, 8))
    take = np.take

    def slow_take(*args: object, **kwargs: object) -> NDArray[np.float32]:
        ring.push(count_up(8, 3))
        monkeypatch.setattr(np, "take", take)
        return take(*args, **kwargs)

    monkeypatch.setattr(np, "take", slow_take)
    frames = ring.pull()
    np.testing.assert_array_equal(frames[:3], 0)
    np.testing.assert_array_equal(frames[3:], count_up(3, 5))
    assert ring.lost == 3
    np.testing.assert_array_equal(ring.pull(), count_up(8, 3))


def test_pushing_keeps_no_memory() -> None:
    ring, block = Ring(4096, 2), count_up(0, 128)
    ring.push(block)
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        for _ in range(1000):
            ring.push(block)
        grown = sum(found.size_diff for found in tracemalloc.take_snapshot().compare_to(before, "filename"))
    finally:
        tracemalloc.stop()
    assert grown < 20_000
