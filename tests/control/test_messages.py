"""What can be said over OSC."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tessonance.control.messages import (
    HEARD,
    Beat,
    Blackout,
    Bpm,
    Choose,
    Gain,
    Hold,
    Message,
    Refused,
    Release,
    SetAxis,
    SetFeature,
    Smoothing,
    Tap,
    heard,
)

SAYINGS: list[tuple[str, list[Any], Message | None]] = [
    ("/tess/axis/bloom", [0.25], SetAxis(7.0, "bloom", 0.25)),
    ("/tess/axis/bloom", [1], SetAxis(7.0, "bloom", 1.0)),
    ("/tess/axis/bloom", [True], SetAxis(7.0, "bloom", 1.0)),
    ("/tess/axis/bloom", [-3.0], SetAxis(7.0, "bloom", 0.0)),
    ("/tess/axis/bloom", [127], SetAxis(7.0, "bloom", 1.0)),
    ("/tess/feature/chroma_cs", [0.5], SetFeature(7.0, "chroma_cs", 0.5)),
    ("/tess/feature/40-90Hz", [0.5], SetFeature(7.0, "40-90Hz", 0.5)),
    ("/tess/hold", [], Hold(7.0, None)),
    ("/tess/hold", [1], Hold(7.0, True)),
    ("/tess/hold", [0.0], Hold(7.0, False)),
    ("/tess/release", [], Release(7.0)),
    ("/tess/release", [1.0], Release(7.0)),
    ("/tess/release", [0], None),
    ("/tess/gain", [0.75], Gain(7.0, 0.75)),
    ("/tess/smoothing", [2.0], Smoothing(7.0, 1.0)),
    ("/tess/tesseract", [2], Choose(7.0, 2)),
    ("/tess/tesseract", [2.0], Choose(7.0, 2)),
    ("/tess/tesseract", ["flower"], Choose(7.0, "flower")),
    ("/tess/beat", [], Beat(7.0)),
    ("/tess/beat", [1], Beat(7.0)),
    ("/tess/beat", [0], None),
    ("/tess/bar", [], Beat(7.0, first=True)),
    ("/tess/bpm", [128], Bpm(7.0, 128.0)),
    ("/tess/tap", [1.0], Tap(7.0)),
    ("/tess/tap", [0.0], None),
    ("/tess/blackout", [], Blackout(7.0, None)),
    ("/tess/blackout", [False], Blackout(7.0, False)),
    ("/tess/freeze", [1], Hold(7.0, True)),
]


@pytest.mark.parametrize(("address", "arguments", "said"), SAYINGS)
def test_what_is_said_is_heard(address: str, arguments: list[Any], said: Message | None) -> None:
    assert heard(address, arguments, 7.0) == said


def test_every_address_of_the_table_is_tried_here() -> None:
    tried = {address for address, _, _ in SAYINGS}
    for line in HEARD:
        assert any(address.startswith(line.address.removesuffix("NAME")) for address in tried), line.address


@pytest.mark.parametrize(
    ("address", "arguments", "reason"),
    [
        ("/tess", [], "no address /tess"),
        ("/other/axis/bloom", [0.5], "no address /other/axis/bloom"),
        ("/tess/axis", [0.5], "no address /tess/axis"),
        ("/tess/axis/", [0.5], "/tess/axis/: this can be no name"),
        ("/tess/axis/NAME/x", [0.5], "no address /tess/axis/NAME/x"),
        ("/tess/axis/*", [0.5], "/tess/axis/*: this can be no name"),
        ("/tess/axis/bloom", [], "/tess/axis/bloom: one number is wanted"),
        ("/tess/axis/bloom", ["much"], "/tess/axis/bloom: one number is wanted"),
        ("/tess/axis/bloom", [0.5, 0.5], "/tess/axis/bloom: one number is wanted"),
        ("/tess/axis/bloom", [None], "/tess/axis/bloom: one number is wanted"),
        ("/tess/axis/bloom", [math.nan], "/tess/axis/bloom: this is no number"),
        ("/tess/axis/bloom", [math.inf], "/tess/axis/bloom: this is no number"),
        ("/tess/freeze", ["on"], "/tess/freeze: one number is wanted"),
        ("/tess/bpm", [0.5], "/tess/bpm: from 20 to 400 beats a minute are wanted"),
        ("/tess/tesseract", [0], "/tess/tesseract: a number from 1 to 999 is wanted, or a name"),
        ("/tess/tesseract", [1.5], "/tess/tesseract: a number from 1 to 999 is wanted, or a name"),
        ("/tess/tesseract", [""], "/tess/tesseract: this can be no name of a tesseract"),
        ("/tess/tesseract", ["a\x1b[2J"], "/tess/tesseract: this can be no name of a tesseract"),
        ("/tess/\x1b[2J" + "x" * 999, [], "no address /tess/?[2J" + "x" * 54 + "…"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_reason_that_can_be_shown(
    address: str, arguments: list[Any], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        heard(address, arguments, 7.0)
    assert str(refused.value) == reason


def test_the_middle_of_a_fader_leaves_the_mapping_as_it_is() -> None:
    assert [Gain(0.0, value).factor for value in (0.0, 0.5, 1.0)] == [0.0, 1.0, 2.0]
    assert [Smoothing(0.0, value).factor for value in (0.0, 0.5, 1.0)] == [1 / 16, 1.0, 16.0]
