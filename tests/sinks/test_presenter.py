"""What is seen: fitted, cross-faded, calmed, faded, and panels over all."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import RenderError
from tessonance.sampling.fit import fit
from tessonance.sinks import OffscreenWindow, Panel
from tessonance.sinks.presenter import fitted

gl = pytest.mark.gl
SIZE = (64, 36)


@pytest.fixture
def window() -> Iterator[OffscreenWindow]:
    with OffscreenWindow(SIZE, sleep=lambda seconds: None) as made:
        yield made


def picture(window: OffscreenWindow, pixels: np.ndarray) -> moderngl.Texture:
    height, width = pixels.shape[:2]
    opaque = np.dstack([pixels, np.full((height, width), 255, np.uint8)])
    texture = window.context.texture((width, height), 4, opaque.tobytes())
    texture.repeat_x = texture.repeat_y = False
    return texture


def even(window: OffscreenWindow, *colour: int) -> moderngl.Texture:
    return picture(window, np.full((8, 8, 3), colour, np.uint8))


def smooth(width: int, height: int) -> np.ndarray:
    """Something different in every corner, without details, which every way of resizing treats as it likes."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return (255 * np.stack([x, y, x * (1 - y)], -1)).astype(np.uint8)


@gl
def test_a_picture_of_its_size_is_seen_as_it_is_top_row_first(window: OffscreenWindow) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (36, 64, 3), np.uint8)
    window.present(picture(window, noise))
    np.testing.assert_array_equal(window.screenshot(), noise)


@gl
@pytest.mark.parametrize("mode", ["cover", "contain", "stretch"])
@pytest.mark.parametrize("size", [(40, 40), (100, 30), (33, 71), (300, 200)])
def test_pictures_of_any_size_fit_as_in_a_film(window: OffscreenWindow, mode: str, size: tuple[int, int]) -> None:
    pixels = smooth(*size)
    window.present(picture(window, pixels), fit=mode)
    away = np.abs(window.screenshot().astype(int) - fit(pixels, SIZE, mode))
    assert away.mean() < 2.5
    assert np.percentile(away, 99) <= 16  # the edges of bars may lie a pixel aside


@gl
def test_details_of_a_picture_that_is_made_much_smaller_are_averaged(window: OffscreenWindow) -> None:
    stripes = np.zeros((36 * 8, 64 * 8, 3), np.uint8)
    stripes[:, ::2] = 255
    window.present(picture(window, stripes))
    assert np.abs(window.screenshot().astype(int) - 127).max() <= 2


@gl
def test_two_pictures_cross_fade(window: OffscreenWindow) -> None:
    red, blue = even(window, 200, 0, 0), even(window, 0, 0, 100)
    for mix, colour in ((0.0, [200, 0, 0]), (0.25, [150, 0, 25]), (1.0, [0, 0, 100]), (7.0, [0, 0, 100])):
        window.present(red, over=blue, mix=mix)
        assert np.abs(window.screenshot()[18, 32].astype(int) - colour).max() <= 1


@gl
def test_in_a_cross_fade_bars_stay_black(window: OffscreenWindow) -> None:
    white = picture(window, np.full((8, 8, 3), 255, np.uint8))
    wide = picture(window, np.full((2, 8, 3), 255, np.uint8))
    window.present(white, over=wide, mix=0.5, fit="contain")
    seen = window.screenshot()[..., 0].astype(int)
    assert seen[0, 0] == 0
    assert abs(seen[18, 2] - 128) <= 1  # the wide one alone
    assert abs(seen[2, 32] - 128) <= 1  # the square one alone
    assert seen[18, 32] >= 254  # both


@gl
def test_it_fades_to_black_and_panels_stay(window: OffscreenWindow) -> None:
    white = even(window, 255, 255, 255)
    panel = Panel(np.full((4, 6, 4), (0, 128, 0, 128), np.uint8), (10, 3))
    window.present(white, fade=0.5, panels=[panel])
    seen = window.screenshot().astype(int)
    assert np.abs(seen[30, 50] - 128).max() <= 1
    assert np.abs(seen[3, 10] - [64, 192, 64]).max() <= 1
    window.present(white, fade=1.0, panels=[panel])
    seen = window.screenshot()
    assert seen[30, 50].tolist() == [0, 0, 0]
    inside = np.zeros((36, 64), np.bool_)
    inside[3:7, 10:16] = True
    assert (seen[..., 1] == 128).tolist() == inside.tolist()


@gl
def test_a_panel_lies_over_the_picture_by_its_alpha_and_what_stands_over_is_cut(window: OffscreenWindow) -> None:
    rng = np.random.default_rng(3)
    below = rng.integers(0, 256, (36, 64, 3), np.uint8)
    alpha = rng.integers(0, 256, (20, 30, 1), np.uint8)
    image = np.concatenate([(rng.random((20, 30, 3)) * alpha).astype(np.uint8), alpha], axis=2)
    for corner in ((5, 7), (-11, -6), (50, 30), (0, 0)):
        window.present(picture(window, below), panels=[Panel(image, corner)])
        expected = below.astype(float)
        canvas = np.zeros((100, 160, 4))
        canvas[30 + corner[1] : 50 + corner[1], 40 + corner[0] : 70 + corner[0]] = image
        over = canvas[30:66, 40:104]
        expected = over[..., :3] + expected * (1 - over[..., 3:] / 255)
        assert np.abs(window.screenshot() - expected).max() <= 1.01, corner


