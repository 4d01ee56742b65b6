import copy
import datetime
import json
import math

import pytest

from tessonance.errors import TesseractError
from tessonance.project import parse_project
from tessonance.store import metadata

VERSION = "9.8.7"


def parsed(files, name):
    return metadata.parse(files[name], where=name)


def test_the_project_comes_back_as_it_was(project_of, small_project):
    dated = project_of(3, 2, closed=("ink",), when=datetime.date(2024, 2, 3), nested={"list": [1, 2.5, "ü", True]})
    for project in (small_project, dated):
        back = metadata.read_project(parsed(metadata.documents(project, version=VERSION), "zarr.json"), where="x")
        assert back.to_dict() == project.to_dict()
        assert back.differences(project) == []


def test_a_new_tesseract_is_a_few_small_files_whatever_the_grid(project_of):
    files = metadata.documents(project_of(100, 100, 100), version=VERSION)
    assert sorted(files) == sorted(
        ["zarr.json", "frames/zarr.json"]
        + [f"{axis}/{name}" for axis in ("bloom", "ink", "turn") for name in ("zarr.json", "c.0")]
    )
    assert sum(map(len, files.values())) < 10_000


def test_the_group_says_what_made_it(small_project):
    marks = json.loads(metadata.documents(small_project, version=VERSION)["zarr.json"])["attributes"]["tessonance"]
    assert marks["format"] == 1
    assert marks["made_with"] == "tessonance 9.8.7"


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
@pytest.mark.parametrize("steps", [(1,), (7,), (5, 3), (100, 100, 100), (2, 3, 2, 3)])
def test_the_layout_comes_back_as_it_was(project_of, steps, codec):
    project = project_of(*steps, codec=codec)
    files = metadata.documents(project, version=VERSION)
    layout = metadata.read_layout(parsed(files, "frames/zarr.json"), project, where="x")
    assert layout.grid_shape == steps
    assert layout.shard_shape == ((1, 100, 100) if steps == (100, 100, 100) else steps)


def test_any_shard_shape_within_the_grid_is_read(project_of):
    project = project_of(5, 4)
    frames = json.loads(metadata.documents(project, version=VERSION)["frames/zarr.json"])
    frames["chunk_grid"]["configuration"]["chunk_shape"][:2] = [2, 3]
    assert metadata.read_layout(frames, project, where="x").shard_shape == (2, 3)


def test_what_zarr_adds_when_it_writes_attributes_is_no_obstacle(project_of):
    project = project_of(5, 4)
    files = metadata.documents(project, version=VERSION)
    group, frames = json.loads(files["zarr.json"]), json.loads(files["frames/zarr.json"])
    group |= {"consolidated_metadata": None}
    group["attributes"]["title"] = "mine"
    frames |= {"storage_transformers": [], "attributes": {"more": 1}}
    assert metadata.read_project(group, where="x").grid.shape == (5, 4)
    assert metadata.read_layout(frames, project, where="x").grid_shape == (5, 4)
    kept = json.loads(metadata.with_project(group, project, version=VERSION))
    assert kept["attributes"]["title"] == "mine"


def test_numbers_that_json_cannot_keep_are_refused(project_of):
    with pytest.raises(TesseractError, match="number that a tesseract cannot keep"):
        metadata.documents(project_of(3, strength=math.inf), version=VERSION)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"a": 1e999}', "is no JSON"),
        (b'{"a": NaN}', "is no JSON"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "JSON"),
        (b"[1, 2]", "is no JSON object"),
        (b" " * 4_000_001, "is too large"),
    ],
)
def test_what_is_no_document_is_refused(raw, words):
    with pytest.raises(TesseractError, match=words) as caught:
        metadata.parse(raw, where="flower.tess/zarr.json")
    assert str(caught.value).startswith("flower.tess/zarr.json: ")


def change(path, value):
    def apply(data):
        *parents, last = path
        for key in parents:
            data = data[key]
        if value is None:
            del data[last]
        else:
            data[last] = value

    return apply


