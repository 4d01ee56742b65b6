"""What starting costs: ``import tessonance`` and ``tess --help`` over bare Python.

Run: ``python benchmarks/start.py``. Whole processes, in rounds that alternate; medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import tessonance": [sys.executable, "-c", "import tessonance"],
    "tess --help": [sys.executable, "-c", "from tessonance.cli import main; main()", "--help"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one process."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(21):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    bare = statistics.median(times["python -c pass"])
    print(f"{'command':20} {'median ms':>10} {'over bare ms':>13}")
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{name:20} {middle * 1e3:10.1f} {(middle - bare) * 1e3:13.1f}")


if __name__ == "__main__":
    main()
