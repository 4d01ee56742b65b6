"""Pictures that move, on the processor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_fields import MemoryField, MemoryFields, wild

from tessonance.errors import RenderError
from tessonance.grid import Axis, Cell, Grid
from tessonance.sampling import CpuSampler
from tessonance.sampling.fields import FURTHEST, quarter, steps
from tessonance.sampling.fine import grain
from tessonance.sampling.kept import Kept
from tessonance.sampling.moves import Mover

SIZE = (37, 23)
GRID = Grid([Axis(name="a", steps=5), Axis(name="b", steps=4, closed=True), Axis(name="d", steps=3)])
KNOTS = [[0, 1, 4], [0, 2, 3], [0, 2]]
sides = st.integers(1, 40)


def noise(cell: Cell) -> np.ndarray:
    return np.random.default_rng(GRID.flat(cell)).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)


def sampler(**keys: object) -> CpuSampler:
    fields = MemoryFields(KNOTS, wild(SIZE, 9.0))
    return CpuSampler(noise, GRID, KNOTS, **{"method": "morph", "fields": fields, **keys})  # type: ignore[arg-type]


def exact(picture: np.ndarray, moves: list[tuple[np.ndarray, int]], *, fine: bool = False) -> np.ndarray:
    """Read a picture where fields move it, in whole numbers, and slowly."""
    (height, width), (tall, wide) = picture.shape[:2], moves[0][0].shape[:2]
    total = sum(vectors.astype(np.int64) * by for vectors, by in moves)
    moved = np.clip((total + 2048) // 4096, -FURTHEST, FURTHEST)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    around = np.zeros((height, width, 2), np.int64)
    for right in (0, 1):
        for below in (0, 1):
            part_x, part_y = (2 * ((at - 2) % 4) + 1 for at in (x, y))
            part = (part_x if right else 8 - part_x) * (part_y if below else 8 - part_y)
            column = np.clip((x - 2) // 4 + right, 0, wide - 1)
            row = np.clip((y - 2) // 4 + below, 0, tall - 1)
            around += part[..., None] * moved[row, column]
    place = np.rint(around / 64).astype(np.int64) + 32 * np.stack([x, y], -1)
    return curved(picture, place) if fine else straight(picture, place)


def curved(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Read along Catmull and Rom's curve: its four weights along one side, the line's two along the other."""
    frame = -straight(picture, place)
    for axis in (0, 1):
        whole, part = np.divmod(place, 32)
        t = part[..., axis, None] / 32
        weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
        for off, weight in enumerate(weights):
            at = 32 * whole + part
            at[..., axis] = 32 * (whole[..., axis] + off - 1)
            frame = frame + weight / 2 * straight(picture, at)
    return frame