@gl
def test_several_panels_that_come_go_and_change(window: OffscreenWindow) -> None:
    black = even(window, 0, 0, 0)
    first, second = (Panel(np.full((5, 5, 4), value, np.uint8), (10 * k, 0)) for k, value in enumerate((50, 90), 1))
    for panels in ([first], [first, second], [second], [], [second, first], [Panel(second.image[:3], (10, 0))]):
        window.present(black, panels=panels)
        seen = window.screenshot()
        for panel in panels:
            x, y = panel.corner
            assert (seen[y : y + panel.image.shape[0], x : x + 5] == panel.image[0, 0, 0]).all()
        assert (seen > 0).any(axis=2).sum() == sum(panel.image[..., 0].size for panel in panels)


@gl
def test_calming_blends_towards_what_was_shown(window: OffscreenWindow) -> None:
    white, black = even(window, 255, 255, 255), even(window, 0, 0, 0)
    shown = 0.0
    window.present(black)
    for frame, calm in enumerate([0.5, 0.9, 0.0, 1.0, 0.25, 0.99, 0.99]):
        given = 255.0 if frame % 2 == 0 else 0.0
        window.present(white if given else black, calm=calm)
        shown = (1 - calm) * given + calm * shown
        assert abs(float(window.screenshot()[10, 10, 0]) - shown) <= 1, frame


@gl
def test_a_mean_that_follows_slowly_arrives(window: OffscreenWindow) -> None:
    """Eight bits would stop it half way: a hundredth of what is left would be rounded away."""
    window.present(even(window, 0, 0, 0))
    grey = even(window, 100, 100, 100)
    for _ in range(1200):
        window.present(grey, calm=0.99)
    assert window.screenshot()[5, 5, 0] >= 99


@gl
def test_calming_with_cross_fade_and_fade_and_another_size_of_the_window(window: OffscreenWindow) -> None:
    white, black = even(window, 255, 255, 255), even(window, 0, 0, 0)
    window.present(black, over=white, mix=0.5)
    window.present(black, calm=0.5)
    assert abs(int(window.screenshot()[0, 0, 0]) - 64) <= 1
    window.resize((31, 50))
    window.present(black, calm=1.0, fade=0.5)
    assert window.screenshot().shape == (50, 31, 3)
    assert abs(int(window.screenshot()[0, 0, 0]) - 32) <= 1
    window.present(white)
    assert window.screenshot().min() == 255


@gl
def test_the_first_frame_can_be_calmed(window: OffscreenWindow) -> None:
    window.present(even(window, 10, 20, 30), calm=0.7)
    assert window.screenshot()[0, 0].tolist() == [10, 20, 30]


@gl
def test_before_anything_is_presented_it_is_black(window: OffscreenWindow) -> None:
    assert window.screenshot().max() == 0


@gl
def test_a_minimised_window_takes_frames_all_the_same(window: OffscreenWindow) -> None:
    white = even(window, 255, 255, 255)
    window.resize((0, 0))
    window.present(white, panels=[Panel(np.zeros((2, 2, 4), np.uint8))])
    window.swap()
    window.resize(SIZE)
    window.present(white)
    assert window.screenshot().min() == 255


@gl
def test_a_misspelt_fit_is_refused(window: OffscreenWindow) -> None:
    with pytest.raises(RenderError, match="there is no fit 'fill'"):
        window.present(even(window, 1, 2, 3), fit="fill")


@given(*[st.tuples(st.integers(1, 4000), st.integers(1, 4000))] * 2, st.sampled_from(["cover", "contain", "stretch"]))
def test_fitting_stays_inside_and_keeps_proportions(picture: tuple[int, int], frame: tuple[int, int], fit: str) -> None:
    (left, top, width, height), (across, down) = fitted(picture, frame, fit)
    assert 0 <= left <= left + width <= frame[0]
    assert 0 <= top <= top + height <= frame[1]
    assert 0 < across <= 1
    assert 0 < down <= 1
    if fit == "cover":
        assert (width, height) == frame
        assert picture[0] * across * frame[1] == pytest.approx(picture[1] * down * frame[0])
        assert max(across, down) == pytest.approx(1.0)
    if fit == "contain":
        assert width == frame[0] or height == frame[1]


@gl
@pytest.mark.parametrize(
    ("renderer", "software"),
    [("llvmpipe (LLVM 15.0.6, 256 bits)", True), ("Google SwiftShader", True), ("Mesa Intel(R) UHD 620", False)],
)
def test_whether_the_processor_draws_is_told_by_what_the_driver_is_called(
    window: OffscreenWindow, monkeypatch: pytest.MonkeyPatch, renderer: str, software: bool
) -> None:
    assert window.renderer == window.context.info["GL_RENDERER"]
    monkeypatch.setattr(type(window), "renderer", renderer)
    assert window.software is software
