"""Point → picture: what a generator is. Each generator is one file, independent of the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import msgspec
    import numpy as np
    from numpy.typing import NDArray

    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["AxisInfo", "Generator", "GeneratorKind"]


class Generator(Protocol):
    """A painter, opened once and used by one thread of one process.

    The same points give the same pictures, whatever was painted before or beside them.
    """

    @property
    def batch_size(self) -> int:
        """How many points it likes to get at once, at least 1."""
        ...

    @property
    def slow_axes(self) -> tuple[str, ...]:
        """The axes along which a step costs most; cells that share their values are painted together."""
        ...

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points.

        Parameters
        ----------
        points : sequence of Point
            From 1 to `batch_size` of them.

        Returns
        -------
        ndarray of uint8, shape (len(points), height, width, 3)
            sRGB, top row first.

        Raises
        ------
        GeneratorError
            If a picture cannot be painted.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; it is not used again."""
        ...


@dataclass(frozen=True)
class AxisInfo:
    """What a generator says of one of its axes.

    Parameters
    ----------
    summary : str
        What the axis does to the picture, in a few words.
    start, stop : float
        The range that looks good.
    closed : bool
        Whether `start` and `stop` give the same picture.
    rest : float
        The value where no axis of that name is in the grid.
    """

    summary: str
    start: float = 0.0
    stop: float = 1.0
    closed: bool = False
    rest: float = 0.0


def _no_files(own: Any) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class GeneratorKind:
    """What an entry point of the group ``tessonance.generators`` names: a generator, described but not yet opened.

    Its module imports nothing heavy; `open` does.

    Parameters
    ----------
    summary : str
        One line for a list of generators.
    open : callable
        Opens a generator for a project. Raises ProjectError for options or axes it does not understand, GeneratorError
        for what it cannot load.
    options : type of msgspec.Struct
        The keys of ``[generator]`` beside ``use`` and ``seed``, with their defaults.
    axes : mapping of str to AxisInfo
        The axes it understands; empty where an axis may have any name.
    presets : mapping of str to str
        Whole commented project files by name, the first the default, for ``tess new``.
    files : callable
        Given the options, names the files that pictures depend on: their contents become part of what the tesseract
        is. See `tessonance.files.read_named` for how `open` reads them.
    models : callable
        Given the options, names what may be a folder with a model beside the project: it becomes part of what the
        tesseract is too, known by names, sizes and pieces; see `tessonance.files.digests`.
    passing : frozenset of str
        The options that say where or how fast to paint, not what: addresses, a device, a patience. They are no part of
        what a tesseract is, and are not stored in it.
    places : callable, optional
        Given the options, returns one options for each place that can paint beside the others, such as the addresses of
        servers; `open` is called once for each, and a thread is all that it takes. None: processes on this machine.
    workers : int, optional
        How many processes paint unless another number is asked for: 1 where each holds a large model. None: one for
        each core.
    """

    summary: str
    open: Callable[[Project], Generator]
    options: type[msgspec.Struct]
    axes: Mapping[str, AxisInfo]
    presets: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[Any], Iterable[str]] = _no_files
    models: Callable[[Any], Iterable[str]] = _no_files
    passing: frozenset[str] = frozenset()
    places: Callable[[Any], Sequence[Any]] | None = None
    workers: int | None = None
