"""What this machine can do, told part by part."""

from __future__ import annotations

import json
import math

import pytest
from click.testing import CliRunner

from tessonance.cli import cli
from tessonance.errors import RenderError, SoundError
from tessonance.show import bench as module
from tessonance.show.bench import Finding, bench
from tessonance.sinks import OffscreenWindow


@pytest.mark.gl
def test_every_part_is_measured_and_comes_with_advice() -> None:
    with OffscreenWindow((160, 90)) as surface:
        findings = list(bench(size=(160, 90), picture=(64, 64), seconds=0.5, surface=surface))
    parts = [finding.part for finding in findings]
    assert parts[0] == "decoding a picture of 64 x 64"
    assert parts[1].startswith("pictures a second on")
    assert parts[2] == "hearing three features"
    assert any(part.startswith("drawn by") for part in parts)
    assert any(part.startswith("a frame of 160 x 90") for part in parts)
    assert "the same, where pictures morph" in parts
    assert "the same, where they morph finely" in parts
    assert "99 of 100 frames follow within" in parts
    assert "a sound input" in parts
    for finding in findings:
        assert finding.advice
        assert finding.value is None or (math.isfinite(finding.value) and finding.value > 0)


def test_a_machine_without_a_screen_is_told_so_and_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RenderError("no window can be opened")

    monkeypatch.setattr(module, "_screen", refuse)
    findings = list(bench(picture=(64, 64)))
    window = next(finding for finding in findings if finding.part == "a window")
    assert not window.fine
    assert "no window can be opened" in window.advice
    assert findings[-1].part == "a sound input"


def test_frames_that_are_too_slow_come_with_a_rate_that_is_not() -> None:
    assert module._about_frames(0.010, 60, (640, 360)) == "in time for 60 a second"
    assert "--fps 30" in module._about_frames(0.020, 60, (640, 360))
    assert "--fps 15" in module._about_frames(0.050, 60, (640, 360))
    assert "--fps 20" in module._about_frames(0.032, 30, (640, 360))


def test_a_window_that_is_too_large_comes_with_one_that_is_smaller() -> None:
    assert "--size 640x360" in module._about_frames(0.020, 60, (1280, 720))
    assert "--size 320x180" in module._about_frames(0.020, 60, (640, 360))
    assert module._about_frames(0.020, 60, (320, 180)) == "too slow for 60 a second: --fps 30"


def test_at_its_end_it_says_what_to_do_now(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("a part", 1.5, "ms", True, "fine")]
    monkeypatch.setattr(module, "bench", lambda **_: iter(found))
    words = ["bench", "--size", "640x360", "--fps", "30"]
    assert "tess play NAME.tess --size 640x360 --fps 30" in CliRunner().invoke(cli, words).output
    found.append(Finding("another", None, "", False, "do this"))
    assert CliRunner().invoke(cli, words).output.rstrip().endswith("measure again.")


def test_a_morph_that_is_too_slow_is_no_fault_of_the_show() -> None:
    assert module._about_morph(0.010, 60) == "in time for 60 a second"
    assert "cross-fade by themselves" in module._about_morph(0.020, 60)


def test_an_input_that_cannot_be_opened_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(listen: str) -> list[float]:
        raise SoundError("there is no sound input of this name", where=listen)

    monkeypatch.setattr(module, "_clicks", refuse)
    finding = module._round_trip("nowhere")
    assert not finding.fine
    assert "there is no sound input of this name" in finding.advice


def test_clicks_that_do_not_come_back_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_clicks", lambda listen: [])
    assert "does not hear what the default output plays" in module._round_trip("system").advice
    monkeypatch.setattr(module, "_clicks", lambda listen: [0.012, 0.010, 0.011])
    finding = module._round_trip("system")
    assert finding.value == pytest.approx(11.0)
    assert finding.fine


def test_scripts_get_it_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("a part", 1.5, "ms", True, "fine"), Finding("another", None, "", False, "not here")]
    monkeypatch.setattr(module, "bench", lambda **_: iter(found))
    done = CliRunner().invoke(cli, ["bench", "--json"])
    assert [entry["part"] for entry in json.loads(done.output)] == ["a part", "another"]
    told = CliRunner().invoke(cli, ["bench"]).output
    assert "What stands behind a ✗" in told
    assert "1.5 ms" in told
    assert "not here" in told


def test_what_shows_help_themselves_with_is_marked_neither_good_nor_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("a part", 1.5, "ms", True, "fine"), Finding("a morph", 90.0, "ms", None, "too slow")]
    monkeypatch.setattr(module, "bench", lambda **_: iter(found))
    told = CliRunner().invoke(cli, ["bench"]).output
    assert "  · a morph" in told
    assert "All of it is quick enough: tess play" in told


@pytest.mark.gl
def test_a_morph_that_is_too_slow_is_no_fault_but_a_plain_frame_is() -> None:
    with OffscreenWindow((160, 90)) as surface:
        findings = {each.part: each.fine for each in bench(size=(160, 90), fps=1e6, seconds=0.1, surface=surface)}
    assert findings["the same, where pictures morph"] is None
    assert findings["a frame of 160 x 90"] is False
