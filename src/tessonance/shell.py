"""Commands as they are shown, to be copied into a shell."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


def command(*words: str | Path) -> str:
    """Return words as one line for the shell of this system: what has spaces stands in quotes."""
    plain = [str(word) for word in words]
    if os.name != "nt":
        return shlex.join(plain)
    from subprocess import list2cmdline

    return list2cmdline(plain)
