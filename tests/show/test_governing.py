"""The governor in films, shows and takes: one truth, and quiet where it has nothing to go by."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import ProjectError
from tessonance.grid import Axis, Grid
from tessonance.mapping import Governing
from tessonance.motion import Slowness, SpeedLimit
from tessonance.motion.slowness import SHARES, edge_shape
from tessonance.project import Mapping, Project, Route, load_mapping, parse_project
from tessonance.show.changes import Hold, Play, Routes, SetAxis
from tessonance.show.ensemble import Ensemble
from tessonance.show.filming import Part
from tessonance.show.governing import governor, governors, ungoverned, unheld
from tessonance.show.mapping_file import save_mapping
from tessonance.show.rehearsal import rehearse
from tessonance.show.take import Piece, TakeWriter
from tessonance.show.take_reader import read_take, replay

RATE, HOP = 48_000, 256 / 48_000
GRID = Grid([Axis(name="bloom", steps=5), Axis(name="ring", steps=4, closed=True)])
FAST = (
    Route(feature="low", axis="bloom", attack_ms=5, release_ms=60),
    Route(feature="high", axis="ring", act="speed", gain=4.0, edge="wrap"),
)
LIVELY, CALM = Governing(limit=6.0), Governing(kind="calm")


class Baked(SimpleNamespace):
    """A tesseract whose edges are all a fifth of the way to black and white."""

    def __init__(self, grid: Grid = GRID) -> None:
        super().__init__(grid=grid, name="flower", where="flower.tess")

    def bake(self) -> Any:
        counts = [axis.steps for axis in self.grid.axes]
        straight = [
            np.broadcast_to(0.2 * np.array(SHARES), edge_shape(self.grid, counts, k)).astype(np.float32)
            for k in range(len(counts))
        ]
        return SimpleNamespace(knots=tuple(np.arange(count) for count in counts), distances=straight.__getitem__)


def mapping(governing: Governing = LIVELY, *, routes: tuple[Route, ...] = FAST) -> Mapping:
    return Mapping(GRID, routes, governor=governing)


def song(seconds: float = 4.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    hiss = np.random.default_rng(0).normal(0, 0.05, len(t)) * (t % 0.4 < 0.1)
    return (0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2) + hiss).astype(np.float32)


def pace(coordinates: np.ndarray) -> np.ndarray:
    """Perceived difference per second from hop to hop: every edge is 0.2, and they are straight."""
    way = np.diff(coordinates, axis=0)
    way = np.abs(np.where(GRID.closed, way - np.rint(way), way))
    return (way * [4 * 0.2, 4 * 0.2]).sum(axis=1) / HOP


def show(path: Path, changes: list[tuple[float, Any]]) -> None:
    writer = TakeWriter(path, [Piece("flower", GRID)])
    ensemble = Ensemble([GRID], governor=governors([Baked()]), record=writer)
    samples, waiting = song(), list(changes)
    for at in range(0, len(samples), 300):
        while waiting and waiting[0][0] * RATE <= at:
            ensemble.change(waiting.pop(0)[1])
        ensemble.hear(samples[at : at + 300])
    writer.close()


def test_a_show_is_held_and_its_take_leads_to_the_same_coordinates(tmp_path: Path) -> None:
    """Also where the limit is changed, an axis is taken in hand, and the picture is frozen on the way."""
    path = tmp_path / "night.tessrec"
    changes = [
        (0.0, Play(0, Routes.of(mapping()))),
        (1.5, Play(0, Routes.of(mapping(CALM)))),
        (2.0, SetAxis("bloom", 1.0)),
        (2.6, Hold(True)),
        (2.8, Hold(False)),
        (3.0, SetAxis("bloom", None)),
    ]
    show(path, changes)
    take = read_take(path)
    kept = take.moves[0].coordinates
    speed = pace(kept)
    half = round(1.5 / HOP)
    assert 5.9 < speed[:half].max() <= 6.001
    assert 2.9 < speed[half + 10 :].max() <= 3.001
    again = replay(take, governor=governors([Baked()]))
    np.testing.assert_allclose(again[0].coordinates, kept, atol=1e-6)
    free = replay(take)  # without the bake it would not be the same night
    assert pace(free[0].coordinates).max() > 12


def test_a_limit_that_goes_leaves_the_music_free(tmp_path: Path) -> None:
    path = tmp_path / "night.tessrec"
    show(path, [(0.0, Play(0, Routes.of(mapping(CALM)))), (2.0, Play(0, Routes.of(mapping(Governing()))))])
    speed = pace(read_take(path).moves[0].coordinates)
    assert speed[: round(1.9 / HOP)].max() <= 3.001 < 6 < speed[round(2.7 / HOP) :].max()


def test_accents_are_not_held_in_a_show(tmp_path: Path) -> None:
    routes = (FAST[0], Route(feature="high", axis="ring", gain=0.2, attack_ms=0, release_ms=30, accent=True))
    path = tmp_path / "night.tessrec"
    show(path, [(0.0, Play(0, Routes.of(mapping(CALM, routes=routes)))), (3.0, Hold(True))])
    kept = read_take(path).moves[0].coordinates
    assert np.abs(np.diff(kept[:, 0])).max() * 4 * 0.2 / HOP <= 3.001
    assert np.abs(np.diff(kept[:, 1])).max() * 4 * 0.2 / HOP > 6
    assert np.ptp(kept[round(3.7 / HOP) :], axis=0).max() < 1e-9


def test_a_film_foresees_and_a_rehearsed_show_does_not() -> None:
    part = Part.of((song(), RATE), start=0.0, stop=None, fps=30)
    routes = mapping(CALM)
    film, live = (rehearse(Baked(), part, routes, live=live) for live in (False, True))
    assert film.governor is not None
    np.testing.assert_array_equal(film.wanted.coordinates, live.wanted.coordinates)
    for each in (film, live):
        assert pace(each.path.coordinates).max() <= 3.001
    assert pace(film.wanted.coordinates).max() > 12
    bloom = [np.abs(each.path.coordinates - each.wanted.coordinates)[:, 0].mean() for each in (film, live)]
    assert bloom[0] < bloom[1]


def test_without_a_bake_or_a_limit_there_is_no_governor() -> None:
    bare = SimpleNamespace(bake=lambda: None, name="flower", where="flower.tess", grid=GRID)
    assert governor(bare, mapping()) is None
    assert governor(Baked(), mapping(Governing())) is None
    assert isinstance(tess.governor(Baked(), mapping()), SpeedLimit)
    assert ungoverned(bare, mapping()) == (
        "flower: the governor does nothing until it is baked: `tess bake flower.tess`"
    )
    assert ungoverned(bare, mapping(Governing())) == ungoverned(Baked(), mapping()) == ""
    assert governors([bare])(1, mapping()) is None


def test_an_axis_that_a_stopped_bake_has_not_come_to_is_said_not_to_be_held() -> None:
    """A limit that nothing is known of for an axis lets it go as fast as it likes."""
    whole = Baked().bake()
    known = [whole.distances(0), np.full_like(whole.distances(1), np.nan)]
    half = Baked()
    half.bake = lambda: SimpleNamespace(knots=whole.knots, distances=known.__getitem__)
    assert ungoverned(half, mapping()) == (
        "flower: the governor does not hold ring, whose bake was stopped: `tess bake flower.tess`"
    )
    assert ungoverned(half, mapping(Governing())) == ""


def test_in_a_show_it_is_said_that_a_limit_is_not_held() -> None:
    bare = SimpleNamespace(bake=lambda: None, name="flower", where="flower.tess", grid=GRID)
    said = unheld(["flower", "tide"], governors([Baked(), bare]))
    assert said(1, mapping(CALM)) == "tide: the governor does nothing, since it was not baked when the show began"
    assert said(1, mapping(Governing())) == said(0, mapping(CALM)) == ""


def test_the_table_is_read_kept_and_refused_as_others_are(tmp_path: Path) -> None:
    text = '[generator]\nuse = "plasma"\n[[axis]]\nname = "bloom"\nsteps = 5\n'
    plain, limited = parse_project(text), parse_project(text + '[governor]\nas = "lively"\n')
    assert limited.mapping.governor.per_second == 6.0
    assert limited.identity == plain.identity
    assert "governor" not in plain.to_dict()
    assert Project.from_dict(limited.to_dict()) == limited
    for table in ("[governor]\nlimits = 3\n", '[governor]\nas = "mild"\n', "[governor]\nlimit = 0\n"):
        with pytest.raises(ProjectError, match=r"\[governor\]"):
            parse_project(text + table)
    path = tmp_path / "saved.toml"
    save_mapping(path, Mapping(plain.grid, [Route(feature="low", axis="bloom", accent=True)], governor=CALM))
    saved = load_mapping(path, plain.grid)
    assert saved.governor == CALM
    assert saved.routes[0].accent


def test_routes_without_accents_are_stored_as_older_versions_wrote_them() -> None:
    text = '[generator]\nuse = "plasma"\n[[axis]]\nname = "a"\nsteps = 5\n[[route]]\nfeature = "low"\naxis = "a"\n'
    assert "accent" not in parse_project(text).to_dict()["route"][0]
    assert parse_project(text + "accent = true\n").to_dict()["route"][0]["accent"]


def test_a_slowness_of_a_large_grid_is_made_before_the_show() -> None:
    """What is asked for again is the same object: nothing is worked out while frames wait."""
    limits = governors([Baked()], [mapping()])
    first, again = limits(0, mapping()), limits(0, mapping())
    assert first is not None
    assert again is not None
    assert first is not again
    assert first._slowness is again._slowness
    assert isinstance(first._slowness, Slowness)
