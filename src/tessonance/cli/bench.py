"""`tess bench`: what this machine can do for a show."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from tessonance.cli.options import FPS, SIZE

if TYPE_CHECKING:
    from tessonance.show.bench import Finding

MARKS = {True: click.style("✓", fg="green"), None: "·", False: click.style("✗", fg="red")}


@click.command()
@click.option("--size", type=SIZE, default="1280x720", show_default=True, help="Of the window.")
@click.option("--picture", type=SIZE, default="512x512", show_default=True, help="Of the tesseract's pictures.")
@click.option("--fps", type=FPS, default="60", show_default=True, help="Frames a second that are wanted.")
@click.option("--listen", metavar="INPUT", help="Play clicks and time them through INPUT: `system`, or a microphone.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def bench(size: tuple[int, int], picture: tuple[int, int], fps: Fraction, listen: str | None, as_json: bool) -> None:
    """Measure what this machine can do for a show, and say what to do about it.

    A window opens for some seconds. No sound is made without --listen.
    """
    from tessonance.show.bench import bench as measured

    findings = []
    for finding in measured(size=size, picture=picture, fps=float(fps), listen=listen):
        findings.append(finding)
        if not as_json:
            _tell(finding)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _conclude(findings, size, fps)


def _tell(finding: Finding) -> None:
    mark = MARKS[finding.fine]
    value = "" if finding.value is None else f"{finding.value:.3g} {finding.unit}"
    click.echo(f"  {mark} {finding.part:38} {value:16} {finding.advice}")


def _conclude(findings: list[Finding], size: tuple[int, int], fps: Fraction) -> None:
    """Say what to do now."""
    if all(finding.fine is not False for finding in findings):
        asked = f" --size {size[0]}x{size[1]}" + (f" --fps {float(fps):g}" if fps != 60 else "")
        click.echo(f"All of it is quick enough: tess play NAME.tess{asked}")
    else:
        click.echo("What stands behind a ✗ may be too little for an even show: try what it says, and measure again.")
