"""A Dask cluster of this machine's own: a scheduler in this process and workers beside it, on loopback."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tessonance.make.processes import ONE_THREAD

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["LocalCluster"]

OWN_SETTINGS = {
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # it looks at every thread a hundred times a second
}
LEAVE_SECONDS = 3.0
ORPHAN_SECONDS = 60  # after how long a worker leaves that never found this process


class LocalCluster:
    """Workers of one thread each, replaced when they die; they end with this process, however it ends.

    They are started as programs, not by Dask's own ``LocalCluster``, whose multiprocessing imports the caller's script
    again in every worker, and is felt by Ctrl-C.

    Parameters
    ----------
    workers : int
        At least 1.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._processes: list[subprocess.Popen[bytes]] = []
        self._scheduler: Any = None

    async def start(self) -> str:
        """Start it, and return the scheduler's address."""
        from distributed import Scheduler

        self._scheduler = await Scheduler(
            host="127.0.0.1", port=0, protocol="tcp://", dashboard=False, dashboard_address="127.0.0.1:0"
        )
        self._processes = [self._worker() for _ in range(self.workers)]
        return str(self._scheduler.address)

    def tend(self, known_pids: Container[int]) -> int:
        """Replace the workers that died, and return how many of them were not among those known to paint."""
        strangers = 0
        for place, process in enumerate(self._processes):
            if process.poll() is not None:
                strangers += process.pid not in known_pids
                self._processes[place] = self._worker()
        return strangers

    async def close(self) -> None:
        """Send everybody home, and end whoever stays."""
        if self._scheduler is not None:
            await self._scheduler.close()
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for process in self._processes:
            try:
                process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _worker(self) -> subprocess.Popen[bytes]:
        own = ["--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--host", "127.0.0.1", "--no-dashboard"]
        own += ["--death-timeout", str(ORPHAN_SECONDS)]
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", self._scheduler.address, *own],
            stdin=subprocess.DEVNULL,
            stdout=2,  # what a generator prints goes to standard error
            env={**os.environ, **ONE_THREAD, **OWN_SETTINGS},
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
