"""Shares of pictures → frame on the graphics processor."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessonance.errors import RenderError
from tessonance.grid import Axis, Cell, Grid
from tessonance.sampling import CpuSampler, GlSampler, taps
from tessonance.sampling.shader import fragment, vertex
from tessonance.sampling.shares import FAINT, LayerMove, Share, telling

WIDTH, HEIGHT = 37, 23  # rows of an odd number of bytes, and not square: nothing may be transposed or padded
AXES = (
    Axis(name="a", steps=5),
    Axis(name="b", steps=4, closed=True),
    Axis(name="c", steps=3),
    Axis(name="d", steps=3, closed=True),
)

gl = pytest.mark.gl


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = moderngl.create_context(standalone=True, backend="egl", require=330)
    yield made
    made.release()


def picture(cell: Cell) -> np.ndarray:
    return np.random.default_rng(cell).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


class Both:
    """The same grid of noise for both samplers."""

    def __init__(self, context: moderngl.Context, axes: int) -> None:
        self.grid = Grid(AXES[:axes])
        self.knots = [list(range(axis.steps)) for axis in self.grid.axes]
        self.knots[0].remove(2)
        self.cpu = CpuSampler(picture, self.grid, self.knots)
        self.gl = GlSampler(context, (WIDTH, HEIGHT), self.grid.size)
        for flat in range(self.grid.size):
            self.gl.put(flat, picture(self.grid.cell(flat)))

    def frames(self, coordinate: list[float]) -> tuple[np.ndarray, np.ndarray]:
        found = taps(coordinate, self.grid, self.knots)
        self.gl.draw((self.grid.flat(tap.cell), tap.weight) for tap in found)
        return self.gl.read().astype(int), self.cpu.frame(coordinate).astype(int)


@gl
@pytest.mark.parametrize("axes", [1, 2, 3, 4])
def test_it_equals_the_processors_frame_anywhere_in_the_grid(context: moderngl.Context, axes: int) -> None:
    both = Both(context, axes)
    rng = np.random.default_rng(axes)
    for coordinate in [*rng.random((60, axes)), *rng.integers(0, 9, (20, axes)) / 8, np.full(axes, 0.99)]:
        ours, theirs = both.frames(coordinate.tolist())
        assert np.abs(ours - theirs).mean() <= 0.5, coordinate
        assert np.abs(ours - theirs).max() <= 3, coordinate


@gl
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (255, 7), (64, 64)])
def test_on_a_cell_it_is_exactly_the_picture_at_any_size(context: moderngl.Context, size: tuple[int, int]) -> None:
    sampler = GlSampler(context, size, 4)
    for layer, channels in enumerate((3, 4, 3, 4)):
        noise = np.random.default_rng(layer).integers(0, 256, (size[1], size[0], channels), np.uint8)
        sampler.put(layer, noise)
        sampler.draw([(layer, 1.0)])
        np.testing.assert_array_equal(sampler.read(), noise[..., :3])


@gl
def test_a_frame_stays_until_the_second_next_one(context: moderngl.Context) -> None:
    both = Both(context, 1)
    first = both.gl.draw([(0, 1.0)])
    assert both.gl.draw([(0, 1.0)]) is first
    second = both.gl.draw([(1, 1.0)])
    assert second is not first
    shown = np.frombuffer(first.read(), np.uint8).reshape(HEIGHT, WIDTH, 4)[..., :3]
    np.testing.assert_array_equal(shown, picture((0,)))
    assert both.gl.draw([(3, 1.0)]) is first


@gl
def test_a_layer_that_gets_another_picture_shows_it(context: moderngl.Context) -> None:
    both = Both(context, 1)
    both.gl.draw([(0, 1.0)])
    both.gl.put(0, picture((77,)))
    both.gl.draw([(0, 1.0)])
    np.testing.assert_array_equal(both.gl.read(), picture((77,)))


@gl
def test_a_region_is_drawn_as_in_the_whole_frame(context: moderngl.Context) -> None:
    both = Both(context, 2)
    shares = [(0, 0.25), (1, 0.25), (2, 0.5)]
    both.gl.draw(shares)
    whole = both.gl.read().copy()
    both.gl.draw(shares, region=(5, 3, 20, 11))
    np.testing.assert_array_equal(both.gl.read()[3:14, 5:25], whole[3:14, 5:25])


@gl
def test_where_the_driver_has_no_memory_there_are_fewer_layers(context: moderngl.Context) -> None:
    sampler = GlSampler(context, (4096, 4096), 2048)  # 137 GB
    assert 2 <= sampler.layers < 2048
    sampler.release()


@gl
def test_a_picture_larger_than_any_texture_is_refused(context: moderngl.Context) -> None:
    with pytest.raises(RenderError, match="do not fit into a texture"):
        GlSampler(context, (1_000_000, 4), 2)


@gl
def test_the_body_means_the_same_in_the_dialect_of_browsers(context: moderngl.Context) -> None:
    """Desktop drivers that know ES 3.00 compile it too; what a browser does with it the studio's tests see."""
    if context.version_code < 430:
        pytest.skip("this driver does not compile GLSL ES 3.00")
    drawn = []
    for dialect in ("gl", "es"):
        program = context.program(vertex_shader=vertex(dialect), fragment_shader=fragment(4, dialect))
        program["layers"].write(np.array([0, 1, 2, 3], np.int32))
        program["weights"].write(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
        cells = context.texture_array((8, 8, 4), 4, np.arange(1024, dtype=np.uint8).tobytes())
        cells.use(0)
        target = context.framebuffer([context.texture((8, 8), 4)])
        target.use()
        context.vertex_array(program, []).render(vertices=3)
        drawn.append(target.read())
    assert drawn[0] == drawn[1]


def test_no_shader_is_made_for_a_number_of_pictures_or_a_dialect_there_is_not() -> None:
    with pytest.raises(RenderError, match="no shader weighs so many"):
        fragment(3)
    with pytest.raises(RenderError, match="did you mean 'es'"):
        fragment(4, "ess")


shares = st.lists(st.tuples(st.integers(0, 5), st.floats(1e-6, 1.0)), min_size=1, max_size=16)


@given(shares)
def test_what_is_left_out_of_a_frame_is_too_faint_to_be_seen(given_shares: list[tuple[int, float]]) -> None:
    total = sum(weight for _, weight in given_shares)
    normal = [Share(layer, weight / total) for layer, weight in given_shares]
    told = {share.layer: share.weight for share in telling(normal)}
    assert sum(told.values()) == pytest.approx(1.0)
    kept = sum(share.weight for share in normal if share.layer in told)
    assert 1.0 - kept < FAINT + 1e-9
    assert list(told.values()) == sorted(told.values(), reverse=True)


def test_near_a_knot_half_of_the_pictures_are_left_out() -> None:
    near = [Share(0, 0.499), Share(1, 0.499), Share(2, 0.0011), Share(3, 0.0009)]
    assert len(telling(near)) == 3
    assert len(telling([Share(0, 0.4995), Share(1, 0.4995), Share(2, 0.0005), Share(3, 0.0005)])) == 2


def test_a_picture_that_is_asked_for_twice_is_read_once_unless_it_is_moved_apart() -> None:
    assert telling([Share(4, 0.5), Share(4, 0.5)]) == [Share(4, 1.0)]
    moved = LayerMove(0, False, 7)
    assert telling([Share(4, 0.75), Share(4, 0.25, (moved,))]) == [Share(4, 0.75), Share(4, 0.25, (moved,))]
