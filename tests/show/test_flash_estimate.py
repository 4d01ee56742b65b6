"""How much light a frame has where."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.sampling.fit import FITS, fit
from tessonance.show.flash_estimate import COLUMNS, ROWS, blended, coded, estimate, framed, linear, thumbnail

RANDOM = np.random.default_rng(5)


def exact(frame: np.ndarray) -> np.ndarray:
    """The definition: every pixel made linear, then the mean of each place."""
    value = frame / 255.0
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    height, width = frame.shape[0] // ROWS, frame.shape[1] // COLUMNS
    return light.reshape(ROWS, height, COLUMNS, width, 3).mean((1, 3))


def blocks(pixels: int, size: tuple[int, int] = (1280, 720)) -> np.ndarray:
    """Random colours in squares."""
    few = RANDOM.integers(0, 256, (size[1] // pixels, size[0] // pixels, 3), np.uint8)
    return few.repeat(pixels, 0).repeat(pixels, 1)


def test_coded_and_linear_undo_each_other() -> None:
    values = np.linspace(0, 1, 1000, dtype=np.float32)
    np.testing.assert_allclose(linear(coded(values)), values, atol=6e-4)
    np.testing.assert_allclose(linear(np.float32([-1.0, 0.0, 0.5, 1.0, 2.0])), [0, 0, 0.21404, 1, 1], atol=1e-4)


@pytest.mark.parametrize("pixels", [5, 10, 20, 40])
def test_light_is_averaged_not_coded_values(pixels: int) -> None:
    """Half black and half white is half of the light, however the squares lie."""
    frame = blocks(pixels)
    np.testing.assert_allclose(estimate(frame), exact(frame), atol=2e-3)
    half = np.tile(np.uint8([[0, 255], [255, 0]]).repeat(5, 0).repeat(5, 1), (72, 128))[..., None].repeat(3, 2)
    np.testing.assert_allclose(estimate(half), 0.5, atol=0.01)


@pytest.mark.parametrize("size", [(8, 6), (64, 36), (100, 100), (300, 40), (40, 300), (3840, 2160), (1, 1)])
def test_any_size_has_an_estimate(size: tuple[int, int]) -> None:
    light = estimate(np.full((size[1], size[0], 3), (255, 0, 128), np.uint8))
    assert light.shape == (ROWS, COLUMNS, 3)
    assert light.dtype == np.float32
    np.testing.assert_allclose(light, np.broadcast_to([1.0, 0.0, 0.21586], light.shape), atol=1e-4)


def test_a_frame_of_one_picture_is_estimated_exactly() -> None:
    picture = blocks(10)
    np.testing.assert_allclose(blended([thumbnail(picture)], [1.0]), estimate(picture), atol=6e-4)


def test_a_blend_is_of_coded_values_as_in_the_frame() -> None:
    """Pictures that are even within a place: the estimate of the frame without the frame."""
    pictures = [blocks(20) for _ in range(4)]
    weights = [0.1, 0.2, 0.3, 0.4]
    frame = np.round(sum(w * p for w, p in zip(weights, pictures, strict=True))).astype(np.uint8)
    found = blended([thumbnail(picture) for picture in pictures], weights)
    np.testing.assert_allclose(found, estimate(frame), atol=5e-3)


def test_thumbnails_stay_as_they_are() -> None:
    thumbs = [thumbnail(blocks(20)) for _ in range(2)]
    before = [thumb.copy() for thumb in thumbs]
    blended(thumbs, [0.5, 0.5])
    np.testing.assert_array_equal(thumbs, before)


@pytest.mark.parametrize("mode", FITS)
@pytest.mark.parametrize("size", [(640, 640), (1280, 720), (400, 900)])
def test_the_estimate_follows_the_fit(mode: str, size: tuple[int, int]) -> None:
    """A smooth picture of other proportions, shown in a frame of 16:9."""
    few = RANDOM.integers(0, 256, (5, 5, 3), np.uint8)
    picture = fit(few, size, "stretch")
    shown = fit(picture, (1280, 720), mode)
    found = framed(estimate(picture), size, (1280, 720), mode)
    assert found.shape == (ROWS, COLUMNS, 3)
    error = np.abs(found - estimate(shown))
    assert np.median(error) < 0.01
    assert np.mean(error) < 0.02
