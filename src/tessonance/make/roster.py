"""Who is at a Dask cluster: greeted when they come, checked by canaries, missed when they are gone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tessonance.errors import GeneratorError, TessError
from tessonance.make.canary import Canaries
from tessonance.make.crew import Done, joined
from tessonance.make.member import Gone, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.grid import Cell, Point
    from tessonance.make.canary import Drift
    from tessonance.make.local import LocalCluster
    from tessonance.make.worker import Hello
    from tessonance.project import Project

__all__ = ["Roster"]

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
FIRST_WORKER_SECONDS = 60.0  # how long a run waits for somebody to come
OPENING_SECONDS = 60.0  # how long it waits for the others to open their generators, once somebody can paint
NOBODY_SECONDS = 600.0  # how long it waits when everybody has left
SCHEDULER_SECONDS = 5.0  # how long an answer of the scheduler may take
CLOSING_SECONDS = 5.0
MOST_FALSE_STARTS = 6  # workers in a row that were gone before they could paint


class Roster:
    """Keeps the list of a cluster's workers; lives on one event loop.

    Parameters
    ----------
    client : distributed.Client
        Asynchronous, connected.
    project : Project
    deliver : callable
        Called with the outcome of every task, and with an error when the run cannot go on.
    allow_drift : bool
        Whether workers whose canaries differ may paint.
    task_seconds : float, optional
        After how long a task is taken for stuck, and its process ended.
    local : LocalCluster, optional
        Whose workers these are.

    Attributes
    ----------
    events : list of dict
        What the journal should tell.
    """

    def __init__(
        self,
        client: Any,
        project: Project,
        deliver: Callable[[Done | Exception], None],
        *,
        allow_drift: bool = False,
        task_seconds: float | None = None,
        local: LocalCluster | None = None,
    ) -> None:
        self._client, self._project, self._deliver = client, project, deliver
        self._allow_drift, self._task_seconds, self._local = allow_drift, task_seconds, local
        self._address: str = client.scheduler.address
        self._plain = project.to_dict()
        self._canaries = Canaries(project.grid, project.picture)
        self._learning = asyncio.Lock()
        self._first: Member | None = None  # whose canaries the others are compared with
        self._members: dict[str, Member] = {}
        self._pids: set[int] = set()
        self._count = self._false_starts = 0
        self._has_begun = False
        self._troubles: list[Exception] = []
        self._manned = asyncio.get_running_loop().time()
        self.events: list[dict[str, Any]] = []

    @property
    def ready(self) -> list[int]:
        """The numbers of those who can paint."""
        if self._client.status != "running":
            return []
        return [member.number for member in tuple(self._members.values()) if member.state == "ready"]

    async def gather(self) -> Hello:
        """Wait until somebody can paint and whoever else is there has opened its generator.

        Returns
        -------
        Hello
            What one of them said.

        Raises
        ------
        TessError
            If one of them cannot take part (another version, a generator that does not open), or nobody comes.
        """
        loop = asyncio.get_running_loop()
        began, expected = loop.time(), self._local.workers if self._local else 1
        while not self._troubles:
            hellos = [member.hello for member in self._members.values() if member.hello]
            all_open = len(hellos) == len(self._members) >= expected
            if self.ready and (all_open or loop.time() - began > OPENING_SECONDS):
                return hellos[0]
            if not self._members and loop.time() - began > FIRST_WORKER_SECONDS:
                raise GeneratorError(
                    f"no worker joined within {FIRST_WORKER_SECONDS:g} s",
                    where=self._address,
                    hint=f"on a machine that paints: dask worker {self._address} --nthreads 1 --memory-limit 0",
                )
            await asyncio.sleep(POLL_SECONDS / 5)
        raise self._troubles[0]

    async def watch(self) -> None:
        """Look who comes and who goes, until cancelled or the run cannot go on."""
        while not (trouble := await self._look()):
            await asyncio.sleep(POLL_SECONDS)
        self._fail(trouble)

    def give(self, number: int, points: Sequence[Point], *, task: int) -> None:
        """Let a worker paint; the outcome is delivered."""
        member = next((member for member in self._members.values() if member.number == number), None)
        if member is None or member.state != "ready":
            self._deliver(Done(task, [], _lost(f"worker {number}"), lost=True))
            return
        errand = member.send(member.paint(points, seconds=self._task_seconds))
        errand.add_done_callback(lambda finished: self._bring(finished, task, member))

    async def close(self) -> None:
        """Tell everybody to close its generator, and wait a while for it."""
        asked = [member.close() for member in self._members.values() if member.hello]
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await asyncio.gather(*asked, return_exceptions=True)

    def _bring(self, errand: asyncio.Task[list[bytes]], task: int, member: Member) -> None:
        error = asyncio.CancelledError() if errand.cancelled() else errand.exception()
        if isinstance(error, Gone | asyncio.CancelledError):
            self._deliver(Done(task, [], _lost(member.name), lost=True))
        elif error is None:
            self._deliver(Done(task, errand.result()))
        elif isinstance(error, TessError):
            self._deliver(Done(task, [], error))
        elif isinstance(error, Exception):
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._troubles.append(error)
        self._deliver(error)

    async def _look(self) -> TessError | None:
        """See who is there now; return what is wrong if the run cannot go on."""
        if self._client.status == "closed":  # it has tried to connect again for as long as it was told to
            return GeneratorError(
                "the scheduler is gone",
                where=self._address,
                hint="start it and its workers, and run this again: it goes on where it was",
            )
        try:
            async with asyncio.timeout(SCHEDULER_SECONDS):
                there = (await self._client.scheduler.identity(n_workers=-1))["workers"]
        except Exception:  # Dask has no common name for what a lost connection raises
            return None
        for member in tuple(self._members.values()):
            if member.address not in there or member.is_replaced:
                self._leave(member)
        for address in there:
            if address not in self._members:
                self._join(address)
        if self._local:
            self._false_starts += self._local.tend(self._pids)
        return self._verdict(asyncio.get_running_loop().time())

    def _verdict(self, now: float) -> TessError | None:
        if any(member.state != "away" for member in self._members.values()) or not self._has_begun:
            self._manned = now
        if self._false_starts >= MOST_FALSE_STARTS and not self.ready:
            return GeneratorError(
                "workers keep dying before they can paint", where=self._address, hint="what they said is in their logs"
            )
        if now - self._manned > NOBODY_SECONDS:
            return GeneratorError(
                f"nobody was there to paint for {NOBODY_SECONDS:g} s",
                where=self._address,
                got=f"{len(self._members)} workers, all of them sent away",
                hint="start workers and run this again: it goes on where it was",
            )
        return None

    def _join(self, address: str) -> None:
        member = self._members[address] = Member(
            self._client, self._count, address, self._plain, folder=self._project.folder
        )
        self._count += 1
        member.send(self._welcome(member))

    def _leave(self, member: Member) -> None:
        self._members.pop(member.address, None)
        self._false_starts += member.state == "new"
        self.events.append({"event": "worker left", "worker": member.number})
        if member.state == "ready":
            log.warning("%s is gone; the others paint what it had in hand", member.name)
        member.forget()

    async def _welcome(self, member: Member) -> None:
        """Let a worker open its generator, and look whether it paints as the first one does."""
        try:
            hello = await member.open()
            self._pids.add(hello.pid)
            self.events.append({**joined(member.number, hello), "address": member.address})
            self._admit(member, await self._drift(member))
        except Gone:
            member.is_replaced = True
        except TessError as error:
            self._refuse(member, error)
        except Exception as error:
            self._fail(error)

    def _admit(self, member: Member, drift: Drift | None) -> None:
        if drift and drift.is_too_far:
            self._tell_drift(member, drift)
        if self._allow_drift or not drift or not drift.is_too_far:
            member.state = "ready"
            self._has_begun, self._false_starts = True, 0
        else:
            member.state = "away"

    def _tell_drift(self, member: Member, drift: Drift) -> None:
        assert self._first is not None
        log.warning(
            "%s paints other pictures than %s: they differ by %.4f, and a tenth of an edge is %.4f. %s",
            member.name,
            self._first.name,
            drift.distance,
            drift.limit,
            "It paints all the same." if self._allow_drift else "It is sent away; --allow-drift lets it paint.",
        )
        self.events.append(
            {"event": "drift", "worker": member.number, **drift._asdict(), "sent_away": not self._allow_drift}
        )

    def _refuse(self, member: Member, error: TessError) -> None:
        member.state = "away"
        error.where = f"{member.name}: {error.where}" if error.where else member.name
        self.events.append({"event": "worker refused", "worker": member.number, "error": str(error)})
        if self._has_begun:  # one that comes late does not end the run
            log.warning("%s\n  it is sent away; the others go on", error)
        else:
            self._troubles.append(error)

    async def _drift(self, member: Member) -> Drift | None:
        """Compare a worker's canaries with those of the first; None where there is nothing to compare."""
        try:
            canaries = await self._paint_cells(member, self._canaries.cells)
            async with self._learning:
                if self._first is None:
                    self._canaries.learn(canaries, await self._paint_cells(member, self._canaries.neighbours))
                    self._first = member
                    return None
            return self._canaries.drift(canaries)
        except GeneratorError as error:
            log.warning("%s was not compared with the others, because a canary cell failed: %s", member.name, error)
            return None

    async def _paint_cells(self, member: Member, cells: Sequence[Cell]) -> list[bytes]:
        return await member.paint([self._project.grid.point(cell) for cell in cells], exact=True)


def _lost(name: str) -> GeneratorError:
    return GeneratorError("the worker is gone", where=name, hint="if it died of the cell, its log says why")
