"""What a tesseract survives: kills, a full disk, damage of every kind, and two writers at once.

    python benchmarks/reliability.py                             all of it: 200 kills, 10,000 mutations
    python benchmarks/reliability.py --kills 10 --mutations 200  the same, shortened

Exit code 0 if every promise was kept. Kills and the full disk need POSIX signals and, for the disk, the right to mount
one; what cannot be tried is said. The mutations come from ``tests/store/mutations.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from watched_run import WORKERS, Room

from tessonance.errors import TessError
from tessonance.make.painting import MOST_CELLS
from tessonance.store import Tesseract, open_tesseract, verify

ROOT = Path(__file__).parent.parent
MISSING = np.uint64(2**64 - 1)
BATCH = 250  # mutations that one process tries
SECONDS_EACH = 60.0  # a mutation that takes longer hangs
MOST_MEGABYTES = 1000.0


class Promises:
    """Prints the table, and remembers whether anything in it was missed."""

    kept = True

    def say(self, what: str, value: object, *, wanted: str = "", reached: bool = True) -> None:
        """Print a line."""
        self.kept &= reached
        verdict = f"  wanted {wanted}: {'kept' if reached else 'BROKEN'}" if wanted else ""
        print(f"{what:48} {value!s:>16}{verdict}", flush=True)


def entries(tesseract: Tesseract) -> np.ndarray:
    """Read offset and length of every cell, shape (cells, 2); 2^64 - 1 where there is no file."""
    found = np.full((tesseract.grid.size, 2), MISSING)
    for shard in tesseract.shards():
        inside = np.flatnonzero(tesseract.layout.inside(shard))
        found[tesseract.layout.flats(shard, inside)] = tesseract.shard(shard).index()[inside]  # type: ignore[union-attr]
    return found


class Ledger:
    """What was acknowledged so far, where it is stored, and what has become of it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._read = 0  # bytes of the log
        self._known = np.full((0, 2), 2**64 - 1, np.uint64)  # offset and length of each cell when it was acknowledged
        self.twice = self.unreadable = self.most_extra = 0
        self._lost: set[int] = set()
        self._moved: set[int] = set()

    @property
    def acknowledged(self) -> int:
        """How many pictures."""
        return int((self._known[:, 1] != MISSING).sum())

    @property
    def lost(self) -> int:
        """How many of them were missing at some time."""
        return len(self._lost)

    @property
    def moved(self) -> int:
        """How many of them were stored elsewhere at some later time."""
        return len(self._moved)

    def check(self, rng: random.Random, *, at_rest: bool) -> None:
        """Compare the file with everything that was acknowledged before; `at_rest` while nobody writes."""
        import zarr

        fresh = self._fresh()
        with open_tesseract(self._room.path) as tesseract:
            now = entries(tesseract)
            if not len(self._known):
                self._known = np.full_like(now, MISSING)
            before = self._known[:, 1] != MISSING
            self._moved |= set(np.flatnonzero(before & (now != self._known).any(axis=1)).tolist())
            self.twice += int(before[fresh].sum()) + len(fresh) - len(np.unique(fresh))
            self._lost |= set(fresh[(now[fresh] == MISSING).any(axis=1)].tolist())
            self._known[fresh[~before[fresh]]] = now[fresh[~before[fresh]]]
            if at_rest:
                self.most_extra = max(self.most_extra, tesseract.painted() - self.acknowledged)
            frames = zarr.open_group(self._room.path, mode="r")["frames"]
            for flat in rng.choices(np.flatnonzero(before).tolist(), k=3) if before.any() else []:
                cell = tesseract.grid.cell(flat)
                try:
                    self.unreadable += not np.array_equal(frames[cell], tesseract.picture(cell))
                except TessError:
                    self.unreadable += 1

    def _fresh(self) -> np.ndarray:
        """Read which cells were acknowledged since the last time."""
        with self._room.taken_log.open("rb") as file:
            file.seek(self._read)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._read += len(whole)
        return np.array([int(line) for line in whole.splitlines()], np.int64)


