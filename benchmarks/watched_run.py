"""A run of `tess generate` that writes down who painted what, and what the tesseract has taken."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

WORKERS = 2
WAIT_SECONDS = 120.0
TESS = [sys.executable, "-c", "from tessonance.cli import main; main()"]
PROJECT = """
[picture]
width = {side}
height = {side}
[generator]
use = "logged"
delay_ms = {delay_ms}
[[axis]]
name = "bloom"
steps = {steps}
[[axis]]
name = "ink"
steps = {steps}
[[axis]]
name = "turn"
steps = {planes}
"""
# A generator that writes down who painted what: `plasma` under another name, found like any installed one.
LOGGED = """
import os
from dataclasses import replace
from tessonance.generators.plasma import Plasma, plasma

class Logged(Plasma):
    def paint(self, points):
        pictures = super().paint(points)
        with open(os.environ["PAINTED"], "ab", buffering=0) as file:
            file.write(b"%d\\n" % os.getpid() * len(points))
        return pictures

logged = replace(plasma, open=Logged)
"""
# What `tess generate` does, writing down every picture that the tesseract has taken.
DRIVER = """
import os, sys
import tessonance as tess
from tessonance.store import TesseractWriter

acknowledged = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
put = TesseractWriter.put

def put_and_tell(self, cell, encoded):
    put(self, cell, encoded)
    os.write(acknowledged, b"%d\\n" % self.grid.flat(cell))

TesseractWriter.put = put_and_tell
tess.generate(sys.argv[1], sys.argv[2], workers=int(sys.argv[4]), durability=sys.argv[5])
"""


class Room:
    """A folder with a project, the plugin that it names, and the logs of who painted and what was taken."""

    def __init__(
        self, folder: Path, *, side: int = 16, steps: int = 100, planes: int = 60, delay_ms: float = 3
    ) -> None:
        text = PROJECT.format(side=side, steps=steps, planes=planes, delay_ms=delay_ms)
        self.project, self.path = folder / "room.toml", folder / "room.tess"
        self.painted_log, self.taken_log = folder / "painted", folder / "taken"
        self.project.write_text(text)
        plugin = folder / "logged-0.dist-info"
        plugin.mkdir()
        (folder / "logged.py").write_text(LOGGED)
        (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: logged\nVersion: 0\n")
        (plugin / "entry_points.txt").write_text("[tessonance.generators]\nlogged = logged:logged\n")
        path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.env = {**os.environ, "PYTHONPATH": path, "PAINTED": str(self.painted_log)}
        self.painted_log.touch()
        self.taken_log.touch()

    def drive(self, *, durability: str = "fast") -> subprocess.Popen[bytes]:
        """Start a run that writes down what it acknowledges."""
        words = [self.project, self.path, self.taken_log, WORKERS, durability]
        return subprocess.Popen([sys.executable, "-c", DRIVER, *map(str, words)], env=self.env)

    def tess(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Call a command."""
        return subprocess.run([*TESS, *map(str, words)], env=self.env, capture_output=True, text=True, check=False)

    def painters(self) -> set[int]:
        """Return the processes that painted lately."""
        with self.painted_log.open("rb") as file:
            file.seek(max(0, self.painted_log.stat().st_size - 4000))
            return {int(line) for line in file.read().splitlines()[1:]}

    def wait_for_more(self, before: int, driver: subprocess.Popen[bytes]) -> None:
        """Wait until more than so many pictures are acknowledged."""
        end = time.monotonic() + WAIT_SECONDS
        while self.taken_log.stat().st_size <= before:
            if driver.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the run does not go on: exit code {driver.poll()}")
            time.sleep(0.005)
