"""A packed tesseract: one ZIP file whose members are read in place."""

from __future__ import annotations

import errno
import zlib
from typing import TYPE_CHECKING

from tessonance.errors import TesseractError
from tessonance.store.osfile import Folder, clear_errors
from tessonance.store.zip_format import HEADER_BYTES, data_offset, read_members

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tessonance.store.shard import Source

__all__ = ["MemberSource", "Packed", "packed_file"]


def packed_file(path: Path) -> Packed:
    """Open a packed tesseract on disk.

    Parameters
    ----------
    path : Path
        The file ``NAME.tess.zip``.

    Returns
    -------
    Packed

    Raises
    ------
    TesseractError
        If it is no ZIP file, damaged, or of a kind that cannot be read in place.
    """
    with clear_errors(path):
        real = path.resolve(strict=True)  # whoever names a link means the file
        source = Folder(real.parent).source(real.name)
        if source is None:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return Packed(source, str(path))


class Packed:
    """The files of a packed tesseract, as a place to read from; any number of threads may read.

    Parameters
    ----------
    source : Source
        The bytes of the ZIP file.
    where : str
        What to call it in errors.
    close : callable, optional
        Lets go of the source.

    Raises
    ------
    TesseractError
        If it is no ZIP file, damaged, or of a kind that cannot be read in place.
    OSError
        If the source cannot be read.
    """

    def __init__(self, source: Source, where: str, *, close: Callable[[], None] | None = None) -> None:
        self._source: Source = source
        self._where, self._close = where, close
        self.members = read_members(source, where=where)

    def __str__(self) -> str:
        return self._where

    def read(self, name: str, *, limit: int) -> bytes:
        """Return the bytes of a small file, or one more than `limit` of a larger one."""
        source = self.source(name)
        if source is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", name)
        member = self.members[name]
        raw = bytes(source.get_bytes(0, min(member.size, limit + 1)))
        if len(raw) == member.size and zlib.crc32(raw) != member.crc:
            raise self.damaged(name)
        return raw

    def source(self, name: str) -> MemberSource | None:
        """Return a file ready for reading by position; None where there is none."""
        member = self.members.get(name)
        if member is None:
            return None
        head = self._source.get_bytes(member.header, HEADER_BYTES + len(name))
        try:
            return MemberSource(self._source, data_offset(head, member), member.size)
        except TesseractError as error:
            error.where = self._where
            raise

    def names(self, name: str) -> list[str]:
        """Return the names in a folder."""
        first = len(name) + 1
        return [found[first:] for found in self.members if found.startswith(f"{name}/") and "/" not in found[first:]]

    def close(self) -> None:
        """Let go of the file; nothing can be read any more."""
        self._source = _Closed()
        if self._close is not None:
            self._close()

    def damaged(self, name: str) -> TesseractError:
        """Say that a member is not what was packed."""
        return TesseractError(
            f"the ZIP file is damaged: {name} is not what was packed",
            where=self._where,
            hint="copy or download the file again; `tess pack` makes a new one",
        )


class _Closed:
    """What is left of a source."""

    size = 0

    def get_bytes(self, offset: int, length: int) -> memoryview:
        raise OSError(errno.EBADF, "is closed")


class MemberSource:
    """The bytes of one member of a ZIP file, read by position.

    Parameters
    ----------
    source : Source
        The bytes of the ZIP file.
    start, size : int
        Where the member's bytes begin, and how many there are.
    """

    def __init__(self, source: Source, start: int, size: int) -> None:
        self._source, self._start, self.size = source, start, size

    def get_bytes(self, offset: int, length: int) -> memoryview:
        """Return some bytes of the member; fewer where it ends before."""
        return self._source.get_bytes(self._start + offset, max(0, min(length, self.size - offset)))
