"""`tess demo`: a song, a tesseract and a film, from nothing."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tessonance.cli.options import FILE

NAME = "kaleidoscope"


@click.command()
@click.option("-o", "--output", "folder", type=FILE, default="tess-demo", show_default=True)
@click.option("--force", is_flag=True, help="Replace the film if it exists.")
def demo(folder: Path, force: bool) -> None:
    """Make a song, paint a tesseract for it and film what the song does to it.

    It takes one to three minutes on a laptop, and needs no network and no graphics card. Stopped, it goes on where it
    was when it is run again.
    """
    import tessonance as tess
    from tessonance.cli.progress import bar, painting, stop_on_interrupt
    from tessonance.errors import OutputExists
    from tessonance.outputs import write_text
    from tessonance.sound.demo_song import write_demo_song

    project, tesseract = folder / f"{NAME}.toml", folder / f"{NAME}.tess"
    song, picture, film = folder / "song.wav", folder / f"{NAME}.png", folder / "film.mp4"
    if film.exists() and not force:
        raise OutputExists("exists already", where=film, hint="look at it; --force makes it anew, -o elsewhere")
    _make_folder(folder)
    if not project.exists():
        write_text(project, _project())
    click.echo("1/5  making a song")
    write_demo_song(song)
    click.echo("2/5  painting a tesseract: a neural network paints a picture for every value of two parameters")
    with stop_on_interrupt() as stop, painting(NAME) as progress:
        opened = tess.generate(project, tesseract, progress=progress, stop=stop)
    with opened:
        if opened.painted() < opened.grid.size:
            raise click.Abort
        click.echo("3/5  drawing its contact sheet")
        tess.sheet(opened, picture, force=True)
        click.echo("4/5  baking: how one picture moves into the next")
        with bar(NAME, unit="edges") as update:
            tess.bake(tesseract, progress=update)
        click.echo("5/5  filming: the bass opens the flower, the treble changes the ink")
        with bar("rendering", unit="frames") as update:
            tess.render(opened, song, film, hud=True, force=force, progress=update)
    click.echo(_next(folder, film=film, picture=picture, project=project, tesseract=tesseract))


def _project() -> str:
    from tessonance.plugins import generator_kind

    return generator_kind("painted").presets[NAME]


def _make_folder(folder: Path) -> None:
    from tessonance.errors import TessError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TessError(f"cannot be made: {error.strerror}", where=folder, hint="-o names another folder") from None


def _next(folder: Path, *, film: Path, picture: Path, project: Path, tesseract: Path) -> str:
    tess = "uv run tess" if "UV_RUN_RECURSION_DEPTH" in os.environ else "tess"
    return f"""
Done. Watch {film}, and look at {picture}: all the pictures there are.

What to try next
  your own song    {tess} render {tesseract} SONG.mp3 --hud -o film.mp4
  live             {tess} play {tesseract}
  other routes     edit [[route]] in {project}, render again: nothing is painted anew
  other pictures   {tess} new --list
                   {tess} new flower.toml --preset flower
                   {tess} generate flower.toml
  what it heard    {tess} features {folder / "song.wav"} -o heard.csv"""
