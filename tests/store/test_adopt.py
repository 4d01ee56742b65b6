"""JPEGs of others: taken over as they are where nothing would be gained by encoding them anew."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageCms

from tessonance.errors import DamagedPicture
from tessonance.project import Picture
from tessonance.store import adopted, codec_for

HEIGHT, WIDTH = 48, 64
SMALL = Picture(width=WIDTH, height=HEIGHT)
FINE = Picture(width=WIDTH, height=HEIGHT, codec="jpeg444")
PIXELS = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 2)


def jpeg(pixels: np.ndarray = PIXELS, **how: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **{"quality": 80, "subsampling": 2, **how})
    return file.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        jpeg(),
        jpeg(quality=40),
        jpeg(quality=100, subsampling=0),
        jpeg(subsampling=1),
        jpeg(optimize=True),
        jpeg(restart_marker_blocks=2),
        jpeg(comment=b"a note"),
        jpeg() + b"a film that a telephone appended",
        simplejpeg.encode_jpeg(PIXELS, colorsubsampling="420"),
    ],
    ids=["plain", "low", "high", "422", "optimised", "restarts", "comment", "trailer", "simplejpeg"],
)
def test_it_shows_the_same_picture_bit_for_bit(raw: bytes) -> None:
    taken = adopted(raw, SMALL)
    assert taken is not None
    assert np.array_equal(codec_for(SMALL).decode(taken), simplejpeg.decode_jpeg(raw, "RGB"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(taken))), np.asarray(Image.open(io.BytesIO(raw))))


def test_what_a_camera_noted_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera that tells where it was"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    taken = adopted(jpeg(exif=exif, icc_profile=srgb, comment=b"secret"), SMALL)
    assert taken is not None
    assert b"camera" not in taken
    assert b"secret" not in taken
    assert taken[6:11] == b"JFIF\0"
    assert np.array_equal(simplejpeg.decode_jpeg(taken), simplejpeg.decode_jpeg(jpeg()))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(exif=exif)


def in_other_colours() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return jpeg(icc_profile=bytes(profile).replace(b"sRGB", b"wide").replace(b"s\0R\0G\0B", b"w\0i\0d\0e"))


@pytest.mark.parametrize(
    ("raw", "picture"),
    [
        (jpeg(progressive=True), SMALL),
        (jpeg(PIXELS[..., 0]), SMALL),
        (jpeg(PIXELS[:, :-1]), SMALL),
        (jpeg(), FINE),
        (jpeg(subsampling=1), FINE),
        (jpeg(keep_rgb=True, subsampling=0), SMALL),
        (turned(), SMALL),
        (in_other_colours(), SMALL),
        (jpeg(), Picture(width=WIDTH, height=HEIGHT, codec="lossless")),
        (jpeg()[:40], SMALL),
        (b"\xff\xd8", SMALL),
        (b"", SMALL),
        (b"\x89PNG\r\n\x1a\n", SMALL),
    ],
    ids=[
        "progressive",
        "grey",
        "size",
        "coarse",
        "422",
        "rgb",
        "turned",
        "colours",
        "lossless",
        "cut",
        "2",
        "0",
        "png",
    ],
)
def test_what_does_not_fit_is_not_taken(raw: bytes, picture: Picture) -> None:
    assert adopted(raw, picture) is None


def test_full_colour_is_taken_where_it_is_wanted() -> None:
    assert adopted(jpeg(subsampling=0), FINE) is not None


def test_a_cmyk_file_is_not_taken() -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).convert("CMYK").save(file, "JPEG")
    assert adopted(file.getvalue(), SMALL) is None


@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_a_file_that_breaks_off_is_damaged(share: float) -> None:
    raw = jpeg(quality=95)
    with pytest.raises(DamagedPicture):
        adopted(raw[: int(len(raw) * share)], SMALL)


def test_all_damage_that_decoding_finds_is_found() -> None:
    """Only an eighth of the picture is made, but all of the code is read."""
    random, raw, codec = np.random.default_rng(5), jpeg(quality=90), codec_for(SMALL)
    begins, outcomes = raw.index(b"\xff\xda") + 14, []
    for _ in range(300):
        damaged = bytearray(raw)
        damaged[random.integers(begins, len(raw) - 2)] = random.integers(0, 256)
        found = []
        for look in (codec.decode, codec.prove):
            try:
                look(bytes(damaged))
                found.append(True)
            except DamagedPicture:
                found.append(False)
        outcomes.append(tuple(found))
    assert {(True, True), (False, False)} == set(outcomes)


def test_whatever_happens_to_the_bytes_nothing_but_a_picture_is_taken() -> None:
    random, raw = np.random.default_rng(7), jpeg(quality=90)
    for _ in range(400):
        damaged = bytearray(raw)
        for place in random.integers(0, len(raw), random.integers(1, 4)):
            damaged[place] = random.integers(0, 256)
        try:
            taken = adopted(bytes(damaged), SMALL)
        except DamagedPicture:
            continue
        if taken is not None:
            assert codec_for(SMALL).decode(taken).shape == (HEIGHT, WIDTH, 3)
