"""A whole song's features in one call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sound_files import write_song
from sound_tunes import RATE, sine

from tessonance.errors import ProjectError, SoundError
from tessonance.project import FEATURES, Sound
from tessonance.sound import FeatureStream, features

SOME = ("low", "loudness", "onset", "chroma_a")


def test_all_named_features_unless_told_otherwise(music: NDArray[np.float32]) -> None:
    track = features((music[:RATE], RATE))
    assert track.names == FEATURES
    assert track.values.shape == (187, len(FEATURES))
    assert track.values.dtype == np.float32
    assert track.hop_seconds == 256 / 48_000


def test_a_file_is_heard_as_live_sound_is(music: NDArray[np.float32], tmp_path: Path) -> None:
    """One arithmetic: blocks of the decoder or blocks of a sound card, not a bit differs."""
    path = tmp_path / "music.wav"
    soundfile.write(path, music[: 3 * RATE], RATE, subtype="FLOAT")
    live = FeatureStream(FEATURES)
    blocks = [live.push(block) for block in np.array_split(music[: 3 * RATE], 400)]
    np.testing.assert_array_equal(features(path).values, np.concatenate(blocks))


def test_stereo_is_heard_as_the_mean_of_its_sides(music: NDArray[np.float32]) -> None:
    sides = np.stack([music, np.zeros_like(music)], axis=1)[:RATE]
    mono, stereo = features((music[:RATE] / 2, RATE), SOME), features((sides, RATE), SOME)
    np.testing.assert_array_equal(mono.values, stereo.values)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_other_rates_are_heard_alike(rate: int) -> None:
    time = np.arange(2 * rate) / rate
    samples = 0.2 * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * 60 * time)
    wanted = features((0.2 * (sine(440) + sine(60)) / 0.3, RATE), SOME)
    heard = features((samples, rate), SOME)
    assert heard.values.shape == wanted.values.shape
    np.testing.assert_allclose(heard.values[20:-20], wanted.values[20:-20], atol=0.02)


def test_a_later_part_hears_the_ten_seconds_before_it(music: NDArray[np.float32]) -> None:
    """Fourteen seconds in, it is what the whole song gives there, to the bit: automatic level remembers four."""
    song = np.tile(music, 2)
    whole = features((song, RATE), SOME)
    part = features((song, RATE), SOME, start=14.4, stop=16.0)
    assert part.start_seconds == 14.4
    first = round(14.4 / part.hop_seconds)
    np.testing.assert_array_equal(part.values, whole.values[first : first + 300])
    np.testing.assert_allclose(part.times, whole.times[first : first + 300])


def test_a_part_near_the_beginning_hears_what_there_is(music: NDArray[np.float32]) -> None:
    whole, part = features((music, RATE), SOME), features((music, RATE), SOME, start=0.8)
    np.testing.assert_array_equal(part.values, whole.values[150:])


def test_a_part_may_begin_between_two_hops(music: NDArray[np.float32]) -> None:
    part = features((music, RATE), ["loudness"], start=3.001, stop=4.001)
    assert len(part.values) == 187
    assert part.times[0] == pytest.approx(3.001 + 256 / RATE)


@pytest.mark.parametrize("hop", [64, 1_000])
def test_the_hop_is_a_choice(music: NDArray[np.float32], hop: int) -> None:
    track = features((music[:RATE], RATE), SOME, sound=Sound(hop=hop))
    assert len(track.values) == RATE // hop
    assert track.hop_seconds == hop / RATE


def test_a_song_shorter_than_a_hop_has_none() -> None:
    assert features((np.ones(100), RATE)).values.shape == (0, len(FEATURES))


def test_progress_tells_seconds_and_ends_with_all_of_them(music: NDArray[np.float32]) -> None:
    calls: list[tuple[int, int]] = []
    features((music, RATE), ["low"], start=2.0, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1] == (9, 9)
    assert all(isinstance(number, int) for call in calls for number in call)


def test_compressed_songs_are_heard_as_the_original_is(music: NDArray[np.float32], tmp_path: Path) -> None:
    samples = music[: 6 * RATE, None]
    wanted = features((samples, RATE), ["low", "high", "loudness", "brightness"]).values
    for kind in ("ogg", "m4a", "mp3"):
        heard = features(write_song(tmp_path, kind, samples, RATE), ["low", "high", "loudness", "brightness"]).values
        assert np.mean(np.abs(heard[: len(wanted)] - wanted)) < 0.03, kind


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"start": 9.0}, "ends before that"),
        ({"start": 5, "stop": 4}, "would end before it begins"),
        ({"start": -0.1}, "cannot begin there"),
        ({"start": np.inf}, "cannot begin there"),
    ],
)
def test_a_part_that_is_none_is_refused(music: NDArray[np.float32], how: dict[str, float], text: str) -> None:
    with pytest.raises(SoundError, match=text):
        features((music, RATE), SOME, **how)


def test_a_song_that_breaks_off_before_its_part_is_refused(music: NDArray[np.float32], tmp_path: Path) -> None:
    path = write_song(tmp_path, "flac", music[:, None], RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SoundError, match="breaks off before that"):
        features(path, SOME, start=8.0)


def test_a_misspelt_feature_is_refused_before_the_song_is_opened() -> None:
    with pytest.raises(ProjectError, match="did you mean 'loudness'"):
        features("no such song.wav", ["loudnes"])
