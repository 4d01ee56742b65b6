"""Spectra, bands and what is typical."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sound_tunes import RATE, sine

from tessonance.sound.spectrum import HEARD, WINDOWS, Bands, Spectra, band_window, ear_weights, typical_share

EVERY = slice(None)


def spectra_of(samples: np.ndarray) -> Spectra:
    spectra = Spectra(batch=1)
    spectra.hear(np.asarray(samples[-HEARD:], np.float64)[None])
    return spectra


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("hz", [300, 1_000, 12_345.6])
def test_a_sine_of_full_scale_has_a_mean_square_of_a_half(window: int, hz: float) -> None:
    power = spectra_of(sine(hz, 0.2, 1.0)).power(window, EVERY)
    assert power.sum() == pytest.approx(0.5, rel=1e-3)
    assert power.argmax() == round(hz * window / RATE)


@pytest.mark.parametrize("window", WINDOWS)
def test_direct_current_has_no_power(window: int) -> None:
    assert spectra_of(np.full(HEARD, 0.7)).power(window, EVERY).max() < 1e-28


@pytest.mark.parametrize("window", WINDOWS)
def test_neighbouring_bands_share_all_the_power_between_them(window: int) -> None:
    spectra = spectra_of(np.random.default_rng(0).standard_normal(HEARD))
    edges = [0, 33, 100, 101, 2_000, 2_345.6, 23_999, 24_000]
    power = Bands(list(pairwise(edges)), window).power(spectra)
    assert power.sum() == pytest.approx(spectra.power(window, EVERY).sum(), rel=0.03)
    whole = Bands([(0, 24_000)], window).power(spectra)
    assert power.sum() == pytest.approx(whole[0, 0], rel=1e-12)


@given(st.floats(0, 23_000), st.floats(0.01, 1_000), st.sampled_from(WINDOWS))
def test_a_band_narrower_than_a_bin_gets_its_part_of_it(low: float, width: float, window: int) -> None:
    spectra = spectra_of(np.random.default_rng(0).standard_normal(HEARD))
    both = Bands([(low, low + width / 2), (low + width / 2, low + width), (low, low + width)], window).power(spectra)[0]
    assert both[0] + both[1] == pytest.approx(both[2], rel=1e-9)
    assert both[2] > 0


@pytest.mark.parametrize("window", WINDOWS)
def test_a_bin_reaches_half_way_to_its_neighbours(window: int) -> None:
    spectra = spectra_of(np.random.default_rng(0).standard_normal(HEARD))
    power, width = spectra.power(window, EVERY)[0], RATE / window
    heard = Bands([(9.5 * width, 10.5 * width), (10 * width, 11 * width)], window).power(spectra)[0]
    assert heard == pytest.approx([power[10], (power[10] + power[11]) / 2])


@pytest.mark.parametrize(
    ("band", "window"),
    [((20, 150), 1024), ((2_000, 16_000), 1024), ((20, 60), 2048), ((40, 90), 2048), ((50, 51), 4096)],
)
def test_a_band_takes_the_shortest_window_that_resolves_it(band: tuple[float, float], window: int) -> None:
    assert band_window(*band) == window


@pytest.mark.parametrize(
    ("hz", "decibels"), [(38, -6.1), (100, -1.1), (500, 0.0), (997, 0.69), (2_000, 3.1), (10_000, 4.0)]
)
def test_the_ears_weighting_is_the_curve_of_bs_1770(hz: float, decibels: float) -> None:
    """At 997 Hz it has the 0.691 dB that the recommendation takes off again."""
    weights = 10 * np.log10(np.maximum(ear_weights(HEARD), 1e-12))
    assert np.interp(hz, np.arange(len(weights)) * RATE / HEARD, weights) == pytest.approx(decibels, abs=0.1)


def test_typical_shares_of_neighbours_add_up_to_1_and_fall_with_frequency() -> None:
    edges = [0, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 24_000]
    shares = [typical_share(*band) for band in pairwise(edges)]
    assert sum(shares) == pytest.approx(1)
    assert shares[2:-1] == sorted(shares[2:-1], reverse=True)
