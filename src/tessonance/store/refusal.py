"""What the operating system refuses, in clear words."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tessonance.errors import TesseractError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clear_errors", "refusal"]

_SAFE = "earlier pictures are safe: "
_WORDS = {
    errno.ENOSPC: ("the disk is full", _SAFE + "make room and run it again"),
    getattr(errno, "EDQUOT", -1): ("the disk quota is used up", _SAFE + "make room and run it again"),
    errno.EFBIG: ("the file system takes no larger file", _SAFE + "FAT32 ends at 4 GB, exFAT does not"),
    errno.EIO: ("the disk fails", "copy what can be read to another disk"),
    errno.EROFS: ("the disk is read-only", "copy it to a disk that is not"),
    errno.EACCES: ("permission is denied", "look at its owner and its mode"),
    errno.EPERM: ("permission is denied", "look at its owner and its mode"),
    errno.EMFILE: ("too many files are open", "raise the limit, `ulimit -n`"),
    errno.ENOLCK: ("the disk cannot lock files, so two could write at once", "paint on another disk, then copy it"),
    errno.ELOOP: ("is a link, and links inside a tesseract are not followed", "put the file itself there"),
    errno.ENOENT: ("there is no such file or folder", None),
    errno.ENOTDIR: ("is no folder", None),
}


@contextmanager
def clear_errors(where: object) -> Iterator[None]:
    """Turn what the operating system refuses into a TesseractError that says where, what and what to try."""
    try:
        yield
    except OSError as error:
        raise refusal(error, where) from error


def refusal(error: OSError, where: object) -> TesseractError:
    """Say in clear words what the operating system refused."""
    problem, hint = _WORDS.get(error.errno or 0, (error.strerror or str(error), None))
    return TesseractError(problem, where=where, hint=hint)
