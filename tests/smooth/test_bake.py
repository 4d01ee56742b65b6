"""A whole bake: what it keeps, and that it goes on wherever it was stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import flat, line, noise

import tessonance as tess
from tessonance.errors import TesseractError, TessError
from tessonance.grid import Axis
from tessonance.project import Generator, Picture, Project
from tessonance.smooth.flip import flip
from tessonance.smooth.views import view
from tessonance.store import TesseractWriter, open_tesseract, pack
from tessonance.store.bake import find_bake

HEIGHT, WIDTH = 96, 128


def project(*steps: int, closed: bool = False) -> Project:
    names = ("move", "tint")
    axes = tuple(Axis(name=name, steps=n, closed=closed) for name, n in zip(names, steps, strict=False))
    return Project(picture=Picture(width=WIDTH, height=HEIGHT), generator=Generator(use="plasma"), axes=axes)


def moving(cell: tuple[int, ...]) -> np.ndarray:
    """Motion along the first axis, another light along the second."""
    picture = line("pan")[cell[0]]
    return picture if len(cell) == 1 else (picture.astype(int) * (8 - cell[1]) // 8).astype(np.uint8)


def moving_grey(place: int) -> np.ndarray:
    return flat(50 + 20 * place, HEIGHT, WIDTH)


def make(path: Path, what: Project, paint=moving, cells=None) -> Path:
    with TesseractWriter.create(path, what) as writer:
        paint_more(writer, paint, cells)
    return path


def paint_more(writer: TesseractWriter, paint=moving, cells=None) -> None:
    for flat_ in range(writer.grid.size):
        cell = writer.grid.cell(flat_)
        if (cells is None or cell in cells) and not writer.is_painted(np.array([flat_]))[0]:
            writer.put_picture(cell, paint(cell))


@pytest.fixture
def small(tmp_path) -> Path:
    return make(tmp_path / "small.tess", project(5, 3))


def numbers(path: Path) -> list[object]:
    with open_tesseract(path) as tesseract:
        bake = tesseract.bake()
        assert bake is not None
        found: list[object] = [bake.calibration]
        for axis in range(len(bake.knots)):
            found += [bake.methods(axis).tolist(), bake.distances(axis).tolist()]
            for edge in np.ndindex(bake.methods(axis).shape):
                field = bake.stored_field(axis, edge)
                found.append(field and (field.forward.tolist(), field.backward.tolist(), field.scale))
        return found


def test_motion_flows_and_light_blends(small):
    told = []
    report = tess.bake(small, progress=lambda done, total: told.append((done, total)))
    assert [(axis.name, axis.edges, axis.flow, axis.blend) for axis in report.axes] == [
        ("move", 12, 12, 0),
        ("tint", 10, 0, 10),
    ]
    assert (report.made, report.kept, report.missing, report.stale) == (22, 0, 0, 0)
    assert told[0] == (0, 22)
    assert told[-1] == (22, 22)
    assert report.calibration.rank_correlation > 0.9
    assert not report.rough


def test_distances_are_in_units_of_flip(small):
    report = tess.bake(small)
    with open_tesseract(small) as tesseract:
        bake = tesseract.bake()
        for axis in (0, 1):
            for edge in np.ndindex(bake.methods(axis).shape):
                first, second = (view(tesseract.picture(cell)) for cell in bake.files.ends(axis, edge))
                assert bake.distances(axis)[edge][2] == pytest.approx(flip(first, second), rel=0.15)
        lengths = [bake.distances(axis)[..., 2].sum(axis=axis).mean() for axis in (0, 1)]
    assert [axis.length for axis in report.axes] == pytest.approx(lengths, rel=1e-5)


def test_a_second_bake_has_nothing_to_do_and_again_makes_the_same(small):
    tess.bake(small, workers=1)
    first = numbers(small)
    report = tess.bake(small)
    assert (report.made, report.kept) == (0, 22)
    assert numbers(small) == first
    assert tess.bake(small, again=True, workers=3).made == 22
    assert numbers(small) == first


def test_edges_of_a_changed_picture_are_made_again(small):
    tess.bake(small)
    with TesseractWriter.open(small) as writer:
        writer.put_picture((1, 1), noise(3, HEIGHT, WIDTH))
    report = tess.bake(small)
    assert (report.made, report.kept, report.stale) == (4, 18, 4)
    with open_tesseract(small) as tesseract:
        assert tesseract.bake().baked() == 22
        assert tesseract.bake().stale == 0
        assert tesseract.bake().field(0, (1, 1)) is None  # to noise nothing moves


def test_another_picture_of_the_same_length_is_noticed_too(tmp_path):
    path = make(tmp_path / "grey.tess", project(3), lambda cell: moving_grey(cell[0]))
    tess.bake(path)
    with TesseractWriter.open(path) as writer:
        lengths = {code: len(writer.codec.encode(flat(code, HEIGHT, WIDTH))) for code in range(100, 200)}
        other = next(code for code, length in lengths.items() if length == len(writer.codec.encode(moving_grey(1))))
        writer.put_picture((1,), flat(other, HEIGHT, WIDTH))
    with open_tesseract(path) as tesseract:
        assert tesseract.bake().stale == 0  # a look at lengths does not tell
    assert tess.bake(path).stale == 2


def test_what_a_finer_level_still_has_is_taken_over(tmp_path):
    """The first axis is finished sooner; its edges at the old knots of the second one stay."""
    what = project(3, 5)
    coarse = {(a, b) for a in range(3) for b in (0, 2, 4)}
    path = make(tmp_path / "grows.tess", what, cells=coarse)
    assert tess.bake(path).made == 12
    before = numbers(path)
    with TesseractWriter.open(path) as writer:
        paint_more(writer)
    with open_tesseract(path) as tesseract:
        assert find_bake(tesseract).bake is None
    report = tess.bake(path)
    assert (report.reused, report.made) == (6, 10 + 12 - 6)
    assert not (path / "bake.old").exists()
    after = numbers(path)
    assert after[0] == before[0]  # its calibration came with it
    with open_tesseract(path) as tesseract:
        assert tesseract.bake().methods(0)[:, ::2].tolist() == before[1]


def test_whoever_was_killed_while_a_bake_was_replaced_loses_nothing_of_the_old_one(tmp_path):
    coarse = {(a, b) for a in range(3) for b in (0, 2, 4)}
    path = make(tmp_path / "grows.tess", project(3, 5), cells=coarse)
    tess.bake(path)
    with TesseractWriter.open(path) as writer:
        paint_more(writer)
    (path / "bake").rename(path / "bake.old")
    (path / ".bake.0123abcd.partial").mkdir()
    assert tess.bake(path).reused == 6
    assert sorted(found.name for found in path.iterdir() if "bake" in found.name) == ["bake"]


def test_an_axis_with_a_level_of_its_own_is_baked_as_it_is_played(tmp_path):
    """One axis may be finer than the other; what is played is baked, and what is painted besides decides with it."""
    cells = {(a, b) for a in range(5) for b in (0, 4)} | {(0, 2)}
    path = make(tmp_path / "strides.tess", project(5, 5), cells=cells)
    with open_tesseract(path) as tesseract:
        assert [along.tolist() for along in tesseract.knots()] == [[0, 1, 2, 3, 4], [0, 4]]
    report = tess.bake(path)
    assert [(axis.edges, axis.flow + axis.blend) for axis in report.axes] == [(8, 8), (5, 5)]
    with open_tesseract(path) as tesseract:
        assert tesseract.bake() is not None


def test_equal_pictures_are_no_distance_apart(tmp_path):
    path = make(tmp_path / "grey.tess", project(3, 3), lambda cell: flat(90, HEIGHT, WIDTH))
    report = tess.bake(path)
    assert [(axis.blend, axis.length) for axis in report.axes] == [(6, 0.0), (6, 0.0)]
    with open_tesseract(path) as tesseract:
        assert not tesseract.bake().distances(0).any()


def test_pure_noise_blends(tmp_path):
    path = make(tmp_path / "noise.tess", project(4), lambda cell: noise(cell[0], HEIGHT, WIDTH))
    report = tess.bake(path)
    assert [(axis.flow, axis.blend) for axis in report.axes] == [(0, 3)]


@pytest.mark.parametrize("steps", [(1,), (1, 1)])
def test_one_picture_has_no_edge(tmp_path, steps):
    path = make(tmp_path / "one.tess", project(*steps))
    report = tess.bake(path)
    assert report.edges == report.made == 0
    assert report.calibration is None
    with open_tesseract(path) as tesseract:
        assert tesseract.bake().edges() == 0


def test_an_axis_of_one_step_is_passed_over(tmp_path):
    report = tess.bake(make(tmp_path / "row.tess", project(3, 1)))
    assert [(axis.edges, axis.length) for axis in report.axes][1] == (0, 0.0)
    assert report.made == 2


def test_a_closed_axis_has_an_edge_more(tmp_path):
    path = make(tmp_path / "ring.tess", project(6, closed=True), lambda cell: line("orbit", 6)[cell[0]])
    assert tess.bake(path).made == 6


def test_without_a_complete_level_there_is_nothing_to_bake(tmp_path):
    path = make(tmp_path / "holes.tess", project(3, 3), cells={(0, 0), (2, 2)})
    with pytest.raises(TesseractError, match="coarsest level is not complete"):
        tess.bake(path)
    assert not (path / "bake").exists()


def test_a_hole_beyond_the_complete_level_does_no_harm(tmp_path):
    path = make(tmp_path / "holes.tess", project(5), cells={(0,), (2,), (4,), (1,)})
    report = tess.bake(path)
    assert report.made == 2  # of level 1; the picture at 1 is a known one inside its first edge


def test_a_damaged_picture_costs_its_edges_only(small):
    with open_tesseract(small) as tesseract:
        offset, _ = tesseract.shard((0, 0)).entry(tesseract.layout.locate((1, 1))[1])
    shard = small / "frames" / "c.0.0.0.0.0"
    raw = bytearray(shard.read_bytes())
    raw[offset : offset + 4] = b"none"
    shard.write_bytes(raw)
    report = tess.bake(small)
    assert (report.made, report.missing) == (18, 4)
    with TesseractWriter.open(small) as writer:
        writer.put_picture((1, 1), moving((1, 1)))
    report = tess.bake(small)
    assert (report.made, report.kept, report.missing) == (4, 18, 0)


def test_a_bake_that_cannot_be_read_is_made_again(small):
    tess.bake(small)
    first = numbers(small)
    (small / "bake" / "move" / "method" / "c.0.0").write_bytes(b"")
    report = tess.bake(small)
    assert "another size" in report.damaged
    assert report.made == 22
    assert numbers(small) == first


def test_a_field_that_was_lost_is_made_again(small):
    tess.bake(small)
    first = numbers(small)
    (small / "bake" / "move" / "flow" / "c.0.0.0.0.0.0").unlink()
    report = tess.bake(small)
    assert (report.made, report.kept) == (12, 10)
    assert numbers(small) == first


def test_one_writer_at_a_time(small):
    with TesseractWriter.open(small), pytest.raises(TesseractError, match="somebody else is writing"):
        tess.bake(small)


def test_a_packed_tesseract_is_not_baked(small):
    packed = pack(small).path
    with pytest.raises(TesseractError, match="unpack"):
        tess.bake(packed)


def test_a_finder_that_is_not_there_is_refused(small):
    with pytest.raises(TessError, match="nothing finds flow by the name 'diss'"):
        tess.bake(small, finder="diss")


KILLED = """
import os, signal, sys
from tessonance.store import bake_writer
import tessonance as tess

put, left = bake_writer.BakeWriter.put, int(sys.argv[2])

def put_or_die(*words):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    put(*words)

bake_writer.BakeWriter.put = put_or_die
tess.bake(sys.argv[1], workers=2)
"""


def test_a_bake_that_was_killed_goes_on(small, tmp_path):
    tess.bake(small)
    whole = numbers(small)
    other = make(tmp_path / "killed.tess", project(5, 3))
    for puts in (0, 7):
        done = subprocess.run([sys.executable, "-c", KILLED, other, str(puts)], capture_output=True, check=False)
        assert done.returncode == (1 if os.name == "nt" else -signal.SIGKILL), done.stderr
    report = tess.bake(other)
    assert (report.kept, report.made) == (7, 15)
    assert numbers(other) == whole
