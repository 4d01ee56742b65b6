"""The instruments of the demo song."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tessonance.sound import demo_voices as voices

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 48_000
PITCHES = [29, 45, 60, 84]


def spectrum(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and powers."""
    power = np.square(np.abs(np.fft.rfft(sound * np.blackman(len(sound)))))
    return np.fft.rfftfreq(len(sound), 1 / RATE), power


def share(sound: np.ndarray, low_hz: float, high_hz: float) -> float:
    hz, power = spectrum(sound)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


def one_shots() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "kick": voices.kick(rate=RATE, beater=1.0, random=random),
        "clap": voices.clap(rate=RATE, random=random),
        "hat": voices.hat(rate=RATE, decay_seconds=0.03, random=random),
        "crash": voices.crash(rate=RATE, random=random),
        "riser": voices.riser(rate=RATE, seconds=1.0, random=random),
        "bass": voices.bass(55.0, rate=RATE, seconds=0.2),
        "pluck": voices.pluck(440.0, rate=RATE, shine=0.5),
        "lead": voices.lead(440.0, rate=RATE, seconds=0.3),
    }


@pytest.mark.parametrize("name", one_shots())
def test_every_sound_begins_and_ends_at_nothing_and_is_of_sensible_strength(name: str) -> None:
    sound = one_shots()[name]
    assert sound.dtype == np.float32
    assert np.abs(sound[..., 0]).max() == 0
    assert np.abs(sound[..., -1]).max() < 1e-3
    assert 0.3 < np.abs(sound).max() < 6


def test_pitch_69_is_440_hz_and_an_octave_doubles_it() -> None:
    assert voices.tone_hz(69) == 440
    assert voices.tone_hz(81) == pytest.approx(880)


@pytest.mark.parametrize("pitch", PITCHES)
@pytest.mark.parametrize(
    "play",
    [
        lambda hz: voices.bass(hz, rate=RATE, seconds=1.0),
        lambda hz: voices.pluck(hz, rate=RATE, shine=0.5),
        lambda hz: voices.lead(hz, rate=RATE, seconds=1.0)[6000:16_000],
    ],
    ids=["bass", "pluck", "lead"],
)
def test_notes_are_in_tune(play: Callable[[float], np.ndarray], pitch: int) -> None:
    """The power-weighted mean frequency around the fundamental is within 4 cents of equal temperament."""
    wanted = voices.tone_hz(pitch)
    sound = play(wanted)
    hz, power = spectrum(np.pad(sound, (0, 1 << 18)))
    near = (hz > wanted / 1.4) & (hz < wanted * 1.4)
    heard = (hz[near] * power[near] ** 2).sum() / (power[near] ** 2).sum()
    assert abs(1200 * np.log2(heard / wanted)) < 4


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_high_notes_fold_nothing_back_below_their_fundamental(rate: int) -> None:
    hz = voices.tone_hz(94)
    for sound in (voices.pluck(hz, rate=rate, shine=1.0), voices.lead(hz, rate=rate, seconds=0.5)):
        power = np.square(np.abs(np.fft.rfft(sound * np.blackman(len(sound)))))
        below = np.fft.rfftfreq(len(sound), 1 / rate) < 0.8 * hz
        assert power[below].sum() < 1e-6 * power.sum()


def test_kick_and_hat_live_at_the_two_ends_of_hearing() -> None:
    random = np.random.default_rng(0)
    assert share(voices.kick(rate=RATE, beater=0.0, random=random), 20, 250) > 0.95
    assert share(voices.kick(rate=RATE, beater=0.0, random=random), 2000, 24_000) < 1e-5
    assert share(voices.hat(rate=RATE, decay_seconds=0.03, random=random), 2000, 24_000) > 0.99


def test_a_riser_climbs() -> None:
    sound = voices.riser(rate=RATE, seconds=2.0, random=np.random.default_rng(0))[0]
    centres = []
    for quarter in np.split(sound, 4):
        hz, power = spectrum(quarter)
        centres.append(np.exp((np.log(hz[1:]) * power[1:]).sum() / power[1:].sum()))
    assert (np.diff(centres) > 0).all()
    assert centres[-1] > 6 * centres[0]


def test_a_pad_closes_without_a_seam_and_its_cutoff_darkens_it() -> None:
    dark, bright = voices.pad(261.6, rate=RATE, cutoffs_hz=(450.0, 6000.0), random=np.random.default_rng(0))
    assert dark.shape == bright.shape == (2, 1 << 18)
    seam = np.abs(bright[:, 0] - bright[:, -1]).max()
    assert seam <= np.abs(np.diff(bright, axis=1)).max()
    assert share(bright[0], 2000, 24_000) > 10 * share(dark[0], 2000, 24_000)
    assert share(bright[0], 0, 250) < 1e-6
    assert np.square(dark).mean() == pytest.approx(1, rel=0.2)
    assert 0.2 < np.corrcoef(bright)[0, 1] < 0.95


def test_a_band_keeps_what_is_in_it_and_drops_the_rest() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE, dtype=np.float32)
    kept = voices.band(noise, 1000, 4000, rate=RATE)
    assert share(kept, 800, 5000) > 0.95
    assert share(kept, 0, 500) < 1e-3
