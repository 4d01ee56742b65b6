"""A worker as the driver sees it: every way in which no answer comes has a word of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tessonance.errors import GeneratorError, TessError
from tessonance.make.member import Gone, Member
from tessonance.make.remote import Letter, Reply
from tessonance.make.worker import Failure, Hello, Painted
from tessonance.project import Project

distributed = pytest.importorskip("distributed", reason="pip install 'tessonance[cluster]'")

HELLO = Hello(4, (), "atelier", 123, "cuda:0")


class FakeClient:
    """Answers with what a function makes of the letter, or fails as Dask does."""

    def __init__(self, reply: Callable[[Letter], object]) -> None:
        self._reply, self.status = reply, "running"
        self.released = 0
        self.sent: list[dict[str, Any]] = []

    def submit(self, function: object, letter: bytes, **how: Any) -> Any:
        self.sent.append(how)
        client = self

        class Future:
            def __await__(self) -> Any:
                yield from asyncio.sleep(0).__await__()
                said = client._reply(msgspec.msgpack.decode(letter, type=Letter))
                if isinstance(said, Exception):
                    raise said
                return said if isinstance(said, bytes) else msgspec.msgpack.encode(said)

            def release(self) -> None:
                client.released += 1

        return Future()


def member(project: Project, reply: Callable[[Letter], object]) -> Member:
    return Member(FakeClient(reply), 7, "tcp://10.0.0.3:41000", project.to_dict())


def opening(project: Project, said: object) -> Member:
    found = member(project, lambda letter: said)
    asyncio.run(found.open())
    return found


def test_a_letter_goes_to_one_worker_and_no_other_and_its_answer_is_let_go(small_project: Project) -> None:
    found = opening(small_project, Reply("a", HELLO))
    client: FakeClient = found._client
    assert (client.sent[0]["workers"], client.sent[0]["allow_other_workers"]) == ([found.address], False)
    assert client.released == 1
    assert found.name == "worker 7 (atelier, cuda:0, process 123)"


def test_a_process_that_took_the_address_over_is_another_worker(small_project: Project) -> None:
    names = iter(["a", "b"])
    found = member(small_project, lambda letter: Reply(next(names), Painted([b"x"]) if letter.points else HELLO))

    async def talk() -> None:
        await found.open()
        with pytest.raises(Gone):
            await found.paint([{"bloom": 0.0}])

    asyncio.run(talk())
    assert found.is_replaced


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (Reply("a", Failure("OutOfMemory", "out of memory", hint="batch_size = 2")), "OutOfMemory", "batch_size = 2"),
        (ModuleNotFoundError("No module named 'tessonance'"), "TessError", r"cannot be imported there(.|\n)*cluster"),
        (b"\xc1", "TessError", "answer is not understood"),
        (RuntimeError("CUDA is unhappy"), "GeneratorError", "the worker failed(.|\n)*CUDA is unhappy"),
        (distributed.KilledWorker("key", None, 3), "Gone", ""),
        (distributed.client.FutureCancelledError("key", "lost"), "Gone", ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_has_a_word_of_its_own(small_project: Project, said: object, kind: str, words: str) -> None:
    with pytest.raises((TessError, Gone)) as caught:
        opening(small_project, said)
    assert type(caught.value).__name__ == kind
    assert re.search(words, str(caught.value))


def test_without_a_scheduler_a_worker_is_gone_whatever_dask_says(small_project: Project) -> None:
    found = member(small_project, lambda letter: RuntimeError("Client is closed"))
    found._client.status = "closed"
    with pytest.raises(Gone):
        asyncio.run(found.open())


def test_a_worker_that_takes_too_long_is_ended(small_project: Project) -> None:
    ended: list[str] = []

    class Stuck(FakeClient):
        def submit(self, function: object, letter: bytes, **how: Any) -> Any:
            future = super().submit(function, letter, **how)
            type(future).__await__ = lambda self: asyncio.sleep(60).__await__()
            return future

        async def run(self, function: object, *, workers: list[str], wait: bool) -> None:
            ended.extend(workers)

    found = Member(Stuck(lambda letter: None), 7, "tcp://10.0.0.3:41000", small_project.to_dict())
    with pytest.raises(GeneratorError, match=r"it took longer than 0\.01 s"):
        asyncio.run(found.paint([{"bloom": 0.0}], seconds=0.01))
    assert ended == [found.address]
    assert found.state == "away"
