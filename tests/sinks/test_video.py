"""A film: what is in it, and what is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tessonance.errors import OutputExists, RenderError
from tessonance.sinks import VideoSink, available_encoders

SIZE = (96, 64)
GREY = np.full((64, 96, 3), 128, np.uint8)


def silence() -> Iterator[np.ndarray]:
    while True:
        yield np.zeros((1000, 2), np.float32)


def sink(path: Path, **keys: Any) -> VideoSink:
    return VideoSink(path, keys.pop("size", SIZE), keys.pop("fps", 30), **keys)


def film(path: Path, frames: list[np.ndarray], **keys: Any) -> Path:
    out = sink(path, **keys)
    for frame in frames:
        out.write(frame)
    out.close()
    return path


def pictures(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode a film: presentation times in seconds, and RGB frames converted by the matrix it is tagged with."""
    times, frames = [], []
    with av.open(str(path)) as opened:
        for frame in opened.decode(video=0):
            times.append(float(frame.time))
            frames.append(frame.to_ndarray(format="rgb24", src_colorspace=frame.colorspace))
    return np.array(times), np.array(frames)


def sound(path: Path) -> tuple[float, np.ndarray]:
    with av.open(str(path)) as opened:
        decoded = list(opened.decode(audio=0))
    return float(decoded[0].time), np.concatenate([frame.to_ndarray() for frame in decoded], axis=1)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_frame_is_there_at_its_own_time(tmp_path: Path) -> None:
    frames = [np.full((64, 96, 3), 20 * k, np.uint8) for k in range(12)]
    times, seen = pictures(film(tmp_path / "a.mp4", frames, fps=24))
    np.testing.assert_allclose(times, np.arange(12) / 24, atol=1e-4)
    np.testing.assert_allclose(seen.mean((1, 2, 3)), 20 * np.arange(12), atol=2)


@pytest.mark.parametrize("fps", [1, 12.5, 23.976, 60, Fraction(240)])
def test_the_frame_rate_is_exact(tmp_path: Path, fps: Any) -> None:
    with av.open(str(film(tmp_path / "a.mp4", [GREY] * 5, fps=fps))) as opened:
        rate = opened.streams.video[0].average_rate
    assert rate == {23.976: Fraction(24_000, 1_001)}.get(fps, Fraction(fps))


def test_colours_are_bt709_and_say_so(tmp_path: Path) -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [200, 120, 40]], np.uint8)
    frame = np.repeat(np.repeat(colours[None], 64, 0), 16, 1)
    path = film(tmp_path / "a.mp4", [frame] * 3, crf=1)
    with av.open(str(path)) as opened:
        context = opened.streams.video[0].codec_context
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
    assert tags == (1, 1, 1, 1)
    assert b"colrnclx" in path.read_bytes()
    seen = pictures(path)[1][1][32, 8::16]
    np.testing.assert_allclose(seen.astype(int), colours, atol=4)


def test_a_click_and_a_flash_stay_together(tmp_path: Path) -> None:
    click = np.zeros((96_000, 2), np.float32)
    click[48_000:48_040] = 0.9
    blocks = iter(np.split(click, [1000, 1001, 30_000, 50_000]))
    frames = [np.full((64, 96, 3), 255 if k == 30 else 0, np.uint8) for k in range(60)]
    path = film(tmp_path / "a.mp4", frames, audio=blocks)
    times, seen = pictures(path)
    begins, heard = sound(path)
    assert (times[0], begins) == (0.0, 0.0)
    assert times[seen.mean((1, 2, 3)).argmax()] == pytest.approx(1.0)
    assert np.abs(heard).max(0).argmax() / 48_000 == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(("fps", "frames"), [(30, 1), (60, 7), (24, 49), (240, 11), (23.976, 30)])
@pytest.mark.parametrize("ends", ["early", "never"])
def test_picture_and_sound_are_of_one_length(tmp_path: Path, fps: float, frames: int, ends: str) -> None:
    audio = silence() if ends == "never" else iter([np.full((10, 2), 0.1, np.float32)])
    path = film(tmp_path / "a.mp4", [GREY] * frames, fps=fps, audio=audio)
    with av.open(str(path)) as opened:
        lengths = [float(stream.duration * stream.time_base) for stream in opened.streams]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.5 / fps)
    assert lengths[0] == pytest.approx(frames / fps, abs=0.5 / fps)


