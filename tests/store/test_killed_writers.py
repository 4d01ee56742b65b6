"""A writer may die at any moment: what it acknowledged is there, and Zarr reads the rest."""

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from tessonance.store import TesseractWriter, open_tesseract, osfile
from tessonance.store.layout import EMPTY

KILLS = 20
# One process loads everything once, and forks a writer for each number that it reads.
WRITERS = """
import os, sys
import numpy as np
from tessonance.store import TesseractWriter

def paint(number):
    os.write(1, b"%d\\n" % os.getpid())
    writer = TesseractWriter.open(sys.argv[1])
    missing = np.flatnonzero(~writer.is_painted(np.arange(writer.grid.size)))
    for flat in np.random.default_rng(number).permutation(missing):
        picture = np.empty((16, 24, 3), np.uint8)
        picture[...] = (flat % 16 * 16 + 8, flat // 16 % 16 * 16 + 8, 8)
        writer.put_picture(writer.grid.cell(int(flat)), picture)
        os.write(1, b"%d\\n" % flat)

for line in sys.stdin:
    pid = os.fork()
    if not pid:
        paint(int(line))
        os._exit(0)
    os.waitpid(pid, 0)
    os.write(1, b"dead\\n")
"""


@contextmanager
def writers_of(path):
    """Yield a function that lets a writer paint, kills it after some pictures, and returns all it acknowledged."""
    command = [sys.executable, "-c", WRITERS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def paint_until_killed(number):
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline())
            acknowledged = [process.stdout.readline() for _ in range(random.Random(number).randrange(1, 40))]
            assert "dead\n" not in acknowledged, "the writer ended before it was killed"
            os.kill(pid, signal.SIGKILL)
            acknowledged += iter(process.stdout.readline, "dead\n")
            return [int(line) for line in acknowledged]

        yield paint_until_killed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked and killed by signal")
def test_twenty_kills_lose_no_acknowledged_picture_and_zarr_reads_after_each(make, project_of, is_of):
    zarr = pytest.importorskip("zarr")
    path = make(project_of(90, 90), [])
    acknowledged = set()
    with writers_of(path) as paint_until_killed:
        for number in range(KILLS):
            fresh = paint_until_killed(number)
            assert acknowledged.isdisjoint(fresh)  # what is painted is not painted again
            acknowledged |= set(fresh)
            with open_tesseract(path) as tesseract:
                assert tesseract.is_painted(np.array(sorted(acknowledged))).all()
                for flat in fresh:
                    assert is_of(tesseract.picture(tesseract.grid.cell(flat)), flat)
                # The picture in flight may have been entered without having been acknowledged.
                assert len(acknowledged) <= tesseract.painted() <= len(acknowledged) + number + 1
            frames = zarr.open_group(path, mode="r")["frames"]
            row, column = divmod(fresh[-1], 90)
            assert is_of(frames[row, column], fresh[-1])
    with open_tesseract(path) as tesseract:
        for flat in acknowledged:
            assert is_of(tesseract.picture(tesseract.grid.cell(flat)), flat)
    assert len(acknowledged) > 5 * KILLS


def test_a_writer_killed_while_it_replaces_leaves_the_cell_missing_for_every_reader(
    make, project_of, picture_of, monkeypatch
):
    zarr = pytest.importorskip("zarr")
    path = make(project_of(3, 2))
    whole = osfile.write_at

    class Killed(BaseException):
        pass

    def die_after_erasing(file, offset, data):
        whole(file, offset, data)
        if bytes(data) == EMPTY:
            raise Killed

    writer = TesseractWriter.open(path)
    monkeypatch.setattr(osfile, "write_at", die_after_erasing)
    with pytest.raises(Killed):
        writer.put_picture((1, 1), picture_of(3, version=9))
    with open_tesseract(path) as tesseract:
        assert tesseract.is_painted(np.arange(6)).tolist() == [True, True, True, False, True, True]
    frames = zarr.open_group(path, mode="r")["frames"][:]
    assert [bool(frames[cell].any()) for cell in np.ndindex(3, 2)] == [True, True, True, False, True, True]
