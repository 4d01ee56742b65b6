"""Commands as they are shown: what is copied into a shell does what it says."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tessonance.shell import command


@pytest.mark.parametrize(("system", "quote"), [("posix", "'"), ("nt", '"')])
def test_what_has_spaces_stands_in_quotes(monkeypatch: pytest.MonkeyPatch, system: str, quote: str) -> None:
    song = Path("my songs") / "one.ogg"
    monkeypatch.setattr("tessonance.shell.os.name", system)
    shown = command("tess", "certify", "a.tess", song)
    assert shown == f"tess certify a.tess {quote}{song}{quote}"


def test_a_shell_reads_the_same_words() -> None:
    words = ["tess", "bake", "it's a flower.tess", "$HOME"]
    assert shlex.split(command(*words)) == words
