"""A stream kept running: watched, and opened again when its device was away."""

from __future__ import annotations

import time
from threading import Event

import pytest
from fake_sound import MICROPHONE, Clock, FakeStream, FakeSystem

from tessonance.errors import SoundError
from tessonance.sound import keeper as keeper_module
from tessonance.sound.keeper import Keeper
from tessonance.sound.system import Wish


class Bench:
    """A keeper with a fake system, a fake clock and a count that the test moves."""

    def __init__(self) -> None:
        self.clock, self.system, self.count = Clock(), FakeSystem(), 0
        self.keeper = Keeper(
            "Fine Microphone",
            self.open,
            self.system,
            count=lambda: self.count,
            stream=self.open(),
            clock=self.clock,
        )

    def open(self) -> FakeStream:
        if MICROPHONE not in self.system.there:
            raise SoundError("is not there")
        return self.system.start(MICROPHONE, Wish("input", 48_000, 2), lambda *args: None)

    def pass_time(self, seconds: float, *, sound: bool) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.seconds += 0.1
            self.count += 4800 * sound
            self.keeper.look()

    @property
    def streams(self) -> list[FakeStream]:
        return self.system.streams


def test_a_stream_that_runs_is_left_alone() -> None:
    bench = Bench()
    bench.pass_time(3600, sound=True)
    assert len(bench.streams) == 1
    assert bench.keeper.trouble == ""
    assert bench.keeper.retries == 0


def test_a_burst_with_a_pause_is_no_stall() -> None:
    bench = Bench()
    bench.pass_time(2, sound=True)
    bench.pass_time(0.9, sound=False)
    bench.pass_time(0.1, sound=True)
    assert len(bench.streams) == 1


def test_a_stream_that_takes_its_time_to_start_is_waited_for() -> None:
    bench = Bench()
    bench.pass_time(2.5, sound=False)
    assert len(bench.streams) == 1


def test_a_stalled_stream_is_closed_and_opened_again() -> None:
    bench = Bench()
    bench.pass_time(2, sound=True)
    bench.pass_time(1.2, sound=False)
    assert bench.streams[0].closed
    assert len(bench.streams) == 2
    assert bench.system.renewed == 1, "with the devices that are there now"
    assert "Fine Microphone has stopped" in bench.keeper.trouble
    bench.pass_time(0.1, sound=True)
    assert bench.keeper.trouble == ""


def test_a_stream_that_says_it_stopped_is_opened_again_at_once() -> None:
    bench = Bench()
    bench.pass_time(2, sound=True)
    bench.streams[0].active = False
    bench.pass_time(0.1, sound=False)
    assert len(bench.streams) == 2
    assert bench.streams[0].closed, "though its driver cannot even stop it"


def test_a_device_that_is_away_is_tried_every_second_until_it_is_back() -> None:
    bench = Bench()
    bench.pass_time(2, sound=True)
    bench.system.there.clear()
    bench.streams[0].active = False
    bench.pass_time(30, sound=False)
    assert 28 <= bench.keeper.retries <= 31
    assert bench.keeper.trouble == "Fine Microphone is away, trying again: is not there"
    bench.system.there.append(MICROPHONE)
    bench.pass_time(1.1, sound=False)
    bench.pass_time(1, sound=True)
    assert bench.keeper.trouble == ""
    assert len(bench.streams) == 2


def test_an_error_that_nobody_thought_of_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    monkeypatch.setattr(bench.system, "renew", lambda: 1 / 0)
    bench.streams[0].active = False
    bench.pass_time(5, sound=False)
    assert "trying again: division by zero" in bench.keeper.trouble
    monkeypatch.undo()
    bench.pass_time(1.1, sound=False)
    bench.pass_time(1, sound=True)
    assert bench.keeper.trouble == ""


def test_a_device_that_is_away_for_long_is_tried_less_often() -> None:
    bench = Bench()
    bench.system.there.clear()
    bench.streams[0].active = False
    bench.pass_time(60, sound=False)
    before = bench.keeper.retries
    bench.pass_time(300, sound=False)
    assert 95 <= bench.keeper.retries - before <= 110
    bench.system.there.append(MICROPHONE)
    bench.pass_time(3.1, sound=False)
    bench.pass_time(1, sound=True)
    assert bench.keeper.trouble == ""
    before = bench.keeper.retries
    bench.system.there.clear()
    bench.streams[-1].active = False
    bench.pass_time(10, sound=False)
    assert bench.keeper.retries - before >= 9, "as often as the first time"


def test_a_driver_that_never_comes_back_from_closing_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given a moment; then the show goes on, and the device is tried again once it did come back."""
    monkeypatch.setattr(keeper_module, "LET_GO_SECONDS", 0.05)
    bench, hangs = Bench(), Event()
    bench.streams[0].hangs = hangs
    began = time.perf_counter()
    bench.pass_time(10, sound=False)
    assert time.perf_counter() - began < 10
    assert len(bench.streams) == 1, "PortAudio is not asked for more while it hangs"
    assert "has stopped" in bench.keeper.trouble
    hangs.set()
    keeper_stuck = bench.keeper._stuck
    assert keeper_stuck is not None
    keeper_stuck.join(5)
    bench.pass_time(1.1, sound=False)
    assert len(bench.streams) == 2


def test_closing_closes_the_stream_and_ends_the_thread() -> None:
    bench = Bench()
    bench.keeper.watch()
    bench.keeper.close()
    bench.keeper.close()
    assert bench.streams[0].closed
    assert not bench.keeper._thread.is_alive()


def test_the_thread_looks_by_itself() -> None:
    bench = Bench()
    bench.keeper.watch()
    bench.streams[0].active = False
    deadline = time.perf_counter() + 10
    while len(bench.streams) < 2 and time.perf_counter() < deadline:
        time.sleep(0.02)
    bench.keeper.close()
    assert len(bench.streams) == 2
