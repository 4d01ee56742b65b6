"""Merging: what lacks is copied byte for byte, what is there stays, and nothing is ever lost."""

import json

import msgspec
import numpy as np
import pytest

from tessonance.cli import main
from tessonance.errors import TesseractError
from tessonance.store import TesseractWriter, merge, open_tesseract
from tessonance.store.layout import ENTRY

SHARD = "frames/c.0.0.0.0.0"


def outcome(report):
    return [(one.copied, one.kept, one.differing, one.damaged) for one in report.sources]


def repaint(path, cell, picture):
    with TesseractWriter.open(path) as writer:
        writer.put_picture(cell, picture)


def break_header(path, flat):
    """Make what is stored for a cell of one shard no picture; the entry stays good."""
    with (path / SHARD).open("r+b") as file:
        file.seek(ENTRY.size * flat)
        offset, _ = ENTRY.unpack(file.read(ENTRY.size))
        file.seek(offset)
        file.write(b"\0\0\0\0")


def break_entry(path, flat):
    with (path / SHARD).open("r+b") as file:
        file.seek(ENTRY.size * flat)
        file.write(ENTRY.pack(1, 2**40))


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
@pytest.mark.parametrize("steps", [(40,), (5, 8), (3, 4, 5), (2, 3, 2, 3)])
def test_what_lacks_is_copied_byte_for_byte(make, project_of, bytes_of, files_of, steps, codec):
    project = project_of(*steps, codec=codec, closed=("bloom",))
    size = project.grid.size
    into = make(project, range(0, size, 3), name="into.tess")
    source = make(project, range(0, size, 2), name="from.tess")
    before, offered, source_files = bytes_of(into), bytes_of(source), files_of(source)
    report = merge(into, [source])
    assert bytes_of(into) == offered | before
    assert files_of(source) == source_files
    both = len(before.keys() & offered.keys())
    assert outcome(report) == [(len(offered) - both, both, 0, 0)]
    assert (report.copied, report.damaged) == (len(offered) - both, 0)
    assert (report.into, report.painted, report.cells) == (str(into), len(offered | before), size)


def test_many_files_are_merged_whatever_their_shape(make, project_of, bytes_of, monkeypatch):
    """The specification lets a writer choose how many cells a file holds."""
    project = project_of(30, 40)
    into = make(project, range(0, 1200, 7), name="into.tess")
    monkeypatch.setattr("tessonance.store.metadata.shard_shape", lambda grid: (4, 7))
    source = make(project, range(0, 1200, 5), name="from.tess")
    before, offered = bytes_of(into), bytes_of(source)
    assert len(list((source / "frames").glob("c.*"))) > 40
    merge(into, [source])
    assert bytes_of(into) == offered | before


def test_the_first_source_that_has_a_picture_gives_it(make, project_of, picture_of, is_of):
    project = project_of(5, 3)
    into, one, two = (make(project, flats, name=f"{flats}.tess") for flats in ([], [0, 1], [1, 2]))
    repaint(two, (0, 1), picture_of(1, version=9))
    report = merge(into, [one, two])
    assert outcome(report) == [(2, 0, 0, 0), (1, 1, 1, 0)]
    with open_tesseract(into) as tesseract:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(3))


def test_a_picture_that_is_there_stays_and_is_counted_where_it_differs(make, project_of, picture_of, bytes_of):
    project = project_of(5, 3)
    into, source = make(project, [0, 1, 2], name="into.tess"), make(project, [1, 2, 3], name="from.tess")
    repaint(source, (0, 2), picture_of(2, version=9))
    before = bytes_of(into)
    assert outcome(merge(into, [source])) == [(1, 2, 1, 0)]
    assert {cell: found for cell, found in bytes_of(into).items() if cell in before} == before


def test_merged_again_there_is_nothing_left_to_do(make, project_of, files_of):
    project = project_of(5, 3)
    into, source = make(project, [0, 1], name="into.tess"), make(project, name="from.tess")
    merge(into, [source])
    after = files_of(into)
    assert outcome(merge(into, source)) == [(0, 15, 0, 0)]
    assert files_of(into) == after


@pytest.mark.parametrize("spoil", [break_header, break_entry])
def test_damaged_pictures_of_a_source_are_left_out_and_counted(make, project_of, bytes_of, spoil):
    project = project_of(5, 3)
    into, source = make(project, [0, 1], name="into.tess"), make(project, [1, 2, 3], name="from.tess")
    offered = bytes_of(source)
    spoil(source, 2)
    report = merge(into, [source])
    assert (outcome(report), report.damaged) == ([(1, 1, 0, 1)], 1)
    assert bytes_of(into).keys() == {(0, 0), (0, 1), (1, 0)}
    assert bytes_of(into)[1, 0] == offered[1, 0]


