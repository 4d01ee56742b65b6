"""`tess verify`: whether a tesseract is sound."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.store import VerifyReport
    from tessonance.store.verify import BadCell, BadFile

MOST_SHOWN = 10


@click.command()
@click.argument("tesseract", type=FILE)
@click.option("--repair", is_flag=True, help="Mark what is damaged as missing: `tess generate` paints it again.")
@click.option("--fast", is_flag=True, help="Look at entries and headers only, decode nothing.")
@click.option("--json", "as_json", is_flag=True, help="For scripts; lists everything.")
def verify(tesseract: Path, repair: bool, fast: bool, as_json: bool) -> None:
    """Look at every picture of TESSERACT, and count what is planned, painted, failed and damaged.

    Exit code 1 if anything is damaged. Cells that are not painted yet, or that a generator failed on, are no damage.
    """
    from tessonance.cli.progress import bar
    from tessonance.store import repair as repair_tesseract
    from tessonance.store import verify as verify_tesseract

    look = repair_tesseract if repair else verify_tesseract
    with bar(tesseract.name, unit="pictures") as progress:
        report = look(tesseract, decode=not fast, progress=progress)
    if as_json:
        facts = {**asdict(report), "sound": report.sound}
        click.echo(json.dumps(facts, indent=2))
    else:
        _tell(report)
    if not report.sound:
        raise click.exceptions.Exit(1)


def _tell(report: VerifyReport) -> None:
    missing = report.planned - report.painted - len(report.damaged)
    looked = "every picture decoded" if report.decoded else "headers only"
    click.echo(f"{report.where}: {'sound' if report.sound else 'DAMAGED'} ({looked})")
    click.echo(f"  planned    {report.planned:,}")
    click.echo(f"  painted    {report.painted:,}")
    click.echo(f"  missing    {missing:,}, of which failed: {len(report.failed):,}")
    if report.bake:
        click.echo(f"  bake       {report.bake}")
    click.echo(f"  damaged    {len(report.damaged):,} pictures, {len(report.files):,} files")
    _list("damaged", [*report.files, *report.damaged])
    _list("failed", report.failed)
    _list("repaired", report.repaired)
    for name in report.foreign[:MOST_SHOWN]:
        click.echo(f"  foreign    {name!r} is no part of it, and does no harm")
    if report.repaired:
        click.echo("what was damaged is marked as missing: `tess generate` paints it again, `tess bake` bakes it")
    elif report.damaged:
        click.echo("`tess verify --repair` marks it as missing, so that `tess generate` paints it again", err=True)


def _list(word: str, found: Sequence[BadCell | BadFile]) -> None:
    for bad in found[:MOST_SHOWN]:
        what = bad.name if hasattr(bad, "name") else f"cell {bad.cell}"
        click.echo(f"  {word:10} {what}: {' '.join(bad.problem.split())[:200]}")
    if len(found) > MOST_SHOWN:
        click.echo(f"  {word:10} … and {len(found) - MOST_SHOWN:,} more; --json lists all")
