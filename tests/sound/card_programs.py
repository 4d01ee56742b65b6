"""Programs that use a virtual sound card: ``python card_programs.py NAME [WORD …]``; they say JSON, a line each."""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tessonance.sound import DeviceInput, list_devices
from tessonance.sound.devices import find_device
from tessonance.sound.song_input import SongInput

POLL_SECONDS = 0.004


def say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def told() -> bool:
    """Whether a line came in."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def devices() -> None:
    """Say what there is."""
    say(devices=[[device.name, device.api, device.loopback] for device in list_devices()])


def listen(path: str, device: str = "system") -> None:
    """Keep what is heard until told, in a file."""
    with_state(DeviceInput(device, blocksize=128), path)


def with_state(source: DeviceInput | SongInput, path: str) -> None:
    heard, status, began = [], "", time.perf_counter()
    samples = 0
    while not told():
        heard.append(source.read())
        samples += len(heard[-1])
        state = source.state
        now = "silent" if not samples else state.status
        if now != status:
            status = now
            say(status=status, message=state.message, samples=samples, seconds=time.perf_counter() - began)
        time.sleep(POLL_SECONDS)
    np.save(path, np.concatenate(heard))
    say(status="done", samples=samples, seconds=time.perf_counter() - began, overflows=source.state.overflows)
    source.close()


def song(song_path: str, path: str) -> None:
    """Play a song until told or at its end; keep what was given ahead of the ear."""
    with_state(SongInput(Path(song_path), blocksize=256), path)


def in_step(song_path: str, threshold: str) -> None:
    """Play a song of clicks, and say for each how many milliseconds after its second was `heard` the monitor had it."""
    import sounddevice

    arrivals: list[float] = []

    def hear(block: Any, frames: int, times: Any, flags: Any) -> None:
        loud = np.flatnonzero(np.abs(block[:, 0]) > float(threshold))
        if len(loud) and (not arrivals or time.perf_counter() - arrivals[-1] > 0.1):
            arrivals.append(time.perf_counter() - (frames - loud[0]) / 48_000)

    with sounddevice.InputStream(48_000, 128, find_device("system").index, 2, callback=hear, latency="low"):
        source = SongInput(Path(song_path), blocksize=256)
        lags, seen, given = [], 0, []
        while source.state.status != "ended":
            given.append(source.read())
            for arrival in arrivals[seen:]:
                lags.append([arrival, source.heard(arrival)])
            seen = len(lags)
            time.sleep(POLL_SECONDS)
        state = source.state
        source.close()
    say(heard=lags, latency=state.latency_seconds, message=state.message, overflows=state.overflows)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
