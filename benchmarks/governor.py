"""What the governor does to a show whose music is wired straight to its axes, and what it costs.

    python benchmarks/governor.py

Bass and treble of the demo song on the two axes of three fixtures, 17 × 17 pictures, as fast as anybody would dare
(attack 10, release 220 ms) and as routes are unless told otherwise (40 and 500), at a limit of 7.5 perceived a second:
0.25 a frame at 30 frames a second. Steps are FLIP of rendered frames, cross-faded, as viewed at 128 × 128. Wanted: the
99th percentile down by 45 % or more, no frame above 1.3 times the limit at 30 or 60 frames a second, live at most 8 %
of the axis and 100 ms late, a film not late at all, and a few microseconds a hop.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tessonance.certify.musicality import lag_between
from tessonance.grid import Cell
from tessonance.motion import Path, Slowness, SpeedLimit, motion
from tessonance.plugins import open_generator
from tessonance.project import ANALYSIS_RATE, Mapping, Project, Route, parse_project
from tessonance.sampling import CpuSampler
from tessonance.smooth.flip import difference, see
from tessonance.smooth.lengths import edge_distances
from tessonance.smooth.views import view
from tessonance.sound import features
from tessonance.sound.demo_song import demo_song

FIXTURES = {"toy": ("tall", "blot"), "scene": ("pan", "zoom"), "painted": ("bloom", "ink")}
LIMIT = 7.5
DRIVES = ((10, 220), (40, 500))


def fixture(use: str, *, steps: int, side: int) -> tuple[Project, dict[Cell, NDArray[np.uint8]]]:
    """Paint a grid, and see it as frames are compared."""
    names = FIXTURES[use]
    axes = "".join(f'[[axis]]\nname = "{name}"\nsteps = {steps}\n' for name in names)
    head = f'[picture]\nwidth = {side}\nheight = {side}\n[generator]\nuse = "{use}"\nseed = 1\n'
    project = parse_project(head + axes)
    painter, pictures = open_generator(project), {}
    try:
        for flat in range(project.grid.size):
            cell = project.grid.cell(flat)
            seen = view(painter.paint([project.grid.point(cell)])[0])
            pictures[cell] = np.rint(seen * 255).astype(np.uint8)
    finally:
        painter.close()
    return project, pictures


def steps_of(sampler: CpuSampler, path: Path, *, fps: float, seconds: float) -> NDArray[np.float64]:
    """Return FLIP from frame to frame."""
    seen = [see(view(sampler.frame(place))) for place in path.at(np.arange(0, seconds, 1 / fps))]
    return np.array([difference(before, after) for before, after in pairwise(seen)])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=17.0, help="of the song, from 17")
    parser.add_argument("--steps", type=int, default=17)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--limit", type=float, default=LIMIT, help="perceived a second")
    asked = parser.parse_args()
    song = demo_song(seconds=asked.seconds), ANALYSIS_RATE
    heads = ("p99 free", "p99 live", "down", "p99 film", "most 30", "most 60", "film 30", "film 60")
    heads += ("lag live", "ms", "film", "ms", "held", "us/hop")
    print(f"{'':15}" + "".join(f"{head:>9}" for head in heads))
    for use in FIXTURES:
        made = fixture(use, steps=asked.steps, side=asked.side)
        for drive in DRIVES:
            print(
                f"{use:8} {drive[0]:>2}/{drive[1]}" + "".join(f"{text:>9}" for text in row(made, drive, song, asked)),
                flush=True,
            )
    print(f"most: the largest step in units of the limit, {asked.limit:g} a second")


def row(
    made: tuple[Project, dict[Cell, NDArray[np.uint8]]],
    drive: tuple[int, int],
    song: tuple[NDArray[np.float32], int],
    asked: argparse.Namespace,
) -> list[str]:
    """Measure one fixture, driven so."""
    grid, pictures = made[0].grid, made[1]
    knots = grid.knots(grid.levels - 1)
    distances = edge_distances(pictures.__getitem__, grid, knots)
    routes = [
        Route(feature=feature, axis=name, attack_ms=drive[0], release_ms=drive[1])
        for feature, name in zip(("low", "high"), grid.names, strict=True)
    ]
    mapping = Mapping(grid, routes)
    track = features(song, mapping.feature_names, sound=mapping.sound)
    slowness = Slowness(grid, knots, distances, limit=asked.limit)
    hop = mapping.sound.hop / ANALYSIS_RATE
    free, film = motion(mapping, track), motion(mapping, track, governor=SpeedLimit(slowness, hop))
    limit = SpeedLimit(slowness, hop)
    began = time.process_time()
    coordinates = np.array([limit.step(place) for place in free.coordinates])
    cost = (time.process_time() - began) / len(coordinates) * 1e6
    live = Path(coordinates, hop, free.start_seconds, grid.closed)
    sampler = CpuSampler(pictures.__getitem__, grid, knots)
    found = {
        (name, fps): steps_of(sampler, path, fps=fps, seconds=asked.seconds)
        for name, path in (("free", free), ("live", live), ("film", film))
        for fps in ((30,) if name == "free" else (30, 60))
    }
    p99 = {name: float(np.percentile(found[name, 30], 99)) for name in ("free", "live", "film")}
    most = [f"{found[name, fps].max() * fps / asked.limit:.2f}" for name in ("live", "film") for fps in (30, 60)]
    lags = [text for path in (live, film) for text in lag(free, path, hop)]
    held = (np.abs(live.coordinates - free.coordinates) > 1e-4).any(axis=1).mean()
    shown = [f"{p99['free']:.3f}", f"{p99['live']:.3f}", f"{1 - p99['live'] / p99['free']:.0%}", f"{p99['film']:.3f}"]
    return [*shown, *most, *lags, f"{held:.0%}", f"{cost:.1f}"]


def lag(wanted: Path, got: Path, hop: float) -> tuple[str, str]:
    """Return how far the coordinate is from where the music wants it, and by how much it is late as a whole."""
    miss = np.abs(got.coordinates - wanted.coordinates).mean()
    return f"{miss:.1%}", f"{lag_between(wanted.coordinates, got.coordinates, hop):.0f}"


if __name__ == "__main__":
    main()
