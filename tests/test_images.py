"""Picture files of any kind, and those that are none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from tessonance.errors import GeneratorError
from tessonance.images import decode_picture, picture_size

PICTURE = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_exact_kinds_come_back_exactly(kind: str) -> None:
    assert np.array_equal(decode_picture(encoded(Image.fromarray(PICTURE), kind), where="x"), PICTURE)


def test_a_photograph_is_turned_as_the_camera_noted() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    raw = encoded(Image.fromarray(PICTURE), "PNG", exif=exif)
    assert picture_size(raw, where="x") == (20, 30)
    assert np.array_equal(decode_picture(raw, where="x"), np.rot90(PICTURE, -1))


def test_colours_are_brought_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = Image.fromarray(PICTURE)
    assert np.array_equal(decode_picture(encoded(plain, icc_profile=srgb), where="x"), PICTURE)
    for useless in (lab.tobytes(), b"no profile"):
        assert decode_picture(encoded(plain, icc_profile=useless), where="x").shape == PICTURE.shape


def test_transparent_parts_become_white_and_grey_becomes_three_channels() -> None:
    alpha = Image.fromarray(PICTURE).convert("RGBA")
    alpha.putalpha(Image.fromarray(np.repeat([[0, 255]], 15, 1).repeat(20, 0).astype(np.uint8)))
    found = decode_picture(encoded(alpha), where="x")
    assert (found[:, :15] == 255).all()
    assert np.array_equal(found[:, 15:], PICTURE[:, 15:])
    deep = Image.fromarray(PICTURE[..., 0].astype(np.uint16) * 257)
    assert np.array_equal(decode_picture(encoded(deep), where="x"), np.repeat(PICTURE[..., :1], 3, 2))


def test_what_is_no_picture_is_told_without_pythons_own_words() -> None:
    with pytest.raises(GeneratorError) as refused:
        decode_picture(b"\xff\xd8nonsense", where="x")
    assert " at 0x" not in str(refused.value)


def test_a_small_file_that_would_be_huge_is_refused_before_it_is_decoded() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(GeneratorError, match="this picture is too large"):
        decode_picture(bomb, where="x")


def test_a_jpeg_with_very_many_passes_is_refused() -> None:
    raw = encoded(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True)
    scan = raw[raw.rindex(b"\xff\xda") : -2]
    with pytest.raises(GeneratorError, match="in too many passes"):
        decode_picture(raw[:-2] + scan * 500 + raw[-2:], where="x")


@pytest.mark.parametrize("raw", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(50), b"<svg xmlns='x'/>"])
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(GeneratorError) as refused:
        decode_picture(raw, where="holiday.jpg")
    assert "holiday.jpg: this is no picture that can be read" in str(refused.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_that_is_cut_short_is_refused(kind: str) -> None:
    raw = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)), kind)
    with pytest.raises(GeneratorError):
        decode_picture(raw[: len(raw) // 2], where="x")
