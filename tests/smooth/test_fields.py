import numpy as np
import pytest
from memory_fields import MemoryFields
from pictures import line, noise

from tessonance.errors import TessError
from tessonance.grid import Axis, Grid
from tessonance.sampling import CpuSampler
from tessonance.smooth.fields import find, shown, shrink, spread_out
from tessonance.smooth.flip import flip
from tessonance.smooth.views import as_float, view


def pair(name):
    first, middle, second = line(name)[6:9]
    return as_float(first), as_float(middle), as_float(second)


def test_moved_pictures_meet_in_the_middle():
    first, middle, second = pair("pan")
    motion = find(first, second)
    frame = shown(first, second, (motion.forward, motion.backward), 0.5)
    assert flip(view(np.clip(frame, 0, 1)), view(middle)) < 0.5 * flip(
        view(shown(first, second, None, 0.5)), view(middle)
    )
    assert motion.torn < 0.2


def test_the_ends_of_an_edge_are_its_pictures():
    first, _, second = pair("pan")
    motion = find(first, second)
    flows = (motion.forward, motion.backward)
    np.testing.assert_allclose(shown(first, second, flows, 0.0), first, atol=1e-6)
    np.testing.assert_allclose(shown(first, second, flows, 1.0), second, atol=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7])
def test_a_guess_is_what_a_sampler_shows(share):
    first, second = line("pan")[6], line("pan")[8]
    height, width = first.shape[:2]
    field = shrink(find(as_float(first), as_float(second)), height, width)
    flows = spread_out(field, first.shape, first.shape)
    guess = 255 * np.clip(shown(as_float(first), as_float(second), flows, share), 0, 1)
    fields = MemoryFields([[0, 1]], lambda axis, edge: field)
    pictures = {(0,): first, (1,): second}
    sampler = CpuSampler(pictures.__getitem__, Grid([Axis(name="a", steps=2)]), [[0, 1]], method="morph", fields=fields)
    away = np.abs(sampler.frame([share]) - guess)
    assert away.mean() < 0.5
    assert away.max() < 4  # a 32nd of a pixel, where two roundings differ


def test_motion_between_strangers_is_given_up():
    first, second = as_float(noise(1, 96, 128)), as_float(noise(2, 96, 128))
    motion = find(first, second)
    assert flip(view(np.clip(shown(first, second, (motion.forward, motion.backward), 0.5), 0, 1)), view(first)) < 0.6
    assert np.abs(motion.forward).max() < 40


def test_a_field_is_kept_in_a_quarter_of_the_size_and_comes_back():
    first, _, second = pair("pan")
    motion = find(first, second)
    field = shrink(motion, 96, 128)
    assert field.forward.shape == field.backward.shape == (24, 32, 2)
    assert field.scale >= 128 / 2048
    forward, backward = spread_out(field, (96, 128), (96, 128))
    assert np.abs(forward - motion.forward).mean() < 0.5
    assert np.abs(backward - motion.backward).mean() < 0.5
    doubled, _ = spread_out(field, (192, 256), (96, 128))
    assert np.abs(doubled[::2, ::2] - 2 * forward).mean() < 0.5


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 23), (130, 97)])
def test_a_field_of_any_size_has_a_place_for_every_four_pixels(height, width):
    first, second = as_float(noise(1, height, width)), as_float(noise(2, height, width))
    field = shrink(find(first, second), height, width)
    assert field.forward.shape == (-(-height // 4), -(-width // 4), 2)


@pytest.mark.parametrize("flow", [np.zeros((96, 128)), np.zeros((128, 96, 2)), np.full((96, 128, 2), np.nan)])
def test_a_finder_that_returns_no_flow_is_refused(flow):
    first = as_float(line("pan")[0])
    with pytest.raises(TessError, match="what finds the flow returned none"):
        find(first, first, finder=lambda a, b: flow)


def test_where_nothing_moves_there_is_no_field():
    first = as_float(line("pan")[0])
    assert shrink(find(first, first), 96, 128).scale < 0.01
    grey = np.full((96, 128, 3), 0.5, np.float32)
    assert shrink(find(grey, grey), 96, 128).scale == 0
