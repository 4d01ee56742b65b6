"""Brightness, noisiness and chroma on sounds whose colour is known."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_tunes import RATE, sine

from tessonance.project import CHROMA
from tessonance.sound.stream import FeatureStream


def hear(samples: np.ndarray, *names: str) -> np.ndarray:
    return FeatureStream(names).push(samples.astype(np.float32))


@settings(max_examples=20, deadline=None)
@given(st.floats(130, 7_000))
def test_brightness_rises_with_the_pitch(hz: float) -> None:
    low, high = (hear(sine(f, 0.2), "brightness")[-1, 0] for f in (hz, hz * 1.1))
    assert low < high


def test_an_open_filter_is_brighter_than_a_closed_one() -> None:
    time = np.arange(RATE) / RATE
    saw = [sum(np.sin(2 * np.pi * 110 * n * time) / n for n in range(1, top)) for top in (5, 20, 100)]
    closed, half, opened = (hear(0.2 * s, "brightness")[-1, 0] for s in saw)
    assert closed + 0.1 < half < opened - 0.1


def test_the_slope_of_a_noise_does_not_make_it_less_noisy() -> None:
    white = np.random.default_rng(0).standard_normal(RATE)
    brown = np.convolve(white, np.exp(-np.arange(200) / 30), "same")
    for noise in (white, brown):
        assert hear(0.05 * noise, "noisiness")[50:].mean() > 0.75


def test_a_decaying_snare_is_as_noisy_as_steady_noise() -> None:
    since = np.arange(2 * RATE) % (RATE // 2)
    snare = 0.5 * np.random.default_rng(0).standard_normal(2 * RATE) * np.exp(-since / 1_500)
    assert hear(snare, "noisiness")[190:200].mean() > 0.8


def test_a_chord_of_rich_tones_keeps_its_pitch_classes_on_top() -> None:
    time = np.arange(RATE) / RATE
    tones = sum(np.sin(2 * np.pi * f * n * time) / n**2 for f in (220.0, 261.63, 329.63) for n in range(1, 5))
    chroma = hear(0.1 * tones, *CHROMA)[-1]
    assert {CHROMA[k] for k in np.argsort(chroma)[-3:]} == {"chroma_a", "chroma_c", "chroma_e"}


def test_a_tone_between_two_semitones_is_shared_between_them() -> None:
    chroma = hear(sine(440 * 2 ** (0.5 / 12)), *CHROMA)[-1]
    assert chroma[CHROMA.index("chroma_a")] > 0.8
    assert chroma[CHROMA.index("chroma_as")] > 0.8
