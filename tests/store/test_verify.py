"""A look at every picture finds what is damaged, and nothing else; repairing forgets just that."""

import errno
import importlib.util
import json
import sys
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from file_server import serving

import tessonance as tess
from tessonance.cli import main
from tessonance.errors import TesseractError
from tessonance.store import TesseractWriter, open_tesseract, osfile, repair, verify

DAMAGED = Path(__file__).parent.parent / "data" / "damaged"


def load_cases():
    spec = importlib.util.spec_from_file_location("damaged_tesseracts", DAMAGED / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and named tuples look their own module up
    spec.loader.exec_module(module)
    return module


CASES = load_cases()


@pytest.fixture
def folder_of(tmp_path):
    """Take a damaged tesseract apart into a folder."""

    def take_apart(name):
        path = tmp_path / f"{name}.tess"
        with ZipFile(DAMAGED / f"{name}.tess.zip") as archive:
            archive.extractall(path)
        return path

    return take_apart


def test_the_folder_of_damaged_files_holds_every_case_and_no_other():
    assert {path.name.removesuffix(".tess.zip") for path in DAMAGED.glob("*.zip")} == set(CASES.CASES)


def test_the_damaged_files_can_be_made_again(tmp_path):
    CASES.make(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        with ZipFile(path) as ours, ZipFile(DAMAGED / path.name) as kept:
            assert ours.namelist() == kept.namelist()
            ours.extractall(tmp_path / path.name.removesuffix(".zip"))
        check(tmp_path / path.name.removesuffix(".zip"), CASES.CASES[path.name.removesuffix(".tess.zip")])


def check(path, case):
    if case.refused:
        with pytest.raises(TesseractError, match=case.refused):
            verify(path)
        return
    report = verify(path)
    assert (report.painted, len(report.damaged), len(report.files)) == (case.painted, case.damaged, case.files)
    assert report.planned == 4
    assert report.sound == (not case.damaged and not case.files)


@pytest.mark.parametrize("name", CASES.CASES)
@pytest.mark.parametrize("form", ["folder", "packed"])
def test_every_damage_is_found_in_a_folder_and_in_a_packed_tesseract(folder_of, name, form):
    check(folder_of(name) if form == "folder" else DAMAGED / f"{name}.tess.zip", CASES.CASES[name])


@pytest.mark.parametrize("name", ["sound", "cut-index", "half-jpeg", "shared-bytes", "axis-missing", "no-json"])
def test_damage_is_found_over_http_too(folder_of, name):
    path = folder_of(name)
    with serving(path.parent) as server:
        check(f"{server.url}/{path.name}", CASES.CASES[name])
    with serving(DAMAGED) as server:
        check(f"{server.url}/{name}.tess.zip", CASES.CASES[name])


@pytest.mark.parametrize("name", [name for name, case in CASES.CASES.items() if not case.refused])
def test_no_damaged_tesseract_is_read_wrongly(folder_of, name):
    """Every picture is refused, missing, or of the right size."""
    with open_tesseract(folder_of(name)) as tesseract:
        for step in range(4):
            with suppress(TesseractError):
                assert tesseract.picture((step,)).shape == (16, 16, 3)


@pytest.mark.parametrize("name", [name for name, case in CASES.CASES.items() if case.damaged or "index" in name])
def test_what_was_repaired_is_missing_and_can_be_painted_again(folder_of, files_of, name):
    path, case = folder_of(name), CASES.CASES[name]
    before = files_of(path)
    report = repair(path)
    assert report.sound
    assert len(report.repaired) == case.damaged + case.files
    changed = {key for key, data in files_of(path).items() if before.get(key) != data and "/." not in key}
    assert changed == {CASES.SHARD}
    again = verify(path)
    assert again.sound
    assert again.painted == case.painted
    with TesseractWriter.open(path) as writer:
        missing = np.flatnonzero(~writer.is_painted(np.arange(4)))
        assert len(missing) == 4 - case.painted
        for step in missing:
            writer.put_picture((step,), np.full((16, 16, 3), 7, np.uint8))
    assert verify(path).painted == 4


def test_generate_paints_anew_what_was_repaired(small_project, tmp_path):
    path = tmp_path / "small.tess"
    tess.generate(small_project, path, workers=1).close()
    with open_tesseract(path) as tesseract:
        before = bytes(tesseract.encoded((3, 1)))
        offset, length = tesseract.shard((0, 0)).entry(10)
    with (path / "frames" / "c.0.0.0.0.0").open("r+b") as file:
        file.seek(offset + 2)
        file.write(bytes(length - 2))
    assert [bad.cell for bad in repair(path).repaired] == [(3, 1)]
    with tess.generate(small_project, path, workers=1) as tesseract:
        assert bytes(tesseract.encoded((3, 1))) == before
    assert verify(path).painted == 15


def test_a_look_changes_nothing(folder_of, files_of):
    for name in ("cut-picture", "cut-index", "shared-bytes"):
        path = folder_of(name)
        before = files_of(path)
        verify(path)
        assert files_of(path) == before


def test_a_fast_look_sees_entries_and_headers_and_decodes_nothing(folder_of, monkeypatch):
    for name, damaged in {"half-jpeg": 0, "lossless-bit": 0, "other-size": 1, "cut-picture": 1}.items():
        report = verify(DAMAGED / f"{name}.tess.zip", decode=False)
        assert (len(report.damaged), report.decoded) == (damaged, False)
    assert len(verify(DAMAGED / "half-jpeg.tess.zip").damaged) == 1


def test_foreign_files_are_named_and_do_no_harm(folder_of):
    path = folder_of("foreign-shard")
    (path / "frames" / "notes.txt").touch()
    (path / "frames" / "c.0.0.0.0.partial").touch()
    with TesseractWriter.open(path) as writer:
        writer.note({"event": "begun"})
        report = verify(path)
    assert report.sound
    assert report.foreign == ("c.7.0.0.0", "notes.txt")


def test_failed_cells_count_until_somebody_paints_them(make, project_of, picture_of):
    path = make(project_of(5, 3), range(6))
    with TesseractWriter.open(path) as writer:
        for cell in [(0, 0), (3, 1), (4, 2), (9, 9), (1,)]:  # the first is painted, the last two are none of it
            writer.note({"event": "failed", "cell": cell, "error": f"no luck with {cell}"})
        report = verify(path)
        assert [(bad.cell, bad.problem) for bad in report.failed] == [
            ((3, 1), "no luck with (3, 1)"),
            ((4, 2), "no luck with (4, 2)"),
        ]
        assert report.sound
        writer.put_picture((3, 1), picture_of(10))
    assert [bad.cell for bad in verify(path).failed] == [(4, 2)]


def test_a_tesseract_is_looked_at_while_it_is_painted(make, project_of, picture_of):
    path = make(project_of(5, 3), range(6))
    seen = []
    with TesseractWriter.open(path) as writer:

        def paint(done, total):
            seen.append((done, total))
            writer.put_picture((4, 2), picture_of(14))
            writer.put_picture((0, 0), picture_of(0))

        assert verify(path, progress=paint).sound
        assert verify(path).painted == 7
    assert seen[-1][0] == seen[-1][1]


def test_repairing_waits_for_nobody(make, project_of):
    path = make(project_of(5, 3), range(6))
    with TesseractWriter.open(path), pytest.raises(TesseractError, match="somebody else is writing it"):
        repair(path)


def test_a_disk_that_fails_is_reported_and_nothing_on_it_is_forgotten(make, project_of, monkeypatch):
    path = make(project_of(5, 3))
    whole = osfile.read_at

    def fail(descriptor, offset, length):
        if offset > 800 and length > 240:
            raise OSError(errno.EIO, "Input/output error")
        return whole(descriptor, offset, length)

    with monkeypatch.context() as patch:
        patch.setattr(osfile, "read_at", fail)
        report = repair(path)
    assert not report.sound
    assert report.damaged == report.repaired == ()
    assert "cannot be read: Input/output error" in report.files[0].problem
    assert verify(path).painted == 15


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs rights that a user of Windows lacks")
def test_a_shard_that_is_a_link_or_a_folder_is_told_and_not_touched(make, project_of, tmp_path_factory):
    for way in ("link", "folder"):
        path = make(project_of(5, 3), name=f"{way}.tess")
        shard, outside = path / CASES.SHARD.replace("c.0", "c.0.0", 1), tmp_path_factory.mktemp("outside") / "shard"
        shard.rename(outside)
        shard.symlink_to(outside) if way == "link" else shard.mkdir()
        before = outside.read_bytes()
        report = repair(path)
        assert not report.sound
        assert len(report.files) == 1
        assert outside.read_bytes() == before


def random_index(rng):
    """Make entries of a file that is full of pictures, some of them moved onto others."""
    n = int(rng.integers(1, 12))
    lengths = rng.integers(1, 50, n)
    starts = np.cumsum(lengths) - lengths + rng.integers(0, 5, n).cumsum()
    moved = rng.random(n) < 0.3
    starts[moved] = rng.integers(0, 200, int(moved.sum()))
    order = rng.permutation(n)
    return np.stack([starts, lengths], axis=1).astype(np.uint64)[order]


def test_overlaps_are_those_that_comparing_every_pair_finds():
    from tessonance.store.verify import overlapping

    rng = np.random.default_rng(3)
    for _ in range(300):
        index = random_index(rng)
        which = rng.random(len(index)) < 0.8
        spans = [set(range(int(start), int(start + length))) for start, length in index]
        wanted = [
            bool(which[i] and any(which[j] and i != j and spans[i] & spans[j] for j in range(len(index))))
            for i in range(len(index))
        ]
        assert overlapping(index, which).tolist() == wanted


def tell(capsys, *words):
    with pytest.raises(SystemExit) as leaving:
        main(["verify", *map(str, words)])
    out = capsys.readouterr()
    return leaving.value.code, out.out, out.err


def test_the_command_counts_and_its_exit_code_is_one_for_damage_only(folder_of, make, project_of, capsys):
    code, out, _ = tell(capsys, make(project_of(5, 3), range(6)))
    assert code == 0
    assert "sound (every picture decoded)" in out
    assert "planned    15" in out
    assert "painted    6" in out
    assert "missing    9, of which failed: 0" in out
    path = folder_of("shared-bytes")
    code, out, err = tell(capsys, path, "--fast")
    assert code == 1
    assert "DAMAGED (headers only)" in out
    assert "damaged    cell (1,): it shares bytes with another picture" in out
    assert "`tess verify --repair` marks it as missing" in err
    code, out, _ = tell(capsys, path, "--json")
    facts = json.loads(out)
    assert (code, facts["sound"], facts["painted"], facts["planned"]) == (1, False, 2, 4)
    assert [bad["cell"] for bad in facts["damaged"]] == [[1], [2]]
    code, out, _ = tell(capsys, path, "--repair")
    assert code == 0
    assert "repaired   cell (2,): it shares bytes" in out
    assert "`tess generate` paints it again" in out
    assert tell(capsys, path)[0] == 0
    code, _, err = tell(capsys, folder_of("no-json"))
    assert code == 1
    assert "is no JSON" in err
