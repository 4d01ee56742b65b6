"""The operating system's file calls: the only module that makes them, on Linux, macOS and Windows."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

from tessonance.errors import TesseractError
from tessonance.store.refusal import clear_errors, refusal

__all__ = [
    "Folder",
    "OpenFile",
    "clear_errors",
    "close",
    "existing_folder",
    "most_open",
    "read_at",
    "refusal",
    "rename",
    "size",
    "sync",
    "sync_folder",
    "write_at",
    "write_new",
]

WINDOWS = sys.platform == "win32"
_PREAD = hasattr(os, "pread")
_MAX_OFFSET = 2**63 - 1
# Python already keeps descriptors from child processes. A folder from a stranger may hold a link or a pipe:
# a link is not followed, and opening a pipe must not wait for somebody at its other end.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def most_open() -> int:
    """Return how many files one reader or writer may keep open: a quarter of what a process is given."""
    try:
        import resource
    except ImportError:
        return 512  # Windows gives it 8192
    given, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(16, min(given // 4, 1024)) if given > 0 else 1024  # macOS begins with 256, Linux with 1024


def existing_folder(path: Path) -> Folder:
    """Return the folder of a tesseract; TesseractError where there is none."""
    with clear_errors(path):
        if not path.is_dir():
            problem, hint = "there is no such tesseract", "`tess generate` makes one"
            if path.exists():
                problem = "is a file, and pictures are painted in a folder"
                hint = "`tess unpack` makes a folder of a packed tesseract"
            raise TesseractError(problem, where=path, hint=hint)
    return Folder(path)


class Folder:
    """A folder whose own regular files are read and written; links, pipes and devices in it are not.

    Names are the room's own, never text from a file. Whatever the system refuses is raised as OSError.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def read(self, name: str, *, limit: int) -> bytes:
        """Return the bytes of a small file, or one more than `limit` of a larger one."""
        with os.fdopen(self._open(name, os.O_RDONLY), "rb") as file:
            return file.read(limit + 1)

    def source(self, name: str) -> OpenFile | None:
        """Return a file ready for reading by position; None where there is none."""
        try:
            return OpenFile(self, name)
        except FileNotFoundError:
            return None

    def names(self, name: str) -> list[str]:
        """Return the names in a folder inside this one."""
        return [path.name for path in self._inside(name).iterdir()]

    def close(self) -> None:
        """Do nothing: no file stays open here."""

    def check_writable(self, name: str) -> None:
        """Raise OSError where the system says beforehand that a folder inside this one takes no new file."""
        path = self._inside(name)
        if not os.access(path, os.W_OK):
            code = errno.EROFS if _read_only(path) else errno.EACCES
            raise OSError(code, os.strerror(code), name)

    def open_for_writing(self, name: str) -> int:
        """Return a descriptor for `read_at`, `write_at`, `size`, `sync` and `close`."""
        return self._open(name, os.O_RDWR)

    def append(self, name: str, data: bytes) -> None:
        """Add bytes to the end of a file in one piece; it is made where there is none."""
        descriptor = os.open(self._inside(name), os.O_WRONLY | os.O_APPEND | os.O_CREAT | _CAREFUL, 0o666)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file that appears whole, or not at all, in place of one that may be there."""
        path = self._inside(name)
        partial = path.with_name(f"{path.name}.partial")
        partial.unlink(missing_ok=True)
        try:
            write_new(partial, data)
            rename(partial, path)
        except BaseException:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._inside(name).unlink()

    def open_for_reading(self, name: str) -> int:
        """Return a descriptor for `read_at`, `size` and `close`."""
        return self._open(name, os.O_RDONLY)

    def _inside(self, name: str) -> Path:
        path = self.path / name
        for folder in (path, *path.parents):
            if folder == self.path:
                break
            if folder.is_symlink():
                raise OSError(errno.ELOOP, "is a link", str(folder))
        return path

    def _open(self, name: str, flags: int) -> int:
        descriptor = os.open(self._inside(name), flags | _CAREFUL)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "is no regular file", name)
        return descriptor


class OpenFile:
    """One regular file, read by position, also as it grows; any number of threads may read.

    Mapping it into memory instead was tried: it is no faster beside a decode, and a file that is cut short, or a disk
    that is pulled out, ends the process where this raises OSError. The file is closed when nobody holds this any more.

    Parameters
    ----------
    folder : Folder
    name : str

    Raises
    ------
    OSError
        If it is missing, no regular file, or may not be read.
    """

    def __init__(self, folder: Folder, name: str) -> None:
        self._folder, self._name = folder, name
        self._descriptor = _Descriptor(folder, name)

    @property
    def size(self) -> int:
        """The size of the file now, in bytes: it may have grown. Raises OSError."""
        return size(self._descriptor.number)

    def get_bytes(self, offset: int, length: int) -> memoryview:
        """Return some bytes of the file; fewer where the file ends before.

        Parameters
        ----------
        offset, length : int
            In bytes.

        Returns
        -------
        memoryview

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        if offset + length > _MAX_OFFSET:
            length = max(0, _MAX_OFFSET - offset)
        if not length:
            return memoryview(b"")
        descriptor = self._descriptor  # held here, it stays open though another thread puts a new one in its place
        found = descriptor.read(offset, length)
        if len(found) < length and not descriptor.is_still(self._folder, self._name):
            descriptor = self._descriptor = _Descriptor(self._folder, self._name)
            found = descriptor.read(offset, length)
        return memoryview(found)


