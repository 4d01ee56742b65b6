"""A song decoded ahead, found by its frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sound_tunes import RATE

from tessonance.errors import SoundError
from tessonance.sound.song_buffer import AHEAD_SECONDS, SongBuffer


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def places(seconds: float) -> NDArray[np.float32]:
    """Stereo whose frames tell their place: left in steps of 2⁻²⁰, right its negative."""
    left = np.arange(1, round(seconds * RATE) + 1, dtype=np.float32) / 2**20
    return np.stack([left, -left], axis=1)


@pytest.fixture
def buffers() -> Iterator[Callable[..., SongBuffer]]:
    opened: list[SongBuffer] = []

    def make(seconds: float, **how: object) -> SongBuffer:
        opened.append(SongBuffer((places(seconds), RATE), rate=RATE, channels=2, **how))
        return opened[-1]

    yield make
    for buffer in opened:
        buffer.close()


def copied(buffer: SongBuffer, first: int, count: int) -> tuple[int, NDArray[np.float32]]:
    out = np.full((count, 2), np.nan, np.float32)
    return buffer.copy(first, out), out


def test_a_whole_song_comes_in_order_block_by_block(buffers: Callable[..., SongBuffer]) -> None:
    buffer, got, at = buffers(20.0), [], 0
    while at < 20 * RATE:
        until(lambda at=at: buffer.has(at + 5000))
        count, out = copied(buffer, at, 5000)
        got.append(out)
        at += count
    assert buffer.total == 20 * RATE
    np.testing.assert_array_equal(np.concatenate(got)[: 20 * RATE], places(20.0))


def test_it_is_decoded_only_so_far_ahead(buffers: Callable[..., SongBuffer]) -> None:
    buffer = buffers(20.0)
    until(lambda: buffer.decoded > 3 * RATE)
    time.sleep(0.1)
    assert buffer.decoded <= AHEAD_SECONDS * RATE
    copied(buffer, 2 * RATE, 100)
    until(lambda: buffer.decoded > 5 * RATE)


def test_what_is_not_decoded_yet_is_silence_and_not_counted(buffers: Callable[..., SongBuffer]) -> None:
    buffer = buffers(20.0)
    until(lambda: buffer.decoded > 3 * RATE)
    decoded = buffer.decoded
    count, out = copied(buffer, decoded - 50, 100)
    assert 50 <= count <= 100
    assert (out[:50] != 0).all()
    count, out = copied(buffer, 19 * RATE, 100)
    assert count == 0
    assert not out.any()


def test_what_was_wanted_last_is_still_there_and_what_is_gone_is_silence(buffers: Callable[..., SongBuffer]) -> None:
    buffer = buffers(20.0)
    copied(buffer, 8 * RATE, 1)
    until(lambda: buffer.decoded > 11 * RATE)
    _, out = copied(buffer, 5 * RATE, 100)
    np.testing.assert_array_equal(out, places(20.0)[5 * RATE : 5 * RATE + 100])
    _, out = copied(buffer, RATE, 100)
    assert not out.any()
    assert buffer.kept_from > RATE


def test_after_the_end_there_is_silence_that_counts(buffers: Callable[..., SongBuffer]) -> None:
    buffer = buffers(1.0)
    until(lambda: buffer.total is not None)
    count, out = copied(buffer, RATE - 40, 100)
    assert count == 100
    assert (out[:40] != 0).all()
    assert not out[40:].any()


def test_a_loop_goes_on_at_the_beginning_of_the_song(buffers: Callable[..., SongBuffer]) -> None:
    buffer = buffers(1.0, start=0.25, loop=True)
    until(lambda: buffer.has(2 * RATE))
    _, out = copied(buffer, RATE * 3 // 4 - 10, 20)
    song = places(1.0)
    np.testing.assert_array_equal(out, [*song[-10:], *song[:10]])
    assert buffer.total is None


def test_a_song_that_cannot_be_heard_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="cannot be read"):
        SongBuffer(tmp_path / "none.wav", rate=RATE, channels=2)
    with pytest.raises(SoundError, match="ends before that"):
        SongBuffer((places(1.0), RATE), rate=RATE, channels=2, start=2.0)


def test_a_song_that_breaks_off_ends_there_and_says_why() -> None:
    song = places(2.0)
    song[RATE + 5_000 :, 0] = np.nan
    buffer = SongBuffer((song, RATE), rate=RATE, channels=2)
    until(lambda: buffer.total is not None)
    assert "is no number" in buffer.trouble
    assert 0 < buffer.decoded < 2 * RATE
    buffer.close()


def test_a_song_deleted_while_it_loops_ends_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, places(5.0), RATE, subtype="FLOAT")
    buffer = SongBuffer(path, rate=RATE, channels=2, loop=True)
    until(lambda: buffer.decoded > 3 * RATE)
    path.unlink()
    copied(buffer, 3 * RATE, 10)
    until(lambda: buffer.total is not None)
    assert "cannot be read" in buffer.trouble
    assert buffer.total == 5 * RATE
    buffer.close()
