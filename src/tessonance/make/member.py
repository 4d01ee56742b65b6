"""One worker of a Dask cluster, as the driver sees it: letters go there, replies come back."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tessonance.errors import GeneratorError, TessError
from tessonance.make.remote import Letter, Reply, answer, leave, own_version
from tessonance.make.worker import Hello, Painted

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from tessonance.grid import Point

__all__ = ["Gone", "Member"]

SAME_EVERYWHERE = "pip install 'tessonance[cluster]' in the same version on every machine, the scheduler's too"


class Gone(Exception):
    """The worker is no longer there, or its place was taken by another."""


class Member:
    """A worker process at an address.

    Parameters
    ----------
    client : distributed.Client
        Asynchronous.
    number : int
        As tasks are given to it.
    address : str
    project : dict
        What is painted; see `Project.to_dict`.
    folder : str, optional
        Where files and code that it names are looked for.

    Attributes
    ----------
    state : {"new", "ready", "away"}
        Whether it is being looked at, paints, or is not wanted.
    hello : Hello or None
        What it said of itself.
    is_replaced : bool
        Whether another process has taken its address.
    """

    def __init__(
        self, client: Any, number: int, address: str, project: dict[str, Any], *, folder: str | None = None
    ) -> None:
        self._client, self.number, self.address = client, number, address
        self._project, self._folder = project, folder
        self.state: Literal["new", "ready", "away"] = "new"
        self.hello: Hello | None = None
        self.is_replaced = False
        self._process: str | None = None
        self._errands: set[asyncio.Task[Any]] = set()

    @property
    def name(self) -> str:
        """What to call it in errors and remarks."""
        if self.hello is None:
            return f"worker {self.number} at {self.address}"
        device = f", {self.hello.device}" if self.hello.device else ""
        return f"worker {self.number} ({self.hello.host}{device}, process {self.hello.pid})"

    def send(self, errand: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let something go on that ends when the worker leaves."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    def forget(self) -> None:
        """End all that waits for it."""
        for errand in tuple(self._errands):
            errand.cancel()

    async def open(self) -> Hello:
        """Let it open its generator, and return what it says of itself. Raises TessError, or Gone."""
        hello = await self._ask()
        assert isinstance(hello, Hello)
        self.hello = hello
        return hello

    async def paint(self, points: Sequence[Point], *, exact: bool = False, seconds: float | None = None) -> list[bytes]:
        """Let it paint.

        Parameters
        ----------
        points : sequence of Point
        exact : bool
            Whether the pictures come encoded without loss.
        seconds : float, optional
            After how long it is taken for stuck; its process is ended then.

        Returns
        -------
        list of bytes

        Raises
        ------
        TessError
            If the generator fails, or it took too long.
        Gone
            If nobody will answer.
        """
        if not points:
            return []
        try:
            async with asyncio.timeout(seconds):
                painted = await self._ask(points, exact=exact)
        except TimeoutError:
            self.state = "away"
            await self._client.run(leave, workers=[self.address], wait=False)
            got = f"it took longer than {seconds:g} s"
            hint = "--timeout gives it longer"
            raise GeneratorError("a painting process was ended", where=self.name, got=got, hint=hint) from None
        assert isinstance(painted, Painted)
        return painted.pictures

    async def close(self) -> None:
        """Let it close its generator. Raises TessError, or Gone."""
        await self._ask(close=True)

    async def _ask(self, points: Sequence[Point] = (), *, exact: bool = False, close: bool = False) -> Hello | Painted:
        letter = Letter(own_version(), self._project, list(points), exact, close, self._folder)
        reply = await self._reply(msgspec.msgpack.encode(letter))
        self._process = self._process or reply.process
        if self._process != reply.process:
            self.is_replaced = True
            raise Gone
        if isinstance(reply.answer, Hello | Painted):
            return reply.answer
        raise reply.answer.error()

    async def _reply(self, letter: bytes) -> Reply:
        future = None
        try:
            future = self._client.submit(
                answer,
                letter,
                key=f"tess-{uuid.uuid4().hex}",  # never one that Dask remembers, nor one that it has given up
                workers=[self.address],
                allow_other_workers=False,
            )
            return _opened(await future)
        except (TessError, asyncio.CancelledError):
            raise
        except Exception as error:
            raise Gone() if self._client.status != "running" else _explained(error) from None
        finally:
            if future is not None:
                future.release()


def _opened(raw: bytes) -> Reply:
    try:
        return msgspec.msgpack.decode(raw, type=Reply)
    except msgspec.MsgspecError as error:
        raise TessError("this worker's answer is not understood", got=str(error), hint=SAME_EVERYWHERE) from None


def _explained(error: Exception) -> Exception:
    """Turn what Dask raised into a word of our own."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.scheduler import NoValidWorkerError

    if isinstance(error, FutureCancelledError | KilledWorker | NoValidWorkerError):
        return Gone()
    if isinstance(error, ImportError | AttributeError):
        return TessError("tessonance cannot be imported there", got=str(error), hint=SAME_EVERYWHERE)
    return GeneratorError("the worker failed", got=repr(error), hint="what it said stands in its log")
