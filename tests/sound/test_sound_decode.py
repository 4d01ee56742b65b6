"""Songs of every kind as blocks of samples."""

from __future__ import annotations

import logging
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sound_files import KINDS, LOSSLESS, write_container, write_song

from tessonance.errors import SoundError
from tessonance.sound.decode import SongInfo, blocks, probe

RATE = 44_100
SECONDS = 4


def all_of(song: object, **how: object) -> NDArray[np.float32]:
    return np.concatenate(list(blocks(song, **how)))


def tone(seconds: float = SECONDS, rate: int = RATE, channels: int = 2) -> NDArray[np.float32]:
    """A rising tone with a click at each second, each channel more quietly than the one before."""
    time = np.arange(round(seconds * rate)) / rate
    samples = 0.4 * np.sin(2 * np.pi * (200 + 100 * time) * time)
    for second in range(1, int(seconds)):
        samples[second * rate : second * rate + 20] += 0.4
    return (samples[:, None] * 0.7 ** np.arange(channels)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for kind in KINDS:
        if kind == "opus":
            write_song(folder, kind, tone(rate=48_000), 48_000)
        else:
            write_song(folder, kind, tone(), RATE)
    return folder


def song(folder: Path, kind: str) -> Path:
    return next(path for path in folder.iterdir() if path.stem == kind)


def lag(heard: NDArray[np.float32], wanted: NDArray[np.float32]) -> int:
    """How many samples `heard` is late."""
    length = len(heard) + len(wanted)
    spectrum = np.fft.rfft(heard[:, 0], length) * np.fft.rfft(wanted[:, 0], length).conj()
    best = int(np.fft.irfft(spectrum, length).argmax())
    return best if best < length // 2 else best - length


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_decoded_to_the_sample(folder: Path, kind: str) -> None:
    """Nothing is late, MP3 included, whose first time stamp is 25 ms though its sound begins at 0."""
    heard, wanted = all_of(song(folder, kind)), tone(rate=48_000)
    assert heard.dtype == np.float32
    assert heard.shape[1] == 2
    assert len(wanted) <= len(heard) <= len(wanted) + 1_500
    assert lag(heard, wanted) == 0
    error = np.sqrt(np.mean((heard[4_000:180_000] - wanted[4_000:180_000]) ** 2))
    assert error < (2e-3 if kind in LOSSLESS else 0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_probe_tells_length_rate_and_channels(folder: Path, kind: str) -> None:
    path = song(folder, kind)
    rate = 48_000 if kind == "opus" else RATE
    info = probe(path)
    assert info == SongInfo(path, info.seconds, rate, 2)
    assert info.seconds == pytest.approx(SECONDS, abs=0.05)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("start", "stop"), [(0.0, 0.5), (0.01, 1.0), (1.2345, 2.5), (3.9, 99.0)])
def test_a_part_is_what_decoding_it_all_and_cutting_gives(folder: Path, kind: str, start: float, stop: float) -> None:
    whole, part = all_of(song(folder, kind)), all_of(song(folder, kind), start=start, stop=stop)
    cut = whole[round(start * 48_000) : round(stop * 48_000)]
    assert part.shape == cut.shape
    np.testing.assert_allclose(part, cut, atol=1e-5)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_099, 48_000, 96_000, 192_000])
def test_any_rate_becomes_48_khz_and_can_be_entered_anywhere(rate: int) -> None:
    samples = tone(rate=rate, channels=1)
    whole, part = all_of((samples, rate)), all_of((samples, rate), start=1.5003)
    assert len(whole) == pytest.approx(SECONDS * 48_000, abs=1)
    np.testing.assert_allclose(part, whole[round(1.5003 * 48_000) :], atol=3e-5)
    wanted = tone(rate=48_000, channels=1)[5_000:40_000]
    np.testing.assert_allclose(whole[5_000:40_000], wanted, atol=2e-3)


def test_any_other_rate_can_be_had(folder: Path) -> None:
    assert len(all_of(song(folder, "flac"), rate=22_050)) == pytest.approx(SECONDS * 22_050, abs=1)


@pytest.mark.parametrize("channels", range(1, 9))
def test_mono_is_the_mean_of_the_channels(channels: int) -> None:
    samples = tone(0.2, 48_000, channels)
    heard = all_of((samples, 48_000), channels=1)
    np.testing.assert_allclose(heard[:, 0], samples.mean(axis=1), atol=1e-6)


def test_stereo_of_mono_is_the_same_on_both_sides() -> None:
    samples = tone(0.2, 48_000, 1)
    np.testing.assert_array_equal(all_of((samples, 48_000), channels=2), np.repeat(samples, 2, axis=1))


def test_surround_is_mixed_down_as_itu_r_bs_775_says() -> None:
    """Centre and surrounds 3 dB down, no subwoofer, all scaled so that nothing clips."""
    less, scale = 0.5**0.5, 1 / (1 + 2 * 0.5**0.5)
    gains = [(1, 0), (0, 1), (less, less), (0, 0), (less, 0), (0, less)]
    for channel, gain in enumerate(gains):
        samples = np.zeros((100, 6), np.float32)
        samples[:, channel] = 1
        np.testing.assert_allclose(all_of((samples, 48_000), channels=2)[0], np.array(gain) * scale, atol=1e-6)


