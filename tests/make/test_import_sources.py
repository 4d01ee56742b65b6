"""Finished pictures from lists, contact sheets and videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from finished_pictures import HEIGHT, WIDTH, found, imported, save, shade

import tessonance as tess
from tessonance.errors import ProjectError, TessError
from tessonance.make.finding import found_project
from tessonance.project import parse_project


def cinema(folder: Path, rows: list[str]) -> Path:
    (folder / "data.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "data.csv"


def test_a_cinema_database_is_imported(tmp_path: Path) -> None:
    rows = ["phi,theta,seed,FILE"]
    for phi in (0, 90, 180):
        for theta in (-30, 30):
            save(tmp_path / "image" / f"{phi}_{theta}.png", shade(phi / 180, theta > 0))
            rows.append(f"{phi},{theta},7,image/{phi}_{theta}.png")
    project = found(cinema(tmp_path, rows), tmp_path)
    assert [(axis.name, axis.steps) for axis in project.axes] == [("phi", 3), ("theta", 2)]  # seed does not vary
    assert imported(project, tmp_path / "c.tess").encoded == 6
    rows[1] = rows[1].rpartition(",")[0] + ",NaN"
    assert imported(found(cinema(tmp_path, rows), tmp_path), tmp_path / "d.tess").missing == 1


def test_a_list_leads_to_no_file_outside_its_folder(tmp_path: Path) -> None:
    inside = tmp_path / "c"
    save(inside / "a.png", shade(0.1))
    save(tmp_path / "secret.png", shade(0.9))
    rows = ["k,FILE", "0,a.png", "1,../secret.png", f"2,{tmp_path}/secret.png", r"3,..\secret.png", r"4,C:\secret.png"]
    report = imported(found(cinema(inside, rows), inside), tmp_path / "c.tess")
    assert report.painted == 1
    assert sum("leads out of its folder" in line for line in report.strange) == 4


@pytest.mark.parametrize(
    ("rows", "how", "problem"),
    [
        ([], {}, "there is no column 'FILE'"),
        (["a,b", "1,2"], {}, "there is no column 'FILE'"),
        (["a,FILE", "1,x.png"], {"column": "FIL"}, "did you mean 'FILE'?"),
        (["a,FILE"], {}, "there are no finished pictures"),
        (["a,FILE", "1"], {}, "it is shorter than the first row"),
        (["k,FILE", "1,x.png", "1,y.png", "2,z.png"], {}, "two pictures claim one cell"),
        (["p,q,r,FILE", *(f"{k},{k * k % 97},{k * 7 % 89},x{k}.png" for k in range(90))], {}, "--axes height,blot"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, rows: list[str], how: dict[str, str], problem: str) -> None:
    for name in ("x.png", "y.png", "z.png"):
        save(tmp_path / name, shade(0.1))
    with pytest.raises(TessError) as refused:
        imported(found(cinema(tmp_path, rows), tmp_path, **how), tmp_path / "c.tess")
    assert problem in str(refused.value)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """A sheet of 3 columns and 2 rows with legends at the left and above."""
    whole = np.full((20 + 2 * HEIGHT + 4, 30 + 3 * WIDTH + 8, 3), 255, np.uint8)
    for row in range(2):
        for column in range(3):
            top, left = 20 + row * (HEIGHT + 4), 30 + column * (WIDTH + 4)
            whole[top : top + HEIGHT, left : left + WIDTH] = shade(row, column / 2)
    save(tmp_path / "plot.png", whole)
    return tmp_path / "plot.png"


def test_a_contact_sheet_is_cut(sheet: Path, tmp_path: Path) -> None:
    how = {"cells": (3, 2), "cell": (WIDTH, HEIGHT), "gap": 4}
    project = found(sheet, tmp_path, **how, axes=("cfg", "steps"))
    assert [(axis.name, axis.steps) for axis in project.axes] == [("cfg", 2), ("steps", 3)]
    assert imported(project, tmp_path / "s.tess").encoded == 6
    with tess.open(tmp_path / "s.tess") as tesseract:
        for cell in ((0, 0), (1, 0), (1, 2)):
            assert np.abs(tesseract.picture(cell).astype(int) - shade(cell[0], cell[1] / 2)).mean() < 3
    bare = np.concatenate([shade(0.2), shade(0.7)], axis=1)
    save(tmp_path / "bare.png", bare)
    strip = found(tmp_path / "bare.png", tmp_path, cells=(2, 1), axes=("one",))
    assert imported(strip, tmp_path / "b.tess").encoded == 2


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({}, "how many cells"),
        ({"cells": (5, 2)}, "does not divide"),
        ({"cells": (3, 2), "cell": (WIDTH, 200)}, "the sheet is too small"),
        ({"cells": (3, 2), "cell": (WIDTH, HEIGHT), "offset": (100, 0)}, "the sheet is too small"),
        ({"cells": (3, 2), "cell": (WIDTH, HEIGHT), "axes": ("a", "b", "c")}, "how many cells"),
    ],
)
def test_a_sheet_that_does_not_divide_is_refused(
    sheet: Path, tmp_path: Path, how: dict[str, object], problem: str
) -> None:
    with pytest.raises(ProjectError) as refused:
        found(sheet, tmp_path, **how)
    assert problem in str(refused.value)


def test_a_video_is_a_line(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "clip.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=10, options={"q": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(11):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(shade(number / 10), format="rgb24")))
        film.mux(stream.encode())
    whole = found(tmp_path / "clip.mp4", tmp_path)
    assert [(axis.name, axis.steps) for axis in whole.axes] == [("time", 11)]
    assert imported(whole, tmp_path / "v.tess").encoded == 11
    text = found_project(tmp_path / "clip.mp4", tmp_path, steps=3).text
    few = parse_project(text, folder=tmp_path)
    imported(few, tmp_path / "few.tess")
    with tess.open(tmp_path / "v.tess") as all_, tess.open(tmp_path / "few.tess") as some:
        assert np.array_equal(some.picture((1,)), all_.picture((5,)))
    with pytest.raises(ProjectError, match="the video has fewer frames"):
        found_project(tmp_path / "clip.mp4", tmp_path, steps=12)
