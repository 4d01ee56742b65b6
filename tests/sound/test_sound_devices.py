"""Devices found by number, by name or by purpose."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from fake_sound import MICROPHONE, SPEAKERS, FakeSystem

from tessonance.cli import cli
from tessonance.errors import SoundError
from tessonance.sound import portaudio, pulse
from tessonance.sound.devices import find_device, list_devices
from tessonance.sound.system import Device, Wish

STAGE = Device(2, "Scarlett 18i20 USB", "ALSA", inputs=18, outputs=20)
CAMERA = Device(3, "Camera Microphone", "ALSA", inputs=1, rate=16_000)
MONITOR = Device(4, "Monitor of Speakers", "PulseAudio", inputs=2, loopback=True, server_name="speakers.monitor")
ALL = [MICROPHONE, SPEAKERS, STAGE, CAMERA, MONITOR]


@pytest.fixture
def system() -> FakeSystem:
    return FakeSystem(list(ALL))


def test_a_device_is_found_by_its_number(system: FakeSystem) -> None:
    assert find_device(2, system=system) == STAGE
    assert find_device(" 3 ", system=system) == CAMERA


@pytest.mark.parametrize("name", ["Scarlett 18i20 USB", "scarlett", "18I20"])
def test_a_device_is_found_by_its_name_or_a_part_of_it(system: FakeSystem, name: str) -> None:
    assert find_device(name, system=system) == STAGE
    assert find_device(name, direction="output", system=system) == STAGE


def test_a_device_is_found_by_what_the_server_calls_it(system: FakeSystem) -> None:
    assert find_device("speakers.monitor", system=system) == MONITOR


def test_unless_asked_for_it_is_the_default_one(system: FakeSystem) -> None:
    assert find_device(system=system) == MICROPHONE
    assert find_device(direction="output", system=system) == SPEAKERS
    system.there = [CAMERA, STAGE]
    assert find_device(system=system) == CAMERA, "the first, where none is the default"


def test_a_whole_name_is_taken_before_a_part_of_another(system: FakeSystem) -> None:
    longer = Device(9, "Fine Microphone Deluxe", "ALSA", inputs=2)
    system.there.insert(0, longer)
    assert find_device("fine microphone", system=system) == MICROPHONE


def test_a_part_of_several_names_is_refused_with_them(system: FakeSystem) -> None:
    with pytest.raises(SoundError, match=r"several sound inputs[\s\S]*0 Fine Microphone, 3 Camera Microphone"):
        find_device("microphone", system=system)


def test_of_one_card_in_several_systems_the_quickest_is_taken() -> None:
    apis = ["MME", "Windows DirectSound", "Windows WASAPI", "Windows WDM-KS"]
    system = FakeSystem([replace(STAGE, number=n, api=api) for n, api in enumerate(apis)])
    assert find_device("scarlett", system=system).api == "Windows WASAPI"
    assert find_device("Scarlett 18i20 USB (MME)", system=system).api == "MME", "as it is written in full"


def test_a_name_that_is_not_there_is_answered_with_those_near(system: FakeSystem) -> None:
    with pytest.raises(SoundError, match=r"Scarlet 1820: there is no sound input of this name") as refused:
        find_device("Scarlet 1820", system=system)
    assert refused.value.wanted == "one of Scarlett 18i20 USB"
    with pytest.raises(SoundError, match="one of Loud Speakers, Scarlett 18i20 USB"):
        find_device("qqqq", direction="output", system=system)


def test_a_number_that_is_not_there_is_answered_with_those_that_are(system: FakeSystem) -> None:
    with pytest.raises(SoundError, match=r"no sound input of this number[\s\S]*0 Fine Microphone, 2 Scarlett"):
        find_device(1, system=system)


def test_a_machine_without_devices_says_so() -> None:
    for direction in ("input", "output"):
        with pytest.raises(SoundError, match=f"this machine has no sound {direction}"):
            find_device(direction=direction, system=FakeSystem([]))
        with pytest.raises(SoundError, match=f"this machine has no sound {direction}"):
            find_device("scarlett", direction=direction, system=FakeSystem([]))


def test_system_is_what_the_default_output_of_the_server_plays(system: FakeSystem) -> None:
    found = find_device("system", system=system)
    assert (found.server_name, found.loopback, found.inputs) == ("@DEFAULT_MONITOR@", True, 2)


def test_system_is_the_sink_itself_where_jack_reaches_it() -> None:
    speakers = Device(6, "Speakers", "PulseAudio", outputs=2, default_output=True, server_name="speakers")
    sinks = [Device(n, name, portaudio.JACK, inputs=2, outputs=2) for n, name in ((7, "Headphones"), (8, "Speakers"))]
    sinks = [portaudio._monitoring(sink, [speakers, replace(speakers, name="Headphones")]) for sink in sinks]
    system = FakeSystem([MONITOR, speakers, *sinks])
    assert find_device("system", system=system) == sinks[1]
    assert find_device(direction="output", system=system) == sinks[1], "of one name, the quicker one"


def test_system_is_a_loopback_device_where_there_is_no_server() -> None:
    hole = Device(7, "BlackHole 2ch", "Core Audio", inputs=2, loopback=True)
    assert find_device("System", system=FakeSystem([MICROPHONE, hole])) == hole


@pytest.mark.parametrize(
    ("platform", "word"), [("linux", "libasound2"), ("darwin", "BlackHole"), ("win32", "Stereo Mix")]
)
def test_without_a_loopback_the_platform_says_how_to_get_one(
    platform: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SoundError, match=rf"hears what this machine plays[\s\S]*{word}"):
        find_device("system", system=FakeSystem([MICROPHONE]))


def test_portaudio_missing_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    portaudio.portaudio.cache_clear()
    monkeypatch.setattr("builtins.__import__", _without_portaudio(__import__))
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(SoundError, match=r"PortAudio is not installed[\s\S]*libportaudio2"):
        list_devices()


def test_the_command_without_portaudio_still_tells_the_monitors(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise SoundError("PortAudio is not installed", hint="apt-get install libportaudio2")

    monkeypatch.setattr("tessonance.sound.devices.portaudio", missing)
    monkeypatch.setattr("tessonance.cli.devices._monitors", lambda: [_SCREEN])
    result = CliRunner().invoke(cli, ["devices"])
    assert "1600 × 900" in result.output
    assert isinstance(result.exception, SoundError)
    assert result.exception.hint == "apt-get install libportaudio2"


_SCREEN = {"number": 0, "name": "screen", "width": 1600, "height": 900, "hertz": 60, "left": 0, "top": 0, "main": True}


def _without_portaudio(real: Any) -> Any:
    def imported(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *args, **kwargs)

    return imported


def test_the_command_lists_inputs_outputs_and_monitors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tessonance.sound.devices.portaudio", lambda: FakeSystem(list(ALL)))
    monkeypatch.setattr("tessonance.cli.devices._monitors", lambda: [_SCREEN])
    lines = CliRunner().invoke(cli, ["devices"], catch_exceptions=False).output.splitlines()
    inputs, outputs, monitors = (lines.index(next(x for x in lines if x.startswith(w))) for w in ("In", "Out", "Mon"))
    assert "  *  0  Fine Microphone  2 channels, 48000 Hz, ALSA" in lines[inputs:outputs]
    assert "     3  Camera Microphone  1 channel, 16000 Hz, ALSA" in lines[inputs:outputs]
    assert any("hears what is played" in line for line in lines[inputs:outputs])
    assert "  *  1  Loud Speakers  2 channels, 48000 Hz, ALSA" in lines[outputs:monitors]
    assert "  *  0  screen  1600 × 900, 60 Hz" in lines[monitors:]


def test_the_command_speaks_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tessonance.sound.devices.portaudio", lambda: FakeSystem(list(ALL)))
    monkeypatch.setattr("tessonance.cli.devices._monitors", list)
    told = json.loads(CliRunner().invoke(cli, ["devices", "--json"], catch_exceptions=False).output)
    assert [each["name"] for each in told["devices"]] == [device.name for device in ALL]
    assert told["monitors"] == []


def test_no_display_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tessonance.sound.devices.portaudio", lambda: FakeSystem([]))
    result = CliRunner().invoke(cli, ["devices"], catch_exceptions=False)
    assert result.output.count("none") >= 2


SOURCE = {"name": "usb", "description": "USB  Mic", "sample_specification": "s24le 1ch 44100Hz", "monitor_source": ""}
SINK = {"name": "out", "description": "Speakers", "sample_specification": "s16le 2ch 48000Hz", "monitor_source": "x"}
ANSWERS = {
    "info": {"default_source_name": "usb", "default_sink_name": "out"},
    "list sources": [SOURCE, {"name": "odd"}, {**SOURCE, "sample_specification": 3}, None],
    "list sinks": [SINK],
}


def test_sources_and_sinks_of_the_server_are_devices_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server words otherwise is left out."""
    monkeypatch.setattr(pulse, "_ask", lambda *words: ANSWERS[" ".join(words)])
    source, sink = pulse.pulse_devices(Device(5, "pulse", "ALSA", index=2))
    assert (source.number, source.inputs, source.rate, source.index) == (5, 1, 44_100, 2)
    assert source.default_input
    assert not source.loopback
    assert (sink.number, sink.outputs, sink.default_output, sink.server_name) == (6, 2, True, "out")


def test_a_server_that_does_not_answer_has_no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse.shutil, "which", lambda name: None)
    assert pulse.pulse_devices(Device(5, "pulse", "ALSA")) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            -9985,
            r"is in use by another program, or gone[\s\S]*input of 2 channels at 48000 Hz[\s\S]*close what uses it",
        ),
        (-9997, r"does not run at this rate[\s\S]*48000 Hz"),
        (-9998, "does not have so many channels"),
        (-9999, r"cannot be opened[\s\S]*said the driver[\s\S]*plugged in"),
    ],
)
def test_refusals_of_portaudio_are_put_into_words(code: int, text: str) -> None:
    error = RuntimeError("said the driver", code)
    with pytest.raises(SoundError, match=text):
        raise portaudio._refusal(MICROPHONE, Wish("input", 48_000, 2), error)
