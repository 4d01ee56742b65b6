"""`tess new`: write a project file to start from."""

from __future__ import annotations

from pathlib import Path

import click

from tessonance.cli.options import FILE


@click.command()
@click.argument("path", type=FILE, required=False)
@click.option("--preset", help="Which picture to start from; --list shows them.")
@click.option("--generator", default="painted", show_default=True, help="Who paints.")
@click.option("--list", "listing", is_flag=True, help="List the presets of the generator.")
@click.option("--force", is_flag=True, help="Replace PATH if it exists.")
def new(path: Path | None, preset: str | None, generator: str, listing: bool, force: bool) -> None:
    """Write a commented project file to PATH, such as flower.toml."""
    from tessonance.cli.files import write_text
    from tessonance.errors import OutputExists, ProjectError, nearest
    from tessonance.plugins import generator_kind

    kind = generator_kind(generator)
    if listing:
        click.echo(f"{generator}: {kind.summary}")
        for name, text in kind.presets.items():
            click.echo(f"  {name:14} {_first_comment(text)}")
        return
    if path is None:
        raise click.UsageError("Missing argument 'PATH', such as flower.toml.")
    preset = preset or next(iter(kind.presets), "")
    if preset not in kind.presets:
        raise ProjectError(f"{generator} has no preset {preset!r}", hint=nearest(preset, kind.presets))
    if path.exists() and not force:
        raise OutputExists("exists already", where=path, hint="--force replaces it")
    write_text(path, kind.presets[preset])
    click.echo(f"{path} written; next: tess generate {path}")


def _first_comment(text: str) -> str:
    return next((line.lstrip("# ") for line in text.splitlines() if line.startswith("#")), "")
