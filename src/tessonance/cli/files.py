"""The names of files that several commands write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["made_of"]


def made_of(path: Path, suffix: str) -> Path:
    """Return the name of what is made of a file; of ``.`` and ``/`` too, which are refused when they are read."""
    return (path if path.name else path / "unnamed").with_suffix(suffix)
