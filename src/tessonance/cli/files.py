"""Files that several commands write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["made_of", "write_text"]


def made_of(path: Path, suffix: str) -> Path:
    """Return the name of what is made of a file; of ``.`` and ``/`` too, which are refused when they are read."""
    return (path if path.name else path / "unnamed").with_suffix(suffix)


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears whole, or not at all. Raises TessError."""
    from tessonance.errors import TessError

    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TessError(f"cannot be written: {error.strerror}", where=path, hint="write elsewhere") from None
