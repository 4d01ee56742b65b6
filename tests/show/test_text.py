"""Words and figures as small masks."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.show.text import clipped, label, line_height


def test_every_mask_of_a_size_is_as_high_as_a_line() -> None:
    for text in ("bloom", "0.63", "", "jÅg"):
        assert label(text, 15.0).shape[0] == line_height(15.0)


def test_figures_are_of_one_width_so_that_values_do_not_tremble() -> None:
    assert len({label(digit * 4, 16.0).shape[1] for digit in "0123456789"}) == 1


@pytest.mark.parametrize("size", range(9, 30))
def test_words_stand_apart_at_every_size(size: int) -> None:
    assert label("the file", size).shape[1] - label("thefile", size).shape[1] >= 0.24 * size


def test_larger_letters_have_more_ink() -> None:
    assert label("ink", 30.0).astype(int).sum() > 2 * label("ink", 15.0).astype(int).sum() > 0


def test_a_text_that_is_too_long_is_cut_and_says_so() -> None:
    short = clipped("a_very_long_name_of_an_axis", 15.0, 90)
    assert short.endswith("…")
    assert label(short, 15.0).shape[1] <= 90
    assert clipped("ink", 15.0, 90) == "ink"


def test_masks_are_shared_so_nobody_can_write_on_them() -> None:
    assert not label("ink", 15.0).flags.writeable
    np.testing.assert_array_equal(label("ink", 15.0), label("ink", 15.0))
