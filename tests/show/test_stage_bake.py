"""A bake that comes while its tesseract plays."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import moderngl
import numpy as np
import pytest
from memory_fields import MemoryFields, wild
from stages import read, settle, until

import tessonance as tess
from tessonance.sampling import CpuSampler
from tessonance.show import levels_watch
from tessonance.show.methods import STILL_LOOKS, FieldsToCome
from tessonance.show.stage import RISE_FRAMES, Stage
from tessonance.store import Tesseract

pytestmark = pytest.mark.gl

SIZE, PLACE = (51, 33), (0.31, 0.77)


class Bakable(Tesseract):
    """A tesseract with fields in memory as soon as there are any."""

    fields: MemoryFields | None = None

    def bake(self) -> MemoryFields | None:  # type: ignore[override]
        return self.fields

    def come(self) -> None:
        self.fields = MemoryFields([along.tolist() for along in self.knots()], wild(SIZE, 6.0))


@pytest.fixture
def bakable(painted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bakable]:
    monkeypatch.setattr(levels_watch, "LOOK_SECONDS", 0.0)
    with Bakable.open(painted) as opened:
        yield opened


def test_it_is_taken_up(
    context: moderngl.Context, painted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels_watch, "LOOK_SECONDS", 0.0)
    path = Path(shutil.copytree(painted, tmp_path / "plasma.tess"))
    with tess.open(path) as tesseract, Stage(context, tesseract) as stage:
        settle(stage, PLACE)
        assert (stage.method, stage.draw(PLACE).moved) == ("blend", False)
        tess.bake(path, workers=1)
        until(lambda: stage.refresh() or stage.method == "morph")
        for _ in range(RISE_FRAMES):
            settle(stage, PLACE)
        film = CpuSampler(tesseract.picture, tesseract.grid, stage.knots, method="morph", fields=tesseract.bake())
        assert stage.draw(PLACE).moved
        assert np.abs(settle(stage, PLACE) - film.frame(PLACE)).max() <= 3


def test_nothing_leaps_when_it_comes(context: moderngl.Context, bakable: Bakable) -> None:
    with Stage(context, bakable, start=PLACE) as stage:
        shown = [settle(stage, PLACE)]
        bakable.come()
        assert bakable.fields is not None
        until(lambda: stage.refresh() or stage.method == "morph")
        until(lambda: stage.prepare(PLACE) or len(bakable.fields.asked) >= 4)
        for _ in range(RISE_FRAMES + 2):
            stage.prepare(PLACE)
            shown.append(read(stage.draw(PLACE).texture).astype(int))
        steps = [np.abs(after - before).mean() for before, after in pairwise(shown)]
        assert np.abs(shown[-1] - shown[0]).mean() > 1
        assert max(steps) < 0.1 * np.abs(shown[-1] - shown[0]).mean()


@pytest.mark.parametrize("method", ["blend", "nearest"])
def test_where_it_is_not_wanted_nobody_looks_for_it(context: moderngl.Context, bakable: Bakable, method: str) -> None:
    with Stage(context, bakable, method=method) as stage:
        bakable.come()
        for _ in range(20):
            settle(stage, PLACE)
            stage.refresh()
        assert stage.method == method
        assert not stage.draw(PLACE).moved


def test_one_that_is_still_made_is_waited_for_as_long_as_it_grows() -> None:
    knots = (np.arange(3), np.arange(4))
    bake = SimpleNamespace(knots=knots, edges=lambda: 17, baked=lambda: counts.pop(0))
    to_come = FieldsToCome(SimpleNamespace(bake=lambda: bake))  # type: ignore[arg-type]
    counts = [*range(1, 18, 2)]
    assert [to_come.look(knots) is bake for _ in range(9)] == [False] * 8 + [True]
    counts = [3] * 99  # a picture is missing: the other edges are never baked
    assert [to_come.look(knots) is bake for _ in range(STILL_LOOKS + 1)] == [False] * STILL_LOOKS + [True]


def test_one_for_other_knots_is_none() -> None:
    bake = SimpleNamespace(knots=(np.arange(3),), edges=lambda: 2, baked=lambda: 2)
    to_come = FieldsToCome(SimpleNamespace(bake=lambda: bake))  # type: ignore[arg-type]
    assert to_come.look((np.array([0, 2]),)) is None
    assert to_come.look((np.arange(3),)) is bake
