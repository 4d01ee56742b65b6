"""What counts as a flash."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.show.flash_count import FlashCount

SHAPE = (36, 64)
GREY = np.ones(3)
RED = np.array([1.0, 0.0, 0.0])


def even(*colour: float) -> np.ndarray:
    return np.broadcast_to(np.float32(colour), (*SHAPE, 3)).copy()


def series(values: list[float], colour: np.ndarray = GREY) -> list[np.ndarray]:
    return [even(*(value * colour)) for value in values]


def too_often(frames: list[np.ndarray], *, fps: float = 30, red: bool = False) -> bool:
    """Whether the last of the frames would be too much."""
    count = FlashCount(SHAPE, red=red)
    for k, frame in enumerate(frames[:-1]):
        assert not count.too_much(frame, k / fps)
        count.take(frame, k / fps)
    return count.too_much(frames[-1], (len(frames) - 1) / fps)


def test_six_changes_within_a_second_are_three_flashes_and_the_seventh_is_too_much() -> None:
    assert not too_often(series([0, 1] * 3 + [0]))
    assert too_often(series([0, 1] * 4))


def test_a_change_may_take_many_frames_and_steps() -> None:
    up, down = [0.0, 0.03, 0.06, 0.06, 0.12], [0.12, 0.08, 0.08, 0.04, 0.0]
    assert too_often(series((up + down) * 3 + up), fps=60)


def test_wavering_does_not_end_a_change() -> None:
    """Up by 0.12 in steps that are too small, with a step back after each."""
    up = [0.0, 0.05, 0.04, 0.08, 0.07, 0.12]
    assert too_often(series((up + up[::-1]) * 3 + up), fps=120)
    assert not too_often(series([0.0, 0.05] * 30))


def test_changes_that_are_a_second_apart_do_not_add_up() -> None:
    strobe = [0.0] * 10 + [1.0] * 10  # three flashes a second
    assert not too_often(series(strobe * 12), fps=60)


@pytest.mark.parametrize(("values", "flashes"), [((0.82, 1.0), False), ((0.75, 0.9), True), ((0.3, 0.37), False)])
def test_only_changes_of_a_tenth_from_below_eight_tenths_count(values: tuple[float, float], flashes: bool) -> None:
    assert too_often(series(list(values) * 4)) is flashes


@pytest.mark.parametrize(
    ("one", "other", "flashes"),
    [
        ((0.3, 0, 0), (0, 0, 0), True),
        ((0.3, 0.02, 0.02), (0.15, 0.14, 0.14), True),
        ((0.3, 0.1, 0.1), (0, 0, 0), False),  # not saturated at either end
        ((0.05, 0, 0), (0, 0, 0), False),  # 16 of 20
        ((0.5, 0, 0), (0.48, 0, 0), False),
        ((1, 1, 1), (0, 0, 0), False),
        ((1, 1, 1), (1, 0, 0), True),
        ((0, 0, 1), (0, 0, 0), False),
    ],
)
def test_red_flashes_are_to_or_from_saturated_red(
    one: tuple[float, ...], other: tuple[float, ...], flashes: bool
) -> None:
    assert too_often([even(*colour) for colour in [one, other] * 4], red=True) is flashes


def test_a_run_counts_when_it_only_later_comes_to_saturated_red() -> None:
    """From white through pink to red and back."""
    way = [(1, 1, 1), (1, 0.4, 0.4), (1, 0.1, 0.0)]
    frames = [even(*colour) for colour in (way + way[::-1]) * 3 + way]
    assert too_often(frames, fps=60, red=True)


@pytest.mark.parametrize(("across", "down", "flashes"), [(7, 6, False), (11, 6, True), (64, 36, True), (1, 36, False)])
def test_a_quarter_of_a_window_has_to_flash(across: int, down: int, flashes: bool) -> None:
    frames = series([0, 1] * 4)
    for frame in frames:
        frame[:, across:], frame[down:] = 0, 0
    assert too_often(frames) is flashes


def test_small_places_far_apart_do_not_add_up() -> None:
    frames = series([0, 1] * 4)
    keep = np.zeros(SHAPE, bool)
    keep[3:9, 3:9], keep[3:9, 40:46], keep[27:33, 3:9] = True, True, True
    assert not too_often([np.where(keep[..., None], frame, np.float32(0)) for frame in frames])


def test_places_that_take_turns_flash_together() -> None:
    """Neither half does it more than three times in the second."""
    frames = []
    for k in range(8):
        frames.append(even(0, 0, 0))
        frames[-1][:, (32 if k % 4 == 1 else 0) : (64 if k % 4 == 1 else 32)] = k % 2
    assert too_often(frames)


def test_a_coarse_checkerboard_that_swaps_flashes_though_its_mean_does_not() -> None:
    board = (np.indices(SHAPE).sum(0) // 4 % 2)[..., None].repeat(3, 2).astype(np.float32)
    assert too_often([board, 1 - board] * 4)


def test_slow_motion_over_the_whole_frame_is_no_flash() -> None:
    """Stripes that pass once a second: everywhere something changes, nowhere too often."""
    x = np.arange(SHAPE[1]) / 16
    count = FlashCount(SHAPE)
    for k in range(240):
        wave = (0.5 + 0.5 * np.sin(2 * np.pi * (x - k / 60))).astype(np.float32)
        frame = np.broadcast_to(wave[None, :, None], (*SHAPE, 3))
        assert not count.too_much(frame, k / 60)
        count.take(frame, k / 60)
        assert not count.going_on(k / 60)