@pytest.mark.parametrize("channels", range(1, 9))
def test_a_stereo_mix_never_clips(channels: int) -> None:
    heard = all_of((np.ones((100, channels), np.float32), 48_000), channels=2)
    assert heard.shape == (100, 2)
    assert heard.max() <= 1 + 1e-6
    np.testing.assert_allclose(heard[:, 0], heard[:, 1], atol=1e-6)


@pytest.mark.parametrize("kind", ["wav", "flac", "m4a"])
def test_a_file_with_six_channels_keeps_their_order(tmp_path: Path, kind: str) -> None:
    samples = np.stack([0.1 * np.sin(2 * np.pi * hz * np.arange(48_000) / 48_000) for hz in range(500, 1_100, 100)], 1)
    path = tmp_path / f"six.{kind}"
    if kind == "m4a":
        write_container(path, "ipod", "aac", samples.astype(np.float32), 48_000, video=False)
    else:
        soundfile.write(path, samples, 48_000)
    spectrum = np.abs(np.fft.rfft(all_of(path)[:48_000], axis=0))
    wanted = [500, 600, 700, 800, 900, 1_000]
    found = spectrum.argmax(axis=0).tolist()
    assert found[:3] + found[4:] == wanted[:3] + wanted[4:], "AAC keeps only the bass of the subwoofer's channel"


def test_vorbis_own_order_of_channels_is_put_right(tmp_path: Path) -> None:
    """In an Ogg file they are L C R Ls Rs LFE, and soundfile does not say so."""
    samples = np.stack([0.1 * np.sin(2 * np.pi * hz * np.arange(48_000) / 48_000) for hz in range(500, 1_100, 100)], 1)
    samples[:, 5] = 0.1 * np.sin(2 * np.pi * 60 * np.arange(48_000) / 48_000)
    path = tmp_path / "six.ogg"
    soundfile.write(path, samples, 48_000)
    assert np.abs(np.fft.rfft(all_of(path), axis=0)).argmax(axis=0).tolist() == [500, 700, 600, 60, 800, 900]


def test_a_long_song_is_never_in_memory_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(20):
            file.write(np.zeros(60 * 8_000, np.float32))
    tracemalloc.start()
    length = sum(len(block) for block in blocks(path, channels=1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 20 * 60 * 48_000
    assert peak < 3_000_000


def test_a_truncated_song_gives_its_sound_until_the_fault(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in ("wav24", "flac", "ogg", "opus", "mp3", "mkv"):
        whole = song(folder, kind)
        cut = tmp_path / whole.name
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
        heard, wanted = all_of(cut), all_of(whole)
        assert 1.2 * 48_000 < len(heard) < 2.6 * 48_000, kind
        np.testing.assert_allclose(heard[:48_000], wanted[:48_000], atol=1e-6, err_msg=kind)
    assert any("flac.flac cannot be read beyond" in record.message for record in caplog.records)
    assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_a_damaged_packet_is_silence_and_what_follows_keeps_its_time(folder: Path, tmp_path: Path) -> None:
    whole = song(folder, "m4a")
    raw = bytearray(whole.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 3_000] = np.random.default_rng(0).bytes(3_000)
    path = tmp_path / "hole.m4a"
    path.write_bytes(raw)
    heard, wanted = all_of(path), all_of(whole)
    assert len(heard) == len(wanted)
    np.testing.assert_allclose(heard[-40_000:], wanted[-40_000:], atol=1e-3)


def test_a_number_that_is_none_is_refused_with_its_second(tmp_path: Path) -> None:
    for bad in (np.nan, np.inf):
        samples = tone()
        samples[RATE * 3 // 2] = bad
        path = tmp_path / "bad.wav"
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        with pytest.raises(SoundError, match=r"bad\.wav: the sample at 1\.500 s is no number"):
            all_of(path, start=0.5)
        assert len(all_of(path, stop=1.0)) == 48_000


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"start": 4.0}, "ends before that\n  wanted: less than 4.00 s\n  got: a beginning at 4 s"),
        ({"start": 1e9}, "ends before that"),
        ({"start": -1}, "cannot begin there\n  wanted: 0 s or later\n  got: -1 s"),
        ({"start": np.nan}, "cannot begin there"),
        ({"start": 2, "stop": 2}, "would end before it begins\n  wanted: an end after 2 s\n  got: 2 s"),
        ({"start": 2, "stop": np.nan}, "would end before it begins"),
        ({"channels": 3}, "cannot be mixed so\n  wanted: 1 or 2 channels\n  got: 3"),
    ],
)
def test_a_part_that_is_none_is_refused_at_once(folder: Path, how: dict[str, float], text: str) -> None:
    with pytest.raises(SoundError) as caught:
        blocks(song(folder, "wav16"), **how)
    assert text in str(caught.value)
    assert "wav16.wav" in str(caught.value)


def test_a_song_that_breaks_off_before_its_part_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = song(folder, "flac")
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    with pytest.raises(SoundError, match="ends before that"):
        all_of(cut, start=3.0)
