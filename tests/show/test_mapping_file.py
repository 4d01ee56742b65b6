"""The mapping's file during a show: edited outside, turned and saved inside."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tessonance.errors import ProjectError
from tessonance.grid import Axis, Grid
from tessonance.project import Idle, Mapping, Route, Sound, load_mapping, load_project
from tessonance.show.hands import Hands, shaped
from tessonance.show.mapping_file import MappingFile, Saved, save_mapping

GRID = Grid([Axis(name="bloom", steps=9), Axis(name="ink", steps=5)])
TEXT = """\
# My flower. Do not touch the ink!
[[route]]              # the bass opens it
feature = "low"
axis = "bloom"
attack_ms = 40         # quick

[[route]]
feature = [40, 90]
axis = "ink"
act = "speed"
gain =   0.5           # slow
release_ms = 1_000

[sound]
gate_db = -55.0        # the fridge
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flower.toml"
    path.write_text(TEXT)
    return path


def edit(path: Path, text: str) -> None:
    """Write a file so that its time differs, however coarse the clock of the disk is."""
    path.write_text(text)
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 10_000_000))


def news(watch: MappingFile) -> list[Any]:
    found = []
    while not watch.news.empty():
        found.append(watch.news.get_nowait())
    return found


def test_an_edit_is_read_as_soon_as_it_rests(file: Path) -> None:
    watch = MappingFile(file, GRID)
    watch.look()
    assert news(watch) == []
    edit(file, TEXT.replace("attack_ms = 40", "attack_ms = 80"))
    watch.look()
    assert news(watch) == []
    watch.look()
    (mapping,) = news(watch)
    assert mapping.routes[0].attack_ms == 80
    watch.look()
    assert news(watch) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[route]", "is not TOML"),
        (TEXT.replace('"bloom"', '"blom"'), "did you mean 'bloom'"),
        (TEXT.replace("attack_ms", "atack_ms"), "did you mean 'attack_ms'"),
    ],
)
def test_a_broken_edit_is_told_once_and_the_mended_one_is_read(file: Path, text: str, said: str) -> None:
    watch = MappingFile(file, GRID)
    edit(file, text)
    for _ in range(4):
        watch.look()
    (problem,) = news(watch)
    assert said in problem
    edit(file, TEXT + "\n")
    watch.look()
    watch.look()
    assert isinstance(news(watch)[0], Mapping)


def test_a_file_that_goes_is_told_and_one_that_comes_is_read(file: Path) -> None:
    watch = MappingFile(file, GRID)
    file.unlink()
    watch.look()
    watch.look()
    assert news(watch) == ["flower.toml is gone; its mapping goes on"]
    file.write_text(TEXT)
    watch.look()
    watch.look()
    assert len(news(watch)[0].routes) == 2


def test_what_is_saved_here_is_told_as_saved_and_is_no_edit(file: Path) -> None:
    watch = MappingFile(file, GRID)
    mapping = shaped(load_mapping(file, GRID), Hands(gain=2.0))
    watch.save(mapping)
    for _ in range(3):
        watch.look()
    (saved,) = news(watch)
    assert isinstance(saved, Saved)
    assert saved.mapping.routes == mapping.routes
    assert load_mapping(file, GRID).routes == mapping.routes


def test_what_cannot_be_saved_is_told(file: Path) -> None:
    watch = MappingFile(file, GRID)
    mapping = load_mapping(file, GRID)
    edit(file, TEXT.replace('"low"', '"mid"'))
    watch.save(mapping)
    watch.look()
    assert "its routes are others by now" in news(watch)[0]


def test_an_edit_just_before_saving_is_not_passed_over(file: Path) -> None:
    watch, before = MappingFile(file, GRID), load_mapping(file, GRID)
    edit(file, TEXT.replace("release_ms = 1_000", "release_ms = 1_000\ncurve = 2.0"))
    watch.save(shaped(before, Hands(gain=2.0)))
    watch.look()
    (saved,) = news(watch)
    assert (saved.mapping.routes[1].curve, saved.mapping.routes[1].gain) == (2.0, 1.0)
    edit(file, TEXT.replace('"bloom"', '"ink"'))
    watch.save(before)
    for _ in range(3):
        watch.look()
    problem, read = news(watch)
    assert "its routes are others by now" in problem
    assert [route.axis for route in read.routes] == ["ink", "ink"]


def test_it_watches_on_a_thread(file: Path) -> None:
    watch = MappingFile(file, GRID)
    watch.start()
    edit(file, TEXT + "# more\n")
    assert isinstance(watch.news.get(timeout=20), Mapping)
    watch.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "tessonance-mapping"]


def test_saving_changes_the_turned_numbers_and_not_one_character_else(file: Path) -> None:
    mapping = shaped(load_mapping(file, GRID), Hands(gain=2.0, smoothing=1.5))
    save_mapping(file, mapping)
    wanted = TEXT.replace("attack_ms = 40 ", "attack_ms = 60.0 ").replace("release_ms = 1_000", "release_ms = 1500.0")
    wanted = wanted.replace("gain =   0.5 ", "gain =   1.0 ")
    got = file.read_text()
    for line in wanted.splitlines():
        assert line in got.splitlines()
    added = [line for line in got.splitlines() if line not in wanted.splitlines()]
    assert sorted(added) == ["attack_ms = 60.0", "gain = 2.0", "release_ms = 750.0"]
    again = load_mapping(file, GRID)
    assert again.routes == mapping.routes
    assert again.sound == mapping.sound


