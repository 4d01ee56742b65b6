"""A tesseract whose pictures move, on the graphics processor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import moderngl
import numpy as np
import pytest
from memory_fields import MemoryField, MemoryFields, wild
from stages import PROJECT, read, settle, until

import tessonance as tess
from tessonance.errors import DamagedPicture, RenderError
from tessonance.grid import Cell
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler
from tessonance.show import levels_watch
from tessonance.show.flash_estimate import estimate
from tessonance.show.stage import RISE_FRAMES, Stage
from tessonance.store import Tesseract

pytestmark = pytest.mark.gl

SIZE = (51, 33)
PLACES = [(0.31, 0.77), (0.5, 0.55), (0.03, 0.99), (1.0, 0.0), (0.9999, 0.13), (0.7, 0.4)]


class Baked(Tesseract):
    """A tesseract with fields in memory, which come when they are let."""

    fields: MemoryFields | None
    let: threading.Event

    def bake(self) -> MemoryFields | None:  # type: ignore[override]
        return self.fields


@pytest.fixture
def baked(painted: Path) -> Iterator[Baked]:
    with Baked.open(painted) as opened:
        give(opened, wild(SIZE, 6.0))
        yield opened
        opened.let.set()


def give(tesseract: Baked, make: Callable[[int, Cell], MemoryField | None]) -> None:
    """Give a tesseract the fields of the knots it has now."""
    tesseract.let = threading.Event()
    tesseract.let.set()

    def waited_for(axis: int, edge: Cell) -> MemoryField | None:
        tesseract.let.wait()
        return make(axis, edge)

    tesseract.fields = MemoryFields([along.tolist() for along in tesseract.knots()], waited_for)


def film(tesseract: Baked, place: tuple[float, ...], **keys: object) -> np.ndarray:
    """Return what a film shows."""
    told = {"method": "morph", "fields": tesseract.fields, **keys}
    sampler = CpuSampler(tesseract.picture, tesseract.grid, tesseract.knots(), **told)  # type: ignore[arg-type]
    return sampler.frame(place).astype(int)


@pytest.mark.parametrize("layer_bytes", [1, 2**25])
def test_its_frames_are_those_of_a_film(context: moderngl.Context, baked: Baked, layer_bytes: int) -> None:
    with Stage(context, baked, layer_bytes=layer_bytes) as stage:
        assert stage.method == "morph"
        for place in [*PLACES, *np.random.default_rng(2).random((20, 2)).tolist()]:
            away = np.abs(settle(stage, place) - film(baked, place))
            assert away.mean() <= 0.5
            assert away.max() <= 3


def test_what_cover_does_not_show_moves_in_all_the_same(context: moderngl.Context, baked: Baked) -> None:
    with Stage(context, baked) as stage:
        whole = settle(stage, PLACES[0])
        stage.draw(PLACES[1])
        part = read(stage.draw(PLACES[0], shown_in=(90, 30)).texture)
        np.testing.assert_array_equal(part[8:25], whole[8:25])


def test_a_field_that_is_not_ready_moves_nothing_and_is_not_waited_for(context: moderngl.Context, baked: Baked) -> None:
    with Stage(context, baked, start=(0.5, 0.5)) as stage:
        baked.let.clear()
        begun = time.monotonic()
        until(lambda: stage.prepare(PLACES[0]) or not stage.draw(PLACES[0]).late)
        assert time.monotonic() - begun < 20  # it would wait for ever
        away = np.abs(read(stage.draw(PLACES[0]).texture) - film_without(baked, PLACES[0]))
        assert away.max() <= 2
        assert stage.counts.unmoved > 0
        baked.let.set()
        assert np.abs(settle(stage, PLACES[0]) - film(baked, PLACES[0])).max() <= 3
        unmoved = stage.counts.unmoved
        stage.draw(PLACES[0])
        assert stage.counts.unmoved == unmoved


def film_without(tesseract: Baked, place: tuple[float, ...]) -> np.ndarray:
    return CpuSampler(tesseract.picture, tesseract.grid, tesseract.knots()).frame(place).astype(int)


def test_told_not_to_move_it_cross_fades_asks_for_no_fields_and_counts(context: moderngl.Context, baked: Baked) -> None:
    with Stage(context, baked, start=(0.5, 0.5)) as stage:
        asked = len(baked.fields.asked)
        stage.draw((0.5, 0.5), strength=0.0)
        assert stage.counts.blended == 0  # there is nothing to move on a knot
        until(lambda: stage.prepare(PLACES[0]) or not stage.draw(PLACES[0], strength=0.0).late)
        drawn = stage.draw(PLACES[0], strength=0.0)
        assert not drawn.moved
        assert np.abs(read(drawn.texture) - film_without(baked, PLACES[0])).max() <= 2
        assert len(baked.fields.asked) == asked
        assert stage.counts.blended == stage.counts.frames - 1
        settle(stage, PLACES[0])
        assert stage.draw(PLACES[0]).moved


def test_told_to_read_plainly_it_does_and_counts(context: moderngl.Context, baked: Baked) -> None:
    with Stage(context, baked) as stage:
        fine = settle(stage, PLACES[0])
        assert stage.counts.plain == 0
        drawn = stage.draw(PLACES[0], fineness=0.0)
        plain = read(drawn.texture).astype(int)
        assert drawn.moved
        assert np.abs(plain - film(baked, PLACES[0], fine=False)).max() <= 3
        assert (plain != fine).mean() > 0.2
        assert stage.counts.plain == 1
        stage.draw((0.5, 0.5), fineness=0.0)
        assert stage.counts.plain == 1  # nothing moves on a knot
        half = read(stage.draw(PLACES[0], fineness=0.5).texture)
        assert np.abs(half - (plain + fine) / 2).max() <= 2


def test_half_the_strength_is_half_the_way(context: moderngl.Context, baked: Baked) -> None:
    still = np.zeros((9, 13, 2), np.int8)
    give(baked, lambda axis, edge: MemoryField(still + np.array([16, 0], np.int8), still, 1.0))
    with Stage(context, baked) as stage:
        settle(stage, (0.03125, 0.0))
        half = read(stage.draw((0.03125, 0.0), strength=0.5).texture).astype(int)
    moved = np.pad(baked.picture((0, 0)), ((0, 0), (0, 2), (0, 0)), "edge")[:, 2:]
    wanted = 0.75 * moved + 0.25 * baked.picture((1, 0))
    assert np.abs(half - wanted).max() <= 1.5


def test_the_flash_limiter_sees_what_moves(context: moderngl.Context, painted: Path) -> None:
    """A bright half moves in by eight pixels each way: a blend would only be grey there."""
    left = np.where(np.arange(51) < 20, 255, 0).astype(np.uint8)[None, :, None].repeat(33, 0).repeat(3, 2)
    right = np.roll(left, 16, axis=1)
    right[:, :16] = 255

    class Halves(Baked):
        def picture(self, cell: Cell) -> np.ndarray:
            return right if cell[0] % 2 else left

    by = np.zeros((9, 13, 2), np.int8)
    by[..., 0] = 16
    with Halves.open(painted) as opened:
        odd = MemoryField(by, -by, 1.0), MemoryField(-by, by, 1.0)
        give(opened, lambda axis, edge: odd[(edge[0] + 1) % 2] if axis == 0 else None)
        with Stage(context, opened) as stage:
            place = (0.0625, 0.0)
            frame = settle(stage, place)
            exact, seen = estimate(frame.astype(np.uint8)), stage.estimate(place)
            stage.draw(place, strength=0.0)
            faded = stage.estimate(place)
    assert np.abs(seen - exact).mean() < 0.25 * np.abs(faded - exact).mean()


def test_a_field_that_cannot_be_read_moves_nothing_and_is_counted(context: moderngl.Context, baked: Baked) -> None:
    def damaged(axis: int, edge: Cell) -> MemoryField:
        raise DamagedPicture("this is no field", where=str(edge))

    give(baked, damaged)
    with Stage(context, baked, start=PLACES[0]) as stage:
        assert not stage.draw(PLACES[0]).late
        until(lambda: stage.prepare(PLACES[5]) or stage.counts.failed)
        assert "this is no field" in stage.problem
        until(lambda: stage.prepare(PLACES[5]) or not stage.draw(PLACES[5]).late)
        assert np.abs(read(stage.draw(PLACES[5]).texture) - film_without(baked, PLACES[5])).max() <= 2


def test_a_field_of_another_size_is_no_field(context: moderngl.Context, baked: Baked) -> None:
    give(baked, wild((SIZE[0] + 8, SIZE[1]), 6.0))
    with Stage(context, baked, start=(0.5, 0.5)) as stage:
        until(lambda: stage.prepare(PLACES[0]) or stage.counts.failed)
        assert "does not fit the pictures" in stage.problem


def test_finer_knots_have_fields_of_their_own(
    context: moderngl.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels_watch, "LOOK_SECONDS", 0.0)
    path, place = tmp_path / "made.tess", (0.31, 0.77)
    tess.generate(parse_project(PROJECT), path, limit=10).close()
    with Baked.open(path) as tesseract:
        give(tesseract, wild(SIZE, 6.0))
        with Stage(context, tesseract) as stage:
            settle(stage, place)
            tess.generate(parse_project(PROJECT), path).close()
            until(lambda: stage.refresh() or [len(knots) for knots in stage.knots] == [9, 8])
            blend = settle(stage, place)  # these knots are not baked
            assert np.abs(blend - film_without(tesseract, place)).max() <= 2
            assert not stage.draw(place).moved
            give(tesseract, wild(SIZE, 6.0))  # now they are
            until(lambda: stage.refresh() or stage.prepare(place) or stage.draw(place).moved)
            for _ in range(RISE_FRAMES):
                stage.draw(place)
            assert np.abs(settle(stage, place) - film(tesseract, place)).max() <= 3


class Growing(Baked):
    """A tesseract whose fields are always those of its knots: other ones for finer knots."""

    def bake(self) -> MemoryFields:  # type: ignore[override]
        knots = [along.tolist() for along in self.knots()]
        pixels, still = (8 if len(knots[0]) < 9 else -8), np.zeros((9, 13, 2), np.int8)

        def make(axis: int, edge: Cell) -> MemoryField:
            self.let.wait()
            return MemoryField(still + np.array([pixels, 0], np.int8), still + np.array([0, pixels], np.int8), 1.0)

        return MemoryFields(knots, make)


@pytest.mark.parametrize("late", [False, True])
def test_nothing_moves_by_the_fields_of_knots_that_are_gone(
    context: moderngl.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    monkeypatch.setattr(levels_watch, "LOOK_SECONDS", 0.0)
    path, place = tmp_path / "made.tess", (0.03, 0.06)
    tess.generate(parse_project(PROJECT), path, limit=10).close()
    with Growing.open(path) as tesseract:
        tesseract.let = threading.Event()
        tesseract.let.set()
        with Stage(context, tesseract, start=(0.0, 0.0), threads=1) as stage:
            if late:
                tesseract.let.clear()  # a field is on its way
                stage.prepare(place)
                time.sleep(0.05)
            else:
                settle(stage, place)
            tess.generate(parse_project(PROJECT), path).close()
            until(lambda: stage.refresh() or [len(knots) for knots in stage.knots] == [9, 8])
            tesseract.let.set()
            tesseract.fields = tesseract.bake()
            assert np.abs(settle(stage, place) - film(tesseract, place)).max() <= 3


def test_without_a_bake_it_blends_unless_it_was_to_morph(context: moderngl.Context, painted: Path) -> None:
    with tess.open(painted) as plain:
        with Stage(context, plain) as stage:
            assert stage.method == "blend"
        problem = (
            r"plasma.tess: there is nothing to morph by\n  wanted: a bake\n  got: not baked yet\n  try: `tess bake"
        )
        with pytest.raises(RenderError, match=problem):
            Stage(context, plain, method="morph")


def test_what_is_baked_is_not_moved_where_that_is_not_wanted(context: moderngl.Context, baked: Baked) -> None:
    for method in ("blend", "nearest"):
        with Stage(context, baked, method=method) as stage:
            settle(stage, PLACES[0])
            assert not stage.draw(PLACES[0]).moved
    assert not baked.fields.asked
