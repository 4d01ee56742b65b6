"""A scheduler and workers of a cluster, and a generator with faults that they find installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

# A generator that is installed as a plugin is: where the workers find it, and the driver too.
ODD = '''
import os
import time
from pathlib import Path
import msgspec
import numpy as np
from tessonance.errors import GeneratorError
from tessonance.generators import GeneratorKind
from tessonance.project import options

class OddOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    folder: str
    fault: str = ""

class Odd:
    """Counts who opens it; the second one, or the second process, has the fault that was asked for."""
    slow_axes = ()
    batch_size = 2

    def __init__(self, project):
        own = options(OddOptions, project.generator.options, "[generator]")
        self.folder, self.fault, self.size = Path(own.folder), own.fault, project.picture
        self.number = sum(1 for _ in self.folder.glob("opened-*"))
        while True:
            try:
                (self.folder / f"opened-{self.number}").touch(exist_ok=False)
                break
            except FileExistsError:
                self.number += 1
        if self.fault == "cannot open":
            raise GeneratorError("the model is not here")
        if self.fault == "dies opening":
            os._exit(3)
        self.device = f"brush:{self.number}"

    def paint(self, points):
        if self.fault == "deadly cell" and any(p["bloom"] == 0.25 and p["ink"] == 1.0 for p in points):
            os._exit(3)
        time.sleep(0.02 * len(points))
        shift = 40 if self.fault == "drifts" and self.number == 1 else 0
        shades = [20 + shift + 60 * (p["bloom"] + p["ink"] + 1) for p in points]
        return np.stack([np.full((self.size.height, self.size.width, 3), shade, np.uint8) for shade in shades])

    def close(self):
        (self.folder / f"closed-{self.number}").touch()

odd = GeneratorKind(summary="For tests.", open=Odd, options=OddOptions, axes={})
'''


class Machines:
    """A scheduler and workers that others started, as `dask scheduler` and `dask worker` do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes = [
            self._run("dask_scheduler", "--port", "0", "--scheduler-file", str(folder / "scheduler.json"))
        ]
        self._ends = time.monotonic() + 60

    @property
    def address(self) -> str:
        import json

        while time.monotonic() < self._ends:
            try:
                return str(json.loads((self._folder / "scheduler.json").read_text())["address"])
            except (OSError, ValueError):
                time.sleep(0.05)
        raise AssertionError("the scheduler did not start")

    def add_worker(self) -> None:
        self.processes.append(
            self._run("dask_worker", self.address, "--no-nanny", "--nthreads", "1", "--memory-limit", "0")
        )

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    @staticmethod
    def _run(program: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *arguments, "--host", "127.0.0.1", "--no-dashboard"],
            env={**os.environ, "DASK_LOGGING__DISTRIBUTED": "critical"},
            stdin=subprocess.DEVNULL,
        )
