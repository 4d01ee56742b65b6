"""Sound files of every kind, written for the tests."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

BY_SOUNDFILE = {
    "wav16": ("wav", "PCM_16"),
    "wav24": ("wav", "PCM_24"),
    "wavfloat": ("wav", "FLOAT"),
    "flac": ("flac", "PCM_16"),
    "ogg": ("ogg", "VORBIS"),
    "opus": ("opus", "OPUS"),
}
BY_PYAV = {"mp3": ("mp3", "mp3"), "m4a": ("ipod", "aac"), "mp4": ("mp4", "aac"), "mkv": ("matroska", "flac")}
KINDS = [*BY_SOUNDFILE, *BY_PYAV]
LOSSLESS = ["wav16", "wav24", "wavfloat", "flac", "mkv"]


def write_song(folder: Path, kind: str, samples: NDArray[np.float32], rate: int) -> Path:
    """Write samples of shape (n, channels) as one of `KINDS`; mp4 and mkv are videos."""
    if kind in BY_SOUNDFILE:
        suffix, subtype = BY_SOUNDFILE[kind]
        path = folder / f"{kind}.{suffix}"
        container = {"opus": "OGG"}.get(kind)
        soundfile.write(path, samples, rate, subtype=subtype, format=container)
        return path
    container, codec = BY_PYAV[kind]
    path = folder / f"{kind}.{kind}"
    write_container(path, container, None if codec is None else codec, samples, rate, video=kind in ("mp4", "mkv"))
    return path


def write_container(
    path: Path, container: str, codec: str | None, samples: NDArray[np.float32], rate: int, *, video: bool
) -> None:
    """Write a file by PyAV; without a codec it has no sound."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
    with av.open(path, "w", format=container) as output:
        picture = output.add_stream("mpeg4", rate=25) if video else None
        sound = output.add_stream(codec, rate=rate, layout=layout) if codec else None
        if picture is not None:
            picture.width = picture.height = 32
            picture.pix_fmt = "yuv420p"
            for number in range(round(len(samples) / rate * 25)):
                frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), number % 256, np.uint8))
                frame.pts = number
                output.mux(picture.encode(frame))
            output.mux(picture.encode())
        if sound is not None:
            for first in range(0, len(samples), 1024):
                frame = _audio_frame(samples[first : first + 1024], "s16" if codec == "flac" else "fltp", layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
                output.mux(sound.encode(frame))
            output.mux(sound.encode())


def _audio_frame(samples: NDArray[np.float32], kind: str, layout: str) -> av.AudioFrame:
    if kind == "s16":
        samples = np.round(samples * 32_767).astype(np.int16).reshape(1, -1)
        return av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
    return av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
