"""From a click that is played to the feature that hears it: virtual sound cards, medians per system and block size.

Run: ``python benchmarks/latency.py [SECONDS]``. A program plays clicks into a null sink and listens to its monitor with
`DeviceInput` and `FeatureStream`, as a show does. Counted from the callback that hands the click to the sound system.
Needs what the tests marked ``audio`` need, and PipeWire.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "sound"))

RATE, HOP = 48_000, 256
BETWEEN = 12_345  # samples: 257.2 ms, no multiple of a block or a frame
SETTLE = 4  # clicks that are not counted
POLL_SECONDS = 0.001  # how often a listener looks


def main() -> None:
    """Measure every backend and print the table."""
    from virtual_card import PipeWireCard, VirtualCard

    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    print(f"{'system':26} {'block':>5} {'clicks':>6}   to samples, ms        to feature hop, ms    overflows")
    print(f"{'':26} {'':5} {'':6}   median    p95        median    p95")
    for name, kind, block in [
        ("PulseAudio", VirtualCard, 128),
        ("PulseAudio", VirtualCard, 256),
        ("PipeWire, pw-jack", PipeWireCard, 128),
        ("PipeWire, pw-jack", PipeWireCard, 256),
    ]:
        print(f"{name:26} {block:5} {_row(_measure(kind, block, seconds))}", flush=True)


def _row(measured: dict[str, Any]) -> str:
    cells = [f"{len(measured['hops']):6} "]
    for what in ("samples", "hops"):
        milliseconds = [1e3 * value for value in measured[what]]
        cells.append(f"{statistics.median(milliseconds):8.1f} {np.percentile(milliseconds, 95):6.1f}     ")
    return " ".join([*cells, f"{measured['overflows']:6}"])


def _measure(kind: Any, block: int, seconds: float) -> dict[str, Any]:
    """Start a card, run this file on it as a program, and return what it says."""
    import subprocess

    with tempfile.TemporaryDirectory() as folder:
        card = kind(Path(folder))
        card.environment |= {"PIPEWIRE_LATENCY": f"{block}/{RATE}"}
        try:
            card.start()
            words = [*card.wrapper, sys.executable, __file__, "--listen", str(block), str(seconds)]
            done = subprocess.run(words, env=card.environment, capture_output=True, text=True, check=True)
        finally:
            card.close()
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


class Clicker:
    """Plays a click every so often, and keeps when each was handed over."""

    def __init__(self) -> None:
        self.handed: list[float] = []
        self._played = 0

    def play(self, out: Any, frames: int, times: Any, flags: Any) -> None:
        """Fill a block: a callback of PortAudio."""
        now = time.perf_counter()
        out.fill(0)
        at = -self._played % BETWEEN
        if at < frames:
            out[at : at + 8] = 0.9
            self.handed.append(now + at / RATE)
        self._played += frames


def listen(block: int, seconds: float) -> None:
    """Play and listen; say for every click when its samples and its feature hop were there."""
    from tessonance.sound import DeviceInput, FeatureStream
    from tessonance.sound.devices import find_device
    from tessonance.sound.portaudio import portaudio
    from tessonance.sound.system import Wish

    clicker, stream = Clicker(), FeatureStream(["high", "onset", "loudness"])
    source = DeviceInput("system", blocksize=block)
    output = portaudio().start(find_device(direction="output"), Wish("output", RATE, 2, block), clicker.play)
    arrivals: list[float] = []  # of samples
    ready: list[float] = []
    heard, hops, waiting = 0, 0, []
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        samples = source.read()
        now = time.perf_counter()
        loud = np.flatnonzero(np.abs(samples) > 0.3)
        if len(loud) and (not arrivals or now - arrivals[-1] > 0.1):
            arrivals.append(now)
            waiting.append(heard + int(loud[0]))
        heard += len(samples)
        hops += len(stream.push(samples))
        if waiting and hops * HOP > waiting[0]:
            ready.append(time.perf_counter())
            waiting.pop(0)
        time.sleep(POLL_SECONDS)
    overflows = source.state.overflows
    portaudio().let_go(output)
    source.close()
    found = {"samples": _after(clicker.handed, arrivals), "hops": _after(clicker.handed, ready)}
    print(json.dumps(found | {"overflows": overflows}))
    sys.stdout.flush()
    os._exit(0)  # nothing to tidy up, and JACK's end may take long


def _after(clicks: list[float], seen: list[float]) -> list[float]:
    """Return how long after each click something was seen; clicks that were lost are left out."""
    lags = []
    for click in clicks[SETTLE:]:
        after = [moment - click for moment in seen if moment > click]
        if after and after[0] < BETWEEN / RATE:
            lags.append(after[0])
    return lags


if __name__ == "__main__":
    if sys.argv[1:2] == ["--listen"]:
        listen(int(sys.argv[2]), float(sys.argv[3]))
    else:
        main()
