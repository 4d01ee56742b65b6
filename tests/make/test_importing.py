"""Finished pictures: found, sorted into cells, taken over or encoded, and what is wrong with them told."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from finished_pictures import HEIGHT, WIDTH, found, imported, save, shade

import tessonance as tess
from tessonance.errors import ProjectError, TesseractError, TessError
from tessonance.generators.folder import FolderOptions
from tessonance.plugins import open_generator
from tessonance.project import Project
from tessonance.testing import GeneratorTests

ROOT = Path(__file__).parents[2]


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """Pictures of 5 × 3 cells, named after their values."""
    for height in range(5):
        for blot in range(3):
            save(tmp_path / "flowers" / f"flower_{height / 4:g}_{blot / 2:.2f}.jpg", shade(height / 4, blot / 2))
    return tmp_path / "flowers"


def test_names_tell_the_axes_and_jpegs_are_taken_over_as_they_are(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    assert [(axis.name, axis.start, axis.stop, axis.steps) for axis in project.axes] == [
        ("height", 0.0, 1.0, 5),
        ("blot", 0.0, 1.0, 3),
    ]
    assert (project.picture.width, project.picture.height, project.picture.codec) == (WIDTH, HEIGHT, "jpeg")
    report = imported(project, tmp_path / "f.tess")
    assert (report.taken_over, report.encoded, report.missing, report.refused, report.strange) == (15, 0, 0, (), ())
    with tess.open(tmp_path / "f.tess") as tesseract:
        raw = (flowers / "flower_0.75_0.50.jpg").read_bytes()
        assert np.array_equal(tesseract.picture((3, 1)), simplejpeg.decode_jpeg(raw))
        assert [route.axis for route in tesseract.project.routes] == ["height", "blot"]


def test_the_codec_is_the_one_that_takes_over_most(flowers: Path, tmp_path: Path) -> None:
    fine = simplejpeg.encode_jpeg(shade(0, 0), quality=92, colorsubsampling="444")
    (flowers / "flower_0_0.00.jpg").write_bytes(fine)
    assert found(flowers, tmp_path).picture.codec == "jpeg"
    for path in flowers.iterdir():
        path.write_bytes(fine)
    assert found(flowers, tmp_path).picture.codec == "jpeg444"


def test_the_pattern_is_guessed(flowers: Path, tmp_path: Path) -> None:
    assert found(flowers, tmp_path).generator.options["pattern"] == "flower_{a}_{b}"
    for k in range(4):
        save(tmp_path / "named" / f"run7 height{k / 3:.2f} blot-{k}.png", shade(k / 3))
    guessed = found(tmp_path / "named", tmp_path).generator.options["pattern"]
    assert guessed.startswith("run7 height{")
    (tmp_path / "odd").mkdir()
    for name in ("one.png", "two.png"):
        save(tmp_path / "odd" / name, shade(0.1))
    with pytest.raises(ProjectError, match="cannot be guessed"):
        found(tmp_path / "odd", tmp_path)


def test_other_files_are_encoded(tmp_path: Path) -> None:
    for k in range(3):
        save(tmp_path / "p" / f"{k}.png", shade(k / 2))
    report = imported(found(tmp_path / "p", tmp_path, pattern="{k}.png"), tmp_path / "p.tess")
    assert (report.taken_over, report.encoded) == (0, 3)
    with tess.open(tmp_path / "p.tess") as tesseract:
        assert np.abs(tesseract.picture((2,)).astype(int) - shade(1.0)).mean() < 3


def test_folders_may_be_axes(tmp_path: Path) -> None:
    for size in ("small", "large"):
        for k in range(3):
            save(tmp_path / "p" / size / f"{k}.png", shade(k / 2, size == "large"))
    project = found(tmp_path / "p", tmp_path, pattern="{size}/{k}.png")
    assert project.generator.options["values"] == {"size": ["large", "small"]}
    imported(project, tmp_path / "p.tess")
    with tess.open(tmp_path / "p.tess") as tesseract:
        assert tesseract.picture((0, 0))[0, 0, 1] > 150 > tesseract.picture((1, 0))[0, 0, 1]


@pytest.mark.parametrize(
    ("labels", "axis", "values"),
    [
        (["0", "1", "2", "3"], (0, 3, 4), None),
        (["003", "001", "002"], (1, 3, 3), None),
        (["0.33", "0", "0.67", "1"], (0, 1, 4), None),
        (["-1", "-0.5", "0", "0.5", "1"], (-1, 1, 5), None),
        (["0,5", "1,5", "1"], (0.5, 1.5, 3), None),
        (["0", "0.1", "0.2", "0.4"], (0, 0.4, 5), None),  # a step is lacking everywhere
        (["1", "10", "100"], (0, 1, 3), ["1", "10", "100"]),
        (["some", "none", "all"], (0, 1, 3), ["all", "none", "some"]),
        (["v10", "v9", "v1"], (0, 1, 3), ["v1", "v9", "v10"]),
        (["7"], (7, 7, 1), None),
    ],
)
def test_labels_become_axes(
    tmp_path: Path, labels: list[str], axis: tuple[float, float, int], values: list[str] | None
) -> None:
    for label in labels:
        save(tmp_path / "p" / f"a{label}.png", shade(0.5))
    project = found(tmp_path / "p", tmp_path, pattern="a{k}.png")
    assert (project.axes[0].start, project.axes[0].stop, project.axes[0].steps) == axis
    assert project.generator.options.get("values") == (None if values is None else {"k": values})
    report = imported(project, tmp_path / "p.tess")
    assert report.encoded == len(labels)
    assert report.missing == axis[2] - len(labels)


def test_missing_cells_are_told_and_come_later(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    late = flowers / "flower_0.5_0.50.jpg"
    raw = late.read_bytes()
    late.unlink()
    assert imported(project, tmp_path / "f.tess").missing == 1
    late.write_bytes(raw)
    again = imported(project, tmp_path / "f.tess")
    assert (again.taken_over, again.kept, again.missing) == (1, 14, 0)


def test_replace_takes_all_again(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    imported(project, tmp_path / "f.tess")
    save(flowers / "flower_0_0.00.jpg", shade(0.9, 0.9))
    assert imported(project, tmp_path / "f.tess").kept == 15
    assert imported(project, tmp_path / "f.tess", replace=True).taken_over == 15
    with tess.open(tmp_path / "f.tess") as tesseract:
        assert tesseract.picture((0, 0))[0, 0, 0] > 120


def test_what_is_wrong_with_single_pictures_is_told_and_the_others_are_taken(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    names = {name: flowers / f"flower_{name}.jpg" for name in ("0_0.00", "0_0.50", "0_1.00", "0.25_0.00", "0.5_0.00")}
    save(names["0_0.00"], shade(0.5)[:, :-8])
    names["0_0.50"].write_bytes(names["0_0.50"].read_bytes()[:-20])
    names["0_1.00"].write_bytes(b"no picture")
    names["0.25_0.00"].unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(names["0.25_0.00"])
    names["0.5_0.00"].write_bytes(b"")
    save(flowers / "notes.png", shade(0.1))
    save(flowers / "flower_0.3_0.00.jpg", shade(0.1))
    report = imported(project, tmp_path / "f.tess")
    assert (report.taken_over, report.missing) == (10, 5)
    problems = {bad.name.removeprefix("flower_").removesuffix(".jpg"): bad.problem for bad in report.refused}
    assert "another size; wanted 48 × 32; got 40 × 32" in problems["0_0.00"]
    assert "cut short" in problems["0_0.50"]
    assert "no picture that can be read" in problems["0_1.00"]
    assert "no picture that can be read" in problems["0.5_0.00"]
    if hasattr(os, "mkfifo"):
        assert "there is no such file" in problems["0.25_0.00"]
    assert any(line.startswith("notes.png: not like flower_") for line in report.strange)
    assert any("height has no step '0.3'" in line for line in report.strange)


def test_other_sizes_may_be_brought_to_one(tmp_path: Path) -> None:
    save(tmp_path / "p" / "0.png", shade(0.5))
    save(tmp_path / "p" / "1.png", shade(0.5).repeat(2, 0))
    for fit in ("cover", "stretch"):
        project = found(tmp_path / "p", tmp_path, pattern="{k}.png", fit=fit)
        assert imported(project, tmp_path / f"{fit}.tess").encoded == 2


def test_two_pictures_for_one_cell_are_refused_before_anything_is_written(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    save(flowers / "flower_0.50_0.50.jpg", shade(0.1))
    with pytest.raises(ProjectError, match="two pictures claim one cell") as refused:
        imported(project, tmp_path / "f.tess")
    assert "flower_0.50_0.50.jpg and flower_0.5_0.50.jpg" in str(refused.value)
    assert not (tmp_path / "f.tess").exists()


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("flower.jpg", "it has no {axis}"),
        ("{a}_{a}.jpg", "stands in it twice"),
        ("{a}{b}.jpg", "nothing stands between two axes"),
        ("{}_{b}.jpg", "an axis has no name"),
        ("{a-b}.jpg", "an axis has no name"),
        ("{x}_{b}.jpg", "cannot be the name of an axis"),
        ("tulip_{a}.jpg", "there are no finished pictures here"),
    ],
)
def test_a_pattern_that_is_none_is_refused(flowers: Path, tmp_path: Path, pattern: str, problem: str) -> None:
    with pytest.raises(TessError) as refused:
        found(flowers, tmp_path, pattern=pattern)
    assert problem in str(refused.value)


def test_links_to_files_are_followed_and_loops_and_dead_ends_do_no_harm(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    linked, dead = flowers / "flower_0_0.00.jpg", flowers / "flower_0_0.50.jpg"
    elsewhere = tmp_path / "elsewhere.jpg"
    linked.rename(elsewhere)
    dead.unlink()
    try:
        linked.symlink_to(elsewhere)
        dead.symlink_to(tmp_path / "nowhere.jpg")
        (flowers / "loop").symlink_to(flowers, target_is_directory=True)
    except OSError:
        pytest.skip("links may not be made here")
    report = imported(project, tmp_path / "f.tess")
    assert (report.taken_over, [bad.problem for bad in report.refused]) == (14, ["there is no such file"])


class TestFolder(GeneratorTests):
    """Finished pictures through the seam of every generator, as `tess generate` uses them."""

    largest_step = 80.0

    @pytest.fixture(autouse=True)
    def _pictures(self, flowers: Path, tmp_path: Path) -> None:
        type(self).project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")


def test_generate_fills_the_same_tesseract(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    (flowers / "flower_0_0.00.jpg").rename(tmp_path / "later.jpg")
    imported(project, tmp_path / "f.tess")
    (tmp_path / "later.jpg").rename(flowers / "flower_0_0.00.jpg")
    with tess.generate(project, tmp_path / "f.tess", workers=1) as tesseract:
        assert tesseract.painted() == 15


def test_a_cell_without_a_picture_fails_alone(flowers: Path, tmp_path: Path) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    (flowers / "flower_0_0.00.jpg").unlink()
    generator = open_generator(project)
    assert generator.paint([project.grid.point((1, 1))]).shape == (1, HEIGHT, WIDTH, 3)
    with pytest.raises(TessError, match="there is no finished picture for this cell"):
        generator.paint([project.grid.point((0, 0))])


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"source": "nowhere"}, "there is no such source"),
        ({"source": "none.csv"}, "nothing of that name"),
        ({"pattern": "flower_{height}_{other}.jpg"}, "the axes are not those"),
        ({"values": {"blot": ["0", "1"]}}, "one value a step"),
        ({"values": {"tulip": ["0", "1"]}}, "no such axis"),
        ({"fit": "crop"}, "fit"),
        ({"cells": [99999, 1]}, "cells is out of range"),
    ],
)
def test_wrong_options_are_refused(flowers: Path, tmp_path: Path, changed: dict[str, object], problem: str) -> None:
    project = found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg")
    plain = json.loads(json.dumps(project.to_dict()))
    plain["generator"] |= changed
    with pytest.raises(TessError) as refused:
        imported(Project.from_dict(plain, folder=tmp_path), tmp_path / "f.tess")
    assert problem in str(refused.value)
    assert not (tmp_path / "f.tess").exists()


def test_folders_are_never_followed_from_a_tesseract(flowers: Path, tmp_path: Path) -> None:
    stored = Project.from_dict(found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg").to_dict())
    with pytest.raises(ProjectError, match="only from a project file that you name"):
        imported(stored, tmp_path / "f.tess")


def test_only_finished_pictures_are_imported(small_project: Project, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="only finished pictures"):
        imported(small_project, tmp_path / "f.tess")


def test_another_project_is_refused(flowers: Path, tmp_path: Path) -> None:
    imported(found(flowers, tmp_path, pattern="flower_{height}_{blot}.jpg"), tmp_path / "f.tess")
    with pytest.raises(TesseractError, match="made from another project"):
        imported(found(flowers, tmp_path, pattern="flower_{a}_{b}.jpg"), tmp_path / "f.tess")


def test_the_example_is_imported_as_it_stands(tmp_path: Path) -> None:
    report = tess.import_pictures(ROOT / "examples" / "folder" / "sheet.toml", tmp_path / "sheet.tess")
    assert (report.encoded, report.missing) == (25, 0)
    with tess.open(tmp_path / "sheet.tess") as tesseract:
        assert tesseract.picture((4, 4))[:, -1].max() < 250, "the gap is white"


def test_the_page_tells_of_every_option() -> None:
    page = (ROOT / "docs" / "how-to" / "import.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)`", page, re.M)) == set(FolderOptions.__struct_fields__)
