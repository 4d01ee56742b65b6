import numpy as np
import pytest
from pictures import flat, line, noise

from tessonance.errors import TessError
from tessonance.plugins import open_generator
from tessonance.project import parse_project
from tessonance.smooth.flow import dis
from tessonance.smooth.guess import Guess, among, better, fade, held_out, judge, morph
from tessonance.smooth.line import measure_line
from tessonance.smooth.metrics import interpolation_ratio


def test_a_fade_leads_from_one_picture_to_the_other():
    first, second = noise(1), noise(2)
    assert np.allclose(fade(first, second, 0), first / 255, atol=1e-6)
    assert np.allclose(fade(first, second, 1), second / 255, atol=1e-6)
    assert np.allclose(fade(flat(0), flat(100), 0.25), 25 / 255, atol=1e-6)


def test_a_morph_leads_from_one_picture_to_the_other():
    first, second = line("pan")[6:9:2]
    assert np.abs(morph(first, second, 0) - first / 255).max() < 1e-5
    assert np.abs(morph(first, second, 1) - second / 255).max() < 1e-5


def test_motion_is_guessed_better_and_sharper_by_a_morph():
    pictures = line("pan", 33)
    fades, morphs = held_out(pictures), held_out(pictures, guesser=morph)
    assert len(fades) == len(morphs) == 16
    assert mean(morphs, "error") < 0.6 * mean(fades, "error")
    assert mean(morphs, "sharpness") > mean(fades, "sharpness")


def mean(guesses, name):
    return np.mean([getattr(guess, name) for guess in guesses])


def test_strangers_pass_the_ratio_but_are_not_accepted():
    """The interpolation ratio alone takes noise for something that need not be painted."""
    pictures = [noise(seed) for seed in range(21)]
    guesses, found = held_out(pictures), measure_line(pictures)
    assert interpolation_ratio([guess.error for guess in guesses], found.steps) < 1
    assert not any(guess.accepted(found.spread) for guess in guesses)


def test_acceptance_asks_for_all_three():
    good = Guess(error=0.1, sharpness=0.95, contrast=0.95)
    assert good.accepted(0.4)
    assert not good.accepted(0.39)
    assert not Guess(error=0.1, sharpness=0.84, contrast=0.95).accepted(0.4)
    assert not Guess(error=0.1, sharpness=0.95, contrast=0.89).accepted(0.4)


def test_equal_pictures_are_guessed_perfectly_and_two_have_no_middle():
    assert held_out([flat(9)] * 3) == (Guess(0.0, 1.0, 1.0),)
    assert held_out([flat(9)] * 2) == held_out([]) == ()
    assert judge(flat(9), flat(9)).accepted(0.0)


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(TessError, match="two sizes"):
        fade(flat(1, 8, 8), flat(1, 8, 9), 0.5)


def test_between_two_pictures_all_corners_are_what_fade_and_morph_are():
    first, second = line("pan", 9)[3:5]
    assert np.allclose(among([first, second], [0.25]), fade(first, second, 0.25), atol=1e-6)
    assert np.allclose(among([first, second], [0.25], finder=dis), morph(first, second, 0.25), atol=1e-6)


def test_among_four_pictures_the_first_axis_is_the_slowest():
    corners = [flat(code) for code in (0, 40, 100, 200)]
    assert np.allclose(among(corners, [0.0, 1.0]), 40 / 255, atol=1e-6)
    assert np.allclose(among(corners, [0.75, 0.5]), (0.25 * 20 + 0.75 * 150) / 255, atol=1e-6)
    assert np.allclose(among([flat(7)], []), 7 / 255, atol=1e-6)


def test_the_middle_of_a_square_is_guessed_far_better_by_a_morph():
    project = parse_project(
        "picture = { width = 96, height = 96 }\ngenerator = { use = 'scene', seed = 1 }\n"
        "axis = [{ name = 'zoom', steps = 17 }, { name = 'turn', to = 0.25, steps = 17 }]"
    )
    paint = open_generator(project).paint
    cells = [(6, 6), (6, 8), (8, 6), (8, 8), (7, 7)]
    *corners, middle = paint([project.grid.point(cell) for cell in cells])
    faded, morphed = (judge(among(corners, [0.5, 0.5], finder=finder), middle) for finder in (None, dis))
    assert morphed.error < 0.6 * faded.error
    assert better(faded, morphed, 0.5) is morphed


def test_the_better_guess_is_the_accepted_one():
    soft, sharp = Guess(0.05, 0.5, 0.9), Guess(0.1, 0.9, 0.95)
    assert better(soft, sharp, 0.5) is better(sharp, soft, 0.5) is sharp
    assert better(soft, sharp, 0.1) is soft
