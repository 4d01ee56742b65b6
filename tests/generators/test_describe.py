"""What generators say of themselves, and the projects written from it."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import pytest

from tessonance.generators import AxisInfo, GeneratorKind
from tessonance.generators.describe import described_options, project_text
from tessonance.plugins import finisher_kind, generator_kind, names
from tessonance.project import options, parse_project


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The keys.

    Parameters
    ----------
    model : str
        Where the model is: a folder,
        or a name.
    width, depth : int
        How large it is.
    mode : {"fast", "fine"}
        How it works.
    mixes : dict
        What is mixed.
    """

    model: str
    width: int = 3
    depth: int = 4
    mode: Literal["fast", "fine"] = "fine"
    place: str | tuple[float, ...] = (0.5, 1.0)
    mixes: dict[str, float] = msgspec.field(default_factory=lambda: {"a b": 0.5})
    limit: float | None = None


def test_options_are_described_by_type_default_and_docstring() -> None:
    found = {option.name: option for option in described_options(Options)}
    assert list(found) == ["model", "width", "depth", "mode", "place", "mixes", "limit"]
    assert found["model"].summary == "Where the model is: a folder, or a name"
    assert (found["model"].is_required, found["model"].kind, found["model"].default) == (True, "text", None)
    assert (found["depth"].summary, found["depth"].default) == ("How large it is", 4)
    assert (found["mode"].choices, found["mode"].kind) == (("fast", "fine"), "a choice")
    assert (found["place"].kind, found["place"].default, found["place"].summary) == ("text or a list", [0.5, 1.0], "")
    assert found["mixes"].default == {"a b": 0.5}


@pytest.mark.parametrize("use", names("generators"))
def test_every_generator_describes_all_its_options(use: str) -> None:
    assert all(option.summary for option in described_options(generator_kind(use).options))


@pytest.mark.parametrize("use", names("finishers"))
def test_every_finisher_describes_all_its_options(use: str) -> None:
    assert all(option.summary for option in described_options(finisher_kind(use).options))


def kind(axes: dict[str, AxisInfo]) -> GeneratorKind:
    return GeneratorKind("Something new.", lambda project: np.zeros(0), Options, axes)  # type: ignore[arg-type]


def test_a_project_is_written_from_the_description() -> None:
    axes = {"turn": AxisInfo("goes around", closed=True), "grow": AxisInfo("grows", -1, 2), "last": AxisInfo("ends")}
    text = project_text("new.toml", "new", kind(axes))
    assert text.startswith("# new.toml: Something new.\n")
    assert "# Further axes: last." in text
    project = parse_project(text)
    assert [(axis.name, axis.start, axis.stop, axis.closed) for axis in project.axes] == [
        ("turn", 0.0, 1.0, True),
        ("grow", -1.0, 2.0, False),
    ]
    assert [route.axis for route in project.routes] == ["turn", "grow"]
    assert project.generator.options == {"model": ""}


@pytest.mark.parametrize("use", names("generators"))
def test_what_is_commented_out_are_the_defaults(use: str) -> None:
    """Whoever takes a comment sign away changes nothing."""
    described = generator_kind(use)
    text = project_text("x.toml", use, described)
    bare = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in text.splitlines()]
    lines = "\n".join(line for line in bare if not line.lstrip().startswith("#"))
    written = parse_project(lines).generator.options
    given = {option.name: "x" for option in described_options(described.options) if option.is_required}
    assert options(described.options, written | given, "x") == options(described.options, given, "x")
    assert set(written) >= {o.name for o in described_options(described.options) if o.default is not None}


def test_lines_stay_short_enough_to_read() -> None:
    for use in names("generators"):
        assert max(map(len, project_text("x.toml", use, generator_kind(use)).splitlines())) <= 150
