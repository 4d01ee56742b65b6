"""Finishers: what goes in, what comes out, and what they are refused for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import ProjectError, TesseractError, TessError
from tessonance.plugins import finisher_kind, open_generator
from tessonance.project import Project, parse_project


def project(*finishes: str, size: tuple[int, int] = (64, 48), folder: Path | None = None) -> Project:
    tables = "\n".join(f"[[finish]]\n{finish}" for finish in finishes)
    return parse_project(
        f'[picture]\nwidth = {size[0]}\nheight = {size[1]}\n[generator]\nuse = "plasma"\nseed = 3\n{tables}\n'
        '[[axis]]\nname = "a"\nsteps = 3\n[[axis]]\nname = "b"\nsteps = 3\n',
        folder=folder,
    )


POINTS = [{"a": 0.2, "b": 0.9}, {"a": 0.7, "b": 0.1}]
CROP = 'use = "crop"\nwidth = 80\nheight = 50'


def painted(*finishes: str, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    return open_generator(project(*finishes, size=size)).paint(POINTS)


def test_a_crop_keeps_the_part_that_is_asked_for() -> None:
    whole = painted(size=(80, 50))
    assert np.array_equal(painted(CROP), whole[:, 1:49, 8:72])
    assert np.array_equal(painted(f"{CROP}\nx = 0.0\ny = 1.0"), whole[:, 2:, :64])


def test_resize_scales_what_was_painted() -> None:
    whole = painted(size=(128, 96))
    wanted = cv2.resize(whole[0], (64, 48), interpolation=cv2.INTER_AREA)
    assert np.array_equal(painted('use = "resize"\nwidth = 128\nheight = 96')[0], wanted)


def test_resize_may_cut_off_instead_of_stretching() -> None:
    whole = painted(size=(128, 48))
    assert np.array_equal(painted('use = "resize"\nwidth = 128\nheight = 48\nfit = "cover"'), whole[:, :, 32:96])


def test_finishers_are_gone_through_in_order_and_the_size_is_worked_out_backwards() -> None:
    twice = painted(CROP, 'use = "resize"\nwidth = 40\nheight = 40')
    first = open_generator(project(CROP, size=(40, 40))).paint(POINTS)
    assert np.array_equal(twice[1], cv2.resize(first[1], (64, 48), interpolation=cv2.INTER_CUBIC))


def test_finishers_are_part_of_what_a_tesseract_is(tmp_path: Path) -> None:
    path = tmp_path / "finished.tess"
    tess.generate(project(CROP), path, workers=1).close()
    with tess.open(path) as stored:
        assert stored.project.finishes[0].options == {"width": 80, "height": 50, "x": 0.5, "y": 0.5}
    tess.generate(project(CROP + "\nx = 0.5"), path, workers=1).close()  # a default, spelt out, changes nothing
    for other in (project(), project(CROP + "\nx = 0.6"), project(CROP, CROP.replace("80", "64").replace("50", "48"))):
        with pytest.raises(TesseractError, match="made from another project") as refused:
            tess.generate(other, path, workers=1)
        assert "finish" in str(refused.value)


def test_without_finishers_a_project_is_stored_as_it_always_was(small_project: Project) -> None:
    assert set(small_project.identity) == {"picture", "generator", "axis"}
    assert set(small_project.identity["generator"]) == {"use", "seed"}


@pytest.mark.parametrize(
    ("finish", "problem"),
    [
        ('use = "crops"', "did you mean 'crop'?"),
        ("width = 3", "it does not say which finish"),
        ('use = "crop"\nwidth = 80', "the key 'height' is missing"),
        ('use = "crop"\nwidth = 60\nheight = 50', "a crop cannot make pictures larger"),
        ('use = "crop"\nwidth = 80\nheight = 50\nx = 1.5', "x is out of range"),
        ('use = "crop"\nwidth = 8\nheight = 50', "width is out of range"),
        ('use = "resize"\nwidth = 80\nheight = 50\nfit = "squeeze"', "fit"),
        ('use = "resize"\nwidth = 99999\nheight = 50', "16..8192 pixels"),
        ('use = "nowhere:x"', "only from a project file that you name"),
    ],
)
def test_wrong_tables_are_refused(finish: str, problem: str) -> None:
    with pytest.raises(TessError) as refused:
        open_generator(project(finish))
    assert problem in str(refused.value)


def test_a_table_that_is_no_list_is_refused() -> None:
    with pytest.raises(ProjectError, match=r"write \[\[finish\]\]"):
        parse_project('generator = { use = "plasma" }\naxis = [{ name = "a", steps = 2 }]\nfinish = { use = "crop" }')


OWN = """
import msgspec
from tessonance.finishers import FinisherKind

class Options(msgspec.Struct, frozen=True):
    pass

class Negative:
    def __init__(self, project, finish, before, after): pass
    def finish(self, pictures): return 255 - pictures
    def close(self): pass

class Wrong(Negative):
    def finish(self, pictures): return pictures[:, ::2]

negative = FinisherKind("Negatives.", Negative, Options, lambda own, after: after)
wrong = FinisherKind("Nothing that fits.", Wrong, Options, lambda own, after: after)
"""


def test_a_finisher_of_ones_own_is_used_and_checked(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    finished = open_generator(project('use = "own:negative"', folder=tmp_path)).paint(POINTS)
    assert np.array_equal(finished, 255 - painted())
    with pytest.raises(TessError, match="the finisher gave something else than pictures"):
        open_generator(project('use = "own:wrong"', folder=tmp_path)).paint(POINTS)


@pytest.mark.parametrize("name", ["crop", "resize", "upscale"])
def test_every_option_of_every_finisher_is_in_the_docs(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "finish.md").read_text(encoding="utf-8")
    for option in finisher_kind(name).options.__struct_fields__:
        assert f"`{option}" in page, option
