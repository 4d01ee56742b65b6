"""A generator from one function: a point comes in, a picture goes out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec
import numpy as np

from tessonance.errors import GeneratorError, TessError
from tessonance.generators import GeneratorKind
from tessonance.owncode import place_of
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tessonance.generators import Generator
    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["PaintingFunction", "kind_of_function"]

PaintingFunction = Callable[..., Any]
BEYOND = 1.0  # how far numbers may overshoot 0..1, which is cut off; 0..255 is a mistake
GIVEN = ("width", "height", "seed")


def kind_of_function(function: PaintingFunction, name: str) -> GeneratorKind:
    """Describe a generator that paints each picture with one call of a function.

    Parameters
    ----------
    function : callable
        Called as ``function(point, width=…, height=…, seed=…, **options)``, with those of the first three that it
        takes. Its other keyword parameters are the options of ``[generator]``, with their types and defaults. It
        returns an array of shape ``(height, width, 3)``: uint8, or numbers 0..1.
    name : str
        What to call it in errors.

    Returns
    -------
    GeneratorKind

    Raises
    ------
    GeneratorError
        If it takes no point, or has parameters that cannot be options.
    """
    parameters = _parameters(function, name)
    own = _options(function, parameters, name)
    summary = (inspect.getdoc(function) or f"{name} of your own.").splitlines()[0]

    def opened(project: Project) -> Generator:
        return _FunctionGenerator(function, name, project, own, [given for given in GIVEN if given in parameters])

    return GeneratorKind(summary=summary, open=opened, options=own, axes={})


class _FunctionGenerator:
    batch_size = 1
    slow_axes: tuple[str, ...] = ()

    def __init__(
        self,
        function: PaintingFunction,
        name: str,
        project: Project,
        own: type[msgspec.Struct],
        given: Sequence[str],
    ) -> None:
        found = options(own, project.generator.options, "[generator]")
        context = {"width": project.picture.width, "height": project.picture.height, "seed": project.generator.seed}
        self._function, self._name = function, name
        self._keywords = {key: context[key] for key in given} | {
            field.name: getattr(found, field.name) for field in msgspec.structs.fields(own)
        }
        self._shape = (project.picture.height, project.picture.width, 3)

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        return np.stack([self._picture(point) for point in points])

    def close(self) -> None:
        pass

    def _picture(self, point: Point) -> NDArray[np.uint8]:
        try:
            painted = np.asarray(self._function(dict(point), **self._keywords))
        except (TessError, MemoryError):
            raise
        except Exception as error:
            raise GeneratorError(
                "your function failed", where=f"{self._name}, {point}", got=repr(error), hint=place_of(error)
            ) from error
        if painted.shape != self._shape or not (painted.dtype == np.uint8 or painted.dtype.kind == "f"):
            raise GeneratorError(
                "your function gave no picture",
                where=f"{self._name}, {point}",
                wanted=f"an array of shape {self._shape}, uint8 or numbers 0..1",
                got=f"{painted.dtype} of shape {painted.shape}",
            )
        if painted.dtype == np.uint8:
            return painted
        low, high = float(painted.min()), float(painted.max())
        if not -BEYOND <= low <= high <= 1 + BEYOND:  # NaN is nowhere
            raise GeneratorError(
                "your function gave other numbers than those of a picture",
                where=f"{self._name}, {point}",
                wanted="0..1, or uint8",
                got=f"from {low:g} to {high:g}",
            )
        return _coded(painted)


def _coded(painted: NDArray[Any]) -> NDArray[np.uint8]:
    coded: NDArray[np.uint8] = (np.clip(painted, 0, 1) * 255 + 0.5).astype(np.uint8)
    return coded


def _parameters(function: PaintingFunction, name: str) -> Mapping[str, inspect.Parameter]:
    parameters = dict(inspect.signature(function).parameters)
    first = next(iter(parameters.values()), None)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        raise GeneratorError(
            "this function takes no point", where=name, wanted="def paint(point, *, width, height, seed, …)"
        )
    del parameters[first.name]
    if odd := next((p for p in parameters.values() if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)), None):
        raise GeneratorError(
            f"it cannot be told which options {str(odd)!r} stands for",
            where=name,
            wanted="every option as a parameter of its own, with a default",
        )
    return parameters


def _options(
    function: PaintingFunction, parameters: Mapping[str, inspect.Parameter], name: str
) -> type[msgspec.Struct]:
    """Make the struct of a function's options: types as annotated, else as the default's."""
    try:
        hints = get_type_hints(function)
        fields = [_field(p, hints) for key, p in parameters.items() if key not in GIVEN]
        made = msgspec.defstruct("Options", fields, frozen=True, kw_only=True, forbid_unknown_fields=True)
        defaults = {key: p.default for key, p in parameters.items() if key not in GIVEN and p.default is not p.empty}
        msgspec.json.encode(defaults)  # what a tesseract cannot keep is no option
    except (TypeError, NameError, msgspec.ValidationError) as error:
        raise GeneratorError(
            "its parameters cannot be options",
            where=name,
            wanted="numbers, text, true or false, lists or tables",
            got=str(error),
        ) from error
    made.__doc__ = inspect.getdoc(function)
    return made


def _field(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> tuple[str, Any] | tuple[str, Any, Any]:
    default = parameter.default
    if default is parameter.empty:
        return parameter.name, hints.get(parameter.name, Any)
    kept = msgspec.field(default_factory=lambda: default) if isinstance(default, list | dict) else default
    return parameter.name, hints.get(parameter.name, type(default)), kept
