"""A tuned mapping as the commented file that an artist goes on with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.certify.tune import Tuned
    from tessonance.project import Route

__all__ = ["mapping_text"]


def mapping_text(tuned: Tuned, songs: Sequence[str]) -> str:
    """Return a mapping file.

    Parameters
    ----------
    tuned : Tuned
    songs : sequence of str
        Names of the songs that it was tuned to.

    Returns
    -------
    str
        TOML.
    """
    kind = tuned.mapping.governor.kind
    names = ", ".join(_plain(song) for song in songs)
    lines = [f"# A {kind} mapping, tuned to {names}.", "# Lengths and paces are in FLIP, what an eye sees change.", ""]
    facts = dict(zip(tuned.mapping.grid.names, zip(tuned.lengths, tuned.paces, strict=True), strict=True))
    for route in tuned.mapping.routes:
        length, pace = facts[route.axis]
        lines += _route(route, f"{length:.1f} long; {pace:.1f} a second of it on the mean")
    sound = tuned.mapping.sound
    if not sound.automatic_level:
        lines += ["[sound]                  # quiet parts are to look quiet: play as loud as these songs are"]
        lines += ["automatic_level = false", f"start_level_db = {sound.start_level_db}", ""]
    lines += ["[governor]", f'as = "{kind}"', ""]
    return "\n".join(lines)


def _route(route: Route, fact: str) -> list[str]:
    what = "travels as loud as it is" if route.act == "speed" else "stands where it leads"
    lines = [
        f"[[route]]                # {fact}",
        f"feature = {json.dumps(route.feature)}",
        f"axis = {json.dumps(route.axis)}",
    ]
    if route.act == "speed":
        lines += [f'act = "speed"            # {what}', f'edge = "{route.edge}"']
    else:
        lines.append(f"offset = {route.offset:g}           # {what}")
    lines += [f"gain = {route.gain:g}", *([f"curve = {route.curve}"] if route.curve != "linear" else [])]
    return [*lines, f"attack_ms = {route.attack_ms:g}", f"release_ms = {route.release_ms:g}", ""]


def _plain(name: str) -> str:
    """Return a file's name so that it ends no comment."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:80]
