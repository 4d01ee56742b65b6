"""`tess try`: a few pictures before the long run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FILE
from tessonance.shell import command

if TYPE_CHECKING:
    from tessonance.trials import Trial


@click.command("try")
@click.argument("project", type=FILE)
@click.option("--at", multiple=True, metavar="AXIS=VALUE,…", help="A point; give it again for more of them.")
@click.option("--corners", is_flag=True, help="The corners of the grid; also without any of the other choices.")
@click.option("--line", metavar="AXIS", help="Cells along an axis, from end to end, and how smooth they are.")
@click.option("--steps", type=click.IntRange(min=2), help="Of a line: how many cells; all, or 17, unless given.")
@click.option("-o", "--output", type=FILE, help="The PNG; PROJECT-try.png unless given.")
@click.option("--force", is_flag=True, help="Replace OUTPUT if it exists.")
def try_(
    project: Path,
    at: tuple[str, ...],
    corners: bool,
    line: str | None,
    steps: int | None,
    output: Path | None,
    force: bool,
) -> None:
    """Paint a few cells of PROJECT into a labelled sheet, and tell what all of them will cost.

    Nothing is written but the sheet, PROJECT-try.png, which the next trial replaces.
    """
    import tessonance as tess
    from tessonance.cli.progress import bar
    from tessonance.contact import check_sheet
    from tessonance.make.worker import one_thread
    from tessonance.trial_sheet import write_trial

    if corners and (at or line):
        raise click.UsageError("--corners stands alone; --at says where the other axes of a --line stand.")
    if steps and not line:
        raise click.UsageError("--steps needs --line.")
    points = [_point(text) for text in at]
    sheet, force = output or project.with_name(f"{project.stem}-try.png"), force or output is None
    check_sheet(sheet, force=force)
    one_thread()  # as every painting process has, else the times say nothing of the whole run
    with bar(project.name, unit="pictures") as progress:
        tried = tess.trial(project, at=points, line=line, steps=steps, progress=progress)
    path = write_trial(tried, sheet, force=force)
    for text in _told(tried):
        click.echo(text)
    click.echo(f"{path} written; next: {command('tess', 'generate', project)}")


def _point(text: str) -> dict[str, float]:
    point = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            point[name.strip()] = float(value)
        except ValueError:
            message = f"{part!r} is no value; write --at height=0.5,blot=0.1"
            raise click.BadParameter(message, param_hint="--at") from None
    return point


def _told(tried: Trial) -> list[str]:
    cost = tried.cost
    each = f"{_span(cost.seconds_each)} a picture"
    if cost.slow_cells and cost.slow_seconds_each > 1.2 * cost.seconds_each:
        each += f", {_span(cost.slow_seconds_each)} for each of {cost.slow_cells:,} that need more"
    one, several = ("with this server", "servers like the first") if cost.on_servers else ("here", "processes here")
    together = f"with {cost.workers} {several}" if cost.workers > 1 else one
    lines = [
        f"{len(tried.tried)} painted; {each}, {cost.bytes_each / 1000:,.0f} KB",
        f"all {cost.cells:,} pictures: about {_span(cost.seconds)} {together}, {_size(cost.stored_bytes)}",
    ]
    return lines + (_smoothness(tried) if tried.line else [])


def _smoothness(tried: Trial) -> list[str]:
    import math

    from tessonance.smooth.line import Gates

    line, points = tried.line, [one.point[tried.axis or ""] for one in tried.tried]
    assert line is not None
    if not line.steps:
        return []
    parts = [f"{tried.axis}: {line.length:.2f} long to the eye (FLIP) in {len(line.steps)} steps"]
    if math.isfinite(line.uniformity):
        largest = max(range(len(line.steps)), key=line.steps.__getitem__)
        following = points[(largest + 1) % len(points)]
        parts.append(
            f"  the largest step, {line.steps[largest]:.3f}, is {line.uniformity:.1f} times the mean:"
            f" from {points[largest]:.3g} to {following:.3g}"
        )
    parts.append(f"  tortuosity {line.tortuosity:.1f}, roughness {line.roughness:.2f}, flicker {line.flicker:.2f}")
    return parts + [f"  not smooth: {reason}" for reason in Gates().verdict(line).reasons]


def _span(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for most, unit, divisor in ((90, "s", 1), (5400, "min", 60), (172_800, "h", 3600)):
        if seconds < most:
            return f"{seconds / divisor:.1f} {unit}" if seconds / divisor < 10 else f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.1f} days"


def _size(stored_bytes: int) -> str:
    return f"{stored_bytes / 1e9:.1f} GB" if stored_bytes >= 1e9 else f"{stored_bytes / 1e6:.1f} MB"
