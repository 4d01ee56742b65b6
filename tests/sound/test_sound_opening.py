"""What a person writes behind --input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake_sound import MICROPHONE, SPEAKERS, FakeSystem
from sound_tunes import RATE, sine

from tessonance.errors import SoundError
from tessonance.sound.device_input import DeviceInput
from tessonance.sound.inputs import Input
from tessonance.sound.opening import open_input
from tessonance.sound.song_input import SongInput
from tessonance.sound.system import Device


def opened(what: str | None, **how: object) -> Input:
    monitor = Device(2, "Monitor v1.5", "PulseAudio", inputs=2, loopback=True)
    source = open_input(what, system=FakeSystem([MICROPHONE, SPEAKERS, monitor]), **how)
    source.close()
    return source


@pytest.fixture
def song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write(tmp_path / "hum.wav", sine(100), RATE)
    return tmp_path / "hum.wav"


def test_a_file_is_a_song(song: Path) -> None:
    assert isinstance(opened(str(song)), SongInput)
    assert isinstance(opened("hum.wav", start=0.5, loop=True), SongInput)


@pytest.mark.parametrize(
    ("what", "name"),
    [
        (None, "Fine Microphone"),
        ("0", "Fine Microphone"),
        ("micro", "Fine Microphone"),
        ("v1.5", "Monitor v1.5"),
        ("system", "what this machine plays"),
    ],
)
def test_anything_else_is_a_device(song: Path, what: str | None, name: str) -> None:
    source = opened(what)
    assert isinstance(source, DeviceInput)
    assert source.name == name


@pytest.mark.parametrize("what", ["hymn.wav", "songs/hum.wav", "./hum"])
def test_a_song_that_is_not_there_is_answered_as_one(song: Path, what: str) -> None:
    with pytest.raises(SoundError, match="cannot be read: No such file"):
        opened(what)


def test_a_song_that_is_not_there_is_answered_as_one_where_there_is_no_device_either(song: Path) -> None:
    with pytest.raises(SoundError, match="cannot be read: No such file"):
        open_input("hymn.wav", system=FakeSystem([]))


def test_a_name_of_nothing_is_answered_with_the_devices(song: Path) -> None:
    with pytest.raises(SoundError, match="no sound input of this name"):
        opened("Scarlett")


def test_a_folder_is_no_song(song: Path) -> None:
    with pytest.raises(SoundError, match="is a folder"):
        opened(str(song.parent))


def test_what_is_asked_of_a_device_is_passed_on(song: Path) -> None:
    system = FakeSystem()
    source = open_input("micro", blocksize=128, channels=[2], system=system)
    assert (system.streams[0].wish.blocksize, system.streams[0].wish.channels) == (128, 2)
    system.streams[0].bring(np.array([[0.1, 0.4]], np.float32))
    np.testing.assert_allclose(source.read(), [0.4], rtol=1e-6)
    source.close()
