"""The bands of the onset detector, and what is no onset."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sound_tunes import RATE, sine

from tessonance.project import Sound
from tessonance.sound.onset import onset_bands
from tessonance.sound.spectrum import WINDOW
from tessonance.sound.stream import FeatureStream


def onsets(samples: np.ndarray, **sound: object) -> np.ndarray:
    return FeatureStream(["onset"], sound=Sound(**sound)).push(samples.astype(np.float32))[:, 0]


def test_the_bands_touch_one_another_and_none_is_narrower_than_a_bin() -> None:
    bands = onset_bands()
    assert bands[0][0] == 40
    assert bands[-1][1] >= 16_000
    assert all(high == low for (_, high), (low, _) in pairwise(bands))
    assert min(high - low for low, high in bands) > RATE / WINDOW


def test_a_steady_tone_and_steady_noise_have_no_onset_once_they_are_there() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * RATE)
    assert onsets(sine(220, 6.0))[400:].max() < 0.1
    assert (onsets(noise)[400:] > 0.5).mean() < 0.005


def test_vibrato_is_no_onset() -> None:
    time = np.arange(5 * RATE) / RATE
    voice = sum(np.sin(n * (2 * np.pi * 300 * time + 3 * np.sin(2 * np.pi * 5 * time))) / n for n in range(1, 6))
    assert (onsets(0.1 * voice)[800:] > 0.5).mean() < 0.01


@pytest.mark.parametrize("hop", [64, 128, 256, 512])
def test_a_drum_is_counted_once_per_stroke_whatever_the_hop(hop: int) -> None:
    since = np.arange(6 * RATE) % (RATE // 3)
    drum = 0.5 * np.random.default_rng(1).standard_normal(6 * RATE) * np.exp(-since / 2_000)
    above = onsets(drum, hop=hop)[RATE // hop :] > 0.5
    assert np.count_nonzero(above[1:] & ~above[:-1]) == 15


def test_a_soft_note_in_a_soft_song_is_an_onset_too() -> None:
    """Sixty decibels of difference between songs change nothing but what the gate holds back."""
    since = np.arange(6 * RATE) % (RATE // 2)
    notes = np.sin(2 * np.pi * 440 * since / RATE) * np.exp(-since / 6_000)
    loud, soft = onsets(0.5 * notes), onsets(0.0005 * notes, gate_db=-120)
    np.testing.assert_allclose(loud[800:], soft[800:], atol=1e-4)
    assert (loud[800:] > 0.5).any()
