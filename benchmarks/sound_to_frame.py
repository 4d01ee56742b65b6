"""From a sound that is played to the frame that shows it: a virtual sound card, a real window, the whole show between.

    python benchmarks/sound_to_frame.py [SECONDS]
    python benchmarks/sound_to_frame.py --soak [MINUTES]

A program plays bursts of noise into a null sink and shows what its monitor hears, as `tess play --input system` does,
in a window of 640 x 360 on a display of its own. Counted from the callback that hands the burst to the sound system to
the swap of the first frame whose coordinate has moved by a fiftieth of an axis. Wanted with PipeWire in blocks of 128:
a median of at most 25 ms.

A soak plays on for an hour, or as long as it is told, and says whether picture and sound came apart: the median of its
last tenth less that of its first, at most a frame. And how much memory came to it after the first minute: at most 10
MB.

Needs what the tests marked `audio` and `screen` need, and PipeWire.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests" / "sound")]

RATE = 48_000
FRAME_MS, GROWTH_MB = 1000 / 60, 10.0
BETWEEN, LONG = 31_337, 4_800  # samples from burst to burst, no multiple of a block or a frame; and of a burst
SETTLE = 4  # bursts that are not counted
MOVED = 0.02
LONGEST_SECONDS = 0.3  # later than that, a burst was not heard at all
WANTED_MS = 25.0


def main() -> None:
    """Measure both servers and print the table."""
    from show import display
    from virtual_card import PipeWireCard, VirtualCard

    if sys.argv[1:2] == ["--soak"]:
        with display():
            raise SystemExit(not soak(float(sys.argv[2]) if len(sys.argv) > 2 else 60.0))
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    print(f"{'system':22} {'block':>5} {'bursts':>6}  median, ms  p95, ms  frame every, ms")
    with display():
        for name, kind, block in [
            ("PipeWire, pw-jack", PipeWireCard, 128),
            ("PipeWire, pw-jack", PipeWireCard, 256),
            ("PulseAudio", VirtualCard, 128),
        ]:
            found = measure(kind, block, seconds)
            took = 1000 * np.array(found["took"])
            reached = "" if block != 128 or kind is not PipeWireCard else verdict(float(np.median(took)))
            figures = f"{np.median(took):11.1f} {np.percentile(took, 95):8.1f} {found['median_ms']:16.1f}"
            print(f"{name:22} {block:5} {len(took):6} {figures}  {reached}", flush=True)


def soak(minutes: float) -> bool:
    """Show for long, print what changed meanwhile, and return whether it is as wanted."""
    from virtual_card import VirtualCard

    found = measure(VirtualCard, 256, minutes * 60)
    took = np.array_split(1000 * np.array(found["took"]), 10)
    medians = [float(np.median(part)) for part in took]
    drift, (began, ended) = medians[-1] - medians[0], found["memory_mb"]
    print(f"{minutes:g} minutes, {found['frames']:,} frames, {sum(map(len, took)):,} bursts")
    print("sound to frame, median of each tenth, ms:", " ".join(f"{each:.1f}" for each in medians))
    print(f"drift {drift:+.1f} ms: {verdict(abs(drift), FRAME_MS)}")
    print(f"memory {ended:.0f} MB, {ended - began:+.1f} since the first minute: {verdict(ended - began, GROWTH_MB)}")
    print(f"lost sound {found['overflows']}; late pictures {found['late_share']:.3%}")
    return abs(drift) <= FRAME_MS and ended - began <= GROWTH_MB


def verdict(value: float, wanted: float = WANTED_MS) -> str:
    """Say whether a figure is as wanted."""
    return "reached" if value <= wanted else "NOT reached"


def measure(kind: Any, block: int, seconds: float) -> dict[str, Any]:
    """Start a card, run this file on it as a program, and return what it says."""
    with tempfile.TemporaryDirectory() as folder:
        card = kind(Path(folder))
        card.environment |= {"PIPEWIRE_LATENCY": f"{block}/{RATE}", "DISPLAY": os.environ["DISPLAY"]}
        try:
            card.start()
            words = [*card.wrapper, sys.executable, __file__, "--show", str(block), str(seconds)]
            done = subprocess.run(words, env=card.environment, capture_output=True, text=True, check=True)
        finally:
            card.close()
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class Bursts:
    """Plays a burst of noise every so often, and keeps when its first sample was handed over."""

    def __init__(self) -> None:
        self.handed: list[float] = []
        self._noise = np.random.default_rng(0).uniform(-0.5, 0.5, (LONG, 1)).astype(np.float32)
        self._played = 0

    def play(self, out: Any, frames: int, times: Any, flags: Any) -> None:
        """Fill a block: a callback of PortAudio."""
        now = time.perf_counter()
        out.fill(0)
        at = -self._played % BETWEEN
        if at < frames:
            self.handed.append(now + at / RATE)
        since = self._played % BETWEEN
        if since < LONG:
            out[: min(frames, LONG - since)] = self._noise[since : since + frames]
        if at < frames:
            out[at:] = self._noise[: frames - at]
        self._played += frames


class Places:
    """Keeps where each frame was; see `tessonance.show.player.Others`."""

    text = ""

    def __init__(self, places: array[float]) -> None:
        self._places = places

    def attend(self, now: float) -> None:
        """Nothing to say."""

    def tell(self, voice: Any, coordinate: Any, seconds: float) -> None:
        """Keep the place of a frame."""
        self._places.append(float(coordinate[0]))


def show(block: int, seconds: float) -> None:
    """Play and show; say for every burst when its frame was there."""
    from show import painted, resident_mb

    from tessonance.project import Idle, Mapping, Route
    from tessonance.show.desk import Desk, LivePiece
    from tessonance.show.flash import FlashLimiter
    from tessonance.show.listener import Listener
    from tessonance.show.mapping_file import MappingFile
    from tessonance.show.player import Player
    from tessonance.show.stage import Stage
    from tessonance.sinks.window import Window
    from tessonance.sound import DeviceInput
    from tessonance.sound.devices import find_device
    from tessonance.sound.portaudio import portaudio
    from tessonance.sound.system import Wish
    from tessonance.store import open_tesseract

    with tempfile.TemporaryDirectory() as folder, Window((640, 360), fps=60, vsync=False) as window:
        tesseract = open_tesseract(painted(Path(folder), steps=5))
        routes = [Route(feature="loudness", axis="bloom", attack_ms=0, release_ms=30)]
        mapping = Mapping(tesseract.grid, routes, idle=Idle(speed=0))
        bursts, source = Bursts(), DeviceInput("system", blocksize=block)
        output = portaudio().start(find_device(direction="output"), Wish("output", RATE, 1, block), bursts.play)
        listener = Listener(source, [tesseract.grid])
        desk = Desk([LivePiece("bench", mapping, MappingFile(Path(folder) / "none.toml", tesseract.grid))], listener)
        places = array("d")
        with Stage(window.context, tesseract) as stage:
            player = Player(
                desk,
                listener,
                [stage],
                window,
                limiter=FlashLimiter(),
                others=Places(places),
            )
            desk.begin()
            swaps, began = array("d"), time.perf_counter()
            memory: list[float] = []
            while (passed := time.perf_counter() - began) < seconds:
                before = len(places)
                player.frame()
                swaps.extend([time.perf_counter()] * (len(places) - before))
                if not memory and passed > min(60.0, seconds / 2):
                    memory.append(resident_mb())
            memory.append(resident_mb())
        portaudio().let_go(output)
        source.close()
        report = player.report()
        found = {
            "took": after(bursts.handed, swaps, places),
            "median_ms": report.pace.median_ms,
            "frames": report.pace.frames,
            "late_share": report.late_share,
            "overflows": report.overflows,
            "memory_mb": memory,
        }
        print(json.dumps(found))
        sys.stdout.flush()
        os._exit(0)  # nothing to tidy up, and JACK's end may take long


def after(handed: list[float], swaps: array[float], places: array[float]) -> list[float]:
    """Return how long after each burst a frame showed it."""
    moved = np.array(swaps)[np.array(places) > MOVED]
    bursts = np.array(handed[SETTLE:])
    firsts = np.searchsorted(moved, bursts, side="right")
    bursts, firsts = bursts[firsts < len(moved)], firsts[firsts < len(moved)]
    took = moved[firsts] - bursts
    return [float(each) for each in took if each < LONGEST_SECONDS]


if __name__ == "__main__":
    show(int(sys.argv[2]), float(sys.argv[3])) if sys.argv[1:2] == ["--show"] else main()
