"""``[generator]`` and ``[[finish]]`` of the project file: who paints, and what is done to the pictures after."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from tessonance.errors import ProjectError
from tessonance.tables import options

__all__ = ["Finish", "Generator", "as_table", "finishes_of", "generator_of"]

Named = TypeVar("Named", "Generator", "Finish")

MAX_FINISHES = 16
MAX_SEED = 2**53 - 1  # JSON readers in other languages keep no larger one exactly
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Generator(msgspec.Struct, frozen=True, kw_only=True):
    """Who paints: the generator's name, its seed, and options that only it understands.

    Parameters
    ----------
    use : str
        The name of a generator, or ``module:function``.
    seed : int
        From 0 on; another seed, another tesseract.
    files : dict of str to str
        The files that the options name, and the SHA-256 of their contents as ``sha256:…``: filled in when painting
        begins, since another photograph makes another tesseract.
    options : dict
        All other keys of the table.
    """

    use: str
    seed: int = 0
    files: dict[str, str] = {}
    options: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise ProjectError("seed is out of range", wanted=f"a whole number, 0..{MAX_SEED}", got=str(self.seed)[:40])


class Finish(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to every picture after it is painted; the tables are gone through from the first to the last.

    Parameters
    ----------
    use : str
        The name of a finisher: ``resize``, ``crop``, ``upscale``, or one that is installed.
    files : dict of str to str
        As those of ``[generator]``.
    options : dict
        All other keys of the table.
    """

    use: str
    files: dict[str, str] = {}
    options: dict[str, Any] = {}


def generator_of(data: object, where: str) -> Generator:
    """Read the table ``[generator]``. Raises ProjectError."""
    return _named(Generator, data, where, example='use = "painted"')


def finishes_of(data: object, where: str) -> tuple[Finish, ...]:
    """Read the tables ``[[finish]]``. Raises ProjectError."""
    if not isinstance(data, list | tuple) or len(data) > MAX_FINISHES:
        raise ProjectError(f"this is no list of 1 to {MAX_FINISHES} tables", where=where, hint="write [[finish]]")
    return tuple(
        _named(Finish, table, f"{where} {number}", example='use = "resize"') for number, table in enumerate(data, 1)
    )


def as_table(part: Generator | Finish) -> dict[str, Any]:
    """Return a table as it stands in the project file."""
    own = {name: getattr(part, name) for name in part.__struct_fields__ if name not in ("options", "files")}
    return own | ({"files": part.files} if part.files else {}) | part.options


def _named(kind: type[Named], data: object, where: str, *, example: str) -> Named:
    if not isinstance(data, dict):
        raise ProjectError("this is no table", where=where, wanted='a table with use = "…"', got=repr(data)[:80])
    own = {key: data[key] for key in kind.__struct_fields__ if key in data and key != "options"}
    rest = {key: value for key, value in data.items() if key not in own}
    if "use" not in own:
        raise ProjectError(f"it does not say which {kind.__name__.lower()}", where=where, hint=example)
    found = options(kind, {**own, "options": rest}, where)
    for name, digest in found.files.items():
        if not _DIGEST.fullmatch(digest):
            raise ProjectError(
                f"files: this is no digest of {name!r}",
                where=where,
                wanted="sha256: and 64 hexadecimal digits",
                got=digest[:80],
                hint="leave `files` out: it is filled in when painting begins",
            )
    return found
