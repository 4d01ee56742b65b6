"""What a frame of the live show costs in OpenGL: decode, upload, blend, present, and the whole loop at its rate.

    python benchmarks/gl.py

Without a screen (EGL), so that it runs anywhere; on a machine without a graphics card this is software rendering, a
floor. Processor times hold on a busy machine, too; those by the clock do not. The blend by the graphics processor
takes turns with `CpuSampler`, frame by frame. Then the demo's song plays 65 × 65 pictures: known a fifth of a second
ahead, as songs are, and not, as by a microphone. Last, such a tesseract is opened up to its first frame, in a new
process.

On a machine that does other work besides, ``--slower 4`` tells how many pictures would be late without that.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

import tessonance as tess
from tessonance.grid import Axis, Grid
from tessonance.project import Generator, Mapping, Picture, Project, Route
from tessonance.sampling import CpuSampler, GlSampler
from tessonance.show.flash_estimate import thumbnail
from tessonance.show.patience import PATIENCE_SECONDS
from tessonance.show.stage import Stage
from tessonance.sinks import OffscreenWindow, Panel, Surface, Window
from tessonance.sound.demo_song import write_demo_song
from tessonance.store import Tesseract, TesseractWriter, open_tesseract

SIDE, STEPS = 512, 65
SIZES = ((640, 360), (1280, 720))
SCENES = 8
AHEAD_SECONDS = (0.017, 0.033, 0.067, 0.1, 0.15, 0.2)

if TYPE_CHECKING:
    from tessonance.motion import Path as MotionPath


def scene(side: int, *, phase: float) -> np.ndarray:
    """Paint smooth colour waves with some grain: between a photograph and a drawing in what a decoder has to do."""
    y, x = np.mgrid[0:side, 0:side] / side
    waves = np.stack([np.sin(9 * x + 7 * y * k + phase) + np.sin(5 * x * y + k) for k in (1, 2, 3)], -1)
    noise = np.random.default_rng(int(1000 * phase)).normal(0, 6, waves.shape)
    return np.clip(127 + 60 * waves + noise, 0, 255).astype(np.uint8)


def make(path: Path) -> None:
    """Fill a square tesseract with a few different scenes."""
    axes = (Axis(name="bloom", steps=STEPS), Axis(name="ink", steps=STEPS))
    project = Project(picture=Picture(width=SIDE, height=SIDE), generator=Generator(use="plasma"), axes=axes)
    with TesseractWriter.create(path, project) as writer:
        encoded = [writer.codec.encode(scene(SIDE, phase=k / SCENES)) for k in range(SCENES)]
        for flat in range(writer.grid.size):
            writer.put(writer.grid.cell(flat), encoded[(flat * 5 + flat // STEPS) % SCENES])


class Stopwatch:
    """Milliseconds of the clock and of the processor, per call."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def time(self, work: Callable[[], object]) -> None:
        """Time one call."""
        wall, processor = time.perf_counter(), time.process_time()
        work()
        self.wall.append(1e3 * (time.perf_counter() - wall))
        self.processor.append(1e3 * (time.process_time() - processor))

    def __str__(self) -> str:
        return f"{statistics.median(self.wall):8.2f}{min(self.wall):8.2f}{statistics.mean(self.processor):9.2f}"


