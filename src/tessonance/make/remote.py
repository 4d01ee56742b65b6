"""What a worker of a Dask cluster does: opens the generator once, paints what it is sent, says who it is."""

from __future__ import annotations

import os
import uuid
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from tessonance.errors import TessError
from tessonance.make.worker import Failure, Hello, Painted, Painter, one_thread
from tessonance.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Letter", "Reply", "answer", "leave", "own_version"]


class Letter(msgspec.Struct, omit_defaults=True):
    """What a worker is asked to do.

    Parameters
    ----------
    version : str
        Of the tessonance that asks.
    project : dict
        What is painted; see `Project.to_dict`.
    points : list of dict
        What to paint; without any the worker only opens the generator and says who it is.
    exact : bool
        Whether to encode the pictures without loss, whatever the project says.
    close : bool
        Whether to close the generator instead.
    folder : str, optional
        Where files and code that the project names are looked for: on the machine of the worker, the same as here.
    """

    version: str
    project: dict[str, Any]
    points: list[dict[str, float]] = []
    exact: bool = False
    close: bool = False
    folder: str | None = None


class Reply(msgspec.Struct):
    """What a worker answers.

    Parameters
    ----------
    process : str
        A name that no other process has: an address may be taken over by a new one.
    answer : Hello, Painted or Failure
    """

    process: str
    answer: Hello | Painted | Failure


class _Head(msgspec.Struct):
    version: str


PROCESS = uuid.uuid4().hex
_lock = Lock()  # a generator is used by one thread, whatever the worker was started with
_open: dict[bytes, Painter] = {}  # at most one: a model may fill the device


def answer(letter: bytes) -> bytes:
    """Do what a letter asks.

    The generator stays open for further letters about the same project, and is closed for one about another.

    Parameters
    ----------
    letter : bytes
        A `Letter` in MessagePack.

    Returns
    -------
    bytes
        A `Reply` in MessagePack; what the generator refuses is in it.
    """
    with _lock:
        try:
            said: Hello | Painted | Failure = _obey(letter)
        except TessError as error:
            said = Failure.of(error)
    return msgspec.msgpack.encode(Reply(PROCESS, said))


async def leave() -> None:
    """End this process, even though its one thread is stuck; Dask runs this beside it."""
    os._exit(1)


def own_version() -> str:
    """Return the version of tessonance that runs here."""
    return version("tessonance")


def _obey(raw: bytes) -> Hello | Painted:
    asked = msgspec.msgpack.decode(raw, type=_Head).version
    if asked != own_version():
        raise TessError(
            "this worker has another version of tessonance",
            wanted=asked,
            got=own_version(),
            hint="install the same version on every machine, then start the worker again",
        )
    letter = msgspec.msgpack.decode(raw, type=Letter)
    key = msgspec.msgpack.encode((letter.project, letter.folder))
    if letter.close:
        _close([key])
        return Painted([])
    if key not in _open:
        _close(list(_open))
        one_thread()
        _open[key] = Painter(Project.from_dict(letter.project, folder=letter.folder))
    if not letter.points:
        return _open[key].hello()
    return Painted(_open[key].paint(letter.points, exact=letter.exact))


def _close(projects: Iterable[bytes]) -> None:
    for key in projects:
        if painter := _open.pop(key, None):
            painter.close()
