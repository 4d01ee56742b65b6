"""Rendered frames never flash too often: looked at by a verifier that shares nothing with the limiter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from flash_verifier import flashes_too_often

import tessonance as tess
from tessonance.cli import cli
from tessonance.grid import Axis
from tessonance.project import Generator, Picture, Project, Route
from tessonance.show.calm import Calm
from tessonance.sinks import MemorySink
from tessonance.store import TesseractWriter

WIDTH, HEIGHT = 96, 54
Y, X = np.mgrid[:HEIGHT, :WIDTH]
BLACK, WHITE, RED = (0, 0, 0), (255, 255, 255), (255, 0, 0)
WHOLE = np.ones((HEIGHT, WIDTH), bool)
RATE = 48_000


def on(time: float, hz: float) -> bool:
    return (time * hz * 2 + 1e-9) % 2 >= 1


def strobe(one: tuple[int, ...], other: tuple[int, ...], where: np.ndarray = WHOLE) -> Callable[..., np.ndarray]:
    """Two colours in turn in a part of the frame, the first one everywhere else."""

    def frame(time: float, hz: float) -> np.ndarray:
        made = np.full((HEIGHT, WIDTH, 3), one, np.uint8)
        made[where] = other if on(time, hz) else one
        return made

    return frame


def texture(time: float, hz: float) -> np.ndarray:
    """A picture full of detail, and black."""
    detail = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    return detail if on(time, hz) else np.zeros_like(detail)


def noise(time: float, hz: float) -> np.ndarray:
    few = np.random.default_rng(round(time * 1e6)).integers(0, 256, (HEIGHT // 6, WIDTH // 6, 3))
    return few.repeat(6, 0).repeat(6, 1).astype(np.uint8)


def stripes(time: float, hz: float) -> np.ndarray:
    """Stripes that pass, `hz` of them a second."""
    wave = 127.5 + 127 * np.sin(2 * np.pi * (X / 16 - hz * time))
    return wave[..., None].repeat(3, 2).round().astype(np.uint8)


def ramps(time: float, hz: float) -> np.ndarray:
    """Up and down in four steps each."""
    step = int(time * hz * 8) % 8
    return np.full((HEIGHT, WIDTH, 3), 80 * min(step, 7 - step), np.uint8)


def pulse(time: float, hz: float) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), round(127.5 - 127 * np.cos(2 * np.pi * hz * time)), np.uint8)


def turns(time: float, hz: float) -> np.ndarray:
    """The left half and the right half, one after the other."""
    made, step = np.zeros((HEIGHT, WIDTH, 3), np.uint8), int(time * hz * 2 + 1e-9) % 4
    made[:, : WIDTH // 2], made[:, WIDTH // 2 :] = 255 * (step == 1), 255 * (step == 3)
    return made


CHECKERBOARD = (X // 6 + Y // 6) % 2 == 0
JUST_A_QUARTER = (X >= 25) & (X < 42) & (Y >= 16) & (Y < 25)  # 17 x 9 of a window of 32 x 18
SMALL = (X >= 50) & (X < 59) & (Y >= 20) & (Y < 26)  # a tenth of a window, and off the places of the estimate
HARMFUL = {
    "white": strobe(BLACK, WHITE),
    "grey": strobe((90, 90, 90), (130, 130, 130)),
    "red": strobe(BLACK, RED),
    "dark red": strobe(BLACK, (120, 0, 0)),
    "red and blue": strobe(RED, (0, 0, 255)),
    "red and green of one brightness": strobe((230, 20, 20), (0, 140, 0)),
    "checkerboard": lambda time, hz: strobe(BLACK, WHITE, CHECKERBOARD ^ on(time, hz))(0.75, 1.0),
    "just a quarter": strobe(BLACK, WHITE, JUST_A_QUARTER),
    "just a quarter, weak": strobe((90, 90, 90), (130, 130, 130), JUST_A_QUARTER),
    "bars": strobe(BLACK, WHITE, X // 3 % 4 == 0),
    "texture": texture,
    "noise": noise,
    "stripes": stripes,
    "ramps": ramps,
    "pulse": pulse,
    "turns": turns,
}
HARMLESS = {
    "small": (strobe(BLACK, WHITE, SMALL), 15),
    "small and red": (strobe(BLACK, RED, SMALL), 6),
    "faint": (strobe((90, 90, 90), (105, 105, 105)), 10),
    "bright": (strobe((232, 232, 232), WHITE), 10),
    "slow": (strobe(BLACK, WHITE), 2.5),
    "slow pulse": (pulse, 1.5),
    "slow ramps": (ramps, 1),
    "slow stripes": (stripes, 1.5),
}


def shown(made: Callable[..., np.ndarray], hz: float, times: list[float]) -> tuple[np.ndarray, np.ndarray, int]:
    """The frames before and after, and how many were calmed."""
    frames, calm = [made(time, hz) for time in times], Calm()
    after = [calm(frame.copy(), time) for frame, time in zip(frames, times, strict=True)]
    return np.array(frames), np.array(after), calm.limiter.calmed


@pytest.mark.parametrize(("fps", "hz"), [(30, 8), (60, 3.7)])
@pytest.mark.parametrize("name", HARMFUL)
def test_what_flashes_too_often_no_longer_does(name: str, fps: float, hz: float) -> None:
    check(name, hz, [k / fps for k in range(round(1.7 * fps))])


@pytest.mark.parametrize(("fps", "hz"), [(24, 5), (50, 7.3), (60, 12), (60, 30), (90, 20)])
@pytest.mark.parametrize("name", ["white", "red", "checkerboard"])
def test_strobes_of_any_pace_are_calmed_at_any_frame_rate(name: str, fps: float, hz: float) -> None:
    check(name, hz, [k / fps for k in range(round(1.7 * fps))])


@pytest.mark.parametrize("name", HARMFUL)
def test_irregular_frame_times_change_nothing(name: str) -> None:
    check(name, 7.3, list(np.cumsum(np.random.default_rng(4).uniform(0.005, 0.035, 90))))


def check(name: str, hz: float, times: list[float]) -> None:
    before, after, _ = shown(HARMFUL[name], hz, times)
    assert flashes_too_often(before, times)
    assert flashes_too_often(after, times) == []


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_not_is_left_alone(name: str) -> None:
    made, hz = HARMLESS[name]
    times = [k / 60 for k in range(150)]
    before, after, calmed = shown(made, hz, times)
    assert calmed == 0
    np.testing.assert_array_equal(before, after)


def test_an_alternating_checkerboard_too_fine_to_count_is_left_alone() -> None:
    """Below 0.1 degree, 3.4 of 1024 pixels, WCAG lets balanced patterns pass."""
    board, calm = (np.indices((288, 512)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2), Calm()
    for k in range(60):
        calm(board if k % 2 else 255 - board, k / 30)
    assert calm.limiter.calmed == 0


def test_what_is_drawn_on_a_frame_afterwards_does_not_come_back() -> None:
    """The memory of a frame is used again, and a HUD drawn on it."""
    times = [k / 30 for k in range(45)]
    _, clean, _ = shown(HARMFUL["white"], 8, times)
    calm, memory = Calm(), np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for k, time in enumerate(times):
        np.copyto(memory, HARMFUL["white"](time, 8))
        got = calm(memory, time)
        assert got is memory
        np.testing.assert_array_equal(got, clean[k])
        memory[10:20] = 77


def test_pictures_that_are_read_only_stay_as_they_are() -> None:
    calm, pictures = Calm(), [np.full((36, 64, 3), value, np.uint8) for value in (0, 255)]
    for picture in pictures:
        picture.flags.writeable = False
    for k in range(45):
        got = calm(pictures[k % 2], k / 30)
        if k > 30:
            assert got[0, 0, 0] < 200
            got[:] = 99
    assert calm.limiter.calmed > 30
    assert [picture.max() for picture in pictures] == [0, 255]


@pytest.fixture(scope="session")
def lamp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tesseract of two pictures, dark and bright, that loudness leads from one to the other."""
    route = Route(feature="low", axis="light", attack_ms=1, release_ms=1)
    picture = Picture(width=64, height=36, codec="lossless")
    axis = Axis(name="light", steps=2)
    project = Project(picture=picture, generator=Generator(use="plasma", seed=1), axes=(axis,), routes=(route,))
    path = tmp_path_factory.mktemp("lamp") / "lamp.tess"
    with TesseractWriter.create(path, project) as writer:
        for cell, value in (((0,), 10), ((1,), 240)):
            writer.put_picture(cell, np.full((36, 64, 3), value, np.uint8))
    return path


