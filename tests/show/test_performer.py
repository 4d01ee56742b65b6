"""Samples in, coordinates out, whatever is changed on the way."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import ProjectError
from tessonance.grid import Axis, Grid
from tessonance.motion import motion
from tessonance.project import Idle, Mapping, Route, Sound
from tessonance.show.changes import Beat, Hold, Release, SetAxis, SetFeature, Tap
from tessonance.show.hearing import WARM_UP_SECONDS, Ear, Hearing, warm_up_from
from tessonance.show.performer import Performer

RATE = 48_000
GRID = Grid([Axis(name="bloom", steps=9), Axis(name="ring", steps=8, closed=True)])
ROUTES = (
    Route(feature="low", axis="bloom", attack_ms=30, release_ms=300),
    Route(feature="high", axis="ring", act="speed", gain=0.3, edge="wrap"),
)


def mapping(*routes: Route, **keys: Any) -> Mapping:
    return Mapping(GRID, routes or ROUTES, **keys)


@pytest.fixture(scope="session")
def sound() -> np.ndarray:
    """Twelve seconds of bass and hiss that come and go."""
    t = np.arange(12 * RATE) / RATE
    bass = np.sin(2 * np.pi * 70 * t) * (t % 0.7 < 0.2)
    hiss = np.random.default_rng(0).normal(0, 0.1, len(t)) * (t % 0.4 < 0.1)
    return (0.3 * bass + hiss).astype(np.float32)


class Show:
    """A performer and its ear, fed together in pieces of odd sizes."""

    def __init__(self, routes: Mapping, *, ear: Ear | None = None, seed: int = 0) -> None:
        self.ear = ear or Ear()
        self.performer = Performer(routes, self.hearing(routes))
        self.rng = np.random.default_rng(seed)

    def hearing(self, mapping: Mapping) -> Hearing:
        hearing = Hearing(mapping, since=warm_up_from(self.ear.position, hop=mapping.sound.hop))
        assert hearing.catch_up(self.ear)
        return hearing

    def play(self, mapping: Mapping) -> None:
        self.performer.play(mapping, self.hearing(mapping) if self.performer.needs_to_hear(mapping) else None)

    def hear(self, samples: np.ndarray) -> np.ndarray:
        parts = [np.zeros((0, 2))]
        while len(samples):
            piece, samples = np.split(samples, [int(self.rng.integers(1, 3_000))])
            parts.append(self.performer.push(piece).coordinates)
            self.ear.hear(piece)
        return np.concatenate(parts)


def steps(path: np.ndarray) -> np.ndarray:
    way = np.diff(path, axis=0)
    return np.abs(np.where(GRID.closed, way - np.rint(way), way))


def test_it_goes_where_the_film_of_the_song_goes(sound: np.ndarray) -> None:
    film = motion(mapping(), tess.features((sound, RATE), mapping().feature_names))
    np.testing.assert_array_equal(Show(mapping()).hear(sound), film.coordinates)


def test_how_the_samples_are_cut_changes_nothing(sound: np.ndarray) -> None:
    np.testing.assert_array_equal(Show(mapping(), seed=1).hear(sound), Show(mapping(), seed=2).hear(sound))


def test_the_same_changes_at_the_same_samples_give_the_same_coordinates(sound: np.ndarray) -> None:
    other = mapping(Route(feature="mid", axis="bloom"), *ROUTES, idle=Idle(speed=0.1))
    changes = [
        (61_000, other),
        (90_001, SetAxis("ring", 0.7)),
        (200_000, Hold(True)),
        (222_222, Hold(False)),
    ]
    paths = []
    for seed in (1, 2):
        show, at, parts = Show(mapping(), seed=seed), 0, []
        for position, change in changes:
            parts.append(show.hear(sound[at:position]))
            if isinstance(change, Mapping):
                show.play(change)
            else:
                show.performer.change(change)
            at = position
        paths.append(np.concatenate([*parts, show.hear(sound[at:])]))
    np.testing.assert_array_equal(*paths)


@pytest.mark.parametrize(
    "other",
    [
        mapping(*(msgspec.structs.replace(route, gain=route.gain * 2) for route in ROUTES)),
        mapping(*(msgspec.structs.replace(route, attack_ms=400, release_ms=3_000) for route in ROUTES)),
        mapping(Route(feature="loudness", axis="bloom"), Route(feature="onset", axis="ring", act="step", gain=0.1)),
        mapping(sound=Sound(automatic_level=False, start_level_db=-15)),
        mapping(idle=Idle(speed=0.5)),
    ],
    ids=["gain", "smoothing", "routes", "level", "idle"],
)
def test_a_new_mapping_plays_on_without_a_jump(sound: np.ndarray, other: Mapping) -> None:
    show = Show(mapping())
    before = show.hear(sound[: 6 * RATE + 77])
    show.play(other)
    after = show.hear(sound[6 * RATE + 77 :])
    joint = steps(np.concatenate([before[-1:], after[:4]]))
    usual = max(steps(before).max(), steps(after[200:]).max())
    assert joint.max() <= usual * 1.1 + 0.01


def test_after_the_glide_a_new_mapping_plays_as_if_it_had_been_there_always(sound: np.ndarray) -> None:
    low, other = mapping(ROUTES[0]), mapping(Route(feature="loudness", axis="bloom"), sound=Sound(gate_db=-50))
    show = Show(low)
    show.hear(sound[: 8 * RATE])
    show.play(other)
    after = show.hear(sound[8 * RATE :])
    always = Show(other).hear(sound)
    np.testing.assert_allclose(after[-300:], always[-300:], atol=1e-3)


def test_more_gain_moves_it_further_and_keeps_the_features(sound: np.ndarray) -> None:
    show = Show(mapping())
    before = show.hear(sound[: 6 * RATE])
    halved = tuple(msgspec.structs.replace(route, gain=route.gain / 2) for route in ROUTES)
    show.play(mapping(*halved))
    after = show.hear(sound[6 * RATE :])[150:]
    assert np.ptp(after[:, 0]) < 0.6 * np.ptp(before[:, 0])


def test_held_it_stands_still_and_then_glides_back_to_the_music(sound: np.ndarray) -> None:
    show, plain = Show(mapping()), Show(mapping()).hear(sound)
    before = show.hear(sound[: 4 * RATE])
    show.performer.change(Hold(True))
    held = show.hear(sound[4 * RATE : 6 * RATE])
    np.testing.assert_array_equal(held, np.tile(before[-1], (len(held), 1)))
    show.performer.change(Hold(False))
    after = show.hear(sound[6 * RATE :])
    assert steps(np.concatenate([held[-1:], after])).max() <= steps(plain).max() + 0.02
    np.testing.assert_array_equal(after[200:], plain[-len(after) + 200 :])


def test_a_hand_takes_an_axis_and_gives_it_back(sound: np.ndarray) -> None:
    show, plain = Show(mapping()), Show(mapping()).hear(sound)
    before = show.hear(sound[: 4 * RATE])
    show.performer.change(SetAxis("bloom", 0.9))
    taken = show.hear(sound[4 * RATE : 6 * RATE])
    np.testing.assert_allclose(taken[80:, 0], 0.9, atol=1e-4)
    np.testing.assert_array_equal(taken[:, 1], plain[len(before) : len(before) + len(taken), 1])
    show.performer.change(SetAxis("bloom", None))
    after = show.hear(sound[6 * RATE :])
    assert steps(np.concatenate([before[-1:], taken, after])).max() < 0.2
    np.testing.assert_array_equal(after[200:], plain[-len(after) + 200 :])


def test_a_hand_that_moves_all_the_time_does_not_hold_up_a_glide(sound: np.ndarray) -> None:
    show = Show(mapping())
    show.hear(sound[: 4 * RATE])
    show.performer.change(Hold(True))
    show.hear(sound[4 * RATE : 6 * RATE])
    show.performer.change(Hold(False))
    for k in range(60):
        show.performer.change(SetAxis("ring", k / 60))
        after = show.hear(sound[6 * RATE + 800 * k : 6 * RATE + 800 * (k + 1)])
    plain = Show(mapping()).hear(sound)
    np.testing.assert_array_equal(after[-1, 0], plain[(6 * RATE + 48_000) // 256 - 1, 0])


def test_in_silence_it_drifts_and_says_so(sound: np.ndarray) -> None:
    show = Show(mapping(idle=Idle(speed=0.2, after_seconds=1, fall_seconds=1)))
    show.hear(sound)
    assert show.performer.asleep == 0
    silent = show.hear(np.zeros(8 * RATE, np.float32))
    assert show.performer.asleep == 1
    assert np.ptp(silent[-900:, 0]) > 0.3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (SetAxis("blom", 0.5), "there is no axis 'blom'"),
        (SetAxis("bloom", float("nan")), "cannot be put there"),
        (SetFeature("mid", 0.5), "no route needs the feature 'mid'"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(sound: np.ndarray, change: Any, text: str) -> None:
    show = Show(mapping())
    before = show.hear(sound[:RATE])
    with pytest.raises(ProjectError, match=text):
        show.performer.change(change)
    after = show.hear(sound[RATE : 2 * RATE])
    np.testing.assert_array_equal(np.concatenate([before, after]), Show(mapping()).hear(sound[: 2 * RATE]))


def test_one_that_joins_later_is_on_the_hops_of_the_stream_and_warmed_up(sound: np.ndarray) -> None:
    first = Show(mapping())
    first.hear(sound[: 7 * RATE + 100])
    late = Show(mapping(ROUTES[0]), ear=first.ear)
    assert late.performer.first_hop == (7 * RATE + 100) // 256
    after = late.hear(sound[7 * RATE + 100 :])
    always = Show(mapping(ROUTES[0])).hear(sound)[late.performer.first_hop :]
    np.testing.assert_allclose(after, always, atol=5e-3)  # silence does not count, so a memory may reach further back


def test_a_mapping_of_another_hop_is_refused_and_changes_nothing(sound: np.ndarray) -> None:
    show = Show(mapping())
    before = show.hear(sound[:RATE])
    with pytest.raises(ProjectError, match="the hop stays as it is"):
        show.performer.play(mapping(sound=Sound(hop=512)))
    after = show.hear(sound[RATE : 2 * RATE])
    np.testing.assert_array_equal(np.concatenate([before, after]), Show(mapping()).hear(sound[: 2 * RATE]))


def test_a_feature_is_what_another_program_says_until_it_is_given_back(sound: np.ndarray) -> None:
    show, plain = Show(mapping()), Show(mapping()).hear(sound)
    show.hear(sound[: 2 * RATE])
    show.performer.change(SetFeature("low", 0.625))
    given = show.hear(sound[2 * RATE : 6 * RATE])
    np.testing.assert_allclose(given[-50:, 0], 0.625, atol=0.01)
    show.performer.change(SetFeature("low", None))
    after = show.hear(sound[6 * RATE :])
    np.testing.assert_allclose(after[-300:, 0], plain[-300:, 0], atol=1e-3)


def test_all_axes_are_given_back_at_once(sound: np.ndarray) -> None:
    show, plain = Show(mapping()), Show(mapping()).hear(sound)
    show.hear(sound[: 2 * RATE])
    for change in (SetAxis("bloom", 0.9), SetAxis("ring", 0.1)):
        show.performer.change(change)
    show.hear(sound[2 * RATE : 4 * RATE])
    show.performer.change(Release())
    after = show.hear(sound[4 * RATE :])
    np.testing.assert_array_equal(after[200:], plain[-len(after) + 200 :])


@pytest.mark.parametrize("most", [None, 1_000, 24_000])
def test_warming_up_in_parts_is_warming_up(sound: np.ndarray, most: int | None) -> None:
    ear = Ear()
    ear.hear(sound[: 8 * RATE + 77])
    hearing, whole = (Hearing(mapping(), since=warm_up_from(ear.position, hop=256)) for _ in range(2))
    while not hearing.catch_up(ear, most=most):
        pass
    whole.catch_up(ear)
    np.testing.assert_array_equal(hearing.motion.place, whole.motion.place)
    pushed, wanted = (each.push(sound[8 * RATE + 77 :]) for each in (hearing, whole))
    np.testing.assert_array_equal(pushed[0], wanted[0])
    assert pushed[1] == wanted[1]


def test_the_ear_remembers_the_last_seconds() -> None:
    ear, samples = Ear(), np.random.default_rng(0).random(40 * RATE).astype(np.float32)
    for piece in np.array_split(samples, 97):
        ear.hear(piece)
    begin = warm_up_from(ear.position, hop=256)
    assert begin % 256 == 0
    assert WARM_UP_SECONDS * RATE - 256 < ear.position - begin <= WARM_UP_SECONDS * RATE
    np.testing.assert_array_equal(ear.since(begin), samples[begin:])
    np.testing.assert_array_equal(ear.since(begin, most=100), samples[begin : begin + 100])
    ear.hear(samples)  # far more than it keeps
    np.testing.assert_array_equal(ear.since(ear.position - 500), samples[-500:])
    assert len(ear.since(0)) < len(samples)


def beating(bpm: float, seconds: float) -> np.ndarray:
    """A bass drum on every beat."""
    t = np.arange(round(seconds * RATE)) / RATE
    since = t % (60 / bpm)
    return (0.5 * np.sin(2 * np.pi * 55 * t) * np.exp(-since * 20)).astype(np.float32)


def test_it_tells_the_beat_at_any_second_that_was_heard_lately() -> None:
    show = Show(mapping(Route(feature="beat", axis="bloom")))
    show.hear(beating(120, 20))
    for seconds in (19.5, 19.75, 19.9):
        beat, bpm = show.performer.beat(seconds)  # type: ignore[misc]
        assert bpm == pytest.approx(120, rel=0.03)
        assert abs((beat - seconds * 2 + 0.5) % 1.0 - 0.5) < 0.15


def test_without_a_route_for_it_nobody_follows_the_beat_and_taps_are_passed_over(sound: np.ndarray) -> None:
    show = Show(mapping())
    show.hear(sound[:RATE])
    show.performer.change(Tap(0.5))
    show.performer.change(Beat(0.7, 120.0))
    assert show.performer.beat(1.0) is None


def test_another_mapping_goes_on_with_the_beat_that_was_found() -> None:
    show = Show(mapping(Route(feature="beat", axis="bloom")))
    show.hear(beating(150, 15))
    show.play(mapping(Route(feature="beat", axis="bloom"), ROUTES[1]))
    silence = np.zeros(RATE // 2, np.float32)
    show.hear(silence)
    _, bpm = show.performer.beat(15.4)  # type: ignore[misc]
    assert bpm == pytest.approx(150, rel=0.03)


def test_taps_set_the_tempo_at_the_seconds_that_were_heard() -> None:
    show = Show(mapping(Route(feature="bpm", axis="bloom")))
    show.hear(np.random.default_rng(0).normal(0, 0.05, 10 * RATE).astype(np.float32))
    show.play(mapping(Route(feature="bpm", axis="bloom"), ROUTES[1]))  # whose hearing begins later
    for k in range(6):
        show.hear(np.random.default_rng(k).normal(0, 0.05, RATE // 2).astype(np.float32))
        show.performer.change(Tap(10 + 0.5 * (k + 1) - 0.01))
    beat, bpm = show.performer.beat(13.0 - 0.01)  # type: ignore[misc]
    assert bpm == pytest.approx(120, rel=0.02)
    assert abs((beat + 0.5) % 1.0 - 0.5) < 0.1
