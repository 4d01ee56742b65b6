import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.generators.painting.colour import add_glow, recolour

RANDOM = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)


def lightness(picture):
    """CIE lightness, independent of the code under test."""
    coded = picture / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126, 0.7152, 0.0722])
    return 116 * np.where(y > 0.008856, np.cbrt(y), 7.787 * y + 16 / 116) - 16


def test_no_turn_changes_nothing():
    assert np.abs(recolour(RANDOM, 0.0).astype(int) - RANDOM).max() <= 1


def test_a_whole_turn_is_no_turn():
    assert np.array_equal(recolour(RANDOM, 0.0), recolour(RANDOM, 1.0))


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 1))
def test_turning_the_wheel_keeps_the_lightness_of_soft_colours(turn):
    soft = (128 + (RANDOM.astype(int) - 128) // 8).astype(np.uint8)
    assert np.abs(lightness(recolour(soft, turn)) - lightness(soft)).max() < 4


def test_greys_have_no_hue_to_turn():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert np.abs(recolour(greys, 0.3).astype(int) - greys).max() <= 2


def test_no_saturation_leaves_greys():
    grey = recolour(RANDOM, 0.0, saturation=0.0).astype(int)
    assert np.ptp(grey, axis=2).max() <= 1


def test_contrast_darkens_darks_and_lightens_lights():
    ramp = np.repeat(np.array([[40, 200]], np.uint8)[..., None], 3, axis=2)
    dark, light = recolour(ramp, 0.0, contrast=0.5)[0, :, 0]
    assert dark < 40
    assert light > 200


def test_glow_shines_beyond_a_light_and_darkens_nothing():
    night = np.zeros((64, 96, 3), np.uint8)
    night[30:34, 46:50] = 255
    glowing = add_glow(night, 1.0)
    assert glowing[32, 56].min() > 0
    assert (glowing >= night).all()
