import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from pictures import any_picture, flat, line, noise

from tessonance.errors import TessError
from tessonance.smooth.flip import difference, difference_map, flip, flip_map, see


def pairs():
    """Pairs of pictures of many kinds and sizes, by name."""
    grain, other = noise(1, 60, 77), noise(2, 60, 77)
    pan, shape = line("pan"), line("shape")
    return {
        "noise": (grain, other),
        "noise, moved by one pixel": (grain, np.roll(grain, 1, axis=1)),
        "soft noise": (cv2.GaussianBlur(grain, (0, 0), 3), cv2.GaussianBlur(other, (0, 0), 5)),
        "black and white": (flat(0), flat(255)),
        "green and blue": (flat(0) + np.uint8([0, 255, 0]), flat(0) + np.uint8([0, 0, 255])),
        "a step of a pan": (pan[0], pan[1]),
        "a whole pan": (pan[0], pan[-1]),
        "a step of painted": (shape[4], shape[5]),
        "a darker painting": (shape[4], (shape[4] * 0.9).astype(np.uint8)),
        "a sliver": (noise(3, 5, 200), noise(4, 5, 200)),
    }


@pytest.mark.parametrize("name", pairs())
def test_it_agrees_with_the_reference_pixel_by_pixel(name):
    reference = pytest.importorskip("flip_evaluator", reason="flip-evaluator 1.7 does not install here")
    first, second = (np.ascontiguousarray(picture / np.float32(255), np.float32) for picture in pairs()[name])
    theirs, mean, _ = reference.evaluate(first, second, "LDR", applyMagma=False)
    mine = flip_map(*pairs()[name])
    assert np.abs(mine - theirs.reshape(mine.shape)).max() < 2e-5
    assert abs(flip(*pairs()[name]) - mean) < 5e-4  # theirs is summed in single precision


def test_the_values_of_the_reference_are_kept():
    """What flip-evaluator 1.7 gave on a machine that has it, so that every other machine holds them too."""
    assert flip(flat(0), flat(255)) == pytest.approx(0.967385, abs=1e-5)
    assert flip(flat(0) + np.uint8([0, 255, 0]), flat(0) + np.uint8([0, 0, 255])) == pytest.approx(1.0, abs=1e-5)
    first, second = (np.random.default_rng(seed).random((64, 77, 3), dtype=np.float32) for seed in (0, 1))
    assert flip(first, second) == pytest.approx(0.445872, abs=1e-5)


def test_other_viewing_conditions_agree_too():
    reference = pytest.importorskip("flip_evaluator", reason="flip-evaluator 1.7 does not install here")
    first, second = (picture / np.float32(255) for picture in pairs()["a step of painted"])
    for ppd in (20.0, 120.0):
        theirs, _, _ = reference.evaluate(first, second, "LDR", applyMagma=False, parameters={"ppd": ppd})
        mine = flip_map(first, second, pixels_per_degree=ppd)
        assert np.abs(mine - theirs.reshape(mine.shape)).max() < 2e-5


@given(any_picture())
@settings(max_examples=25)
def test_equal_pictures_differ_by_exactly_nothing(picture):
    assert flip(picture, picture.copy()) == 0.0


@given(any_picture(), any_picture())
@settings(max_examples=25)
def test_it_is_symmetric_and_within_0_and_1(first, second):
    there, back = difference_map(see(first), see(second)), difference_map(see(second), see(first))
    assert np.array_equal(there, back)
    assert there.min() >= 0
    assert there.max() <= 1.00001


def test_codes_and_numbers_from_0_to_1_are_one_picture():
    first, second = pairs()["a step of painted"]
    assert flip(first / 255, second / 255) == pytest.approx(flip(first, second), abs=1e-6)


def test_looking_once_and_comparing_often_is_the_same():
    first, second = pairs()["a step of painted"]
    assert difference(see(first), see(second)) == flip(first, second)
    assert flip_map(first, second).mean(dtype=np.float64) == flip(first, second)


def test_the_answer_does_not_depend_on_how_memory_lies():
    first, second = pairs()["soft noise"]
    found = set()
    for shift in range(8):
        room = np.zeros(first.size + 8, np.float32)
        moved = room[shift : shift + first.size].reshape(first.shape)
        moved[:] = first / np.float32(255)
        found.add(flip(moved, second / np.float32(255)))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), "this is no picture"),
        (np.zeros((4, 4, 3), np.int32), np.zeros((4, 4, 3), np.int32), "uint8 or floating point"),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((0, 4, 3), np.uint8), "this is no picture"),
        (np.full((4, 4, 3), np.nan), np.zeros((4, 4, 3)), "numbers within 0..1"),
        (np.full((4, 4, 3), 1.1), np.zeros((4, 4, 3)), "numbers within 0..1"),
        (np.zeros((4, 4, 3)), np.zeros((4, 5, 3)), "two sizes"),
    ],
)
def test_what_is_no_pair_of_pictures_is_refused(first, second, text):
    with pytest.raises(TessError) as refused:
        flip(first, second)
    assert text in str(refused.value)


@pytest.mark.parametrize("ppd", [0.0, -3.0, float("nan"), 5000.0])
def test_impossible_viewing_conditions_are_refused(ppd):
    with pytest.raises(TessError, match="pixels_per_degree"):
        flip(flat(0), flat(1), pixels_per_degree=ppd)
