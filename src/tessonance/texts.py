"""Files of text that appear whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tessonance.errors import TessError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears whole, or not at all. Raises TessError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        problem = f"cannot be written: {error.strerror or error}"
        raise TessError(problem, where=path, hint="write elsewhere") from None
