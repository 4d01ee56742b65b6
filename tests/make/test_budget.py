"""A run with a budget paints whole knots, few where little changes; stopped or continued, it goes the same way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import TessError
from tessonance.grid import Axis, Grid
from tessonance.make.budget import BudgetReport
from tessonance.make.scope import pictures_of
from tessonance.project import Project, parse_project
from tessonance.smooth.bake import bake
from tessonance.store import Tesseract, journal

SCENE_AXES = '{ name = "pan", steps = 33 }, { name = "zoom", steps = 17 }'


def text(axes: str, generator: str = 'use = "scene"') -> str:
    return f"picture = {{ width = 48, height = 48 }}\ngenerator = {{ {generator}, seed = 1 }}\naxis = [{axes}]"


def project(axes: str, generator: str = 'use = "scene"') -> Project:
    return parse_project(text(axes, generator))


SCENE = project(SCENE_AXES)


def painted(tesseract: Tesseract) -> set[int]:
    flats = np.arange(tesseract.grid.size)
    return set(flats[tesseract.is_painted(flats)].tolist())


class Run:
    """One run: what it painted, and what it said at last."""

    def __init__(self, path: Path, of: Project = SCENE, **options: object) -> None:
        reports: list[BudgetReport] = []
        fresh = 0

        def note(at: tess.make.painting.Progress) -> None:  # type: ignore[name-defined]
            nonlocal fresh
            fresh = at.fresh

        options = {"workers": 1, "durability": "fast", "progress": note, "on_report": reports.append} | options
        with tess.generate(of, path, **options) as tesseract:  # type: ignore[arg-type]
            self.cells, self.knots = painted(tesseract), [len(along) for along in tesseract.knots()]
        self.fresh, self.report = fresh, reports[-1] if reports else None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    path = tmp_path_factory.mktemp("budget") / "scene.tess"
    return path, Run(path, budget=0.4)


def test_a_long_axis_gets_more_knots_than_a_short_one_and_the_budget_is_kept(whole: tuple[Path, Run]) -> None:
    _, run = whole
    assert run.report
    assert run.knots == [axis.knots for axis in run.report.axes]
    assert run.knots[0] > run.knots[1]
    assert run.report.enough
    assert all(axis.is_fine for axis in run.report.axes)
    assert len(run.cells) == run.report.painted == run.fresh <= 0.4 * 33 * 17


def test_it_says_how_sure_it_is(whole: tuple[Path, Run]) -> None:
    report = whole[1].report
    assert report
    assert report.accepted >= 0.9 * report.tried > 0
    assert 0.5 < report.surely < report.accepted / report.tried


def test_decisions_are_in_the_journal(whole: tuple[Path, Run]) -> None:
    with tess.open(whole[0]) as tesseract:
        events = journal.read(tesseract.place)
    (end,) = [event for event in events if event["event"] == "budget"]
    assert end["knots"] == dict(zip(("pan", "zoom"), whole[1].knots, strict=True))
    steps = [event for event in events if event["event"] == "bisected"]
    assert {step["axis"] for step in steps} == {"pan", "zoom"}


def test_stopped_again_and_again_it_paints_the_same_cells_each_once(whole: tuple[Path, Run], tmp_path: Path) -> None:
    fresh = 0
    for _ in range(40):
        run = Run(tmp_path / "s.tess", budget=0.4, limit=7) if fresh else _begun(tmp_path / "s.tess")
        fresh += run.fresh
        if run.report and run.report.enough:
            break
    assert run.cells == whole[1].cells
    assert fresh == len(run.cells)


def _begun(path: Path) -> Run:
    """The first run is cut before a level is complete: there are no knots to ask for."""
    with tess.generate(SCENE, path, workers=1, budget=0.4, limit=25) as tesseract:
        first = painted(tesseract)
    run = Run(path, budget=0.4, limit=1)
    run.fresh += len(first)
    return run


KILLED = """
import os, signal, sys
from pathlib import Path
import tessonance as tess
from tessonance.project import parse_project
def kill(at):
    if at.fresh >= 30:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
