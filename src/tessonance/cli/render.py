"""`tess render`: a film of a song."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tessonance.cli.files import made_of
from tessonance.cli.options import FILE, FPS, PLACE, SECONDS, SIZE

if TYPE_CHECKING:
    from tessonance.show.filming import RenderReport


@click.command()
@click.argument("files", nargs=-1, required=True, type=PLACE, metavar="TESSERACT [SONG]")
@click.option("--take", type=FILE, help="A show that was kept: it takes the place of SONG.")
@click.option("-o", "--output", type=FILE, help="The film; beside you, as NAME.mp4, unless given.")
@click.option("--mapping", type=FILE, help="A file of routes; TESSERACT's own unless given.")
@click.option("--size", type=SIZE, default="1280x720", show_default=True, help="Of the film.")
@click.option("--fps", type=FPS, default="30", show_default=True, help="30, 59.94, 30000/1001 …")
@click.option("--from", "start", type=SECONDS, default="0", help="Where in the song to begin; seconds or 1:30.")
@click.option("--to", "stop", type=SECONDS, help="Where to end.")
@click.option("--method", type=click.Choice(["nearest", "blend", "morph"]), help="Morph if it is baked, else blend.")
@click.option("--fit", type=click.Choice(["cover", "contain", "stretch"]), default="cover", show_default=True)
@click.option("--hud", is_flag=True, help="Draw the parameters and the place in the tesseract.")
@click.option("--encoder", default="auto", show_default=True, help="Such as h264_nvenc; `tess doctor` lists them.")
@click.option(
    "--no-flash-limit",
    is_flag=True,
    help="Let large areas flash more than three times a second. That can cause seizures: only for films that nobody "
    "sees without a warning.",
)
@click.option("--force", is_flag=True, help="Replace the film if it exists.")
def render(
    files: tuple[str, ...],
    take: Path | None,
    output: Path | None,
    mapping: Path | None,
    size: tuple[int, int],
    fps: Fraction,
    start: float,
    stop: float | None,
    method: str | None,
    fit: str,
    hud: bool,
    encoder: str,
    no_flash_limit: bool,
    force: bool,
) -> None:
    """Play SONG on TESSERACT into a film with sound.

    The routes come from --mapping, else from NAME.toml beside NAME.tess, else from inside it: change them and render
    again, nothing is painted anew.

    With --take NAME.tessrec it is the film of a night that `tess play --record` kept: name the tesseracts of that show
    in its order.
    """
    import tessonance as tess
    from tessonance.cli.progress import bar

    keys: dict[str, Any] = {
        "size": size,
        "fps": fps,
        "start": start,
        "stop": stop,
        "method": method,
        "fit": fit,
        "hud": hud,
        "encoder": encoder,
        "force": force,
        "flash_limit": not no_flash_limit,
    }
    if take is not None:
        _render_take(files, take, output, mapping, keys)
        return
    if len(files) != 2:
        raise click.UsageError("name a tesseract and a song, or tesseracts and --take")
    tesseract, song = files[0], Path(files[1])
    output = output or Path(made_of(song, ".film.mp4" if song.suffix.lower() == ".mp4" else ".mp4").name)
    with tess.open(tesseract) as opened, bar("rendering", unit="frames") as progress:
        report = tess.render(opened, song, output, mapping=mapping, progress=progress, **keys)
    _tell(report, output)


def _render_take(
    tesseracts: tuple[str, ...], take: Path, output: Path | None, mapping: Path | None, keys: dict[str, Any]
) -> None:
    from tessonance.cli.progress import bar
    from tessonance.show.night import disagreement, render_take
    from tessonance.show.take_reader import read_take

    if mapping is not None:
        raise click.UsageError("a take has the mappings of its night: --mapping is for songs")
    output = output or Path(made_of(take, ".mp4").name)
    kept = read_take(take)
    if not kept.whole:
        click.echo(f"{take}: the show was cut off; here is all that was kept of it", err=True)
    with bar("rendering", unit="frames") as progress:
        report = render_take(tesseracts, kept, output, progress=progress, **keys)
    _tell(report, output)
    click.echo(f"heard again, its coordinates differ by at most {disagreement(kept, tesseracts):.1g}")


def _tell(report: RenderReport, output: Path) -> None:
    click.echo(f"{output}: {report.frames:,} frames, {report.seconds:.1f} s of film")
    if report.trouble:
        click.echo(report.trouble, err=True)
    if report.calmed:
        click.echo(
            f"{report.calmed:,} frames would have flashed too often and were calmed; see docs/how-to/flash-safety.md"
        )
