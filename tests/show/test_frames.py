"""Time → frame."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tessonance.errors import RenderError
from tessonance.grid import Axis, Cell, Grid
from tessonance.motion import Path
from tessonance.project import Mapping, Route
from tessonance.sampling import CpuSampler
from tessonance.show.frames import FrameMaker
from tessonance.show.hud import Hud
from tessonance.show.state import FilmStates

GRID = Grid([Axis(name="bloom", steps=3)])
SIZE = (32, 18)


def grey(cell: Cell) -> np.ndarray:
    return np.full((18, 32, 3), 100 * cell[0], np.uint8)


PATH = Path(np.array([[0.0], [0.5], [1.0]]), 1.0, 0.0, np.array([False]))  # at 1, 2 and 3 s


def maker(**keys: object) -> FrameMaker:
    return FrameMaker(CpuSampler(grey, GRID, [[0, 1, 2]]), PATH, **{"size": SIZE, **keys})


def test_a_frame_shows_where_the_path_is_at_its_time() -> None:
    made = maker()
    assert [int(made.frame(t)[0, 0, 0]) for t in (0.0, 1.0, 1.5, 2.0, 2.25, 9.0)] == [0, 0, 50, 100, 125, 200]


def test_a_frame_has_the_size_that_was_asked_for() -> None:
    assert maker(size=(64, 64), fit="contain").frame(1.0).shape == (64, 64, 3)


def test_stages_see_every_frame_in_order_after_sampling_and_before_the_hud() -> None:
    seen = []

    def double(frame: np.ndarray, seconds: float) -> np.ndarray:
        seen.append((seconds, int(frame[0, 0, 0])))
        return frame // 2

    def dim(frame: np.ndarray, seconds: float) -> np.ndarray:
        seen.append((seconds, int(frame[0, 0, 0])))
        return frame

    frame = maker(stages=(double, dim)).frame(2.0)
    assert seen == [(2.0, 100), (2.0, 50)]
    assert int(frame[0, 0, 0]) == 50


def test_the_hud_lies_on_the_frame_and_not_on_the_stored_picture() -> None:
    track = SimpleNamespace(names=("low",), values=np.ones((3, 1), np.float32), hop_seconds=1.0, start_seconds=0.0)
    mapping = Mapping(GRID, [Route(feature="low", axis="bloom")])
    hud = (Hud(GRID, mapping, (640, 360)), FilmStates(PATH, track, ("low",)))
    pictures = {cell: np.full((360, 640, 3), 100, np.uint8) for cell in [(0,), (1,), (2,)]}
    made = FrameMaker(CpuSampler(pictures.__getitem__, GRID, [[0, 1, 2]]), PATH, size=(640, 360), hud=hud)
    assert (made.frame(2.0) != 100).any()
    assert all((picture == 100).all() for picture in pictures.values())


def test_a_misspelt_fit_is_refused_at_once() -> None:
    with pytest.raises(RenderError, match="there is no fit 'fill'"):
        maker(fit="fill")
