"""Files and folders that appear under their names whole, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tessonance.errors import OutputExists
from tessonance.store import osfile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

__all__ = ["create_folder", "new_file", "new_folder", "publish_folder", "refuse_existing", "remove_folder"]


def create_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with some files in it, which appears whole or not at all.

    Parameters
    ----------
    path : Path
        Where nothing is yet, in a folder that is there.
    files : mapping of str to bytes
        Names below the folder, with ``/`` between, and contents.

    Raises
    ------
    OutputExists
        If something is there.
    OSError
        If the system refuses.
    """
    with new_folder(path) as partial:
        for name, data in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            osfile.write_new(partial / name, data)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill, which appears under its name whole, or not at all. Raises OutputExists and OSError."""
    refuse_existing(path)
    partial = _partial(path)
    partial.mkdir()
    try:
        yield partial
        for folder, _, _ in os.walk(partial):
            osfile.sync_folder(Path(folder))
        publish_folder(partial, path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """Give a file to write, which appears under its name whole, or not at all; with `force` in place of another one.

    Raises OutputExists and OSError.
    """
    if not force:
        refuse_existing(path)
    partial = _partial(path)
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            osfile.sync(file.fileno())
        if not force:
            refuse_existing(path)  # another may have come meanwhile
        osfile.rename(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    osfile.sync_folder(path.parent)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def publish_folder(partial: Path, path: Path) -> None:
    """Give a finished folder its name, where nothing is yet. Raises OutputExists and OSError."""
    refuse_existing(path)
    osfile.rename(partial, path)
    osfile.sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it, as far as the system lets."""
    shutil.rmtree(path, ignore_errors=True)


def refuse_existing(path: Path) -> None:
    """Raise OutputExists if anything is there, be it a link that leads nowhere."""
    if os.path.lexists(path):
        raise OutputExists("there is something of that name already", where=path, hint="choose another name")
