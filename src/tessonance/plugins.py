"""Entry points: generators and sinks, built-in or installed, loaded only when named."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from tessonance.errors import GeneratorError, MissingExtra, TessError, nearest

if TYPE_CHECKING:
    from tessonance.generators import Generator, GeneratorKind
    from tessonance.project import Project

__all__ = ["generator_kind", "names", "open_generator"]


def names(group: str) -> list[str]:
    """Return the names installed in a group: ``"generators"`` or ``"sinks"``."""
    return sorted({point.name for point in entry_points(group=f"tessonance.{group}")})


def generator_kind(name: str) -> GeneratorKind:
    """Load the description of a generator.

    Parameters
    ----------
    name : str
        As in ``use = "…"`` of the project file.

    Returns
    -------
    GeneratorKind

    Raises
    ------
    GeneratorError
        If no generator has that name.
    MissingExtra
        If it needs a package that is not installed.
    """
    from tessonance.generators import GeneratorKind

    kind = _load("generators", name)
    if not isinstance(kind, GeneratorKind):
        raise GeneratorError("the entry point is no generator", where=name, wanted="a GeneratorKind", got=repr(kind))
    return kind


def open_generator(project: Project) -> Generator:
    """Open the generator that a project names; see `generator_kind` for what is raised."""
    kind = generator_kind(project.generator.use)
    try:
        return kind.open(project)
    except TessError:
        raise
    except Exception as error:  # it may be anybody's code
        raise GeneratorError("it cannot be opened", where=project.generator.use, got=repr(error)) from error


def _load(group: str, name: str) -> Any:
    found: dict[str, EntryPoint] = {point.name: point for point in entry_points(group=f"tessonance.{group}")}
    if name not in found:
        word = group.removesuffix("s")
        raise GeneratorError(f"there is no {word} {name!r}", hint=nearest(name, found)) from None
    try:
        return found[name].load()
    except TessError:
        raise
    except ImportError as error:
        raise MissingExtra(
            f"{name!r} needs a package that is not installed: {error}", hint="see `tess doctor`"
        ) from None
