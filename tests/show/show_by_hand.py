"""A show by a clock of our own, with pictures and a screen that only take notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tessonance.grid import Axis, Grid
from tessonance.project import Mapping, Route
from tessonance.show.desk import Desk, LivePiece
from tessonance.show.listener import Listener
from tessonance.show.mapping_file import MappingFile
from tessonance.show.player import Player
from tessonance.sound.inputs import MemoryInput

RATE = 48_000
FPS = 60
ONE = Grid([Axis(name="bloom", steps=9), Axis(name="ring", steps=8, closed=True)])
TWO = Grid([Axis(name="petals", steps=4)])


class Clock:
    """The seconds of a host that goes on only when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Drawn(NamedTuple):
    texture: Any
    late: bool = False
    replaced: int = 0
    moved: bool = False


class Counts(NamedTuple):
    frames: int
    late: int
    replaced: int = 0
    failed: int = 0
    unmoved: int = 0
    blended: int = 0
    plain: int = 0


class Pictures:
    """A stage that notes what it is asked for."""

    problem, size = "", (640, 360)

    def __init__(self, name: str, order: list[str]) -> None:
        self.name, self.order = name, order
        self.prepared: list[tuple[Any, Any, Any]] = []
        self.drawn: list[np.ndarray] = []
        self.strengths: list[float] = []
        self.finenesses: list[float] = []
        self.light = 0.2
        self.moving = False

    @property
    def morphs(self) -> bool:
        return self.moving

    @property
    def counts(self) -> Counts:
        return Counts(
            len(self.drawn), len(self.drawn) // 10, blended=self.strengths.count(0.0), plain=self.finenesses.count(0.0)
        )

    def prepare(self, coordinate: Any, velocity: Any = None, known: Any = ()) -> None:
        self.order.append("prepare")
        self.prepared.append((np.array(coordinate), velocity, list(known)))

    def draw(
        self, coordinate: np.ndarray, *, shown_in: Any = None, strength: float = 1.0, fineness: float = 1.0
    ) -> Drawn:
        self.order.append("draw")
        self.drawn.append(coordinate)
        self.strengths.append(strength)
        self.finenesses.append(fineness)
        return Drawn(self.name, moved=self.moving and strength > 0)

    def estimate(self, coordinate: Any) -> np.ndarray:
        return np.full((36, 64, 3), self.light, np.float32)

    def refresh(self) -> bool:
        return False


class Screen:
    """A screen that takes a frame every sixtieth of a second, by the clock of the test."""

    size, period, work, software = (640, 360), 1 / FPS, 0.005, False

    def __init__(self, show: Show) -> None:
        self.show = show
        self.typed: list[str] = []
        self.closed = self.fullscreen = False
        self.presented: list[dict[str, Any]] = []

    def toggle_fullscreen(self) -> None:
        self.fullscreen = not self.fullscreen

    def poll(self) -> list[str]:
        typed, self.typed = self.typed, []
        return typed

    def begin(self) -> float:
        self.show.order.append("begin")
        for _ in range(4):
            self.show.clock.now += 1 / FPS / 4
            self.show.listener.advance()
        return self.show.clock.now

    def flush(self) -> None:
        self.show.order.append("flush")

    def present(self, picture: Any, **keys: Any) -> None:
        self.show.order.append("present")
        self.presented.append({"picture": picture, **keys})

    def swap(self) -> float:
        self.show.order.append("swap")
        return self.show.clock.now


class Show:
    """Two tesseracts, a song or a microphone, and a player that shows frame by frame."""

    def __init__(self, folder: Path, *, song: bool = False, **keys: Any) -> None:
        self.clock, self.order = Clock(), list[str]()
        t = np.arange(60 * RATE) / RATE
        samples = 0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2)
        source = MemoryInput(samples, clock=self.clock, ahead_seconds=0.25 if song else None)
        self.listener = Listener(source, [ONE, TWO], clock=self.clock)
        routes = (
            Route(feature="low", axis="bloom"),
            Route(feature="low", axis="ring", act="speed", gain=0.5, edge="wrap"),
        )
        mappings = Mapping(ONE, routes), Mapping(TWO, [Route(feature="low", axis="petals")])
        pieces = [
            LivePiece(name, each, MappingFile(folder / f"{name}.toml", each.grid))
            for name, each in zip(("flower", "tide"), mappings, strict=True)
        ]
        self.desk = Desk(pieces, self.listener)
        self.stages = [Pictures(name, self.order) for name in ("flower", "tide")]
        self.screen = Screen(self)
        self.player = Player(self.desk, self.listener, self.stages, self.screen, clock=self.clock, **keys)  # type: ignore[arg-type]
        self.desk.begin()

    def go(self, seconds: float) -> list[dict[str, Any]]:
        before = len(self.screen.presented)
        for _ in range(round(seconds * FPS)):
            assert self.player.frame()
        return self.screen.presented[before:]
