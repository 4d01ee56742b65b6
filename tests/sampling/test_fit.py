"""A picture brought to the size of a frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.errors import RenderError
from tessonance.sampling import fit
from tessonance.sampling.fit import cut


def slope(width: int, height: int) -> np.ndarray:
    """Red tells the column and green the row, as they stand in a field of 0..250."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = (250 * (np.arange(width) + 0.5) / width).round()
    picture[..., 1] = (250 * (np.arange(height) + 0.5) / height).round()[:, None]
    return picture


@settings(max_examples=60)
@given(st.integers(16, 90), st.integers(16, 90), st.integers(16, 200), st.integers(16, 200), st.sampled_from("csx"))
def test_the_frame_has_the_size_that_was_asked_for(w: int, h: int, width: int, height: int, kind: str) -> None:
    mode = {"c": "cover", "s": "stretch", "x": "contain"}[kind]
    assert fit(slope(w, h), (width, height), mode).shape == (height, width, 3)


def test_a_picture_of_the_right_size_is_itself() -> None:
    picture = slope(64, 36)
    for mode in ("cover", "contain", "stretch"):
        assert np.shares_memory(fit(picture, (64, 36), mode), picture)


def test_cover_cuts_both_sides_alike() -> None:
    frame = fit(slope(512, 512), (1280, 720), "cover").astype(int)
    assert frame[:, 0, 0].mean() < 1
    assert frame[:, -1, 0].mean() > 249
    np.testing.assert_allclose(frame[0, :, 1].mean(), 250 * 112 / 512, atol=1)
    np.testing.assert_allclose(frame[-1, :, 1].mean(), 250 * 400 / 512, atol=1)


@given(st.integers(16, 600), st.integers(16, 600))
def test_what_is_cut_has_the_proportions_of_the_frame_and_stands_in_the_middle(w: int, h: int) -> None:
    picture = np.arange(w * h, dtype=np.uint32).reshape(h, w)
    part = cut(picture, (320, 180))
    assert part.shape[0] == h or part.shape[1] == w
    assert min(abs(part.shape[1] - part.shape[0] * 16 / 9), abs(part.shape[0] - part.shape[1] * 9 / 16)) <= 1
    assert int(part[0, 0]) + int(part[-1, -1]) == w * h - 1


def test_contain_shows_all_of_it_between_black_bars() -> None:
    frame = fit(np.full((100, 100, 3), 200, np.uint8), (160, 90), "contain")
    assert (frame[:, 35:125] == 200).all()
    assert not frame[:, :35].any()
    assert not frame[:, 125:].any()


def test_stretch_shows_all_of_it_everywhere() -> None:
    frame = fit(slope(100, 100), (160, 90), "stretch").astype(int)
    corners = frame[[0, 0, -1, -1], [0, -1, 0, -1], :2]
    np.testing.assert_allclose(corners, [[1, 1], [249, 1], [1, 249], [249, 249]], atol=2)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (250, 250)])
def test_pixel_centres_stand_at_halves(size: tuple[int, int]) -> None:
    frame = fit(slope(512, 512), size, "stretch").astype(float)
    wanted = 250 * (np.arange(size[0]) + 0.5) / size[0]
    inner = slice(size[0] // 100 + 2, -size[0] // 100 - 2)
    np.testing.assert_allclose(frame[size[1] // 2, inner, 0], wanted[inner], atol=1.01)


def test_a_hair_of_a_frame_still_gets_a_picture() -> None:
    assert fit(slope(16, 16), (4000, 16), "cover").shape == (16, 4000, 3)
    assert fit(slope(16, 16), (16, 4000), "contain").shape == (4000, 16, 3)


def test_a_misspelt_mode_is_refused_with_the_right_one() -> None:
    with pytest.raises(RenderError, match=r"there is no fit 'cove'\n  try: did you mean 'cover'\?"):
        fit(slope(20, 20), (40, 20), "cove")