@pytest.mark.parametrize("hz", [4.5, 6.0])
def test_a_film_of_a_strobing_sound_is_calmed_unless_told_otherwise(lamp: Path, hz: float) -> None:
    t = np.arange(4 * RATE) / RATE
    sound = (0.5 * np.sin(2 * np.pi * 70 * t) * ((t * hz) % 1 < 0.5)).astype(np.float32)
    films = {}
    for limit in (False, True):
        sink = MemorySink()
        report = tess.render(lamp, (sound, RATE), None, size=(96, 54), fps=30, sink=sink, flash_limit=limit)
        films[limit] = np.array(sink.frames)
        assert (report.calmed > 0) is limit
    times = [k / 30 for k in range(len(films[True]))]
    assert "general" in flashes_too_often(films[False], times)
    assert not flashes_too_often(films[True], times)


def test_the_command_says_how_many_frames_were_calmed(lamp: Path, tmp_path: Path) -> None:
    t = np.arange(2 * RATE) / RATE
    soundfile.write(tmp_path / "strobe.wav", 0.5 * np.sin(2 * np.pi * 70 * t) * ((t * 6) % 1 < 0.5), RATE)
    given = ["render", str(lamp), str(tmp_path / "strobe.wav"), "--size", "96x54"]
    said = CliRunner().invoke(cli, [*given, "-o", str(tmp_path / "calm.mp4")])
    assert said.exit_code == 0
    assert "frames would have flashed too often and were calmed" in said.output
    said = CliRunner().invoke(cli, [*given, "-o", str(tmp_path / "wild.mp4"), "--no-flash-limit"])
    assert said.exit_code == 0
    assert "calmed" not in said.output