def test_no_more_sound_is_taken_than_the_pictures_need(tmp_path: Path) -> None:
    taken = 0

    def count() -> Iterator[np.ndarray]:
        nonlocal taken
        for block in silence():
            taken += len(block)
            yield block

    film(tmp_path / "a.mp4", [GREY] * 30, audio=count())
    assert 48_000 <= taken <= 49_000


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    broken = np.full((48_000, 2), np.nan, np.float32)
    broken[::2] = np.inf
    assert np.isfinite(sound(film(tmp_path / "a.mp4", [GREY] * 30, audio=iter([broken])))[1]).all()


def test_samples_far_beyond_full_scale_are_cut_as_players_cut_them(tmp_path: Path) -> None:
    loud = [np.full((16_000, 2), value, np.float32) for value in (1e30, -1e30, 1.5)]
    _, heard = sound(film(tmp_path / "a.mp4", [GREY] * 30, audio=iter(loud)))
    assert 0.8 < np.abs(heard[:, 4_000:12_000]).mean() < 1.2


def test_a_film_without_sound_has_one_stream(tmp_path: Path) -> None:
    with av.open(str(film(tmp_path / "a.mp4", [GREY] * 3))) as opened:
        assert [stream.type for stream in opened.streams] == ["video"]


@pytest.mark.parametrize("ending", [".mov", ".mkv", ".m4v", ".MP4"])
def test_other_containers_play_too(tmp_path: Path, ending: str) -> None:
    path = film(tmp_path / f"a{ending}", [GREY] * 5, audio=silence())
    assert len(pictures(path)[0]) == 5
    assert sound(path)[1].shape[0] == 2


def test_the_index_stands_at_the_beginning(tmp_path: Path) -> None:
    written = film(tmp_path / "a.mp4", [GREY] * 5).read_bytes()
    assert 0 < written.index(b"moov") < written.index(b"mdat")


def test_the_same_frames_give_the_same_film(tmp_path: Path) -> None:
    frames = [np.random.default_rng(k).integers(0, 256, (64, 96, 3), np.uint8) for k in range(8)]
    hashes = {hashlib.sha256(film(tmp_path / name, frames).read_bytes()).digest() for name in ("a.mp4", "b.mp4")}
    assert len(hashes) == 1


@pytest.mark.parametrize("encoder", available_encoders())
def test_every_encoder_that_is_said_to_work_makes_a_film(tmp_path: Path, encoder: str) -> None:
    times, seen = pictures(film(tmp_path / "a.mp4", [GREY] * 4, encoder=encoder, size=SIZE))
    assert len(times) == 4
    np.testing.assert_allclose(seen.mean(), 128, atol=3)


def test_nothing_stands_under_the_final_name_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    out = sink(path)
    out.write(GREY)
    assert not path.exists()
    out.close()
    assert left_in(tmp_path) == ["a.mp4"]


def test_an_abandoned_film_leaves_nothing(tmp_path: Path) -> None:
    out = sink(tmp_path / "a.mp4", audio=silence())
    out.write(GREY)
    out.abandon()
    out.abandon()
    out.close()
    assert left_in(tmp_path) == []
    with pytest.raises(RenderError, match="takes no more frames"):
        out.write(GREY)


def test_abandoning_a_finished_film_keeps_it(tmp_path: Path) -> None:
    out = sink(tmp_path / "a.mp4")
    out.write(GREY)
    out.close()
    out.abandon()
    assert left_in(tmp_path) == ["a.mp4"]


def test_a_film_that_exists_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"dear to someone")
    with pytest.raises(OutputExists, match=r"a\.mp4: exists already\n  try: another name, or --force"):
        sink(path)
    assert path.read_bytes() == b"dear to someone"
    out = sink(path, force=True)
    assert path.read_bytes() == b"dear to someone"
    out.write(GREY)
    out.close()
    assert len(pictures(path)[0]) == 1


