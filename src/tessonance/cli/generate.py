"""`tess generate`: paint the missing cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.files import made_of
from tessonance.cli.options import DURATION, FILE
from tessonance.shell import command

if TYPE_CHECKING:
    from collections.abc import Callable

    from tessonance.make.budget import BudgetReport
    from tessonance.make.painting import Progress
    from tessonance.make.perceptual import SpacingReport

PREVIEW_SECONDS = 15.0  # between two drawings of the preview, at least


@click.command()
@click.argument("project", type=FILE)
@click.option("-o", "--output", type=FILE, help="The tesseract; PROJECT with .tess unless given.")
@click.option("--workers", type=click.IntRange(min=1), help="Painting processes; one a core, or one for a big model.")
@click.option("--cluster", metavar="ADDRESS", help="Dask workers instead: tcp://HOST:8786, or local:N on this machine.")
@click.option("--allow-drift", is_flag=True, help="Also use workers of the cluster that paint other pictures.")
@click.option("--cells", metavar="CHOICE", help="Only these: slices like bloom=0:9,ink=4, or a .csv of indices.")
@click.option("--until", metavar="level:K", help="No finer level than this.")
@click.option(
    "--budget", metavar="SHARE", help="At most so much, 10% or 400, and only where it cannot be guessed: whole knots."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many pictures.")
@click.option("--deadline", type=DURATION, help="Begin nothing more after so long: 2h, 90m.")
@click.option("--timeout", type=DURATION, help="A task that takes longer counts as failed.")
@click.option(
    "--durability",
    type=click.Choice(["safe", "fast"]),
    default="safe",
    show_default=True,
    help="Whether what is painted also survives a power failure at once.",
)
@click.option("--preview", type=FILE, help="A contact sheet, drawn anew as it grows.")
def generate(
    project: Path,
    output: Path | None,
    workers: int | None,
    cluster: str | None,
    allow_drift: bool,
    cells: str | None,
    until: str | None,
    budget: str | None,
    limit: int | None,
    deadline: float | None,
    timeout: float | None,
    durability: str,
    preview: Path | None,
) -> None:
    """Paint the tesseract of PROJECT, a project file.

    What is painted stays: stop it when you like, run it again and it goes on. It can be played while it grows.
    """
    import tessonance as tess
    from tessonance.cli.budget import budgets_and_spacings, in_words, spacing_in_words
    from tessonance.cli.progress import painting, stop_on_interrupt
    from tessonance.contact import check_sheet

    if preview:
        check_sheet(preview, force=True)
    output = output or made_of(project, ".tess")
    reports: list[BudgetReport | SpacingReport] = []
    with stop_on_interrupt() as stop, painting(output.name) as shown:
        progress = _previewing(shown, output, preview) if preview else shown
        tesseract = tess.generate(
            project,
            output,
            workers=workers,
            cluster=cluster,
            allow_drift=allow_drift,
            cells=cells,
            until=until,
            budget=budget,
            limit=limit,
            deadline_seconds=deadline,
            task_seconds=timeout,
            durability="safe" if durability == "safe" else "fast",
            progress=progress,
            stop=stop,
            on_report=reports.append,
        )
        stopped = stop()
    with tesseract:
        painted, size = tesseract.painted(), tesseract.grid.size
        click.echo(f"{output}: {painted:,} of {size:,} pictures")
        if preview:
            tess.sheet(tesseract, preview, force=True)
    budgets, spacings = budgets_and_spacings(reports)
    report = budgets[-1] if budgets else None
    for line in [*map(spacing_in_words, spacings), *(in_words(report) if report else [])]:
        click.echo(line)
    if painted == size or (report and report.enough):
        told = (command("tess", each, output) for each in ("sheet", "bake", "render"))
        click.echo("next: {}, {}, then {} SONG".format(*told))
        return
    cut = stopped or limit or deadline
    if cut or not report:
        again = "run it again to paint" if cut or not (cells or until) else "without --cells and --until it paints"
        click.echo(f"{again} the other {(report.budget if report else size) - painted:,}", err=True)
    if stopped:
        raise click.exceptions.Exit(130)


def _previewing(shown: Callable[[Progress], None], output: Path, preview: Path) -> Callable[[Progress], None]:
    """Draw the preview now and then, besides showing how far it is; what hinders a preview hinders no painting."""
    import time
    from contextlib import suppress

    import tessonance as tess
    from tessonance.errors import TessError

    last = time.monotonic()

    def progress(at: Progress) -> None:
        nonlocal last
        shown(at)
        if at.fresh and time.monotonic() - last > PREVIEW_SECONDS:
            with suppress(TessError), tess.open(output) as tesseract:
                tess.sheet(tesseract, preview, force=True)
            last = time.monotonic()

    return progress
