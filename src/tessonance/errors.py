"""The exception tree: everything that tessonance refuses, it refuses with one of these.

::

    TessError
    ├── ProjectError      the project file or a mapping
    ├── GridError         an axis or a grid that cannot be
    ├── TesseractError    a tesseract on disk
    │   ├── MissingPicture    a cell that is not painted yet
    │   └── DamagedPicture    a cell whose stored bytes are no picture
    ├── GeneratorError    a generator that cannot be opened, or that failed
    │   ├── OutOfMemory       a batch that is too large for the machine
    │   └── ServerGone        a server that paints, and cannot be reached
    ├── SoundError        a song, a recording or a device
    ├── RenderError       frames that cannot be made or written
    ├── ControlError      a controller that cannot be reached
    ├── OutputExists      a file that would be overwritten
    └── MissingExtra      an optional part that is not installed
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ControlError",
    "DamagedPicture",
    "GeneratorError",
    "GridError",
    "MissingExtra",
    "MissingPicture",
    "OutOfMemory",
    "OutputExists",
    "ProjectError",
    "RenderError",
    "ServerGone",
    "SoundError",
    "TessError",
    "TesseractError",
    "nearest",
]


class TessError(Exception):
    """Something was refused, and this says what.

    Parameters
    ----------
    problem : str
        One sentence: what is wrong.
    where : str, optional
        The file, table, cell or device it concerns.
    wanted : str, optional
        What would have been right.
    got : str, optional
        What came instead.
    hint : str, optional
        What to try next.
    """

    def __init__(
        self,
        problem: str,
        *,
        where: object = None,
        wanted: str | None = None,
        got: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.problem, self.wanted, self.got, self.hint = problem, wanted, got, hint
        self.where = None if where is None else str(where)
        super().__init__(problem)

    def __str__(self) -> str:
        head = f"{self.where}: {self.problem}" if self.where else self.problem
        parts = [("wanted", self.wanted), ("got", self.got), ("try", self.hint)]
        return "\n".join([head, *(f"  {label}: {text}" for label, text in parts if text)])

    def __reduce__(self) -> tuple[object, ...]:
        """Travel whole between processes: pickle knows nothing of keyword-only arguments."""
        return _rebuild, (type(self), self.problem, self.where, self.wanted, self.got, self.hint)


def _rebuild(
    kind: type[TessError], problem: str, where: str | None, wanted: str | None, got: str | None, hint: str | None
) -> TessError:
    return kind(problem, where=where, wanted=wanted, got=got, hint=hint)


class ProjectError(TessError):
    """The project file or a mapping is not as it should be."""


class GridError(TessError, ValueError):
    """An axis or a grid that cannot be."""


class TesseractError(TessError):
    """A tesseract that cannot be opened, read or written."""


class MissingPicture(TesseractError):
    """The cell is not painted yet."""


class DamagedPicture(TesseractError):
    """The stored bytes of the cell are no picture."""


class GeneratorError(TessError):
    """A generator cannot be opened, or it failed."""


class OutOfMemory(GeneratorError):
    """A batch is too large for the machine."""


class ServerGone(GeneratorError):
    """A server that paints cannot be reached, or does not answer as such a server does."""


class SoundError(TessError):
    """A song, a recording or a device cannot be heard."""


class RenderError(TessError):
    """Frames cannot be made or written."""


class ControlError(TessError):
    """A controller, or a program beside this one, cannot be reached."""


class OutputExists(TessError):
    """A file is in the way and would be overwritten."""


class MissingExtra(TessError):
    """An optional part of tessonance is not installed."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Hint at the known word nearest to a misspelt one.

    Parameters
    ----------
    word : str
        What was given.
    known : iterable of str
        What would have been right.

    Returns
    -------
    str
        ``did you mean 'x'?``, or the list of what is known.
    """
    choices = sorted(known)
    close = get_close_matches(word, choices, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else "one of " + ", ".join(choices)
