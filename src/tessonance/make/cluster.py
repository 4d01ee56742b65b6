"""`ClusterCrew`: the workers of a Dask cluster, on this machine or on many."""

from __future__ import annotations

import asyncio
import logging
import queue
import re
import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from tessonance.errors import MissingExtra, TessError
from tessonance.make.crew import Done, cores
from tessonance.make.local import LocalCluster
from tessonance.make.remote import own_version
from tessonance.make.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from tessonance.grid import Point
    from tessonance.make.worker import Hello
    from tessonance.project import Project

__all__ = ["ClusterCrew"]

_T = TypeVar("_T")

CONNECT_SECONDS = 6.0
CLOSE_SECONDS = 20.0
TASKS_IN_HAND = 2  # one painted, one waiting: the way there and back costs nothing
LONG_SECONDS = 2.0  # a task so long makes up for the way: the next one may as well go to whoever is free first


class ClusterCrew:
    """The workers of a Dask cluster, who may join, die and leave, and be as fast or slow as they are.

    Each opens the generator once, is checked by canary cells, and brings back encoded pictures. Only plain data
    travels, but Dask itself runs whatever its peers send: a cluster is trusted ground.

    Parameters
    ----------
    project : Project
    cluster : str
        ``tcp://HOST:PORT`` or ``tls://HOST:PORT`` of a scheduler, or ``local:N`` for N workers on this machine.
    task_seconds : float, optional
        After how long a task is taken for stuck, and its process ended.
    allow_drift : bool
        Whether workers that paint other pictures than the first may paint.

    Raises
    ------
    MissingExtra
        If Dask's ``distributed`` is not installed.
    TessError
        If there is no such cluster, nobody there to paint, or somebody who cannot.
    """

    def __init__(
        self, project: Project, cluster: str, *, task_seconds: float | None = None, allow_drift: bool = False
    ) -> None:
        workers = _local_workers(cluster)
        self._quiet = _quiet()
        self._local = None if workers is None else LocalCluster(workers)
        self._most = TASKS_IN_HAND if task_seconds is None else 1  # a task that waits is not stuck
        self._inbox: queue.SimpleQueue[Done | Exception] = queue.SimpleQueue()
        self._tasks: dict[int, tuple[int, float]] = {}  # whose, and since when
        self._seconds: dict[int, float] = {}  # how long each worker's last task took
        self._brought: dict[int, float] = {}  # when each worker last brought something back
        self._client: Any = None
        self._roster: Roster | None = None
        self._loop = asyncio.SelectorEventLoop()  # what tornado wants, on Windows too
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            hello = self._wait(self._open(project, cluster, task_seconds=task_seconds, allow_drift=allow_drift))
        except BaseException:
            self.close()
            raise
        self.batch_size, self.slow_axes = hello.batch_size, hello.slow_axes
        self.events = self._opened.events

    in_hand: tuple[float, ...] = ()  # workers tell when they have done

    @property
    def idle(self) -> list[int]:
        """The workers that can take a task, each as often as it can take one."""
        held = [worker for worker, _ in self._tasks.values()]
        rooms = {worker: self._room(worker) - held.count(worker) for worker in self._opened.ready}
        return [worker for turn in range(self._most) for worker, room in rooms.items() if room > turn]

    def give(self, worker: int, points: Sequence[Point], *, task: int) -> None:
        """Give a worker points to paint."""
        self._tasks[task] = worker, time.monotonic()
        self._loop.call_soon_threadsafe(lambda: self._opened.give(worker, points, task=task))

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        """Yield what has been brought back; wait for the first at most so long.

        Raises
        ------
        GeneratorError
            If the scheduler is gone, or nobody is left to paint for too long.
        """
        wait: float | None = timeout_seconds
        while True:
            try:
                done = self._inbox.get(timeout=wait) if wait else self._inbox.get_nowait()
            except queue.Empty:
                return
            wait = None
            if not isinstance(done, Done):
                raise done
            worker, given = self._tasks.pop(done.task)
            now = time.monotonic()
            self._seconds[worker] = now - max(given, self._brought.get(worker, given))
            self._brought[worker] = now
            yield done

    def close(self) -> None:
        """Tell everybody to close its generator, and leave the cluster; a local one ends."""
        with suppress(OSError, TimeoutError):
            self._wait(self._shut(), seconds=CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._quiet.close()

    @property
    def _opened(self) -> Roster:
        assert self._roster is not None
        return self._roster

    def _room(self, worker: int) -> int:
        return 1 if self._seconds.get(worker, 0.0) > LONG_SECONDS else self._most

    def _wait(self, work: Coroutine[Any, Any, _T], *, seconds: float | None = None) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    async def _open(self, project: Project, cluster: str, *, task_seconds: float | None, allow_drift: bool) -> Hello:
        address = cluster if self._local is None else await self._local.start()
        self._client = await _connected(address, is_local=self._local is not None)
        self._roster = Roster(
            self._client,
            project,
            self._inbox.put,
            allow_drift=allow_drift,
            task_seconds=task_seconds,
            local=self._local,
        )
        self._watch = self._loop.create_task(self._roster.watch())
        return await self._roster.gather()

    async def _shut(self) -> None:
        if self._roster is not None:
            self._watch.cancel()
            if self._local is None:
                await self._roster.close()
        if self._client is not None:
            await self._client.close()
        if self._local is not None:
            await self._local.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


async def _connected(address: str, *, is_local: bool) -> Any:
    from distributed import Client

    client = None
    try:
        # On one machine pictures come straight from the workers; elsewhere a worker may be seen by the scheduler alone.
        client = Client(
            address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=is_local
        )
        async with asyncio.timeout(CONNECT_SECONDS + 1):  # Dask's own is for the connection, not for the first words
            await client
            versions = await client.scheduler.versions(packages=["tessonance"])
    except Exception as error:  # what is raised depends on who answers: a web server's words are a MemoryError
        if client is not None:
            await client.close()
        raise _nobody(address, error) from None
    if (found := versions["packages"].get("tessonance")) != own_version():
        await client.close()
        raise TessError(
            "the scheduler has another version of tessonance" if found else "the scheduler has no tessonance",
            where=address,
            wanted=own_version(),
            got=found,
            hint="pip install 'tessonance[cluster]' in the same version on every machine",
        )
    return client


def _nobody(address: str, error: Exception) -> TessError:
    said = str(error).splitlines()
    return TessError(
        "no Dask scheduler answers there",
        where=address,
        got=said[0] if said else type(error).__name__,
        hint="is it running (dask scheduler --host HOST --port 8786), is the port open, "
        "and is it tcp:// or tls:// (which needs the certificates in Dask's configuration)?",
    )


def _local_workers(cluster: str) -> int | None:
    """Read ``local:N``; None for the address of a scheduler."""
    if found := re.fullmatch(r"local(?::(\d+))?", cluster):
        if (workers := int(found[1] or cores())) >= 1:
            return workers
    elif re.fullmatch(r"(tcp|tls)://\S+:\d+", cluster):
        return None
    raise TessError(
        "this is no cluster", where="--cluster", wanted="tcp://HOST:PORT, tls://HOST:PORT or local:N", got=cluster
    )


def _quiet() -> ExitStack:
    """Keep Dask's own log from talking about what is dealt with here."""
    try:
        from distributed.utils import silence_logging_cmgr
    except ImportError:
        raise MissingExtra(
            "--cluster needs Dask, which is not installed", hint="pip install 'tessonance[cluster]'"
        ) from None
    stack = ExitStack()
    stack.enter_context(silence_logging_cmgr(logging.CRITICAL))
    return stack
