"""Files that a project names: found beside it, known by what is in them."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tessonance.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tessonance.project import Project

__all__ = ["digests", "file_in", "file_named", "place_in", "read_named", "regular", "same_digest"]

BLOCK = 1 << 20
PIECES, PIECE = 64, 1024  # of a large file in a folder: evenly spread, so many bytes each
MODEL_FILES = frozenset({".json", ".txt", ".model", ".safetensors", ".bin"})
INDEX = "model_index.json"


def file_named(project: Project, name: str) -> Path:
    """Return where a file is that a project names.

    Parameters
    ----------
    project : Project
    name : str
        A path; relative ones start at the folder of the project file.

    Returns
    -------
    Path

    Raises
    ------
    ProjectError
        If nobody named the project itself (its names are not followed), or there is no such file.
    """
    return file_in(project.folder, name)


def file_in(folder: str | None, name: str) -> Path:
    """Return where a file is that is named from a folder; see `file_named`."""
    if folder is None:
        raise ProjectError(
            "files are followed only from a project file that you name",
            where=name,
            got="a project that came with a tesseract, or as text",
            hint="name its project file; in Python, load_project(…) or parse_project(…, folder=…)",
        )
    path = place_in(folder, name)
    if not regular(path):
        there = "something that is no file" if path.exists() else "nothing of that name"
        hint = f"names start at the folder of the project file, {folder}"
        raise ProjectError("this file cannot be read", where=name, got=there, hint=hint)
    return path


def place_in(folder: str, name: str) -> Path:
    """Return where a name of a project leads: relative ones start at its folder, ``~`` at the home of the user."""
    return Path(folder, os.path.expanduser(name))  # noqa: PTH111  pathlib's fails for a user that is not there


def regular(path: Path) -> bool:
    """Tell whether there is a file, or a link to one: not a folder, and no pipe that would be waited for."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):  # a name may hold a zero byte
        return False


def read_named(project: Project, name: str, known: Mapping[str, str], *, most_bytes: int) -> bytes:
    """Read a file that a project names, whole.

    Parameters
    ----------
    project : Project
    name : str
    known : mapping of str to str
        Digests by name, as in ``files`` of a table; a file that is in it must be the one that it was.
    most_bytes : int

    Returns
    -------
    bytes

    Raises
    ------
    ProjectError
        If it cannot be read, is too large, or has changed.
    """
    path = file_named(project, name)
    try:
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", where=name) from None
    if len(raw) > most_bytes:
        raise ProjectError("this file is too large", where=name, wanted=f"at most {most_bytes:,} bytes")
    _compare(name, f"sha256:{hashlib.sha256(raw).hexdigest()}", known)
    return raw


def digests(
    project: Project, names: Iterable[str], known: Mapping[str, str], *, models: Iterable[str] = ()
) -> dict[str, str]:
    """Return what is in the files that a project names.

    Parameters
    ----------
    project : Project
    names : iterable of str
    known : mapping of str to str
        Digests that must be the same.
    models : iterable of str
        Names of which each may be a folder with a model; any other is passed over, such as a name on a hub. A folder
        is known by the names and sizes of the files that a model consists of, the contents of small ones, and 64 pieces
        of each large one: that takes no time, whatever the model weighs.

    Returns
    -------
    dict of str to str
        ``sha256:…`` by name.

    Raises
    ------
    ProjectError
        If one cannot be read or is another than is known, or one is known that is not named.
    """
    found = {name: _digest(file_named(project, name), name) for name in dict.fromkeys(names)}
    for name in dict.fromkeys(models):
        if project.folder is not None and (place := place_in(project.folder, name)).is_dir():
            found[name] = _folder_digest(place, name)
            _compare(name, found[name], known, "model")
        elif name in known:
            file_named(project, name)  # says what is wrong
    for name, digest in found.items():
        _compare(name, digest, known)
    if strange := next((name for name in known if name not in found), None):
        raise ProjectError("`files` tells of a file that is not named", where=strange, hint="leave `files` out")
    return found


def same_digest(project: Project, name: str, known: Mapping[str, str]) -> None:
    """Raise ProjectError where a file or a folder with a model is known, and is another than it was."""
    if name in known:
        is_model = project.folder is not None and place_in(project.folder, name).is_dir()
        named = {"names": (), "models": [name]} if is_model else {"names": [name]}
        digests(project, known={name: known[name]}, **named)


def _folder_digest(folder: Path, name: str) -> str:
    summed = hashlib.sha256()
    try:
        for path in _model_files(folder):
            summed.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            for piece in _pieces(path):
                summed.update(piece)
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", where=name) from None
    return f"sha256:{summed.hexdigest()}"


def _model_files(folder: Path) -> list[Path]:
    """Return what a model is loaded from: not the pictures and whole checkpoints that lie beside it."""
    files = [path for path in folder.glob("**/*") if path.suffix in MODEL_FILES and regular(path)]
    inside = [path.relative_to(folder).parts for path in files]
    has_index = (folder / INDEX).is_file()
    return sorted(
        path
        for path, parts in zip(files, inside, strict=True)
        if not any(part.startswith(".") for part in parts) and (len(parts) > 1 or not has_index or parts[0] == INDEX)
    )


def _pieces(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= BLOCK:
            yield file.read(BLOCK)
            return
        for number in range(PIECES):
            file.seek((size - PIECE) * number // (PIECES - 1))
            yield file.read(PIECE)


def _digest(path: Path, name: str) -> str:
    summed = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                summed.update(block)
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", where=name) from None
    return f"sha256:{summed.hexdigest()}"


def _compare(name: str, found: str, known: Mapping[str, str], what: str = "file") -> None:
    if known.get(name, found) != found:
        raise ProjectError(
            f"this {what} is not the one that it was",
            where=name,
            wanted=f"{known[name][:23]}…",
            got=f"{found[:23]}…",
            hint=f"put the old one back, or give the tesseract another name: another {what} makes another tesseract",
        )
