"""How busy two servers on loopback are kept, one three times as fast as the other.

    python benchmarks/servers.py

Wanted: at least 95 % each, from the first picture to the moment when no task is left to hand out. The servers are those
of the tests; what they take for a picture they sleep, so the machine's own speed hardly counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "generators"))

from image_servers import FakeWebui

import tessonance as tess
from tessonance.project import parse_project

WANTED = 0.95
TEXT = """
[picture]
width = 64
height = 64
[generator]
use = "webui"
address = [{addresses}]
prompt = "a (tall:{{height}}) flower"
[[axis]]
name = "height"
steps = {steps}
"""


def shares(*, steps: int, seconds: float) -> tuple[float, float, int, int]:
    """Paint a line of pictures on both, and return the share of the time that each was busy, and its pictures."""
    with FakeWebui().running() as slow, FakeWebui().running() as fast, tempfile.TemporaryDirectory() as folder:
        slow.seconds, fast.seconds = 3 * seconds, seconds
        addresses = f'"{slow.address}", "{fast.address}"'
        project = parse_project(TEXT.format(addresses=addresses, steps=steps))
        began = time.monotonic()
        tess.generate(project, Path(folder) / "line.tess").close()
        took = time.monotonic() - began
        return slow.busy_seconds / took, fast.busy_seconds / took, slow.asked, fast.asked


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=161, help="pictures")
    parser.add_argument("--seconds", type=float, default=0.25, help="a picture, on the faster server")
    given = parser.parse_args()
    slow, fast, few, many = shares(steps=given.steps, seconds=given.seconds)
    print("server           pictures   busy   wanted")
    print(f"speed 1          {few:8}   {slow:4.0%}   ≥ {WANTED:.0%}")
    print(f"speed 3          {many:8}   {fast:4.0%}   ≥ {WANTED:.0%}")


if __name__ == "__main__":
    main()
