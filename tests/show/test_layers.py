"""Pictures and fields that lie ready on the graphics processor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tessonance.grid import Axis, Grid
from tessonance.sampling import Edge, taps
from tessonance.sampling.fields import steps
from tessonance.sampling.shares import LayerMove, Share
from tessonance.show.flash_estimate import thumbnail
from tessonance.show.layers import Layers
from tessonance.show.ready import ReadyField, ReadyPicture
from tessonance.sinks.offscreen import offscreen_context

pytestmark = pytest.mark.gl

GRID = Grid([Axis(name="a", steps=9)])
KNOTS = GRID.knots(9)
SIZE = (16, 8)


@pytest.fixture
def layers() -> Iterator[Layers]:
    context = offscreen_context()
    made = Layers(context, GRID, SIZE, layer_bytes=9 * 4 * 128, field_bytes=4 * 4 * 8)
    yield made
    made.release()
    context.release()


def picture(value: int) -> ReadyPicture:
    plain = np.full((SIZE[1], SIZE[0], 3), value, np.uint8)
    return ReadyPicture(np.dstack([plain, plain[..., :1]]), thumbnail(plain))


def field(scale: float = 0.5) -> ReadyField:
    return ReadyField(None, np.ones((2, 4, 4), np.int8), scale, np.ones((36, 64, 4), np.float32))


def edge(number: int) -> Edge:
    return Edge(0, (number,))


def test_a_picture_moves_by_the_fields_that_are_ready(layers: Layers) -> None:
    for k in range(9):
        layers.hold((k,), picture(k))
    found = taps([0.03125], GRID, KNOTS, method="morph")
    before = layers.take(found)
    assert before.unmoved == 2
    assert not any(share.moves for share in before.shares)
    layers.hold(edge(0), field())
    after = layers.take(found)
    assert after.unmoved == after.replaced == 0
    assert after.shares == [
        Share(layers.pictures.layer((0,)), 0.75, (LayerMove(after.shares[0].moves[0].layer, False, steps(0.25, 0.5)),)),
        Share(layers.pictures.layer((1,)), 0.25, (LayerMove(after.shares[0].moves[0].layer, True, steps(0.75, 0.5)),)),
    ]
    assert not any(share.moves for share in layers.take(found, 0.0).shares)


def test_what_stands_in_for_a_picture_is_not_moved_as_that_would_be(layers: Layers) -> None:
    layers.hold((0,), picture(0))
    layers.hold((5,), picture(5))
    layers.hold(edge(4), field())
    taken = layers.take(taps([0.53125], GRID, KNOTS, method="morph"))  # between 4, which is missing, and 5
    assert taken.replaced == 1
    assert [bool(share.moves) for share in taken.shares if share.layer == layers.pictures.layer((5,))] == [False, True]


def test_the_longest_unused_field_goes_first_and_no_room_is_lost(layers: Layers) -> None:
    room = layers.sampler.fields
    assert 4 <= room <= 8
    for _ in range(3):  # the same one again needs no more room
        for k in range(room):
            layers.hold(edge(k % 8), field())
    layers.touch([edge(0)])
    for k in range(100, 100 + room - 1):
        layers.hold(edge(k), field())
    assert edge(0) in layers
    assert edge(1) not in layers
    assert len([k for k in range(200) if edge(k) in layers]) == room


def test_an_edge_that_cross_fades_takes_no_room_and_is_known(layers: Layers) -> None:
    for k in range(50):
        layers.hold(edge(k), field(scale=0.0))
    assert all(edge(k) in layers for k in range(50))
    for k in range(2):
        layers.hold((k,), picture(k))
    taken = layers.take(taps([0.03125], GRID, KNOTS, method="morph"))
    assert taken.unmoved == 0
    assert not any(share.moves for share in taken.shares)


def test_of_other_knots_nothing_is_kept(layers: Layers) -> None:
    layers.hold(edge(0), field())
    layers.forget_fields()
    assert edge(0) not in layers
    for k in range(layers.sampler.fields):
        layers.hold(edge(k), field())
    assert all(edge(k) in layers for k in range(layers.sampler.fields))
