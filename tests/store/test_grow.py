"""Growing: every picture keeps its place in the finer grid, byte for byte, and the old tesseract stays as it was."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import tessonance as tess
from tessonance.cli import main
from tessonance.errors import GridError, OutputExists, TesseractError
from tessonance.grid import Axis
from tessonance.project import Generator, Picture, Project, Route, parse_project
from tessonance.store import TesseractWriter, grow
from tessonance.store.grow import finer

SHARD = "frames/c.0.0.0.0.0"
finite = st.floats(-1e300, 1e300, allow_nan=False)


def one_axis(**axis):
    return Project(picture=Picture(), generator=Generator(use="plasma"), axes=(Axis(name="bloom", **axis),))


@given(st.integers(1, 400), st.integers(2, 50), finite, finite, st.booleans())
def test_every_old_value_is_to_the_last_bit_among_the_new_ones(steps, factor, start, stop, closed):
    project = one_axis(steps=steps, start=start, stop=stop if stop != start else start + 1e290, closed=closed)
    edges = max(1, project.axes[0].edges)
    many = edges * factor + (0 if closed else 1)
    (old,), (new,) = project.axes, finer(project, {"bloom": many}).axes
    assert new.steps == many
    assert old.values.tolist() == new.values[:: new.edges // edges][: old.steps].tolist()


@given(st.integers(0, 8), st.integers(1, 7), st.booleans())
def test_where_levels_fit_the_old_steps_are_a_level_of_the_new_axis(bisections, factor, closed):
    """2^k + 1 steps, or 2^k closed ones; whatever the new number is."""
    steps = 2**bisections + (0 if closed else 1)
    old = Axis(name="bloom", steps=steps, closed=closed)
    new = msgspec.structs.replace(old, steps=old.edges * factor + (0 if closed else 1)) if old.edges else old
    assert new.knots(bisections).tolist() == [index * factor if old.edges else index for index in range(steps)]


def test_unless_told_an_axis_is_bisected():
    names = ("a", "b", "c", "d")
    axes = [Axis(name=name, steps=n, closed=name > "b") for name, n in zip(names, (2, 33, 16, 1), strict=True)]
    project = Project(picture=Picture(), generator=Generator(use="plasma"), axes=tuple(axes))
    assert finer(project, dict.fromkeys(names)).grid.shape == (3, 65, 32, 2)
    assert finer(project, {"c": None}).grid.shape == (2, 33, 32, 1)


@pytest.mark.parametrize(
    ("axis", "steps", "text"),
    [
        ({"steps": 5}, 10, "wanted: 9, 13, 17 … steps in place of 5\n  got: steps = 10\n  try: bloom=9"),
        ({"steps": 6, "closed": True}, 15, "wanted: 12, 18, 24 … steps in place of 6\n  got: steps = 15"),
        ({"steps": 5}, 3, "not every old value would be among the new ones"),
        ({"steps": 5}, 1, "not every old value would be among the new ones"),
        ({"steps": 5}, 0, "steps is out of range"),
        ({"steps": 5}, 4_000_001, "steps is out of range"),
        ({"steps": 600_000}, None, "steps is out of range"),
        ({"steps": 5}, 5, "nothing would grow"),
        ({"steps": 1}, None, "an axis of one step has nothing to bisect\n  try: say how many"),
        ({"steps": 1, "stop": 0.0}, 5, "the range is no range"),
    ],
)
def test_steps_that_do_not_fit_are_refused_with_those_that_do(axis, steps, text):
    with pytest.raises(GridError) as caught:
        finer(one_axis(**axis), {"bloom": steps})
    assert str(caught.value).startswith("axis 'bloom'") or steps == 5
    assert text in str(caught.value)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(GridError, match=r"there is no axis 'blom'\n  try: did you mean 'bloom'"):
        finer(one_axis(steps=5), {"blom": 9})


def test_a_grid_that_would_be_too_large_is_refused():
    axes = (Axis(name="bloom", steps=5), Axis(name="ink", steps=40_001))
    with pytest.raises(GridError, match="the grid has too many cells"):
        finer(Project(picture=Picture(), generator=Generator(use="plasma"), axes=axes), {"bloom": 40_001})


SHAPES = [
    ((9,), {"bloom": None}, ()),
    ((8,), {"bloom": 24}, ("bloom",)),
    ((5, 3), {"ink": None}, ()),
    ((5, 4), {"bloom": 13, "ink": None}, ("ink",)),
    ((3, 4, 2), {"turn": 5, "bloom": None}, ()),
    ((1, 5), {"bloom": 7}, ()),
]


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
@pytest.mark.parametrize(("steps", "wanted", "closed"), SHAPES)
def test_every_picture_keeps_its_place(make, project_of, bytes_of, files_of, tmp_path, steps, wanted, closed, codec):
    project = project_of(*steps, codec=codec, closed=closed)
    source = make(project, range(0, project.grid.size, 2))
    before, files = bytes_of(source), files_of(source)
    with grow(source, tmp_path / "new.tess", wanted) as grown:
        old, new = project.grid, grown.grid
        assert grown.project == finer(project, wanted)
        points = {tuple(old.point(cell).values()): found for cell, found in before.items()}
        assert {tuple(new.point(cell).values()): found for cell, found in bytes_of(grown.path).items()} == points
    assert files_of(source) == files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.tess", "small.tess"]


def test_a_grown_tesseract_may_have_more_files_than_the_old_one(make, project_of, bytes_of, tmp_path):
    source = make(project_of(100, 150), [0, 151, 9_000, 14_999])
    before = bytes_of(source)
    with grow(source, tmp_path / "new.tess", {"bloom": None, "ink": None}) as grown:
        after = bytes_of(grown.path)
    assert after == {(2 * bloom, 2 * ink): found for (bloom, ink), found in before.items()}
    assert len(list((tmp_path / "new.tess" / "frames").glob("c.*"))) == 3


def test_a_packed_tesseract_grows_into_a_folder(make, project_of, bytes_of, packed, capsys):
    source = make(project_of(5, 3))
    before, archive = bytes_of(source), packed(source)
    assert command("grow", archive, "ink") == 0
    after = bytes_of(source.with_name("small-5x5.tess"))
    assert after == {(bloom, 2 * ink): found for (bloom, ink), found in before.items()}


def test_routes_come_along(make, project_of, tmp_path):
    project = msgspec.structs.replace(project_of(5, 3), routes=(Route(feature="low", axis="ink", attack_ms=7.0),))
    with grow(make(project), tmp_path / "new.tess", {"ink": None}) as grown:
        assert grown.project.routes == project.routes


PLASMA = """
[picture]
width = 16
height = 16
[generator]
use = "plasma"
[[axis]]
name = "bloom"
steps = {bloom}
[[axis]]
name = "turn"
steps = {turn}
closed = true
"""


def test_generate_then_paints_only_what_is_new(tmp_path, bytes_of):
    coarse, fine = (parse_project(PLASMA.format(bloom=bloom, turn=turn)) for bloom, turn in ((5, 4), (9, 8)))
    tess.generate(coarse, tmp_path / "coarse.tess", workers=1).close()
    with grow(tmp_path / "coarse.tess", tmp_path / "grown.tess", {"bloom": None, "turn": None}) as grown:
        assert grown.complete_level() == coarse.grid.levels - 1
        assert [len(knots) for knots in grown.knots()] == [5, 4]
    kept, seen = bytes_of(tmp_path / "grown.tess"), []
    with tess.generate(fine, tmp_path / "grown.tess", workers=1, progress=seen.append) as tesseract:
        assert (tesseract.painted(), seen[-1].fresh) == (72, 52)
    tess.generate(fine, tmp_path / "fine.tess", workers=1).close()
    assert len(kept) == 20
    assert (
        bytes_of(tmp_path / "grown.tess") == bytes_of(tmp_path / "fine.tess") | kept == bytes_of(tmp_path / "fine.tess")
    )


def test_old_levels_stay_complete_as_far_as_the_old_edges_halve(make, project_of, tmp_path):
    """25 steps have 24 edges, which halve three times: 9 knots; 10 steps have 9, which do not: the two ends."""
    for steps, knots in ((17, 17), (25, 9), (10, 2)):
        source = make(project_of(steps), name=f"{steps}.tess")
        with grow(source, tmp_path / f"{steps}-new.tess", {"bloom": None}) as grown:
            assert [len(along) for along in grown.knots()] == [knots]


def test_whichever_axis_grows_all_old_pictures_play_on(make, project_of, tmp_path):
    """The complete level may become coarser, but each axis has a level of its own."""
    source = make(project_of(17, 5))
    for steps in ({"bloom": None}, {"ink": None}):
        with grow(source, tmp_path / f"{next(iter(steps))}.tess", steps) as grown:
            assert [len(along) for along in grown.knots()] == [17, 5]


def test_on_a_perceptual_axis_new_values_stand_evenly_between_the_old_ones(tmp_path):
    even = Axis(name="a", start=1.0, stop=2.0, steps=3, spacing="perceptual")
    axes = (replace(even, recorded=(1.0, 1.1, 2.0)), Axis(name="b", steps=2, closed=True, spacing="perceptual"))
    axes = (axes[0], replace(axes[1], recorded=(0.0, 0.3)))
    source = Project(picture=Picture(width=16, height=16), generator=Generator(use="plasma"), axes=axes)
    grown = finer(source, {"a": None, "b": 4}).axes
    assert grown[0].recorded == pytest.approx((1.0, 1.05, 1.1, 1.55, 2.0))
    assert grown[0].recorded[::2] == axes[0].recorded
    assert grown[1].recorded == pytest.approx((0.0, 0.15, 0.3, 0.65))


def test_damaged_pictures_are_left_out(make, project_of, bytes_of, tmp_path):
    source = make(project_of(5, 3))
    with (source / SHARD).open("r+b") as file:
        file.seek(16 * 7 + 8)
        file.write(b"\0" * 8)
    with TesseractWriter.open(source) as writer:
        picture = writer.codec.encode(np.zeros((16, 24, 3), np.uint8))
        writer.put((0, 1), picture)
    with (source / SHARD).open("r+b") as file:
        file.seek(-len(picture), 2)
        file.write(b"\0")
    with grow(source, tmp_path / "new.tess", {"ink": None}) as grown:
        assert grown.painted() == 13
        assert bytes_of(grown.path).keys().isdisjoint({(2, 2), (0, 2)})


def test_nothing_is_written_where_it_is_refused(make, project_of, tmp_path):
    source = make(project_of(5, 3))
    (tmp_path / "there.tess").symlink_to(tmp_path / "nowhere")
    for target, error in ((source, OutputExists), (tmp_path / "there.tess", OutputExists)):
        with pytest.raises(error, match="there is something of that name already"):
            grow(source, target, {"ink": None})
    with pytest.raises(GridError, match="the grid has too many cells"):
        grow(source, tmp_path / "new.tess", {"bloom": 400_001, "ink": 400_001})
    with pytest.raises(TesseractError, match="there is no such tesseract"):
        grow(tmp_path / "none.tess", tmp_path / "new.tess", {"ink": None})
    with pytest.raises(TesseractError, match="the folder is not there"):
        grow(source, tmp_path / "no" / "new.tess", {"ink": None})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.tess", "there.tess"]


GROW = "from tessonance.store import grow; grow(sys.argv[2], sys.argv[3], {'bloom': None, 'ink': None})"


def test_killed_in_the_middle_of_any_write_it_is_never_taken_for_finished_and_goes_on(
    make, project_of, bytes_of, files_of, killed_at, tmp_path
):
    source = make(project_of(10, 10))
    target, partial = tmp_path / "new.tess", tmp_path / "new.tess.partial"
    before, files, painted = bytes_of(source), files_of(source), []
    wanted = {(2 * bloom, 2 * ink): found for (bloom, ink), found in before.items()}
    for write in (1, 22, 32):
        killed_at(write, GROW, source, target)
        assert not target.exists()
        now = bytes_of(partial)
        assert now.items() <= wanted.items()
        painted.append(len(now))
    assert painted == [0, 10, 25]
    grow(source, target, {"bloom": None, "ink": None}).close()
    assert bytes_of(target) == wanted
    assert not partial.exists()
    assert files_of(source) == files


def test_what_went_wrong_in_an_unfinished_one_is_mended(make, project_of, picture_of, bytes_of, killed_at, tmp_path):
    """After a power failure, or where the source was painted anew meanwhile."""
    source = make(project_of(5, 3))
    target, partial = tmp_path / "new.tess", tmp_path / "new.tess.partial"
    killed_at(15, GROW, source, target)
    with TesseractWriter.open(partial) as writer:
        writer.put_picture((0, 2), picture_of(1, version=9))
    with (partial / SHARD).open("r+b") as file:
        file.write(b"\1" * 16)
    grow(source, target, {"bloom": None, "ink": None}).close()
    before = bytes_of(source)
    assert bytes_of(target) == {(2 * bloom, 2 * ink): found for (bloom, ink), found in before.items()}


def test_an_unfinished_one_of_other_steps_is_not_mixed_with_this_one(make, project_of, files_of, killed_at, tmp_path):
    source, target = make(project_of(5, 3)), tmp_path / "new.tess"
    killed_at(9, GROW, source, target)
    before = files_of(tmp_path)
    with pytest.raises(TesseractError) as caught:
        grow(source, target, {"ink": None})
    text = str(caught.value)
    assert text.startswith(f"{target}.partial: something else was begun under this name and not finished")
    assert "axis.bloom.steps: 5 here, 9 there" in text
    assert text.endswith("try: delete it, or choose another name")
    assert files_of(tmp_path) == before


def test_a_full_disk_leaves_nothing_under_the_name_and_it_goes_on(make, project_of, bytes_of, tmp_path, full_disk):
    source, target = make(project_of(5, 3)), tmp_path / "new.tess"
    with full_disk(after=8), pytest.raises(TesseractError) as caught:
        grow(source, target, {"ink": None})
    assert str(caught.value).startswith(f"{target}.partial: the disk is full\n")
    assert str(caught.value).endswith("make room and run it again")
    assert not target.exists()
    with grow(source, target, {"ink": None}) as grown:
        assert grown.painted() == 15


def test_progress_goes_from_nothing_to_all(make, project_of, tmp_path):
    seen = []
    source = make(project_of(20, 10))
    grow(source, tmp_path / "new.tess", {"ink": None}, progress=lambda *at: seen.append(at)).close()
    assert seen == [(0, 200), (64, 200), (128, 200), (192, 200), (200, 200)]


def command(*words):
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return leaving.value.code


def test_the_command_says_what_to_write_into_the_project_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PLASMA.format(bloom=5, turn=4)
    (tmp_path / "small.toml").write_text(text)
    tess.generate("small.toml", "small.tess", workers=1).close()
    assert command("grow", "small.tess", "bloom", "turn=12") == 0
    assert capsys.readouterr().out == (
        "small-9x12.tess: 20 of 108 pictures, from small.tess\n"
        "next, in small.toml:\n"
        '  [[axis]] "bloom": steps = 9\n'
        '  [[axis]] "turn": steps = 12\n'
        "then tess generate small.toml -o small-9x12.tess\n"
    )
    assert (tmp_path / "small.toml").read_text() == text
    (tmp_path / "small.toml").write_text(PLASMA.format(bloom=9, turn=12))
    assert command("generate", "small.toml", "-o", "small-9x12.tess", "--workers", 1) == 0
    assert command("grow", "small-9x12.tess", "bloom", "--json") == 0
    facts = json.loads(capsys.readouterr().out.partition("SONG\n")[2])
    steps = {"bloom": 17, "turn": 12}
    assert facts == {"path": "small-17x12.tess", "steps": steps, "cells": 204, "painted": 108, "damaged": 0}


def test_the_command_fails_where_pictures_are_damaged_and_copies_the_others(make, project_of, tmp_path, capsys):
    source = make(project_of(5, 3))
    with (source / SHARD).open("r+b") as file:
        file.seek(16 * 7 + 8)
        file.write(b"\0" * 8)
    assert command("grow", source, "ink", "-o", tmp_path / "new.tess") == 1
    said = capsys.readouterr()
    assert f"{source}: 1 damaged and left out: they will be painted again" in said.err
    assert "14 of 25 pictures" in said.out
    assert "next, in PROJECT.toml:" in said.out


def test_a_wrong_call_is_answered(make, project_of, capsys):
    source = make(project_of(5, 3))
    assert command("grow", source, "ink=many") == 2
    assert "'ink=many' gives no number of steps; write bloom or bloom=65" in capsys.readouterr().err
    assert command("grow", source) == 2
    assert command("grow", source, "ink=4") == 1
    assert "try: ink=5" in capsys.readouterr().err
