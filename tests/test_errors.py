"""Errors say where, what was wanted, what came and what to try."""

import pickle

import pytest

import tessonance.errors as module
from tessonance.errors import GridError, TessError, nearest


def test_the_text_holds_all_four_parts_in_order() -> None:
    error = TessError("is wrong", where="flower.toml", wanted="a number", got="'x'", hint="write 3")
    assert str(error) == "flower.toml: is wrong\n  wanted: a number\n  got: 'x'\n  try: write 3"


def test_parts_that_are_not_known_are_left_out() -> None:
    assert str(TessError("is wrong")) == "is wrong"


def test_an_error_survives_the_way_between_processes() -> None:
    error = GridError("is wrong", where="axis", hint="write 3")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is GridError
    assert str(again) == str(error)


@pytest.mark.parametrize("name", [name for name in module.__all__ if isinstance(getattr(module, name), type)], ids=str)
def test_every_error_is_a_tess_error_and_stands_in_the_tree(name: str) -> None:
    assert issubclass(getattr(module, name), TessError)
    assert name in (module.__doc__ or "")


def test_nearest_names_the_near_word_or_lists_them_all() -> None:
    assert nearest("widht", ["width", "height"]) == "did you mean 'width'?"
    assert nearest("zzz", ["width", "height"]) == "one of height, width"
