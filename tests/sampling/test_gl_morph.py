"""Pictures that move, on the graphics processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import moderngl
import numpy as np
import pytest
from memory_fields import MemoryField, MemoryFields, wild

from tessonance.grid import Axis, Cell, Grid
from tessonance.sampling import CpuSampler, GlSampler, taps
from tessonance.sampling.fields import quarter, steps
from tessonance.sampling.shader import morph, moves, vertex
from tessonance.sampling.shares import LayerMove, Share
from tessonance.sampling.taps import Edge, Tap

pytestmark = pytest.mark.gl

AXES = (
    Axis(name="a", steps=4),
    Axis(name="b", steps=3, closed=True),
    Axis(name="c", steps=2),
    Axis(name="d", steps=2, closed=True),
)


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = moderngl.create_context(standalone=True, backend="egl", require=330)
    yield made
    made.release()


class Both:
    """The same grid of noise, moved by noise, for both samplers."""

    def __init__(
        self,
        context: moderngl.Context,
        axes: int,
        size: tuple[int, int] = (37, 23),
        *,
        pixels: float = 9.0,
        make: Callable[[int, Cell], MemoryField | None] | None = None,
    ) -> None:
        self.grid, self.size = Grid(AXES[:axes]), size
        self.knots = [list(range(axis.steps)) for axis in self.grid.axes]
        self.knots[0].remove(2)
        self.fields = MemoryFields(self.knots, make or wild(size, pixels))
        self.cpu, self.plain = (
            CpuSampler(self.picture, self.grid, self.knots, method="morph", fields=self.fields, fine=fine)
            for fine in (True, False)
        )
        self.layers: dict[Edge, tuple[int, float]] = {}
        self.gl = GlSampler(context, size, self.grid.size, fields=200, terms=axes + 1)
        for flat in range(self.grid.size):
            self.gl.put(flat, self.picture(self.grid.cell(flat)))
        for edge in self.edges():
            if (field := self.fields.field(*edge)) is not None:
                self.layers[edge] = len(self.layers), field.scale
                self.gl.put_field(self.layers[edge][0], np.dstack([field.forward, field.backward]))

    def picture(self, cell: Cell) -> np.ndarray:
        width, height = self.size
        return np.random.default_rng(cell).integers(0, 256, (height, width, 3), np.uint8)

    def edges(self) -> Iterator[Edge]:
        counts = [len(along) for along in self.knots]
        for axis, ours in enumerate(self.grid.axes):
            edges = counts[axis] - (0 if ours.closed else 1)
            for at in product(*[range(edges if k == axis else count) for k, count in enumerate(counts)]):
                yield Edge(axis, at)

    def share(self, tap: Tap) -> Share:
        shifts = [shift for shift in tap.shifts if shift.edge in self.layers]
        told = [(*self.layers[shift.edge], shift) for shift in shifts]
        moved = [LayerMove(layer, shift.second, steps(shift.share, scale)) for layer, scale, shift in told]
        return Share(self.grid.flat(tap.cell), tap.weight, tuple(moved))

    def frames(self, coordinate: list[float], *, fine: bool = True) -> tuple[np.ndarray, np.ndarray]:
        found = taps(coordinate, self.grid, self.knots, method="morph")
        self.gl.draw((self.share(tap) for tap in found), fineness=float(fine))
        return self.gl.read().astype(int), (self.cpu if fine else self.plain).frame(coordinate).astype(int)


@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize(
    ("axes", "pixels"), [(1, 9.0), (1, 700.0), (2, 9.0), (2, 60.0), (2, 1000.0), (3, 9.0), (4, 9.0)]
)
def test_it_equals_the_processors_frame_even_of_noise(
    context: moderngl.Context, axes: int, pixels: float, fine: bool
) -> None:
    both = Both(context, axes, pixels=pixels)
    rng = np.random.default_rng(axes)
    for coordinate in [*rng.random((30, axes)), *rng.integers(0, 9, (10, axes)) / 8, np.full(axes, 0.99)]:
        ours, theirs = both.frames(coordinate.tolist(), fine=fine)
        assert np.abs(ours - theirs).mean() <= 0.5, coordinate
        assert np.abs(ours - theirs).max() <= 3, coordinate


def test_the_curve_and_the_grain_come_little_by_little(context: moderngl.Context) -> None:
    both = Both(context, 2)
    shares = [both.share(tap) for tap in taps([0.13, 0.22], both.grid, both.knots, method="morph")]
    drawn = []
    for fineness in (0.0, 1e-3, 0.5, 1.0):
        both.gl.draw(shares, fineness=fineness)
        drawn.append(both.gl.read().astype(int))
    assert np.abs(drawn[1] - drawn[0]).max() <= 1
    assert np.abs(drawn[2] - (drawn[0] + drawn[3]) / 2).max() <= 2
    assert np.abs(drawn[3] - drawn[0]).max() > 5


def test_the_grain_is_that_of_the_processor(context: moderngl.Context) -> None:
    both = Both(context, 1)
    flat = {cell: np.full((23, 37, 3), 100 + cell[0], np.uint8) for cell in ((0,), (1,), (2,), (3,))}
    for cell, picture in flat.items():
        both.gl.put(both.grid.flat(cell), picture)
    both.cpu = CpuSampler(flat.__getitem__, both.grid, both.knots, method="morph", fields=both.fields)
    for u in (0.1, 0.17, 0.25):
        ours, theirs = both.frames([u])
        assert set(np.unique(ours)) == {100, 101}
        np.testing.assert_array_equal(ours, theirs)


def test_nothing_is_moved_further_than_16_bits_hold(context: moderngl.Context) -> None:
    far = MemoryField(np.full((6, 10, 2), 127, np.int8), np.full((6, 10, 2), -127, np.int8), 8.0)
    both = Both(context, 2, make=lambda axis, edge: far)
    for coordinate in ([0.2, 0.2], [0.13, 0.23]):
        ours, theirs = both.frames(coordinate)
        assert np.abs(ours - theirs).max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (640, 360)])
def test_it_does_so_at_any_size(context: moderngl.Context, size: tuple[int, int]) -> None:
    both = Both(context, 2, size, pixels=30.0)
    for coordinate in ([0.1, 0.2], [0.9, 0.9]):
        ours, theirs = both.frames(coordinate)
        assert np.abs(ours - theirs).mean() <= 0.5
        assert np.abs(ours - theirs).max() <= 3
    both.gl.release()


def test_more_pictures_than_one_pass_takes_are_moved_in_several(context: moderngl.Context) -> None:
    both = Both(context, 2)
    coordinate = [0.2, 0.4]
    shares = [both.share(tap) for tap in taps(coordinate, both.grid, both.knots, method="morph")]
    both.gl.draw(shares)
    few = both.gl.read().astype(int)
    apart = [
        Share(share.layer, share.weight / 8, (*share.moves, LayerMove(0, False, by)))
        for share in shares
        for by in range(8)
    ]
    both.gl.draw(apart)  # as good as the same, in two passes of 16
    assert np.abs(both.gl.read() - few).max() <= 8 + 2


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_on_a_cell_it_is_exactly_the_picture_and_faces_of_cells_agree(context: moderngl.Context, axes: int) -> None:
    both = Both(context, axes)
    rng = np.random.default_rng(axes)
    for _ in range(12):
        cell = [int(rng.choice(along)) for along in both.knots]
        here = both.grid.coordinate(cell)
        ours, _ = both.frames(here.tolist())
        np.testing.assert_array_equal(ours, both.picture(tuple(cell)))
        for axis in range(axes):
            place = np.where(np.arange(axes) == axis, here, rng.random(axes))
            face, _ = both.frames(place.tolist())
            for side in (-1e-6, 1e-6):
                beside, _ = both.frames((place + side * (np.arange(axes) == axis)).tolist())
                assert np.abs(beside - face).max() <= 1


def test_a_region_is_drawn_as_in_the_whole_frame(context: moderngl.Context) -> None:
    both = Both(context, 2)
    shares = [both.share(tap) for tap in taps([0.1, 0.2], both.grid, both.knots, method="morph")]
    both.gl.draw(shares)
    whole = both.gl.read().copy()
    for left, top, width, height in ((5, 3, 20, 11), (0, 9, 37, 6), (36, 22, 1, 1)):
        both.gl.draw([Share(0, 1.0)])
        both.gl.draw(shares, region=(left, top, width, height))
        part = slice(top, top + height), slice(left, left + width)
        np.testing.assert_array_equal(both.gl.read()[part], whole[part])


def test_a_layer_that_gets_another_field_moves_by_it(context: moderngl.Context) -> None:
    both = Both(context, 1)
    shares = [Share(0, 1.0, (LayerMove(0, False, steps(1.0, 1.0)),))]
    both.gl.draw(shares)
    shape = (*quarter(both.size)[::-1], 4)
    both.gl.put_field(0, np.broadcast_to(np.array([3, -2, 0, 0], np.int8), shape))
    both.gl.draw(shares)
    moved = np.pad(both.picture((0,)), ((2, 0), (0, 3), (0, 0)), "edge")[:-2, 3:]
    assert np.abs(both.gl.read().astype(int) - moved).max() <= 1


def test_the_bodies_mean_the_same_in_the_dialect_of_browsers(context: moderngl.Context) -> None:
    """Desktop drivers that know ES 3.00 compile it too; what a browser does with it the studio's tests see."""
    if context.version_code < 430:
        pytest.skip("this driver does not compile GLSL ES 3.00")
    rng = np.random.default_rng(3)
    cells = context.texture_array((16, 16, 4), 4, rng.integers(0, 256, 4096, np.uint8).tobytes())
    fields = context.texture_array((4, 4, 3), 4, rng.integers(-128, 128, 192).astype(np.int8).tobytes(), dtype="i1")
    fields.filter = (context.NEAREST, context.NEAREST)
    drawn = []
    for dialect, fine in (("gl", False), ("es", False), ("gl", True), ("es", True)):
        moved = context.texture((4, 4), 4, dtype="i4")
        moved.filter = (context.NEAREST, context.NEAREST)
        program = context.program(vertex_shader=vertex(dialect), fragment_shader=moves(4, 2, dialect))
        program["fields"], program["width"] = 1, 4
        terms = np.stack([rng.integers(0, 3, 8), rng.integers(0, 2, 8), rng.integers(0, 999, 8)], -1)
        program["terms"].write(terms.astype(np.int32))
        fields.use(1)
        context.framebuffer([moved]).use()
        context.vertex_array(program, []).render(vertices=3)
        program = context.program(vertex_shader=vertex(dialect), fragment_shader=morph(4, dialect, fine=fine))
        if fine:
            program["bend"], program["grain"] = 0.7, 0.5 / 255
        program["moved"], program["vectors"], program["texel"] = 2, (4, 4), (1 / 16, 1 / 16)
        program["layers"].write(np.array([0, 1, 2, 3], np.int32))
        program["weights"].write(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
        cells.use(0)
        moved.use(2)
        target = context.framebuffer([context.texture((16, 16), 4)])
        target.use()
        context.vertex_array(program, []).render(vertices=3)
        drawn.append((moved.read(), target.read()))
        rng = np.random.default_rng(3)
        rng.integers(0, 256, 4096, np.uint8), rng.integers(-128, 128, 192)
    assert drawn[0] == drawn[1]
    assert drawn[2] == drawn[3] != drawn[0]
