"""Knots with a level of their own for each axis: whatever reads a tesseract agrees on them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from file_server import serving

from tessonance.cli import cli
from tessonance.sampling.cpu import CpuSampler
from tessonance.show.levels_watch import LevelsWatch
from tessonance.smooth.survey import survey
from tessonance.store import TesseractWriter, grow, merge, open_tesseract, pack

KNOTS = [[0, 2, 4, 6, 8, 10, 12, 14, 16], [0, 4, 8]]


@pytest.fixture
def strided(tmp_path, project_of, picture_of):
    """A tesseract of 17 × 9: every second step of the first axis and every fourth of the other, and a cell besides."""
    project = project_of(17, 9)
    with TesseractWriter.create(tmp_path / "small.tess", project) as writer:
        for flats in project.grid.knots_chunks(project.grid.knots((3, 1)), 100):
            for flat in flats.tolist():
                writer.put_picture(project.grid.cell(flat), picture_of(flat))
        writer.put_picture((1, 1), picture_of(project.grid.flat((1, 1))))
    return tmp_path / "small.tess"


def knots(place):
    with open_tesseract(place) as tesseract:
        assert tesseract.complete_level() == 1
        return [along.tolist() for along in tesseract.knots()]


def test_folder_packed_file_and_server_agree(strided, tmp_path):
    pack(strided)
    assert knots(strided) == knots(tmp_path / "small.tess.zip") == KNOTS
    with serving(tmp_path) as server:
        assert knots(f"{server.url}/small.tess") == knots(f"{server.url}/small.tess.zip") == KNOTS


def test_a_finer_grid_and_a_merged_tesseract_have_them_too(strided, tmp_path, project_of):
    grow(strided, tmp_path / "grown.tess", {"ink": None}).close()
    assert knots(tmp_path / "grown.tess") == [KNOTS[0], [0, 8, 16]]
    TesseractWriter.create(tmp_path / "other.tess", project_of(17, 9)).close()
    merge(tmp_path / "other.tess", [strided])
    assert knots(tmp_path / "other.tess") == KNOTS


def test_frames_are_blended_between_them(strided):
    with open_tesseract(strided) as tesseract:
        grid = tesseract.grid
        sampler = CpuSampler(tesseract.picture, grid, tesseract.knots(), method="blend")
        middle = sampler.frame((3 / 16, 2 / 8)).astype(int)
        around = [tesseract.picture(cell).astype(int) for cell in ((2, 0), (2, 4), (4, 0), (4, 4))]
    assert np.abs(middle - sum(around) / 4).max() <= 1


def test_info_tells_how_many_play(strided):
    run = CliRunner().invoke(cli, ["info", str(strided)])
    assert "levels     5, 2 complete" in run.output
    assert "plays      9 × 3 pictures" in run.output
    assert json.loads(CliRunner().invoke(cli, ["info", "--json", str(strided)]).output)["knots"] == [9, 3]


def test_they_are_what_is_measured(strided):
    with open_tesseract(strided) as tesseract:
        found = survey(tesseract, sweep=False)
    assert (found.shape, found.holes) == ((9, 3), 0)


def test_a_running_show_takes_them_up(strided, picture_of):
    now = 0.0
    with open_tesseract(strided) as tesseract, TesseractWriter.open(strided) as writer:
        grid = tesseract.grid
        watch = LevelsWatch(tesseract.knots, grid, tesseract.knots(), clock=lambda: now)
        for flats in grid.knots_chunks(grid.knots((3, 2)), 100):
            for flat in flats.tolist():
                writer.put_picture(grid.cell(flat), picture_of(flat))
        now = 10.0
        watch.finer()
        watch._thread.join()
        finer = watch.finer()
    assert [len(along) for along in finer] == [9, 5]
    assert math.prod(map(len, finer)) == 45
