"""`tess generate`: paint the missing cells."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The tesseract; PROJECT with .tess unless given.")
@click.option("--workers", type=int, help="Painting processes; all cores unless given.")
def generate(project: Path, output: Path | None, workers: int | None) -> None:
    """Paint the tesseract of PROJECT, a project file.

    What is painted stays: stop it when you like, run it again and it goes on. It can be played while it grows.
    """
    import tessonance as tess
    from tessonance.cli.progress import painting, stop_on_interrupt

    output = output or project.with_suffix(".tess")
    with stop_on_interrupt() as stop, painting(output.name) as progress:
        tesseract = tess.generate(project, output, workers=workers, progress=progress, stop=stop)
    with tesseract:
        painted, cells = tesseract.painted(), tesseract.grid.size
    click.echo(f"{output}: {painted:,} of {cells:,} pictures")
    if painted < cells:
        click.echo(f"run it again to paint the other {cells - painted:,}", err=True)
        raise click.exceptions.Exit(130)
    click.echo(f"next: tess sheet {output}, or tess render {output} SONG")
