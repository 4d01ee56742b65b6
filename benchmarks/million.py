"""A million pictures in one tesseract: made, filled, verified, opened and read.

    python benchmarks/million.py                    1,000,000 cells of 64 × 64 pixels, some minutes, 2 GB of disk
    python benchmarks/million.py --cells 27000      the same with fewer
    python benchmarks/million.py --paint            every picture painted by `tessonance.generate`, not put in turn

To fill it, a few hundred pictures of `plasma` are painted and encoded once, then put over and over in random order:
what is timed is the tesseract, not the painting. Where a figure says *processor*, it is the time that this process had
of one core, so that whatever else the machine does does not count. All other times are those of the clock. Linux only.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tessonance as tess
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.store import Tesseract, TesseractWriter, open_tesseract, verify

if TYPE_CHECKING:
    from tessonance.grid import Cell
    from tessonance.project import Project

AXIS = '[[axis]]\nname = "{}"\nsteps = {}\n'
HEAD = '[picture]\nwidth = 64\nheight = 64\n[generator]\nuse = "plasma"\n'
DIFFERENT = 300
# Run in a process of its own: what opening costs beside the bare import, and how soon `tess info` has its figures.
PROBE = """
import json, resource, sys, time
import numpy, simplejpeg, tessonance.store
from tessonance.store import open_tesseract

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6

def timed(work):
    begin = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - begin), result

