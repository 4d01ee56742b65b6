import numpy as np
import pytest
from hypothesis import given, settings
from pictures import any_picture, flat, line, noise

from tessonance.errors import TessError
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.smooth.flow import agreement, dis, inside, warp
from tessonance.smooth.metrics import detail

SCENE = """
picture = { width = 240, height = 160 }
generator = { use = "scene", seed = 3 }
axis = [{ name = "pan", steps = 5 }]
"""


def shift(x, y, height=64, width=80):
    return np.broadcast_to(np.float32([x, y]), (height, width, 2)).copy()


def test_it_finds_the_true_motion_of_a_scene():
    scene = open_generator(parse_project(SCENE))
    first, second = {"pan": 0.5}, {"pan": 0.55}
    one, other = scene.paint([first, second])
    truth, found = scene.flow(first, second), dis(one, other)
    miss = np.hypot(*np.moveaxis(found - truth, -1, 0))
    assert np.median(miss) < 1.0
    assert np.median(miss) < 0.25 * np.median(np.hypot(*np.moveaxis(truth, -1, 0)))


def test_warping_the_second_picture_by_the_flow_gives_the_first():
    one, other = line("pan")[7:9]
    guess = warp(other.astype(np.float32), dis(one, other))
    assert np.abs(guess - one).mean() < 0.5 * np.abs(other.astype(np.float32) - one).mean()


def test_a_whole_shift_reads_the_neighbour_and_the_rim_stays():
    ramp = np.tile(np.arange(80, dtype=np.float32), (64, 1))
    assert np.array_equal(warp(ramp, shift(3, 0))[:, :-3], ramp[:, 3:])
    assert (warp(ramp, shift(3, 0))[:, -3:] == 79).all()


def test_a_way_there_and_back_agrees_with_itself_only():
    there = shift(5, -2)
    assert agreement(there, shift(-5, 2))[10:-10, 10:-10].all()
    assert not agreement(there, shift(5, -2)).any()
    assert not agreement(there, shift(-5, 2))[:, -5:].any(), "what leaves the picture cannot be believed"


def test_strangers_agree_hardly_anywhere_and_equal_pictures_everywhere():
    picture = line("pan")[0]
    assert agreement(dis(picture, picture), dis(picture, picture)).all()
    first, second = noise(1, 128, 128), noise(2, 128, 128)
    assert agreement(dis(first, second), dis(second, first)).mean() < 0.5


@given(any_picture(), any_picture())
@settings(max_examples=25)
def test_a_flow_is_finite_whatever_the_pictures(first, second):
    found = dis(first, second)
    assert found.shape == (20, 24, 2)
    assert np.isfinite(found).all()
    assert inside(np.zeros_like(found)).all()


def test_flat_and_tiny_pictures_do_not_move():
    assert np.abs(dis(flat(10), flat(200))).max() < 1
    assert not dis(noise(1, 9, 40), noise(2, 9, 40)).any()


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(TessError, match="two sizes"):
        dis(flat(1, 32, 32), flat(1, 32, 48))


def test_a_warp_invents_no_detail():
    picture = noise(1) / np.float32(255)
    assert detail(warp(picture, shift(0.5, 0.5, 64, 64))) < detail(picture)
