import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import any_picture, flat, harsh, line, noise

from tessonance.errors import TessError
from tessonance.project import Picture
from tessonance.smooth import metrics
from tessonance.smooth.flip import flip
from tessonance.smooth.metrics import Change
from tessonance.store import codec_for

STEPS = st.lists(st.floats(1e-6, 1), min_size=1, max_size=50)


def test_formulas_give_what_is_worked_out_by_hand():
    e = [0.1, 0.3, 0.2]
    assert metrics.roughness(e, 0.5) == pytest.approx(0.4)
    assert metrics.uniformity(e) == pytest.approx(1.5)
    assert metrics.variation(e) == pytest.approx(np.std(e) / 0.2)
    assert metrics.tortuosity(e, 0.3) == pytest.approx(2)
    assert metrics.flicker(e, [0.2, 0.5]) == pytest.approx([0.5, 0])
    assert metrics.interpolation_ratio([0.1, 0.05], e) == pytest.approx(0.375)
    assert metrics.cliff_share(e) == pytest.approx(0.5)
    assert metrics.cliff_share([1.0] * 200) == pytest.approx(0.01)
    assert metrics.breathing([2, 4, 6]) == 0.5


@given(STEPS, st.floats(0.1, 10))
def test_measures_of_evenness_do_not_depend_on_the_size_of_the_steps(steps, scale):
    larger = [step * scale for step in steps]
    for measure in (metrics.uniformity, metrics.variation, metrics.cliff_share, metrics.breathing):
        assert measure(larger) == pytest.approx(measure(steps))


@given(STEPS)
def test_evenness_has_its_bounds(steps):
    assert 1 - 1e-9 <= metrics.uniformity(steps) <= len(steps) + 1e-9
    assert 0 <= metrics.variation(steps) <= math.sqrt(len(steps))
    assert 1 / len(steps) - 1e-9 <= metrics.cliff_share(steps) <= 1 + 1e-9
    assert 0 <= metrics.breathing(steps) <= 1 + 1e-9


@given(st.lists(st.integers(0, 100), min_size=3, max_size=20))
def test_flicker_of_points_on_a_straight_line_tells_turning_back(places):
    """Where distance is that of numbers, F is 0 going on and 1 going there and back."""
    x = np.array(places, float)
    found = metrics.flicker(np.abs(np.diff(x)), np.abs(x[2:] - x[:-2]))
    for index, f in enumerate(found):
        before, after = x[index + 1] - x[index], x[index + 2] - x[index + 1]
        if before == after == 0:
            assert math.isnan(f)
        elif before * after >= 0:
            assert f == pytest.approx(0)
        elif before == -after:
            assert f == 1


def test_steps_that_are_no_more_than_a_codec_trembles_have_no_flicker():
    codec = codec_for(Picture(width=96, height=96))

    def stored(picture):
        return codec.decode(codec.encode(picture))

    row = [stored(harsh(share / 400)) for share in range(3)]
    e, two = [flip(row[0], row[1]), flip(row[1], row[2])], [flip(row[0], row[2])]
    assert metrics.flicker(e, two)[0] > 0.36
    assert math.isnan(metrics.flicker(e, two, faint=metrics.trembling(row[0], stored))[0])
    far = [stored(harsh(share / 4)) for share in range(3)]
    e, two = [flip(far[0], far[1]), flip(far[1], far[2])], [flip(far[0], far[2])]
    assert metrics.flicker(e, two, faint=metrics.trembling(far[0], stored))[0] < 0.3
    assert metrics.trembling(row[0], lambda picture: picture) == metrics.FAINT
    assert metrics.trembling(row[0][:1, :1], lambda picture: picture) == metrics.FAINT


def test_nothing_that_changes_and_no_step_at_all_have_answers():
    still = [0.0, 0.0, 0.0]
    assert metrics.roughness(still, 0.0) == 0
    assert metrics.uniformity(still) == 1
    assert metrics.variation(still) == 0
    assert metrics.tortuosity(still, 0.0) == 1
    assert metrics.cliff_share(still) == 0
    assert metrics.interpolation_ratio([0.0], still) == 0
    assert metrics.breathing(still) == 1
    assert np.isnan(metrics.flicker(still, [0.0, 0.0])).all()
    assert metrics.tortuosity([0.2, 0.2], 0.0) == math.inf  # it goes away and comes back
    for measure in (metrics.uniformity, metrics.variation, metrics.cliff_share, metrics.breathing):
        assert math.isnan(measure([]))
    assert math.isnan(metrics.roughness([], 0.5))
    assert math.isnan(metrics.interpolation_ratio([], still))
    assert metrics.flicker([0.1], []).size == 0
    assert metrics.flicker([], []).size == 0


