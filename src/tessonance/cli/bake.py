"""`tess bake`: what sampling and motion need to know of each edge, found out before the show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE

if TYPE_CHECKING:
    from tessonance.smooth.bake_report import BakeReport


@click.command()
@click.argument("tesseract", type=FILE)
@click.option("--again", is_flag=True, help="Make everything anew, also what still holds.")
@click.option("--flow", default="dis", show_default=True, help="What finds the flow: dis, or an installed plugin.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads; one for each core unless given.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def bake(tesseract: Path, again: bool, flow: str, workers: int | None, as_json: bool) -> None:
    """Find out, for each edge of TESSERACT, how its pictures move and how far they are apart.

    An edge is two neighbouring pictures. It flows where optical flow guesses known pictures better than a blend, else
    it blends. The result is kept inside TESSERACT: motion between pictures and the governor need it.

    It may be stopped at any time, and the same call goes on; after more was painted, it makes what is new.
    """
    import tessonance as tess
    from tessonance.cli.progress import bar

    with bar(tesseract.name, unit="edges") as progress:
        report = tess.bake(tesseract, finder=flow, again=again, workers=workers, progress=progress)
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=2))
    else:
        _tell(report)


def _tell(report: BakeReport) -> None:
    speed = f", {report.made / report.seconds:.0f} a second" if report.made and report.seconds > 0 else ""
    click.echo(f"{report.where}: {report.edges:,} edges, {report.made:,} of them baked now{speed}")
    click.echo(f"  {'axis':16}{'edges':>10}{'flow':>10}{'blend':>10}  perceived length")
    for axis in report.axes:
        length = f"{axis.length:.2f}" if axis.flow + axis.blend else "-"
        click.echo(f"  {axis.name[:16]:16}{axis.edges:>10,}{axis.flow:>10,}{axis.blend:>10,}  {length:>16}")
    for text in _notes(report):
        click.echo(f"- {text}")


def _notes(report: BakeReport) -> list[str]:
    notes = []
    if report.kept:
        notes.append(f"{report.kept:,} edges were baked before")
    if report.reused:
        notes.append(f"{report.reused:,} edges come from the bake that was there for other knots")
    if report.stale:
        notes.append(f"{report.stale:,} edges were made again, because a picture of theirs has changed")
    if report.missing:
        notes.append(
            f"{report.missing:,} edges are not baked: a picture of theirs is missing or damaged; "
            "`tess verify --repair`, then `tess generate`, then `tess bake` again"
        )
    if report.damaged:
        notes.append(f"the bake that was there could not be used and was made again: {report.damaged}")
    if (made := report.calibration) is not None:
        rank = f"the quick distance ranks {made.pairs:,} pairs as FLIP does by {made.rank_correlation:.3f}"
        notes.append(f"{rank}; distances are off by {100 * made.error:.0f} % in the mean")
        if report.rough:
            notes.append("that is less than 0.9: the pictures are nearly all equally far apart, or distances are rough")
    return notes
