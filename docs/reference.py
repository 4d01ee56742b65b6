"""Write the reference pages from the code: `python docs/reference.py`."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import msgspec

import tessonance as tess
from tessonance import project
from tessonance.cli import COMMANDS, cli
from tessonance.control import messages
from tessonance.control.osc import PACKET_BYTES
from tessonance.grid import Axis
from tessonance.show.keys import KEYS

HERE = Path(__file__).parent / "reference"


def commands() -> str:
    """Every command with its help."""
    pages = ["# Commands", "", "Written by `python docs/reference.py` from the program's own help.", ""]
    parent = click.Context(cli, info_name="tess", **cli.context_settings)
    for name in COMMANDS:
        command = cli.get_command(parent, name)
        assert command is not None
        context = click.Context(command, parent=parent, info_name=name, terminal_width=100)
        pages += [f"## tess {name}", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(pages)


def python() -> str:
    """Every public name with its signature and docstring."""
    pages = [
        "# Python",
        "",
        "Written by `python docs/reference.py` from the docstrings. `import tessonance as tess`.",
        "",
    ]
    for name in tess.__all__:
        thing = _public(name)
        pages += [
            f"## tess.{name}",
            "",
            "```text",
            f"{name}{_signature(thing)}",
            "",
            inspect.getdoc(thing) or "",
            "```",
            "",
        ]
        if inspect.isclass(thing) and not issubclass(thing, msgspec.Struct | Exception):
            pages += _members(name, thing)
    return "\n".join(pages)


def project_file() -> str:
    """Every table of the project file with its keys."""
    tables = [
        ("[picture]", project.Picture),
        ("[generator]", project.Generator),
        ("[[finish]]", project.Finish),
        ("[[axis]]", Axis),
        ("[[route]]", project.Route),
        ("[sound]", project.Sound),
        ("[idle]", project.Idle),
        ("[governor]", project.Governing),
    ]
    pages = ["# The project file", "", "Written by `python docs/reference.py` from the structs that read it.", ""]
    for title, struct in tables:
        pages += [f"## {title}", "", "| key | default |", "|---|---|"]
        for field in msgspec.structs.fields(struct):
            if field.name != "options":
                pages.append(f"| `{field.encode_name}` | {_default(field)} |")
        pages += ["", "```text", inspect.getdoc(struct) or "", "```", ""]
    pages += ["## Features", "", ", ".join(f"`{name}`" for name in project.FEATURES) + ", or `[lo, hi]` in Hz.", ""]
    return "\n".join(pages)


def osc() -> str:
    """Every OSC address."""
    pages = ["# OSC", "", "Written by `python docs/reference.py` from the table that reads the messages.", ""]
    pages += ["How to use it from other programs: [OSC](../how-to/osc.md).", ""]
    for title, lines in (("What the show hears", messages.HEARD), ("What the show says, once a frame", messages.SAID)):
        pages += [f"## {title}", "", "| address | arguments | |", "|---|---|---|"]
        pages += [f"| `{line.address}` | {line.arguments} | {line.meaning} |" for line in lines]
        pages.append("")
    return "\n".join(pages + OSC_NOTES)


OSC_NOTES = [
    "## Rules",
    "",
    "- `NAME` stands for the name of an axis or a feature: letters, digits, `_`, `-` and `.`.",
    "- `f` is any number (`i`, `h`, `f`, `d`), or true or false (`T`, `F`). Numbers beyond 0..1 are taken as 0 or 1.",
    "- A button that comes up, a 0, does nothing at `release`, `beat`, `bar` and `tap`; at `hold`, `blackout` and",
    "  `freeze` it switches off.",
    "- Messages may come alone or in bundles, which are followed at once, whatever time they bear. Addresses with `*`",
    "  or `?` are not followed.",
    "- What cannot be followed is counted and changes nothing: unknown addresses, other arguments, NaN, tempi beyond",
    f"  their range, packets of more than {PACKET_BYTES} bytes.",
    "- What the show says comes in one bundle, whose numbers are all `f`.",
    "",
]


def keys() -> str:
    """Every key of a show."""
    pages = ["# Keys of a show", "", "Written by `python docs/reference.py` from the program's own table.", ""]
    pages += ["| key | also | what it does |", "|---|---|---|"]
    for key in KEYS:
        also = "" if key.action == "choose" else ", ".join(name.upper() for name in key.names[1:])
        pages.append(f"| {key.shown} | {also} | {key.says} |")
    return "\n".join(pages)


def _public(name: str) -> Any:
    """Return what a public name stands for; `tess.motion` may be the room of that name."""
    module, _, attribute = tess._HOMES[name].partition(":")
    return getattr(import_module(f"tessonance.{module}"), attribute or name)


def _block(call: str, thing: Any) -> list[str]:
    return ["", "```text", call, "", inspect.getdoc(thing) or "", "```", ""]


def _signature(thing: Any) -> str:
    try:
        return str(inspect.signature(thing)).replace("tessonance.", "")
    except (TypeError, ValueError):
        return ""


def _members(name: str, thing: type) -> list[str]:
    pages = []
    for member, value in vars(thing).items():
        value = getattr(value, "__func__", getattr(value, "func", value))
        doc = inspect.getdoc(value)
        if not member.startswith("_") and doc and (callable(value) or isinstance(value, property)):
            call = _signature(value) if callable(value) and not isinstance(value, property) else ""
            pages += [f"### {name}.{member}", *_block(f"{member}{call}", value)]
    return pages


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "must be given"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is msgspec.UNSET:
        return "left out"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value!r}`".replace("'", '"')


def main() -> None:
    """Write the pages."""
    HERE.mkdir(exist_ok=True)
    pages = {"commands": commands(), "python": python(), "project-file": project_file(), "osc": osc(), "keys": keys()}
    for name, text in pages.items():
        (HERE / f"{name}.md").write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
