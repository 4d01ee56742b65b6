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


def told() -> str:
    """What came in since the last question: a line, or nothing."""
    return sys.stdin.readline().strip() if select.select([sys.stdin], [], [], 0)[0] else ""


def devices() -> None:
    """Say what there is."""
    say(devices=[[device.name, device.api, device.loopback] for device in list_devices()])


def listen(path: str, device: str = "system") -> None:
    """Listen to a device."""
    keep(DeviceInput(device, blocksize=128), path)


def keep(source: DeviceInput | SongInput, path: str) -> None:
    """Say how it is when that changes; write what was heard so far to a file when told; end when told "enough"."""
    heard, status, began, samples = [], "", time.perf_counter(), 0
    while (word := told()) != "enough":
        heard.append(source.read())
        samples += len(heard[-1])
        state = source.state
        now = state.status if samples else "silent"
        if now != status:
            status = now
            say(status=status, message=state.message, samples=samples)
        if word == "keep":
            np.save(path, np.concatenate(heard))
            say(status="kept")
        time.sleep(POLL_SECONDS)
    say(status="done", samples=samples, seconds=time.perf_counter() - began)
    source.close()


def song(song_path: str, path: str) -> None:
    """Play a song."""
    keep(SongInput(Path(song_path), blocksize=256), path)


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
