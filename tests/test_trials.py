"""A trial: a few pictures, what all will cost, how smooth a line is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tessonance as tess
from tessonance.errors import GridError, OutputExists, TessError
from tessonance.project import Project, parse_project
from tessonance.trial_sheet import write_trial
from tessonance.trials import Cost, trial

SLOW = """
import msgspec, numpy as np, time
from tessonance.generators import GeneratorKind

class Options(msgspec.Struct, frozen=True):
    pass

class Slow:
    batch_size, slow_axes = 1, ("ink",)
    painted = []
    def __init__(self, project): self._ink = None
    def paint(self, points):
        (point,) = points
        time.sleep(0.06 if point["ink"] != self._ink else 0.002)
        self._ink = point["ink"]
        Slow.painted.append(dict(point))
        return np.full((1, 32, 48, 3), 200 * point["bloom"], np.uint8)
    def close(self): pass

slow = GeneratorKind("Slow.", Slow, Options, {})
"""


@pytest.fixture
def slow_project(tmp_path: Path, small_text: str) -> Project:
    (tmp_path / "slow.py").write_text(SLOW)
    return parse_project(small_text.replace('use = "plasma"', 'use = "slow:slow"'), folder=tmp_path)


def test_corners_are_painted_as_they_would_be_stored(small_project: Project, tmp_path: Path) -> None:
    tried = tess.trial(small_project)
    assert tried.kind == "corners"
    assert [one.point for one in tried.tried] == [
        small_project.grid.point(corner) for corner in small_project.grid.corners()
    ]
    with tess.generate(small_project, tmp_path / "all.tess", workers=1) as tesseract:
        assert np.array_equal(tried.tried[-1].picture, tesseract.picture((4, 2)))


def test_points_are_painted_where_they_are_with_other_axes_in_their_middle(small_project: Project) -> None:
    tried = trial(small_project, at=[{"bloom": 0.3}, {"bloom": 1.0, "ink": -1.0}])
    assert [one.point for one in tried.tried] == [{"bloom": 0.3, "ink": 0.0}, {"bloom": 1.0, "ink": -1.0}]


def test_a_line_runs_from_end_to_end(small_project: Project) -> None:
    tried = trial(small_project, line="bloom", at=[{"ink": 1.0}])
    assert [one.point["bloom"] for one in tried.tried] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert {one.point["ink"] for one in tried.tried} == {1.0}
    assert [one.point["bloom"] for one in trial(small_project, line="bloom", steps=3).tried] == [0.0, 0.5, 1.0]
    assert tried.line is not None
    assert len(tried.line.steps) == 4
    assert tried.line.tortuosity >= 1


def test_a_closed_line_goes_around_once(small_text: str) -> None:
    closed = parse_project(small_text.replace("steps = 5", "steps = 8\nclosed = true"))
    tried = trial(closed, line="bloom", steps=4)
    assert [one.point["bloom"] for one in tried.tried] == [0.0, 0.25, 0.5, 0.75]
    assert tried.line is not None
    assert len(tried.line.steps) == 4


def test_a_smooth_line_measures_smoother_than_one_that_jumps(small_text: str) -> None:
    gentle = trial(parse_project(small_text.replace("steps = 5", "steps = 17")), line="bloom").line
    wild = trial(
        parse_project(small_text.replace('use = "plasma"\nseed = 3', 'use = "toy"\nnoise = "new"')), line="bloom"
    ).line
    assert gentle is not None
    assert wild is not None
    assert gentle.roughness < 0.7 * wild.roughness
    assert gentle.flicker < wild.flicker


def test_the_cost_knows_which_cells_are_slow(slow_project: Project) -> None:
    cost = trial(slow_project).cost
    assert (cost.cells, cost.slow_cells) == (15, 3)
    assert cost.slow_seconds_each > 4 * cost.seconds_each
    assert cost.seconds == pytest.approx((12 * cost.seconds_each + 3 * cost.slow_seconds_each) / cost.workers)


def test_one_picture_is_enough_to_tell_a_cheap_step_from_a_dear_one(slow_project: Project) -> None:
    tried = trial(slow_project, at=[{"bloom": 0.5}])
    assert len(tried.tried) == 1
    assert tried.cost.slow_seconds_each > 4 * tried.cost.seconds_each


def test_cells_that_share_what_is_slow_are_painted_together(slow_project: Project) -> None:
    order = [{"ink": -1.0, "bloom": 0.0}, {"ink": 1.0, "bloom": 0.0}, {"ink": -1.0, "bloom": 1.0}]
    tried = trial(slow_project, at=order)
    assert [one.point["ink"] for one in tried.tried] == [-1.0, 1.0, -1.0]
    assert [one.is_slow for one in tried.tried] == [True, True, False]


def test_the_size_is_about_that_of_the_tesseract(small_project: Project, tmp_path: Path) -> None:
    told = trial(small_project).cost.stored_bytes
    with tess.generate(small_project, tmp_path / "all.tess", workers=1) as tesseract:
        stored = sum(len(tesseract.encoded(tesseract.grid.cell(flat))) for flat in range(15))
    assert 0.8 < told / stored < 1.2


def test_a_cost_is_shared_by_the_workers() -> None:
    assert Cost(100, 10, 0.1, 1.0, 1000.0, 4).seconds == pytest.approx((90 * 0.1 + 10 * 1.0) / 4)
    assert Cost(100, 10, 0.1, 1.0, 1000.0, 4).stored_bytes == 100_000


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"at": [{"bloo": 0.5}]}, "did you mean 'bloom'?"),
        ({"at": [{"bloom": 1.5}]}, "wanted: 0..1"),
        ({"at": [{"bloom": float("nan")}]}, "this value is not on the axis"),
        ({"line": "blom"}, "did you mean 'bloom'?"),
        ({"line": "bloom", "steps": 6}, "1..5, the steps of the axis"),
        ({"line": "bloom", "at": [{"ink": 0.0}, {"ink": 1.0}]}, "a line has one place"),
    ],
)
def test_what_is_not_in_the_grid_is_refused(small_project: Project, how: dict[str, object], problem: str) -> None:
    with pytest.raises(GridError) as refused:
        trial(small_project, **how)  # type: ignore[arg-type]
    assert problem in str(refused.value)


def test_too_many_corners_are_refused(small_text: str) -> None:
    more = "".join(f'\n[[axis]]\nname = "more{k}"\nsteps = 2\n' for k in range(5))
    with pytest.raises(GridError, match="too many corners"):
        trial(parse_project(small_text + more))


@pytest.mark.parametrize("how", [{}, {"line": "bloom"}, {"at": [{"bloom": 0.1}] * 13}])
def test_the_sheet_shows_every_picture_with_its_values(
    small_project: Project, tmp_path: Path, how: dict[str, object]
) -> None:
    tried = trial(small_project, **how)  # type: ignore[arg-type]
    with Image.open(write_trial(tried, tmp_path / "s.png")) as sheet:
        assert sheet.width < 2600
        assert len(sheet.getcolors(1 << 24) or []) > 100
    with pytest.raises(OutputExists):
        write_trial(tried, tmp_path / "s.png")
    write_trial(tried, tmp_path / "s.png", force=True)
    with pytest.raises(TessError, match="a sheet is a PNG"):
        write_trial(tried, tmp_path / "s.jpg")
