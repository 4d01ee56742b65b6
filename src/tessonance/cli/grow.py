"""`tess grow`: more steps for an axis, keeping every picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE

if TYPE_CHECKING:
    from tessonance.grid import Grid
    from tessonance.store import Tesseract


@click.command()
@click.argument("tesseract", type=FILE)
@click.argument("axes", metavar="AXIS[=STEPS]...", nargs=-1, required=True)
@click.option("-o", "--output", type=FILE, help="The new one; named by its steps unless given.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def grow(tesseract: Path, axes: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Copy TESSERACT into a new one with more steps; every picture keeps its place.

    An axis of n steps gets 2n - 1 (2n if it is closed), or STEPS, if all old values are among the new ones. TESSERACT
    is not touched, nothing is encoded anew, and `tess generate` then paints only what is new. Stop it when you like:
    run again, it goes on. Exit code 1 if pictures of TESSERACT are damaged: they are left out.
    """
    from tessonance import store
    from tessonance.cli.progress import bar
    from tessonance.store.copying import stored_count
    from tessonance.store.grow import finer

    steps = dict(_axis(text) for text in axes)
    with store.open_tesseract(tesseract) as old:
        stored, after = stored_count(old), finer(old.project, steps).grid
    project = _project(old)
    target = output or project.with_name(f"{project.stem}-{_shape(after)}.tess")
    with bar(target.name, unit="pictures") as progress:
        grown = store.grow(tesseract, target, steps, progress=progress)
    with grown:
        painted = grown.painted()
    damaged = max(0, stored - painted)  # while it is painted there may be more than there were
    if as_json:
        facts = {"path": str(target), "steps": dict(zip(after.names, after.shape, strict=True)), "cells": after.size}
        click.echo(json.dumps({**facts, "painted": painted, "damaged": damaged}, indent=2))
    else:
        click.echo(f"{target}: {painted:,} of {after.size:,} pictures, from {old.where}")
        click.echo(_what_next(project, target, old.grid, after))
    if damaged:
        click.echo(f"{old.where}: {damaged:,} damaged and left out: they will be painted again", err=True)
        raise click.exceptions.Exit(1)


def _axis(text: str) -> tuple[str, int | None]:
    name, given, steps = text.partition("=")
    try:
        return name.strip(), int(steps) if given else None
    except ValueError:
        problem = f"{text!r} gives no number of steps; write bloom or bloom=65"
        raise click.BadParameter(problem, param_hint="AXIS") from None


def _project(tesseract: Tesseract) -> Path:
    """Return where its project file would be: flower.toml for flower.tess, and for flower-65x33.tess of 65 × 33 too."""
    beside = tesseract.beside(".toml")
    name = beside.stem.removesuffix(f"-{_shape(tesseract.grid)}")
    return beside.with_name(f"{name or beside.stem}.toml")


def _shape(grid: Grid) -> str:
    return "x".join(map(str, grid.shape))


def _what_next(project: Path, target: Path, before: Grid, after: Grid) -> str:
    name = str(project) if project.is_file() else "PROJECT.toml"
    pairs = zip(before.axes, after.axes, strict=True)
    edits = [f'  [[axis]] "{new.name}": steps = {new.steps}' for old, new in pairs if old != new]
    return "\n".join([f"next, in {name}:", *edits, f"then tess generate {name} -o {target}"])
