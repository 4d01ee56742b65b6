"""Files, features and tempo: one arithmetic for file and live."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tessonance.sound.decode import SongInfo, blocks, probe
    from tessonance.sound.device_input import DeviceInput
    from tessonance.sound.devices import find_device, list_devices
    from tessonance.sound.inputs import Input, InputState, MemoryInput, Silence
    from tessonance.sound.opening import open_input
    from tessonance.sound.plot import write_plot
    from tessonance.sound.song import features
    from tessonance.sound.song_input import SongInput
    from tessonance.sound.stream import FeatureStream
    from tessonance.sound.tempo import TempoTracker
    from tessonance.sound.track import FeatureTrack
    from tessonance.sound.write import write_csv, write_npz

__all__ = [
    "DeviceInput",
    "FeatureStream",
    "FeatureTrack",
    "Input",
    "InputState",
    "MemoryInput",
    "Silence",
    "SongInfo",
    "SongInput",
    "TempoTracker",
    "blocks",
    "features",
    "find_device",
    "list_devices",
    "open_input",
    "probe",
    "write_csv",
    "write_npz",
    "write_plot",
]

_HOMES = {
    "DeviceInput": "device_input",
    "FeatureStream": "stream",
    "FeatureTrack": "track",
    "Input": "inputs",
    "InputState": "inputs",
    "MemoryInput": "inputs",
    "Silence": "inputs",
    "SongInfo": "decode",
    "TempoTracker": "tempo",
    "SongInput": "song_input",
    "blocks": "decode",
    "features": "song",
    "find_device": "devices",
    "list_devices": "devices",
    "open_input": "opening",
    "probe": "decode",
    "write_csv": "write",
    "write_npz": "write",
    "write_plot": "plot",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first wanted: some bring libraries with them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tessonance.sound' has no attribute {name!r}")
    value = getattr(import_module(f"tessonance.sound.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
