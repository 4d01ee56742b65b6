"""Keys, edited files and troubles: what they do to a show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flash_verifier import flashes_too_often

from tessonance.grid import Axis, Grid
from tessonance.project import Mapping, Route, load_mapping
from tessonance.show.changes import Blackout, End, Hold, Play, Show, Tap
from tessonance.show.desk import BLACKOUT_SECONDS, CROSS_FADE_SECONDS, NOTE_SECONDS, Desk, LivePiece
from tessonance.show.hands import Hands
from tessonance.show.listener import Listener
from tessonance.show.mapping_file import MappingFile
from tessonance.sound.inputs import MemoryInput

GRIDS = [Grid([Axis(name=name, steps=5)]) for name in ("bloom", "petals", "tide")]
TEXT = """\
[[route]]
feature = "low"
axis = "bloom"    # mine
"""


class Clock:
    """The seconds of a host that goes on only when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Show_:
    """A desk with three tesseracts, a listener without a thread and a clock of our own."""

    def __init__(self, folder: Path, **keys: Any) -> None:
        self.clock, self.said = Clock(), list[str]()
        (folder / "bloom.toml").write_text(TEXT)
        pieces = [
            LivePiece(
                grid.names[0],
                Mapping(grid, [Route(feature="low", axis=grid.names[0])]),
                MappingFile(folder / f"{grid.names[0]}.toml", grid),
            )
            for grid in GRIDS
        ]
        noise = np.random.default_rng(0).normal(0, 0.1, 48_000 * 60).astype(np.float32)
        self.source = MemoryInput(noise, clock=self.clock)
        self.listener = Listener(self.source, GRIDS, clock=self.clock)
        self.sent: list[Any] = []
        send = self.listener.send
        self.listener.send = lambda change: (self.sent.append(change), send(change))[1]  # type: ignore[method-assign]
        self.desk = Desk(pieces, self.listener, say=self.said.append, **keys)
        self.desk.begin()
        self.go(1.0)
        self.sent.clear()

    def go(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            self.clock.now += 0.02
            self.listener.advance()
            for piece in self.desk.pieces:
                piece.file.look()
            self.desk.look(self.clock.now)

    def press(self, *names: str) -> None:
        for name in names:
            self.desk.press(name, self.clock.now)


@pytest.fixture
def show(tmp_path: Path) -> Show_:
    return Show_(tmp_path)


def test_the_first_tesseract_plays_from_the_beginning(show: Show_) -> None:
    assert [voice.piece for voice in show.listener.voices] == [0]
    assert show.desk.showing(show.clock.now) == (0, None, 1.0)
    assert show.desk.darkness(show.clock.now) == 0


def test_panels_and_help_come_and_go(show: Show_) -> None:
    show.press("p", "h")
    assert (show.desk.hud, show.desk.help) == (True, True)
    show.press("p", "f1")
    assert (show.desk.hud, show.desk.help) == (False, False)


def test_the_window_is_asked_for_what_is_its_own(show: Show_) -> None:
    show.press("f", "escape")
    assert show.desk.screen == ["fullscreen", "window"]


def test_freezing_holds_the_coordinate(show: Show_) -> None:
    show.press("space")
    show.go(0.5)
    path = show.listener.voices[0].path
    assert np.ptp(path.at(np.linspace(path.stop_seconds - 0.3, path.stop_seconds, 30))) == 0
    show.press("space")
    assert show.sent == [Hold(True), Hold(False)]


def test_blackout_fades_out_and_in_again(show: Show_) -> None:
    show.press("b")
    assert show.desk.darkness(show.clock.now + BLACKOUT_SECONDS / 2) == pytest.approx(0.5)
    show.go(BLACKOUT_SECONDS + 0.1)
    assert show.desk.darkness(show.clock.now) == 1
    show.press("b")
    show.go(BLACKOUT_SECONDS + 0.1)
    assert show.desk.darkness(show.clock.now) == 0
    assert show.sent == [Blackout(True, BLACKOUT_SECONDS), Blackout(False, BLACKOUT_SECONDS)]


@pytest.mark.parametrize("every", [0.04, 0.1, 0.14, 0.2])
def test_a_fade_that_is_turned_round_all_the_time_flashes_no_more_than_it_may(show: Show_, every: float) -> None:
    show.press("b")
    show.go(0.5)
    began, presses, frames, times = show.clock.now, 0, [], []
    while show.clock.now < began + 4.0:
        if show.clock.now >= began + every * (presses + 1):
            show.press("b")
            presses += 1
        show.go(0.02)
        frames.append(np.full((36, 64, 3), 255 * (1 - show.desk.darkness(show.clock.now)), np.uint8))
        times.append(show.clock.now)
    assert flashes_too_often(np.array(frames), times) == []
    if not show.desk.dark:
        show.press("b")
    show.go(BLACKOUT_SECONDS + 0.5)
    assert show.desk.darkness(show.clock.now) == 1


def test_a_number_fades_to_that_tesseract_and_ends_the_one_before(show: Show_) -> None:
    show.press("2")
    show.go(0.5)
    assert [voice.piece for voice in show.listener.voices] == [0, 1]
    assert show.desk.showing(show.clock.now).over == 0
    show.go(CROSS_FADE_SECONDS)
    assert [voice.piece for voice in show.listener.voices] == [1]
    assert [type(change) for change in show.sent] == [Play, Show, End]
    assert show.desk.piece.name == "petals"
    assert "2: petals" in show.said


def test_next_goes_round(show: Show_) -> None:
    for name in ("petals", "tide", "bloom"):
        show.press("n")
        show.go(CROSS_FADE_SECONDS + 0.1)
        assert show.desk.piece.name == name
        assert len(show.listener.voices) == 1


def test_called_back_in_the_middle_of_a_fade_both_go_on_until_it_ends(show: Show_) -> None:
    show.press("2")
    show.go(0.5)
    show.press("1")
    show.go(0.1)
    assert {voice.piece for voice in show.listener.voices} == {0, 1}
    show.go(CROSS_FADE_SECONDS)
    assert [voice.piece for voice in show.listener.voices] == [0]


def test_pressed_quickly_the_last_one_comes_after_the_fade(show: Show_) -> None:
    show.press("2", "3")
    show.go(2 * CROSS_FADE_SECONDS + 0.2)
    assert show.desk.piece.name == "tide"
    assert [voice.piece for voice in show.listener.voices] == [2]


def test_a_tesseract_that_is_not_there_is_said_to_be_so(show: Show_) -> None:
    show.press("9")
    assert show.said[-1] == "there is no tesseract 9"
    assert show.sent == []


def test_gain_and_smoothing_turn_the_mapping_and_reset_turns_it_back(show: Show_) -> None:
    show.press("up", "up", "up", "up", "left", "left")
    (route,) = show.sent[-1].routes.routes
    assert route.gain == pytest.approx(2.0)
    assert route.release_ms == pytest.approx(250.0)
    assert show.desk.hands_text == "gain 2.00, smoothing 0.50"
    show.press("r")
    (route,) = show.sent[-1].routes.routes
    assert (route.gain, route.release_ms) == (1.0, 500.0)
    assert show.desk.hands_text == ""


def test_hands_are_those_of_the_tesseract_that_is_shown(show: Show_) -> None:
    show.press("up")
    show.press("2")
    show.go(CROSS_FADE_SECONDS + 0.1)
    assert show.desk.hands_text == ""
    show.press("1")
    show.go(CROSS_FADE_SECONDS + 0.1)
    assert show.desk.hands_text == "gain 1.19"
    assert show.listener.voices[0].performer.mapping.routes[0].gain == pytest.approx(1.189)


def test_automatic_level_off_holds_the_level_of_now(show: Show_) -> None:
    show.press("a")
    sound = show.sent[-1].routes.sound
    assert not sound.automatic_level
    assert sound.start_level_db == pytest.approx(-20.0, abs=0.3)
    assert "level held at" in show.desk.hands_text
    show.press("a")
    assert show.sent[-1].routes.sound.automatic_level


def test_in_silence_there_is_no_level_to_hold(show: Show_) -> None:
    show.source.trouble = "the device is away"
    show.go(8.0)
    show.sent.clear()
    show.press("a")
    assert show.sent == []
    assert show.desk.piece.played.sound.automatic_level
    assert "press A in a loud part" in show.said[-1]


def test_saving_writes_the_turned_mapping_with_its_comments(show: Show_) -> None:
    show.press("up", "s")
    show.go(0.1)
    file = show.desk.piece.file.path
    assert load_mapping(file, GRIDS[0]).routes[0].gain == pytest.approx(1.189)
    assert "# mine" in file.read_text()
    assert show.desk.piece.hands == Hands()
    assert show.desk.piece.mapping.routes[0].gain == pytest.approx(1.189)
    assert show.said[-1] == "saved to bloom.toml"


def test_saving_what_has_no_file_yet_makes_one(show: Show_) -> None:
    show.press("2")
    show.go(CROSS_FADE_SECONDS + 0.1)
    show.press("up", "s")
    show.go(0.1)
    assert load_mapping(show.desk.piece.file.path, GRIDS[1]).routes[0].gain == pytest.approx(1.189)


def test_an_edit_is_played_and_a_broken_one_is_told_while_the_old_mapping_goes_on(show: Show_) -> None:
    file = show.desk.piece.file.path
    file.write_text(TEXT + 'feature = "mid"\n')
    show.go(0.1)
    assert "is not TOML" in show.said[-1]
    assert "is not TOML" in show.desk.notes(show.clock.now)[-1]
    assert show.listener.voices[0].performer.mapping.feature_names == ("low",)
    file.write_text(TEXT.replace("low", "mid"))
    show.go(0.1)
    assert show.listener.voices[0].performer.mapping.feature_names == ("mid",)
    assert show.said[-1] == "bloom.toml was read again"


def test_a_file_that_is_emptied_does_not_stop_the_show(show: Show_) -> None:
    file, before = show.desk.piece.file.path, show.desk.piece.mapping
    file.write_text("")
    show.go(2.0)
    assert show.desk.notes(show.clock.now) == ("bloom.toml: there are no routes in it; the mapping before goes on",)
    assert show.desk.piece.mapping == before
    assert show.sent == []
    file.write_text(TEXT.replace("low", "high"))
    show.go(2.0)
    assert show.desk.notes(show.clock.now) == ("bloom.toml was read again",)
    assert show.listener.voices[0].performer.mapping.feature_names == ("high",)


def test_an_edit_of_the_hop_is_told_and_the_hands_still_turn_the_old_mapping(show: Show_) -> None:
    file = show.desk.piece.file.path
    file.write_text(TEXT + "[sound]\nhop = 128\n")
    show.go(1.0)
    assert len(show.said) == 1
    assert "the hop stays as it is in a show" in show.said[0]
    assert show.desk.piece.mapping.sound.hop == 256
    show.press("up")
    show.go(0.1)
    assert show.listener.voices[0].performer.mapping.routes[0].gain == pytest.approx(2**0.25, rel=1e-3)
    assert not any("hop" in text for text in show.said[1:])


def test_what_was_turned_after_saving_was_asked_for_is_as_the_panel_says(show: Show_) -> None:
    show.press("up", "s", "up")
    show.go(1.0)
    played = show.listener.voices[0].performer.mapping.routes[0].gain
    assert played == show.desk.piece.played.routes[0].gain


def test_an_edit_of_a_tesseract_that_waits_is_kept_for_later(show: Show_) -> None:
    show.desk.pieces[1].file.path.write_text('[[route]]\nfeature = "high"\naxis = "petals"\n')
    show.go(0.1)
    assert show.sent == []
    show.press("2")
    show.go(0.1)
    assert show.listener.voices[1].performer.mapping.feature_names == ("high",)


def test_notes_go_after_a_while_and_the_last_ones_are_kept(show: Show_) -> None:
    for k in range(5):
        show.desk.note(f"note {k}", show.clock.now)
    assert show.desk.notes(show.clock.now) == ("note 2", "note 3", "note 4")
    assert show.desk.notes(show.clock.now + NOTE_SECONDS) == ()


def test_a_note_that_comes_again_is_read_longer_and_not_twice(show: Show_) -> None:
    for text in ("one", "two", "one"):
        show.desk.note(text, show.clock.now)
        show.clock.now += 1.0
    assert show.desk.notes(show.clock.now) == ("two", "one")
    assert show.desk.notes(show.clock.now + NOTE_SECONDS - 1.5) == ("one",)
    assert show.said[-3:] == ["one", "two", "one"]


def test_what_is_wrong_is_read_until_it_is_right(show: Show_) -> None:
    file = show.desk.piece.file.path
    file.write_text(TEXT + "[[route]\n")
    show.source.trouble = "the device is away"
    show.go(NOTE_SECONDS + 1.0)
    away, broken = sorted(show.desk.notes(show.clock.now), reverse=True)
    assert away == "the device is away"
    assert "is not TOML" in broken
    file.write_text(TEXT)
    show.source.trouble = ""
    show.go(NOTE_SECONDS + 1.0)
    assert show.desk.notes(show.clock.now) == ()


def test_the_panel_tells_how_the_show_stands(show: Show_) -> None:
    assert show.desk.lines == ("1 of 3: bloom",)
    show.press("2", "space", "b", "up")
    assert show.desk.lines == (
        "2 of 3: petals",
        "frozen; Space lets it go on",
        "black; B brings the picture back",
        "gain 1.19",
    )
    show.press("1", "space", "b")
    show.go(CROSS_FADE_SECONDS + 0.1)
    assert show.desk.lines == ("1 of 3: bloom",)


def test_a_device_that_goes_away_is_told_once_and_the_show_goes_on(show: Show_) -> None:
    show.source.trouble = "the device is away"
    show.go(1.0)
    assert show.said.count("the device is away") == 1
    before = show.listener.voices[0].path.stop_seconds
    show.go(1.0)
    assert show.listener.voices[0].path.stop_seconds > before + 0.9
    show.source.trouble = ""
    show.go(0.1)
    assert show.said[-1] == "memory is heard again"
    show.source.trouble = "the device is away"
    show.go(0.1)
    assert show.said.count("the device is away") == 2


def test_taps_are_passed_on_with_the_second_that_was_heard(show: Show_) -> None:
    show.press("t")
    assert show.sent == []
    assert "no route follows the beat" in show.said[-1]
    show.desk.pieces[0].mapping = Mapping(GRIDS[0], [Route(feature="beat", axis="bloom")])
    show.go(0.5)
    show.press("t")
    assert isinstance(show.sent[0], Tap)
    assert show.sent[0].seconds == pytest.approx(1.5, abs=0.03)


def test_the_show_ends_when_the_key_comes_twice_within_two_seconds(show: Show_) -> None:
    show.press("q")
    assert not show.desk.leaving
    show.go(3.0)
    show.press("q")
    assert not show.desk.leaving
    show.press("q")
    assert show.desk.leaving


def test_keys_that_mean_nothing_do_nothing(show: Show_) -> None:
    show.press("z", "f5", "")
    assert show.sent == []
