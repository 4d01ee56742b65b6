"""The built-in generators' presets: whole commented project files, read only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PresetFiles"]


class PresetFiles(Mapping[str, str]):
    """Preset names to the text of the project files beside this module.

    Parameters
    ----------
    *names : str
        The stems of the files, the default first.
    """

    def __init__(self, *names: str) -> None:
        self._names = names

    def __getitem__(self, name: str) -> str:
        if name not in self._names:
            raise KeyError(name)
        return files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