def test_saving_the_level_adds_it_to_the_sound(file: Path) -> None:
    mapping = shaped(load_mapping(file, GRID), Hands().levelled(False, level_db=-33.333))
    save_mapping(file, mapping)
    assert load_mapping(file, GRID).sound == Sound(gate_db=-55.0, automatic_level=False, start_level_db=-33.3)
    assert "# the fridge" in file.read_text()


def test_saving_twice_changes_nothing_more(file: Path) -> None:
    mapping = shaped(load_mapping(file, GRID), Hands(gain=1.7))
    save_mapping(file, mapping)
    once = file.read_text()
    save_mapping(file, mapping)
    assert file.read_text() == once


def test_a_whole_project_file_keeps_its_other_tables(small_file: Path) -> None:
    project = load_project(small_file)
    mapping = shaped(project.mapping, Hands(smoothing=0.5))
    save_mapping(small_file, mapping)
    again = load_project(small_file)
    assert again.mapping.routes == mapping.routes
    assert again.identity == project.identity


def test_windows_line_ends_stay(file: Path) -> None:
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    save_mapping(file, shaped(load_mapping(file, GRID), Hands(gain=0.5)))
    raw = file.read_bytes()
    assert raw.count(b"\r\n") > 10
    assert b"gain =   0.25" in raw


def test_a_file_that_is_not_there_is_made_with_the_whole_mapping(tmp_path: Path) -> None:
    routes = (
        Route(feature="low", axis="bloom", gain=1.25, curve="smooth"),
        Route(feature=(40.0, 90.0), axis="ink", act="step", offset=-0.2),
    )
    mapping = Mapping(GRID, routes, Sound(automatic_level=False), Idle(speed=0.1))
    save_mapping(tmp_path / "new.toml", mapping)
    again = load_mapping(tmp_path / "new.toml", GRID)
    assert (again.routes, again.sound, again.idle) == (mapping.routes, mapping.sound, mapping.idle)
    assert "attack_ms" not in (tmp_path / "new.toml").read_text()


def test_routes_that_are_others_by_now_are_not_written_over(file: Path) -> None:
    mapping = load_mapping(file, GRID)
    edit(file, TEXT.replace('"low"', '"mid"'))
    before = file.read_text()
    with pytest.raises(ProjectError, match="its routes are others by now"):
        save_mapping(file, mapping)
    assert file.read_text() == before


@pytest.mark.skipif(sys.platform == "win32", reason="rights of a folder are another matter there")
def test_what_cannot_be_written_is_one_clear_error_and_leaves_nothing(file: Path) -> None:
    mapping = load_mapping(file, GRID)
    with pytest.raises(ProjectError, match="cannot be written"):
        save_mapping(file.parent / "nowhere" / "new.toml", mapping)
    assert [each.name for each in file.parent.iterdir()] == ["flower.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link_and_rights_stay(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    file.chmod(0o640)
    save_mapping(link, shaped(load_mapping(link, GRID), Hands(gain=2.0)))
    assert link.is_symlink()
    assert load_mapping(file, GRID).routes[0].gain == 2.0
    assert file.stat().st_mode & 0o777 == 0o640


def test_hands_turn_in_steps_within_limits_and_back_to_exactly_nothing() -> None:
    hands = Hands().turned(gain=3).turned(gain=-3).turned(smoothing=-2).turned(smoothing=2)
    assert hands == Hands()
    assert Hands().turned(gain=99).gain == 8
    assert Hands().turned(smoothing=-99).smoothing == pytest.approx(1 / 16)


def test_untouched_hands_leave_the_mapping_alone() -> None:
    mapping = Mapping(GRID, [Route(feature="low", axis="bloom", gain=1 / 3)])
    assert shaped(mapping, Hands()) is mapping
    assert shaped(mapping, Hands(smoothing=2)).routes[0].gain == 1 / 3


def test_hands_stay_within_what_a_route_may_be() -> None:
    mapping = Mapping(GRID, [Route(feature="low", axis="bloom", gain=-900, attack_ms=59_000)])
    turned = shaped(mapping, Hands(gain=8, smoothing=16)).routes[0]
    assert (turned.gain, turned.attack_ms) == (-1000, 60_000)


def test_the_level_is_the_files_until_a_hand_takes_it() -> None:
    mapping = Mapping(GRID, [Route(feature="low", axis="bloom")], Sound(start_level_db=-28))
    assert shaped(mapping, Hands(gain=2)).sound == mapping.sound
    off = Hands().levelled(False, level_db=-18.04)
    assert shaped(mapping, off).sound == Sound(automatic_level=False, start_level_db=-18.0)
    assert shaped(mapping, off.levelled(True, level_db=-3)).sound == mapping.sound
