"""Files that are written whole, or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tessonance.errors import TessError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replacing", "write_text"]


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its name only when it is complete.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    binary file
        A temporary file beside `path`; it becomes `path` at the end, or vanishes if an exception passes.

    Raises
    ------
    TessError
        If it cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        hint = "write it into a folder that exists" if isinstance(error, FileNotFoundError) else "write elsewhere"
        raise TessError(f"cannot be written: {error.strerror or error}", where=path, hint=hint) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file, as UTF-8, in place of one that may be there; see `replacing`. Raises TessError."""
    with replacing(path) as file:
        file.write(text.encode())
