"""What the artist sees over the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.grid import Axis, Grid
from tessonance.project import Mapping, Route
from tessonance.show.hud import Hud, HudState
from tessonance.show.meters import AxisMeter

SIZE = (1280, 720)
TWO = Grid([Axis(name="bloom", steps=33), Axis(name="ink", start=-1, stop=1, steps=33)])
ROUTES = (Route(feature="low", axis="bloom"), Route(feature="high", axis="ink"))


def hud(grid: Grid = TWO, routes: tuple[Route, ...] = ROUTES, size: tuple[int, int] = SIZE) -> Hud:
    return Hud(grid, Mapping(grid, routes), size)


def state(*coordinate: float, **keys: Any) -> HudState:
    place = np.array(coordinate)
    given = {"seconds": 1.0, "features": {}, "trail": place[None], **keys}
    return HudState(coordinate=place, **given)


def changed(made: Hud, before: HudState, after: HudState) -> np.ndarray:
    """Where two panels differ, as rows and columns of the panel, shape (n, 2)."""
    differ = np.abs(made.overlay(before).astype(int) - made.overlay(after)).max(2) > 8
    return np.argwhere(differ)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 360), (720, 1280), (3840, 2160)])
def test_it_stands_at_the_lower_left_and_leaves_the_picture_free(size: tuple[int, int]) -> None:
    frame = np.full((size[1], size[0], 3), 100, np.uint8)
    hud(size=size).draw(frame, state(0.3, 0.7))
    rows, columns = np.nonzero((frame != 100).any(2))
    assert rows.min() > 0.5 * size[1]
    assert rows.max() < size[1]
    assert columns.max() < 0.68 * size[0]
    assert columns.min() > 0


def test_the_same_state_gives_the_same_panel() -> None:
    made = hud()
    first = made.overlay(state(0.3, 0.7))
    made.overlay(state(0.9, 0.1, seconds=9.0))
    np.testing.assert_array_equal(made.overlay(state(0.3, 0.7)), first)


def test_drawing_is_the_overlay_laid_over_the_frame() -> None:
    made, moment = hud(), state(0.3, 0.7)
    frame = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    panel = made.overlay(moment).astype(float)
    x, y = made.corner
    part = frame[y : y + panel.shape[0], x : x + panel.shape[1]]
    wanted = np.minimum(panel[..., :3] + part * (1 - panel[..., 3:] / 255), 255)
    made.draw(frame, moment)
    assert panel.shape == (*made.shape, 4)
    assert np.abs(part - wanted).max() <= 1


def test_the_cursor_follows_the_first_axis_downwards_and_the_second_to_the_right() -> None:
    made = hud()

    def cursor(u: float, v: float) -> np.ndarray:
        panel = made.overlay(state(u, v))[..., :3].min(2)[:, : made.shape[0]]
        return np.argwhere(panel > 250).mean(0)

    middle, lower, righter = cursor(0.5, 0.5), cursor(0.8, 0.5), cursor(0.5, 0.8)
    np.testing.assert_allclose(lower - middle, [0.3 * 141, 0], atol=3)
    np.testing.assert_allclose(righter - middle, [0, 0.3 * 141], atol=3)


def test_the_trail_glows_where_it_was() -> None:
    trail = np.column_stack([np.linspace(0.1, 0.9, 40), np.full(40, 0.2)])
    where = changed(hud(), state(0.9, 0.2), state(0.9, 0.2, trail=trail))
    assert np.ptp(where[:, 0]) > 60
    assert np.ptp(where[:, 1]) < 30


def test_across_the_seam_of_a_closed_axis_no_line_is_drawn() -> None:
    def lit(closed: bool) -> int:
        grid = Grid([Axis(name="turn", steps=8, closed=closed), Axis(name="ink", steps=8)])
        trail = np.array([[0.98, 0.5], [0.99, 0.5], [0.01, 0.5], [0.02, 0.5]])
        made = hud(grid, ())
        return len(changed(made, state(0.02, 0.5), state(0.02, 0.5, trail=trail)))

    assert lit(closed=True) < lit(closed=False) / 2


def test_values_are_shown_in_the_units_of_the_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    import tessonance.show.meters as meters

    real = meters.label
    monkeypatch.setattr(meters, "label", lambda text, size: shown.append(text) or real(text, size))
    for axis, place, text in [
        (Axis(name="ink", start=-1, stop=1, steps=3), 0.25, "-0.50"),
        (Axis(name="hue", start=0, stop=360, steps=3), 0.5, "180"),
        (Axis(name="zoom", start=0, stop=0.02, steps=3), 0.5, "0.0100"),
        (Axis(name="height", start=10, stop=0, steps=3), 0.25, "7.5"),
        (Axis(name="still", start=4, steps=1), 0.0, "4.00"),
    ]:
        meter = AxisMeter(axis, (255, 0, 0), width=200, size=15)
        meter.draw(np.zeros((meter.height, 200, 4), np.uint8), place)
        assert shown[-1] == text


def test_a_louder_feature_lights_its_own_meter_only() -> None:
    made = hud()
    quiet = {name: np.zeros(120, np.float32) for name in ("low", "high")}
    loud = {**quiet, "low": np.ones(120, np.float32)}
    rows = changed(made, state(0.5, 0.5, features=quiet), state(0.5, 0.5, features=loud))[:, 0]
    assert len(rows) > 200
    assert np.ptp(rows) < 30


def test_a_single_number_is_a_level_too() -> None:
    hud().overlay(state(0.5, 0.5, features={"low": 0.7, "high": np.float32(0.2)}))


GRIDS = [
    [Axis(name="line", steps=5)],
    [Axis(name="ring", steps=6, closed=True)],
    [Axis(name="dot", steps=1)],
    [Axis(name="turn", steps=12, closed=True), Axis(name="spin", steps=3, closed=True)],
    [Axis(name=f"axis{k}", steps=2, closed=k % 2 == 1) for k in range(16)],
    [Axis(name="thousand", steps=1000), Axis(name="seven", steps=7)],
]


@pytest.mark.parametrize("axes", GRIDS, ids=lambda axes: axes[0].name)
@pytest.mark.parametrize("size", [(1280, 720), (64, 48), (16, 16), (4096, 128)])
def test_any_grid_on_any_frame_gets_a_panel(axes: list[Axis], size: tuple[int, int]) -> None:
    grid = Grid(axes)
    routes = tuple(Route(feature=(20, 30 + k), axis=axes[0].name) for k in range(3))
    frame = np.full((size[1], size[0], 3), 100, np.uint8)
    trail = np.random.default_rng(0).uniform(size=(20, len(axes)))
    hud(grid, routes, size).draw(frame, HudState(3.0, trail[-1], {}, trail))
    assert (frame != 100).any() or size == (16, 16)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=2),
    st.lists(st.floats(0, 1, width=32) | st.just(float("nan")), min_size=1, max_size=200),
    st.floats(0, 1e6),
)
def test_no_moment_is_too_strange(place: list[float], levels: list[float], seconds: float) -> None:
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        hud().overlay(state(*place, seconds=seconds, features={"low": np.array(levels, np.float32)}))


def test_sixteen_axes_are_cut_to_what_there_is_room_for() -> None:
    many = hud(Grid(GRIDS[4]), ())
    assert many.shape[0] <= 0.75 * SIZE[1]
