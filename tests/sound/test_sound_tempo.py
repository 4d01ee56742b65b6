"""The beat, as it comes."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from sound_tunes import RATE

from tessonance.project import Sound
from tessonance.sound.onset import onset_bands
from tessonance.sound.stream import FeatureStream
from tessonance.sound.tempo import TempoTracker, bpm_feature

HOP_SECONDS = 256 / RATE


def grid(*parts: tuple[float, float], start: float = 0.3) -> NDArray[np.float64]:
    """The beats of some stretches: (beats a minute, seconds)."""
    beats, end = [start], 0.0
    for bpm, seconds in parts:
        end += seconds
        while beats[-1] + 60 / bpm < end:
            beats.append(beats[-1] + 60 / bpm)
    return np.array(beats)


def clicks(beats: NDArray[np.float64], seconds: float) -> NDArray[np.float32]:
    time = np.arange(960) / RATE
    click = 0.5 * np.exp(-time * 200) * np.sin(2 * np.pi * 2_000 * time)
    return strokes([(beat, click) for beat in beats], seconds)


def strokes(played: list[tuple[float, NDArray[np.float64]]], seconds: float) -> NDArray[np.float32]:
    samples = 1e-4 * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    for second, stroke in played:
        first = round(second * RATE)
        part = samples[first : first + len(stroke)]
        part += stroke[: len(part)]
    return samples.astype(np.float32)


def drums(beats: NDArray[np.float64], seconds: float, late: float = 0.0) -> NDArray[np.float32]:
    """Bass drum on one and three, snare on two and four, hats in eighths, the second of them late by some beats."""
    random, time = np.random.default_rng(1), np.arange(RATE // 5) / RATE
    kick = 0.8 * np.exp(-time * 16) * np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-time * 30))))
    snare = 0.35 * np.exp(-time * 22) * random.standard_normal(len(time))
    hat = 0.08 * np.exp(-time * 60) * np.diff(random.standard_normal(len(time) + 1))
    played = [(beat, snare if number % 2 else kick) for number, beat in enumerate(beats)]
    played += [(beat, hat) for beat in beats]
    played += [(a + (0.5 + late) * (b - a), 0.6 * hat) for a, b in pairwise(beats)]
    return strokes(played, seconds)


def follow(samples: NDArray[np.float32], hop: int = 256) -> NDArray[np.float32]:
    return FeatureStream(["beat", "bar", "bpm"], sound=Sound(hop=hop)).push(samples)


def wraps(phase: NDArray[np.float32], hop: int = 256) -> NDArray[np.float64]:
    return (np.flatnonzero(np.diff(phase) < -0.5) + 2) * hop / RATE


def errors(phase: NDArray[np.float32], beats: NDArray[np.float64], after: float, hop: int = 256) -> NDArray[np.float64]:
    """By how many seconds each beat after some time was missed."""
    found = wraps(phase, hop)
    late = beats[(beats > after) & (beats < found[-1])]
    return np.array([np.abs(found - beat).min() for beat in late])


def tempo(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return 50 * 4.0 ** values[:, 2].astype(np.float64)


@pytest.mark.parametrize("bpm", [75, 100, 120, 143, 170])
def test_clicks_are_locked_to_within_six_seconds(bpm: float) -> None:
    beats = grid((bpm, 14))
    values = follow(clicks(beats, 14))
    np.testing.assert_allclose(tempo(values)[1200:], bpm, rtol=0.02)
    assert errors(values[:, 0], beats, 6.0).max() < 0.03
    assert np.count_nonzero(wraps(values[:, 0]) > 6) == pytest.approx(8 * bpm / 60, abs=1)


@pytest.mark.parametrize("hop", [64, 100, 512, 1024])
def test_the_hop_changes_little(hop: int) -> None:
    beats = grid((112, 12))
    values = follow(drums(beats, 12), hop)
    assert errors(values[:, 0], beats, 6.0, hop).max() < 0.04
    assert tempo(values)[-1] == pytest.approx(112, rel=0.02)


@pytest.mark.parametrize("late", [0.0, 0.08, 1 / 6], ids=["straight", "swung", "shuffle"])
def test_drums_are_followed_on_the_beat_and_not_between(late: float) -> None:
    beats = grid((104, 16))
    values = follow(drums(beats, 16, late))
    assert errors(values[:, 0], beats, 6.0).max() < 0.04
    assert len(wraps(values[:, 0])) == pytest.approx(len(beats), abs=4)


def test_the_bar_begins_where_the_beat_does_every_four_of_them() -> None:
    values = follow(drums(grid((120, 16)), 16)).astype(np.float64)
    wrapped = np.abs(values[:, 1] * 4 % 1 - values[:, 0])
    assert np.minimum(wrapped, 1 - wrapped).max() < 1e-5
    np.testing.assert_allclose(np.diff(wraps(values[:, 1].astype(np.float32)))[-3:], 2.0, atol=0.03)


def test_another_tempo_is_followed_within_eight_seconds() -> None:
    beats = grid((100, 12), (132, 14))
    values = follow(drums(beats, 26))
    assert tempo(values)[round(11 / HOP_SECONDS)] == pytest.approx(100, rel=0.02)
    assert tempo(values)[-1] == pytest.approx(132, rel=0.02)
    assert errors(values[:, 0], beats, 20.0).max() < 0.04


def test_the_beat_never_jumps() -> None:
    """While it finds the beat it goes at half to twice its pace."""
    values = follow(np.concatenate([drums(grid((90, 8)), 8), drums(grid((131, 8)), 8)])).astype(np.float64)
    moved = np.diff(values[:, 0]) % 1
    pace = tempo(values)[1:] / 60 * HOP_SECONDS
    assert (moved < 2.001 * pace).all()
    assert (moved > 0.499 * pace).all()
    assert moved.max() > 1.01 * pace.max(), "it had to hurry"


def test_in_silence_it_goes_on_at_the_last_tempo_and_is_trusted_less() -> None:
    beats, stream = grid((125, 10)), FeatureStream(["beat", "bpm"])
    stream.push(drums(beats, 10))
    assert stream.tempo is not None
    bpm, sure = stream.tempo.bpm, stream.tempo.confidence
    assert sure > 0.5
    stream.push(np.zeros(10 * RATE, np.float32))
    assert stream.tempo.bpm == pytest.approx(bpm, rel=0.01)
    assert stream.tempo.confidence < 0.1 * sure
    quiet = stream.push(np.zeros(10 * RATE, np.float32))
    np.testing.assert_allclose(np.diff(wraps(quiet[:, 0])), 60 / 125, rtol=0.03)


def test_before_there_is_any_sound_the_clock_goes_at_120() -> None:
    values = follow(np.zeros(4 * RATE, np.float32))
    np.testing.assert_allclose(wraps(values[:, 0]), np.arange(1, 9) / 2, atol=0.006)
    np.testing.assert_allclose(values[:, 2], bpm_feature(120))


def test_how_the_samples_are_cut_changes_not_a_bit() -> None:
    samples = drums(grid((117, 6)), 6)
    parts, random = FeatureStream(["beat", "bar", "bpm"]), np.random.default_rng(2)
    cuts = np.cumsum(random.integers(0, 3_000, 400))
    pieces = [parts.push(piece) for piece in np.split(samples, cuts[cuts < len(samples)])]
    np.testing.assert_array_equal(np.concatenate(pieces), follow(samples))


def test_no_rise_and_no_number_does_harm() -> None:
    tracker, bands = TempoTracker(hop=256), len(onset_bands())
    random = np.random.default_rng(3)
    for value in (np.nan, np.inf, -np.inf, 0.0, 1e30, 1e300):
        rises = np.where(random.random((400, bands)) < 0.3, value, random.random((400, bands)))
        values = tracker.advance(rises, np.ones(400))
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1
    assert math.isfinite(tracker.bpm)
    assert 0 <= tracker.confidence <= 1


def advance(tracker: TempoTracker, seconds: float) -> NDArray[np.float64]:
    """Let silence go by."""
    hops = round(seconds / HOP_SECONDS)
    return tracker.advance(np.zeros((hops, len(onset_bands()))), np.zeros(hops))


def tap(tracker: TempoTracker, interval: float, times: int) -> None:
    for _ in range(times):
        advance(tracker, interval)
        tracker.tap(tracker.seconds)


def test_two_taps_do_nothing_and_the_third_sets_tempo_and_phase() -> None:
    tracker = TempoTracker(hop=256)
    tap(tracker, 0.8, 2)
    assert tracker.bpm == 120
    tap(tracker, 0.8, 1)
    assert tracker.bpm == pytest.approx(75, rel=0.01)
    last = tracker.seconds
    advance(tracker, 3.2)
    away = (tracker.beat - (tracker.seconds - last) / 0.8 + 0.5) % 1 - 0.5
    assert abs(away) < 0.04


def test_taps_that_miss_a_beat_or_tremble_are_understood() -> None:
    tracker, random = TempoTracker(hop=256), np.random.default_rng(4)
    advance(tracker, 4.0)
    for beat in (0, 1, 2, 4, 5, 6):
        tracker.tap(0.5 + 0.6 * beat + 0.01 * random.standard_normal())
    assert tracker.bpm == pytest.approx(100, rel=0.03)


def test_after_a_pause_taps_count_anew() -> None:
    tracker = TempoTracker(hop=256)
    tap(tracker, 0.8, 2)
    advance(tracker, 3.0)
    tap(tracker, 0.5, 2)
    assert tracker.bpm == 120
    tap(tracker, 0.5, 2)
    assert tracker.bpm == pytest.approx(120, rel=0.02)


def test_taps_too_fast_or_too_slow_are_taken_by_octaves() -> None:
    tracker = TempoTracker(hop=256)
    tap(tracker, 0.2, 4)
    assert tracker.bpm == pytest.approx(150, rel=0.03)


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -5.0])
def test_taps_at_no_time_are_passed_over(seconds: float) -> None:
    tracker = TempoTracker(hop=256)
    tap(tracker, 0.8, 2)
    tracker.tap(seconds)
    tracker.follow(seconds, bpm=math.nan)
    tap(tracker, 0.8, 1)
    assert tracker.bpm == pytest.approx(75, rel=0.01)


def test_who_taps_half_the_tempo_is_followed_by_the_music() -> None:
    beats = grid((152, 24))
    samples, stream = drums(beats, 24), FeatureStream(["beat", "bpm"])
    stream.push(samples[: 8 * RATE])
    assert stream.tempo is not None
    assert stream.tempo.bpm == pytest.approx(152, rel=0.02)
    for beat in beats[14:20:2]:
        stream.tempo.tap(beat)
    stream.push(samples[8 * RATE :])
    assert stream.tempo.bpm == pytest.approx(76, rel=0.03)


def test_beats_of_another_program_lead_and_the_music_has_it_back_after_them() -> None:
    beats = grid((100, 30))
    samples, stream = drums(beats, 30), FeatureStream(["beat", "bpm"])
    stream.push(samples[: 6 * RATE])
    tracker = stream.tempo
    assert tracker is not None
    for second in np.arange(6.0, 10.0, 0.4):
        stream.push(samples[round(second * RATE) : round((second + 0.4) * RATE)])
        tracker.follow(tracker.seconds)
    assert tracker.bpm == pytest.approx(150, rel=0.02)
    values = stream.push(samples[10 * RATE : 11 * RATE])
    np.testing.assert_allclose(wraps(values[:, 0]) % 0.4, 0.0, atol=0.03)
    stream.push(samples[11 * RATE :])
    assert tracker.bpm == pytest.approx(100, rel=0.02)


def test_another_program_may_tell_its_tempo_and_where_the_bar_begins() -> None:
    tracker = TempoTracker(hop=256)
    advance(tracker, 3.1)
    tracker.follow(tracker.seconds, bpm=240.0, bar=2)
    assert tracker.bpm == 240
    advance(tracker, 0.75)
    tracker.follow(tracker.seconds, bpm=240.0, bar=1)
    away = (tracker.bar * 4 - 1 + 2) % 4 - 2
    assert abs(away) < 0.55
    advance(tracker, 0.5)
    assert (tracker.bar * 4 - 3 + 2) % 4 - 2 == pytest.approx(0, abs=0.1)


def test_only_who_asks_for_the_tempo_has_a_tracker() -> None:
    assert FeatureStream(["low", "onset"]).tempo is None
    assert FeatureStream(["bar"]).tempo is not None


@pytest.mark.parametrize(("bpm", "value"), [(25, 0), (50, 0), (100, 0.5), (141.42, 0.75), (200, 1), (300, 1)])
def test_a_tempo_as_a_feature_counts_octaves(bpm: float, value: float) -> None:
    assert bpm_feature(bpm) == pytest.approx(value, abs=1e-4)
