"""`tess tune`: a mapping made to measure."""

from __future__ import annotations

from pathlib import Path

import click

from tessonance.cli.options import FILE, PLACE
from tessonance.shell import command


@click.command()
@click.argument("tesseract", type=PLACE)
@click.argument("songs", nargs=-1, required=True, type=FILE, metavar="SONG...")
@click.option("--as", "kind", type=click.Choice(["calm", "lively", "wild"]), default="lively", show_default=True)
@click.option("-o", "--output", type=FILE, help="The mapping; TESSERACT with -KIND.toml unless given.")
@click.option("--method", type=click.Choice(["nearest", "blend", "morph"]), help="Morph if it is baked, else blend.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads; one for each core unless given.")
@click.option("--force", is_flag=True, help="Replace a mapping that exists.")
def tune(
    tesseract: str,
    songs: tuple[Path, ...],
    kind: str,
    output: Path | None,
    method: str | None,
    workers: int | None,
    force: bool,
) -> None:
    """Write a mapping for TESSERACT that is calm, lively or wild with each SONG.

    Axes are measured: long ones travel as loud as the music is, short ones follow faster features, as quickly as stays
    smooth. The mapping is watched on a part of each song before it is written.
    """
    import tessonance as tess
    from tessonance.certify.tune import tune as tuned
    from tessonance.certify.tune_text import mapping_text
    from tessonance.cli.certify import tell
    from tessonance.cli.progress import bar
    from tessonance.outputs import check_output, write_text

    with tess.open(tesseract) as opened:
        output = output or opened.beside(f"-{kind}.toml")
        check_output(output, force=force)
        with bar(opened.name, unit="frames") as progress:
            found = tuned(opened, songs, kind=kind, method=method, workers=workers, progress=progress)
        write_text(output, mapping_text(found, [song.name for song in songs]))
    click.echo("the forty seconds of each song that hold the most of loud and quiet; `tess certify` judges all of it:")
    tell(found.certificate)
    following = command("tess", "certify", tesseract, *songs, "--mapping", output)
    click.echo(f"{output} written; next: {following}")