def kill(promises: Promises, kills: int, *, seed: int) -> None:
    """Kill the driver, or one of its workers, at random moments while it paints."""
    if not hasattr(signal, "SIGKILL"):
        promises.say("kills", "skipped: no SIGKILL")
        return
    rng, begin = random.Random(seed), time.monotonic()
    drivers = workers = 0
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        ledger = Ledger(room)
        driver = room.drive()
        most_lost = lost_before = dead_workers = 0
        for _ in range(kills):
            if rng.random() < 0.9:  # else it is killed while it starts
                room.wait_for_more(room.taken_log.stat().st_size, driver)
            time.sleep(rng.uniform(0, 0.6))
            painters = {pid for pid in room.painters() if is_child(pid, driver.pid)}
            if painters and rng.random() < 0.5:
                os.kill(rng.choice(sorted(painters)), signal.SIGKILL)
                workers, dead_workers = workers + 1, dead_workers + 1
            else:
                driver.kill()
                driver.wait()
                drivers += 1
                gone(painters)
                ledger.check(rng, at_rest=True)
                lost = lines(room.painted_log) - lines(room.taken_log)
                most_lost = max(most_lost, (lost - lost_before) // (1 + dead_workers))
                lost_before, dead_workers = lost, 0
                driver = room.drive()
            ledger.check(rng, at_rest=False)
        driver.kill()
        driver.wait()
        ledger.check(rng, at_rest=True)
        sound = verify(room.path).sound
    most = WORKERS * MOST_CELLS
    promises.say("kills: of the driver, of workers", f"{drivers}, {workers}")
    promises.say("  seconds", f"{time.monotonic() - begin:.0f}")
    promises.say("  pictures acknowledged", f"{ledger.acknowledged:,}")
    promises.say("  acknowledged and lost", ledger.lost, wanted="0", reached=not ledger.lost)
    promises.say("  acknowledged and painted again", ledger.twice, wanted="0", reached=not ledger.twice)
    promises.say("  acknowledged and moved", ledger.moved, wanted="0", reached=not ledger.moved)
    promises.say("  in flight and lost, most by one kill", most_lost, wanted=f"<= {most}", reached=most_lost <= most)
    promises.say(
        "  stored, not yet acknowledged, all together",
        ledger.most_extra,
        wanted=f"<= {drivers}",
        reached=ledger.most_extra <= drivers,
    )
    promises.say(
        "  pictures that zarr-python reads otherwise", ledger.unreadable, wanted="0", reached=not ledger.unreadable
    )
    promises.say("  tess verify", "sound" if sound else "damaged", wanted="sound", reached=sound)


def lines(log: Path) -> int:
    """Count the lines of a log."""
    return log.read_bytes().count(b"\n")


def alive(pid: int) -> bool:
    """Tell whether there is a process."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def is_child(pid: int, parent: int) -> bool:
    """Tell whether a process is a child of another: numbers of dead ones may be given to strangers."""
    done = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() == str(parent)


def gone(pids: set[int]) -> None:
    """Wait until orphaned workers have left, which they do at the end of their task."""
    end = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.01)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None] | None]:
    """Mount a disk of some size, and give what makes it larger; None where that may not be done."""
    done = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True)
        if shutil.which("mount")
        else None
    )
    if done is None or done.returncode:
        yield None
        return
    try:
        yield lambda more: subprocess.run(["mount", "-o", f"remount,size={more}", str(folder)], check=True) and None
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill_disk(promises: Promises) -> None:
    """Let the disk fill up while a run paints, make room, and let it go on."""
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder) / "disk"
        disk.mkdir()
        with small_disk(disk, "400k") as resize:
            if resize is None:
                promises.say("full disk", "skipped: no right to mount one")
                return
            room = Room(Path(folder), side=64, steps=20, planes=1, delay_ms=0)
            path = disk / "room.tess"
            first = room.tess("generate", room.project, "-o", path)
            clear = first.returncode == 1 and "the disk is full" in first.stderr and "Traceback" not in first.stderr
            promises.say("full disk: a clear error", clear, wanted="True", reached=clear)
            with open_tesseract(path) as tesseract:
                before, painted = entries(tesseract), tesseract.painted()
            sound = verify(path).sound
            promises.say(
                "  pictures before, sound", f"{painted}, {sound}", wanted="> 0, sound", reached=painted > 0 and sound
            )
            resize("20m")
            second = room.tess("generate", room.project, "-o", path)
            with open_tesseract(path) as tesseract:
                kept = before[:, 0] != MISSING
                same = bool((entries(tesseract)[kept] == before[kept]).all())
                promises.say(
                    "  pictures once there is room",
                    tesseract.painted(),
                    wanted="400",
                    reached=tesseract.painted() == 400 and not second.returncode,
                )
            promises.say("  earlier ones untouched", same, wanted="True", reached=same)


def meet(promises: Promises) -> None:
    """Let two runs meet on one tesseract, then kill the first."""
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        first = room.drive()
        room.wait_for_more(0, first)
        begin = time.monotonic()
        second = room.tess("generate", room.project, "-o", room.path)
        seconds = time.monotonic() - begin
        named = second.returncode == 1 and f"painted by process {first.pid} on host" in second.stderr
        promises.say("two runs: the second is refused by name", named, wanted="True", reached=named)
        promises.say("  after seconds, starting Python included", f"{seconds:.1f}")
        first.kill()
        first.wait()
        third = room.tess("generate", room.project, "-o", room.path, "--limit", 10)
        went_on = not third.returncode and verify(room.path).sound
        promises.say("  with the first killed, it proceeds", went_on, wanted="True", reached=went_on)


def mutate(promises: Promises, mutations: int, *, jobs: int) -> None:
    """Break tesseracts in every way, in processes of their own, so that a crash is noticed."""
    begin, broken, refused, slowest, megabytes = time.monotonic(), [], 0, 0.0, 0.0
    starts = list(range(0, mutations, BATCH))
    running: list[tuple[int, subprocess.Popen[str]]] = []
    while starts or running:
        while starts and len(running) < jobs:
            start = starts.pop(0)
            words = ["--batch", str(start), str(min(BATCH, mutations - start))]
            running.append(
                (
                    start,
                    subprocess.Popen(
                        [sys.executable, __file__, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                    ),
                )
            )
        start, process = running.pop(0)
        out, err = process.communicate()
        if process.returncode:
            broken.append(f"seeds from {start}: exit code {process.returncode}\n{err[-2000:]}")
            continue
        told = json.loads(out)
        refused += told["refused"]
        slowest, megabytes = max(slowest, told["slowest"]), max(megabytes, told["megabytes"])
    promises.say("mutated tesseracts", f"{mutations:,}")
    promises.say("  refused, at least in part", f"{refused:,}")
    promises.say("  crashes, hangs, other exceptions", len(broken), wanted="0", reached=not broken)
    promises.say("  slowest", f"{slowest:.1f} s", wanted=f"<= {SECONDS_EACH:.0f} s", reached=slowest <= SECONDS_EACH)
    promises.say(
        "  most memory",
        f"{megabytes:.0f} MB",
        wanted=f"<= {MOST_MEGABYTES:.0f} MB",
        reached=megabytes <= MOST_MEGABYTES,
    )
    promises.say("  seconds", f"{time.monotonic() - begin:.0f}")
    print(*broken, sep="\n")


def batch(start: int, count: int) -> None:
    """Try some mutations in this process, and print what came of it."""
    sys.path.insert(0, str(ROOT / "tests" / "store"))
    from mutations import FORMS, make_sound, trial

    refused, slowest = 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        sound = make_sound(Path(folder))
        for seed in range(start, start + count):
            faulthandler.dump_traceback_later(SECONDS_EACH, exit=True)
            begin = time.monotonic()
            refused += trial(sound, FORMS[seed % len(FORMS)], seed, Path(folder) / "trial") > 0
            slowest = max(slowest, time.monotonic() - begin)
        faulthandler.cancel_dump_traceback_later()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    print(json.dumps({"refused": refused, "slowest": slowest, "megabytes": megabytes}))


def main() -> None:
    """Try everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes that try mutations at once")
    parser.add_argument("--batch", type=int, nargs=2, metavar=("START", "COUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.batch:
        batch(*given.batch)
        return
    promises = Promises()
    meet(promises)
    fill_disk(promises)
    if given.kills:
        kill(promises, given.kills, seed=given.seed)
    if given.mutations:
        mutate(promises, given.mutations, jobs=given.jobs)
    sys.exit(0 if promises.kept else 1)


if __name__ == "__main__":
    main()
