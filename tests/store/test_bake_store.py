"""The bake in a tesseract: written edge by edge, and read wherever the tesseract is."""

from __future__ import annotations

import numpy as np
import pytest
from bakes import DISTANCES, NOTES, bake, field_of, fingerprints
from file_server import serving

from tessonance.errors import GridError
from tessonance.store import TesseractWriter, open_tesseract, pack, unpack, verify
from tessonance.store.bake import find_bake


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
