"""Live sound from a device: as it comes, whatever the device is like, and through its absences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_sound import MICROPHONE, Clock, FakeStream, FakeSystem
from numpy.typing import NDArray
from sound_tunes import RATE, sine

from tessonance.errors import SoundError
from tessonance.sound.device_input import DeviceInput
from tessonance.sound.inputs import Input
from tessonance.sound.stream import FeatureStream
from tessonance.sound.system import Device

STAGE = Device(2, "Scarlett 18i20 USB", "ALSA", inputs=18)


class Bench:
    """A device input on a fake system, with a clock that passes when told."""

    def __init__(self, *there: Device, refuse: object = None, **how: object) -> None:
        self.clock, self.system = Clock(), FakeSystem(list(there) or [MICROPHONE], refuse=refuse)
        self.input = DeviceInput(system=self.system, clock=self.clock, watch=False, **how)

    @property
    def stream(self) -> FakeStream:
        return self.system.streams[-1]

    def pass_time(self, seconds: float, *, sound: bool) -> NDArray[np.float32]:
        """Let time pass, a stream that runs bring ones, and return what was read."""
        read = []
        for _ in range(round(seconds * 50)):
            self.clock.seconds += 0.02
            if sound:
                self.stream.bring(np.full(self.stream.wish.rate // 50, 0.5))
            self.input.look()
            read.append(self.input.read())
        return np.concatenate(read)


def test_it_is_an_input() -> None:
    live: Input = Bench().input
    assert live.name == "Fine Microphone"
    assert live.heard(3.0) is None
    assert live.read().dtype == np.float32


def test_samples_come_as_they_were_brought() -> None:
    bench, count = Bench(), np.arange(1, 301, dtype=np.float32) / 1000
    assert bench.stream.wish.rate == RATE
    for block in np.array_split(count, 7):
        bench.stream.bring(block)
    np.testing.assert_allclose(bench.input.read(), count, rtol=1e-6)
    assert len(bench.input.read()) == 0


def test_two_channels_are_heard_as_their_mean_and_more_are_left_alone() -> None:
    bench = Bench(STAGE)
    assert bench.stream.wish.channels == 2
    bench.stream.bring(np.array([[0.2, 0.4]] * 5, np.float32))
    np.testing.assert_allclose(bench.input.read(), [0.3] * 5, rtol=1e-6)


def test_a_mono_device_is_opened_as_such() -> None:
    bench = Bench(replace(MICROPHONE, inputs=1))
    assert bench.stream.wish.channels == 1
    bench.stream.bring(np.full((5, 1), 0.25))
    np.testing.assert_array_equal(bench.input.read(), [0.25] * 5)


def test_channels_are_a_choice() -> None:
    bench = Bench(STAGE, channels=(5, 7))
    frames = np.tile(np.arange(1, 8, dtype=np.float32) / 10, (4, 1))
    assert bench.stream.wish.channels == 7
    bench.stream.bring(frames)
    np.testing.assert_allclose(bench.input.read(), [0.6] * 4, rtol=1e-6)


@pytest.mark.parametrize("channels", [(0,), (3,), (1, 99), ()])
def test_channels_that_are_not_there_are_refused(channels: tuple[int, ...]) -> None:
    with pytest.raises(SoundError, match=r"Fine Microphone: has no such channel[\s\S]*1 to 2"):
        Bench(channels=channels)


def test_a_driver_that_wants_all_its_channels_gets_them() -> None:
    bench = Bench(STAGE, refuse=lambda wish: wish.channels != 18)
    frames = np.zeros((4, 18), np.float32)
    frames[:, :2] = 0.5
    bench.stream.bring(frames)
    np.testing.assert_array_equal(bench.input.read(), [0.5] * 4)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_a_driver_that_runs_only_at_its_own_rate_is_resampled(rate: int) -> None:
    bench = Bench(replace(MICROPHONE, rate=rate), refuse=lambda wish: wish.rate != rate)
    assert bench.input.state.stream_rate == rate
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    read = []
    for block in np.array_split(tone, 100):
        bench.stream.bring(block)
        read.append(bench.input.read())
    heard = np.concatenate(read)
    assert len(heard) == pytest.approx(RATE, abs=RATE // 20)
    np.testing.assert_allclose(heard[1000:], sine(440)[1000 : len(heard)], atol=2e-3)


def test_features_of_a_device_at_44100_hz_are_close_to_those_of_the_samples(music: NDArray[np.float32]) -> None:
    import soxr

    bench = Bench(replace(MICROPHONE, rate=44_100), refuse=lambda wish: wish.rate != 44_100)
    names = ("low", "mid", "high", "onset", "loudness")
    live, wanted = FeatureStream(names), FeatureStream(names).push(music[: 6 * RATE])
    values = []
    for block in np.array_split(soxr.resample(music[: 6 * RATE], RATE, 44_100, quality="VHQ"), 800):
        bench.stream.bring(block)
        values.append(live.push(bench.input.read()))
    heard = np.concatenate(values)
    assert np.abs(heard - wanted[: len(heard)]).mean() < 0.01


def test_a_device_that_refuses_at_the_beginning_is_an_error_with_its_first_reason() -> None:
    reasons = iter(["in exclusive use", "another"])

    def refuse(wish: object) -> bool:
        raise SoundError(next(reasons, "another"), where="Fine Microphone")

    with pytest.raises(SoundError, match="Fine Microphone: in exclusive use"):
        Bench(refuse=refuse)


def test_no_device_and_a_wrong_one_are_errors() -> None:
    with pytest.raises(SoundError, match="no sound input"):
        DeviceInput(system=FakeSystem([]), watch=False)
    with pytest.raises(SoundError, match="no sound input of this name"):
        Bench(device="Scarlett")


def test_silence_stands_in_for_a_device_that_is_away_and_the_sound_comes_back() -> None:
    bench = Bench()
    assert bench.pass_time(2, sound=True).all()
    bench.system.there.clear()
    bench.stream.active = False
    away = bench.pass_time(5, sound=False)
    assert not away.any()
    assert len(away) == pytest.approx(5 * RATE, abs=2), "time goes on"
    assert len(bench.pass_time(0.02, sound=False)) == pytest.approx(0.02 * RATE, abs=2), "and not in leaps"
    state = bench.input.state
    assert (state.status, state.message) == (
        "waiting",
        "Fine Microphone is away, trying again: this machine has no sound input",
    )
    bench.system.there.append(replace(MICROPHONE, number=5, index=5))
    bench.pass_time(1.1, sound=False)
    back = bench.pass_time(1, sound=True)
    assert back.all()
    assert bench.stream.device.index == 5
    assert bench.input.state.status == "playing"


def test_no_silence_stands_in_while_samples_merely_come_in_bursts() -> None:
    bench = Bench()
    total = len(bench.pass_time(1, sound=True))
    for _ in range(20):
        total += len(bench.pass_time(0.2, sound=False))
        bench.stream.bring(np.full(RATE // 5, 0.5))
    total += len(bench.input.read())
    assert total == 5 * RATE


def test_a_device_given_by_number_is_found_again_by_its_name() -> None:
    bench = Bench(MICROPHONE, STAGE, device="2")
    bench.system.there = [replace(STAGE, number=0, index=0), replace(MICROPHONE, number=2, index=2)]
    bench.stream.active = False
    bench.pass_time(0.1, sound=False)
    assert bench.stream.device.name == STAGE.name


def test_a_device_that_comes_back_at_another_rate_is_heard_on() -> None:
    bench = Bench()
    bench.pass_time(1, sound=True)
    bench.system.refuse = lambda wish: wish.rate != 16_000
    bench.system.there = [replace(MICROPHONE, rate=16_000)]
    bench.stream.active = False
    bench.pass_time(0.1, sound=False)
    heard = bench.pass_time(1, sound=True)
    assert bench.input.state.stream_rate == 16_000
    assert len(heard) == pytest.approx(RATE, abs=RATE // 10)


def test_lost_sound_is_counted() -> None:
    bench = Bench()
    bench.stream.bring(np.ones(10), flags="input overflow")
    assert bench.input.state.overflows == 1
    for _ in range(5):  # and nobody reads
        bench.stream.bring(np.ones(RATE))
    bench.input.read()
    assert bench.input.state.overflows == 2


def test_numbers_that_are_no_sound_are_silence() -> None:
    bench = Bench()
    bench.stream.bring(np.array([0.5, np.nan, np.inf, -np.inf, 1e30]))
    np.testing.assert_array_equal(bench.input.read(), [0.5, 0, 0, 0, 16])


def test_a_machine_that_slept_gets_no_night_of_silence() -> None:
    bench = Bench()
    bench.clock.seconds += 8 * 3600
    assert len(bench.input.read()) == 10 * RATE
    assert len(bench.input.read()) == 0


@pytest.mark.parametrize(("said", "believed"), [(0.01, 0.01), (0.0, None), (-3.0, None), (1e9, None)])
def test_a_latency_that_is_nonsense_is_not_told(said: float, believed: float | None) -> None:
    class Odd(FakeSystem):
        def start(self, *args: object) -> FakeStream:
            stream = super().start(*args)
            stream.latency = said
            return stream

    live = DeviceInput(system=Odd(), watch=False)
    assert live.state.latency_seconds == believed


def test_the_level_is_that_of_what_was_read() -> None:
    bench = Bench()
    bench.stream.bring(np.full(1000, 0.1))
    bench.input.read()
    assert bench.input.state.level_db == pytest.approx(-20, abs=0.01)


def test_closing_lets_go_of_the_device() -> None:
    bench = Bench()
    bench.input.close()
    bench.input.close()
    assert bench.stream.closed
