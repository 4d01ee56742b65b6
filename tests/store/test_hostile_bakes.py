"""What a stranger, or a bad disk, may have put in place of a bake: a reason, or a blend, and pictures as before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from bakes import NOTES, bake, field_of

from tessonance.errors import TesseractError
from tessonance.store import open_tesseract, pack, repair, unpack, verify
from tessonance.store.bake import find_bake
from tessonance.store.bake_field import Field, encode_field
from tessonance.store.bake_format import BakeFiles
from tessonance.store.osfile import Folder
from tessonance.store.shard import LiveShard


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