@pytest.mark.parametrize("spoil", [break_header, break_entry])
def test_a_damaged_picture_is_one_that_lacks(make, project_of, bytes_of, spoil):
    project = project_of(5, 3)
    into, source = make(project, [0, 1], name="into.tess"), make(project, [1, 2], name="from.tess")
    offered = bytes_of(source)
    spoil(into, 1)
    assert outcome(merge(into, [source])) == [(2, 0, 0, 0)]
    assert bytes_of(into)[0, 1] == offered[0, 1]


def test_a_source_that_is_being_painted_gives_what_it_has(make, project_of, picture_of):
    project = project_of(5, 3)
    into, source = make(project, [], name="into.tess"), make(project, [4], name="from.tess")
    with TesseractWriter.open(source) as writer:
        writer.put_picture((2, 2), picture_of(8))
        assert merge(into, [source]).copied == 2


def test_a_packed_source_gives_the_same_pictures(make, project_of, bytes_of, packed):
    project = project_of(5, 3)
    into, source = make(project, [0, 1], name="into.tess"), make(project, name="from.tess")
    report = merge(into, [packed(source)])
    assert outcome(report) == [(13, 2, 0, 0)]
    assert bytes_of(into) == bytes_of(source)


def test_another_identity_is_refused_with_the_differences_before_anything_is_written(make, project_of, files_of):
    into = make(project_of(5, 3), [0], name="into.tess")
    good = make(project_of(5, 3), name="good.tess")
    other = make(project_of(5, 3, codec="lossless", detail=2), name="other.tess")
    before = files_of(into)
    with pytest.raises(TesseractError) as caught:
        merge(into, [good, other])
    text = str(caught.value)
    assert text.startswith(f"{other}: this tesseract was made from another project")
    assert f"wanted: the same [picture], [generator] and axes as in {into}" in text
    assert "picture.codec: lossless here, jpeg there; generator.detail: 2 here, nothing there" in text
    assert text.endswith("try: only tesseracts of one project can be merged")
    assert files_of(into) == before


def test_other_steps_are_refused_with_the_command_that_helps(make, project_of):
    project = project_of(5, 3)
    into, source = make(project, name="into.tess"), make(_with_steps(project, 9), name="from.tess")
    with pytest.raises(TesseractError, match=r"axis.bloom.steps: 9 here, 5 there .*\n.*only the steps differ: `tess g"):
        merge(into, [source])


def test_other_routes_are_no_other_identity_and_change_nothing(make, project_of):
    project = project_of(5, 3)
    routed = msgspec.structs.replace(project, sound=msgspec.structs.replace(project.sound, hop=128))
    into, source = make(project, [0], name="into.tess"), make(routed, name="from.tess")
    assert merge(into, [source]).painted == 15
    with open_tesseract(into) as tesseract:
        assert tesseract.project == project


def test_itself_and_what_is_no_tesseract_are_refused(make, project_of, tmp_path):
    path = make(project_of(5, 3))
    (tmp_path / "link.tess").symlink_to(path)
    for itself in (path, tmp_path / "link.tess", f"{tmp_path}/../{tmp_path.name}/small.tess"):
        with pytest.raises(TesseractError, match="a tesseract is not merged into itself"):
            merge(path, [itself])
    with pytest.raises(TesseractError, match="there is no such tesseract"):
        merge(path, [tmp_path / "none.tess"])
    with pytest.raises(TesseractError, match="there is no such tesseract"):
        merge(tmp_path / "none.tess", [path])
    with pytest.raises(TesseractError, match=r"http://a/b.tess: a tesseract on the web is only read"):
        merge("http://a/b.tess", [path])


def test_one_that_somebody_paints_is_not_merged_into_but_may_be_counted(make, project_of):
    project = project_of(5, 3)
    into, source = make(project, [0], name="into.tess"), make(project, name="from.tess")
    with TesseractWriter.open(into):
        with pytest.raises(TesseractError, match=r"into.tess: somebody else is writing it"):
            merge(into, [source])
        assert merge(into, [source], dry_run=True).copied == 14


def test_a_dry_run_counts_the_same_and_writes_nothing(make, project_of, picture_of, files_of):
    project = project_of(5, 3)
    into, one, two, three = (make(project, flats, name=f"{flats}.tess") for flats in ([0], [0, 1, 2], [2, 3], [3, 4]))
    repaint(two, (0, 2), picture_of(2, version=9))
    break_header(three, 4)
    before = files_of(into)
    foreseen = merge(into, [one, two, three], dry_run=True)
    assert files_of(into) == before
    assert (foreseen.dry_run, foreseen.painted) == (True, 1)
    report = merge(into, [one, two, three])
    assert outcome(report) == outcome(foreseen) == [(2, 1, 0, 0), (1, 1, 1, 0), (0, 1, 0, 1)]
    assert (report.dry_run, report.painted) == (False, 4)


