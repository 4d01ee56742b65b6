"""`tess new`: write a project file to start from."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE
from tessonance.shell import command

if TYPE_CHECKING:
    from tessonance.generators import GeneratorKind


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--preset", help="Which picture to start from, whoever paints it; --list shows them.")
@click.option("--generator", help="Who paints: a name, or module:name for code beside PATH.  [default: painted]")
@click.option("--list", "listing", is_flag=True, help="List generators and their presets.")
@click.option("--force", is_flag=True, help="Replace PATH if it exists.")
def new(path: Path | None, preset: str | None, generator: str | None, listing: bool, force: bool) -> None:
    """Write a commented project file to PATH, such as flower.toml.

    A generator without presets gets a project written from what it says of its options and axes.
    """
    from tessonance.errors import OutputExists
    from tessonance.outputs import write_text
    from tessonance.plugins import generator_kind

    folder = (path or Path("here")).absolute().parent
    if listing:
        _list([generator] if generator else None, folder)
        return
    if path is None:
        raise click.UsageError("Missing argument 'PATH', such as flower.toml.")
    use = generator or _with_preset(preset, folder)
    text = _text(path.name, use, generator_kind(use, folder=folder), preset)
    if path.exists() and not force:
        raise OutputExists("exists already", where=path, hint="--force replaces it")
    write_text(path, text)
    click.echo(f"{path} written; next: {command('tess', 'try', path)}, or {command('tess', 'generate', path)}")


def _text(name: str, use: str, kind: GeneratorKind, preset: str | None) -> str:
    from tessonance.errors import ProjectError, nearest
    from tessonance.generators.describe import project_text

    if preset is None and not kind.presets:
        return project_text(name, use, kind)
    preset = preset or next(iter(kind.presets))
    if preset not in kind.presets:
        hint = nearest(preset, kind.presets) if kind.presets else "leave out --preset"
        raise ProjectError(f"{use} has no preset {preset!r}", hint=hint)
    return kind.presets[preset]


def _with_preset(preset: str | None, folder: Path) -> str:
    """Return the name of the generator that has a preset; `painted` where none is asked for, or nobody has it."""
    from tessonance.errors import TessError
    from tessonance.plugins import generator_kind, names

    for name in () if preset is None else ("painted", *names("generators")):
        with suppress(TessError):  # a broken plugin has none
            if preset in generator_kind(name, folder=folder).presets:
                return name
    return "painted"


def _list(generators: list[str] | None, folder: Path) -> None:
    from tessonance.errors import TessError
    from tessonance.plugins import generator_kind, names

    for name in generators or names("generators"):
        try:
            kind = generator_kind(name, folder=folder)
        except TessError as error:
            if generators:
                raise
            click.echo(f"{name}: cannot be loaded: {error.problem}", err=True)  # one broken plugin hides no others
            continue
        click.echo(f"{name}: {kind.summary}")
        for preset, text in kind.presets.items():
            click.echo(f"  {preset:17} {_first_comment(text)}")


def _first_comment(text: str) -> str:
    """Return what a preset says of itself first, without the name of its file."""
    said = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("#")), "")
    return re.sub(r"^[\w-]+\.toml: ", "", said)