def straight(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    (height, width), frame = picture.shape[:2], np.zeros((*place.shape[:2], 3))
    for right in (0, 1):
        for below in (0, 1):
            column = np.clip(place[..., 0] // 32 + right, 0, width - 1)
            row = np.clip(place[..., 1] // 32 + below, 0, height - 1)
            part_x, part_y = place[..., 0] % 32 / 32, place[..., 1] % 32 / 32
            part = (part_x if right else 1 - part_x) * (part_y if below else 1 - part_y)
            frame += part[..., None] * picture[row, column]
    return frame


@settings(max_examples=40)
@given(sides, sides, st.integers(1, 4), st.floats(0.01, 2000), st.integers(0, 99))
def test_places_are_whole_32nds_of_a_pixel_and_the_rim_goes_on(
    width: int, height: int, count: int, pixels: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), np.uint8)
    shape = (*quarter((width, height))[::-1], 2)
    moves = [(rng.integers(-128, 128, shape, np.int8), steps(rng.random(), pixels / 127)) for _ in range(count)]
    read = Mover((width, height), (0, 0, width, height)).read(picture, moves, np.empty_like(picture))
    assert np.abs(read - exact(picture, moves)).max() <= 0.5
    into = np.empty((height, width, 4), np.float32)
    finely = Mover((width, height), (0, 0, width, height)).read_finely(picture, moves, into)
    np.testing.assert_allclose(finely[..., :3], exact(picture, moves, fine=True), atol=1e-3)


@settings(max_examples=40)
@given(st.data())
def test_a_part_is_what_is_there_in_the_whole_frame(data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, SIZE[0] - 1)), data.draw(st.integers(0, SIZE[1] - 1))
    width, height = data.draw(st.integers(1, SIZE[0] - left)), data.draw(st.integers(1, SIZE[1] - top))
    place = data.draw(st.sampled_from([(0.1, 0.3, 0.7), (0.25, 0.9, 0.5), (0.25, 0.5, 0.0), (0.6, 0.0, 0.0)]))
    whole = sampler().frame(place)
    part = sampler(region=(left, top, width, height)).frame(place)
    np.testing.assert_array_equal(part, whole[top : top + height, left : left + width])


def spot(x: int, y: int) -> np.ndarray:
    """A picture of something soft on something rough, both moved right and down."""
    rough = np.random.default_rng(5).integers(0, 90, (64, 80, 3))
    down, right = np.mgrid[0:64, 0:80]
    soft = 160 * np.exp(-((right - 30.0) ** 2 + (down - 26.0) ** 2) / 60)[..., None]
    return np.roll((rough + soft).astype(np.uint8), (y, x), (0, 1))


def flows(axis: int, edge: Cell) -> MemoryField:
    """The flows of what moves by eight pixels right along the first axis, by four down along the second."""
    forward = np.zeros((16, 20, 2), np.int8)
    forward[..., axis] = -16 if axis == 0 else -8
    return MemoryField(forward, -forward, 0.5)


@pytest.mark.parametrize(("u", "v"), [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (0.25, 0.75), (1.0, 0.25)])
def test_what_moves_is_found_on_its_way(u: float, v: float) -> None:
    grid = Grid([Axis(name="right", steps=2), Axis(name="down", steps=2)])
    fields = MemoryFields([[0, 1], [0, 1]], flows)
    made = CpuSampler(
        lambda cell: spot(8 * cell[0], 4 * cell[1]), grid, [[0, 1], [0, 1]], method="morph", fields=fields
    )
    inside = (slice(12, -12), slice(12, -12))
    away = made.frame((u, v)).astype(int)[inside] - spot(round(8 * u), round(4 * v))[inside]
    assert np.abs(away).max() <= 1


def test_a_way_across_the_seam_moves_as_any_other() -> None:
    grid = Grid([Axis(name="round", steps=4, closed=True)])
    fields = MemoryFields([[0, 1, 2, 3]], lambda axis, edge: flows(0, edge) if edge == (3,) else None)
    made = CpuSampler(lambda cell: spot(8 * (cell == (0,)), 0), grid, fields.knots, method="morph", fields=fields)
    inside = (slice(12, -12), slice(12, -12))
    np.testing.assert_allclose(made.frame([0.875])[inside], spot(4, 0)[inside], atol=1)
    np.testing.assert_allclose(made.frame([-0.1875])[inside], spot(2, 0)[inside], atol=1)


@given(st.sampled_from(KNOTS[0]), st.sampled_from(KNOTS[1]), st.sampled_from(KNOTS[2]))
def test_on_a_cell_the_frame_is_exactly_its_picture(i: int, j: int, k: int) -> None:
    frame = sampler().frame(GRID.coordinate((i, j, k)))
    np.testing.assert_array_equal(frame, noise((i, j, k)))
    assert not frame.flags.writeable


@settings(max_examples=40)
@given(st.integers(0, 2), st.lists(st.floats(0, 1), min_size=3, max_size=3), st.data())
def test_both_sides_of_a_face_of_two_cells_agree(axis: int, place: list[float], data: st.DataObject) -> None:
    made = sampler()
    place[axis] = GRID.coordinate([data.draw(st.sampled_from(along)) for along in KNOTS])[axis]
    face = made.frame(place).astype(int)
    for side in (-1e-6, 1e-6):
        place[axis] += side
        assert np.abs(made.frame(place) - face).max() <= 1


def stripes(moved: float) -> np.ndarray:
    """Stripes of five pixels, moved right."""
    wave = 127.5 + 100 * np.sin(2 * np.pi * (np.arange(80) - moved) / 5)
    return np.rint(np.broadcast_to(wave[None, :, None], (64, 80, 3))).astype(np.uint8)


@pytest.mark.parametrize("u", [0.1, 0.3, 0.5, 0.8])
def test_what_moves_by_a_part_of_a_pixel_stays_sharp(u: float) -> None:
    grid = Grid([Axis(name="right", steps=2)])
    still = np.zeros((16, 20, 2), np.int8) + np.array([-1, 0], np.int8)
    fields = MemoryFields([[0, 1]], lambda axis, edge: MemoryField(still, -still, 1.0))

    def contrast(*, fine: bool) -> float:
        made = CpuSampler(lambda cell: stripes(cell[0]), grid, [[0, 1]], method="morph", fields=fields, fine=fine)
        return float(made.frame([u])[8:-8, 8:-8].std() / stripes(u).std())

    assert contrast(fine=True) > 0.93
    assert contrast(fine=True) > contrast(fine=False) + 0.3 * (1 - contrast(fine=False))


def test_the_grain_spreads_what_rounding_would_leave_out_and_leaves_whole_numbers_alone() -> None:
    spread = grain((0, 0, 16, 16))
    assert np.abs(spread).max() < 0.5
    assert spread.mean() == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_array_equal(np.rint(spread + 7), 7)
    for part in (0.3, 0.45, 0.6):
        assert abs(float(np.rint(spread + part).mean()) - part) < 0.12
    np.testing.assert_array_equal(grain((3, 5, 4, 6)), spread[5:11, 3:7])


def test_edges_that_cross_fade_are_a_blend() -> None:
    still = MemoryFields(KNOTS, lambda axis, edge: None)
    place = (0.1, 0.3, 0.7)
    blend = CpuSampler(noise, GRID, KNOTS).frame(place)
    np.testing.assert_array_equal(sampler(fields=still).frame(place), blend)
    np.testing.assert_array_equal(sampler(fields=None).frame(place), blend)


@settings(max_examples=20)
@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=8))
def test_what_was_shown_before_never_changes_a_frame(path: list[tuple[float, float, float]]) -> None:
    once = sampler(cache_bytes=1)
    frames = [once.frame(u) for u in path]
    for u, frame in zip(path, frames, strict=True):
        np.testing.assert_array_equal(frame, sampler().frame(u))


