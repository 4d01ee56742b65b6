"""A generator with finishers behind it is a generator again."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tessonance.errors import GeneratorError, ProjectError
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.finishers import Finisher, FinisherKind, Size
    from tessonance.generators import Generator, GeneratorKind
    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["open_chain", "sizes"]


def sizes(project: Project, kinds: Sequence[FinisherKind]) -> list[Size]:
    """Return width and height before each finisher and, last, those of ``[picture]``.

    Parameters
    ----------
    project : Project
    kinds : sequence of FinisherKind
        One for each ``[[finish]]``.

    Returns
    -------
    list of (int, int)

    Raises
    ------
    ProjectError
        For options that a finisher does not understand, or a size that it cannot make.
    """
    found = [(project.picture.width, project.picture.height)]
    for number in range(len(kinds) - 1, -1, -1):
        finish, where = project.finishes[number], f"[[finish]] {number + 1} ({project.finishes[number].use})"
        own = options(kinds[number].options, finish.options, where)
        try:
            found.insert(0, kinds[number].size_before(own, found[0]))
        except ProjectError as error:
            error.where = where
            raise
    return found


def open_chain(project: Project, kind: GeneratorKind, finishers: Sequence[FinisherKind]) -> Generator:
    """Open a project's generator, with a picture of the size that its finishers want, and them behind it.

    Parameters
    ----------
    project : Project
    kind : GeneratorKind
        Of its generator.
    finishers : sequence of FinisherKind
        One for each ``[[finish]]``.

    Returns
    -------
    Generator

    Raises
    ------
    ProjectError
        For options, axes or sizes that one of them does not understand.
    GeneratorError
        If one cannot be opened.
    """
    if not finishers:
        return kind.open(project)
    size = sizes(project, finishers)
    for finish, (width, height) in zip(project.finishes, size, strict=False):
        if not (1 <= width <= 8192 and 1 <= height <= 8192):
            raise ProjectError("no picture has that size", where=f"[[finish]] {finish.use}", got=f"{width} × {height}")
    with ExitStack() as stack:
        opened: list[Finisher] = []
        for number, finisher in enumerate(finishers):
            opened.append(finisher.open(project, project.finishes[number], size[number], size[number + 1]))
            stack.callback(opened[-1].close)
        picture = replace(project.picture, width=size[0][0], height=size[0][1])
        generator = kind.open(replace(project, picture=picture, finishes=()))
        stack.callback(generator.close)
        return _Finished(generator, [finish.use for finish in project.finishes], opened, size[1:], stack.pop_all())


class _Finished:
    def __init__(
        self,
        generator: Generator,
        names: Sequence[str],
        finishers: Sequence[Finisher],
        sizes_after: Sequence[Size],
        held: ExitStack,
    ) -> None:
        self._generator, self._held = generator, held
        self._steps = list(zip(names, finishers, sizes_after, strict=True))

    def __getattr__(self, name: str) -> Any:
        """Pass on what a generator may have besides, such as ``device``."""
        return getattr(self._generator, name)

    @property
    def batch_size(self) -> int:
        return self._generator.batch_size

    @property
    def slow_axes(self) -> tuple[str, ...]:
        return self._generator.slow_axes

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        pictures = self._generator.paint(points)
        for name, finisher, (width, height) in self._steps:
            pictures = finisher.finish(pictures)
            wanted = (len(points), height, width, 3)
            if getattr(pictures, "shape", None) != wanted or str(pictures.dtype) != "uint8":
                raise GeneratorError(
                    "the finisher gave something else than pictures",
                    where=name,
                    wanted=f"uint8 of shape {wanted}",
                    got=f"{getattr(pictures, 'dtype', '?')} of shape {getattr(pictures, 'shape', '?')}",
                )
        return pictures

    def close(self) -> None:
        self._held.close()
