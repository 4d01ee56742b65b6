"""The picture of a feature track."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tessonance.errors import TessError
from tessonance.project import CHROMA, FEATURES
from tessonance.sound import FeatureTrack, write_plot
from tessonance.sound.plot import BACKGROUND, COLOURS, GAP, LANE, LANE_GROUND, LEFT, RIGHT, STRIP_ROW, TOP, WIDTH, draw


def track(names: tuple[str, ...], values: NDArray[np.float32], start: float = 0.0) -> FeatureTrack:
    return FeatureTrack(names, np.asarray(values, np.float32).reshape(-1, len(names)), 256 / 48_000, start)


def lane(picture: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    top = TOP + number * (LANE + GAP)
    return picture[top : top + LANE, LEFT : WIDTH - RIGHT]


def test_a_lane_is_filled_as_high_as_the_feature() -> None:
    values = np.repeat([[0.0, 1.0], [0.5, 0.0]], 2_000, axis=0)
    picture = draw(track(("low", "high"), values))
    low, high = lane(picture, 0), lane(picture, 1)
    half = low.shape[1] // 2
    assert (low[LANE // 2 + 4 :, half + 20 :] != LANE_GROUND).any(axis=2).all()
    assert (low[: LANE // 2 - 4, half + 20 :] == LANE_GROUND).all()
    assert (low[LANE // 2 + 4 :, : half - 20] == LANE_GROUND).all()
    assert np.abs(high[2, 20].astype(int) - COLOURS["high"]).max() < 30
    assert (high[LANE // 2 + 4 :, half + 20 :] == LANE_GROUND).all()


def test_what_is_only_seldom_high_shows_more_faintly() -> None:
    """A click of one hop in a long song is not averaged away."""
    values = np.zeros((40_000, 1))
    values[20_000] = 1
    top_row = lane(draw(track(("onset",), values)), 0)[4].astype(int)
    assert (np.abs(top_row - LANE_GROUND).max(axis=1) > 40).sum() == 1


def test_chroma_is_one_strip_with_c_at_the_bottom() -> None:
    values = np.zeros((3_000, 12))
    values[:, 0] = 1
    picture = draw(track(CHROMA, values))
    strip = picture[TOP : TOP + 12 * STRIP_ROW, LEFT : WIDTH - RIGHT].astype(int).sum(axis=2)
    bright = strip[::STRIP_ROW, 100][-1]
    assert bright > 3 * strip[::STRIP_ROW, 100][:-1].max()


def test_every_feature_of_a_whole_song_has_its_place() -> None:
    picture = draw(track(FEATURES, np.random.default_rng(0).random((500, len(FEATURES)))), "a song")
    assert picture.shape[1:] == (WIDTH, 3)
    assert picture.dtype == np.uint8
    for number in range(8):
        assert lane(picture, number).std() > 10


@pytest.mark.parametrize("hops", [0, 1, 2, 500, 3_300])
@pytest.mark.parametrize("names", [("low",), ("40-90Hz", "chroma_c"), (*CHROMA, "low"), ()])
def test_any_track_can_be_drawn(hops: int, names: tuple[str, ...]) -> None:
    values = np.linspace(0, 1, hops * len(names), dtype=np.float32).reshape(hops, len(names))
    picture = draw(FeatureTrack(names, values, 0.00533, 7_199.9), "any")
    assert (picture[2, 2] == BACKGROUND).all()


def test_six_hours_are_drawn_with_the_times_readable() -> None:
    picture = draw(FeatureTrack(("low",), np.zeros((2_000, 1), np.float32), 10.8))
    ticks = picture[-50, LEFT:].astype(int).sum(axis=1) > 250
    assert 4 <= np.count_nonzero(ticks) <= 24


def test_it_is_written_as_a_png_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "plot"
    write_plot(track(("low",), np.ones((9, 1))), path, title="Ænima ♥")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width == WIDTH


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TessError, match="cannot be written"):
        write_plot(track(("low",), np.ones((9, 1))), tmp_path / "gone" / "plot.png")
