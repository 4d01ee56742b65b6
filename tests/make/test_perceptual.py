"""Perceptual axes: found out once, by a pilot that can be stopped; what the tesseract says then is what they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import GridError, TesseractError, TessError
from tessonance.grid import Axis
from tessonance.make.perceptual import SpacingReport
from tessonance.project import Project, load_project
from tessonance.store import TesseractWriter, journal, merge

CODE = """
import numpy as np

def paint(point, width, height):
    y, x = np.mgrid[:height, :width] / height
    shift = point["late"] ** 3
    wave = np.sin(9 * (x + shift)) * np.cos(7 * (y - shift))
    return np.stack([0.5 + 0.5 * wave, 0.5 + 0.3 * wave * point["even"], 0.5 + 0 * wave], axis=-1)
"""
PROJECT = """
[picture]
width = 48
height = 48
[generator]
use = "slow:paint"
[[axis]]
name = "late"
steps = 33
spacing = "perceptual"
[[axis]]
name = "even"
steps = 17
"""


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    (tmp_path / "slow.py").write_text(CODE)
    (tmp_path / "slow.toml").write_text(PROJECT)
    return tmp_path


def generate(studio: Path, *, name: str = "slow", **options: object) -> tuple[Project, list[SpacingReport]]:
    reports: list[SpacingReport] = []
    options = {"workers": 1, "until": "1", "durability": "fast", "on_report": reports.append} | options
    with tess.generate(studio / f"{name}.toml", studio / f"{name}.tess", **options) as made:  # type: ignore[arg-type]
        return made.project, reports


def test_values_stand_where_the_pictures_change(studio: Path) -> None:
    project, (report,) = generate(studio)
    late, even = (axis.values for axis in project.axes)
    assert report.helps
    assert report.spaced < 0.5 * report.even
    assert (late[0], late[-1]) == (0.0, 1.0)
    assert late[16] > 0.65
    assert np.allclose(even, np.linspace(0, 1, 17))
    assert not (studio / "slow.tess.pilot").exists()


def test_coordinate_array_project_and_journal_say_the_same(studio: Path) -> None:
    project, (report,) = generate(studio)
    path = studio / "slow.tess"
    document = json.loads((path / "zarr.json").read_text())
    stored = document["attributes"]["tessonance"]["project"]["axis"][0]
    assert stored["values"] == np.frombuffer((path / "late" / "c.0").read_bytes(), "<f8").tolist()
    assert stored["values"] == list(project.axes[0].recorded)  # type: ignore[arg-type]
    with tess.open(path) as tesseract:
        events = [event for event in journal.read(tesseract.place) if event["event"] == "spacing"]
        assert tesseract.grid.point((16, 0))["late"] == stored["values"][16]
    assert [(event["axis"], event["spacing"]) for event in events] == [("late", "perceptual")]
    assert events[0]["even"] == round(report.even, 3)


def test_a_later_run_takes_the_recorded_values(studio: Path) -> None:
    first, _ = generate(studio)
    second, reports = generate(studio, until="2")
    assert reports == []
    assert second.axes == first.axes


def test_where_it_does_not_help_values_stay_even_and_that_is_recorded(studio: Path) -> None:
    (studio / "slow.toml").write_text(PROJECT.replace('"perceptual"', '"even"') + 'spacing = "perceptual"\n')
    project, (report,) = generate(studio)
    assert (report.name, report.helps) == ("even", False)
    assert project.axes[1].recorded == tuple(np.linspace(0, 1, 17))


def test_a_grid_that_is_too_small_for_a_pilot_stays_even(studio: Path) -> None:
    text = PROJECT.replace("steps = 33", "steps = 5").replace("steps = 17", "steps = 2")
    (studio / "slow.toml").write_text(text)
    project, (report,) = generate(studio, until="0")
    assert (report.pictures, report.helps) == (0, False)
    assert project.axes[0].recorded == (0.0, 0.25, 0.5, 0.75, 1.0)


def test_an_axis_of_few_steps_stays_even_beside_one_that_is_looked_at(studio: Path) -> None:
    text = PROJECT.replace("steps = 17", 'steps = 4\nspacing = "perceptual"').replace("steps = 33", "steps = 65")
    (studio / "slow.toml").write_text(text)
    project, reports = generate(studio)
    assert [(report.name, report.pictures > 0, report.helps) for report in reports] == [
        ("late", True, True),
        ("even", False, False),
    ]
    assert project.axes[1].recorded == (0.0, 1 / 3, 2 / 3, 1.0)


def test_a_closed_axis_is_spaced_all_around(studio: Path) -> None:
    text = CODE.replace('point["late"] ** 3', '0.3 * np.exp(2 * np.cos(2 * np.pi * point["late"]))')
    (studio / "slow.py").write_text(text)
    (studio / "slow.toml").write_text(PROJECT.replace("steps = 33", "steps = 32\nclosed = true"))
    project, (report,) = generate(studio)
    values = project.axes[0].values
    assert report.helps
    assert len(values) == 32
    assert 0.5 < np.diff(values)[12:20].mean() * 32 > np.diff(values)[2:6].mean() * 32


def test_stopped_in_the_pilot_it_goes_on_from_there(studio: Path) -> None:
    whole, _ = generate(studio, name="slow")
    (studio / "other.toml").write_text(PROJECT)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    with pytest.raises(TessError, match="stopped before it was decided") as stopped:
        generate(studio, name="other", stop=stop)
    assert stopped.value.hint == "run it again: it goes on from there"
    assert not (studio / "other.tess").exists()
    with tess.open(studio / "other.tess.pilot") as pilot:
        assert 0 < pilot.painted() < 45
    project, _ = generate(studio, name="other")
    assert project.axes == whole.axes
    assert not (studio / "other.tess.pilot").exists()


def test_a_pilot_of_something_else_is_not_touched(studio: Path) -> None:
    project = load_project(studio / "slow.toml")
    TesseractWriter.create(studio / "slow.tess.pilot", project).close()
    with pytest.raises(TesseractError, match="made from another project") as refused:
        generate(studio)
    assert "delete it to begin anew" in str(refused.value.hint)


def test_two_that_were_decided_differently_are_not_merged(studio: Path) -> None:
    generate(studio)
    TesseractWriter.create(studio / "even.tess", load_project(studio / "slow.toml")).close()
    with pytest.raises(TesseractError, match="made from another project") as refused:
        merge(studio / "even.tess", [studio / "slow.tess"])
    assert "axis.late.values: [0.0, " in str(refused.value.got)


def test_it_goes_with_a_budget(studio: Path) -> None:
    project, reports = generate(studio, until=None, budget="40%")
    assert project.axes[0].values[16] > 0.65
    assert isinstance(reports[0], SpacingReport)
    assert reports[-1].enough  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "values",
    [(0.0, 1.0), (0.0, 0.5, 0.9), (0.1, 0.5, 1.0), (0.0, 0.0, 1.0), (0.0, 1.5, 1.0), (0.0, float("nan"), 1.0), ()],
)
def test_values_that_are_none_of_the_axis_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(GridError, match="these are not its values"):
        Axis(name="a", steps=3, spacing="perceptual", recorded=values)


def test_an_even_axis_has_no_values_of_its_own() -> None:
    with pytest.raises(GridError, match=r'these are not its values(.|\n)*write spacing = "perceptual" beside them'):
        Axis(name="a", steps=3, recorded=(0.0, 0.5, 1.0))


def test_values_and_places_are_each_others_way_back() -> None:
    falling = Axis(name="a", start=2.0, stop=-2.0, steps=3, spacing="perceptual", recorded=(2.0, 1.0, -2.0))
    closed = Axis(name="b", steps=2, closed=True, spacing="perceptual", recorded=(0.0, 0.2))
    assert [falling.value(at) for at in (0, 0.5, 1, 1.5, 2)] == [2.0, 1.5, 1.0, -0.5, -2.0]
    assert [falling.place(value) for value in (2.0, 1.5, 1.0, -0.5, -2.0)] == [0, 0.5, 1, 1.5, 2]
    assert (closed.value(1.5), closed.place(0.6)) == (pytest.approx(0.6), pytest.approx(1.5))
    assert Axis(name="c", steps=5).place(2.0) == 8.0


def test_a_tesseract_whose_values_are_lacking_is_refused(studio: Path) -> None:
    generate(studio)
    path = studio / "slow.tess" / "zarr.json"
    document = json.loads(path.read_text())
    del document["attributes"]["tessonance"]["project"]["axis"][0]["values"]
    path.write_text(json.dumps(document))
    with pytest.raises(TesseractError, match="a perceptual axis has no values"):
        tess.open(studio / "slow.tess")
