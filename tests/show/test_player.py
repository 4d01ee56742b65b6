"""The show loop, by a clock of our own, with pictures and a screen that only take notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from show_by_hand import FPS, TWO, Pictures, Screen, Show

from tessonance.project import Mapping, Route
from tessonance.show.desk import CROSS_FADE_SECONDS
from tessonance.show.flash import FlashLimiter
from tessonance.show.overlays import DRAWN_A_SECOND


def test_a_frame_gets_its_pictures_first_and_its_coordinate_last(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.go(0.5)
    show.order.clear()
    show.go(1 / FPS)
    assert show.order == ["prepare", "begin", "draw", "flush", "present", "swap"]


def test_a_frame_shows_the_newest_sound_that_is_known(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.go(2.0)
    path, now = show.listener.voices[0].path, show.clock.now
    np.testing.assert_array_equal(show.stages[0].drawn[-1], path.at(show.listener.seconds(now)))
    assert now - 100.0 - show.listener.seconds(now) < 0.015  # type: ignore[operator]


def test_a_frame_of_a_song_shows_what_is_heard_then(tmp_path: Path) -> None:
    show = Show(tmp_path, song=True)
    show.go(2.0)
    path = show.listener.voices[0].path
    np.testing.assert_allclose(show.stages[0].drawn[-1], path.at(2.0), atol=1e-9)


@pytest.mark.parametrize("delay", [0.1, -0.1])
def test_pictures_can_be_later_or_earlier_than_the_sound(tmp_path: Path, delay: float) -> None:
    show = Show(tmp_path, song=True, delay_seconds=delay)
    show.go(2.0)
    path = show.listener.voices[0].path
    np.testing.assert_allclose(show.stages[0].drawn[-1], path.at(2.0 - delay), atol=1e-9)


def test_pictures_are_asked_for_ahead_by_the_speed_and_of_a_song_by_what_is_known(tmp_path: Path) -> None:
    show = Show(tmp_path, song=True)
    show.go(3.1)
    where, velocity, known = show.stages[0].prepared[-1]
    path = show.listener.voices[0].path
    seconds = 3.1 - 1 / FPS
    np.testing.assert_allclose(where, path.at(seconds), atol=1e-9)
    way = path.at(seconds) - path.at(seconds - 0.05)
    np.testing.assert_allclose(velocity, (way - np.rint(way) * [0, 1]) / 0.05, atol=1e-6)
    assert len(known) == 6
    np.testing.assert_allclose(known[0], path.at(seconds + 0.017), atol=1e-9)
    live = Show(tmp_path)
    live.go(1.0)
    assert live.stages[0].prepared[-1][2] == []


def test_before_any_sound_came_there_is_a_frame_at_rest(tmp_path: Path) -> None:
    show = Show(tmp_path)
    assert show.player.frame()
    assert show.screen.presented[0]["picture"] == "flower"
    assert np.isfinite(show.stages[0].drawn[0]).all()


def test_it_fades_from_one_tesseract_to_the_next(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.go(0.5)
    show.screen.typed = ["2"]
    fading = show.go(CROSS_FADE_SECONDS)
    assert all((frame["picture"], frame["over"]) == ("flower", "tide") for frame in fading[1:-1])
    mixes = [frame["mix"] for frame in fading[1:-1]]
    assert np.all(np.diff(mixes) >= 0)
    assert np.diff(mixes).max() < 0.02
    assert (mixes[0], mixes[-1]) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
    *_, last = show.go(3 / FPS)
    assert (last["picture"], last["over"], last["mix"]) == ("tide", None, 0.0)
    assert len(show.stages[1].drawn[-1]) == 1


def test_the_light_of_a_fade_is_that_of_the_blend_of_both(tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []

    class Watching(FlashLimiter):
        def step(self, estimate: Any, seconds: float) -> float:
            seen.append((float(estimate.min()), float(estimate.max())))
            return 0.0

    show = Show(tmp_path, limiter=Watching())
    show.stages[0].light, show.stages[1].light = 0.0, 1.0
    show.go(0.5)
    assert seen[-1] == (0.0, 0.0)
    show.screen.typed = ["2"]
    mixes = [frame["mix"] for frame in show.go(CROSS_FADE_SECONDS / 2 + 1 / FPS)]
    assert mixes[-1] == pytest.approx(0.5, abs=0.02)
    assert seen[-1][0] == pytest.approx(0.21, abs=0.03)  # half of the coded values is a fifth of the light


def test_what_would_flash_is_calmed(tmp_path: Path) -> None:
    show = Show(tmp_path, limiter=FlashLimiter())
    calms = []
    for k in range(120):
        show.stages[0].light = float(k // 3 % 2)
        calms += [frame["calm"] for frame in show.go(1 / FPS)]
    assert max(calms[:12]) == 0
    assert max(calms) > 0.5
    assert show.player.report().calmed > 20


@pytest.mark.parametrize("fit", ["cover", "contain"])
def test_what_the_window_cuts_off_does_not_make_a_flash_smaller(tmp_path: Path, fit: str) -> None:
    """A third of a square picture's middle, which a wide window shows twice as large as the whole picture would."""

    class Lamp(Pictures):
        size = (512, 512)

        def estimate(self, coordinate: Any) -> np.ndarray:
            light = np.zeros((36, 64, 3), np.float32)
            light[15:20, 28:36] = self.light
            return light

    show = Show(tmp_path, limiter=FlashLimiter(), fit=fit)
    show.player._stages = (Lamp("lamp", show.order), *show.player._stages[1:])
    calms = []
    for k in range(60):
        show.player._stages[0].light = float(k // 3 % 2)
        calms += [frame["calm"] for frame in show.go(1 / FPS)]
    assert (max(calms) > 0.5) is (fit == "cover")


def test_without_a_limiter_nothing_is_calmed(tmp_path: Path) -> None:
    show = Show(tmp_path)
    for k in range(60):
        show.stages[0].light = float(k // 3 % 2)
        assert show.go(1 / FPS)[0]["calm"] == 0
    assert show.player.report().calmed == 0


def test_blackout_fades_the_picture_and_not_the_panels(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.screen.typed = ["b", "p"]
    show.go(1.2)
    assert show.screen.presented[-1]["fade"] == 1.0
    assert len(show.screen.presented[-1]["panels"]) == 2


def test_panels_are_drawn_now_and_then_and_handed_over_again_in_between(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.screen.typed = ["p"]
    frames = show.go(2.0)
    images = {id(frame["panels"][0].image): frame["panels"][0].image for frame in frames}
    assert 2 * DRAWN_A_SECOND * 0.7 < len(images) <= 2 * DRAWN_A_SECOND + 1
    for frame in frames:
        for panel in frame["panels"]:
            height, width, _ = panel.image.shape
            assert panel.corner[0] >= 0
            assert panel.corner[0] + width <= 640
            assert panel.corner[1] + height <= 360


def test_the_help_takes_the_place_of_the_panels_at_once(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.screen.typed = ["p"]
    show.go(0.1)
    show.screen.typed = ["h"]
    (frame,) = show.go(1 / FPS)
    assert len(frame["panels"]) == 1
    show.screen.typed = ["h", "p"]
    assert show.go(1 / FPS)[0]["panels"] == ()


def test_the_hud_follows_the_tesseract_and_the_mapping(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.screen.typed = ["p", "2"]
    show.go(CROSS_FADE_SECONDS + 0.2)
    wide = show.screen.presented[-1]["panels"][1].image.shape
    show.desk.pieces[1].file.news.put(
        Mapping(TWO, [Route(feature="mid", axis="petals"), Route(feature="high", axis="petals")])
    )
    show.go(0.2)
    assert show.screen.presented[-1]["panels"][1].image.shape[0] >= wide[0]
    assert show.listener.voices[0].track.names == ("mid", "high")


def test_the_window_fills_the_screen_and_escape_leaves_it_only_then(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.screen.typed = ["escape"]
    show.go(1 / FPS)
    assert not show.screen.fullscreen
    show.screen.typed = ["f"]
    show.go(1 / FPS)
    assert show.screen.fullscreen
    show.screen.typed = ["escape"]
    show.go(1 / FPS)
    assert not show.screen.fullscreen


def test_closing_the_window_or_the_key_twice_ends_it(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.go(0.1)
    show.screen.closed = True
    assert not show.player.frame()
    other = Show(tmp_path)
    other.screen.typed = ["q", "q"]
    assert not other.player.frame()


def test_it_reports_how_the_frames_followed_and_what_was_late(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.go(2.0)
    report = show.player.report()
    assert report.pace.frames == 119
    assert report.pace.median_ms == pytest.approx(1000 / FPS, abs=0.06)
    assert report.late_share == pytest.approx(0.1)
    assert report.overflows == 0


def test_pictures_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.go(0.1)
    show.stages[0].problem = "flower.tess is gone"
    show.go(1.0)
    assert show.desk.notes(show.clock.now) == ("flower.tess is gone",)


class Others:
    """Somebody who presses a key, and hears of frames."""

    text = "OSC 127.0.0.1:9000: 3 messages"

    def __init__(self) -> None:
        self.attended: list[float] = []
        self.told: list[tuple[int, np.ndarray, float]] = []

    def attend(self, now: float) -> None:
        self.attended.append(now)

    def tell(self, voice: Any, coordinate: np.ndarray, seconds: float) -> None:
        self.told.append((voice.piece, coordinate, seconds))


def test_others_are_attended_to_before_each_frame_and_told_of_it(tmp_path: Path) -> None:
    others = Others()
    show = Show(tmp_path, others=others)
    show.go(1.0)
    assert len(others.attended) == 60
    assert len(others.told) >= 59
    np.testing.assert_array_equal(others.told[-1][1], show.stages[0].drawn[-1])
    np.testing.assert_array_equal(others.told[-1][1], show.listener.voices[0].path.at(others.told[-1][2]))


def test_how_it_stands_with_others_is_on_the_panel(tmp_path: Path) -> None:
    alone, together = Show(tmp_path), Show(tmp_path, others=Others())
    for show in (alone, together):
        show.screen.typed = ["p"]
        show.go(0.1)
    lower, higher = (show.screen.presented[-1]["panels"][0].image.shape[0] for show in (alone, together))
    assert higher > lower


def test_what_the_machine_does_not_hold_is_cross_faded_said_and_counted(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.desk.hud = True
    show.stages[0].moving = True
    show.go(1.0)
    assert set(show.stages[0].strengths) == {1.0}
    lower = show.screen.presented[-1]["panels"][0].image.shape[0]
    show.screen.work = 0.02
    show.go(1.0)
    assert show.stages[0].strengths[-40:] == [0.0] * 40
    assert show.screen.presented[-1]["panels"][0].image.shape[0] > lower  # there is a line more
    assert show.player.report().blended >= 40
    show.screen.work = 0.005
    show.go(5.0)
    assert show.stages[0].strengths[-1] == 1.0
    assert show.screen.presented[-1]["panels"][0].image.shape[0] == lower


def test_what_the_machine_does_not_hold_finely_is_morphed_plainly_said_and_counted(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.desk.hud = True
    show.stages[0].moving = True
    show.go(1.0)
    assert set(show.stages[0].finenesses) == {1.0}
    lower = show.screen.presented[-1]["panels"][0].image.shape[0]
    show.screen.work = 0.015
    show.go(1.0)
    assert set(show.stages[0].strengths) == {1.0}
    assert show.stages[0].finenesses[-40:] == [0.0] * 40
    assert show.screen.presented[-1]["panels"][0].image.shape[0] > lower  # there is a line more
    assert show.player.report().plain >= 40
    show.screen.work = 0.005
    show.go(3.0)
    assert show.stages[0].finenesses[-1] == 1.0
    assert show.screen.presented[-1]["panels"][0].image.shape[0] == lower


def test_where_the_processor_draws_it_morphs_plainly_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "software", True)
    show = Show(tmp_path)
    show.stages[0].moving = True
    show.go(4.0)
    assert set(show.stages[0].finenesses) == {0.0}
    assert set(show.stages[0].strengths) == {1.0}


def test_of_what_does_not_morph_at_all_nothing_is_said_about_morphing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "software", True)
    show = Show(tmp_path)
    show.desk.hud = True
    heights = {}
    for moving in (False, True):
        show.stages[0].moving = moving
        heights[moving] = show.go(1.0)[-1]["panels"][0].image.shape[0]
    assert heights[True] > heights[False]  # there is a line more
    show.stages[1].moving = False
    show.screen.typed = ["2"]
    there = show.go(CROSS_FADE_SECONDS + 1.0)[-1]["panels"][0].image.shape[0]
    assert there == heights[False]


def test_slow_frames_of_a_blend_are_no_reason_to_say_so(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.screen.work = 0.05
    show.go(1.0)
    assert set(show.stages[0].strengths) == {1.0}
    assert show.player.report().blended == 0


def test_that_silence_lets_it_drift_is_on_the_panel(tmp_path: Path) -> None:
    show = Show(tmp_path)
    show.listener.source._samples = np.zeros(0, np.float32)  # type: ignore[attr-defined]
    show.screen.typed = ["p"]
    awake = show.go(1.0)[-1]["panels"][0].image.shape[0]
    asleep = show.go(5.0)[-1]["panels"][0].image.shape[0]
    assert asleep > awake
