"""`tess merge`: bring together what several machines painted."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE

if TYPE_CHECKING:
    from tessonance.store import MergeReport


@click.command()
@click.argument("into", type=FILE)
@click.argument("sources", metavar="FROM...", nargs=-1, required=True, type=FILE)
@click.option("--dry-run", is_flag=True, help="Count only, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def merge(into: Path, sources: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Copy into the tesseract INTO every picture that it lacks and a tesseract FROM has.

    All must be of one project. Pictures that are there already stay as they are, FROM is only read, and nothing is
    encoded anew. Stop it when you like: run again, it goes on. Exit code 1 if pictures of FROM are damaged.
    """
    from tessonance.cli.progress import bar
    from tessonance.store import merge as merge_tesseracts

    with bar(into.name, unit="pictures") as progress:
        report = merge_tesseracts(into, sources, progress=progress, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({**asdict(report), "copied": report.copied, "damaged": report.damaged}, indent=2))
    else:
        _tell(report)
    if report.damaged:
        raise click.exceptions.Exit(1)


def _tell(report: MergeReport) -> None:
    for source in report.sources:
        did = "would be copied" if report.dry_run else "copied"
        others = f", {source.differing:,} of them differ from it" if source.differing else ""
        click.echo(f"from {source.path}: {source.copied:,} {did}, {source.kept:,} there already{others}")
        if source.damaged:
            click.echo(f"{source.path}: {source.damaged:,} damaged and left out; see `tess verify`", err=True)
    click.echo(f"{report.into}: {report.painted:,} of {report.cells:,} pictures")
