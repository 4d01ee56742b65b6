"""Songs as blocks of samples, from any second on, at any rate, with bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError
from tessonance.sound.decoders import open_decoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tessonance.sound.decoders import Decoder, Song

__all__ = ["SongInfo", "blocks", "probe"]

WARM_UP_SECONDS = 0.1  # that the resampler hears before the first sample that is wanted; its filter is far shorter

# How loud each channel is in stereo, left and right, in the order of WAV and FFmpeg: ITU-R BS.775-4, Annex 4. The
# subwoofer's channel is left out, as there.
LESS = math.sqrt(0.5)  # 3 dB
BOTH, LEFT, RIGHT, CENTRE, BOOM, BACK = (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (LESS, LESS), (0.0, 0.0), (0.5, 0.5)
LEFT_SIDE, RIGHT_SIDE = (LESS, 0.0), (0.0, LESS)
STEREO = {
    1: (BOTH,),
    2: (LEFT, RIGHT),
    3: (LEFT, RIGHT, CENTRE),
    4: (LEFT, RIGHT, LEFT_SIDE, RIGHT_SIDE),
    5: (LEFT, RIGHT, CENTRE, LEFT_SIDE, RIGHT_SIDE),
    6: (LEFT, RIGHT, CENTRE, BOOM, LEFT_SIDE, RIGHT_SIDE),
    7: (LEFT, RIGHT, CENTRE, BOOM, BACK, LEFT_SIDE, RIGHT_SIDE),
    8: (LEFT, RIGHT, CENTRE, BOOM, LEFT_SIDE, RIGHT_SIDE, LEFT_SIDE, RIGHT_SIDE),
}


@dataclass(frozen=True)
class SongInfo:
    """What a song says of itself.

    Parameters
    ----------
    path : Path or None
        None for samples in memory.
    seconds : float
        How long it is. A damaged file may end before, and some formats know it to a few hundredths only.
    rate : int
        Samples per second.
    channels : int
    """

    path: Path | None
    seconds: float
    rate: int
    channels: int


def probe(song: Song) -> SongInfo:
    """Look at a song without decoding it all.

    Parameters
    ----------
    song : path-like or (ndarray, int)
        A sound file, a video whose first stream of sound is meant, or samples with their rate.

    Returns
    -------
    SongInfo

    Raises
    ------
    SoundError
        If it is missing, no sound, empty, or of a rate or number of channels that no song has.
    """
    decoder = open_decoder(song)
    path = None if isinstance(song, tuple) else Path(song)
    return SongInfo(path, decoder.seconds, decoder.rate, decoder.channels)


def blocks(
    song: Song, *, start: float = 0.0, stop: float | None = None, rate: int = 48_000, channels: int | None = None
) -> Iterator[NDArray[np.float32]]:
    """Decode a song block by block.

    Starting later gives the samples that decoding it all and cutting would give, to the accuracy of the resampler
    (1e-5). Lossy formats that cannot be entered exactly are decoded from the beginning. Where a file is damaged, the
    sound until then is given and a warning is logged.

    Parameters
    ----------
    song : path-like or (ndarray, int)
        See `probe`.
    start, stop : float, optional
        In seconds of the song; `stop` may lie beyond its end.
    rate : int
        Samples per second of what is given.
    channels : {None, 1, 2}
        As the song has them; the mean of them all; or stereo, surround mixed down after ITU-R BS.775 without clipping.

    Returns
    -------
    iterator of ndarray of float32, shape (n, channels)
        Full scale at 1. Some tens of kilobytes each, whatever the song's length.

    Raises
    ------
    SoundError
        As `probe`; if `start` and `stop` enclose nothing of the song; and, from the iterator, for a sample that is no
        number, or if nothing can be decoded.
    """
    decoder = open_decoder(song)
    if not (math.isfinite(start) and start >= 0):
        raise SoundError("cannot begin there", where=decoder.where, wanted="0 s or later", got=f"{start:g} s")
    if stop is not None and not stop > start:
        raise SoundError(
            "would end before it begins", where=decoder.where, wanted=f"an end after {start:g} s", got=f"{stop:g} s"
        )
    if start >= decoder.seconds:
        raise _beyond(decoder, start, decoder.seconds)
    if channels not in (None, 1, 2):
        raise SoundError("cannot be mixed so", where=decoder.where, wanted="1 or 2 channels", got=str(channels))
    return _blocks(decoder, start, stop, rate, channels)


def _blocks(
    decoder: Decoder, start: float, stop: float | None, rate: int, channels: int | None
) -> Iterator[NDArray[np.float32]]:
    first, skip = _entry(decoder.rate, rate, round(start * rate))
    left = math.inf if stop is None else round(stop * rate) - round(start * rate)
    given = 0
    for block in _resampled(_mixed(_checked(decoder, first), channels), decoder.rate, rate):
        wanted = block[skip : skip + int(min(left, len(block)))]
        skip = max(skip - len(block), 0)
        left -= len(wanted)
        given += len(wanted)
        if len(wanted):
            yield wanted
        if left <= 0:
            return
    if not given and not start:
        raise SoundError("holds no sound that can be decoded", where=decoder.where, hint="was its download finished?")
    if not given:
        raise _beyond(decoder, start, None)


def _entry(song_rate: int, rate: int, sample: int) -> tuple[int, int]:
    """Return the song's frame to begin at, and how many resampled samples lie between it and the wanted one.

    The two clocks meet only every so often; the resampler must begin where they do to give the same samples.
    """
    meetings = math.gcd(song_rate, rate)  # per second
    one, other = song_rate // meetings, rate // meetings
    if song_rate == rate:
        return sample, 0
    meeting = max(sample // other - math.ceil(WARM_UP_SECONDS * meetings), 0)
    return meeting * one, sample - meeting * other


def _checked(decoder: Decoder, start: int) -> Iterator[NDArray[np.float32]]:
    at = start
    for frames in decoder.frames(start):
        if not np.isfinite(frames).all():
            second = (at + int(np.argmin(np.isfinite(frames).all(axis=1)))) / decoder.rate
            raise SoundError(
                f"the sample at {second:.3f} s is no number", where=decoder.where, hint="export the song again"
            )
        at += len(frames)
        yield frames


def _mixed(blocks: Iterator[NDArray[np.float32]], channels: int | None) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        if channels is None or channels == block.shape[1]:
            yield block
        elif channels == 1:
            yield block.mean(axis=1, dtype=np.float32, keepdims=True)
        else:
            gains = np.array(STEREO[block.shape[1]], np.float32)
            yield block @ (gains / gains.sum(axis=0).max())


def _resampled(blocks: Iterator[NDArray[np.float32]], song_rate: int, rate: int) -> Iterator[NDArray[np.float32]]:
    if song_rate == rate:
        yield from blocks
        return
    import soxr

    resampler, empty = None, np.zeros((0, 1), np.float32)
    for block in blocks:
        if resampler is None:
            resampler, empty = soxr.ResampleStream(song_rate, rate, block.shape[1], dtype="float32"), block[:0]
        yield resampler.resample_chunk(block)
    if resampler is not None:
        yield resampler.resample_chunk(empty, last=True)


def _beyond(decoder: Decoder, start: float, seconds: float | None) -> SoundError:
    wanted = "a second of the song" if seconds is None else f"less than {seconds:.2f} s"
    return SoundError("ends before that", where=decoder.where, wanted=wanted, got=f"a beginning at {start:g} s")
