"""`tess import`: put finished pictures into a tesseract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tessonance.cli.options import FILE, SIZE
from tessonance.shell import command

if TYPE_CHECKING:
    from tessonance.make.importing import ImportReport

MOST_LINES = 10


@click.command("import")
@click.argument("source", type=FILE)
@click.option("-o", "--output", type=FILE, help="The tesseract; SOURCE with .tess unless given.")
@click.option("--pattern", default="", help="Of names, such as 'flower_{height}_{blot}.png'; guessed unless given.")
@click.option("--axes", metavar="A,B", help="Columns of a CSV; of a sheet, its axes down and right.")
@click.option("--column", default="", help="Of a CSV: the one with the names of the files.")
@click.option("--cells", type=str, metavar="COLSxROWS", help="Of a contact sheet: 9x5 is 9 columns and 5 rows.")
@click.option("--cell", type=SIZE, help="Of a sheet with legends: the size of a cell, as 512x512.")
@click.option("--gap", type=click.IntRange(min=0), default=0, help="Of a sheet: pixels between two cells.")
@click.option("--offset", metavar="X,Y", help="Of a sheet: where the first cell begins.")
@click.option("--steps", type=click.IntRange(min=2), help="Of a video: how many frames; all unless given.")
@click.option("--size", type=SIZE, help="What is stored; the size of most pictures unless given.")
@click.option(
    "--fit",
    type=click.Choice(["exact", "cover", "stretch"]),
    default="exact",
    show_default=True,
    help="What becomes of pictures of another size.",
)
@click.option("--codec", type=click.Choice(["jpeg", "jpeg444", "lossless"]), help="That of most JPEGs unless given.")
@click.option("--replace", is_flag=True, help="Also pictures that are there already.")
@click.option("--dry-run", is_flag=True, help="Only write what the project file would be to standard output.")
def import_(
    source: Path,
    output: Path | None,
    axes: str | None,
    steps: int | None,
    size: tuple[int, int] | None,
    codec: Any,
    replace: bool,
    dry_run: bool,
    **known: Any,
) -> None:
    """Put finished pictures into a tesseract.

    SOURCE is a folder of pictures, a CSV that lists them (such as data.csv of a Cinema database), a contact sheet, a
    video, or a project file with use = "folder". The project file is written beside the tesseract, unless one is
    there. JPEGs that fit are taken over as they are. Run it again to add pictures that came later.
    """
    import tessonance as tess
    from tessonance.cli.progress import bar, stop_on_interrupt
    from tessonance.outputs import write_text

    output = output or _beside(source)
    if source.suffix.lower() == ".toml":
        project = source
    else:
        project = output.with_suffix(".toml")
        if dry_run or not project.exists():
            text = _found(source, project, axes=axes, steps=steps, size=size, codec=codec, known=known)
            if dry_run:
                click.echo(text, nl=False)
                return
            write_text(project, text)
            click.echo(f"{project} written: edit its [[route]] tables as you like")
        else:
            click.echo(f"{project} is there: it says what is imported, whatever the options say")
    with stop_on_interrupt() as stop, bar(output.name, unit="pictures") as progress:
        report = tess.import_pictures(project, output, replace=replace, progress=progress, stop=stop)
        stopped = stop()
    _tell(report)
    if stopped:
        raise click.exceptions.Exit(130)
    if report.refused:
        raise click.exceptions.Exit(1)


def _found(
    source: Path, project: Path, *, axes: str | None, steps: int | None, size: Any, codec: Any, known: Any
) -> str:
    from tessonance.generators.folder import FolderOptions
    from tessonance.make.finding import found_project

    own = FolderOptions(
        source=str(source),
        pattern=known["pattern"],
        column=known["column"],
        cells=_pair(known["cells"], "x", "--cells") or (0, 0),
        cell=known["cell"] or (0, 0),
        gap=known["gap"],
        offset=_pair(known["offset"], ",", "--offset"),
        fit=known["fit"],
    )
    names = tuple(name.strip() for name in axes.split(",")) if axes else ()
    return found_project(source, project.parent, own=own, axes=names, steps=steps or 0, size=size, codec=codec).text


def _beside(source: Path) -> Path:
    from tessonance.cli.files import made_of

    whole = source.resolve()
    if whole.is_dir() and whole.name:
        return whole.with_name(f"{whole.name}.tess")
    return made_of(source, ".tess")


def _pair(text: str | None, between: str, option: str) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _, second = text.replace("×", "x").partition(between)
    if not (first.isdigit() and second.isdigit()):
        raise click.BadParameter(f"{text!r} is no pair of whole numbers; write 9{between}5", param_hint=option)
    return int(first), int(second)


def _tell(report: ImportReport) -> None:
    there = f", {report.kept:,} were there already" if report.kept else ""
    click.echo(f"{report.taken_over:,} taken over as they are, {report.encoded:,} encoded{there}")
    click.echo(f"{report.path}: {report.painted:,} of {report.cells:,} pictures")
    _list([f"{bad.name}: {bad.problem}" for bad in report.refused], "could not be taken")
    _list(list(report.strange), "fit no cell and were passed over")
    if report.missing:
        click.echo(f"{report.missing:,} cells have no picture; run it again when they are there", err=True)
    else:
        told = (command("tess", each, report.path) for each in ("sheet", "bake", "render"))
        click.echo("next: {}, {}, then {} SONG".format(*told))


def _list(lines: list[str], what: str) -> None:
    if lines:
        click.echo(f"{len(lines):,} {what}:", err=True)
        for line in lines[:MOST_LINES]:
            click.echo(f"  {line}", err=True)
        if len(lines) > MOST_LINES:
            click.echo(f"  … and {len(lines) - MOST_LINES:,} more", err=True)