def parts(tesseract: Tesseract, size: tuple[int, int], rounds: int) -> dict[str, Stopwatch]:
    """Time each part of a frame."""
    names = ["decode", "to four channels", "thumbnail", "upload", "blend of 4", "blend of 4, what cover shows"]
    names += ["fit", "fit with panel", "fit, calmed", "cross-fade", "CpuSampler, blend of 4"]
    watches = {name: Stopwatch() for name in names}
    rng = np.random.default_rng(1)
    pictures = [tesseract.picture((0, k)) for k in range(SCENES)]
    four = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)) for picture in pictures]
    grid = Grid([Axis(name="a", steps=2), Axis(name="b", steps=2)])
    cpu = CpuSampler(lambda cell: pictures[grid.flat(cell)], grid, [[0, 1], [0, 1]])
    shown = (0, (SIDE - SIDE * size[1] // size[0]) // 2, SIDE, SIDE * size[1] // size[0])
    panel = Panel(np.full((200, 460, 4), 60, np.uint8), (20, 20))
    with OffscreenWindow(size) as window:
        sampler, other = (GlSampler(window.context, (SIDE, SIDE), SCENES) for _ in range(2))
        for layer, picture in enumerate(four):
            sampler.put(layer, picture)
            other.put(layer, picture)
        sampler.warm(4)
        texture, beside = sampler.draw([(0, 0.5), (1, 0.5)]), other.draw([(2, 1.0)])

        def finished(work: Callable[[], object]) -> Callable[[], object]:
            return lambda: (work(), window.context.finish())

        for number in range(rounds):
            u, k = float(rng.uniform(0.1, 0.9)), number % SCENES
            shares = [((k + j) % SCENES, weight) for j, weight in enumerate((u / 2, (1 - u) / 2, u / 2, (1 - u) / 2))]
            works: dict[str, Callable[[], object]] = {
                "decode": lambda: tesseract.picture((3, 4)),
                "to four channels": lambda k=k: cv2.cvtColor(pictures[k], cv2.COLOR_RGB2RGBA),
                "thumbnail": lambda k=k: thumbnail(pictures[k]),
                "upload": finished(lambda k=k: sampler.put(k, four[k])),
                "blend of 4": finished(lambda shares=shares: sampler.draw(shares)),
                "blend of 4, what cover shows": finished(lambda shares=shares: sampler.draw(shares, region=shown)),
                "CpuSampler, blend of 4": lambda u=u: cpu.frame((u, 0.5)),
                "fit": finished(lambda: window.present(texture)),
                "fit with panel": finished(lambda: window.present(texture, panels=[panel])),
                "fit, calmed": finished(lambda: window.present(texture, calm=0.5)),
                "cross-fade": finished(lambda: window.present(texture, over=beside, mix=0.5)),
            }
            for name, work in works.items():
                if "calmed" in name:
                    work()  # the first calmed frame draws the one before it once more
                watches[name].time(work)
        sampler.release()
        other.release()
    for watch in watches.values():
        del watch.wall[:2], watch.processor[:2]  # the first ones compile
    return watches


def mapping_of(grid: Grid) -> Mapping:
    """Return the mapping of the tutorial."""
    return Mapping(grid, (Route(feature="low", axis="bloom"), Route(feature="high", axis="ink")))


def song_path(folder: Path, mapping: Mapping) -> MotionPath:
    """Return where the demo's song leads."""
    song = folder / "song.wav"
    write_demo_song(song)
    return tess.motion(mapping, tess.features(song, mapping.feature_names))


def play(tesseract: Tesseract, window: Surface, path: MotionPath, seconds: float, *, known: bool, slower: float) -> str:
    """Play a path, and say how evenly; `known` as that of a song is, which is heard only after it was analysed."""
    stage = Stage(window.context, tesseract, start=path.at(0.0), patience_seconds=slower * PATIENCE_SECONDS)
    period = window.pacer.period / slower
    seen, processor = [], time.process_time()
    for number in range(round(seconds / period)):
        t = number * period
        before, now, *ahead = path.at([t - 0.05, t, *(t + step for step in AHEAD_SECONDS if known)])
        window.poll()
        stage.prepare(now, ((now - before) / 0.05).tolist(), ahead)
        window.begin()
        window.present(stage.draw(path.at(t + period), shown_in=window.size).texture)
        seen.append(window.swap())
    busy = 1e3 * (time.process_time() - processor) / len(seen)
    steps, counts = 1e3 * np.diff(seen), stage.counts
    stage.close()
    late = 100 * counts.replaced / counts.pictures
    middle, high = np.percentile(steps, [50, 99])
    return f"{middle:8.2f}{high:8.2f}{busy:9.2f}{late:9.2f} %{counts.decoded / len(seen):10.2f}{counts.failed:8d}"


def first_frame(path: Path, *, on_screen: bool) -> tuple[float, float]:
    """Return the seconds, of the clock and of the processor, from nothing to the first frame of a process."""
    kind = "Window((640, 360))" if on_screen else "OffscreenWindow((640, 360))"
    code = (
        "import resource\n"
        "from tessonance.sinks import OffscreenWindow, Window\n"
        "from tessonance.show.stage import Stage\n"
        "from tessonance.store import open_tesseract\n"
        f"window = {kind}\n"
        f"stage = Stage(window.context, open_tesseract({str(path)!r}), start=(0.51, 0.51))\n"
        "window.begin()\n"
        "window.present(stage.draw((0.51, 0.51), shown_in=window.size).texture)\n"
        "window.swap()\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, flush=True)\n"
    )
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        used = float(process.stdout.readline())
        return time.perf_counter() - began, used


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=30.0, help="of the loop, each time; the song has 32")
    parser.add_argument("--screen", action="store_true", help="in a window on the screen")
    parser.add_argument("--slower", type=float, default=1.0, help="give every frame of the loop so many times its time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "bench.tess")
        with open_tesseract(folder / "bench.tess") as tesseract:
            print(f"{'milliseconds':44}{'median':>8}{'least':>8}{'CPU':>9}")
            for size in SIZES:
                watches = parts(tesseract, size, given.rounds)
                for label, watch in watches.items():
                    depends = label.startswith(("fit", "cross")) or "cover" in label
                    if depends or size == SIZES[0]:
                        print(f"{f'{label}, {size[0]} × {size[1]}' if depends else label:44}{watch}")
                pairs = zip(watches["CpuSampler, blend of 4"].wall, watches["blend of 4"].wall, strict=True)
                print(f"speed of the blend over CpuSampler's: {statistics.median(a / b for a, b in pairs):.2f}")
            head = f"{'median':>8}{'p99':>8}{'CPU':>9}{'late':>11}{'decoded':>10}{'failed':>8}"
            print(f"\n{'the loop at 60 fps':36}{head}")
            path = song_path(folder, mapping_of(tesseract.grid))
            kind = Window if given.screen else OffscreenWindow
            for size, known in product(SIZES, (True, False)):
                heard = "a song" if known else "a microphone"
                with kind(size, fps=60 / given.slower) as window:
                    told = play(tesseract, window, path, given.seconds, known=known, slower=given.slower)
                    print(f"{f'{size[0]} × {size[1]}, {heard}':36}{told}")
        starts = [first_frame(folder / "bench.tess", on_screen=given.screen) for _ in range(5)]
        wall, used = (statistics.median(column) for column in zip(*starts, strict=True))
        print(f"\nfrom nothing to the first frame of {STEPS} × {STEPS} pictures: {wall:.2f} s, processor {used:.2f} s")


if __name__ == "__main__":
    main()
