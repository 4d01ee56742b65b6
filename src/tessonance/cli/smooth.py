"""`tess smooth`: how smooth a tesseract is."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE, PLACE

if TYPE_CHECKING:
    from tessonance.smooth.findings import Survey


@click.command()
@click.argument("tesseract", type=PLACE)
@click.option("-o", "--output", type=FILE, help="The page; TESSERACT with -smooth.html unless given.")
@click.option("--most", default=3000, show_default=True, help="Pictures to look at; of more, a fair sample.")
@click.option("--sweeps/--no-sweeps", default=True, help="Whether to watch slow sweeps too.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads; one for each core unless given.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print everything for scripts; writes no file unless -o is given."
)
@click.option("--force", is_flag=True, help="Replace a report that exists.")
def smooth(
    tesseract: str, output: Path | None, most: int, sweeps: bool, workers: int | None, as_json: bool, force: bool
) -> None:
    """Measure how smooth TESSERACT is, and write a page with heat maps, the worst edges and advice.

    Exit code 1 if an axis is refused: if neighbours are strangers, no other number means anything.
    """
    import tessonance as tess
    from tessonance.cli.progress import bar
    from tessonance.smooth.report import check_outputs, write_report
    from tessonance.smooth.survey import survey

    with tess.open(tesseract) as opened:
        output = output if output or as_json else opened.beside("-smooth.html")
        if output:
            check_outputs(output, force=force)
        with bar(opened.name) as progress:  # of rows, then of edges, then of sweeps
            found = survey(opened, most=most, sweep=sweeps, workers=workers, progress=progress)
        if as_json:
            click.echo(json.dumps(found.to_dict(), indent=1))
        else:
            _tell(found)
        if output:
            written = write_report(found, opened, output, force=force)
            click.echo(f"{written[0]} and {written[1].name} written", err=as_json)
    if found.refused:
        raise click.exceptions.Exit(1)


def _tell(found: Survey) -> None:
    sample = "every edge" if found.complete else "a sample"
    spread = found.spread if found.edges else math.nan
    click.echo(f"{found.where}: {found.edges:,} edges measured ({sample}), R {_text(spread)}")
    heads = ("length", "step", "largest", "pop", "speed %", "rough", "F", "T")
    click.echo(f"  {'axis':16}" + "".join(f"{head:>9}" for head in heads) + "  gates")
    for axis in found.axes:
        steps = (axis.length, axis.mean, axis.largest) if axis.measured else (math.nan,) * 3
        values = (*steps, axis.pop, axis.speed, axis.roughness, axis.flicker, axis.tortuosity)
        row = "".join(f"{_text(value):>9}" for value in values)
        verdict = ("REFUSED" if axis.refused else "passed") if axis.measured else "-"
        click.echo(f"  {axis.name[:16]:16}{row}  {verdict}")
    for text in found.advice:
        click.echo(f"- {text}")


def _text(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "-"