OURS = ("attributes", "tessonance")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (change(["zarr_format"], 2), "this is no tesseract"),
        (change(["node_type"], "array"), "this is no tesseract"),
        (change(["attributes"], None), "this is no tesseract"),
        (change(["attributes"], []), "this is no tesseract"),
        (change(["attributes", "tessonance"], "yes"), "this is no tesseract"),
        (change([*OURS, "format"], None), "its format is no number"),
        (change([*OURS, "format"], "1"), "its format is no number"),
        (change([*OURS, "format"], True), "its format is no number"),
        (change([*OURS, "format"], 2), "made by a newer tessonance"),
        (change([*OURS, "format"], 10**40), "made by a newer tessonance"),
        (change([*OURS, "project"], None), "its project: this is no project"),
        (change([*OURS, "project"], [1]), "its project: this is no project"),
        (change([*OURS, "project", "axis"], {}), "no list of tables"),
        (change([*OURS, "project", "axis", 0, "steps"], 0), "steps is out of range"),
        (change([*OURS, "project", "axis", 0, "steps"], "17"), "steps"),
        (change([*OURS, "project", "axis", 0, "name"], "../../etc"), "cannot be the name of an axis"),
        (change([*OURS, "project", "picture", "width"], 10**9), "width is out of range"),
        (change([*OURS, "project", "picture", "codec"], "pickle"), "codec"),
        (change([*OURS, "project", "generator"], 7), "no table"),
        (change([*OURS, "project", "surprise"], 7), "there is no table 'surprise'"),
    ],
)
def test_a_group_that_is_not_as_it_should_be_is_refused(small_project, changed, words):
    group = json.loads(metadata.documents(small_project, version=VERSION)["zarr.json"])
    changed(group)
    with pytest.raises(TesseractError, match=words) as caught:
        metadata.read_project(group, where="flower.tess/zarr.json")
    assert str(caught.value).startswith("flower.tess/zarr.json: ")


def test_a_newer_format_says_who_made_it_and_to_update(small_project):
    group = json.loads(metadata.documents(small_project, version="2.0.1")["zarr.json"])
    group["attributes"]["tessonance"]["format"] = 3
    with pytest.raises(TesseractError) as caught:
        metadata.read_project(group, where="flower.tess/zarr.json")
    assert "got: format 3, tessonance 2.0.1" in str(caught.value)
    assert "try: update tessonance" in str(caught.value)


SHARDING = ("codecs", 0, "configuration")


@pytest.mark.parametrize(
    "changed",
    [
        change(["zarr_format"], 2),
        change(["node_type"], "group"),
        change(["shape"], [5, 3, 32, 48]),
        change(["shape"], [5, 4, 32, 48, 3]),
        change(["shape"], None),
        change(["data_type"], "float64"),
        change(["chunk_grid"], "regular"),
        change(["chunk_grid", "name"], "rectangular"),
        change(["chunk_grid", "configuration", "chunk_shape"], [5, 3, 32, 48]),
        change(["chunk_grid", "configuration", "chunk_shape"], [5, 3, 32, 48, 3, 1]),
        change(["chunk_grid", "configuration", "chunk_shape"], [6, 3, 32, 48, 3]),
        change(["chunk_grid", "configuration", "chunk_shape"], [0, 3, 32, 48, 3]),
        change(["chunk_grid", "configuration", "chunk_shape"], [-5, 3, 32, 48, 3]),
        change(["chunk_grid", "configuration", "chunk_shape"], [5.0, 3, 32, 48, 3]),
        change(["chunk_grid", "configuration", "chunk_shape"], [True, 3, 32, 48, 3]),
        change(["chunk_grid", "configuration", "chunk_shape"], 5),
        change(["chunk_key_encoding", "configuration", "separator"], "/"),
        change(["fill_value"], 1),
        change(["codecs"], []),
        change(["codecs"], [7]),
        change(["codecs", 0, "name"], "gzip"),
        change([*SHARDING], None),
        change([*SHARDING, "chunk_shape"], [5, 3, 32, 48, 3]),
        change([*SHARDING, "codecs"], [{"name": "bytes"}]),
        change([*SHARDING, "codecs"], "jpeg"),
        change([*SHARDING, "codecs", 0, "name"], "jpeg"),
        change([*SHARDING, "index_codecs"], [{"name": "bytes", "configuration": {"endian": "big"}}]),
        change([*SHARDING, "index_location"], "end"),
    ],
)
def test_an_array_that_does_not_fit_its_project_is_refused(small_project, changed):
    frames = json.loads(metadata.documents(small_project, version=VERSION)["frames/zarr.json"])
    metadata.read_layout(copy.deepcopy(frames), small_project, where="x")
    changed(frames)
    with pytest.raises(TesseractError, match="does not fit the project inside") as caught:
        metadata.read_layout(frames, small_project, where="flower.tess/frames/zarr.json")
    assert "wanted: " in str(caught.value)
    assert "got: " in str(caught.value)


def test_the_quality_of_other_encoders_is_no_obstacle(small_project):
    frames = json.loads(metadata.documents(small_project, version=VERSION)["frames/zarr.json"])
    frames["codecs"][0]["configuration"]["codecs"][0]["configuration"]["quality"] = 80
    metadata.read_layout(frames, small_project, where="x")


def test_shards_of_more_than_a_million_cells_are_refused():
    project = parse_project(
        'generator = { use = "plasma" }\naxis = [{ name = "a", steps = 1001 }, { name = "b", steps = 1000 }]'
    )
    frames = json.loads(metadata.documents(project, version=VERSION)["frames/zarr.json"])
    frames["chunk_grid"]["configuration"]["chunk_shape"][:2] = [1001, 1000]
    with pytest.raises(TesseractError, match="chunk_shape does not fit"):
        metadata.read_layout(frames, project, where="x")
