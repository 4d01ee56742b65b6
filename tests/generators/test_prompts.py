"""Prompts as mixtures of plain prompts; pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import ProjectError
from tessonance.generators.diffusion.prompts import Prompts
from tessonance.grid import Axis

FLOWER = "a drawing of a (tall:{height}) flower, (ink blot:{blot}), white paper"
HEIGHT, BLOT = Axis(name="height", start=0.5, stop=1.5, steps=5), Axis(name="blot", start=0, stop=1.4, steps=5)
LOOK = Axis(name="look", start=0, stop=2, steps=5)
ROUND = Axis(name="look", start=0, stop=3, steps=6, closed=True)


def prompts(*texts, axes=(HEIGHT, BLOT, LOOK)):
    return Prompts(texts, axes, where=[f"prompt {number}" for number in range(len(texts))])


def mixture(made, **point):
    return {corner.texts[0]: pytest.approx(corner.weight) for corner in made.at(point)}


def test_weights_have_two_anchors_without_the_phrase_and_with_it():
    made = prompts(FLOWER)
    assert [texts[0] for texts in made.corners()] == [
        "a drawing of a flower, white paper",
        "a drawing of a flower, ink blot, white paper",
        "a drawing of a tall flower, white paper",
        "a drawing of a tall flower, ink blot, white paper",
    ]
    assert mixture(made, height=1, blot=0) == {"a drawing of a tall flower, white paper": 1}
    assert mixture(made, height=1.5, blot=1) == {
        "a drawing of a tall flower, ink blot, white paper": 1.5,
        "a drawing of a flower, ink blot, white paper": -0.5,
    }


def test_alternatives_lead_from_one_to_the_next():
    made = prompts("[day|a red night|noon:{look}] in May")
    assert mixture(made, look=0) == {"day in May": 1}
    assert mixture(made, look=0.25) == {"day in May": 0.75, "a red night in May": 0.25}
    assert mixture(made, look=1.5) == {"a red night in May": 0.5, "noon in May": 0.5}
    assert made.knots(LOOK) == [0, 1, 2]


def test_a_closed_axis_leads_home_from_the_last_alternative():
    made = prompts("[day|night|noon:{look}]", axes=[ROUND])
    assert mixture(made, look=2.5) == {"noon": 0.5, "day": 0.5}
    assert mixture(made, look=3) == mixture(made, look=0) == {"day": 1}


def test_phrases_of_one_axis_come_and_go_together():
    made = prompts("a (tall:{height}) flower with (long:{height}) leaves", "(short:{height})")
    assert list(made.corners()) == [("a flower with leaves", ""), ("a tall flower with long leaves", "short")]


def test_brackets_nest_and_numbers_stand_for_themselves():
    made = prompts("a ([red|blue:{look}] house:0.5)", axes=[Axis(name="look", start=0, stop=1, steps=3)])
    assert mixture(made, look=0.5) == {"a": 0.5, "a red house": 0.25, "a blue house": 0.25}


def test_brackets_without_a_value_and_behind_backslashes_are_text():
    made = prompts(r"paper (really) [very] \(a:1.2\) \{x\} :)", axes=[])
    assert mixture(made) == {"paper (really) [very] (a:1.2) {x}:)": 1}


@given(st.floats(0.5, 1.5), st.floats(0, 1.4), st.floats(0, 2))
def test_weights_sum_to_1_and_are_smooth_through_1(height, blot, look):
    made = prompts(FLOWER + " [day|night|noon:{look}]")
    point = {"height": height, "blot": blot, "look": look}
    assert sum(corner.weight for corner in made.at(point)) == pytest.approx(1)

    def weights(h):
        return {corner.texts: corner.weight for corner in made.at(point | {"height": h})}

    below, at, above = weights(0.99), weights(1.0), weights(1.01)
    for texts in below:
        assert below[texts] + above[texts] == pytest.approx(2 * at.get(texts, 0), abs=1e-9), "no bend at 1"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a {height} flower", "an axis stands alone"),
        ("a (tall:{heigth}) flower", "did you mean 'height'?"),
        ("a (tall:{2x}) flower", "this is no number"),
        ("a (tall:{height flower", "')' is missing"),
        ("a [tall:{height}] flower", "nothing to lead to"),
        ("a (tall:9) flower", "this number is out of range"),
        ("[a|b:{look}]", "axis 'look' leads too far"),
        ("(a:{height}) [a|b|c:{height}]", "chooses among 2 here and among 3 there"),
        ("(" * 100 + "a" + ":1)" * 100, "nested too deeply"),
        ("".join(f"(word{n}:0.5)" for n in range(9)), "too many prompts"),
        ("a" * 30_000, "too long"),
    ],
)
def test_what_cannot_be_read_is_refused(text, wanted):
    with pytest.raises(ProjectError) as refused:
        prompts(text)
    assert wanted in str(refused.value)


def test_a_closed_axis_that_does_not_come_home_is_refused():
    with pytest.raises(ProjectError, match="does not come home"):
        prompts("[day|night:{look}]", axes=[ROUND])
    with pytest.raises(ProjectError, match="a weight cannot be a closed axis"):
        prompts("(day:{look})", axes=[ROUND])
