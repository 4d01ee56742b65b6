"""The live show in a real window with a real song: pacing, late pictures, lost sound, memory, and who needs the time.

    python benchmarks/show.py [SONG] [--minutes 10] [--tesseract NAME.tess] [--size 640x360] [--method morph]

Without a display it starts one of its own (Xvfb). Wanted, at 640 x 360 with pictures of 512 x 512 and a blend along two
axes, on two cores without a graphics card: a frame every 16.7 ms, 99 of 100 within 20 ms, at most 0.5 % late, no sound
lost, and after the first minute less than 10 MB more memory. Without a tesseract one of 17 x 17 is painted by `cppn`
first; for a morph one of `scene`, whose pictures differ by motion alone, so that all its edges flow, and it is baked.
Shares of a core are read from /proc, so they are told on Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import tessonance as tess
from tessonance.show.ensemble import Ensemble
from tessonance.show.play import Look, play
from tessonance.smooth.bake import bake
from tessonance.sound import probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

PROJECT = """
[picture]
width = 512
height = 512

[generator]
use = "cppn"
seed = 7

[[axis]]
name = "bloom"
steps = 17

[[axis]]
name = "ink"
steps = 17

[[route]]
feature = "low"
axis = "bloom"

[[route]]
feature = "high"
axis = "ink"
"""
SCENE = PROJECT.replace("cppn", "scene").replace('"bloom"', '"pan"').replace('"ink"', '"turn"')
MEMORY_EVERY = 5.0  # seconds
WANTED = {"median_ms": (16.5, 16.9), "p99_ms": 20.0, "late_share": 0.005, "growth_mb": 10.0, "hearing_share": 0.02}


@contextmanager
def display() -> Iterator[None]:
    """Bring a display where there is none."""
    if os.environ.get("DISPLAY") or not shutil.which("Xvfb"):
        yield
        return
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x900x24", "+extension", "GLX"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        os.environ["DISPLAY"] = ":" + os.read(reading, 16).decode().strip()
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait()


def painted(folder: Path, *, steps: int = 17, moving: bool = False) -> Path:
    """Paint a tesseract where none was named, and bake it where it is to move."""
    file = folder / "bench.toml"
    file.write_text((SCENE if moving else PROJECT).replace("steps = 17", f"steps = {steps}"))
    tess.generate(file, folder / "bench.tess").close()
    if moving:
        bake(folder / "bench.tess")
    return folder / "bench.tess"


def resident_mb() -> float:
    """Return how much memory this process holds."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Watch(threading.Thread):
    """Looks now and then at memory and at who needs the processor."""

    def __init__(self) -> None:
        super().__init__(name="watch", daemon=True)
        self.over = threading.Event()
        self.began = time.perf_counter()
        self.memory: list[tuple[float, float]] = []
        self.shares: dict[str, float] = {}

    def run(self) -> None:
        """Look until it is over."""
        while not self.over.wait(MEMORY_EVERY if self.memory else 0.5):
            self.memory.append((time.perf_counter() - self.began, resident_mb()))
            passed = time.perf_counter() - self.began
            for thread in threading.enumerate():
                self.shares[thread.name.rstrip("-_0123456789")] = cpu_seconds(thread.native_id) / passed
            self.shares["all"] = time.process_time() / passed

    def growth_mb(self, since: float = 60.0) -> float:
        """Return how much more memory there is at the end than at a time."""
        first = next((mb for at, mb in self.memory if at >= since), self.memory[0][1])
        return self.memory[-1][1] - first


class Hearing:
    """Counts the processor time of features and motion, by standing before what does them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._hear = Ensemble.hear

    def __enter__(self) -> Hearing:
        def hear(ensemble: Ensemble, samples: NDArray[np.float32]) -> None:
            began = time.thread_time()
            self._hear(ensemble, samples)
            self.seconds += time.thread_time() - began

        Ensemble.hear = hear  # type: ignore[method-assign]
        return self

    def __exit__(self, *error: object) -> None:
        Ensemble.hear = self._hear  # type: ignore[method-assign]


def cpu_seconds(thread: int | None) -> float:
    """Return the processor time of a thread, 0 where it is not told."""
    try:
        words = Path(f"/proc/self/task/{thread}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def verdict(value: float, wanted: float | tuple[float, float]) -> str:
    """Say whether a figure is as wanted."""
    low, high = wanted if isinstance(wanted, tuple) else (-1e9, wanted)
    return "reached" if low <= value <= high else "NOT reached"


def main() -> None:
    """Play, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", help="a sound file, played again and again")
    parser.add_argument("--tesseract", type=Path)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--method", default="blend", help="blend, nearest or morph")
    parser.add_argument("--fps", type=float, default=60.0)
    parser.add_argument("--hud", action="store_true")
    parser.add_argument("--no-flash-limit", action="store_true")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    look = Look(
        size=(width, height),
        vsync=False,
        hud=given.hud,
        flash_limit=not given.no_flash_limit,
        method=given.method,
        fps=given.fps,
    )
    with display(), tempfile.TemporaryDirectory() as folder:
        tesseract = given.tesseract or painted(Path(folder), moving=given.method == "morph")
        watch = Watch()
        watch.start()
        began = time.process_time()
        with Hearing() as hearing:
            report = play([tesseract], given.song, loop=True, look=look, seconds=given.minutes * 60, say=print)
        used = time.process_time() - began
        watch.over.set()
        watch.join()
    pace, growth = report.pace, watch.growth_mb()
    print(f"{pace.frames:,} frames of {width} x {height}, {probe(given.song).seconds:.0f} s of song, again and again")
    print(f"median {pace.median_ms:.2f} ms: {verdict(pace.median_ms, WANTED['median_ms'])}")
    print(f"p99 {pace.p99_ms:.2f} ms: {verdict(pace.p99_ms, WANTED['p99_ms'])}; longest {pace.longest_ms:.0f} ms")
    print(f"late {report.late_share:.3%}: {verdict(report.late_share, WANTED['late_share'])}")
    print(f"lost sound {report.overflows}; calmed {report.calmed} frames; unreadable pictures {report.failed}")
    if given.method == "morph":
        blended, unmoved = report.blended / pace.frames, report.unmoved / pace.frames
        print(f"morphed plainly {report.plain / pace.frames:.3%} of the frames")
        print(f"cross-faded {blended:.3%} of the frames; {unmoved:.3%} without a field that was not ready")
    grown = verdict(growth, WANTED["growth_mb"])
    print(f"memory {watch.memory[-1][1]:.0f} MB, {growth:+.1f} since the first minute: {grown}")
    share = hearing.seconds / (given.minutes * 60)
    print(f"features and motion {share:.2%} of a core: {verdict(share, WANTED['hearing_share'])}")
    print(f"processor: {used / (given.minutes * 60):.0%} of a core in all, of which")
    for name, share in sorted(watch.shares.items(), key=lambda each: -each[1]):
        print(f"  {share:7.2%} {name}")


if __name__ == "__main__":
    main()