class _Descriptor:
    """A file open for reading, closed when nobody holds it."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._lock = Lock()
        self.number = folder.open_for_reading(name)

    def __del__(self) -> None:
        if hasattr(self, "number"):  # False where opening it failed
            close(self.number)

    def read(self, offset: int, length: int) -> bytes:
        if _PREAD:
            return read_at(self.number, offset, length)
        with self._lock:
            return read_at(self.number, offset, length)

    def is_still(self, folder: Folder, name: str) -> bool:
        """Tell whether a name stands for this very file; a writer makes a file anew whose index was not whole."""
        try:
            return os.path.samestat(os.fstat(self.number), (folder.path / name).stat(follow_symlinks=False))
        except FileNotFoundError:
            return True  # the name is gone, what is open can still be read


def write_at(descriptor: int, offset: int, data: bytes | memoryview) -> None:
    """Write bytes at a position, one thread at a time. Raises OSError, when some of them may have been written."""
    view = memoryview(data)
    while view:
        if WINDOWS:
            os.lseek(descriptor, offset, os.SEEK_SET)
            written = os.write(descriptor, view)
        else:
            written = os.pwrite(descriptor, view, offset)
        offset, view = offset + written, view[written:]


def size(descriptor: int) -> int:
    """Return the size of an open file in bytes."""
    return os.fstat(descriptor).st_size


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """Read bytes at a position, fewer where the file ends before; where there is no pread, one thread at a time."""
    found = _read_once(descriptor, offset, length)
    while len(found) < length and (more := _read_once(descriptor, offset + len(found), length - len(found))):
        found += more  # a signal, or a network disk, may cut a read short
    return found


def _read_once(descriptor: int, offset: int, length: int) -> bytes:
    if _PREAD:
        return os.pread(descriptor, length, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, length)


def sync(descriptor: int) -> None:
    """Wait until what was written to a file would survive a power failure."""
    if sys.platform == "darwin":
        import fcntl

        # fsync(2) of macOS leaves the bytes in the drive's own cache, and says to use this. Network disks refuse it.
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def close(descriptor: int) -> None:
    """Close an open file."""
    os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """Write a file where nothing is yet, and see it onto the disk. Raises OSError."""
    # Exclusive creation follows no link that somebody put in the way.
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        sync(file.fileno())


def rename(path: Path, target: Path) -> None:
    """Rename, over a file that may be there; on Windows a virus scanner may hold what is new for a moment."""
    for wait_seconds in (0.05, 0.2, 0.8) if WINDOWS else ():
        with suppress(PermissionError):
            path.replace(target)
            return
        time.sleep(wait_seconds)
    path.replace(target)


def sync_folder(path: Path) -> None:
    """Make names in a folder survive a power failure, where the system knows how."""
    if WINDOWS:
        return
    with suppress(OSError):  # some network file systems cannot
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read_only(path: Path) -> bool:
    """Tell whether it is the disk that takes nothing, as far as the system says so: no owner or mode would help."""
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
