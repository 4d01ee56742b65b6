"""What rendering costs beside encoding frames that are ready.

Run: ``python benchmarks/render.py``. A song plays a tesseract of 512×512 pictures into a film of 1280×720 at 30 frames
a second, by x264 (veryfast, CRF 20), each frame a blend of up to four pictures. Every round also encodes the very same
frames, made beforehand, in the same way; with sound, and without. The ratios are of speeds, so 1 would be free; those
of processor time hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec.structs import replace

import tessonance as tess
from tessonance.plugins import generator_kind
from tessonance.project import Picture, Project, parse_project
from tessonance.sinks import MemorySink, VideoSink
from tessonance.sound import blocks
from tessonance.sound.demo_song import write_demo_song

SIZE, FPS = (1280, 720), 30
START = 0.0


def project(steps: int) -> Project:
    """Return the demo's own project with square pictures and fewer steps."""
    preset = parse_project(generator_kind("painted").presets["kaleidoscope"])
    axes = tuple(replace(axis, steps=steps) for axis in preset.axes)
    return replace(preset, picture=Picture(width=512, height=512), axes=axes)


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds some work takes, and the seconds of processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def encode(frames: list[np.ndarray], film: Path, *, song: Path | None, length: float) -> None:
    """Encode frames that are ready."""
    sound = blocks(song, start=START, stop=START + length, channels=2) if song else None
    sink = VideoSink(film, SIZE, FPS, audio=sound, force=True)
    for frame in frames:
        sink.write(frame)
    sink.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=float, default=8.0, help="seconds of film")
    parser.add_argument("--steps", type=int, default=9, help="of both axes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        song, film = folder / "song.wav", folder / "film.mp4"
        write_demo_song(song)
        tesseract = tess.generate(project(given.steps), folder / "bench.tess")
        part = {"start": START, "stop": START + given.length}
        ready = MemorySink()
        tess.render(tesseract, song, None, size=SIZE, fps=FPS, sink=ready, **part)
        works: dict[str, Callable[[], object]] = {
            "encode": lambda: encode(ready.frames, film, song=None, length=given.length),
            "encode with sound": lambda: encode(ready.frames, film, song=song, length=given.length),
            "render": lambda: tess.render(tesseract, song, film, size=SIZE, fps=FPS, force=True, **part),
            "render with HUD": lambda: tess.render(
                tesseract, song, film, size=SIZE, fps=FPS, force=True, hud=True, **part
            ),
        }
        rounds = [{label: cost(work) for label, work in works.items()} for _ in range(given.rounds)]
    print(f"{'':20}{'frames/s':>10}{'/ encode':>10}{'/ with sound':>14}{'CPU ms/frame':>15}{'/ encode':>10}")
    for label in works:
        wall, processor = (statistics.median(times[label][k] for times in rounds) for k in (0, 1))
        speeds = [ratio(rounds, base, label, 0) for base in ("encode", "encode with sound")]
        count = len(ready.frames)
        print(
            f"{label:20}{count / wall:10.1f}{speeds[0]:10.2f}{speeds[1]:14.2f}{1e3 * processor / count:15.1f}"
            f"{ratio(rounds, 'encode', label, 1):10.2f}"
        )


def ratio(rounds: list[dict[str, tuple[float, float]]], base: str, label: str, kind: int) -> float:
    """Return how fast some work is beside another, the median of the rounds; by the clock (0) or the processor (1)."""
    return statistics.median(times[base][kind] / times[label][kind] for times in rounds)


if __name__ == "__main__":
    main()
