"""What this machine can do for a show, measured part by part, with advice in words."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tessonance.errors import TessError
from tessonance.project import ANALYSIS_RATE, Picture
from tessonance.sampling.fields import quarter, steps
from tessonance.sampling.shares import LayerMove, Share
from tessonance.show.fetch import decode_threads
from tessonance.show.flash import FlashLimiter
from tessonance.show.pacing import FrameTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tessonance.sampling.gl import GlSampler
    from tessonance.sinks.surface import Surface
    from tessonance.store.codec import PictureCodec

__all__ = ["Finding", "bench"]

PICTURES = 24  # different ones, so that none stays in the processor's cache
BLENDED = 4  # pictures in a frame of two axes
MOVES = (LayerMove(0, False, steps(0.5, 0.25)), LayerMove(1, True, steps(0.5, 0.25)))  # of each, by two fields
SMALLEST_WIDTH = 320  # of a window that anybody would want
CLICK_EVERY, CLICKS = 12_345, 8  # samples: no multiple of a block or a frame
LOUD = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing that was measured.

    Parameters
    ----------
    part : str
    value : float or None
        None where it could not be measured.
    unit : str
    fine : bool or None
        Whether it is good enough for the show that was asked for; None where it is not and shows help themselves.
    advice : str
        What it means, and what to do about it.
    """

    part: str
    value: float | None
    unit: str
    fine: bool | None
    advice: str


def bench(
    *,
    size: tuple[int, int] = (1280, 720),
    picture: tuple[int, int] = (512, 512),
    fps: float = 60.0,
    seconds: float = 3.0,
    listen: str | None = None,
    surface: Surface | None = None,
) -> Iterator[Finding]:
    """Measure this machine, one finding after the other.

    Parameters
    ----------
    size : (int, int)
        Width and height of the window.
    picture : (int, int)
        Width and height of a tesseract's pictures.
    fps : float
        Frames a second that are wanted.
    seconds : float
        How long to look at the pacing of frames.
    listen : str, optional
        An input that hears the default output: clicks are played and timed. No sound is made unless it is given.
    surface : Surface, optional
        Where to show frames; a window of its own unless given.

    Yields
    ------
    Finding
    """
    pictures = _pictures(*picture)
    yield from _decoding(pictures, fps)
    yield _hearing()
    try:
        with _screen(surface, size, fps) as screen:
            yield from _drawing(screen, pictures, fps)
            yield _pacing(screen, pictures, fps, seconds)
    except TessError as error:
        yield Finding("a window", None, "", False, str(error))
    yield _sound_devices()
    if listen is not None:
        yield _round_trip(listen)


def _pictures(width: int, height: int) -> list[NDArray[np.uint8]]:
    """Make pictures as full of detail as painted ones are: noise in every octave."""
    rng, made = np.random.default_rng(0), []
    for _ in range(PICTURES):
        total = np.zeros((height, width, 3), np.float32)
        for octave in range(2, 8):
            coarse = rng.normal(0, 1, (1 << octave, 1 << octave, 3)).astype(np.float32)
            total += np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32) * 28
        made.append(np.clip(total + 128, 0, 255).astype(np.uint8))
    return made


def _decoding(pictures: list[NDArray[np.uint8]], fps: float) -> Iterator[Finding]:
    from tessonance.store.codec import codec_for

    height, width = pictures[0].shape[:2]
    codec: PictureCodec = codec_for(Picture(width=width, height=height))
    encoded = [codec.encode(each) for each in pictures]
    one = statistics.median(_seconds(lambda raw=raw: codec.decode(raw)) for raw in encoded)  # type: ignore[misc]
    threads = decode_threads()
    with ThreadPoolExecutor(threads) as pool:
        rate = max(len(encoded) / _seconds(lambda: list(pool.map(codec.decode, encoded))) for _ in range(3))
    yield Finding(f"decoding a picture of {width} x {height}", one * 1000, "ms", one < 0.05, _about_decoding(one))
    new = rate / fps
    advice = f"so {new:.1f} new ones for each frame: " + (
        "music may jump about" if new >= BLENDED else "fast music will see stand-ins; smaller pictures come sooner"
    )
    yield Finding(f"pictures a second on {threads} threads", rate, "/s", new >= 1, advice)


