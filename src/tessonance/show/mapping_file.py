"""The mapping's file during a show: read again when it is edited, and written where the artist turned something."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from msgspec.structs import asdict

from tessonance.errors import ProjectError, TessError
from tessonance.project import Mapping, Route, Sound, load_mapping

if TYPE_CHECKING:
    from tessonance.grid import Grid

__all__ = ["MappingFile", "Saved", "save_mapping"]

LOOK_SECONDS = 0.25
TURNED = ("gain", "attack_ms", "release_ms")
LEVEL = ("automatic_level", "start_level_db")


@dataclass(frozen=True)
class Saved:
    """What was asked to be saved is in the file now.

    Parameters
    ----------
    mapping : Mapping
        The whole file: what was edited just before is in it, too.
    """

    mapping: Mapping


class MappingFile:
    """Watches and writes a file of routes on a thread of its own, so that a slow disk holds up no picture.

    `start` does so; without it, each `look` is one look.

    Parameters
    ----------
    path : path-like
    grid : Grid

    Attributes
    ----------
    path : Path
    news : SimpleQueue of Mapping, Saved or str
        What an edit made of it: another mapping, or what is wrong with it. What became of `save`.
    """

    def __init__(self, path: str | Path, grid: Grid) -> None:
        self.path, self._grid = Path(path), grid
        self.news: SimpleQueue[Mapping | Saved | str] = SimpleQueue()
        self._to_save: SimpleQueue[Mapping] = SimpleQueue()
        self._known = self._seen = self._stamp()
        self._unwanted = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look after the file from now on."""
        self._thread = Thread(target=self._watch, name="tessonance-mapping", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._unwanted.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)  # a disk may hang

    def save(self, mapping: Mapping) -> None:
        """Ask for a mapping to be written at the next look; see `save_mapping`."""
        self._to_save.put(mapping)

    def look(self) -> None:
        """Look once. An edit is read as soon as two looks find the same file: no editor writes for so long."""
        self._save()
        before, self._seen = self._seen, self._stamp()
        if self._seen != before or self._seen == self._known:
            return
        self._known = self._seen
        if self._seen is None:
            self.news.put(f"{self.path.name} is gone; its mapping goes on")
            return
        try:
            self.news.put(load_mapping(self.path, self._grid))
        except TessError as error:
            self.news.put(str(error))

    def _save(self) -> None:
        while not self._to_save.empty():
            mapping = self._to_save.get()
            try:
                save_mapping(self.path, mapping)
                self.news.put(Saved(load_mapping(self.path, self._grid)))
                self._known = self._seen = self._stamp()
            except TessError as error:  # an edit that is in the way is still to be read
                self.news.put(str(error))

    def _watch(self) -> None:
        while not self._unwanted.wait(LOOK_SECONDS):
            self.look()
        self._save()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def save_mapping(path: str | Path, mapping: Mapping) -> None:
    """Write gain, attack, release and the automatic level of a mapping into its file; all else in it stays as it is.

    A file that does not exist is made, with the whole mapping in it.

    Parameters
    ----------
    path : path-like
        A mapping or project file, or where one is to be.
    mapping : Mapping

    Raises
    ------
    ProjectError
        If the file cannot be read or written, or if its routes are others by now.
    """
    import tomlkit

    path = Path(path)
    if not path.exists():
        _write(path, tomlkit.dumps(_new(mapping)))
        return
    there = load_mapping(path, mapping.grid)
    if [_who(route) for route in there.routes] != [_who(route) for route in mapping.routes]:
        raise ProjectError("its routes are others by now, so nothing was saved", where=path)
    document = _parsed(path)
    for table, route in zip(document.get("route", []), mapping.routes, strict=True):
        _turn(table, asdict(route), asdict(Route(feature=route.feature, axis=route.axis)), TURNED)
    if mapping.sound != there.sound:
        _turn(document.setdefault("sound", tomlkit.table()), asdict(mapping.sound), asdict(Sound()), LEVEL)
    _write(path, tomlkit.dumps(document))


def _parsed(path: Path) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tomlkit.parse(file.read())
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", where=path) from None
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ProjectError(f"is not TOML: {error}", where=path) from None


def _who(route: Route) -> tuple[str, str, str]:
    return route.feature_name, route.axis, route.act


def _turn(table: Any, values: dict[str, Any], usual: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Set the keys of a table that are not so already; what is as usual and was not written stays unwritten."""
    for key in keys:
        if table.get(key, usual[key]) != values[key]:
            table[key] = values[key]


def _new(mapping: Mapping) -> Any:
    """Return a file with all of a mapping that is not as usual."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("The mapping, as it was saved during a show."))
    routes = tomlkit.aot()
    for route in mapping.routes:
        usual = asdict(Route(feature=route.feature, axis=route.axis))
        table = tomlkit.table()
        for key, value in asdict(route).items():
            if key in ("feature", "axis") or value != usual[key]:
                table.add(key, list(value) if isinstance(value, tuple) else value)
        routes.append(table)
    document.add("route", routes)
    for name, struct in (("sound", mapping.sound), ("idle", mapping.idle), ("governor", mapping.governor)):
        usual = to_builtins(type(struct)())
        different = {key: value for key, value in to_builtins(struct).items() if value != usual[key]}
        if different:
            document.add(name, tomlkit.item(different))
    return document


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, with the rights it has; of a link, what it leads to."""
    try:
        path = path.resolve()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            if path.exists():
                Path(name).chmod(path.stat().st_mode)
            else:
                Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ProjectError(f"cannot be written: {error.strerror}", where=path) from None
