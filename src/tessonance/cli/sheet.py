"""`tess sheet`: a contact sheet."""

from __future__ import annotations

from pathlib import Path

import click

from tessonance.cli.options import FILE, PLACE


@click.command()
@click.argument("tesseract", type=PLACE)
@click.option("-o", "--output", type=FILE, help="The PNG; TESSERACT with .png unless given.")
@click.option("--axes", help="Which axis runs down and which right, as DOWN,RIGHT; the first two unless given.")
@click.option("--at", multiple=True, metavar="AXIS=VALUE", help="Where another axis stands; its middle unless given.")
@click.option("--most", default=9, show_default=True, help="How many cells of an axis at the most.")
@click.option("--width", default=160, show_default=True, help="Pixels of each picture.")
@click.option("--force", is_flag=True, help="Replace the PNG if it exists.")
def sheet(
    tesseract: str,
    output: Path | None,
    axes: str | None,
    at: tuple[str, ...],
    most: int,
    width: int,
    force: bool,
) -> None:
    """Draw a contact sheet of any two axes of TESSERACT."""
    import tessonance as tess

    two = _pair(axes) if axes else None
    held = dict(_value(text) for text in at)
    with tess.open(tesseract) as opened:
        output = output or opened.beside(".png")
        tess.sheet(opened, output, axes=two, at=held, most=most, width=width, force=force)
    click.echo(f"{output} written")


def _pair(text: str) -> tuple[str, str]:
    names = text.split(",")
    if len(names) != 2:
        raise click.BadParameter(f"{text!r} is not two names; write --axes bloom,ink", param_hint="--axes")
    return names[0].strip(), names[1].strip()


def _value(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no value; write --at turn=0.25", param_hint="--at") from None
