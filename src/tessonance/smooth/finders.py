"""What finds the flow between two pictures, by name: `dis`, or an installed plugin."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tessonance.errors import MissingExtra, TessError, nearest

if TYPE_CHECKING:
    from tessonance.smooth.flow import FlowFinder

__all__ = ["finder_named", "finder_names"]

GROUP = "tessonance.flows"


def finder_names() -> list[str]:
    """Return the names that are installed."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def finder_named(name: str) -> FlowFinder:
    """Load what finds the flow.

    Parameters
    ----------
    name : str
        Of an entry point of the group ``tessonance.flows``: a function as `tessonance.smooth.flow.FlowFinder` has it,
        which any number of threads may call.

    Returns
    -------
    FlowFinder

    Raises
    ------
    TessError
        If there is none of that name, or it cannot be loaded.
    MissingExtra
        If it needs a package that is not installed.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise TessError(f"nothing finds flow by the name {name!r}", hint=nearest(name, found))
    try:
        finder: FlowFinder = found[name].load()
    except ImportError as error:
        raise MissingExtra(f"{name!r} needs a package that is not installed: {error}") from None
    except Exception as error:
        raise TessError("this plugin cannot be loaded", where=name, got=repr(error)) from error
    if not callable(finder):
        raise TessError("this finds no flow", where=name, wanted="a function of two pictures", got=repr(finder)[:80])
    return finder
