"""zarr-python and xarray read a tesseract, finished or not, and agree with `Tesseract`."""

import json
import threading

import numpy as np
import pytest

from tessonance.errors import MissingPicture
from tessonance.store import TesseractWriter, open_tesseract

zarr = pytest.importorskip("zarr")
xarray = pytest.importorskip("xarray")


def same(frames, tesseract):
    """Compare every picture; black stands for missing."""
    for cell in np.ndindex(*tesseract.grid.shape):
        try:
            wanted = tesseract.picture(cell)
        except MissingPicture:
            wanted = np.zeros(frames.shape[-3:], np.uint8)
        if not np.array_equal(frames[cell], wanted):
            return False
    return True


@pytest.mark.parametrize("codec", ["jpeg", "jpeg444", "lossless"])
@pytest.mark.parametrize("steps", [(6,), (5, 3), (3, 2, 4), (2, 2, 2, 2)])
def test_zarr_reads_every_picture(make, project_of, steps, codec):
    path = make(project_of(*steps, codec=codec))
    frames = zarr.open_group(path, mode="r")["frames"]
    assert frames.shape == (*steps, 16, 24, 3)
    with open_tesseract(path) as tesseract:
        assert same(frames[:], tesseract)


def test_zarr_reads_shards_that_reach_beyond_the_grid(make, project_of, picture_of):
    path = make(project_of(5, 7), [])
    document = path / "frames" / "zarr.json"
    frames = json.loads(document.read_text())
    frames["chunk_grid"]["configuration"]["chunk_shape"][:2] = [2, 3]
    document.write_text(json.dumps(frames))
    with TesseractWriter.open(path) as writer:
        for flat in range(0, 35, 2):
            writer.put_picture(writer.grid.cell(flat), picture_of(flat))
    with open_tesseract(path) as tesseract:
        assert same(zarr.open_group(path, mode="r")["frames"][:], tesseract)


def test_the_group_holds_the_pictures_the_axes_and_the_project(make, project_of):
    project = project_of(5, 3, closed=("ink",))
    group = zarr.open_group(make(project), mode="r")
    assert sorted(group.array_keys()) == ["bloom", "frames", "ink"]
    assert group["bloom"][:].tolist() == [0, 1.25, 2.5, 3.75, 5]
    assert group["ink"][:].tolist() == [0, 1, 2]
    assert group.attrs["tessonance"]["project"] == json.loads(json.dumps(project.to_dict()))
    assert group["frames"].metadata.dimension_names == ("bloom", "ink", "y", "x", "rgb")


def test_xarray_shows_labelled_dimensions_and_coordinates(make, project_of, is_of):
    path = make(project_of(5, 3, closed=("ink",)))
    with xarray.open_zarr(path, consolidated=False) as data:
        assert data.frames.dims == ("bloom", "ink", "y", "x", "rgb")
        assert data.frames.dtype == np.uint8
        assert data.ink.values.tolist() == [0, 1, 2]
        assert is_of(data.frames.sel(bloom=2.5, ink=1).values, 7)
        assert is_of(data.frames.sel(bloom=4.8, ink=2.2, method="nearest").values, 14)


def test_both_read_while_a_writer_is_at_work(make, project_of, picture_of, is_of):
    path = make(project_of(8, 8), [])
    frames = zarr.open_group(path, mode="r")["frames"]
    with TesseractWriter.open(path) as writer:
        stop = threading.Event()

        def paint():
            for flat in range(64):
                writer.put_picture(writer.grid.cell(flat), picture_of(flat))
                if stop.wait(0.001):
                    return

        thread = threading.Thread(target=paint)
        thread.start()
        seen = 0
        while thread.is_alive():
            snapshot = frames[:].reshape(64, 16, 24, 3)
            painted = [flat for flat in range(64) if snapshot[flat].any()]
            assert painted == list(range(len(painted)))  # in the order they were put
            assert len(painted) >= seen
            assert all(is_of(snapshot[flat], flat) for flat in painted)
            seen = len(painted)
        thread.join()
        with xarray.open_zarr(path, consolidated=False) as data:
            assert bool(data.frames.any(("y", "x", "rgb")).all())


def test_zarr_may_write_attributes_and_the_tesseract_opens(make, project_of):
    path = make(project_of(5, 3))
    group = zarr.open_group(path, mode="r+")
    group.attrs["title"] = "mine"
    group["frames"].attrs["more"] = [1, 2]
    with open_tesseract(path) as tesseract:
        assert tesseract.painted() == 15


def test_zarr_can_make_pictures_that_the_tesseract_reads(make, project_of, picture_of, is_of):
    """On a tesseract that nobody else writes."""
    path = make(project_of(2, 2), [])
    frames = zarr.open_group(path, mode="r+")["frames"]
    frames[:] = np.stack([picture_of(flat) for flat in range(4)]).reshape(2, 2, 16, 24, 3)
    with open_tesseract(path) as tesseract:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(4))


def test_a_damaged_picture_is_an_error_for_zarr_too(make, project_of):
    path = make(project_of(3))
    shard = path / "frames" / "c.0.0.0.0"
    raw = bytearray(shard.read_bytes())
    raw[3 * 16 : 3 * 16 + 2] = b"no"
    shard.write_bytes(raw)
    frames = zarr.open_group(path, mode="r")["frames"]
    with pytest.raises(Exception, match="the stored bytes are no JPEG"):
        frames[0]
    assert frames[1].any()


@pytest.mark.parametrize("configuration", [{"quality": 0}, {"quality": "92"}, {"subsampling": "411"}, {"level": 3}])
def test_the_codec_refuses_settings_it_does_not_know(configuration):
    from tessonance.store.zarr_codec import JpegCodec

    with pytest.raises((ValueError, TypeError)):
        JpegCodec.from_dict({"name": "tessonance.jpeg", "configuration": configuration})


def test_the_codec_is_for_pictures_only(tmp_path):
    from tessonance.store.zarr_codec import JpegCodec

    for shape, dtype in (((4, 16, 16), "uint8"), ((4, 16, 16, 3), "uint16")):
        with pytest.raises(ValueError, match="uint8 arrays of shape"):
            zarr.create_array(
                tmp_path / "a", shape=shape, chunks=shape, dtype=dtype, serializer=JpegCodec(), compressors=None
            )
    array = zarr.create_array(
        tmp_path / "b",
        shape=(4, 16, 16, 3),
        chunks=(2, 16, 16, 3),
        dtype="uint8",
        serializer=JpegCodec(),
        compressors=None,
    )
    with pytest.raises(ValueError, match="one picture a chunk"):
        array[:] = 7
