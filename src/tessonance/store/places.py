"""Where a tesseract is: a folder, a packed file, or an address on a web server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from tessonance.errors import TesseractError
from tessonance.store.archive import packed_file
from tessonance.store.osfile import existing_folder

if TYPE_CHECKING:
    from tessonance.store.osfile import Folder
    from tessonance.store.shard import Source

__all__ = ["Place", "address", "beside", "check_new", "folder_to_write", "place_of", "plain_name"]

_ADDRESS = re.compile(r"(https?):[/\\]{1,2}(?=[^/\\])", re.IGNORECASE)
_OTHER_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # for a file name on some system


class Place(Protocol):
    """Where the files of a tesseract are read: a folder, a packed file, or a web server.

    Its text, ``str(place)``, is what to call it in errors. What is asked for must not raise anything but OSError and
    TesseractError.
    """

    def read(self, name: str, *, limit: int) -> bytes:
        """Return the bytes of a small file, or one more than `limit` of a larger one. May raise OSError."""
        ...

    def source(self, name: str) -> Source | None:
        """Return a file that is read by position; None where there is none. May raise OSError."""
        ...

    def names(self, name: str) -> list[str] | None:
        """Return the names in a folder; None where they cannot be listed, only asked for. May raise OSError."""
        ...

    def close(self) -> None:
        """Let go of what is open; the sources that were handed out need not be good any more."""
        ...


def address(path: str | Path) -> str | None:
    """Return the address that a text or a path stands for; None where it is no address.

    A path has lost one of two slashes, and on Windows turned the others.
    """
    text = path.as_posix() if isinstance(path, Path) else path
    found = _ADDRESS.match(text)
    return f"{found[1].lower()}://{text[found.end() :]}" if found else None


def place_of(path: str | Path) -> tuple[Place, Path]:
    """Find the place where the files of a tesseract are read.

    Parameters
    ----------
    path : path-like or str
        The folder ``NAME.tess``, the file ``NAME.tess.zip``, or the http(s) address of either.

    Returns
    -------
    place : Place
    path : Path
        What was given as a path; of an address, one that no file has.

    Raises
    ------
    TesseractError
        If there is nothing, or no tesseract.
    """
    if (url := address(path)) is not None:
        from tessonance.store.web import web_place  # http.client and ssl take longer to load than all else here

        parts = urlsplit(url)
        packed = parts.path.lower().endswith(".zip")
        return web_place(url, packed=packed), Path(f"{parts.scheme}:", parts.netloc, parts.path.strip("/"))
    if _OTHER_ADDRESS.match(str(path)):
        hint = "most stores also have an https address for each file"
        raise TesseractError("only http and https addresses are read", where=str(path)[:200], hint=hint)
    path = Path(path)
    _refuse_project(path)
    if path.is_file():
        return packed_file(path), path
    return existing_folder(path), path


def folder_to_write(path: str | Path) -> Folder:
    """Return the folder of a tesseract; TesseractError where there is none, or none to write to."""
    _refuse_address(path)
    _refuse_project(Path(path))
    return existing_folder(Path(path))


def check_new(path: str | Path) -> None:
    """Refuse a path where no tesseract can be made, before a generator is opened for it. Raises TesseractError."""
    _refuse_address(path)
    parent = Path(path).parent
    if not parent.is_dir():
        raise TesseractError("the folder is not there", where=parent, hint="make it, or write elsewhere")


def _refuse_address(path: str | Path) -> None:
    if (url := address(path)) is not None:
        hint = "`tess unpack` downloads a packed one into a folder, `tess merge` its pictures into one of yours"
        raise TesseractError("a tesseract on the web is only read", where=url, hint=hint)


def _refuse_project(path: Path) -> None:
    if path.suffix.lower() == ".toml" and path.is_file():
        painted = path.with_suffix(".tess")
        hint = f"its tesseract is {painted}" if painted.exists() else f"`tess generate {path}` paints {painted}"
        raise TesseractError("is a project, not a tesseract", where=path, hint=hint)


def beside(path: Path, suffix: str) -> Path:
    """Return the path of a file beside a tesseract: its NAME and a suffix; in the current folder for an address."""
    if address(path) is not None:
        return Path(plain_name(path) + suffix)
    return (path if path.name.strip(".") else path.resolve()).with_name(plain_name(path) + suffix)


def plain_name(path: Path) -> str:
    """Return the NAME of ``NAME.tess``, ``NAME.tess.zip`` or an address, fit for a title and a file name."""
    if address(path) is not None:
        name = _UNFIT.sub("_", unquote(path.name))
    else:
        name = (path if path.name.strip(".") else path.resolve()).name
    for suffix in (".zip", ".tess"):
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return name or "tesseract"
