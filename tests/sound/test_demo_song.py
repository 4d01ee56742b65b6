"""The demo song: what it promises to the ear and to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tessonance.errors import SoundError, TessError
from tessonance.sound import features
from tessonance.sound.demo_song import BPM, demo_sections, demo_song, write_demo_song

if TYPE_CHECKING:
    from pathlib import Path

RATE = 48_000
BAR = round(4 * 60 / BPM * RATE)
SECTIONS = {name: slice(round(start * RATE), round(stop * RATE)) for name, start, stop in demo_sections()}


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    return demo_song()


def band_of(sound: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Cut a band out by FFT, with hard edges."""
    spectrum = np.fft.rfft(sound, axis=0)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(hz < low_hz) | (hz >= high_hz)] = 0
    return np.fft.irfft(spectrum, len(sound), axis=0)


def decibels(sound: np.ndarray) -> float:
    """Root mean square in dBFS."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


def envelope(sound: np.ndarray) -> np.ndarray:
    """Root mean square of each hundredth of a second, both sides together."""
    frames = len(sound) // 480
    return np.sqrt(np.square(sound[: frames * 480]).reshape(frames, 960).mean(axis=1))


@pytest.fixture(scope="module")
def lows(song: np.ndarray) -> np.ndarray:
    return band_of(song, 20, 150)


@pytest.fixture(scope="module")
def highs(song: np.ndarray) -> np.ndarray:
    return band_of(song, 2000, 16_000)


def test_same_seed_plays_the_same_bits_and_another_seed_does_not() -> None:
    first, again, other = (demo_song(seconds=17, rate=24_000, seed=seed) for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert first.shape == other.shape
    assert not np.array_equal(first, other)


def test_it_is_float32_stereo_of_fifteen_whole_bars(song: np.ndarray) -> None:
    assert song.dtype == np.float32
    assert song.shape == (15 * BAR, 2)
    assert song.flags.c_contiguous


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100])
def test_every_rate_gives_the_same_length_within_a_sample(rate: int) -> None:
    song = demo_song(seconds=17, rate=rate)
    assert abs(len(song) - 8 * 4 * 60 / BPM * rate) <= 0.5
    assert np.isfinite(song).all()


def test_nothing_clips_even_between_the_samples(song: np.ndarray) -> None:
    assert np.isfinite(song).all()
    ceiling = 10 ** (-1 / 20)
    assert np.abs(song).max() <= ceiling
    four_times = 4 * np.fft.irfft(np.fft.rfft(song, axis=0), 4 * len(song), axis=0)
    assert np.abs(four_times).max() <= ceiling


def test_it_is_as_loud_as_other_music_and_leaves_its_peaks_standing(song: np.ndarray) -> None:
    full = song[SECTIONS["full"]]
    assert -16 < decibels(song) < -13
    assert 20 * np.log10(np.abs(full).max()) - decibels(full) > 10


def test_it_has_no_direct_current(song: np.ndarray) -> None:
    assert np.abs(song.mean(axis=0)).max() < 1e-3


def test_it_begins_and_ends_in_silence_and_sinks_to_it_smoothly(song: np.ndarray) -> None:
    assert np.abs(song[0]).max() < 1e-4
    assert np.abs(song[-1]).max() == 0
    assert decibels(song[-BAR // 16 :]) < decibels(song) - 40
    assert np.abs(np.diff(song[-BAR:], axis=0)).max() < 0.04


@pytest.mark.parametrize("name", ["intro", "bass"])
def test_no_step_clicks_where_nothing_bright_plays(song: np.ndarray, name: str) -> None:
    begin, end = SECTIONS[name].start, SECTIONS[name].stop
    assert np.abs(np.diff(song[begin : end - 480], axis=0)).max() < 0.06


def test_only_the_treble_moves_while_the_hats_play_alone(lows: np.ndarray, highs: np.ndarray) -> None:
    here = SECTIONS["hats"]
    assert decibels(lows[here]) < decibels(lows[SECTIONS["groove"]]) - 25
    assert decibels(highs[here]) > decibels(highs[SECTIONS["intro"]]) + 12
    assert envelope(highs[here]).std() > 0.8 * envelope(highs[here]).mean()


def test_only_the_bass_moves_while_bass_and_kick_play_alone(lows: np.ndarray, highs: np.ndarray) -> None:
    here = SECTIONS["bass"]
    assert decibels(highs[here]) < decibels(highs[SECTIONS["groove"]]) - 25
    assert decibels(lows[here]) > decibels(lows[SECTIONS["hats"]]) + 25
    assert envelope(lows[here]).std() > 0.4 * envelope(lows[here]).mean()


@pytest.mark.parametrize("name", ["groove", "full"])
def test_lows_and_highs_go_their_own_ways_where_everything_plays(
    lows: np.ndarray, highs: np.ndarray, name: str
) -> None:
    together = np.corrcoef(envelope(lows[SECTIONS[name]]), envelope(highs[SECTIONS[name]]))[0, 1]
    assert abs(together) < 0.3


def test_the_lows_strike_on_every_beat_of_a_full_bar(lows: np.ndarray) -> None:
    bar = envelope(lows[SECTIONS["full"]][:BAR])
    for beat in np.array_split(bar, 4):
        assert beat.argmax() < len(beat) / 4


@pytest.fixture(scope="module")
def heard(song: np.ndarray) -> dict[str, np.ndarray]:
    """What the features ``low`` and ``high`` make of each section, shape (hops, 2)."""
    values = features((song, RATE), ["low", "high"]).values
    return {name: values[here.start // 256 : here.stop // 256] for name, here in SECTIONS.items()}


def test_the_features_tell_the_two_hands_apart(heard: dict[str, np.ndarray]) -> None:
    """Alone, a hand moves its own feature and leaves the other in peace; together, they use most of 0..1."""
    (low_rests, high_moves), (low_moves, high_rests) = heard["hats"].std(axis=0), heard["bass"].std(axis=0)
    assert low_rests < 0.1
    assert high_rests < 0.1
    assert low_moves > 0.25
    assert high_moves > 0.25
    for name in ("groove", "full"):
        assert abs(np.corrcoef(heard[name].T)[0, 1]) < 0.25
        assert (np.percentile(heard[name], 5, axis=0) < 0.3).all()
        assert (np.percentile(heard[name], 95, axis=0) > 0.85).all()


def test_the_last_bass_note_is_the_tonic(song: np.ndarray) -> None:
    begin = SECTIONS["end"].start + RATE // 2
    note = song[begin : begin + RATE].mean(axis=1) * np.hanning(RATE)
    power = np.abs(np.fft.rfft(note, 16 * RATE))[: 16 * 80]
    assert power.argmax() / 16 == pytest.approx(440 * 2 ** ((29 - 69) / 12), abs=0.3)


def test_the_break_takes_the_lows_away_and_raises_the_highs(lows: np.ndarray, highs: np.ndarray) -> None:
    here = SECTIONS["break"]
    assert decibels(lows[here]) < decibels(lows[SECTIONS["full"]]) - 15
    first, last = np.split(highs[here], 2)
    assert decibels(last) > decibels(first) + 6


def test_the_song_grows_from_the_intro_to_the_full_part(song: np.ndarray) -> None:
    loudness = {name: decibels(song[here]) for name, here in SECTIONS.items()}
    assert loudness["intro"] + 8 < loudness["groove"] < loudness["full"]
    assert loudness["end"] < loudness["full"] - 4


def test_the_lows_are_mono_and_the_rest_survives_it(song: np.ndarray, lows: np.ndarray) -> None:
    assert decibels(lows[:, 0] - lows[:, 1]) < decibels(lows) - 30
    for here in SECTIONS.values():
        left, right = song[here].T
        assert 0.2 < np.corrcoef(left, right)[0, 1] <= 1


@pytest.mark.parametrize("seconds", [17.0, 30.0, 32.0, 61.3, 120.0])
def test_sections_tile_the_song_in_whole_bars(seconds: float) -> None:
    sections = demo_sections(seconds=seconds)
    assert [name for name, *_ in sections] == ["intro", "hats", "bass", "groove", "break", "full", "end"]
    starts, stops = zip(*[(start, stop) for _, start, stop in sections], strict=True)
    assert starts == (0.0, *stops[:-1])
    assert seconds <= stops[-1] < seconds + 4 * 60 / BPM
    bars = np.array(stops) * BPM / 240
    assert np.allclose(bars, np.rint(bars), atol=1e-9)
    assert np.diff(bars).min() >= 1


def test_bars_fall_on_exact_samples_at_the_usual_rates() -> None:
    for rate in (44_100, 48_000, 96_000):
        assert (60 / BPM / 4 * rate).is_integer()


@pytest.mark.parametrize("seconds", [0.0, -1.0, 16.9, 120.5, float("nan"), float("inf")])
def test_a_song_of_impossible_length_is_refused(seconds: float) -> None:
    with pytest.raises(SoundError, match="wanted: 17 to 120 seconds"):
        demo_song(seconds=seconds)


@pytest.mark.parametrize("rate", [0, -48_000, 7999, 192_001])
def test_an_impossible_rate_is_refused(rate: int) -> None:
    with pytest.raises(SoundError, match="wanted: 8000 to 192000 samples per second"):
        demo_song(rate=rate)


@pytest.mark.parametrize("name", ["song.wav", "song.FLAC"])
def test_the_file_holds_the_song_and_takes_the_place_of_an_older_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("older")
    assert write_demo_song(path, seconds=17, rate=16_000) == path
    heard, rate = soundfile.read(path, dtype="float32")
    assert rate == 16_000
    assert np.abs(heard - demo_song(seconds=17, rate=16_000)).max() < 2**-22
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["song.mp3", "song"])
def test_a_name_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SoundError, match=r"wanted: a name ending in \.wav or \.flac"):
        write_demo_song(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TessError, match="nowhere"):
        write_demo_song(tmp_path / "nowhere" / "song.wav", seconds=17, rate=8000)
