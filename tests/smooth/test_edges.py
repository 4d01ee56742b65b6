import numpy as np
import pytest
from pictures import flat, line, noise

from tessonance.errors import MissingPicture
from tessonance.smooth.edges import Line, worth
from tessonance.smooth.guess import Guess


def of(pictures, **options):
    return Line([(index,) for index in range(len(pictures))], lambda cell: pictures[cell[0]], **options)


def methods(pictures, **options):
    found = of(pictures, **options)
    return "".join("-" if edge is None else "bf"[edge.field is not None] for edge in edges(found, len(pictures)))


def edges(found, count):
    return [found.edge(number) for number in range(count if found.closed else count - 1)]


@pytest.mark.parametrize("name", ["pan", "zoom", "shape"])
def test_motion_flows(name):
    assert methods(line(name)[:7]) == "ffffff"


@pytest.mark.parametrize("name", ["style", "toy"])
def test_what_does_not_move_blends(name):
    assert methods(line(name)[:7]) == "bbbbbb"


def test_strangers_blend():
    assert methods([noise(seed, 96, 128) for seed in range(6)]) == "bbbbb"
    assert methods(line("new noise")[:6]) == "bbbbb"


def test_two_pictures_without_a_third_are_judged_by_whether_they_meet():
    assert methods(line("pan")[:2]) == "f"
    assert methods(line("style")[:2]) == "b"


def test_equal_pictures_are_no_distance_apart():
    found = of([flat(9, 96, 128)] * 3).edge(0)
    assert found == ((0.0, 0.0, 0.0), None)


def test_distances_grow_along_an_edge():
    for name in ("pan", "style"):
        near, middle, whole = of(line(name)).edge(3).distances
        assert 0 < near < middle < whole


def test_a_closed_row_leads_back():
    pictures = line("orbit", 8)
    assert len(methods(pictures, closed=True)) == 8
    assert of(pictures, closed=True).edge(7).field is not None


def test_a_known_picture_inside_the_edge_decides():
    """What happens between two pictures that a pan seems to join may be something else."""
    pictures = line("pan")[:5]
    ends = pictures[::2]

    def read(cell):
        return ends[cell[0]] if len(cell) == 1 else (pictures[1] if cell[1] else noise(5, 96, 128))

    cells = [(index,) for index in range(3)]
    true = Line(cells, read, middles={0: ((0, 1), 0.5)})
    assert true.edge(0).field is not None
    other = Line(cells, read, middles={0: ((0, 0), 0.5)})
    assert other.edge(0).field is None


def test_an_edge_without_one_of_its_pictures_is_not_baked():
    pictures = line("pan")[:6]

    def read(cell):
        if cell == (2,):
            raise MissingPicture("gone")
        return pictures[cell[0]]

    found = Line([(index,) for index in range(6)], read)
    assert [edge is None for edge in edges(found, 6)] == [False, True, True, False, False]


def test_uneven_knots_are_guessed_where_they_stand():
    pictures = line("pan")
    places = [0, 1, 4, 5, 8]
    found = Line([(index,) for index in places], lambda cell: pictures[cell[0]], places=places)
    assert [edge.field is not None for edge in edges(found, 5)] == [True] * 4


def test_a_grey_ghost_is_worth_less_than_its_error_says():
    ghost, sharp = Guess(0.1, 0.6, 0.6), Guess(0.11, 1.0, 1.0)
    assert worth(sharp) < worth(ghost)
    assert worth(Guess(0.1, np.inf, np.inf)) == pytest.approx(0.3)
