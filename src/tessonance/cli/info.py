"""`tess info`: what a tesseract is and how far it is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from tessonance.cli.options import PLACE

if TYPE_CHECKING:
    from tessonance.grid import Axis
    from tessonance.store import Tesseract


WATCH_SECONDS = 2.0


@click.command()
@click.argument("tesseract", type=PLACE)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--watch", is_flag=True, help="Tell again every two seconds, until it is painted or you stop it.")
def info(tesseract: str, as_json: bool, watch: bool) -> None:
    """Tell what TESSERACT is: its axes, how much is painted, what plays it."""
    import tessonance as tess

    with tess.open(tesseract) as opened:
        while True:
            facts = _facts(opened)
            if watch and not as_json:
                click.clear()
            _tell(facts, as_json=as_json)
            if not watch or facts["painted"] == facts["cells"]:
                return
            time.sleep(WATCH_SECONDS)


def _tell(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    picture = facts["picture"]
    click.echo(f"{facts['path']}: {facts['painted']:,} of {facts['cells']:,} pictures, {facts['bytes'] / 1e6:.1f} MB")
    click.echo(f"  pictures   {picture['width']} × {picture['height']}, {picture['codec']}")
    click.echo(f"  generator  {facts['generator']['use']}, seed {facts['generator']['seed']}")
    click.echo(f"  levels     {facts['levels']}, {_complete(facts)} complete")
    if facts["knots"]:
        click.echo(f"  plays      {' × '.join(map(str, facts['knots']))} pictures, what is between is interpolated")
    for axis in facts["axes"]:
        ends = " (closed)" if axis["closed"] else ""
        ends += ", spaced by sight" if axis["by_sight"] else ""
        click.echo(f"  axis       {axis['name']}: {axis['from']:g} to {axis['to']:g} in {axis['steps']} steps{ends}")
    click.echo(f"  bake       {_bake_words(facts['bake'])}")
    for route in facts["routes"]:
        feature = route["feature"] if isinstance(route["feature"], str) else "{:g}-{:g} Hz".format(*route["feature"])
        click.echo(f"  route      {feature} drives {route['axis']} ({route['act']})")


def _complete(facts: dict[str, Any]) -> str:
    """Return how many levels are complete; they are counted from 0."""
    count = 0 if facts["complete_level"] is None else facts["complete_level"] + 1
    return "all" if count == facts["levels"] else str(count) if count else "none"


def _facts(tesseract: Tesseract) -> dict[str, Any]:
    from tessonance.project import mapping_for

    project, axes = tesseract.project.to_dict(), tesseract.project.axes
    mapping = mapping_for(tesseract.path, tesseract.project)
    level = tesseract.complete_level()
    return {
        "path": tesseract.where,
        "picture": project["picture"],
        "generator": project["generator"],
        "axes": [{**table, "by_sight": _by_sight(axis)} for table, axis in zip(project["axis"], axes, strict=True)],
        "cells": tesseract.grid.size,
        "painted": tesseract.painted(),
        "bytes": tesseract.stored_bytes(),
        "levels": tesseract.grid.levels,
        "complete_level": level,
        "knots": None if level is None else [len(along) for along in tesseract.knots()],
        "bake": _bake(tesseract),
        "routes": [{"feature": route.feature, "axis": route.axis, "act": route.act} for route in mapping.routes],
    }


def _bake(tesseract: Tesseract) -> dict[str, Any]:
    from tessonance.store.bake import find_bake

    bake, reason = find_bake(tesseract)
    if bake is None:
        return {"fits": False, "reason": reason}
    from tessonance.smooth.bake_report import summed_dicts

    rank = bake.calibration.rank_correlation if bake.calibration else None
    counts = {"edges": bake.edges(), "baked": bake.baked(), "stale": bake.stale}
    return {"fits": True, **counts, "finder": bake.finder, "rank_correlation": rank, "axes": summed_dicts(bake)}


def _bake_words(bake: dict[str, Any]) -> str:
    if not bake["fits"]:
        return f"none: {bake['reason']}"
    flow = sum(axis["flow"] for axis in bake["axes"])
    lengths = ", ".join(f"{axis['name']} {axis['length']:.2f}" for axis in bake["axes"] if axis["length"] is not None)
    stale = f", {bake['stale']:,} of other pictures" if bake["stale"] else ""
    long = f"; perceived lengths: {lengths}" if lengths else ""
    return f"{bake['baked']:,} of {bake['edges']:,} edges, {flow:,} of them flow{stale}{long}"


def _by_sight(axis: Axis) -> bool:
    """Tell whether the values of an axis stand where a pilot found them, and not evenly."""
    from msgspec import UNSET
    from msgspec.structs import replace

    even = replace(axis, spacing="even", recorded=UNSET).values
    return bool(abs(axis.values - even).max() > 1e-6 * abs(axis.stop - axis.start))