def _about_decoding(seconds: float) -> str:
    return "quick" if seconds < 0.012 else "as usual" if seconds < 0.03 else "slow: paint smaller pictures"


def _hearing() -> Finding:
    from tessonance.sound import FeatureStream

    stream, piece = FeatureStream(["low", "high", "onset"]), ANALYSIS_RATE // 60
    samples = np.random.default_rng(0).normal(0, 0.1, ANALYSIS_RATE * 2).astype(np.float32)
    began = time.thread_time()
    for first in range(0, len(samples), piece):
        stream.push(samples[first : first + piece])
    share = (time.thread_time() - began) / 2
    advice = "nothing to think about" if share < 0.05 else "much: close other programs, or use fewer features"
    return Finding("hearing three features", share * 100, "% of a core", share < 0.1, advice)


@contextmanager
def _screen(surface: Surface | None, size: tuple[int, int], fps: float) -> Iterator[Surface]:
    if surface is not None:
        yield surface
        return
    from tessonance.sinks.window import Window

    with Window(size, title="tess bench", fps=fps, vsync=False) as window:
        yield window


def _drawing(screen: Surface, pictures: list[NDArray[np.uint8]], fps: float) -> Iterator[Finding]:
    advice = (
        "the processor draws: install the driver of the graphics card, or keep the window small"
        if screen.software
        else "a graphics card draws"
    )
    yield Finding(f"drawn by {screen.renderer}", None, "", None if screen.software else True, advice)
    with _sampler(screen, pictures) as sampler:
        opaque = [np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2RGBA), np.uint8) for each in pictures]
        upload = statistics.median(_seconds(lambda k=k: sampler.put(k, opaque[k])) for k in range(len(opaque)))  # type: ignore[misc]
        yield Finding("handing a picture to it", upload * 1000, "ms", upload < 0.005, "at most a few for each frame")
        took, moved = _frame_seconds(screen, sampler, ()), _frame_seconds(screen, sampler, MOVES)
        finely = _frame_seconds(screen, sampler, MOVES, 1.0)

    def in_time(seconds: float) -> bool | None:
        return True if seconds < 0.8 / fps else None

    part = f"a frame of {screen.size[0]} x {screen.size[1]}"
    yield Finding(part, took * 1000, "ms", bool(in_time(took)), _about_frames(took, fps, screen.size))
    yield Finding("the same, where pictures morph", moved * 1000, "ms", in_time(moved), _about_morph(moved, fps))
    about = _about_fine_morph(finely, fps, software=screen.software)
    yield Finding("the same, where they morph finely", finely * 1000, "ms", in_time(finely), about)


