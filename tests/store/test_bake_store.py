"""The bake in a tesseract: written edge by edge, read wherever the tesseract is, and never harmful."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from file_server import serving

from tessonance.errors import GridError, TesseractError
from tessonance.store import TesseractWriter, open_tesseract, pack, repair, unpack, verify
from tessonance.store.bake import find_bake
from tessonance.store.bake_field import Field, encode_field
from tessonance.store.bake_format import BakeFiles, BakeNotes
from tessonance.store.bake_writer import BakeWriter, new_bake
from tessonance.store.calibration import Calibration
from tessonance.store.osfile import Folder
from tessonance.store.shard import LiveShard

NOTES = BakeNotes("test 1", Calibration(0.97, 0.1, 200, (0.0, 0.5), (0.0, 0.7)), "tessonance test")
DISTANCES = (0.05, 0.1, 0.25)


def field_of(files: BakeFiles, number: int) -> Field:
    shape = (*files.field_shape, 2)
    random = np.random.default_rng(number)
    both = random.integers(-127, 128, (2, *shape)).astype(np.int8)
    return Field(both[0], both[1], 0.125)


def fingerprints(path: Path, files: BakeFiles) -> np.ndarray:
    import zlib

    found = np.zeros(files.pictures.shape, np.uint32)
    with open_tesseract(path) as tesseract:
        for place in np.ndindex(found.shape[:-1]):
            raw = tesseract.encoded(tuple(int(along[i]) for along, i in zip(files.knots, place, strict=True)))
            found[place] = len(raw), zlib.crc32(raw)
    return found


def bake(path: Path, *, axes: tuple[int, ...] | None = None) -> BakeFiles:
    """Bake every edge: those whose number is odd flow."""
    with open_tesseract(path) as tesseract:
        files = BakeFiles(tesseract.project, tesseract.knots())
    folder = Folder(path)
    new_bake(folder, files, NOTES)
    with BakeWriter(folder, files) as writer:
        writer.put_pictures(fingerprints(path, files))
        for axis in files.axes if axes is None else axes:
            for number, edge in enumerate(np.ndindex(files.edges_shape(axis))):
                writer.put(axis, edge, DISTANCES, field_of(files, number) if number % 2 else None)
    return files


@pytest.fixture
def baked(make, project_of, tmp_path, tmp_path_factory) -> Path:
    """A baked tesseract of 4 × 3, a copy of one that is made once."""
    if not TEMPLATE or not TEMPLATE[0].exists():
        path = make(project_of(4, 3), name="template.tess")
        bake(path)
        TEMPLATE[:] = [path.rename(tmp_path_factory.mktemp("baked") / "small.tess")]
    return Path(shutil.copytree(TEMPLATE[0], tmp_path / "small.tess"))


TEMPLATE: list[Path] = []


def test_what_was_baked_is_read_edge_by_edge(make, project_of) -> None:
    path = make(project_of(5, 3, closed=("ink",)))
    files = bake(path)
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert found.baked() == found.edges() == 4 * 3 + 5 * 3
        assert found.methods(0).shape == (4, 3)
        assert found.methods(1).shape == (5, 3)  # closed: the last edge leads back
        assert found.calibration == NOTES.calibration
        assert found.distances(1).shape == (5, 3, 3)
        np.testing.assert_allclose(found.distances(0), np.broadcast_to(np.float32(DISTANCES), (4, 3, 3)))
        for axis in (0, 1):
            for number, edge in enumerate(np.ndindex(files.edges_shape(axis))):
                stored = found.field(axis, edge)
                assert (stored is None) == (number % 2 == 0)
                if stored is not None:
                    wanted = field_of(files, number)
                    assert stored.scale == wanted.scale
                    np.testing.assert_array_equal(stored.forward, wanted.forward)
                    np.testing.assert_array_equal(stored.backward, wanted.backward)
        with pytest.raises(GridError):
            found.field(0, (4, 0))


def test_there_is_a_reason_where_there_is_no_bake(make, project_of) -> None:
    path = make(project_of(3, 3))
    with open_tesseract(path) as tesseract:
        assert find_bake(tesseract) == (None, "not baked yet")


# Wherever the tesseract is


def everything(where: object) -> dict[str, object]:
    """All that a bake says, by plain names."""
    with open_tesseract(where) as tesseract:
        found = tesseract.bake()
        assert found is not None
        told: dict[str, object] = {"calibration": found.calibration, "finder": found.finder}
        for axis in range(len(found.knots)):
            told[f"methods {axis}"] = found.methods(axis).tolist()
            told[f"distances {axis}"] = found.distances(axis).tolist()
            for edge in np.ndindex(found.methods(axis).shape):
                field = found.stored_field(axis, edge)
                told[f"{axis} {edge}"] = field and (field.scale, field.forward.tolist(), field.backward.tolist())
        return told


def test_a_packed_bake_and_an_unpacked_one_are_the_same(make, project_of, tmp_path) -> None:
    path = make(project_of(4, 3, 2, closed=("bloom",)))
    bake(path)
    wanted = everything(path)
    report = pack(path)
    assert report.no_bake == ""
    assert everything(report.path) == wanted
    unpacked = unpack(report.path, tmp_path / "again.tess")
    assert unpacked.left_out == ()
    assert everything(unpacked.path) == wanted


@pytest.mark.parametrize("form", ["small.tess", "small.tess.zip"])
def test_a_bake_is_read_over_http(baked, tmp_path, form) -> None:
    path = baked
    pack(path)
    with serving(tmp_path) as server:
        assert everything(f"{server.url}/{form}") == everything(path)


def test_where_a_web_server_has_no_bake_there_is_none(make, project_of, tmp_path) -> None:
    make(project_of(3, 3))
    with serving(tmp_path) as server, open_tesseract(f"{server.url}/small.tess") as tesseract:
        assert find_bake(tesseract).reason == "not baked yet"


def test_zarr_reads_every_array(make, project_of) -> None:
    zarr = pytest.importorskip("zarr")
    path = make(project_of(5, 3, closed=("ink",)))
    files = bake(path)
    group = zarr.open_group(path, mode="r")
    assert sorted(group.array_keys()) == ["bloom", "frames", "ink"]
    assert group["bake"].attrs["tessonance_bake"]["knots"] == [[0, 1, 2, 3, 4], [0, 1, 2]]
    assert group["bake/frames"][:].tolist() == fingerprints(path, files).tolist()
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        for axis, name in enumerate(tesseract.grid.names):
            inside = group[f"bake/{name}"]
            np.testing.assert_array_equal(inside["distance"][:], found.distances(axis))
            np.testing.assert_array_equal(inside["method"][:], found.methods(axis))
            assert inside["flow"].metadata.dimension_names[-4:] == ("direction", "y", "x", "xy")
            for number, edge in enumerate(np.ndindex(found.methods(axis).shape)):
                field = found.field(axis, edge)
                stored = inside["flow"][edge]
                if number % 2:
                    assert field is not None
                    np.testing.assert_array_equal(stored, np.stack([field.forward, field.backward]))
                    assert inside["scale"][edge] == field.scale
                else:
                    assert field is None
                    assert not stored.any()  # the fill value: nothing moves


def test_half_a_bake_is_a_bake(make, project_of) -> None:
    path = make(project_of(4, 3))
    bake(path, axes=(0,))
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert (found.baked(), found.edges()) == (9, 17)
        assert np.isnan(found.distances(1)).all()
        assert found.field(1, (0, 0)) is None


def test_an_axis_of_one_step_and_one_picture_have_no_edges(make, project_of) -> None:
    path = make(project_of(1, 3, closed=("bloom",)))
    bake(path)
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert found.methods(0).shape == (0, 3)
        assert found.distances(0).shape == (0, 3, 3)
        assert found.baked() == found.edges() == 2
    alone = make(project_of(1), name="one.tess")
    bake(alone)
    with open_tesseract(alone) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert found.edges() == 0


# Pictures and knots that have changed


def test_edges_of_changed_pictures_count_as_not_baked(baked) -> None:
    path = baked
    with TesseractWriter.open(path) as writer:
        writer.put_picture((1, 1), np.random.default_rng(1).integers(0, 256, (16, 24, 3), dtype=np.uint8))
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert found.stale == 4
        assert found.baked() == found.edges() - 4
        assert found.methods(0)[0, 1] == found.methods(0)[1, 1] == 0
        assert found.methods(1)[1].tolist() == [0, 0]
        assert found.field(0, (1, 1)) is None
        assert np.isnan(found.distances(0)[0, 1]).all()
    report = verify(path)
    assert report.sound
    assert "4 made of other pictures" in report.bake


def test_a_bake_for_other_knots_does_not_fit(make, project_of) -> None:
    project = project_of(5, 5)
    path = make(project, [flat for flat in range(25) if flat % 5 % 2 == 0 and flat // 5 % 2 == 0])
    bake(path)
    with open_tesseract(path) as tesseract:
        assert tesseract.bake() is not None
        with TesseractWriter.open(path) as writer:
            for flat in range(25):
                if not writer.is_painted(np.array([flat]))[0]:
                    writer.put_picture(writer.grid.cell(flat), np.zeros((16, 24, 3), np.uint8))
        assert tesseract.bake() is None
        assert "other knots" in find_bake(tesseract).reason
    assert "other knots" in verify(path).bake


# What a stranger, or a bad disk, may have put there


def spoil(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    file = path / "bake" / name
    file.write_bytes(change(file.read_bytes()))


def edited(**keys: object) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        document = json.loads(raw)
        place = document["attributes"].get("tessonance_bake", document)
        place.update(keys)
        return json.dumps(document).encode()

    return change


HOSTILE = [
    ("zarr.json", lambda raw: b""),
    ("zarr.json", lambda raw: b"[" * 100_000),
    ("zarr.json", lambda raw: raw + b" " * 5_000_000),
    ("zarr.json", edited(format=2)),
    ("zarr.json", edited(format=True)),
    ("zarr.json", edited(knots=[[0, 1, 2, 3]])),
    ("zarr.json", edited(knots=[[0, 1, 2, 3], [0, 2, 1]])),
    ("zarr.json", edited(knots=[[0, 1, 2, 10**30], [0, 1, 2]])),
    ("zarr.json", edited(knots=[[0, 1, 2, -1], [0, 1, 2]])),
    ("zarr.json", edited(knots=[[0, 1, True, 3], [0, 1, 2]])),
    ("zarr.json", edited(knots={"0": 1})),
    ("zarr.json", edited(calibration=[1, 2])),
    ("zarr.json", edited(calibration={"rank_correlation": "x"})),
    ("zarr.json", edited(calibration={**asdict(NOTES.calibration), "flips": [0.5, 0.1]})),
    ("zarr.json", edited(calibration={**asdict(NOTES.calibration), "distances": [], "flips": []})),
    ("bloom/method/zarr.json", edited(shape=[10**9, 10**9])),
    ("bloom/flow/zarr.json", edited(shape=[3, 3, 2, 8192, 8192, 2])),
    ("bloom/flow/zarr.json", edited(data_type="float64")),
    ("bloom/method/c.0.0", lambda raw: raw[:-1]),
    ("bloom/distance/c.0.0.0", lambda raw: raw + b"x"),
    ("frames/c.0.0.0", lambda raw: b""),
]


@pytest.mark.parametrize(("name", "change"), HOSTILE)
def test_a_bake_that_cannot_be_is_as_good_as_none_and_says_why(baked, tmp_path, name, change) -> None:
    path = baked
    spoil(path, name, change)
    with open_tesseract(path) as tesseract:
        found = find_bake(tesseract)
        assert found.bake is None
        assert "bake" in found.reason
        assert tesseract.picture((0, 0)).shape == (16, 24, 3)
    report = verify(path)
    assert not report.sound
    assert [bad.name.startswith("bake") for bad in report.files] == [True]
    packed = pack(path)
    assert "bake" in packed.no_bake
    assert unpack(packed.path, tmp_path / "again.tess").left_out == ()
    mended = repair(path)
    assert mended.sound
    assert not (path / "bake").exists()
    assert verify(path).sound


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("distance", np.full((3, 3, 3), np.nan, "<f4")),
        ("distance", np.full((3, 3, 3), -1, "<f4")),
        ("distance", np.full((3, 3, 3), np.inf, "<f4")),
        ("method", np.full((3, 3), 3, np.uint8)),
        ("scale", np.full((3, 3), np.nan, "<f4")),
        ("scale", np.full((3, 3), np.inf, "<f4")),
        ("scale", np.full((3, 3), 1e9, "<f4")),
    ],
)
def test_numbers_that_cannot_be_are_not_baked(baked, name, numbers) -> None:
    path = baked
    spoil(path, f"bloom/{name}/{'c.0.0.0' if name == 'distance' else 'c.0.0'}", lambda raw: numbers.tobytes())
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        flows = [found.field(0, edge) for edge in np.ndindex(3, 3)]
        assert flows == [None] * 9
        blends = 5 if name == "scale" else 0  # a blend has no scale
        assert int((found.methods(0) > 0).sum()) == blends
        assert np.isfinite(found.distances(0)).all(axis=-1).sum() == blends
        assert found.methods(1).all()


def bomb(files: BakeFiles) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=1).compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "field",
    [
        lambda files: b"no frame",
        bomb,
        lambda files: encode_field(field_of(files, 1))[:-5],
        lambda files: encode_field(Field(*np.zeros((2, 3, 3, 2), np.int8), 1.0)),
    ],
    ids=["no frame", "bomb", "cut short", "other size"],
)
def test_a_damaged_field_blends_and_is_found_and_forgotten(baked, field) -> None:
    path = baked
    with open_tesseract(path) as tesseract:
        files = BakeFiles(tesseract.project, tesseract.knots())
    layout = files.flow_layout(0)
    shard = LiveShard(Folder(path), f"bake/bloom/flow/{layout.key((0, 0))}", layout)
    shard.enter(1, shard.append(field(files)))
    shard.close()
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert found.field(0, (0, 1)) is None
        with pytest.raises(TesseractError, match=r"field|entry"):
            found.stored_field(0, (0, 1))
        assert found.field(0, (1, 0)) is not None
    report = verify(path)
    assert [(bad.name, bad.problem[:20]) for bad in report.files] == [("bake/bloom/flow", "1 fields are damaged")]
    assert repair(path).repaired
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        assert found.methods(0)[0, 1] == 0
    assert verify(path).sound


def test_a_link_in_place_of_a_bake_is_not_followed(make, project_of, tmp_path) -> None:
    path, other = make(project_of(3, 3)), make(project_of(3, 3), name="other.tess")
    bake(other)
    (path / "bake").symlink_to(other / "bake", target_is_directory=True)
    with open_tesseract(path) as tesseract:
        assert "link" in find_bake(tesseract).reason
    assert repair(path).sound
    assert not (path / "bake").is_symlink()
    assert (other / "bake" / "zarr.json").exists()  # what it led to stays


@pytest.mark.parametrize("write", [2, 4, 5, 6, 11])  # numbers, field, entry, method; the entry of the second edge
def test_a_process_that_dies_while_it_bakes_leaves_whole_edges(make, project_of, killed_at, write) -> None:
    path = make(project_of(4, 3))
    bake(path, axes=())
    killed_at(write, BAKING, path)
    with open_tesseract(path) as tesseract:
        found = tesseract.bake()
        assert found is not None
        for number, edge in enumerate(np.ndindex(3, 3)):
            field = found.stored_field(0, edge)  # raises where a field is not whole
            assert (field is not None) == (found.methods(0)[edge] == 2)
            if field is not None:
                np.testing.assert_array_equal(field.forward, field_of(found.files, number).forward)
        assert found.methods(0).reshape(-1).tolist() == sorted(found.methods(0).reshape(-1), key=lambda m: m == 0)
    assert verify(path).sound


BAKING = """
import sys
from pathlib import Path
import numpy as np
from tessonance.store import open_tesseract
from tessonance.store.bake_field import Field
from tessonance.store.bake_format import BakeFiles
from tessonance.store.bake_writer import BakeWriter
from tessonance.store.osfile import Folder

with open_tesseract(sys.argv[2]) as tesseract:
    files = BakeFiles(tesseract.project, tesseract.knots())
with BakeWriter(Folder(Path(sys.argv[2])), files) as writer:
    for number, edge in enumerate(np.ndindex(files.edges_shape(0))):
        random = np.random.default_rng(number)
        both = random.integers(-127, 128, (2, *files.field_shape, 2)).astype(np.int8)
        writer.put(0, edge, (0.05, 0.1, 0.25), Field(both[0], both[1], 0.125))
"""
