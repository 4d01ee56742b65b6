"""What a project is, written out: its generator's and finishers' defaults, and what is in the files it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import to_builtins
from msgspec.structs import replace

from tessonance.chain import Finish, Generator
from tessonance.files import digests
from tessonance.plugins import finisher_kinds, kind_of
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tessonance.finishers import FinisherKind
    from tessonance.generators import GeneratorKind
    from tessonance.project import Project

__all__ = ["lasting", "placed", "resolved"]

Table = TypeVar("Table", Generator, Finish)


def resolved(project: Project) -> Project:
    """Write out what makes a tesseract of this project what it is.

    What a tesseract is must not change when a default does, and another photograph makes another tesseract.

    Parameters
    ----------
    project : Project

    Returns
    -------
    Project
        With every option of its generator and finishers, and the digests of the files that they name.

    Raises
    ------
    TessError
        For a generator that is not there, options that it does not understand, or files that cannot be read or are not
        those that the project tells of.
    """
    finishes = tuple(
        _written_out(finish, kind, project, f"[[finish]] {number}")
        for number, (finish, kind) in enumerate(zip(project.finishes, finisher_kinds(project), strict=True), 1)
    )
    kind, table = kind_of(project), project.generator
    generator = _written_out(table, kind, project, "[generator]", models=kind.models)
    return replace(project, generator=generator, finishes=finishes)


def lasting(project: Project) -> Project:
    """Return a project without the options that say only where and how fast it is painted: what is stored of it."""
    kind, table = kind_of(project), project.generator
    kept = {name: value for name, value in table.options.items() if name not in kind.passing}
    return replace(project, generator=replace(table, options=kept))


def placed(project: Project) -> list[Project]:
    """Return a project for each place that can paint it beside the others; none where this machine's cores do."""
    kind, table = kind_of(project), project.generator
    if kind.places is None:
        return []
    return [
        replace(project, generator=replace(table, options=to_builtins(own)))
        for own in kind.places(options(kind.options, table.options, "[generator]"))
    ]


def _written_out(
    table: Table,
    kind: GeneratorKind | FinisherKind,
    project: Project,
    where: str,
    *,
    models: Callable[[Any], Iterable[str]] = lambda own: (),
) -> Table:
    given = options(kind.options, table.options, where)
    files = digests(project, kind.files(given), table.files, models=models(given))
    return replace(table, options=to_builtins(given), files=files)
