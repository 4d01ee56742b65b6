"""Placeholders: fixed point, numbers where nothing else stands, and mistakes told by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import ProjectError
from tessonance.generators.template import Template, fixed_point, named_axes


def fill(given: object, **point: float) -> object:
    return Template(given, point, where="here").fill(point)


@given(st.floats(-1e6, 1e6))
def test_no_number_is_written_with_an_exponent(value: float) -> None:
    text = fixed_point(value)
    assert "e" not in text.lower()
    assert abs(float(text) - value) <= 1e-6


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("(tall:{height}) flower", "(tall:0.8) flower"),
        ("{height:.1f} of {{it}}", "0.8 of {it}"),
        ("{height}", 0.8),
        ({"a": ["{height}", {"b": "x{height}"}], "c": 3}, {"a": [0.8, {"b": "x0.8"}], "c": 3}),
    ],
)
def test_values_stand_where_their_names_stood(given: object, wanted: object) -> None:
    assert fill(given, height=0.8) == wanted


def test_a_whole_number_alone_is_an_integer() -> None:
    filled = fill("{steps}", steps=20.0)
    assert (filled, type(filled)) == (20, int)


def test_what_was_given_is_not_shared() -> None:
    given = {"a": [1, 2]}
    template = Template(given, (), where="here")
    template.fill({})["a"].append(3)
    assert given == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("given", "problem"),
    [("{heigth}", "did you mean 'height'"), ("a { b", "a brace stands alone"), ("{}", "a brace stands alone")],
)
def test_mistakes_are_told(given: str, problem: str) -> None:
    with pytest.raises(ProjectError, match=problem):
        Template({"prompt": given}, ["height"], where="[generator]")


def test_another_programs_braces_are_left_alone() -> None:
    template = Template("{red|blue} {{x}} {height} {", ["height"], where="here", lenient=True)
    assert template.fill({"height": 1.0}) == "{red|blue} {{x}} 1 {"


def test_an_axis_that_is_named_nowhere_is_refused() -> None:
    with pytest.raises(ProjectError, match="axis 'blot' changes nothing"):
        named_axes(["height", "blot"], Template("{height}", ["height", "blot"], where="here"), where="here")


def test_tables_without_end_are_refused() -> None:
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ProjectError, match="nested too deeply"):
        Template(deep, (), where="here")
