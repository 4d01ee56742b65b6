"""A live show never flashes too often: what its window shows, looked at by a verifier that shares nothing with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flash_verifier import flashes_too_often

from tessonance.grid import Axis
from tessonance.project import Generator, Mapping, Picture, Project, Route
from tessonance.show.desk import Desk, LivePiece
from tessonance.show.flash import FlashLimiter
from tessonance.show.listener import Listener
from tessonance.show.mapping_file import MappingFile
from tessonance.show.player import Player
from tessonance.show.stage import Stage
from tessonance.sinks import OffscreenWindow
from tessonance.sound.inputs import MemoryInput
from tessonance.store import TesseractWriter, open_tesseract

pytestmark = pytest.mark.gl

RATE, FPS, SIZE = 48_000, 30, (128, 72)
INKS = {"white": (255, 255, 255), "red": (255, 0, 0)}


class Clock:
    """The seconds of a host that go by where somebody sleeps, and a little where somebody looks."""

    now = 100.0

    def __call__(self) -> float:
        self.now += 1e-5
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)


def strobe(hertz: float, seconds: float = 6.0) -> np.ndarray:
    """A low tone that is cut off so many times a second."""
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * 100 * t) * (t * hertz % 1.0 < 0.5)).astype(np.float32)


def shown(folder: Path, ink: tuple[int, int, int], hertz: float, *, limiter: FlashLimiter | None) -> list[np.ndarray]:
    """What a show of a black and a bright picture is seen as."""
    made = Project(
        picture=Picture(width=64, height=36, codec="lossless"),
        generator=Generator(use="plasma", seed=0),
        axes=(Axis(name="light", steps=2),),
        routes=(Route(feature="low", axis="light", attack_ms=0, release_ms=0, gain=4.0),),
    )
    with TesseractWriter.create(folder / "strobe.tess", made) as writer:
        for cell, colour in enumerate(((0, 0, 0), ink)):
            writer.put_picture((cell,), np.full((36, 64, 3), colour, np.uint8))
    clock, frames = Clock(), []
    mapping = Mapping(made.grid, made.routes)
    piece = LivePiece("strobe", mapping, MappingFile(folder / "strobe.toml", made.grid))
    listener = Listener(MemoryInput(strobe(hertz), clock=clock), [made.grid], clock=clock)
    desk = Desk([piece], listener)
    with (
        open_tesseract(folder / "strobe.tess") as tesseract,
        OffscreenWindow(SIZE, fps=FPS, clock=clock, sleep=clock.sleep) as screen,
        Stage(screen.context, tesseract) as stage,
    ):
        player = Player(desk, listener, [stage], screen, limiter=limiter, clock=clock)
        desk.begin()
        for _ in range(5 * FPS):
            player.frame()
            frames.append(screen.screenshot())
    return frames


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("hertz", [4.5, 7.0])
def test_a_show_of_a_sound_that_strobes_does_not(tmp_path: Path, ink: str, hertz: float) -> None:
    times = np.arange(5 * FPS) / FPS
    (tmp_path / "wild").mkdir()
    wild = shown(tmp_path / "wild", INKS[ink], hertz, limiter=None)
    assert flashes_too_often(np.array(wild), times.tolist())
    limiter = FlashLimiter()
    calm = shown(tmp_path, INKS[ink], hertz, limiter=limiter)
    assert flashes_too_often(np.array(calm), times.tolist()) == []
    assert 0 < limiter.calmed < limiter.frames
