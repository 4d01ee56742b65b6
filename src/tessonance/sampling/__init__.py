"""Coordinate → frame: taps, pure, and the samplers that weigh pictures by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tessonance.sampling.fields import Field, Fields
from tessonance.sampling.taps import METHODS, Edge, Method, Shift, Tap, taps

if TYPE_CHECKING:
    from tessonance.sampling.cpu import CpuSampler
    from tessonance.sampling.fit import FITS, Fit, fit
    from tessonance.sampling.gl import GlSampler

__all__ = [
    "FITS",
    "METHODS",
    "CpuSampler",
    "Edge",
    "Field",
    "Fields",
    "Fit",
    "GlSampler",
    "Method",
    "Shift",
    "Tap",
    "fit",
    "taps",
]

_HOMES = {"CpuSampler": "cpu", "FITS": "fit", "Fit": "fit", "fit": "fit", "GlSampler": "gl"}


def __getattr__(name: str) -> Any:
    """Load what needs OpenCV when it is first wanted."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals().update({known: getattr(import_module(f"{__name__}.{home}"), known) for known, home in _HOMES.items()})
    return globals()[name]