def _about_frames(seconds: float, fps: float, size: tuple[int, int]) -> str:
    if seconds < 0.8 / fps:
        return f"in time for {fps:g} a second"
    slower = next((each for each in (50, 30, 25, 20, 15) if each < fps and seconds < 0.8 / each), 10)
    width, height = (side // 4 * 2 for side in size)
    smaller = f"a smaller window (--size {width}x{height}), or " if width >= SMALLEST_WIDTH else ""
    return f"too slow for {fps:g} a second: {smaller}--fps {slower}"


def _about_morph(seconds: float, fps: float) -> str:
    if seconds < 0.8 / fps:
        return f"in time for {fps:g} a second"
    return f"too slow for {fps:g} a second: such shows cross-fade by themselves, or --method blend from the beginning"


def _about_fine_morph(seconds: float, fps: float, *, software: bool) -> str:
    if software:
        return "shows drawn by the processor morph plainly, films finely"
    if seconds < 0.8 / fps:
        return f"in time for {fps:g} a second"
    return f"too slow for {fps:g} a second: such shows morph plainly by themselves"


@contextmanager
def _sampler(screen: Surface, pictures: list[NDArray[np.uint8]]) -> Iterator[GlSampler]:
    from tessonance.sampling.gl import GlSampler

    height, width = pictures[0].shape[:2]
    sampler = GlSampler(screen.context, (width, height), len(pictures), fields=2, terms=2)
    try:
        for layer in range(2):
            field = np.random.default_rng(layer).integers(-9, 10, (*quarter((width, height))[::-1], 4), np.int8)
            sampler.put_field(layer, field)
        sampler.warm(BLENDED)
        yield sampler
    finally:
        sampler.release()


def _frame_seconds(screen: Surface, sampler: GlSampler, moves: tuple[LayerMove, ...], fineness: float = 0.0) -> float:
    frames = [_seconds(lambda k=k: _frame(screen, sampler, k, moves, fineness)) for k in range(40)]  # type: ignore[misc]
    return statistics.median(frames[10:])


def _frame(screen: Surface, sampler: GlSampler, k: int, moves: tuple[LayerMove, ...], fineness: float) -> None:
    shares = [
        Share((k + each) % sampler.layers, 1 / BLENDED + 0.001 * (k % 7) * (each - 1.5), moves)
        for each in range(BLENDED)
    ]
    screen.present(sampler.draw(shares, fineness=fineness))
    screen.context.finish()


def _pacing(screen: Surface, pictures: list[NDArray[np.uint8]], fps: float, seconds: float) -> Finding:
    times, limiter, light = FrameTimes(), FlashLimiter(), np.full((36, 64, 3), 0.2, np.float32)
    with _sampler(screen, pictures) as sampler:
        for k, each in enumerate(pictures):
            sampler.put(k, np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2RGBA), np.uint8))
        until = time.perf_counter() + seconds
        k = 0
        while time.perf_counter() < until:
            screen.poll()
            due = screen.begin()
            shares = [((k + each) % sampler.layers, 1 / BLENDED) for each in range(BLENDED)]
            screen.present(sampler.draw(shares), calm=limiter.step(light, due))
            times.add(screen.swap())
            k += 1
    pace = times.pace()
    fine = pace.p99_ms < 1200 / fps
    advice = f"half of them within {pace.median_ms:.1f} ms, the longest {pace.longest_ms:.0f} ms: " + (
        "even" if fine else "uneven; close other programs, try --vsync and --no-vsync, or fewer --fps"
    )
    return Finding("99 of 100 frames follow within", pace.p99_ms, "ms", fine, advice)


def _sound_devices() -> Finding:
    from tessonance.sound import find_device

    try:
        device = find_device()
    except TessError as error:
        return Finding("a sound input", None, "", False, f"{error.problem}; songs play all the same, by --input SONG")
    return Finding("a sound input", None, "", True, f"{device.name}; `tess devices` lists all")


def _round_trip(listen: str) -> Finding:
    """Play clicks through the default output, and time them back through an input."""
    part = "from a click to its samples"
    try:
        took = _clicks(listen)
    except TessError as error:
        return Finding(part, None, "", False, str(error))
    if not took:
        return Finding(part, None, "", False, f"{listen} does not hear what the default output plays")
    milliseconds = statistics.median(took) * 1000
    advice = "hardly to be felt" if milliseconds < 30 else "to be felt: a smaller block, or JACK, ASIO or WASAPI"
    return Finding(part, milliseconds, "ms", milliseconds < 60, advice)


def _clicks(listen: str) -> list[float]:
    from tessonance.sound import DeviceInput, find_device
    from tessonance.sound.portaudio import portaudio
    from tessonance.sound.system import Wish

    handed: list[float] = []
    heard: list[float] = []
    played = 0

    def play(out: Any, frames: int, times: Any, flags: Any) -> None:
        nonlocal played
        out.fill(0)
        if (at := -played % CLICK_EVERY) < frames:
            out[at : at + 8] = 4 * LOUD
            handed.append(time.perf_counter() + at / ANALYSIS_RATE)
        played += frames

    output, source = find_device(direction="output"), DeviceInput(listen)
    stream = portaudio().start(output, Wish("output", ANALYSIS_RATE, min(2, output.outputs)), play)
    try:
        until = time.perf_counter() + (CLICKS + 2) * CLICK_EVERY / ANALYSIS_RATE
        while time.perf_counter() < until:
            loud = np.abs(source.read()).max(initial=0.0) > LOUD
            now = time.perf_counter()
            if loud and (not heard or now - heard[-1] > 0.1):
                heard.append(now)
            time.sleep(0.001)
    finally:
        portaudio().let_go(stream)
        source.close()
    return [min(after) for click in handed if (after := [each - click for each in heard if 0 < each - click < 0.25])]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
