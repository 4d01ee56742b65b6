"""Picture → picture: what may be done to pictures after they are painted, before they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import msgspec
    import numpy as np
    from numpy.typing import NDArray

    from tessonance.project import Finish, Project

    Size = tuple[int, int]  # width, height

__all__ = ["Finisher", "FinisherKind"]


class Finisher(Protocol):
    """Changes pictures, each by itself; opened once and used by one thread of one process.

    The same picture comes out the same, whatever came before or beside it.
    """

    def finish(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Finish some pictures.

        Parameters
        ----------
        pictures : ndarray of uint8, shape (n, height, width, 3)
            Of the size that `FinisherKind.size_before` told; they may be changed in place.

        Returns
        -------
        ndarray of uint8, shape (n, height after, width after, 3)

        Raises
        ------
        GeneratorError
            If a picture cannot be finished.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; it is not used again."""
        ...


def _no_files(own: Any) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class FinisherKind:
    """What an entry point of the group ``tessonance.finishers`` names: a finisher, described but not yet opened.

    Its module imports nothing heavy; `open` does.

    Parameters
    ----------
    summary : str
        One line for a list of finishers.
    open : callable
        Opens a finisher, given the project, its own table, and the sizes before and after: ``open(project, finish,
        (64, 64), (128, 128))``. Raises ProjectError for options it does not understand, GeneratorError for what it
        cannot load.
    options : type of msgspec.Struct
        The keys of ``[[finish]]`` beside ``use``, with their defaults.
    size_before : callable
        Given the options and the width and height that are to come out, returns those that must go in. Raises
        ProjectError where no size would do.
    files : callable
        Given the options, names the files that pictures depend on.
    """

    summary: str
    open: Callable[[Project, Finish, Size, Size], Finisher]
    options: type[msgspec.Struct]
    size_before: Callable[[Any, Size], Size]
    files: Callable[[Any], Iterable[str]] = _no_files
