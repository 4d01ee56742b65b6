"""Work done ahead on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tessonance.show.ahead import ahead


def threads() -> int:
    return sum(thread.name == "tessonance-ahead" for thread in threading.enumerate())


def test_items_come_in_their_order_and_the_thread_ends() -> None:
    assert list(ahead(range(100), depth=3)) == list(range(100))
    assert threads() == 0


def test_no_more_items_wait_than_may() -> None:
    made = []

    def count() -> Iterator[int]:
        for k in range(100):
            made.append(k)
            yield k

    with closing(ahead(count(), depth=4)) as items:
        next(items)
        time.sleep(0.1)
        assert len(made) == 6  # one taken, four waiting, one in hand


def test_what_the_thread_raises_is_raised_after_the_items_before_it() -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("no third")

    items = ahead(failing(), depth=1)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(items)
    assert threads() == 0


def test_leaving_early_ends_the_thread() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 0

    with closing(ahead(endless(), depth=2)) as items:
        next(items)
        assert threads() == 1
    assert threads() == 0
