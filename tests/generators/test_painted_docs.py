import re
from pathlib import Path

import msgspec
import pytest

from tessonance.generators.painted import AXES, PaintedOptions, painted
from tessonance.generators.painting.brush import HANDS

PAGE = Path(__file__).parents[2].joinpath("docs", "how-to", "painted.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def test_the_page_tells_of_every_preset_axis_option_and_hand_and_of_no_other():
    options = {field.name for field in msgspec.structs.fields(PaintedOptions)} | {"seed"}
    first = {name: set(re.findall(r"`(\w+)`", " ".join(_first_cells(text)))) for name, text in SECTIONS.items()}
    assert first["Presets"] == set(painted.presets)
    assert first["Axes"] == set(AXES)
    assert first["Options of `[generator]`"] == options
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|.*\|$", SECTIONS["Hands"], re.M)))) == set(HANDS)


@pytest.mark.parametrize("name", AXES)
def test_the_page_tells_each_axis_range_and_rest(name):
    info = AXES[name]
    row = next(
        line for line in SECTIONS["Axes"].splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]
    )
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[2] == f"{info.start:g}..{info.stop:g}" + (", closed" if info.closed else "")
    assert cells[3] == f"{info.rest:g}"


def _first_cells(text):
    return [line.split("|")[1] for line in re.findall(r"^\| *`.*$", text, re.M)]
