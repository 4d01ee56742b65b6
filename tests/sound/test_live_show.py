"""One truth: what a show did with sound from a card, its take, and the film of the song."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from virtual_card import VirtualCard

import tessonance as tess
from tessonance.grid import Axis, Grid
from tessonance.motion import motion
from tessonance.project import Idle, Mapping, Route
from tessonance.show.night import disagreement
from tessonance.show.take_reader import Take, read_take

pytestmark = pytest.mark.audio

RATE = 48_000
SECONDS = 14.0
TRIES = 4
GRID = Grid([Axis(name="bloom", steps=9), Axis(name="ink", steps=9)])
ROUTES = (Route(feature="low", axis="bloom"), Route(feature="high", axis="ink"))

LISTEN = """
import sys, time
from tessonance.grid import Axis, Grid
from tessonance.project import Idle, Route
from tessonance.show.changes import Play, Routes
from tessonance.show.listener import Listener
from tessonance.show.take import Piece, TakeWriter
from tessonance.sound import DeviceInput

grid = Grid([Axis(name="bloom", steps=9), Axis(name="ink", steps=9)])
routes = (Route(feature="low", axis="bloom"), Route(feature="high", axis="ink"))
writer = TakeWriter(sys.argv[1], [Piece("flower", grid)])
listener = Listener(DeviceInput("system", blocksize=256), [grid], record=writer)
listener.send(Play(0, Routes(routes, idle=Idle(speed=0))))
print("ready", flush=True)
until = time.perf_counter() + float(sys.argv[2])
while time.perf_counter() < until:
    listener.advance()
    time.sleep(1 / 60)
writer.close()
sys.stdout.flush()
import os
os._exit(0)  # JACK's end may take long
"""


def song() -> NDArray[np.float32]:
    """Bass and hiss that come and go, after half a second of silence."""
    t = np.arange(round(SECONDS * RATE)) / RATE
    hiss = np.random.default_rng(5).normal(0, 0.08, len(t)) * (t % 0.43 < 0.12)
    bass = 0.35 * np.sin(2 * np.pi * 62 * t) * (0.4 + 0.6 * (t % 0.61 < 0.25))
    return np.concatenate([np.zeros(RATE // 2), bass + hiss]).astype(np.float32)


def perform(card: VirtualCard, folder: Path) -> Take:
    """Play the song through the card while a show listens."""
    soundfile.write(folder / "song.wav", np.stack([song()] * 2, axis=1), RATE, subtype="PCM_16")
    (folder / "night.tessrec").unlink(missing_ok=True)
    words = [*card.wrapper, sys.executable, "-c", LISTEN, str(folder / "night.tessrec"), str(SECONDS + 5)]
    with subprocess.Popen(words, env=card.environment, stdout=subprocess.PIPE, text=True) as listening:
        try:
            assert listening.stdout is not None
            assert listening.stdout.readline().strip() == "ready"
            card.play(folder / "song.wav")
            listening.wait(timeout=60)
        finally:
            listening.kill()
    return read_take(folder / "night.tessrec")


def offset(heard: NDArray[np.float32], given: NDArray[np.float32]) -> int:
    """Return at which sample of what was heard the song begins."""
    size = 1 << (len(heard) + len(given)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(given, size)), size)
    return int(np.argmax(both[: len(heard)]))


def unbroken(take: Take, begins: int) -> tuple[float, float]:
    """Return the longest part of the song that was heard without a gap: servers on busy machines lose a block."""
    heard = np.asarray(take.samples[begins : begins + len(song())])
    broken = np.flatnonzero(np.abs(heard - song()[: len(heard)]) > 0.01)
    ends = np.concatenate([[0], broken, [len(heard)]])
    longest = int(np.argmax(np.diff(ends)))
    return float(ends[longest]) / RATE, float(ends[longest + 1]) / RATE


@pytest.mark.slow
def test_a_show_goes_where_the_film_of_its_song_goes(card: VirtualCard, tmp_path: Path) -> None:
    for _ in range(TRIES):
        take = perform(card, tmp_path)
        begins = offset(np.asarray(take.samples), song())
        first, last = unbroken(take, begins)
        if last - first > 4.0:
            break
    assert last - first > 4.0
    assert disagreement(take) < 1e-6
    mapping = Mapping(GRID, ROUTES, idle=Idle(speed=0))
    film = motion(mapping, tess.features((song(), RATE), mapping.feature_names))
    live = take.moves[0].path(GRID)
    times = np.linspace(first + 1.5, min(last, SECONDS) - 0.1, 2_000)
    away = np.abs(live.at(times + begins / RATE) - film.at(times))
    assert np.quantile(away, 0.99) <= 0.02
    assert np.ptp(film.at(times), axis=0).min() > 0.2


def test_bench_times_a_click_through_the_card(card: VirtualCard) -> None:
    environment = card.environment.copy()
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    code = "from tessonance.cli import main; main()"
    words = [*card.wrapper, sys.executable, "-c", code, "bench", "--json", "--listen", "system", "--picture", "64x64"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    findings = {finding["part"]: finding for finding in json.loads(done.stdout)}
    click = findings["from a click to its samples"]
    assert click["value"] is not None, click["advice"]
    assert 0 < click["value"] < 250


@pytest.mark.slow
@pytest.mark.screen
def test_a_minute_long_picture_and_sound_stay_together_and_memory_stays() -> None:
    program = Path(__file__).parents[2] / "benchmarks" / "sound_to_frame.py"
    done = subprocess.run(
        [sys.executable, str(program), "--soak", "1"], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
