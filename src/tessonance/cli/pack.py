"""`tess pack`: a tesseract as one file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tessonance.cli.options import FILE, PLACE


@click.command()
@click.argument("tesseract", type=PLACE)
@click.option("-o", "--output", type=FILE, help="The file; TESSERACT with .zip unless given.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def pack(tesseract: str, output: Path | None, force: bool, as_json: bool) -> None:
    """Make one file, NAME.tess.zip, of the tesseract NAME.tess: to copy, to keep, to put on a web server.

    Every command that reads takes it as it is, and its address too; nothing is compressed or encoded anew. A tesseract
    that is being painted is packed as it is now.
    """
    from tessonance.cli.progress import bar
    from tessonance.store import pack as pack_tesseract

    with bar("packing", unit="MB") as progress:
        report = pack_tesseract(
            tesseract, output, force=force, progress=lambda done, total: progress(done / 1e6, total / 1e6)
        )
    if as_json:
        click.echo(json.dumps({**report._asdict(), "path": str(report.path)}, indent=2))
    else:
        click.echo(f"{report.path}: {report.pictures:,} pictures, {report.size / 1e6:,.1f} MB")
    if report.no_bake:
        click.echo(f"the bake was left out, it is damaged: {report.no_bake}", err=True)
    if report.damaged:
        click.echo(f"{report.damaged:,} damaged entries were left out; `tess verify` tells more", err=True)