@pytest.mark.parametrize("steps", [[0.1, -0.1], [math.nan], [math.inf], [[0.1]]])
def test_what_are_no_distances_is_refused(steps):
    with pytest.raises(TessError, match="no distances"):
        metrics.uniformity(steps)


def test_steps_of_another_line_are_refused():
    with pytest.raises(TessError, match="not the steps of one line"):
        metrics.flicker([0.1, 0.2], [0.1, 0.2])


def test_a_ghost_is_softer_and_greyer_than_the_picture():
    first, middle, last = line("pan")[0:9:4]
    ghost = cv2.addWeighted(first, 0.5, last, 0.5, 0)
    assert metrics.sharpness(ghost, middle) < 0.85
    assert metrics.contrast(ghost, middle) < 1
    assert metrics.sharpness(middle, middle) == metrics.contrast(middle, middle) == 1


def test_flat_pictures_have_no_detail_and_a_guess_of_one_is_perfect():
    assert metrics.detail(flat(7)) == 0
    assert metrics.detail(flat(7, 1, 1)) == 0
    assert metrics.sharpness(flat(7), flat(200)) == 1
    assert metrics.contrast(flat(7), flat(200)) == 1
    assert metrics.sharpness(noise(1), flat(200)) == math.inf
    assert metrics.sharpness(flat(200), noise(1)) == 0


def test_the_change_of_a_pan_is_motion_and_that_of_a_fade_is_pop():
    pan, fade = line("pan", 33), line("style")
    moved = metrics.change(pan[10], pan[11])
    assert moved.pop < 0.5 * moved.step
    assert moved.explained > 0.8
    faded = metrics.change(fade[4], fade[6])
    assert faded.pop > 0.8 * faded.step
    assert faded.speed < moved.speed


def test_speed_is_the_share_of_the_width_that_a_pan_goes():
    tile = cv2.GaussianBlur(noise(5, 128, 200), (0, 0), 3)
    first, second = tile[:, :128], tile[:, 5:133]
    assert metrics.change(first, second).speed == pytest.approx(100 * 5 / 128, rel=0.1)


@pytest.mark.parametrize("shape", [(32, 2000), (1200, 32)])
def test_the_change_of_a_banner_is_told_too(shape):
    """A side of a banner is below what is compared, so pictures kept to their shape and pressed ones differ in size."""
    change = metrics.change(noise(1, *shape), noise(2, *shape))
    assert 0 < change.pop <= change.step


def test_strangers_pop_wholly():
    change = metrics.change(noise(1, 128, 128), noise(2, 128, 128))
    assert change.pop > 0.9 * change.step


@given(any_picture(), any_picture())
@settings(max_examples=25)
def test_pop_is_a_part_of_the_step(first, second):
    change = metrics.change(first, second)
    assert 0 <= change.pop <= change.step <= 1
    assert change.speed >= 0
    assert 0 <= change.explained <= 1


def test_equal_pictures_do_not_change():
    for picture in (flat(7), noise(1), flat(7, 1, 1)):
        assert metrics.change(picture, picture) == Change(step=0.0, pop=0.0, speed=0.0, explained=1.0)
    assert metrics.pop(flat(7), flat(7)) == 0


def test_another_finder_of_motion_can_be_plugged_in():
    asked = []

    def still(first, second):
        asked.append(first.shape)
        return np.zeros((*first.shape[:2], 2), np.float32)

    change = metrics.change(*line("pan")[:2], finder=still)
    assert len(asked) == 2
    assert change.pop == pytest.approx(change.step, abs=1e-6)


def test_speed_counts_only_what_is_believed():
    flow = np.zeros((10, 50, 2), np.float32)
    flow[:5, :, 0] = 25
    assert metrics.speed(flow) == 50
    assert metrics.speed(flow, np.arange(10)[:, None].repeat(50, 1) >= 5) == 0
    assert metrics.speed(flow, np.zeros((10, 50), bool)) == 0
