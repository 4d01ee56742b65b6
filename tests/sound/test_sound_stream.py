"""Samples in, features out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sound_tunes import RATE, sine

from tessonance.errors import ProjectError, SoundError
from tessonance.project import BANDS, CHROMA, FEATURES, TEMPO, Sound
from tessonance.sound.level import ROOM
from tessonance.sound.spectrum import band_window
from tessonance.sound.stream import BATCH, FeatureStream, feature_names

ALL = (*FEATURES, (40, 90), "1000-1010Hz", (16_000, 24_000))
AFTER_LEVEL = round(4.2 * RATE / 256)  # hops


def hear(samples: NDArray[np.float32], names: object = ALL, **sound: object) -> dict[str, NDArray[np.float32]]:
    stream = FeatureStream(names, sound=Sound(**sound))
    return dict(zip(stream.names, stream.push(samples).T, strict=True))


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 9_000) | st.sampled_from([1, 255, 256, 257, 48_000]), min_size=1, max_size=60),
    hop=st.sampled_from([64, 100, 256, 1024]),
)
def test_how_the_samples_are_cut_into_pushes_changes_not_a_bit(
    music: NDArray[np.float32], lengths: list[int], hop: int
) -> None:
    samples = music[3 * RATE : 3 * RATE + 60_000]
    sound = Sound(hop=hop, start_level_db=-12)
    whole, parts = FeatureStream(ALL, sound=sound), FeatureStream(ALL, sound=sound)
    cuts = [cut for cut in np.cumsum(lengths) if cut < len(samples)]
    pieces = [parts.push(part) for part in np.split(samples, cuts)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole.push(samples))


def test_live_blocks_of_one_hop_give_what_a_file_gives(music: NDArray[np.float32]) -> None:
    """The histories move to the front on the way."""
    samples = music[: 256 * (2 * BATCH + ROOM)]
    live = FeatureStream(ALL)
    one_by_one = np.concatenate([live.push(block) for block in samples.reshape(-1, 256)])
    np.testing.assert_array_equal(one_by_one, FeatureStream(ALL).push(samples))


def test_a_hop_is_heard_with_its_last_sample_and_not_before() -> None:
    stream = FeatureStream(["loudness"], sound=Sound(hop=100))
    assert [len(stream.push(np.ones(n, np.float32))) for n in (99, 1, 0, 199, 1, 1000)] == [0, 1, 0, 1, 1, 10]


@pytest.mark.parametrize("name", ALL, ids=str)
def test_each_feature_alone_is_what_it_is_among_the_others(
    music: NDArray[np.float32], name: str | tuple[float, float]
) -> None:
    together, (alone,) = hear(music[:RATE]), hear(music[:RATE], [name]).values()
    np.testing.assert_array_equal(alone, together[feature_names([name])[0]])


def test_no_features_are_no_columns() -> None:
    assert FeatureStream([]).push(np.zeros(512, np.float32)).shape == (2, 0)


def test_a_feature_may_be_asked_for_twice() -> None:
    values = FeatureStream(["low", (20, 150), "low"]).push(sine(60, 0.2))
    assert values.shape[1] == 3
    np.testing.assert_array_equal(values[:, 0], values[:, 2])


@given(
    kind=st.sampled_from(["noise", "clipped", "constant", "tiny", "huge", "impulses"]),
    level=st.sampled_from([1e-44, 1e-30, 1e-6, 0.01, 1.0, 1e6, 1e30]),
    automatic=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_every_value_is_a_number_from_0_to_1(kind: str, level: float, automatic: bool) -> None:
    random = np.random.default_rng(1)
    samples = random.standard_normal(12_000)
    if kind == "clipped":
        samples = np.sign(samples)
    elif kind == "constant":
        samples[:] = 1.0
    elif kind == "impulses":
        samples *= random.random(12_000) > 0.999
    samples[6_000:8_000] = 0
    values = FeatureStream(ALL, sound=Sound(automatic_level=automatic)).push((samples * level).astype(np.float32))
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= 1


def test_silence_is_0_everywhere_but_for_the_clock() -> None:
    for name, values in hear(np.zeros(RATE, np.float32)).items():
        assert name in TEMPO or not values.any(), name


def test_silence_after_music_is_0_everywhere_but_for_the_clock(music: NDArray[np.float32]) -> None:
    for name, values in hear(np.concatenate([music[: 2 * RATE], np.zeros(RATE, np.float32)])).items():
        assert values[: 2 * RATE // 256].any(), name
        assert name in TEMPO or not values[-150:].any(), name


def test_direct_current_is_silence() -> None:
    for name, values in hear(np.full(2 * RATE, 0.5, np.float32)).items():
        assert name in TEMPO or values[-100:].max() < 1e-6, name


def test_direct_current_under_music_is_not_heard(music: NDArray[np.float32]) -> None:
    plain, shifted = hear(music), hear(music + np.float32(0.2))
    for name in FEATURES:
        assert np.abs(plain[name] - shifted[name])[AFTER_LEVEL:].max() < 0.02, name


def test_the_same_song_at_minus_20_db_gives_the_same_features_after_four_seconds(music: NDArray[np.float32]) -> None:
    loud, quiet = hear(music), hear(music * np.float32(0.1))
    for name in loud:
        assert np.abs(loud[name] - quiet[name])[AFTER_LEVEL:].max() < 0.05, name
    assert np.abs(loud["loudness"] - quiet["loudness"])[:200].max() > 0.3, "it starts from the stored level"


def test_without_automatic_level_a_quiet_song_stays_quiet(music: NDArray[np.float32]) -> None:
    loud, quiet = (hear(music * np.float32(gain), automatic_level=False) for gain in (1.0, 0.1))
    for name in (*BANDS, "loudness"):
        assert quiet[name][AFTER_LEVEL:].mean() < 0.6 * loud[name][AFTER_LEVEL:].mean(), name


@pytest.mark.parametrize("hz", [30, 65, 110, 300, 600, 1_050, 5_000, 15_000])
def test_a_sine_is_heard_in_its_bands_and_in_no_other(hz: float) -> None:
    """Automatic level does not blow up bands that are all but empty; four bins off an edge hardly anything leaks."""
    bands = {**BANDS, "40-90Hz": (40, 90), "1000-1100Hz": (1_000, 1_100)}
    heard = FeatureStream(bands.values()).push(sine(hz, 6.0))
    for (name, (low, high)), values in zip(bands.items(), heard.T, strict=True):
        off = 4 * RATE / band_window(low, high)
        if low <= hz <= high:
            assert 0.35 < values[-200:].mean() < 0.7, name
        elif not low - off < hz < high + off:
            assert values[-200:].max() < 0.1, name


@pytest.mark.parametrize(("name", "hz", "milliseconds"), [("low", 50, 15), ("mid", 400, 15), ("high", 5_000, 15)])
def test_a_hit_is_half_way_up_soon_after_it_begins(name: str, hz: float, milliseconds: float) -> None:
    bursts = sine(hz, 8.0) * (np.arange(8 * RATE) % RATE > RATE / 2)
    bursts[5 * RATE : 6 * RATE] = 0
    bursts[6 * RATE :] = sine(hz, 2.0)
    values = hear(bursts, [name])[name]
    after = values[6 * RATE // 256 :]
    half = after[40:80].mean() / 2
    assert np.flatnonzero(after > half)[0] * 256 / RATE * 1000 <= milliseconds


def test_a_click_is_an_onset_within_two_hops_and_nothing_else_is() -> None:
    samples = 1e-4 * np.random.default_rng(0).standard_normal(6 * RATE).astype(np.float32)
    clicks = [2 * RATE + 37, 3 * RATE + 200, 4 * RATE]
    for click in clicks:
        samples[click : click + 48] += 0.5
    onset = hear(samples, ["onset"], start_level_db=-30)["onset"]
    above = onset > 0.5
    rising = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    assert len(rising) == len(clicks)
    for hop, click in zip(rising, clicks, strict=True):
        assert click // 256 <= hop <= click // 256 + 2


def test_every_beat_of_the_music_is_an_onset_that_can_be_counted(music: NDArray[np.float32]) -> None:
    onset = hear(music, ["onset"])["onset"]
    for beat in np.arange(1, len(music) / RATE, 0.5):
        if abs(beat - len(music) / RATE / 2) > 0.3:
            hop = round(beat * RATE / 256)
            assert onset[hop - 1 : hop + 6].max() > 0.5, beat
            assert onset[hop + 10 : hop + 30].min() < 0.35, beat


def test_a_c_major_chord_is_c_e_and_g() -> None:
    chord = sum(sine(hz, 1.0, 0.1) for hz in (261.63, 329.63, 392.00))
    heard = hear(chord, CHROMA)
    strong = {name for name in CHROMA if heard[name][100:].min() > 0.7}
    assert strong == {"chroma_c", "chroma_e", "chroma_g"}
    assert max(heard[name][100:].max() for name in CHROMA if name not in strong) < 0.15


@pytest.mark.parametrize("semitone", range(-12, 24))
def test_each_note_is_its_pitch_class(semitone: int) -> None:
    heard = hear(sine(261.6256 * 2 ** (semitone / 12), 0.5), CHROMA)
    assert max(CHROMA, key=lambda name: heard[name][-1]) == CHROMA[semitone % 12]
    assert heard[CHROMA[semitone % 12]][-1] == 1


@pytest.mark.parametrize(("hz", "value"), [(125, 0.0), (1_000, 0.5), (4_000, 5 / 6), (8_000, 1.0)])
def test_brightness_counts_octaves_above_125_hz(hz: float, value: float) -> None:
    assert hear(sine(hz), ["brightness"])["brightness"][-1] == pytest.approx(value, abs=0.03)


def test_noise_is_noisy_and_a_sine_is_not() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert hear(noise, ["noisiness"])["noisiness"][50:].mean() > 0.9
    assert hear(sine(700), ["noisiness"])["noisiness"][50:].max() < 0.05


def test_colour_fades_out_with_the_sound_instead_of_following_its_noise_floor(music: NDArray[np.float32]) -> None:
    floor = 1e-5 * np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    heard = hear(np.concatenate([music[: 3 * RATE], floor]), ["brightness", "noisiness", *CHROMA])
    for name, values in heard.items():
        assert values[-200:].max() == 0, name


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_with_its_second_and_nothing_is_heard(bad: float) -> None:
    stream = FeatureStream(["loudness"])
    stream.push(np.zeros(RATE, np.float32))
    samples = np.zeros(RATE, np.float32)
    samples[12_000] = bad
    with pytest.raises(SoundError, match=r"a sample at 1\.250 s is no number"):
        stream.push(samples)
    assert len(stream.push(np.zeros(256, np.float32))) in (0, 1)


def test_stereo_is_refused() -> None:
    with pytest.raises(SoundError, match=r"no mono samples\n  wanted: shape \(n,\)\n  got: shape \(10, 2\)"):
        FeatureStream().push(np.zeros((10, 2), np.float32))


@pytest.mark.parametrize(
    ("feature", "text"),
    [
        ("lwo", "there is no feature 'lwo'\n  try: did you mean 'low'?"),
        ("90-40Hz", "this is no band"),
        ((100, 30_000), "this is no band"),
        ("1.2.3-4Hz", "there is no feature '1.2.3-4Hz'"),
    ],
)
def test_features_that_do_not_exist_are_refused(feature: str | tuple[float, float], text: str) -> None:
    with pytest.raises(ProjectError) as caught:
        FeatureStream([feature])
    assert text in str(caught.value)


@given(st.floats(0, 20_000), st.floats(0.5, 4_000))
def test_the_name_of_a_band_names_it_again(low: float, width: float) -> None:
    (name,) = feature_names([(low, low + width)])
    assert feature_names([name]) == (name,)
