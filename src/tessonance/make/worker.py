"""One painting process: points come in by standard input, encoded pictures go out by standard output."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec.structs import replace

from tessonance import errors
from tessonance.errors import GeneratorError, OutOfMemory, TessError
from tessonance.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.generators import Generator
    from tessonance.grid import Point

__all__ = ["Failure", "Hello", "Painted", "Painter", "Start", "Task", "receive", "send"]


class Start(msgspec.Struct, tag=True):
    """What a worker is told first: the project, and in which folder files and code that it names are looked for."""

    project: dict[str, Any]
    folder: str | None = None


class Hello(msgspec.Struct, tag=True):
    """What a worker answers when its generator is open: what it likes to be given, and who it is."""

    batch_size: int
    slow_axes: tuple[str, ...]
    host: str
    pid: int
    device: str | None


class Task(msgspec.Struct, tag=True):
    """Points to paint."""

    points: list[dict[str, float]]


class Painted(msgspec.Struct, tag=True):
    """The encoded pictures of a task, in its order."""

    pictures: list[bytes]


class Failure(msgspec.Struct, tag=True):
    """Why a task, or the start, failed."""

    kind: str
    problem: str
    where: str | None = None
    wanted: str | None = None
    got: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, error: TessError) -> Failure:
        """Put an error into words that travel."""
        return cls(type(error).__name__, error.problem, error.where, error.wanted, error.got, error.hint)

    def error(self) -> TessError:
        """Return the error again."""
        kind = getattr(errors, self.kind, GeneratorError)
        error: TessError = kind(self.problem, where=self.where, wanted=self.wanted, got=self.got, hint=self.hint)
        return error


Message = Start | Hello | Task | Painted | Failure
_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Message)


def send(pipe: BinaryIO, message: Message) -> None:
    """Write one message, its length first."""
    body = _encoder.encode(message)
    pipe.write(len(body).to_bytes(8, "little"))
    pipe.write(body)
    pipe.flush()


def receive(pipe: BinaryIO) -> Message | None:
    """Read one message; None where the other side is gone."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    length = int.from_bytes(head, "little")
    body = pipe.read(length)
    return _decoder.decode(body) if len(body) == length else None


class Painter:
    """A generator with the codec of its project: points in, encoded pictures out.

    Parameters
    ----------
    project : Project

    Raises
    ------
    TessError
        If the generator cannot be opened.
    """

    def __init__(self, project: Project) -> None:
        from tessonance.plugins import open_generator
        from tessonance.store import codec_for

        self._picture = project.picture
        self._codec = codec_for(project.picture)
        self._generator: Generator = open_generator(project)
        self.batch_size = max(1, self._generator.batch_size)
        self.slow_axes = self._generator.slow_axes

    def paint(self, points: Sequence[Point], *, exact: bool = False) -> list[bytes]:
        """Paint and encode the pictures of some points, batch by batch.

        Parameters
        ----------
        points : sequence of Point
            Any number.
        exact : bool
            Whether to encode without loss, whatever the project says.

        Returns
        -------
        list of bytes
            One encoded picture a point.

        Raises
        ------
        GeneratorError
            If the generator fails, or gives something that is no picture of the project.
        """
        from tessonance.store import codec_for

        codec = codec_for(replace(self._picture, codec="lossless")) if exact else self._codec
        encoded = []
        for first in range(0, len(points), self.batch_size):
            batch = points[first : first + self.batch_size]
            encoded += [codec.encode(picture) for picture in self._paint_batch(batch)]
        return encoded

    def hello(self) -> Hello:
        """Say what it likes to be given, where it is, and on which device if its generator has a ``device``."""
        device = getattr(self._generator, "device", None)
        return Hello(
            self.batch_size, self.slow_axes, platform.node(), os.getpid(), None if device is None else str(device)
        )

    def check(self) -> None:
        """Ask a generator that paints elsewhere whether it still can. Raises ServerGone if it cannot."""
        getattr(self._generator, "check", lambda: None)()

    def cancel(self, reason: str) -> None:
        """Ask a generator that paints elsewhere to give up what it paints now; from any thread."""
        getattr(self._generator, "cancel", lambda reason: None)(reason)

    @property
    def in_hand(self) -> float:
        """How far the picture is that is being painted, 0..1, where the generator tells; from any thread."""
        return float(getattr(self._generator, "in_hand", 0.0))

    def close(self) -> None:
        """Close the generator."""
        self._generator.close()

    def _paint_batch(self, batch: Sequence[Point]) -> NDArray[np.uint8]:
        try:
            pictures = self._generator.paint(batch)
        except TessError:
            raise
        except (Exception, SystemExit) as error:  # some models end the program where they mean an error
            if is_out_of_memory(error):
                raise self._too_large(batch) from error
            raise GeneratorError("the generator failed", where=str(batch[0]), got=repr(error)) from error
        wanted = (len(batch), self._picture.height, self._picture.width, 3)
        if getattr(pictures, "shape", None) != wanted or str(pictures.dtype) != "uint8":
            raise GeneratorError(
                "the generator gave something else than pictures",
                where=str(batch[0]),
                wanted=f"uint8 of shape {wanted}",
                got=f"{getattr(pictures, 'dtype', type(pictures).__name__)} of shape {getattr(pictures, 'shape', '?')}",
            )
        return pictures

    def _too_large(self, batch: Sequence[Point]) -> OutOfMemory:
        """Find the largest batch that works, by halves; what that paints is not kept, since batches differ."""
        for count in (len(batch) >> halvings for halvings in range(1, len(batch).bit_length())):
            try:
                self._generator.paint(batch[:count])
            except Exception as error:
                if not is_out_of_memory(error):
                    break
            else:
                hint = f"batch_size = {count} in [generator] works; it makes another tesseract, so give it another name"
                return OutOfMemory("out of memory", got=f"a batch of {len(batch)}", hint=hint)
        return OutOfMemory(
            "out of memory",
            got=f"a batch of {len(batch)}",
            hint="no batch worked: paint smaller, or fewer --workers",
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a generator ran out of memory, Python's own or a device's (which each library words its own way)."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def one_thread() -> None:
    """Let this process compute on one thread: processes in parallel beat threads in each."""
    import cv2

    cv2.setNumThreads(1)


def main() -> None:
    """Serve until standard input ends; what a generator prints goes to standard error."""
    source = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    one_thread()
    painter: Painter | None = None
    while (message := receive(source)) is not None:
        try:
            if isinstance(message, Start):
                painter = Painter(Project.from_dict(message.project, folder=message.folder))
                send(answers, painter.hello())
            elif isinstance(message, Task) and painter is not None:
                send(answers, Painted(painter.paint(message.points)))
        except TessError as error:
            send(answers, Failure.of(error))


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # whoever wanted the pictures is gone
        main()
