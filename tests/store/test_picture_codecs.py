from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import simplejpeg
import zstandard

from tessonance.errors import DamagedPicture, TesseractError
from tessonance.project import Picture
from tessonance.store.codec import Jpeg, Lossless, codec_for, largest_encoding

HEIGHT, WIDTH = 40, 56
CODECS = ["jpeg", "jpeg444", "lossless"]


@pytest.fixture
def scene():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([4 * y, 3 * x, 2 * (x + y)], -1).astype(np.uint8)


def codec_named(name):
    return codec_for(Picture(width=WIDTH, height=HEIGHT, codec=name))


@pytest.mark.parametrize(("name", "furthest"), [("jpeg", 12), ("jpeg444", 4), ("lossless", 0)])
def test_a_picture_comes_back_as_good_as_its_codec_promises(scene, name, furthest):
    codec = codec_named(name)
    back = codec.decode(codec.encode(scene))
    assert back.shape == (HEIGHT, WIDTH, 3)
    assert back.dtype == np.uint8
    assert np.abs(back.astype(int) - scene).max() <= furthest
    back[0, 0] = 1  # memory of its own


def test_full_colour_keeps_edges_that_halved_colour_loses():
    stripes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    stripes[:, ::2, 0] = 255
    error = {
        name: np.abs(codec_named(name).decode(codec_named(name).encode(stripes)).astype(int) - stripes).mean()
        for name in CODECS
    }
    assert error["jpeg"] > 20 > 3 > error["jpeg444"] > error["lossless"] == 0


@pytest.mark.parametrize(("name", "subsampling"), [("jpeg", "420"), ("jpeg444", "444")])
def test_jpeg_is_encoded_with_the_stated_subsampling(scene, name, subsampling):
    assert simplejpeg.decode_jpeg_header(codec_named(name).encode(scene))[3] == subsampling


@pytest.mark.parametrize("name", CODECS)
def test_pictures_that_are_views_are_encoded_as_seen(scene, name):
    codec = codec_named(name)
    wide = np.repeat(scene, 2, axis=1)
    assert codec.encode(wide[:, ::2]) == codec.encode(scene)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize(
    "wrong", [np.zeros((HEIGHT, WIDTH, 4), np.uint8), np.zeros((HEIGHT, WIDTH, 3)), np.zeros(7, np.uint8)]
)
def test_what_is_no_picture_of_this_size_is_not_encoded(name, wrong):
    with pytest.raises(TesseractError, match=r"uint8, shape \(40, 56, 3\)"):
        codec_named(name).encode(wrong)


@pytest.mark.parametrize("name", CODECS)
def test_memory_views_are_decoded_as_bytes_are(scene, name):
    codec = codec_named(name)
    encoded = codec.encode(scene)
    assert np.array_equal(codec.decode(memoryview(encoded)), codec.decode(encoded))


@pytest.mark.parametrize("name", CODECS)
def test_a_picture_of_another_size_is_damaged(scene, name):
    other = codec_for(Picture(width=WIDTH, height=HEIGHT + 8, codec=name))
    with pytest.raises(DamagedPicture, match="another size"):
        other.decode(codec_named(name).encode(scene))


def test_a_header_that_promises_a_huge_picture_is_refused_before_memory_is_taken(scene):
    encoded = bytearray(codec_named("jpeg").encode(scene))
    at = encoded.index(b"\xff\xc0") + 5
    encoded[at : at + 4] = b"\xff\xdc\xff\xdc"  # 65500 × 65500, 12.9 GB of pixels
    with pytest.raises(DamagedPicture, match="65500 × 65500"):
        codec_named("jpeg").decode(bytes(encoded))


def test_a_lossless_bomb_is_refused_before_it_goes_off():
    bomb = zstandard.ZstdCompressor().compress(bytes(200_000_000))
    assert len(bomb) < largest_encoding(HEIGHT, WIDTH)
    with pytest.raises(DamagedPicture, match="200,000,000"):
        codec_named("lossless").decode(bomb)


def test_a_lossless_picture_that_does_not_say_its_size_is_refused(scene):
    encoded = zstandard.ZstdCompressor(write_content_size=False).compress(scene.tobytes())
    with pytest.raises(DamagedPicture, match="another size"):
        codec_named("lossless").decode(encoded)


def test_progressive_jpeg_is_refused(scene):
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.fromarray(scene).save(file, "JPEG", progressive=True)
    with pytest.raises(DamagedPicture, match="sequential"):
        codec_named("jpeg").decode(file.getvalue())


def test_grey_jpeg_is_refused(scene):
    grey = simplejpeg.encode_jpeg(scene[:, :, :1].copy(), colorspace="GRAY", colorsubsampling="Gray")
    with pytest.raises(DamagedPicture, match="3 components"):
        codec_named("jpeg").decode(grey)


@pytest.mark.parametrize("name", CODECS)
def test_bytes_that_are_cut_short_are_damaged(scene, name):
    codec = codec_named(name)
    encoded = codec.encode(scene)
    for length in [*range(0, len(encoded) - 2, 7), len(encoded) - 3]:
        with pytest.raises(DamagedPicture):
            codec.decode(encoded[:length])


@pytest.mark.parametrize("name", CODECS)
def test_too_many_bytes_are_refused(name):
    codec = codec_named(name)
    with pytest.raises(DamagedPicture, match="so many bytes"):
        codec.check(bytes(largest_encoding(HEIGHT, WIDTH) + 1))


@pytest.mark.parametrize("name", ["jpeg444", "lossless"])
def test_even_noise_fits_into_what_may_be_stored(name):
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    codec = codec_named(name)
    codec.check(codec.encode(noise))


def test_every_flipped_bit_of_a_lossless_picture_is_noticed_or_harmless(scene):
    """The checksum at the end of the frame is compared, too."""
    codec = codec_named("lossless")
    encoded = codec.encode(scene)
    for at in range(len(encoded)):
        changed = bytearray(encoded)
        changed[at] ^= 0x10
        try:
            assert np.array_equal(codec.decode(bytes(changed)), scene)
        except DamagedPicture:
            continue
    changed = bytearray(encoded)
    changed[-1] ^= 1
    with pytest.raises(DamagedPicture):
        codec.decode(bytes(changed))


@pytest.mark.parametrize("name", CODECS)
def test_threads_share_a_codec(name):
    rng = np.random.default_rng(2)
    codec = codec_named(name)
    pictures = [np.full((HEIGHT, WIDTH, 3), rng.integers(256), np.uint8) for _ in range(16)]
    encoded = [codec.encode(picture) for picture in pictures]

    def many(k):
        return all(np.abs(codec.decode(encoded[k]).astype(int) - pictures[k]).max() <= 2 for _ in range(40))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(many, range(16)))


def test_the_project_chooses_the_codec():
    assert codec_named("jpeg") == Jpeg(HEIGHT, WIDTH, quality=92, subsampling="420")
    assert codec_named("jpeg444") == Jpeg(HEIGHT, WIDTH, quality=97, subsampling="444")
    assert codec_named("lossless") == Lossless(HEIGHT, WIDTH)
