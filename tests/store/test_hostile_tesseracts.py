"""Whatever a tesseract from a stranger holds: a TessError or a picture of the right size, nothing else."""

import json
import random
import shutil

import numpy as np
import pytest

from tessonance.errors import TessError
from tessonance.store import TesseractWriter, open_tesseract

MUTATIONS = 400
NUMBERS = [0, 1, 47, 95, 96, 97, 1000, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
JUNK = [None, True, -1, 0, 1, 2, 1.5, 1e300, 10**30, "", "x", "../../../etc/passwd", [], [[]], {}, {"name": "x"}]
INDEX = "frames/c.0.0.0.0.0"


def flip_bits(raw, rng):
    for _ in range(rng.randint(1, 8)):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def cut(raw, rng):
    del raw[rng.randrange(len(raw)) :]


def erase(raw, rng):
    start = rng.randrange(len(raw))
    end = min(len(raw), start + rng.choice([1, 16, 100, 10_000]))
    raw[start:end] = bytes([rng.choice([0, 255])]) * (end - start)


def lengthen(raw, rng):
    raw += rng.randbytes(rng.choice([1, 100, 5000]))


def swap_entries(raw, rng):
    a, b = (16 * rng.randrange(6) for _ in range(2))
    raw[a : a + 16], raw[b : b + 16] = raw[b : b + 16], raw[a : a + 16]


def set_entry(raw, rng):
    at = 8 * rng.randrange(12)
    raw[at : at + 8] = np.uint64(rng.choice(NUMBERS)).tobytes()


def replace_value(raw, rng):
    try:
        document = json.loads(raw)
    except ValueError:  # an earlier mutation broke it
        return
    places, stack = [], [document]
    while stack:
        here = stack.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            places.append((here, key))
            if isinstance(here[key], (dict, list)):
                stack.append(here[key])
    here, key = rng.choice(places)
    here[key] = rng.choice(JUNK)
    raw[:] = json.dumps(document).encode()


def mutate(path, rng):
    """Change one file in one way, and say how."""
    name = rng.choice([INDEX, INDEX, INDEX, "zarr.json", "frames/zarr.json"])
    ways = [flip_bits, cut, erase, lengthen]
    ways += [swap_entries, set_entry, set_entry] if name == INDEX else [replace_value] * 6
    way = rng.choice(ways)
    raw = bytearray((path / name).read_bytes())
    if raw:
        way(raw, rng)
    (path / name).write_bytes(raw)
    return f"{way.__name__} {name}"


def try_everything(path):
    """Use the tesseract as anybody might; return how often it was refused."""
    refused = 0
    try:
        with open_tesseract(path) as tesseract:
            height, width = tesseract.project.picture.height, tesseract.project.picture.width
            for cell in np.ndindex(*tesseract.grid.shape[:2]):
                try:
                    picture = tesseract.picture(cell)
                except TessError:
                    refused += 1
                    continue
                assert picture.shape == (height, width, 3)
                assert picture.dtype == np.uint8
            assert tesseract.is_painted(np.arange(tesseract.grid.size)).sum() == tesseract.painted()
            assert 0 <= tesseract.stored_bytes() < 100_000
            level = tesseract.complete_level()
            assert level is None or 0 <= level < tesseract.grid.levels
    except TessError:
        refused += 1
    return refused


@pytest.mark.parametrize("codec", ["jpeg", "lossless"])
def test_a_mutated_tesseract_is_refused_or_read(make, project_of, picture_of, is_of, codec, tmp_path):
    project = project_of(3, 2, codec=codec)
    sound = make(project)
    refused = 0
    for seed in range(MUTATIONS // 2):
        path = tmp_path / "mutated.tess"
        shutil.copytree(sound, path)
        rng = random.Random(f"{codec} {seed}")
        what = [mutate(path, rng) for _ in range(rng.choice([1, 1, 3]))]
        try:
            refused += try_everything(path)
            with TesseractWriter.open(path, project) as writer:
                writer.put_picture((1, 1), picture_of(3, version=9))
            with open_tesseract(path) as tesseract:
                assert is_of(tesseract.picture((1, 1)), 3, version=9)
        except TessError:
            pass
        except BaseException as error:
            error.add_note(f"seed {seed}: {', '.join(what)}")
            raise
        shutil.rmtree(path)
    assert refused > MUTATIONS / 8  # the mutations do reach what is checked


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
