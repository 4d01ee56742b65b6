"""What the documents say about the file is run and compared."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

import tessonance as tess
from tessonance.project import Project
from tessonance.store import TesseractWriter, bake_format, metadata, open_tesseract
from tessonance.store.codec import largest_encoding
from tessonance.store.zip_format import MAX_DIRECTORY_BYTES

DOCS = Path(__file__).parents[2] / "docs"
SPEC = DOCS / "spec" / "tesseract-v1.md"


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_specifications_documents_are_those_that_are_written():
    group, frames = (json.loads(block) for block in blocks(SPEC, "json"))
    project = metadata.read_project(group, where="spec")
    assert metadata.read_layout(frames, project, where="spec").shard_shape == (33, 17)
    written = metadata.documents(project, version="0.1.0")
    assert json.loads(written["frames/zarr.json"]) == frames
    marks = json.loads(written["zarr.json"])["attributes"]["tessonance"]
    stated = group["attributes"]["tessonance"]
    assert marks["made_with"] == stated["made_with"]
    assert all(marks["project"][key] == stated["project"][key] for key in ("picture", "generator", "axis"))
    assert isinstance(Project.from_dict(stated["project"]), Project)


def test_the_specifications_numbers_are_those_in_force():
    text = SPEC.read_text(encoding="utf-8")
    assert f"{metadata.MAX_DOCUMENT_BYTES:,} bytes" in text
    assert f"at most {metadata.MAX_SHARD_CELLS:,} cells" in text
    assert "6·H·W + 65,536" in text
    assert f"at most {MAX_DIRECTORY_BYTES:,} bytes" in text
    assert largest_encoding(100, 10) == 6 * 100 * 10 + 65_536
    assert f"at most {bake_format.MAX_KNOTS:,} in all" in text
    assert f"at most {bake_format.MAX_EDGES:,} edges" in text
    assert f"(at most {bake_format.MAX_MAP})" in text
    assert bake_format.SHARES == (1 / 16, 1 / 4, 1)


def test_the_specifications_reader_reads_what_tesseract_reads(make, project_of):
    (code,) = blocks(SPEC, "python")
    names = {}
    exec(compile(code, SPEC.name, "exec"), names)
    path = make(project_of(5, 7), range(0, 35, 3))
    with open_tesseract(path) as tesseract:
        for flat in range(35):
            cell = tesseract.grid.cell(flat)
            encoded = names["read_picture"](path, cell)
            assert (encoded is None) == (flat % 3 > 0)
            if encoded is not None:
                assert encoded == tesseract.encoded(cell)
                assert np.array_equal(simplejpeg.decode_jpeg(encoded), tesseract.picture(cell))
        with pytest.raises(IndexError):
            names["read_picture"](path, (5, 0))


def test_the_specifications_shard_is_what_is_written(tmp_path, project_of):
    dump = re.findall(r"^    00[0-2]0  ((?:[0-9a-f]{2} +)+)", SPEC.read_text(encoding="utf-8"), re.MULTILINE)
    index = bytes.fromhex("".join(dump))[:32]
    jpeg = simplejpeg.encode_jpeg(np.zeros((16, 24, 3), np.uint8), colorsubsampling="420")
    jpeg = jpeg[:2] + b"\xff\xfe" + (700 - len(jpeg) - 2).to_bytes(2, "big") + bytes(700 - len(jpeg) - 4) + jpeg[2:]
    with TesseractWriter.create(tmp_path / "two.tess", project_of(2)) as writer:
        writer.put((1,), jpeg)
    assert (tmp_path / "two.tess" / "frames" / "c.0.0.0.0").read_bytes() == index + jpeg


def test_the_how_to_runs_as_it_stands(make, project_of, monkeypatch, capsys):
    pytest.importorskip("zarr")
    pytest.importorskip("xarray")
    path = make(project_of(5, 3), name="flower.tess")
    tess.bake(path)
    monkeypatch.chdir(path.parent)
    names = {}
    for code in blocks(DOCS / "how-to" / "read-with-zarr.md", "python"):
        exec(compile(code, "read-with-zarr.md", "exec"), names)
    names["data"].close()
    out = capsys.readouterr().out
    assert "(5, 3, 16, 24, 3)" in out
    assert "15 of 15" in out
    assert names["picture"].shape == (16, 24, 3)
    assert names["strip"].shape == (5, 16, 24, 3)
    assert names["edges"]["distance"].shape == (4, 3, 3)
    assert names["flow"].shape == (2, 4, 6, 2)
