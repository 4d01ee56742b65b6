"""Whatever a tesseract from a stranger holds: a TessError or a picture of the right size, nothing else."""

import shutil

import pytest
from mutations import FORMS, INDEX, make_sound, trial, try_everything

from tessonance.store import open_tesseract

MUTATIONS = 160  # `python benchmarks/reliability.py` tries ten thousand


@pytest.mark.parametrize("form", FORMS)
def test_a_mutated_tesseract_is_refused_or_read(form, tmp_path):
    sound = make_sound(tmp_path)
    refused = sum(trial(sound, form, seed, tmp_path / "trial") > 0 for seed in range(MUTATIONS // len(FORMS)))
    assert refused > MUTATIONS / len(FORMS) / 4  # the mutations do reach what is checked


@pytest.mark.parametrize("name", ["zarr.json", "frames/zarr.json", INDEX, "frames"])
@pytest.mark.parametrize("way", ["missing", "folder", "empty"])
def test_a_file_that_is_missing_or_no_file_is_refused_or_passed_over(make, project_of, name, way):
    path = make(project_of(3, 2))
    found = path / name
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    if way == "folder":
        found.mkdir()
    elif way == "empty":
        found.touch()
    try_everything(path)


def test_other_files_inside_are_passed_over(make, project_of):
    path = make(project_of(3, 2))
    (path / "journal.jsonl").write_text("{}\n")
    (path / "frames" / "c.9.9.0.0.0").write_bytes(b"x" * 1000)
    (path / "frames" / "c.0.0.0.0.0.partial").write_bytes(b"x")
    (path / "frames" / "sub").mkdir()
    assert try_everything(path) == 0


def test_a_huge_index_that_is_not_there_takes_no_memory(make, project_of):
    """Shards are read as they are; nothing is allocated for what the documents promise."""
    path = make(project_of(1000, 1000), [0])
    with open_tesseract(path) as tesseract:
        (path / "frames" / tesseract.layout.key((5, 0))).write_bytes(b"")
        assert tesseract.painted() == 1
        assert tesseract.complete_level() is None
