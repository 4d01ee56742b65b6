"""TOML tables → frozen structs, with errors that say where, what was wanted and which key is meant."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from tessonance.errors import GridError, ProjectError, nearest

__all__ = ["as_stored", "flatten", "located", "many", "options", "parse_toml", "read_toml", "tables"]

Struct = TypeVar("Struct", bound=msgspec.Struct)

MAX_FILE_BYTES = 1_000_000


def options(kind: type[Struct], data: object, where: str) -> Struct:
    """Turn one table into a struct.

    Parameters
    ----------
    kind : type of msgspec.Struct
    data : dict
    where : str
        What to call the table in errors.

    Returns
    -------
    Struct

    Raises
    ------
    ProjectError
        For an unknown key (with the nearest right one), a missing key or a wrong type.
    """
    if not isinstance(data, dict):
        raise ProjectError("this is no table", where=where, wanted="a table of keys", got=repr(data)[:80])
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    if unknown := next((key for key in data if key not in known), None):
        raise ProjectError(f"there is no key {unknown!r} here", where=where, hint=nearest(str(unknown), known))
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, (GridError, ProjectError)):
            raise located(error.__cause__, where) from None
        raise ProjectError(_plain(str(error)), where=where, hint=_choice(kind, str(error))) from None
    except (GridError, ProjectError) as error:
        raise located(error, where) from None


def many(kind: type[Struct], data: object, where: str) -> tuple[Struct, ...]:
    """Turn a list of tables into structs, each named by its number in errors; see `options`."""
    if not isinstance(data, (list, tuple)):
        name = where.split()[-1]
        raise ProjectError("this is no list of tables", where=where, hint=f"write {name} with double brackets")
    return tuple(options(kind, table, f"{where} {number}") for number, table in enumerate(data, 1))


def tables(data: object, known: tuple[str, ...], where: str) -> dict[str, Any]:
    """Return the tables of a file, of which each must be known. Raises ProjectError."""
    if not isinstance(data, dict):
        raise ProjectError("this is no project", where=where, wanted="a table", got=repr(data)[:80])
    if unknown := next((key for key in data if key not in known), None):
        raise ProjectError(f"there is no table {unknown!r}", where=where, hint=nearest(str(unknown), known))
    return data


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of at most a megabyte. Raises ProjectError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        hint = "`tess new` writes a project" if isinstance(error, FileNotFoundError) else None
        raise ProjectError(f"cannot be read: {error.strerror}", where=path, hint=hint) from None
    if len(raw) > MAX_FILE_BYTES:
        raise ProjectError("is too large for a project file", where=path, wanted=f"at most {MAX_FILE_BYTES:,} bytes")
    try:
        return parse_toml(raw.decode(), path.name)
    except UnicodeDecodeError:
        raise ProjectError("is not text", where=path, wanted="a TOML file in UTF-8") from None


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Read TOML text. Raises ProjectError."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProjectError(f"is not TOML: {error}", where=where) from None


def located(error: GridError | ProjectError, where: str) -> ProjectError:
    """Say of an error in which file and table it is."""
    inner = f"{where}, {error.where}" if error.where and not where.endswith("]") else where
    return ProjectError(error.problem, where=inner, wanted=error.wanted, got=error.got, hint=error.hint)


def _plain(message: str) -> str:
    """Say msgspec's message in the words of the file."""
    text, _, path = message.partition(" - at `$")
    text = re.sub(r"Object missing required field `(\w+)`", r"the key '\1' is missing", text)
    for theirs, ours in (("`int`", "a whole number"), ("`float`", "a number"), ("`str`", "text"), ("`", "'")):
        text = text.replace(theirs, ours)
    text = text[:1].lower() + text[1:]
    return f"{path.strip('.`')}: {text}" if path.strip(".`") else text


def _choice(kind: type[msgspec.Struct], message: str) -> str | None:
    """Hint at the words that a key takes, where it takes but a few."""
    if not (found := re.match(r"Invalid enum value '(.*)' - at `\$\.(\w+)`", message)):
        return None
    field = next(field for field in msgspec.structs.fields(kind) if field.encode_name == found[2])
    kinds = get_args(field.type) if get_origin(field.type) is not Literal else (field.type,)
    words = [word for one in kinds if get_origin(one) is Literal for word in get_args(one)]
    return nearest(found[1], words)


def as_stored(data: dict[str, Any]) -> dict[str, Any]:
    """Return plain data exactly as it comes back from a tesseract: with lists where there were tuples."""
    # Python's own JSON keeps infinity and NaN, for the store to refuse; msgspec's would make them null.
    plain: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(data)))
    return plain


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """Turn nested plain data into ``{"axis ink.steps": 17, …}``; lists of tables are keyed by their names."""
    if isinstance(data, list) and all(isinstance(item, dict) and "name" in item for item in data):
        data = {item["name"]: {**item, "order": place} for place, item in enumerate(data)}
    if not isinstance(data, dict):
        return {prefix: data}
    flat: dict[str, Any] = {}
    for key, value in data.items():
        flat |= flatten(value, f"{prefix}.{key}" if prefix else key)
    return flat
