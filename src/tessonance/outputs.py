"""Files that are written whole, or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tessonance.errors import OutputExists, TessError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_output", "replacing", "write_text"]


def check_output(path: str | Path, *, force: bool = False) -> None:
    """Refuse a file that cannot be written, before minutes are spent on what is to stand in it.

    Parameters
    ----------
    path : path-like
    force : bool
        Whether it may replace a file.

    Raises
    ------
    OutputExists
        If it exists and `force` is not set.
    TessError
        If it is a folder, or nothing can be written beside it.
    """
    path = Path(path)
    if path.is_dir():
        raise TessError("is a folder", where=path, wanted="a file, or nothing yet")
    if path.exists() and not force:
        raise OutputExists("exists already", where=path, hint="--force replaces it")
    with _refusing(path), _temporary(path) as temporary:  # asking for rights would not tell: a root has them all
        temporary.touch()


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
    with _refusing(path), _temporary(path) as temporary:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "write it into a folder that exists" if isinstance(error, FileNotFoundError) else "write elsewhere"
        raise TessError(f"cannot be written: {error.strerror or error}", where=path, hint=hint) from None


def write_text(path: str | Path, text: str) -> None:
    """Write a text file, as UTF-8, in place of one that may be there; see `replacing`. Raises TessError."""
    with replacing(path) as file:
        file.write(text.encode())