def test_a_file_that_appears_meanwhile_is_kept_and_so_is_the_film(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    out = sink(path)
    out.write(GREY)
    path.write_bytes(b"dear to someone")
    with pytest.raises(OutputExists, match=r"has appeared meanwhile\n  try: the finished film is .*\.part"):
        out.close()
    out.abandon()
    assert path.read_bytes() == b"dear to someone"
    (waiting,) = tmp_path.glob(".*.part")
    assert len(pictures(waiting)[0]) == 1


def test_a_film_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="there are no frames to write"):
        sink(tmp_path / "a.mp4").close()
    assert left_in(tmp_path) == []


def test_sound_that_fails_ends_the_film_cleanly(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield np.zeros((100, 2), np.float32)
        raise RenderError("the song broke off")

    out = sink(tmp_path / "a.mp4", audio=broken())
    with pytest.raises(RenderError, match="the song broke off"):
        out.write(GREY)
    out.abandon()
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"size": (97, 64)}, "films have even sizes\n  wanted: even numbers\n  got: 97x64\n  try: 98x64"),
        ({"size": (2, 64)}, "the size is out of range\n  wanted: width and height from 16 to 8192\n  got: 2x64"),
        ({"fps": 0}, "this is no frame rate\n  wanted: fps from 1 to 240\n  got: 0"),
        ({"fps": float("nan")}, "this is no frame rate"),
        ({"fps": 241.0}, "this is no frame rate"),
        ({"encoder": "libx246"}, "no encoder 'libx246'\n  wanted: auto, libx264"),
        ({"preset": "velvet"}, "a.mp4: cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(tmp_path: Path, keys: dict[str, Any], text: str) -> None:
    with pytest.raises(RenderError) as refused:
        sink(tmp_path / "a.mp4", **keys)
    assert text in str(refused.value)
    assert left_in(tmp_path) == []


@pytest.mark.skipif("h264_nvenc" in available_encoders(), reason="this machine has the hardware")
def test_hardware_that_is_missing_is_named_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"'h264_nvenc' does not work on this machine\n  wanted: auto, libx264"):
        sink(tmp_path / "a.mp4", encoder="h264_nvenc")


def test_names_that_no_film_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"film: this is no name for a film\n.*\n  try: film\.mp4"):
        sink(tmp_path / "film")
    with pytest.raises(RenderError, match=r"try: did you mean '\.mp4'"):
        sink(tmp_path / "film.mp3")
    with pytest.raises(RenderError, match="nowhere: the folder is not there"):
        sink(tmp_path / "nowhere" / "a.mp4")
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(RenderError, match="is a folder"):
        sink(tmp_path / "a.mp4")


def test_a_name_with_a_colon_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such names")
    monkeypatch.chdir(tmp_path)
    film(Path("pipe:1.mp4"), [GREY])
    assert left_in(tmp_path) == ["pipe:1.mp4"]


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    out = sink(tmp_path / "a.mp4")
    with pytest.raises(RenderError, match="wrong size\n  wanted: 64×96×3\n  got: 32×96×3"):
        out.write(GREY[:32])
    out.abandon()


FULL_DISK = """
import resource, signal, sys
import numpy as np
from tessonance.errors import RenderError
from tessonance.sinks import VideoSink
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
sink = VideoSink(sys.argv[1], (320, 240), 30, crf=1)
try:
    for k in range(90):
        sink.write(np.random.default_rng(k).integers(0, 256, (240, 320, 3), np.uint8))
    sink.close()
except RenderError as error:
    sink.abandon()
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limits on Windows")
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "a.mp4")], capture_output=True, text=True, check=True
    )
    assert "a.mp4: cannot be written: File too large\n  try: make room, or write elsewhere" in done.stdout
    assert left_in(tmp_path) == []


ENCODE = """
import os, sys
import numpy as np
from tessonance.sinks import VideoSink, available_encoders
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
for encoder in available_encoders():
    film = VideoSink(f"{sys.argv[1]}/{encoder}.mkv", (96, 64), 30, encoder=encoder)
    film.write(np.zeros((64, 96, 3), np.uint8))
    film.close()
    print(encoder, os.sched_getscheduler(0) == os.SCHED_OTHER)
"""


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="the system tells of no scheduling")
def test_no_encoder_makes_the_program_a_real_time_one(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ENCODE, str(tmp_path)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) >= 1
    assert all(line.endswith("True") for line in lines), lines
