"""Finished pictures that are files: of a folder, named by a pattern, or listed in a CSV."""

from __future__ import annotations

import csv
import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from tessonance.errors import GeneratorError, ProjectError, nearest
from tessonance.files import regular
from tessonance.generators.finished.entries import Entry, Pattern, guessed_pattern
from tessonance.images import MOST_BYTES, SUFFIXES, decode_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tessonance.generators.painting.form import Bytes

__all__ = ["FolderSource", "ListSource"]

MOST_FILES = 2_000_000
MOST_LIST_BYTES = 500_000_000
NO_PICTURE = frozenset({"", "nan", "none", "null"})


class _Files:
    """Pictures in files below a folder."""

    is_concurrent = True
    is_counted = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.axes: tuple[str, ...] = ()
        self.entries: tuple[Entry, ...] = ()
        self.strange: tuple[str, ...] = ()

    def encoded(self, entry: Entry) -> bytes:
        """Read the file of a picture."""
        path = self._folder / entry.name
        if not regular(path):  # a pipe would be waited for without end
            raise GeneratorError("there is no such file", where=entry.name)
        try:
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise GeneratorError(f"cannot be read: {error.strerror}", where=entry.name) from None
        if len(raw) > MOST_BYTES:
            raise GeneratorError("this file is too large", where=entry.name, wanted=f"at most {MOST_BYTES:,} bytes")
        return raw

    def picture(self, entry: Entry) -> Bytes:
        """Decode a picture."""
        return decode_picture(self.encoded(entry), where=entry.name)

    def close(self) -> None:
        """Nothing is open."""


class FolderSource(_Files):
    """The pictures of a folder, named by a pattern.

    Parameters
    ----------
    folder : Path
    pattern : str
        Guessed from the names where it is empty.

    Raises
    ------
    ProjectError
        If the folder cannot be read, or the pattern is none.
    """

    def __init__(self, folder: Path, pattern: str) -> None:
        super().__init__(folder)
        given = Pattern(pattern) if pattern else None
        names = sorted(self._names(given.depth if given else 0))
        self.pattern = given or guessed_pattern(names)
        self.axes = self.pattern.axes
        found = [(name, self.pattern.labels(name)) for name in names]
        self.entries = tuple(Entry(name, labels) for name, labels in found if labels is not None)
        self.strange = tuple(f"{name}: not like {self.pattern.text}" for name, labels in found if labels is None)

    def _names(self, depth: int) -> Iterator[str]:
        """Yield picture files so many folders deep; links to folders are not followed, so that no loop is walked."""
        count = 0
        for where, folders, files in os.walk(self._folder, onerror=_unreadable):
            inside = Path(where).relative_to(self._folder)
            if len(inside.parts) >= depth:
                folders.clear()
            if len(inside.parts) != depth:
                continue
            for name in files:
                count += 1
                if count > MOST_FILES:
                    raise ProjectError("this folder has too many files", where=self._folder, wanted=f"{MOST_FILES:,}")
                if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                    yield (inside / name).as_posix()


class ListSource(_Files):
    """The pictures that a CSV lists, such as ``data.csv`` of a Cinema database.

    Its first row names the columns: one, whose name begins with FILE, has names of files beside the CSV; others are
    axes. See the specification of Cinema databases, type D (cinemascience.github.io).

    Parameters
    ----------
    path : Path
        The CSV.
    column : str
        The one with the files; the first whose name begins with FILE where it is empty.
    axes : sequence of str
        The columns that are axes; all others whose values vary, unless given.

    Raises
    ------
    ProjectError
        If it cannot be read, or has no such columns.
    """

    def __init__(self, path: Path, *, column: str = "", axes: Sequence[str] = ()) -> None:
        super().__init__(path.parent)
        rows = _rows(path)
        names = [name.strip() for name in rows[0]] if rows else []
        files = column or next((name for name in names if name.upper().startswith("FILE")), "FILE")
        for wanted in (files, *axes):
            if wanted not in names:
                raise ProjectError(f"there is no column {wanted!r}", where=path.name, hint=nearest(wanted, names))
        table = [(k, dict(zip(names, map(str.strip, row), strict=False))) for k, row in enumerate(rows[1:], 2) if row]
        others = [name for name in names if name != files and not name.upper().startswith("FILE")]
        vary = [name for name in others if len({row.get(name) for _, row in table}) > 1]
        self.axes = tuple(axes) or tuple(vary)
        entries, strange = [], []
        for k, row in table:
            if problem := self._problem(row, files):
                strange.append(f"{path.name}, row {k}: {problem}")
            elif row[files].lower() not in NO_PICTURE:
                entries.append(Entry(row[files], {name: row[name] for name in self.axes}))
        self.entries, self.strange = tuple(entries), tuple(strange)

    def _problem(self, row: dict[str, str], files: str) -> str | None:
        if any(name not in row for name in (*self.axes, files)):
            return "it is shorter than the first row"
        named = row[files]
        parts = {*PurePosixPath(named).parts, *PureWindowsPath(named).parts}
        if ".." in parts or PurePosixPath(named).is_absolute() or PureWindowsPath(named).anchor or "\0" in named:
            return f"it leads out of its folder: {named!r}"
        return None


def _rows(path: Path) -> list[list[str]]:
    if not regular(path) or path.stat().st_size > MOST_LIST_BYTES:
        raise ProjectError("this list cannot be read", where=path, wanted=f"at most {MOST_LIST_BYTES:,} bytes")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ProjectError(problem, where=path, wanted="a CSV in UTF-8") from None


def _unreadable(error: OSError) -> None:
    raise ProjectError(f"cannot be read: {error.strerror}", where=error.filename) from None