def test_progress_goes_from_nothing_to_all(make, project_of):
    project = project_of(20, 20)
    into = make(project, [0], name="into.tess")
    sources = [make(project, name="one.tess"), make(project, range(50), name="two.tess")]
    seen = []
    merge(into, sources, progress=lambda *at: seen.append(at))
    assert seen[0] == (0, 450)
    assert seen[-1] == (450, 450)
    assert seen == sorted(seen)
    assert 5 < len(seen) < 30


MERGE = "from tessonance.store import merge; merge(sys.argv[2], sys.argv[3:])"


def test_killed_in_the_middle_of_any_write_it_loses_nothing_and_goes_on(
    make, project_of, bytes_of, files_of, killed_at
):
    project = project_of(10, 10)
    into, source = make(project, range(0, 100, 4), name="into.tess"), make(project, range(90), name="from.tess")
    before, offered, source_files = bytes_of(into), bytes_of(source), files_of(source)
    painted = [len(before)]
    # In the middle of a picture, of an entry, and of a picture again: half an entry costs the next call a write more.
    for write in (1, 22, 32):
        killed_at(write, MERGE, into, source)
        now = bytes_of(into)
        assert now.items() <= (offered | before).items()
        assert before.items() <= now.items()
        painted.append(len(now))
    assert painted == [25, 25, 35, 50]
    assert merge(into, [source]).copied == len(offered | before) - 50
    assert bytes_of(into) == offered | before
    assert files_of(source) == source_files


def test_a_full_disk_says_so_and_keeps_what_was_copied(make, project_of, bytes_of, full_disk):
    project = project_of(5, 3)
    into, source = make(project, [0], name="into.tess"), make(project, name="from.tess")
    with (
        full_disk(after=8),
        pytest.raises(TesseractError, match=r"into.tess: the disk is full\n  try: earlier pictures are safe"),
    ):
        merge(into, [source])
    assert len(bytes_of(into)) == 5
    assert merge(into, [source]).copied == 10
    assert bytes_of(into) == bytes_of(source)


def command(*words):
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return leaving.value.code


def test_the_command_tells_people_and_scripts(make, project_of, picture_of, capsys):
    project = project_of(5, 3)
    into, source = make(project, [0, 1], name="into.tess"), make(project, [1, 2, 3], name="from.tess")
    repaint(source, (0, 1), picture_of(1, version=9))
    assert command("merge", "--dry-run", into, source) == 0
    said = f"from {source}: 2 would be copied, 1 there already, 1 of them differ from it\n{into}: 2 of 15 pictures\n"
    assert capsys.readouterr().out == said
    assert command("merge", into, source, "--json") == 0
    one = {"path": str(source), "copied": 2, "kept": 1, "differing": 1, "damaged": 0}
    every = {
        "into": str(into),
        "dry_run": False,
        "painted": 4,
        "cells": 15,
        "sources": [one],
        "copied": 2,
        "damaged": 0,
    }
    assert json.loads(capsys.readouterr().out) == every
    assert command("merge", into, source) == 0
    assert "0 copied, 3 there already" in capsys.readouterr().out
    assert command("merge", into) == 2


def test_the_command_fails_where_pictures_are_damaged_and_copies_the_others(make, project_of, capsys):
    project = project_of(5, 3)
    into, source = make(project, [], name="into.tess"), make(project, name="from.tess")
    break_header(source, 7)
    assert command("merge", into, source) == 1
    said = capsys.readouterr()
    assert f"{source}: 1 damaged and left out; see `tess verify`" in said.err
    assert f"{into}: 14 of 15 pictures" in said.out


def _with_steps(project, *steps):
    axes = list(project.axes)
    for k, count in enumerate(steps):
        axes[k] = msgspec.structs.replace(axes[k], steps=count)
    return msgspec.structs.replace(project, axes=tuple(axes))


def test_a_merged_tesseract_plays_once_the_parts_make_a_level(make, project_of):
    project = project_of(5, 3)
    into, source = make(project, range(7), name="into.tess"), make(project, range(7, 15), name="from.tess")
    merge(into, [source])
    with open_tesseract(into) as tesseract:
        assert tesseract.complete_level() == project.grid.levels - 1
        assert np.array_equal([len(knots) for knots in tesseract.knots()], [5, 3])