bare = megabytes()
opening, tesseract = timed(lambda: open_tesseract(sys.argv[1]))
picture, _ = timed(lambda: tesseract.picture([steps // 2 for steps in tesseract.grid.shape]))
opened = megabytes()
before = time.process_time()
info, facts = timed(lambda: (tesseract.painted(), tesseract.stored_bytes(), tesseract.complete_level()))
processor = 1000 * (time.process_time() - before)
print(json.dumps([opening, picture, opened - bare, info, processor, megabytes() - bare, facts]))
"""


def project_of(steps: int) -> Project:
    """Make the project of a cube."""
    return parse_project(HEAD + "".join(AXIS.format(name, steps) for name in ("bloom", "ink", "turn")))


def say(what: str, value: str, *, wanted: str = "", reached: bool = True) -> None:
    """Print a line of the table."""
    verdict = f"  wanted {wanted}: {'reached' if reached else 'MISSED'}" if wanted else ""
    print(f"{what:42} {value:>24}{verdict}", flush=True)


def encoded_pictures(project: Project) -> list[bytes]:
    """Paint and encode some pictures from all over the grid."""
    generator, grid = open_generator(project), project.grid
    cells = np.linspace(0, grid.size - 1, DIFFERENT).astype(int).tolist()
    with tempfile.TemporaryDirectory() as folder, TesseractWriter.create(Path(folder) / "x.tess", project) as writer:
        return [writer.codec.encode(generator.paint([grid.point(grid.cell(flat))])[0]) for flat in cells]


def create(path: Path, project: Project) -> None:
    """Make it, and tell what that writes."""
    begin = time.perf_counter()
    TesseractWriter.create(path, project).close()
    seconds = time.perf_counter() - begin
    files = [file for file in path.rglob("*") if file.is_file()]
    say("create", f"{1000 * seconds:.0f} ms")
    say("  files, bytes", f"{len(files)}, {sum(file.stat().st_size for file in files):,}")


def fill(path: Path, encoded: list[bytes]) -> None:
    """Put every picture, in random order."""
    with TesseractWriter.open(path) as writer:
        order = np.random.default_rng(1).permutation(writer.grid.size)
        begin, processor = time.perf_counter(), time.process_time()
        for first in range(0, len(order), 10_000):
            some = order[first : first + 10_000]
            cells: list[Cell] = np.stack(np.unravel_index(some, writer.grid.shape), axis=1).tolist()
            for number, cell in enumerate(cells):
                writer.put(cell, encoded[number % len(encoded)])
        seconds, processor = time.perf_counter() - begin, time.process_time() - processor
        rate = len(order) / processor
        say("put, pictures/s of processor time", f"{rate:,.0f}", wanted=">= 5,000", reached=rate >= 5000)
        say("  pictures/s of the clock", f"{len(order) / seconds:,.0f}")
        begin = time.perf_counter()
    say("  sync and close", f"{time.perf_counter() - begin:.1f} s")


def paint(path: Path, project: Project) -> None:
    """Paint every picture."""
    begin = time.perf_counter()
    tess.generate(project, path, durability="fast").close()
    seconds = time.perf_counter() - begin
    say("generate, pictures/s of the clock", f"{project.grid.size / seconds:,.0f}")
    say("  seconds", f"{seconds:,.0f}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    say("  most memory of the driver", f"{most:,.0f} MB")


def look(path: Path) -> None:
    """Verify it."""
    for decode, name in ((False, "verify --fast"), (True, "verify")):
        begin = time.perf_counter()
        report = verify(path, decode=decode)
        say(name, f"{time.perf_counter() - begin:.1f} s", wanted="sound", reached=report.sound)
        assert report.painted == report.planned, report


def probe(path: Path, *, small: Path) -> None:
    """Open it in a process of its own; the second time, so that the modules come from memory."""
    for which in (small, path):
        out = subprocess.run([sys.executable, "-c", PROBE, str(which)], capture_output=True, text=True, check=True)
    opening, picture, memory, info, processor, memory_then, facts = json.loads(out.stdout)
    say("open", f"{opening:.1f} ms", wanted="<= 100 ms", reached=opening <= 100)
    say("  and the first picture", f"{picture:.1f} ms")
    say("  memory beside the import", f"{memory:.1f} MB", wanted="<= 100 MB", reached=memory <= 100)
    say("info: painted, bytes, complete level", f"{info:.0f} ms")
    say("  processor", f"{processor:.0f} ms", wanted="<= 200 ms", reached=processor <= 200)
    say("  memory then", f"{memory_then:.1f} MB", wanted="<= 100 MB", reached=memory_then <= 100)
    say("  which are", ", ".join(f"{fact:,}" for fact in facts))


def race(large: Tesseract, small: Tesseract, *, rounds: int) -> None:
    """Read random pictures of both in turns."""
    random = np.random.default_rng(2)
    times: dict[Tesseract, list[float]] = {small: [], large: []}
    for number in range(2 * rounds):
        tesseract = (large, small)[number % 2]
        cell = tesseract.grid.cell(int(random.integers(tesseract.grid.size)))
        begin = time.perf_counter()
        tesseract.picture(cell)
        times[tesseract].append(time.perf_counter() - begin)
    few, many = (1e6 * float(np.median(times[tesseract][rounds // 10 :])) for tesseract in (small, large))
    say("random picture, small grid", f"{few:.0f} µs")
    say("random picture, large grid", f"{many:.0f} µs")
    say("  ratio", f"{many / few:.2f}", wanted="<= 1.2", reached=many / few <= 1.2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--paint", action="store_true", help="really paint every picture")
    parser.add_argument("--folder", type=Path, help="where the tesseracts are made, and removed again")
    given = parser.parse_args()
    steps = max(2, round(given.cells ** (1 / 3)))
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path, small = Path(folder) / "large.tess", Path(folder) / "small.tess"
        print(f"{steps}³ = {math.prod([steps] * 3):,} cells of 64 × 64 pixels")
        encoded = encoded_pictures(project_of(steps))
        TesseractWriter.create(small, project_of(5)).close()
        with TesseractWriter.open(small) as writer:
            for flat in range(writer.grid.size):
                writer.put(writer.grid.cell(flat), encoded[flat % len(encoded)])
        if given.paint:
            paint(path, project_of(steps))
        else:
            create(path, project_of(steps))
            fill(path, encoded)
        look(path)
        probe(path, small=small)
        with open_tesseract(path) as large, open_tesseract(small) as little:
            race(large, little, rounds=5000)


if __name__ == "__main__":
    main()
