"""The page that explains routes: its examples work, and it forgets no key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tessonance.grid import Axis, Grid
from tessonance.mapping import Governing, Idle
from tessonance.project import BANDS, FEATURES, Mapping, Route, Sound, options

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
GRID = Grid([Axis(name=name, steps=5, closed=name in ("turn", "hue")) for name in ("bloom", "ink", "turn", "hue")])


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_route_or_a_part_of_one(text: str) -> None:
    tables: dict[str, Any] = tomllib.loads(text)
    options(Sound, tables.pop("sound", {}), "example")
    options(Idle, tables.pop("idle", {}), "example")
    options(Governing, tables.pop("governor", {}), "example")
    whole = tables.pop("route", [])
    parts = [{"feature": "low", "axis": "hue", **tables}] if tables else []
    Mapping(GRID, [options(Route, table, "example") for table in whole + parts])


@pytest.mark.parametrize("kind", [Route, Sound, Idle, Governing])
def test_every_key_is_explained(kind: type[msgspec.Struct]) -> None:
    for field in msgspec.structs.fields(kind):
        assert re.search(rf"`{field.encode_name}`|^{field.encode_name} = ", PAGE, re.MULTILINE), field.encode_name


def test_every_feature_is_named() -> None:
    for name in FEATURES:
        assert f"`{name}`" in PAGE or name.startswith("chroma_"), name
    edges = "20–60, 20–150, 150–2,000 and 2,000–16,000 Hz"
    assert edges in PAGE
    assert [*BANDS.values()] == [(20, 60), (20, 150), (150, 2000), (2000, 16000)]
