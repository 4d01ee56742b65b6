"""The table of keys, and the help made from it."""

from __future__ import annotations

import pytest

from tessonance.show.keys import ACTIONS, KEYS, action_of, piece_of
from tessonance.show.panels import Status, help_panel, status_panel


def test_every_action_has_a_key_and_no_key_has_two() -> None:
    assert {key.action for key in KEYS} == set(ACTIONS)
    names = [name for key in KEYS for name in key.names]
    assert len(names) == len(set(names))


def test_keys_are_found_by_the_windows_names() -> None:
    assert action_of("space") == "freeze"
    assert action_of("F11") == "fullscreen"
    assert action_of("3") == "choose"
    assert piece_of("3") == 2
    assert action_of("z") is None


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (3840, 2160), (320, 180)])
def test_the_help_fits_into_the_frame(size: tuple[int, int]) -> None:
    height, width, _ = help_panel(size).shape
    assert height <= size[1]
    assert width <= size[0]


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (64, 64)])
def test_the_status_fits_whatever_there_is_to_say(size: tuple[int, int]) -> None:
    status = Status(
        59.9, 0.01, -3.0, "a very long name of a device " * 9, ("gain 2.00", "OSC"), ("word " * 400, "x" * 900)
    )
    height, width, _ = status_panel(status, size).shape
    assert width <= size[0]
    assert height <= 40 * 16


def test_what_is_too_long_for_a_line_goes_on_in_the_next() -> None:
    ignored = "OSC 127.0.0.1:9000: 442 messages, 9,679 ignored: no message of numbers and text, of 43 bytes"
    one, two = (status_panel(Status(60, 0, -9, "mic", (text,)), (640, 360)) for text in ("OSC", ignored))
    assert two.shape[0] > one.shape[0] + 10


def test_a_louder_input_lights_more_of_the_meter() -> None:
    quiet, loud = (int(status_panel(Status(60, 0, db, "mic"), (1280, 720)).sum()) for db in (-50.0, -6.0))
    assert loud > quiet


def test_no_sound_at_all_lights_nothing() -> None:
    silent = status_panel(Status(60, 0, -120.0, "mic"), (1280, 720))
    quiet = status_panel(Status(60, 0, -58.0, "mic"), (1280, 720))
    assert (silent != quiet).any()
