"""A tesseract on the graphics processor."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import moderngl
import numpy as np
import pytest
from stages import PROJECT, read, settle, until

import tessonance as tess
from tessonance.errors import DamagedPicture, RenderError, TesseractError
from tessonance.grid import Cell
from tessonance.project import parse_project
from tessonance.sampling import CpuSampler
from tessonance.show import levels_watch
from tessonance.show.flash_estimate import estimate
from tessonance.show.stage import Stage
from tessonance.store import Tesseract, open_tesseract

pytestmark = pytest.mark.gl

PLACES = [(0.31, 0.77), (0.5, 0.5), (0.0, 0.99), (1.0, 0.0), (0.9999, 0.125)]


@pytest.fixture
def tesseract(painted: Path) -> Iterator[Tesseract]:
    with open_tesseract(painted) as opened:
        yield opened


class Slow(Tesseract):
    """A tesseract whose pictures come when they are let, and fail where they are to fail."""

    let: threading.Event
    broken: Callable[[Cell], bool]

    def picture(self, cell: Cell) -> np.ndarray:
        self.let.wait()
        if self.broken(tuple(cell)):
            raise DamagedPicture("this is no picture", where=str(cell))
        return self.stored(cell)

    def stored(self, cell: Cell) -> np.ndarray:
        return super().picture(cell)


@pytest.fixture
def slow(painted: Path) -> Iterator[Slow]:
    with Slow.open(painted) as opened:
        opened.let, opened.broken = threading.Event(), lambda cell: False
        opened.let.set()
        yield opened
        opened.let.set()


@pytest.mark.parametrize("method", ["blend", "nearest"])
def test_its_frames_are_those_of_a_film(context: moderngl.Context, tesseract: Tesseract, method: str) -> None:
    cpu = CpuSampler(tesseract.picture, tesseract.grid, tesseract.knots(), method=method)
    with Stage(context, tesseract, method=method) as stage:
        for place in PLACES:
            away = np.abs(settle(stage, place).astype(int) - cpu.frame(place))
            assert away.mean() <= 0.5
            assert away.max() <= 3
            light = stage.estimate(place)
            assert light.shape == (36, 64, 3)
            np.testing.assert_allclose(light, estimate(cpu.frame(place)), atol=0.05)


def test_the_first_frame_is_whole_at_once(context: moderngl.Context, tesseract: Tesseract) -> None:
    with Stage(context, tesseract, start=PLACES[0]) as stage:
        assert not stage.draw(PLACES[0]).late
        assert (stage.counts.frames, stage.counts.pictures, stage.counts.late) == (1, 4, 0)


def test_what_is_not_ready_is_replaced_by_the_nearest_and_counted(context: moderngl.Context, slow: Slow) -> None:
    with Stage(context, slow, start=(0.0, 0.0), method="nearest") as stage:
        slow.let.clear()
        begun = time.monotonic()
        drawn = stage.draw((1.0, 0.5))
        stage.prepare((1.0, 0.5))
        assert time.monotonic() - begun < 10  # it would wait for ever
        assert drawn.late
        assert drawn.replaced == 1
        np.testing.assert_array_equal(read(drawn.texture), slow.stored((0, 0)))
        slow.let.set()
        np.testing.assert_array_equal(settle(stage, (1.0, 0.5)), slow.stored((8, 4)))
        assert stage.counts.late >= 1


def test_a_jump_is_whole_where_pictures_are_decoded_in_a_moment(
    context: moderngl.Context, tesseract: Tesseract
) -> None:
    with Stage(context, tesseract, start=(0.0, 0.0), patience_seconds=20.0) as stage:
        assert not stage.draw((0.77, 0.41)).late
        assert stage.counts.late == 0


def test_without_patience_a_jump_is_late(context: moderngl.Context, slow: Slow) -> None:
    with Stage(context, slow, start=(0.0, 0.0), patience_seconds=0.0) as stage:
        slow.let.clear()
        assert stage.draw((0.77, 0.41)).replaced == 4


def test_a_slow_disk_costs_no_time_after_a_few_frames(context: moderngl.Context, slow: Slow) -> None:
    with Stage(context, slow, start=(0.0, 0.0)) as stage:
        slow.let.clear()
        for number in range(20):
            stage.draw((0.77, number / 20))
        assert stage._patience.seconds == 0.0
        assert stage.counts.late == 20


def test_what_moves_is_there_before_it_is_needed(context: moderngl.Context, tesseract: Tesseract) -> None:
    with Stage(context, tesseract, start=(0.1, 0.1)) as stage:
        stage.prepare((0.1, 0.1), (1.0, 0.0))
        until(lambda: stage.prepare((0.1, 0.1), (1.0, 0.0)) or stage.counts.decoded >= 4)
        until(lambda: stage.prepare((0.1, 0.1), (1.0, 0.0)) or not stage.draw((0.3, 0.1)).late)
        assert not stage.draw((0.4, 0.1)).late


def test_in_the_time_left_it_fills_its_memory_and_no_more(context: moderngl.Context, tesseract: Tesseract) -> None:
    picture_bytes = 4 * 51 * 33
    with Stage(context, tesseract, layer_bytes=20 * picture_bytes) as stage:
        until(lambda: stage.prepare((0.5, 0.5)) or stage.resident == 20)
        for _ in range(50):
            stage.prepare((0.5, 0.5))
            time.sleep(0.001)
        assert stage.counts.decoded <= 20
    with Stage(context, tesseract) as stage:  # room for all of it
        until(lambda: stage.prepare((0.5, 0.5)) or stage.resident == 72)
        assert not any(stage.draw(tesseract.grid.coordinate(tesseract.grid.cell(flat))).late for flat in range(72))


def test_a_picture_that_cannot_be_read_is_replaced_and_counted(context: moderngl.Context, slow: Slow) -> None:
    slow.broken = lambda cell: cell == (8, 4)
    with Stage(context, slow, method="nearest") as stage:
        until(lambda: stage.prepare((1.0, 0.5)) or stage.counts.failed)
        until(lambda: stage.prepare((1.0, 0.5)) or stage.counts.decoded > 20)
        drawn = stage.draw((1.0, 0.5))
        assert drawn.late
        assert "this is no picture" in stage.problem
        beside = [slow.stored(cell) for cell in ((7, 4), (8, 3), (8, 5))]
        assert any(np.array_equal(read(drawn.texture), picture) for picture in beside)


def test_where_the_start_cannot_be_read_it_starts_beside_it(context: moderngl.Context, slow: Slow) -> None:
    slow.broken = lambda cell: cell[0] > 3
    with Stage(context, slow, start=(0.6, 0.5)) as stage:
        assert stage.draw((0.6, 0.5)).late
    slow.broken = lambda cell: True
    with pytest.raises(DamagedPicture, match="this is no picture"):
        Stage(context, slow)


def test_a_tesseract_that_is_deleted_plays_on(context: moderngl.Context, painted: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(painted, tmp_path / "gone.tess"))
    with open_tesseract(path) as tesseract, Stage(context, tesseract) as stage:
        tesseract.close()  # on Windows nothing that is open can be deleted
        shutil.rmtree(path)
        for place in PLACES:
            stage.prepare(place, (1.0, 1.0))
            stage.draw(place)
            stage.refresh()
        until(lambda: stage.prepare((0.9, 0.9)) or stage.counts.failed)
        assert stage.draw((0.9, 0.9)).texture is not None


def test_a_tesseract_that_is_made_sharpens(
    context: moderngl.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels_watch, "LOOK_SECONDS", 0.0)
    path = tmp_path / "made.tess"
    tess.generate(parse_project(PROJECT), path, limit=10).close()
    with open_tesseract(path) as tesseract, Stage(context, tesseract) as stage:
        coarse = [len(knots) for knots in stage.knots]
        for _ in range(10):
            assert not stage.refresh()
            time.sleep(0.002)
        tess.generate(parse_project(PROJECT), path).close()
        until(stage.refresh)
        until(lambda: stage.refresh() or [len(knots) for knots in stage.knots] == [9, 8])
        assert coarse < [9, 8]
        np.testing.assert_array_equal(settle(stage, (0.125, 0.125)), tesseract.picture((1, 1)))
        assert not stage.refresh()


def test_what_cover_does_not_show_is_not_drawn_and_the_rest_is_the_same(
    context: moderngl.Context, tesseract: Tesseract
) -> None:
    with Stage(context, tesseract, start=PLACES[0]) as stage:
        whole = read(stage.draw(PLACES[0]).texture).copy()
        stage.draw(PLACES[1])
        stage.draw(PLACES[2])
        part = read(stage.draw(PLACES[0], shown_in=(90, 30)).texture)
        np.testing.assert_array_equal(part[8:25], whole[8:25])
        assert not np.array_equal(part[:5], whole[:5])


def test_a_coordinate_that_is_no_number_shows_what_was_shown(context: moderngl.Context, tesseract: Tesseract) -> None:
    with Stage(context, tesseract, start=PLACES[0]) as stage:
        first = stage.draw(PLACES[0]).texture
        assert stage.draw((np.nan, np.inf)).texture is first
        stage.prepare((np.nan, 0.2), (np.nan, np.inf))


def test_what_cannot_be_played_is_refused(context: moderngl.Context, tmp_path: Path, tesseract: Tesseract) -> None:
    with pytest.raises(RenderError, match="there is no method 'blur'"):
        Stage(context, tesseract, method="blur")
    tess.generate(parse_project(PROJECT), tmp_path / "few.tess", limit=1).close()
    with open_tesseract(tmp_path / "few.tess") as few, pytest.raises(TesseractError, match="coarsest level"):
        Stage(context, few)


def test_its_threads_end_with_it(context: moderngl.Context, tesseract: Tesseract) -> None:
    with Stage(context, tesseract, threads=3) as stage:
        stage.prepare((0.2, 0.2))
    until(lambda: not any(thread.name.startswith("tessonance-fetch") for thread in threading.enumerate()))
