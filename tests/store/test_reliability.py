"""The reliability command, shortened: kills, a full disk, mutations, two writers."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(__file__).parent.parent.parent / "benchmarks" / "reliability.py"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="runs are killed by signal")
def test_every_promise_of_reliability_is_kept():
    pytest.importorskip("zarr")
    words = ["--kills", "10", "--mutations", "300"]
    done = subprocess.run([sys.executable, str(COMMAND), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    assert "acknowledged and lost" in done.stdout
