"""`tess pack` and `tess unpack`, and every reading command on a packed tesseract and on an address."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from file_server import serving
from zip_files import members_of

from tessonance.cli import main
from tessonance.project import parse_project
from tessonance.store import TesseractWriter, open_tesseract


@pytest.fixture
def tess(capsys, monkeypatch, tmp_path):
    """Call a command in a folder of its own; return its exit code, what it said, and what it complained about."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return call


@pytest.fixture
def small(tmp_path, small_text):
    """A tesseract of 5 × 3 pictures, small.tess."""
    project = parse_project(small_text)
    with TesseractWriter.create(tmp_path / "small.tess", project) as writer:
        for flat in range(15):
            writer.put_picture(writer.grid.cell(flat), np.full((32, 48, 3), 16 * flat, np.uint8))
    return tmp_path / "small.tess"


@pytest.fixture
def forms(small, tess, tmp_path):
    """What a command may be given in place of NAME.tess: the packed file, and both as addresses."""
    assert tess("pack", "small.tess")[0] == 0
    with serving(tmp_path) as server:
        yield ["small.tess.zip", f"{server.url}/small.tess", f"{server.url}/small.tess.zip"]


def test_pack_says_what_there_is(small, tess):
    code, out, err = tess("pack", "small.tess")
    size = Path("small.tess.zip").stat().st_size
    assert (code, out, err) == (0, f"small.tess.zip: 15 pictures, {size / 1e6:.1f} MB\n", "")
    code, out, _ = tess("pack", "small.tess", "-o", "other.zip", "--json")
    assert json.loads(out) == {"path": "other.zip", "pictures": 15, "damaged": 0, "size": size, "no_bake": ""}


def test_pack_replaces_nothing_unless_told(small, tess):
    Path("small.tess.zip").write_text("mine")
    code, _, err = tess("pack", "small.tess")
    assert (code, err) == (1, "error: small.tess.zip: exists already\n  try: --force replaces it, -o names another\n")
    assert Path("small.tess.zip").read_text() == "mine"
    assert tess("pack", "small.tess", "--force")[0] == 0
    assert "zarr.json" in members_of("small.tess.zip")


def test_pack_tells_of_damage(small, tess):
    with (small / "frames" / "c.0.0.0.0.0").open("r+b") as file:
        file.write(bytes(16))
    code, out, err = tess("pack", "small.tess")
    assert code == 0
    assert "14 pictures" in out
    assert err == "1 damaged entries were left out; `tess verify` tells more\n"


def test_unpack_gives_the_folder_back(forms, tess, bytes_of):
    code, out, err = tess("unpack", "small.tess.zip", "-o", "again.tess")
    assert (code, out, err) == (0, "again.tess: 7 files\n", "")
    assert bytes_of(Path("again.tess")) == bytes_of(Path("small.tess"))
    code, _, err = tess("unpack", "small.tess.zip")
    assert (code, err.splitlines()[0]) == (1, "error: small.tess: there is something of that name already")
    code, out, _ = tess("unpack", forms[2], "-o", "third.tess", "--json")
    assert json.loads(out) == {"path": "third.tess", "files": 7, "left_out": []}


def test_unpack_names_what_it_left_out(forms, tess):
    import zipfile

    with zipfile.ZipFile("small.tess.zip", "a") as archive:
        for number in range(7):
            archive.writestr(f"extra{number}", b"x")
    code, _, err = tess("unpack", "small.tess.zip", "-o", "again.tess")
    assert code == 0
    assert err.startswith("7 left out that are no part of a tesseract: extra0, extra1, extra2, extra3, extra4 …")


def test_a_truncated_file_is_one_clear_error(forms, tess):
    raw = Path("small.tess.zip").read_bytes()
    Path("small.tess.zip").write_bytes(raw[:-100])
    for words in (("unpack", "small.tess.zip", "-o", "x.tess"), ("info", "small.tess.zip")):
        code, out, err = tess(*words)
        assert (code, out) == (1, "")
        assert err.startswith("error: small.tess.zip: the ZIP file is damaged: it is cut short, or something follows")
        assert "Traceback" not in err
    assert not Path("x.tess").exists()


def test_info_tells_the_same(forms, tess):
    wanted = json.loads(tess("info", "small.tess", "--json")[1])
    for form in forms:
        facts = json.loads(tess("info", form, "--json")[1])
        assert facts.pop("path") == form
        assert facts == {key: value for key, value in wanted.items() if key != "path"}
        assert tess("info", form)[1].startswith(f"{form}: 15 of 15 pictures")


def test_sheet_draws_the_same_and_writes_it_beside_or_here(forms, tess):
    assert tess("sheet", "small.tess", "-o", "wanted.png")[0] == 0
    wanted = Path("wanted.png").read_bytes()
    for form in forms:
        Path("small.png").unlink(missing_ok=True)
        assert tess("sheet", form) == (0, "small.png written\n", "")
        assert Path("small.png").read_bytes() == wanted


def test_render_plays_the_same(forms, tess):
    time = np.arange(24_000) / 48_000
    soundfile.write("song.wav", 0.5 * np.sin(2 * np.pi * 60 * time), 48_000)
    for form in forms:
        code, out, err = tess("render", form, "song.wav", "--size", "64x48", "--fps", "10", "--force")
        assert code == 0, err
        assert out == "song.mp4: 5 frames, 0.5 s of film\n"


def test_the_mapping_beside_the_packed_file_plays_it(forms, tess):
    """NAME.toml is beside NAME.tess.zip as it is beside NAME.tess; for an address there is only the one inside."""
    Path("small.toml").write_text('[[route]]\nfeature = "onset"\naxis = "ink"\n')
    for form, feature in zip(forms, ("onset", "low", "low"), strict=True):
        assert json.loads(tess("info", form, "--json")[1])["routes"][0]["feature"] == feature


def test_a_packed_tesseract_is_not_painted_on(forms, tess, small_text):
    Path("small.toml").write_text(small_text)
    code, _, err = tess("generate", "small.toml", "-o", "small.tess.zip", "--workers", "1")
    assert code == 1
    assert "small.tess.zip: a packed tesseract is not painted on\n  try: paint NAME.tess, then `tess pack`" in err


def test_one_that_was_unpacked_is_painted_on(tess, small_text, bytes_of):
    Path("small.toml").write_text(small_text)
    assert tess("generate", "small.toml", "--limit", "5", "--workers", "1")[0] in (0, 130)
    assert tess("pack", "small.tess")[0] == 0
    assert tess("unpack", "small.tess.zip", "-o", "again.tess")[0] == 0
    code, out, err = tess("generate", "small.toml", "-o", "again.tess", "--workers", "1")
    assert code == 0, err
    assert "15 of 15 pictures" in out
    assert bytes_of(Path("small.tess")).items() <= bytes_of(Path("again.tess")).items()


def test_python_opens_them_all(forms):
    import tessonance

    for form in (*forms, Path("small.tess.zip")):
        with tessonance.open(form) as tesseract, open_tesseract("small.tess") as wanted:
            assert np.array_equal(tesseract.picture((2, 1)), wanted.picture((2, 1)))
