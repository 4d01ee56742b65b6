"""Pictures read on threads, the most urgent first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tessonance.errors import TesseractError
from tessonance.grid import Cell
from tessonance.show.fetch import FIRST_PAUSE, MOST_REMEMBERED, Fetcher, decode_threads


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for what threads do; a test that fails takes the whole time, one that passes next to none."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


class Disk:
    """Reads cells when it is let, and notes in which order."""

    def __init__(self) -> None:
        self.read: list[Cell] = []
        self.let = threading.Semaphore(0)
        self.broken: set[Cell] = set()

    def __call__(self, cell: Cell) -> str:
        self.read.append(cell)
        self.let.acquire()
        if cell in self.broken:
            raise TesseractError("this cell is damaged", where=str(cell))
        return f"picture {cell}"


def fetcher(
    disk: Disk, *, threads: int = 1, room: int = 8, clock: Callable[[], float] = lambda: 0.0
) -> Fetcher[Cell, str]:
    return Fetcher(disk, threads=threads, room=room, clock=clock)


def finish(disk: Disk, made: Fetcher[Cell, str]) -> None:
    disk.let.release(100)
    made.close()


def test_the_most_urgent_is_read_first_and_can_be_taken_once() -> None:
    disk = Disk()
    made = fetcher(disk)
    made.ask([(1,), (2,), (3,)])
    disk.let.release(3)
    until(lambda: len(made.ready()) == 3)
    assert disk.read == [(1,), (2,), (3,)]
    assert made.take((2,)) == "picture (2,)"
    assert made.take((2,)) is None
    assert made.fetched == 3
    finish(disk, made)


def test_what_is_no_longer_wanted_is_not_read() -> None:
    disk = Disk()
    made = fetcher(disk)
    made.ask([(1,), (2,), (3,)])
    until(lambda: disk.read)
    made.ask([(9,), (1,)])
    disk.let.release(2)
    until(lambda: len(made.ready()) == 2)
    assert disk.read == [(1,), (9,)]
    finish(disk, made)


def test_no_cell_is_read_twice_at_once() -> None:
    disk = Disk()
    made = fetcher(disk, threads=3)
    for _ in range(20):
        made.ask([(1,), (2,)])
    disk.let.release(9)
    until(lambda: len(made.ready()) == 2)
    made.ask([(1,), (2,)])
    assert sorted(disk.read) == [(1,), (2,)]
    finish(disk, made)


def test_no_more_are_read_than_there_is_room_for() -> None:
    disk = Disk()
    made = fetcher(disk, threads=4, room=3)
    disk.let.release(100)
    made.ask([(k,) for k in range(50)])
    until(lambda: len(made.ready()) == 3)
    time.sleep(0.02)
    assert len(disk.read) == 3
    made.take((0,))
    until(lambda: len(disk.read) == 4)
    finish(disk, made)


def test_a_cell_that_cannot_be_read_is_counted_and_tried_again_later_and_later() -> None:
    disk, now = Disk(), [0.0]
    disk.broken = {(1,)}
    disk.let.release(100)
    made = fetcher(disk, clock=lambda: now[0])
    made.ask([(1,), (2,)])
    until(lambda: made.ready() == [(2,)])
    assert made.failed == 1
    assert made.problem == "(1,): this cell is damaged"
    made.ask([(1,)])
    now[0] = FIRST_PAUSE
    made.ask([(1,)])
    until(lambda: made.failed == 2)
    now[0] = 2 * FIRST_PAUSE
    made.ask([(1,)])
    disk.broken.clear()
    now[0] = 3 * FIRST_PAUSE
    made.ask([(1,)])
    until(lambda: (1,) in made.ready())
    assert disk.read.count((1,)) == 3
    finish(disk, made)


def test_what_is_needed_at_once_is_read_before_all_else() -> None:
    disk = Disk()
    made = fetcher(disk)
    made.ask([(1,), (2,), (3,)])
    until(lambda: disk.read)
    made.hurry([(9,)], 0.0)
    disk.let.release(100)
    until(lambda: len(made.ready()) == 4)
    assert disk.read == [(1,), (9,), (2,), (3,)]
    finish(disk, made)


def test_time_is_given_only_while_something_comes_and_never_more_than_said() -> None:
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds
        time.sleep(0.0001)

    disk = Disk()
    made: Fetcher[Cell, str] = Fetcher(disk, threads=2, room=8, clock=lambda: now[0], sleep=sleep)
    assert not made.hurry([(1,), (2,)], 0.004)  # the disk does not answer
    assert 0.004 <= sum(slept) < 0.005
    disk.let.release(100)
    assert made.hurry([(1,), (2,)], 60.0)
    assert sorted(made.ready()) == [(1,), (2,)]
    disk.broken = {(3,)}
    slept.clear()
    assert not made.hurry([(3,)], 60.0)
    assert not made.hurry([(3,)], 60.0)  # it has failed just now
    assert sum(slept) < 30.0
    finish(disk, made)


def test_it_remembers_only_so_many_cells_that_cannot_be_read() -> None:
    def read(cell: Cell) -> str:
        raise OSError("gone")

    made: Fetcher[Cell, str] = Fetcher(read, threads=2, room=4, clock=lambda: 0.0)
    made.ask([(k,) for k in range(MOST_REMEMBERED + 100)])
    until(lambda: made.failed == MOST_REMEMBERED + 100)
    assert len(made._again) == MOST_REMEMBERED
    made.close()


def test_closing_does_not_wait_for_a_disk_that_hangs() -> None:
    disk = Disk()
    made = fetcher(disk)
    made.ask([(1,)])
    until(lambda: disk.read)
    begun = time.monotonic()
    made.close()
    assert time.monotonic() - begun < 5
    disk.let.release()


@pytest.mark.parametrize(("cores", "threads"), [(1, 2), (2, 2), (4, 2), (8, 2), (12, 4), (16, 5), (64, 6)])
def test_there_are_threads_for_any_machine(cores: int, threads: int) -> None:
    assert decode_threads(cores) == threads
