"""The seam of inputs: its fake, and silence."""

from __future__ import annotations

import numpy as np
import pytest
from sound_tunes import RATE, sine

from tessonance.errors import SoundError
from tessonance.sound.inputs import Input, InputState, MemoryInput, PeakMeter, Silence


class Clock:
    """Seconds that pass when told."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


COUNT = np.arange(1, 1001, dtype=np.float32)


def test_samples_come_block_by_block_as_time_passes() -> None:
    clock = Clock()
    memory = MemoryInput(COUNT, block=100, clock=clock)
    assert len(memory.read()) == 0
    clock.seconds += 250 / RATE
    np.testing.assert_array_equal(memory.read(), COUNT[:200])
    assert len(memory.read()) == 0
    clock.seconds += 50 / RATE
    np.testing.assert_array_equal(memory.read(), COUNT[200:300])


def test_silence_follows_the_end_and_the_state_says_so() -> None:
    clock = Clock()
    memory = MemoryInput(COUNT, block=100, clock=clock)
    clock.seconds += 900 / RATE
    memory.read()
    assert memory.state.status == "playing"
    clock.seconds += 300 / RATE
    np.testing.assert_array_equal(memory.read(), [*COUNT[900:], *[0] * 200])
    assert memory.state.status == "ended"


def test_a_loop_has_no_end() -> None:
    clock = Clock()
    memory = MemoryInput(COUNT, block=100, loop=True, clock=clock)
    clock.seconds += 2300 / RATE
    np.testing.assert_array_equal(memory.read(), [*COUNT, *COUNT, *COUNT[:300]])
    assert memory.state.status == "playing"


def test_as_a_microphone_only_arrival_tells_the_time() -> None:
    assert MemoryInput(COUNT).heard(5.0) is None


def test_as_a_song_samples_come_before_they_are_heard() -> None:
    clock = Clock()
    memory = MemoryInput(COUNT, block=1, ahead_seconds=100 / RATE, clock=clock)
    np.testing.assert_array_equal(memory.read(), COUNT[:100])
    assert memory.heard(999.0) == 0.0
    assert memory.heard(1000.5) == 0.5


def test_in_trouble_there_is_silence_and_the_samples_wait() -> None:
    clock = Clock()
    memory = MemoryInput(COUNT, block=100, clock=clock)
    memory.trouble = "unplugged"
    clock.seconds += 100 / RATE
    np.testing.assert_array_equal(memory.read(), np.zeros(100))
    assert (memory.state.status, memory.state.message) == ("waiting", "unplugged")
    memory.trouble = ""
    clock.seconds += 100 / RATE
    np.testing.assert_array_equal(memory.read(), COUNT[:100])
    assert memory.state.status == "playing"


def test_samples_that_are_not_mono_are_refused() -> None:
    with pytest.raises(SoundError, match=r"no mono samples[\s\S]*shape \(3, 2\)"):
        MemoryInput(np.zeros((3, 2), np.float32))
    with pytest.raises(SoundError, match="n > 0"):
        MemoryInput(np.zeros(0, np.float32), loop=True)


def test_silence_lasts_as_long_as_time_does() -> None:
    clock = Clock()
    silence = Silence(clock=clock)
    lengths = []
    for _ in range(7):
        clock.seconds += 0.1
        lengths.append(len(silence.read()))
    assert sum(lengths) == pytest.approx(0.7 * RATE, abs=1)
    assert not silence.read().any()
    assert silence.state == InputState()
    assert silence.heard(3.0) is None


def test_fakes_are_inputs() -> None:
    inputs: list[Input] = [MemoryInput(COUNT), Silence()]
    for each in inputs:
        assert each.read().dtype == np.float32
        assert each.name
        each.close()
        each.close()


def test_the_meter_shows_the_peak_and_falls_slowly() -> None:
    meter = PeakMeter()
    assert meter.db == -120
    meter.hear(0.5 / 0.3 * sine(440, seconds=0.5))
    assert meter.db == pytest.approx(20 * np.log10(0.5), abs=0.01)
    meter.hear(np.zeros(RATE // 2, np.float32))
    assert meter.db == pytest.approx(20 * np.log10(0.5) - 10, abs=0.01)
    meter.hear(np.zeros(10 * RATE, np.float32))
    assert meter.db == -120
