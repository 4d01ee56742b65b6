"""Code that a project file names as ``module:name``: found beside that file, or installed."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import traceback
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tessonance.errors import GeneratorError, ProjectError, TessError, nearest

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["is_code", "named_in_code", "place_of"]

_CODE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def is_code(name: str) -> bool:
    """Tell whether a name is meant as ``module:name``."""
    return ":" in name


def named_in_code(name: str, folder: str | None) -> Any:
    """Import what ``module:name`` names; this runs the module.

    Parameters
    ----------
    name : str
    folder : str, optional
        Of the project file: ``module.py`` there is taken before any installed module. Without one nothing is imported.

    Returns
    -------
    Any

    Raises
    ------
    ProjectError
        If it is no such name, or nobody named the project file that holds it.
    GeneratorError
        If there is no such module, it fails, or has nothing of that name.
    """
    if not _CODE.fullmatch(name):
        raise ProjectError("this is no name in a module", where=name, wanted="module:name, such as waves:paint")
    if folder is None:
        raise ProjectError(
            "code is run only from a project file that you name",
            where=name,
            got="a project that came with a tesseract, or as text",
            hint="name its project file; in Python, load_project(…) or parse_project(…, folder=…)",
        )
    module_name, _, attribute = name.partition(":")
    module = _module(module_name, Path(folder))
    if not hasattr(module, attribute):
        there = [word for word in vars(module) if not word.startswith("_")]
        raise GeneratorError(f"the module has no {attribute!r}", where=module.__file__, hint=nearest(attribute, there))
    return getattr(module, attribute)


def place_of(error: BaseException) -> str | None:
    """Return the file and line where an error arose, as a hint for whoever wrote that code."""
    frames = traceback.extract_tb(error.__traceback__)
    return f'look at line {frames[-1].lineno} of {frames[-1].filename}: "{frames[-1].line}"' if frames else None


def _module(name: str, folder: Path) -> ModuleType:
    beside = folder / f"{name}.py"
    try:
        if "." not in name and beside.is_file():
            return _from_file(name, beside)
        if str(folder) not in sys.path:
            sys.path.append(str(folder))  # last: a file beside a project must not hide a module of Python's own
        return importlib.import_module(name)
    except TessError:
        raise
    except ModuleNotFoundError as error:
        if error.name == name:
            hint = f"put {name}.py beside the project file, in {folder}, or install it"
            raise GeneratorError(f"there is no module {name!r}", hint=hint) from None
        raise GeneratorError(f"the module needs another one: {error}", where=name, hint=place_of(error)) from error
    except SyntaxError as error:
        raise GeneratorError(f"this is no Python: {error.msg}", where=f"{error.filename}:{error.lineno}") from error
    except Exception as error:
        raise GeneratorError(
            "the module fails when it is imported", where=name, got=repr(error), hint=place_of(error)
        ) from error


def _from_file(name: str, path: Path) -> ModuleType:
    """Run a file as a module, once; two projects may each have a ``waves.py``."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    own = f"{name}_{sha256(str(path).encode()).hexdigest()[:8]}"
    if own not in sys.modules:
        spec = importlib.util.spec_from_file_location(own, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[own] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[own]
            raise
    return sys.modules[own]
