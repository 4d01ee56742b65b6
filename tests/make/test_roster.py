"""The list of who is at a cluster: late mistakes end nothing, and a run does not wait for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tessonance.errors import GeneratorError, TessError
from tessonance.make import member as member_module
from tessonance.make import roster as roster_module
from tessonance.make.crew import Done
from tessonance.make.remote import Letter, Reply
from tessonance.make.roster import Roster
from tessonance.make.worker import Failure, Hello, Painted, Painter
from tessonance.project import Project

pytest.importorskip("distributed", reason="pip install 'tessonance[cluster]'")


class FakeCluster:
    """A Dask client whose workers are a dictionary: an address, and the error that it answers with or None."""

    def __init__(self, project: Project, workers: dict[str, TessError | None]) -> None:
        self._painter, self.workers, self.status = Painter(project), workers, "running"
        self.scheduler, self.address = self, "tcp://10.0.0.1:8786"

    async def identity(self, *, n_workers: int) -> dict[str, Any]:
        return {"workers": {address: {} for address in self.workers}}

    def submit(self, function: object, letter: bytes, *, workers: list[str], **how: Any) -> Any:
        cluster, address = self, workers[0]

        class Future:
            def __await__(self) -> Any:
                yield from asyncio.sleep(0.001).__await__()
                return msgspec.msgpack.encode(Reply(address, cluster._said(address, letter)))

            def release(self) -> None:
                pass

        return Future()

    def _said(self, address: str, raw: bytes) -> Hello | Painted | Failure:
        letter = msgspec.msgpack.decode(raw, type=Letter)
        if error := self.workers[address]:
            return Failure.of(error)
        if not letter.points:
            return Hello(1, (), address, 1, None)
        return Painted(self._painter.paint(letter.points, exact=letter.exact))


class Run:
    """A roster on a cluster, with what it delivered."""

    def __init__(self, project: Project, cluster: FakeCluster) -> None:
        self.delivered: list[Done | Exception] = []
        self.roster = Roster(cluster, project, self.delivered.append)
        self.watch = asyncio.create_task(self.roster.watch())

    async def until(self, true: Any) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(member_module, "own_version", lambda: "1.0")


WRONG = TessError("this worker has another version of tessonance")


def test_a_worker_that_cannot_take_part_at_the_start_ends_the_run(small_project: Project) -> None:
    async def go() -> None:
        run = Run(small_project, FakeCluster(small_project, {"a": WRONG}))
        with pytest.raises(TessError, match="worker 0 at a: this worker has another version"):
            await run.roster.gather()
        run.watch.cancel()

    asyncio.run(go())


def test_one_that_comes_late_is_sent_away_and_the_run_goes_on(
    small_project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> None:
        cluster = FakeCluster(small_project, {"a": None})
        run = Run(small_project, cluster)
        assert (await run.roster.gather()).host == "a"
        cluster.workers["b"] = WRONG
        await run.until(lambda: "sent away" in caplog.text)
        assert run.roster.ready == [0]
        assert run.delivered == []
        run.watch.cancel()

    asyncio.run(go())


def test_a_run_whose_workers_are_all_gone_ends_after_a_while(
    small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_module, "NOBODY_SECONDS", 0.2)

    async def go() -> None:
        cluster = FakeCluster(small_project, {"a": None})
        run = Run(small_project, cluster)
        await run.roster.gather()
        cluster.workers.clear()
        await run.until(lambda: run.delivered)
        assert "nobody was there to paint" in str(run.delivered[0])
        assert isinstance(run.delivered[0], GeneratorError)

    asyncio.run(go())


def test_one_that_comes_back_in_time_goes_on(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_module, "NOBODY_SECONDS", 5.0)

    async def go() -> None:
        cluster = FakeCluster(small_project, {"a": None})
        run = Run(small_project, cluster)
        await run.roster.gather()
        cluster.workers.clear()
        await run.until(lambda: not run.roster.ready)
        cluster.workers["a"] = None
        await run.until(lambda: run.roster.ready == [1])
        run.watch.cancel()

    asyncio.run(go())


def test_while_the_scheduler_is_out_of_reach_nobody_is_given_anything(small_project: Project) -> None:
    async def go() -> None:
        cluster = FakeCluster(small_project, {"a": None})
        run = Run(small_project, cluster)
        await run.roster.gather()
        cluster.status = "connecting"
        assert run.roster.ready == []
        cluster.status = "closed"
        await run.until(lambda: run.delivered)
        assert "the scheduler is gone" in str(run.delivered[0])

    asyncio.run(go())


def test_a_task_for_a_worker_that_has_just_left_comes_back_as_lost(small_project: Project) -> None:
    async def go() -> None:
        run = Run(small_project, FakeCluster(small_project, {"a": None}))
        await run.roster.gather()
        run.roster.give(7, [{"bloom": 0.0, "ink": 0.0}], task=3)
        done = run.delivered[0]
        assert isinstance(done, Done)
        assert (done.task, done.lost) == (3, True)
        run.watch.cancel()

    asyncio.run(go())


def test_a_canary_that_fails_keeps_nobody_from_painting(
    small_project: Project, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Painter, points: object, *, exact: bool = False) -> list[bytes]:
        raise GeneratorError("the corner is not a number")

    monkeypatch.setattr(Painter, "paint", fail)
    said = FakeCluster._said

    def answer(self: FakeCluster, address: str, raw: bytes) -> Hello | Painted | Failure:
        try:
            return said(self, address, raw)
        except GeneratorError as error:
            return Failure.of(error)

    monkeypatch.setattr(FakeCluster, "_said", answer)

    async def go() -> None:
        run = Run(small_project, FakeCluster(small_project, {"a": None, "b": None}))
        await run.roster.gather()
        await run.until(lambda: run.roster.ready == [0, 1])
        run.watch.cancel()

    asyncio.run(go())
    assert "was not compared with the others" in caplog.text
