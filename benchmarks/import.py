"""How many finished JPEGs a second are imported.

Run: ``python benchmarks/import.py``. 100 × 100 files of 512 × 512 pixels are written first (some hundred different
pictures, hard ones with grain, over and over), then imported into a fresh tesseract; every one is decoded once, to see
whether it is sound. The baseline is reading the same files and decoding them with simplejpeg, in one loop.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

import tessonance as tess
from tessonance.generators.folder import FolderOptions
from tessonance.make.finding import found_project
from tessonance.project import parse_project

SIDE = 512
DIFFERENT = 100


def write(folder: Path, steps: int) -> int:
    """Write the files, and return how many bytes they have on average."""
    random = np.random.default_rng(1)
    encoded = []
    for number in range(DIFFERENT):
        blobs = random.integers(0, 255, (6 + number % 20, 8, 3), np.uint8)
        smooth = cv2.resize(blobs, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        grain = random.normal(0, 9, (SIDE, SIDE, 1)).astype(np.float32)
        picture = np.clip(smooth + grain, 0, 255).astype(np.uint8)
        encoded.append(simplejpeg.encode_jpeg(picture, quality=90, colorsubsampling="420"))
    for row in range(steps):
        for column in range(steps):
            raw = encoded[(row * steps + column) % DIFFERENT]
            (folder / f"p_{row:03}_{column:03}.jpg").write_bytes(raw)
    return sum(map(len, encoded)) // DIFFERENT


def bare(folder: Path, most: int) -> float:
    """Pictures a second of a loop that reads and decodes."""
    began = time.perf_counter()
    names = sorted(folder.iterdir())[:most]
    for name in names:
        simplejpeg.decode_jpeg(name.read_bytes())
    return len(names) / (time.perf_counter() - began)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "pictures")
        folder.mkdir()
        size = write(folder, steps)
        began = time.perf_counter()
        own = FolderOptions(source="", pattern="p_{down}_{right}.jpg")
        project = parse_project(found_project(folder, name, own=own).text, folder=name)
        looked, worked = time.perf_counter(), time.process_time()
        report = tess.import_pictures(project, Path(name, "p.tess"))
        seconds, worked = time.perf_counter() - looked, time.process_time() - worked
        loop = bare(folder, 2000)
    print(f"{report.taken_over:,} of {report.cells:,} taken over, {size / 1000:.0f} KB each")
    print(f"looking at the names: {looked - began:.2f} s")
    print(f"import: {seconds:.1f} s, {report.taken_over / seconds:,.0f} pictures a second")
    print(f"{report.taken_over / worked:,.0f} pictures a second of processor time, whatever else the machine does")
    print(f"reading and decoding in a loop: {loop:,.0f} a second")


if __name__ == "__main__":
    main()
