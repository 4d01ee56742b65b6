"""One writer at a time: a lock that says who holds it, and that ends with the process that does."""

from __future__ import annotations

import errno
import json
import os
import platform
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from tessonance.errors import TesseractError
from tessonance.store.metadata import FRAMES

if TYPE_CHECKING:
    from tessonance.store.osfile import Folder

__all__ = ["HOLDER", "LOCK", "WriterLock"]

# Both stand beside the shards, where zarr-python passes strange files over. The note is a file of its own because
# Windows lets nobody read the bytes that are locked. The lock file stays behind: whoever removed it could remove the
# one that the next writer has just locked.
LOCK = f"{FRAMES}/.lock"
HOLDER = f"{FRAMES}/.holder.json"
MAX_NOTE_BYTES = 4096
MAX_TEXT = 80


class WriterLock:
    """The right to write one tesseract, held from the beginning to `release`, or to the end of the process.

    Parameters
    ----------
    folder : Folder
        Of a tesseract; must be writable.
    version : str
        Of tessonance, for the note that tells others who holds it.

    Raises
    ------
    TesseractError
        If somebody holds it; says who.
    OSError
        If the disk cannot lock.
    """

    def __init__(self, folder: Folder, *, version: str) -> None:
        from filelock import FileLock, Timeout

        self._folder = folder
        self._lock = FileLock(folder.path / LOCK, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except NotImplementedError:  # how older versions of filelock say it
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from None
        except Timeout:
            raise TesseractError(
                "somebody else is writing it",
                where=folder,
                wanted="one writer at a time",
                got=_holder(folder),
                hint="wait until it has ended, or end it; reading goes on meanwhile",
            ) from None
        with suppress(OSError):  # a full disk must not keep anybody from making room in it
            folder.replace(HOLDER, _note(version))

    def release(self) -> None:
        """Let others write; more than once is no more than once."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._folder.remove(HOLDER)
            self._lock.release()


def _note(version: str) -> bytes:
    note = {"host": platform.node(), "pid": os.getpid(), "since": round(time.time()), "version": version}
    return json.dumps(note).encode()


def _holder(folder: Folder) -> str:
    """Say who holds the lock, as far as the note in the folder can be believed."""
    try:
        note = json.loads(folder.read(HOLDER, limit=MAX_NOTE_BYTES)[:MAX_NOTE_BYTES])
        since = datetime.fromtimestamp(note["since"])
        today = since.date() == datetime.now().date()
        when = f"{since:%H:%M}" if today else f"{since:%Y-%m-%d %H:%M}"
        host, version = (_plain(note[key]) for key in ("host", "version"))
        return f"painted by process {int(note['pid'])} on host {host} since {when} (tessonance {version})"
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "painted by another process"  # which has not told yet, or whose note is damaged


def _plain(text: object) -> str:
    return "".join(letter for letter in str(text)[:MAX_TEXT] if letter.isprintable())
