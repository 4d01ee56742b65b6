"""`tess unpack`: a packed tesseract as a folder again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tessonance.cli.options import FILE, PLACE


@click.command()
@click.argument("packed", metavar="NAME.tess.zip", type=PLACE)
@click.option("-o", "--output", type=FILE, help="The folder; NAME.tess unless given.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def unpack(packed: str, output: Path | None, as_json: bool) -> None:
    """Make a folder of a packed tesseract again, to paint more in it. An address is downloaded.

    The folder appears when it is whole, and every byte is checked. What does not belong to a tesseract is left out.
    """
    from tessonance.cli.progress import bar
    from tessonance.store import unpack as unpack_tesseract

    with bar("unpacking", unit="MB") as progress:
        report = unpack_tesseract(packed, output, progress=lambda done, total: progress(done / 1e6, total / 1e6))
    if as_json:
        click.echo(json.dumps({**report._asdict(), "path": str(report.path)}, indent=2))
    else:
        click.echo(f"{report.path}: {report.files:,} files")
    if report.left_out:
        names = ", ".join(report.left_out[:5]) + (" …" if len(report.left_out) > 5 else "")
        click.echo(f"{len(report.left_out):,} left out that are no part of a tesseract: {names}", err=True)