project = parse_project(Path(sys.argv[2]).read_text())
tess.generate(project, sys.argv[1], workers=1, durability="fast", budget=0.4, progress=kill)
"""


def test_killed_in_the_middle_it_goes_on_the_same_way(whole: tuple[Path, Run], tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text(SCENE_AXES))
    path = tmp_path / "s.tess"
    subprocess.run([sys.executable, "-c", KILLED, str(path), str(tmp_path / "s.toml")], check=False)
    with tess.open(path) as tesseract:
        before = painted(tesseract)
    run = Run(path, budget=0.4)
    assert 30 <= len(before) < len(run.cells)
    assert run.cells == whole[1].cells
    assert run.fresh == len(run.cells - before)


def test_several_workers_paint_the_same_cells(whole: tuple[Path, Run], tmp_path: Path) -> None:
    assert Run(tmp_path / "s.tess", budget=0.4, workers=2).cells == whole[1].cells


def test_a_larger_budget_goes_on_and_paints_nothing_twice(whole: tuple[Path, Run], tmp_path: Path) -> None:
    path = tmp_path / "s.tess"
    small = Run(path, budget="7%")
    assert small.report
    assert not small.report.enough
    assert len(small.cells) <= 0.07 * 33 * 17
    assert small.report.next_pictures > 0.07 * 33 * 17
    large = Run(path, budget=0.4)
    assert small.cells < large.cells
    assert whole[1].cells <= large.cells  # besides, the smaller run tried cells that the larger one has no use for
    assert large.knots == whole[1].knots
    assert small.fresh + large.fresh == len(large.cells)
    rest = Run(path, budget=None)
    assert rest.fresh == 33 * 17 - len(large.cells)
    assert rest.report is None


def test_the_next_step_fits_the_budget_that_it_names(tmp_path: Path) -> None:
    small = Run(tmp_path / "s.tess", budget="7%")
    assert small.report
    next_one = Run(tmp_path / "s.tess", budget=small.report.next_pictures)
    assert sum(next_one.knots) > sum(small.knots)


def test_the_budget_named_for_the_next_step_holds_its_larger_samples_too(tmp_path: Path) -> None:
    """Samples grow with the budget, and are painted before the step: else only some lines of it would fit."""
    pops = project('{ name = "a", steps = 33 }, { name = "b", steps = 33 }', 'use = "toy", sampling_steps = 4')
    small = Run(tmp_path / "s.tess", pops, budget=120)
    assert small.report
    step = Run(tmp_path / "s.tess", pops, budget=small.report.next_pictures)
    assert all(knots in (9, 17, 33) for knots in step.knots)
    assert sum(step.knots) > sum(small.knots)


def test_a_new_seed_for_each_cell_is_never_accepted(tmp_path: Path) -> None:
    axes = '{ name = "a", steps = 9 }, { name = "b", steps = 9 }'
    run = Run(tmp_path / "n.tess", project(axes, 'use = "toy", noise = "new", sampling_steps = 4'), budget=0.5)
    report = run.report
    assert report
    assert all(axis.strange for axis in report.axes)
    assert not any(axis.is_fine for axis in report.axes)
    assert (report.enough, report.accepted, report.surely) == (False, 0, 0.0)
    assert len(run.cells) <= 40


def test_pictures_that_never_change_take_next_to_none(tmp_path: Path) -> None:
    run = Run(
        tmp_path / "c.tess",
        project('{ name = "orbit", steps = 64, closed = true }', 'use = "scene", discs = 0'),
        budget=0.5,
    )
    assert run.report
    assert run.report.enough
    assert len(run.cells) <= 20


TOY = project('{ name = "a", steps = 33 }, { name = "b", steps = 33 }', 'use = "toy", sampling_steps = 8')


def test_what_no_bisection_fits_into_goes_to_lines_where_guesses_err_the_most(tmp_path: Path) -> None:
    path = tmp_path / "toy.tess"
    run = Run(path, TOY, budget=130)
    assert run.report
    levels = {2**n + 1 for n in range(6)}
    assert run.knots[0] in levels  # one axis alone has a part of a level
    assert run.knots[1] not in levels
    assert [axis.knots for axis in run.report.axes] == run.knots
    assert 110 < len(run.cells) <= 130
    with tess.open(path) as tesseract:
        assert np.prod(run.knots) > np.prod([len(TOY.grid.axes[0].knots(3)), len(TOY.grid.axes[1].knots(3))])
        told = [event for event in journal.read(tesseract.place) if event["event"] == "refined"]
        assert [event["knots"] for event in told] == [run.knots[1]]
    bake(path, workers=1)
    with tess.open(path) as tesseract:
        baked = tesseract.bake()
        assert baked
        assert [along.tolist() for along in baked.knots] == [along.tolist() for along in tesseract.knots()]
    assert not run.report.axes[1].tried  # those that are left of its sample are too few to go by
    assert not run.report.enough
    again = Run(path, TOY, budget=130)
    assert (again.fresh, again.knots, again.report) == (0, run.knots, run.report)


def test_knots_that_samples_made_whole_do_not_stand_for_those_that_were_judged(tmp_path: Path) -> None:
    axes = '{ name = "bloom", steps = 33 }, { name = "turn", to = 0.2, steps = 33 }'
    shape = parse_project(text(axes, 'use = "painted"').replace("48", "96"))
    run = Run(tmp_path / "p.tess", shape, budget="25%")
    assert run.report
    assert run.knots == [axis.knots for axis in run.report.axes]


def test_lines_are_chosen_the_same_way_by_a_run_that_was_stopped(tmp_path: Path) -> None:
    whole, path = Run(tmp_path / "whole.tess", TOY, budget=130), tmp_path / "stopped.tess"
    for limit in (100, 9, 3):
        Run(path, TOY, budget=130, limit=limit)
    last = Run(path, TOY, budget=130)
    assert (last.cells, last.knots, last.report) == (whole.cells, whole.knots, whole.report)


def test_no_axis_becomes_finer_than_asked(tmp_path: Path) -> None:
    run = Run(tmp_path / "s.tess", budget=0.4, until="level:2")
    assert max(run.knots) == 5
    assert run.report
    assert run.report.surely < 1
    assert run.report.next_pictures == 0 or not run.report.enough


def test_a_budget_that_ends_before_anything_is_known_says_what_it_takes(tmp_path: Path) -> None:
    report = Run(tmp_path / "s.tess", budget=8).report
    assert report
    assert (report.painted, report.tried, report.enough) == (8, 0, False)
    assert report.next_pictures > 8


def test_a_budget_of_all_ends_with_every_picture_where_nothing_can_be_guessed(tmp_path: Path) -> None:
    axes = '{ name = "a", steps = 5 }, { name = "b", steps = 4 }'
    run = Run(tmp_path / "n.tess", project(axes, 'use = "toy", noise = "new", sampling_steps = 4'), budget=1.0)
    assert run.report
    assert (len(run.cells), run.report.enough, run.report.surely) == (20, True, 1.0)


def test_a_budget_of_all_paints_what_it_takes_and_no_more(tmp_path: Path) -> None:
    small = project('{ name = "pan", steps = 3 }, { name = "zoom", steps = 2 }')
    run = Run(tmp_path / "s.tess", small, budget=1.0)
    assert run.report
    assert run.report.enough


GRID = Grid([Axis(name="a", steps=33), Axis(name="b", steps=33)])


@pytest.mark.parametrize(
    ("budget", "pictures"),
    [("10%", 108), (0.1, 108), ("0.1", 108), (108, 108), ("108", 108), ("6.25 %", 68), (5000, 1089), (1.0, 1089)],
)
def test_budgets(budget: float | str, pictures: int) -> None:
    assert pictures_of(budget, GRID) == pictures


@pytest.mark.parametrize("budget", ["", "ten", "-1", "0%", "110%", 0.0, float("nan"), "1.5"])
def test_what_is_no_budget_is_refused(budget: float | str) -> None:
    with pytest.raises(TessError, match="this is no budget"):
        pictures_of(budget, GRID)


def test_a_budget_that_is_less_than_the_ends_of_the_axes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TessError, match="the budget is too small") as refused:
        Run(tmp_path / "s.tess", budget=3)
    assert refused.value.wanted == "at least 4 pictures, the ends of every axis, of 561"
    assert not (tmp_path / "s.tess").exists()


def test_a_budget_and_a_choice_of_cells_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(TessError, match="a budget chooses the cells itself"):
        Run(tmp_path / "s.tess", budget=0.4, cells="0")
