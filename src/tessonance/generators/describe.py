"""What a generator or a finisher says of itself: its options, and a whole project file to begin with."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as types

from tessonance.generators import AxisInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tessonance.generators import GeneratorKind

__all__ = ["OptionInfo", "described_options", "project_text"]

KINDS: dict[type[types.Type], str] = {
    types.BoolType: "true or false",
    types.IntType: "a whole number",
    types.FloatType: "a number",
    types.StrType: "text",
    types.ListType: "a list",
    types.TupleType: "a list",
    types.VarTupleType: "a list",
    types.DictType: "a table",
    types.LiteralType: "a choice",
}
WIDTH = 110  # of a line in a project file
ROUTES = (("low", 80, 600), ("high", 100, 600))
SOME_AXES = {"a": AxisInfo("any name will do"), "b": AxisInfo("any name will do")}


@dataclass(frozen=True)
class OptionInfo:
    """What is known of one key of ``[generator]`` or ``[[finish]]``.

    Parameters
    ----------
    name : str
    kind : str
        ``"a number"``, ``"a choice"``, ``"text"`` and the like; several are joined by "or".
    summary : str
        What it does, from the docstring; empty where that says nothing.
    is_required : bool
        Whether it must be given.
    default : object
        As it stands in JSON and TOML; None where it must be given.
    choices : tuple of str
        Of a choice.
    """

    name: str
    kind: str
    summary: str
    is_required: bool
    default: Any
    choices: tuple[str, ...]


def described_options(options: type[msgspec.Struct]) -> tuple[OptionInfo, ...]:
    """Describe the options of a generator or a finisher, in their order.

    Parameters
    ----------
    options : type of msgspec.Struct
        Its docstring, in numpydoc style, tells what each does.

    Returns
    -------
    tuple of OptionInfo
    """
    told = _told(inspect.getdoc(options) or "")
    found = []
    whole = types.type_info(options)
    assert isinstance(whole, types.StructType)
    for field in whole.fields:
        default = None if field.required else json.loads(msgspec.json.encode(_default(field)))
        parts = field.type.types if isinstance(field.type, types.UnionType) else (field.type,)
        choices = tuple(str(value) for part in parts if isinstance(part, types.LiteralType) for value in part.values)
        kind = " or ".join(dict.fromkeys(KINDS.get(type(part), "") for part in parts)).replace("  ", " ").strip()
        name = field.encode_name
        found.append(OptionInfo(name, kind or "anything", told.get(name, ""), field.required, default, choices))
    return tuple(found)


def project_text(name: str, use: str, kind: GeneratorKind) -> str:
    """Write a commented project file from what a generator says of itself.

    Parameters
    ----------
    name : str
        Of the file.
    use : str
        What names the generator.
    kind : GeneratorKind

    Returns
    -------
    str
    """
    lines = [f"# {name}: {kind.summary}", "", "[picture]", "width = 512", "height = 512", ""]
    lines += ["[generator]", f"use = {json.dumps(use)}", "seed = 0"]
    lines += _in_columns([_option_line(option) for option in described_options(kind.options)])
    known = dict(kind.axes) or SOME_AXES
    chosen = dict(list(known.items())[:2])
    if others := [name for name in known if name not in chosen]:
        lines += ["", "# Further axes: " + ", ".join(others) + "."]
    for axis, info in chosen.items():
        lines += ["", "[[axis]]", *_axis_lines(axis, info)]
    for (feature, attack, release), axis in zip(ROUTES, chosen, strict=False):
        keys = [f"feature = {json.dumps(feature)}", f"axis = {json.dumps(axis)}"]
        lines += ["", "[[route]]", *keys, f"attack_ms = {attack}", f"release_ms = {release}"]
    return "\n".join(lines) + "\n"


def _axis_lines(name: str, info: AxisInfo) -> list[str]:
    steps = ["steps = 16", "closed = true"] if info.closed else ["steps = 17"]
    first, *rest = _in_columns([(f"name = {json.dumps(name)}", info.summary)])
    return [first, *rest, f"from = {float(info.start)}", f"to = {float(info.stop)}", *steps]


def _option_line(option: OptionInfo) -> tuple[str, str]:
    """Return a line and its comment; what has a default is commented out."""
    about = option.summary or option.kind
    if option.choices:
        about += f"; one of {', '.join(option.choices)}"
    if option.is_required:
        return f"{option.name} = {json.dumps('')}", f"must be given, {option.kind}: {about}"
    if option.default is None:
        return f"# {option.name}", f"not set: {about}"
    return f"# {option.name} = {_toml(option.default)}", about


def _in_columns(lines: list[tuple[str, str]]) -> list[str]:
    """Set comments beside what they explain, in one column; long ones go on below."""
    column = min(40, max((len(text) for text, _ in lines), default=0) + 2)
    out = []
    for text, comment in lines:
        words, begun = comment.split(), f"{text:{column - 1}} #"
        for word in words:
            if len(begun) + len(word) + 1 > WIDTH:
                out.append(begun)
                begun = " " * column + "#"
                begun = f"{begun:>{column + 1}}"
            begun += f" {word}"
        out.append(begun.rstrip("# ") if not words else begun)
    return out


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(str(key))} = {_toml(one)}" for key, one in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _default(field: types.Field) -> Any:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def _told(doc: str) -> Mapping[str, str]:
    """Read what the section "Parameters" of a docstring tells of each name (numpydoc)."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-{3,}|\Z)", doc, re.MULTILINE | re.DOTALL)
    told: dict[str, str] = {}
    for entry in re.findall(r"^(\w[^\n]*?) :[^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", section[1] if section else "", re.M):
        text = " ".join(entry[1].split()).replace("``", "`")
        told |= {name.strip(): text.rstrip(".") for name in entry[0].split(",")}
    return told
