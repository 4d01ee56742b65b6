"""What is no song is refused with one clear sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sound_files import KINDS, write_container, write_song

from tessonance.errors import SoundError, TessError
from tessonance.sound.decode import blocks
from tessonance.sound.decoders import open_decoder

SHORT = np.tile(np.float32([[0.1, -0.1]]), (4_800, 1))


def refusal(song: object) -> str:
    with pytest.raises(SoundError) as caught:
        open_decoder(song)
    return str(caught.value)


def test_a_missing_song(tmp_path: Path) -> None:
    text = refusal(tmp_path / "gone.ogg")
    assert "gone.ogg: cannot be read: No such file or directory" in text


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder\n  wanted: a sound file" in refusal(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp3"
    path.touch()
    assert "is an empty file" in refusal(path)
    assert "was its download finished?" in refusal(path)


@pytest.mark.parametrize(
    "name", ["noise.wav", "noise.mp3", "noise.ogg", "noise.m4a", "noise", "text.flac", "zeros.mp3"]
)
def test_a_file_that_is_no_sound(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    content = {"text": b"no song\n" * 5_000, "zeros": bytes(50_000)}
    path = tmp_path / name
    path.write_bytes(content.get(path.stem, np.random.default_rng(1).bytes(50_000)))
    text = refusal(path)
    assert f"{name}: is no sound that can be decoded\n  wanted: WAV, FLAC, OGG, Opus, MP3, M4A, or a video" in text
    assert "convert it to WAV or FLAC" in text
    assert capfd.readouterr().err == "", "no library writes past the error"


def test_a_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    write_container(path, "mp4", None, SHORT, 48_000, video=True)
    assert "mute.mp4: has no sound in it\n  got: no audio stream" in refusal(path)


def test_the_head_of_an_m4a_whose_index_is_missing(tmp_path: Path) -> None:
    whole = write_song(tmp_path, "m4a", np.tile(SHORT, (10, 1)), 48_000).read_bytes()
    path = tmp_path / "half.m4a"
    path.write_bytes(whole[: len(whole) // 2])
    assert "is no sound that can be decoded" in refusal(path)


def test_a_song_of_zero_seconds(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.zeros((0, 2)), 48_000)
    assert "nothing.wav: holds no sound: it lasts 0 s" in refusal(path)
    assert "samples: holds no sound" in refusal((np.zeros(0), 48_000))


@pytest.mark.parametrize("rate", [1_000, 3_999, 1_000_000])
def test_an_absurd_rate(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "odd.wav"
    soundfile.write(path, SHORT, rate)
    text = refusal(path)
    assert f"has an absurd sampling rate\n  wanted: 4,000 to 768,000 Hz\n  got: {rate:,} Hz" in text
    assert "absurd" in refusal((SHORT, rate))
    assert "absurd" in refusal((SHORT, 0)) or rate


def test_too_many_channels(tmp_path: Path) -> None:
    path = tmp_path / "many.wav"
    soundfile.write(path, np.zeros((100, 9)), 48_000)
    assert "has too many channels\n  wanted: 1 to 8\n  got: 9" in refusal(path)


@pytest.mark.parametrize("samples", [np.zeros((2, 2, 2)), np.array(["a"]), np.zeros(5, complex)])
def test_arrays_that_are_no_samples(samples: np.ndarray) -> None:
    assert "these are no samples\n  wanted: floats or integers" in refusal((samples, 48_000))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_samples_of_any_kind_are_full_scale_at_1(dtype: type) -> None:
    half = 0.5 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max // 2 + 1
    (block,) = blocks((np.full(100, half, dtype), 48_000))
    np.testing.assert_array_equal(block, np.float32(0.5))


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("originals")
    samples = (0.3 * np.random.default_rng(0).standard_normal((24_000, 2))).astype(np.float32)
    paths = {kind: write_song(folder, kind, samples, 48_000) for kind in KINDS}
    return {kind: (path.suffix, path.read_bytes()) for kind, path in paths.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10_000), flips=st.integers(1, 60), cut=st.floats(0, 1))
def test_damaged_files_give_sound_or_one_clear_error(
    originals: dict[str, tuple[str, bytes]], tmp_path: Path, kind: str, seed: int, flips: int, cut: float
) -> None:
    random = np.random.default_rng(seed)
    suffix, original = originals[kind]
    raw = np.frombuffer(original, np.uint8).copy()
    reach = 400 if random.random() < 0.5 else len(raw)  # the headers are where it hurts
    raw[random.integers(0, min(reach, len(raw)), flips)] = random.integers(0, 256, flips)
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(raw[: max(1, int(len(raw) * (cut if cut > 0.3 else 1)))].tobytes())
    total = 0
    try:
        for block in blocks(path, channels=2, stop=20.0):
            assert np.isfinite(block).all()
            total += len(block)
    except TessError:
        return
    assert total <= 20 * 48_000
