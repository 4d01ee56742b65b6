"""A run with workers who come late, leave, and hold several tasks: every cell once, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tessonance as tess
from tessonance.errors import GeneratorError
from tessonance.make.crew import Done
from tessonance.make.painting import Limits, Painting
from tessonance.make.worker import Painter
from tessonance.project import Project
from tessonance.store import TesseractWriter, journal


class WanderingCrew:
    """Workers by a script: who is there at each turn; whoever leaves takes his tasks with him."""

    batch_size = 2
    slow_axes = ()
    in_hand = ()

    def __init__(self, project: Project, script: Sequence[set[int]]) -> None:
        self._painter, self._script = Painter(project), list(script)
        self._tasks: dict[int, tuple[int, list[dict[str, float]]]] = {}
        self.events: list[dict[str, Any]] = [{"event": "worker", "worker": 0}]
        self.painted: list[dict[str, float]] = []

    @property
    def idle(self) -> list[int]:
        return sorted(self._script[0]) * 2

    def give(self, worker: int, points: Sequence[dict[str, float]], *, task: int) -> None:
        self._tasks[task] = worker, list(points)

    def collect(self, timeout_seconds: float) -> Iterator[Done]:
        if len(self._script) > 1:
            self._script.pop(0)
        for task, (worker, points) in list(self._tasks.items()):
            del self._tasks[task]
            if worker in self._script[0]:
                self.painted += points
                yield Done(task, self._painter.paint(points))
            else:
                yield Done(task, [], GeneratorError("gone"), lost=True)

    def close(self) -> None:
        self._painter.close()


def run(project: Project, path: Path, script: Sequence[set[int]]) -> WanderingCrew:
    crew = WanderingCrew(project, script)
    with TesseractWriter.create(path, project) as writer:
        Painting(crew, writer, Limits(level=project.grid.levels - 1)).paint()
        assert writer.painted() == project.grid.size
    return crew


def test_a_run_waits_for_workers_who_come_late(small_project: Project, tmp_path: Path) -> None:
    crew = run(small_project, tmp_path / "s.tess", [set(), set(), {3}])
    assert len(crew.painted) == 15


def test_what_workers_leave_behind_is_painted_by_others_and_nothing_twice(
    small_project: Project, tmp_path: Path
) -> None:
    crew = run(small_project, tmp_path / "s.tess", [{0, 1}, {1}, {1}, set(), {2}])
    assert len(crew.painted) == 15
    assert len({tuple(point.values()) for point in crew.painted}) == 15


def test_events_are_in_the_journal(small_project: Project, tmp_path: Path) -> None:
    crew = run(small_project, tmp_path / "s.tess", [{0}])
    assert crew.events == []
    with tess.open(tmp_path / "s.tess") as tesseract:
        assert [event["worker"] for event in journal.read(tesseract.place) if event["event"] == "worker"] == [0]


def test_one_run_paints_one_part_after_the_other_and_says_whether_a_part_is_whole(
    small_project: Project, tmp_path: Path
) -> None:
    crew = WanderingCrew(small_project, [{0}])
    with TesseractWriter.create(tmp_path / "s.tess", small_project) as writer:
        painting = Painting(crew, writer, Limits(level=0, cells=8))
        assert painting.paint([np.array([0, 1]), np.array([5])])
        assert painting.paint([np.array([1, 5])])
        assert writer.painted() == 3
        assert not painting.paint([np.arange(15)])
        assert writer.painted() == 8
