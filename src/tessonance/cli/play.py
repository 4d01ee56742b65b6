"""`tess play`: the live show."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import DURATION, FILE, FPS, PLACE, SECONDS, SIZE
from tessonance.shell import command

if TYPE_CHECKING:
    from tessonance.show.player import ShowReport


@click.command()
@click.argument("tesseracts", nargs=-1, required=True, type=PLACE, metavar="TESSERACT...")
@click.option(
    "--input", "source", metavar="INPUT", help="What is heard: a device, a song, `system` or `osc`; see above."
)
@click.option("--output", metavar="DEVICE", help="Through which a song is heard; the default output unless given.")
@click.option("--from", "start", type=SECONDS, default="0", help="Where in the song to begin; seconds or 1:30.")
@click.option("--loop", is_flag=True, help="Begin the song again when it ends.")
@click.option("--mapping", "mappings", multiple=True, type=FILE, help="Routes, for each TESSERACT.")
@click.option("--fullscreen", is_flag=True, help="Fill the screen.")
@click.option("--monitor", type=int, default=0, show_default=True, help="On which; `tess devices` lists them.")
@click.option("--size", type=SIZE, default="1280x720", show_default=True, help="Of the window.")
@click.option("--fps", type=FPS, default="60", show_default=True, help="Frames a second.")
@click.option("--vsync/--no-vsync", default=True, show_default=True, help="Whether frames wait for the screen.")
@click.option("--fit", type=click.Choice(["cover", "contain", "stretch"]), default="cover", show_default=True)
@click.option("--method", type=click.Choice(["nearest", "blend", "morph"]), help="Morph once it is baked, else blend.")
@click.option(
    "--delay-ms", type=float, default=0.0, show_default=True, help="Pictures later than the sound; or earlier."
)
@click.option("--hud", is_flag=True, help="Begin with the panels: where it is, what it hears, how it goes.")
@click.option("--record", type=FILE, help="Keep the show in NAME.tessrec, to film it afterwards.")
@click.option("--force", is_flag=True, help="Replace the take if it exists.")
@click.option("--osc-in", metavar="PORT", help="Listen to other programs: a port of this machine, or HOST:PORT.")
@click.option("--osc-out", metavar="HOST:PORT", help="Tell another program of every frame.")
@click.option("--no-flash-limit", is_flag=True, help="Show flashes as they come. They can cause seizures.")
@click.option("--seconds", type=DURATION, help="End by itself after so long; 90s, 10m, 2h.")
def play(
    tesseracts: tuple[str, ...],
    source: str | None,
    output: str | None,
    start: float,
    loop: bool,
    mappings: tuple[Path, ...],
    fullscreen: bool,
    monitor: int,
    size: tuple[int, int],
    fps: Fraction,
    vsync: bool,
    fit: str,
    method: str | None,
    delay_ms: float,
    hud: bool,
    record: Path | None,
    force: bool,
    osc_in: str | None,
    osc_out: str | None,
    no_flash_limit: bool,
    seconds: float | None,
) -> None:
    """Play TESSERACT live: sound in, pictures out.

    INPUT is a sound device by its number or a part of its name, `system` for what this machine plays, a song file, or
    `osc` where another program moves everything. The default input device is heard unless it is given.

    With several tesseracts number keys fade from one to the next. H shows all keys; Q twice ends the show.
    """
    from tessonance.show.play import Look
    from tessonance.show.play import play as show

    if no_flash_limit:
        click.echo("flashes are shown as they come: warn whoever watches, they can cause seizures", err=True)
    look = Look(
        size=size,
        fullscreen=fullscreen,
        monitor=monitor,
        fps=float(fps),
        vsync=vsync,
        fit=fit,
        method=method,
        delay_ms=delay_ms,
        hud=hud,
        flash_limit=not no_flash_limit,
    )
    report = show(
        tesseracts,
        source,
        output=output,
        start=start,
        loop=loop,
        mappings=mappings,
        look=look,
        record=record,
        force=force,
        osc_in=osc_in,
        osc_out=osc_out,
        seconds=seconds,
        say=_say,
    )
    _tell(report)
    if record is not None:
        words = command("tess", "render", *tesseracts, "--take", record)
        if report.take_trouble:
            click.echo(f"{report.take_trouble}, before the show did", err=True)
        click.echo(f"{record}: {'what there is of ' * bool(report.take_trouble)}the take; `{words}` makes its film")


def _say(text: str) -> None:
    """Say what is noted during the show. A terminal that is gone, or a full disk behind it, ends no show."""
    try:
        click.echo(text, err=True)
    except OSError:
        # what waits to be written would fail again at the end
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _tell(report: ShowReport) -> None:
    pace = report.pace
    click.echo(
        f"{pace.frames:,} frames: one every {pace.median_ms:.1f} ms, 99 of 100 within {pace.p99_ms:.1f} ms, "
        f"the longest {pace.longest_ms:.0f} ms"
    )
    click.echo(
        f"{report.late_share:.2%} of them late, {report.replaced:,} pictures replaced, {report.failed:,} unreadable"
    )
    if report.blended:
        click.echo(f"{report.blended:,} frames were cross-faded, since morph was more than this machine holds")
    if report.plain:
        click.echo(f"{report.plain:,} frames were morphed plainly, since a fine morph was more than this machine holds")
    if report.unmoved:
        click.echo(f"{report.unmoved:,} frames stood still in part, since a field was not ready")
    if report.overflows:
        click.echo(f"sound was lost {report.overflows:,} times; see docs/how-to/troubleshooting.md")
    if report.calmed:
        click.echo(f"{report.calmed:,} frames would have flashed too often and were calmed")
