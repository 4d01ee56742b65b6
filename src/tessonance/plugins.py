"""Generators, finishers and sinks: built-in, installed, or code that a project names; loaded only when named."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from tessonance.errors import GeneratorError, MissingExtra, TessError, nearest
from tessonance.owncode import is_code, named_in_code

if TYPE_CHECKING:
    from pathlib import Path

    from tessonance.finishers import FinisherKind
    from tessonance.generators import Generator, GeneratorKind
    from tessonance.project import Project

__all__ = ["finisher_kind", "finisher_kinds", "generator_kind", "kind_of", "names", "open_generator"]


def names(group: str) -> list[str]:
    """Return the names installed in a group: ``"generators"``, ``"finishers"`` or ``"sinks"``."""
    return sorted({point.name for point in entry_points(group=f"tessonance.{group}")})


def generator_kind(name: str, *, folder: str | Path | None = None) -> GeneratorKind:
    """Load the description of a generator.

    Parameters
    ----------
    name : str
        As in ``use = "…"`` of the project file: a name, or ``module:name`` for a `GeneratorKind` or a function that
        paints a point; see `tessonance.generators.function.kind_of_function`.
    folder : path-like, optional
        Where ``module`` is looked for first. Without one no code is imported that is not installed as a plugin.

    Returns
    -------
    GeneratorKind

    Raises
    ------
    ProjectError
        If it names code, and there is no folder.
    GeneratorError
        If no generator has that name.
    MissingExtra
        If it needs a package that is not installed.
    """
    from tessonance.generators import GeneratorKind

    kind = _load("generators", name, folder)
    if callable(kind) and not isinstance(kind, type) and is_code(name):
        from tessonance.generators.function import kind_of_function

        return kind_of_function(kind, name)
    if not isinstance(kind, GeneratorKind):
        wanted = "a GeneratorKind, or a function that paints a point" if is_code(name) else "a GeneratorKind"
        raise GeneratorError("this is no generator", where=name, wanted=wanted, got=repr(kind))
    return kind


def finisher_kind(name: str, *, folder: str | Path | None = None) -> FinisherKind:
    """Load the description of a finisher; see `generator_kind`."""
    from tessonance.finishers import FinisherKind

    kind = _load("finishers", name, folder)
    if not isinstance(kind, FinisherKind):
        raise GeneratorError("this is no finisher", where=name, wanted="a FinisherKind", got=repr(kind))
    return kind


def kind_of(project: Project) -> GeneratorKind:
    """Load the description of a project's generator; see `generator_kind`."""
    return generator_kind(project.generator.use, folder=project.folder)


def finisher_kinds(project: Project) -> list[FinisherKind]:
    """Load the descriptions of a project's finishers, in order; see `generator_kind`."""
    return [finisher_kind(finish.use, folder=project.folder) for finish in project.finishes]


def open_generator(project: Project) -> Generator:
    """Open the generator that a project names, with its finishers; see `generator_kind` for what is raised."""
    from tessonance.finishers.chain import open_chain

    kind, finishers = kind_of(project), finisher_kinds(project)
    try:
        return open_chain(project, kind, finishers)
    except TessError:
        raise
    except Exception as error:  # it may be anybody's code
        raise GeneratorError("it cannot be opened", where=project.generator.use, got=repr(error)) from error


def _load(group: str, name: str, folder: str | Path | None) -> Any:
    if is_code(name):
        return named_in_code(name, None if folder is None else str(folder))
    found: dict[str, EntryPoint] = {point.name: point for point in entry_points(group=f"tessonance.{group}")}
    if name not in found:
        word = group.removesuffix("s")
        hint = f"{nearest(name, found)} or code of your own: module:name"
        raise GeneratorError(f"there is no {word} {name!r}", hint=hint) from None
    try:
        return found[name].load()
    except TessError:
        raise
    except ImportError as error:
        raise MissingExtra(
            f"{name!r} needs a package that is not installed: {error}", hint="see `tess doctor`"
        ) from None
    except Exception as error:
        raise GeneratorError("this plugin cannot be loaded", where=name, got=repr(error)) from error