def test_a_field_is_read_once_while_it_is_kept() -> None:
    fields = MemoryFields(KNOTS, wild(SIZE, 9.0))
    made = sampler(fields=fields)
    for u in np.linspace(0.01, 0.24, 20):
        made.frame([u, 0.1, 0.0])
    assert len(fields.asked) == len(set(fields.asked)) == 4


def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first() -> None:
    kept, made = Kept[str](10, len), list[str]()

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key)

    for key in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb", "x" * 99, "x" * 99, "aaaa"):
        assert get(key) == key
    assert made == ["aaaa", "bbbb", "cccc", "bbbb", "x" * 99, "aaaa"]


def test_of_fields_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tessonance.sampling.cpu.FIELD_BYTES", 100_000)  # of edges that cross-fade, 24
    grid = Grid([Axis(name="a", steps=101)])
    fields = MemoryFields([range(101)], lambda axis, edge: None)
    made = CpuSampler(lambda cell: noise((0, 0, 0)), grid, fields.knots, method="morph", fields=fields)
    for u in (0.005, 0.015, *np.linspace(0.205, 0.425, 23), 0.005, 0.305):
        made.frame([u])
    assert len(fields.asked) == 26


def test_fields_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RenderError, match="these fields are of other knots"):
        sampler(fields=MemoryFields([[0, 4], [0, 2, 3], [0, 2]], wild(SIZE, 9.0)))
    small = MemoryFields(KNOTS, wild((SIZE[0] - 4, SIZE[1]), 9.0))
    with pytest.raises(RenderError, match=r"edge \(0, 0, 0\) along axis 0: the field does not fit the pictures"):
        sampler(fields=small).frame((0.1, 0.0, 0.0))


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), -float("inf")])
def test_a_scale_that_is_no_number_moves_nothing(scale: float) -> None:
    assert steps(0.5, scale) == 0


def test_six_fields_of_any_scale_sum_up_in_32_bits() -> None:
    assert 6 * 128 * steps(1.0, 1e30) + 2048 < 2**31
