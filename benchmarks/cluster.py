"""What a Dask cluster on this machine paints, beside as many plain processes.

Run: ``python benchmarks/cluster.py``. Both are started beforehand and paint whole tesseracts in turn, so that only
painting, sending and storing is compared; starting is shown apart.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from tessonance.make.cluster import ClusterCrew
from tessonance.make.crew import Crew
from tessonance.make.crews import crew
from tessonance.make.painting import Limits, Painting
from tessonance.project import Project, parse_project
from tessonance.store import TesseractWriter

PROJECT = """
[picture]
width = {size}
height = {size}
[generator]
use = "{use}"
[[axis]]
name = "{first}"
steps = {steps}
[[axis]]
name = "{second}"
steps = {steps}
"""
CASES = {"painted": ("painted", "bloom", "ink"), "cppn": ("cppn", "a", "b"), "plasma": ("plasma", "a", "b")}


class Took(NamedTuple):
    """What a tesseract took."""

    seconds: float
    processor_seconds: float


def painted(people: Crew, project: Project) -> Took:
    """Paint a whole tesseract."""
    with tempfile.TemporaryDirectory() as folder, TesseractWriter.create(Path(folder) / "b.tess", project) as writer:
        began, used = time.perf_counter(), processor_seconds()
        Painting(people, writer, Limits(level=project.grid.levels - 1), safe=False).paint()
        return Took(time.perf_counter() - began, processor_seconds() - used)


def processor_seconds() -> float:
    """Return what this process and those it started have used of the processor; a busy machine changes it little."""
    here = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (here, *here.children(recursive=True)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--use", choices=CASES, default="painted")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=17)
    wanted = parser.parse_args()
    use, first, second = CASES[wanted.use]
    text = PROJECT.format(use=use, first=first, second=second, steps=wanted.steps, size=wanted.size)
    project = parse_project(text)
    started = [time.perf_counter()]
    processes = crew(project, wanted.workers)
    started.append(time.perf_counter())
    cluster = ClusterCrew(project, f"local:{wanted.workers}")
    started.append(time.perf_counter())
    try:
        for people in (processes, cluster):
            painted(people, project)  # once for nothing: canvases, memory, pace
        rounds = [(painted(processes, project), painted(cluster, project)) for _ in range(wanted.rounds)]
    finally:
        processes.close()
        cluster.close()
    cells = project.grid.size
    print(f"{cells} pictures of {wanted.size} × {wanted.size} by {use}, {wanted.workers} workers")
    print(f"{'':12} {'start s':>8} {'pictures/s':>11} {'processor ms/picture':>21}")
    for place, name in enumerate(("processes", "cluster")):
        speed = statistics.median(cells / took[place].seconds for took in rounds)
        effort = statistics.median(took[place].processor_seconds for took in rounds) / cells * 1000
        print(f"{name:12} {started[place + 1] - started[place]:8.2f} {speed:11.1f} {effort:21.1f}")
    ratios = sorted(one.seconds / other.seconds for one, other in rounds)
    print(f"cluster / processes: median {statistics.median(ratios):.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f}")


if __name__ == "__main__":
    main()
