"""Let music play a tesseract: an N-dimensional grid of pictures that a neural network painted beforehand.

>>> import tessonance as tess
>>> tesseract = tess.generate("flower.toml", "flower.tess")  # doctest: +SKIP
>>> tess.render(tesseract, "song.ogg", "film.mp4")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tessonance.contact import sheet
    from tessonance.errors import TessError
    from tessonance.grid import Axis, Grid
    from tessonance.make.importing import import_pictures
    from tessonance.make.run import generate
    from tessonance.motion import motion
    from tessonance.project import Mapping, Project, Route, load_mapping, load_project
    from tessonance.show.governing import governor
    from tessonance.show.render import render
    from tessonance.smooth.bake import bake
    from tessonance.sound import features
    from tessonance.store import Tesseract
    from tessonance.store import open_tesseract as open
    from tessonance.trials import trial

_HOMES = {
    "Axis": "grid",
    "Grid": "grid",
    "Mapping": "project",
    "Project": "project",
    "Route": "project",
    "TessError": "errors",
    "Tesseract": "store",
    "bake": "smooth.bake",
    "features": "sound",
    "generate": "make.run",
    "governor": "show.governing",
    "import_pictures": "make.importing",
    "load_mapping": "project",
    "load_project": "project",
    "motion": "motion",
    "open": "store:open_tesseract",
    "render": "show.render",
    "sheet": "contact",
    "trial": "trials",
}

__all__ = [
    "Axis",
    "Grid",
    "Mapping",
    "Project",
    "Route",
    "TessError",
    "Tesseract",
    "bake",
    "features",
    "generate",
    "governor",
    "import_pictures",
    "load_mapping",
    "load_project",
    "motion",
    "open",
    "render",
    "sheet",
    "trial",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first wanted, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tessonance' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(import_module(f"tessonance.{module}"), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
