"""`tess certify`: whether a show is smooth, and moves with the music, before the doors open."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE, PLACE, SECONDS

if TYPE_CHECKING:
    from tessonance.certify.certificate import Certificate, SongCertificate
    from tessonance.certify.musicality import Agreement


@click.command()
@click.argument("tesseract", type=PLACE)
@click.argument("songs", nargs=-1, required=True, type=FILE, metavar="SONG...")
@click.option("--as", "kind", type=click.Choice(["calm", "lively", "wild"]), default="lively", show_default=True)
@click.option("-o", "--output", type=FILE, help="The page; TESSERACT with -certificate.html unless given.")
@click.option("--mapping", type=FILE, help="A file of routes; TESSERACT's own unless given.")
@click.option("--method", type=click.Choice(["nearest", "blend", "morph"]), help="Morph if it is baked, else blend.")
@click.option(
    "--film", is_flag=True, help="As `tess render` plays it, which knows the future; else as `tess play` does."
)
@click.option("--from", "start", type=SECONDS, default="0", help="Where in each song to begin; seconds or 1:30.")
@click.option("--to", "stop", type=SECONDS, help="Where to end.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads; one for each core unless given.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print everything for scripts; writes no file unless -o is given."
)
@click.option("--force", is_flag=True, help="Replace a certificate that exists.")
def certify(
    tesseract: str,
    songs: tuple[Path, ...],
    kind: str,
    output: Path | None,
    mapping: Path | None,
    method: str | None,
    film: bool,
    start: float,
    stop: float | None,
    workers: int | None,
    as_json: bool,
    force: bool,
) -> None:
    """Play each SONG on TESSERACT without a window, look at every frame, and write a certificate.

    It passes if every song is smooth, by the limits of calm, lively or wild, and musical: steps that agree with what is
    heard, axes that follow their routes and are used. Where it does not pass, it says what to change. Exit code 1 then.
    """
    import tessonance as tess
    from tessonance.certify.certify import certify as played
    from tessonance.certify.page import write_certificate
    from tessonance.cli.progress import bar
    from tessonance.smooth.report import check_outputs

    with tess.open(tesseract) as opened:
        output = output if output or as_json else opened.beside("-certificate.html")
        if output:
            check_outputs(output, force=force)
        with bar(opened.name, unit="frames") as progress:
            found = played(
                opened,
                songs,
                kind=kind,
                mapping=mapping,
                method=method,
                live=not film,
                start=start,
                stop=stop,
                workers=workers,
                progress=progress,
            )
        if as_json:
            click.echo(json.dumps(found.certificate.to_dict(), indent=1))
        else:
            tell(found.certificate)
        if output:
            written = write_certificate(found, output, force=force)
            click.echo(f"{written[0]} and {written[1].name} written", err=as_json)
    if not found.certificate.passed:
        raise click.exceptions.Exit(1)


def tell(certificate: Certificate) -> None:
    """Print a certificate, song by song."""
    how = "as a show" if certificate.live else "as a film"
    governor = "no governor" if math.isnan(certificate.limit) else f"governor at {certificate.limit:g} a second"
    click.echo(f"{certificate.where}: {certificate.method}, {how}, {governor}")
    if certificate.trouble:
        click.echo(f"- {certificate.trouble}")
    heads = ("median", "p90", "p99", "worst", "F", "F p99", "pop", "speed %", "governed")
    click.echo(f"  {'song':20}" + "".join(f"{head:>9}" for head in heads) + "  loudness        lag  is")
    for song in certificate.songs:
        _row(song)
    for song in certificate.songs:
        verdict = f"{certificate.kind}, and it moves with the music" if song.passed else "FAILED"
        click.echo(f"{song.song}: {verdict}")
        for reason in (*song.rough, *song.unmusical):
            click.echo(f"  fails: {reason}")
        for text in song.advice:
            click.echo(f"  - {text}")


def _row(song: SongCertificate) -> None:
    found = song.smoothness
    values = (found.median, found.p90, found.p99, found.worst, found.flicker, found.flicker_p99, song.pop)
    row = "".join(f"{_text(value):>9}" for value in values)
    row += f"{_text(song.speed, 1):>9}{song.governed:>9.0%}"
    click.echo(f"  {song.song[:20]:20}{row}  {_agreement(song.loudness)}  {song.kind}")


def _agreement(found: Agreement) -> str:
    return f"{_text(found.r, 2)} (by chance {_text(found.chance, 2)}){found.lag_ms:5.0f} ms"


def _text(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"
