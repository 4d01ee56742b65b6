"""Crews: who paints gives the same pictures, says why it cannot, and never outlives the run."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import pytest

from tessonance.errors import GeneratorError, ProjectError, TessError
from tessonance.make.crew import Done, SoloCrew
from tessonance.make.processes import ProcessCrew
from tessonance.plugins import generator_kind
from tessonance.project import Project, parse_project

POINTS = [{"bloom": 0.0, "ink": -1.0}, {"bloom": 0.25, "ink": 1.0}, {"bloom": 1.0, "ink": 0.0}]


def painted(crew: SoloCrew | ProcessCrew, worker: int = 0) -> Done:
    ends = time.monotonic() + 30
    while worker not in crew.idle:
        list(crew.collect(0.1))
        assert time.monotonic() < ends
    crew.give(worker, POINTS, task=7)
    while time.monotonic() < ends:
        for done in crew.collect(0.2):
            return done
    raise AssertionError("nothing came back")


def test_one_process_and_several_give_the_same_bytes(small_project: Project) -> None:
    alone, crew = SoloCrew(small_project), ProcessCrew(small_project, 2)
    try:
        assert (crew.batch_size, crew.slow_axes) == (alone.batch_size, alone.slow_axes)
        pictures = painted(alone).pictures
        assert len(pictures) == 3
        assert painted(crew, 0).pictures == pictures
        assert painted(crew, 1).pictures == pictures
    finally:
        crew.close()


def test_a_worker_with_a_task_is_busy(small_project: Project) -> None:
    crew = ProcessCrew(small_project, 1)
    try:
        crew.give(0, POINTS, task=7)
        assert crew.idle == []
    finally:
        crew.close()


def test_a_generator_that_does_not_open_says_why(small_text: str) -> None:
    wrong = parse_project(small_text.replace("seed = 3", "delay = 3"))
    for crew in (SoloCrew, lambda project: ProcessCrew(project, 2)):
        with pytest.raises(TessError, match="did you mean 'delay_ms'"):
            crew(wrong)


def test_a_generator_that_fails_as_it_opens_is_one_clear_error(
    small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = generator_kind("plasma")
    monkeypatch.setattr("tessonance.plugins.generator_kind", lambda _name, **_: replace(kind, open=lambda _: [][1]))
    with pytest.raises(GeneratorError, match=r"plasma: it cannot be opened\n.*IndexError"):
        SoloCrew(small_project)


def test_a_generator_that_is_not_there_is_refused_with_the_nearest(small_text: str) -> None:
    with pytest.raises(GeneratorError, match="did you mean 'plasma'"):
        SoloCrew(parse_project(small_text.replace('"plasma"', '"plasna"')))


def test_a_killed_process_is_reported_and_replaced(small_project: Project) -> None:
    crew = ProcessCrew(small_project, 1)
    try:
        crew.give(0, POINTS, task=7)
        crew._processes[0]._popen.kill()
        done = next(done for _ in range(99) for done in crew.collect(0.2))
        assert "a painting process ended" in str(done.error)
        assert (done.task, done.lost) == (7, True)
        assert painted(crew).pictures
    finally:
        crew.close()


def test_a_task_that_is_stuck_is_ended(small_text: str) -> None:
    slow = parse_project(small_text.replace("seed = 3", "delay_ms = 20_000"))
    crew = ProcessCrew(slow, 1, task_seconds=0.2)
    try:
        crew.give(0, POINTS, task=7)
        done = next(done for _ in range(99) for done in crew.collect(0.2))
        assert "longer than 0.2 s" in str(done.error)
        assert not done.lost, "a cell that is stuck is to be blamed for it"
    finally:
        crew.close()


def test_a_task_that_takes_too_long_says_how_to_give_it_longer(small_text: str) -> None:
    slow = parse_project(small_text.replace("seed = 3", "delay_ms = 60000"))
    crew = ProcessCrew(slow, 1, task_seconds=0.1)
    try:
        error = painted(crew).error
        assert "it took longer than 0.1 s" in str(error)
        assert "--timeout gives it longer" in str(error)
    finally:
        crew.close()


def test_closing_ends_every_process(small_project: Project) -> None:
    crew = ProcessCrew(small_project, 2)
    crew.close()
    assert all(process._popen.returncode is not None for process in crew._processes)


def test_a_generator_that_fails_or_gives_nonsense_is_told_apart_from_a_crash(
    small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = SoloCrew(small_project)
    monkeypatch.setattr(crew._painter._generator, "paint", lambda points: 1 / 0)
    error = painted(crew).error
    assert "the generator failed" in str(error)
    assert "ZeroDivisionError" in str(error)
    monkeypatch.setattr(crew._painter._generator, "paint", lambda points: sys.exit("no such model"))
    error = painted(crew).error
    assert "SystemExit('no such model')" in str(error)
    monkeypatch.setattr(crew._painter._generator, "paint", lambda points: None)
    assert "something else than pictures" in str(painted(crew).error)


def test_project_errors_in_a_worker_keep_their_words(small_text: str) -> None:
    with pytest.raises(TessError, match="delay_ms is out of range"):
        ProcessCrew(parse_project(small_text.replace("seed = 3", "delay_ms = -1")), 1)
    with pytest.raises(ProjectError, match="delay_ms is out of range"):
        SoloCrew(parse_project(small_text.replace("seed = 3", "delay_ms = -1")))


def test_every_worker_says_where_it_is(small_project: Project) -> None:
    crew = ProcessCrew(small_project, 2)
    try:
        painted(crew, 0)
        painted(crew, 1)
        pids = {event["pid"] for event in crew.events}
        assert pids == {process._popen.pid for process in crew._processes}
        assert {event["event"] for event in crew.events} == {"worker"}
    finally:
        crew.close()
