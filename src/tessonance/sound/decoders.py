"""Sound files opened: soundfile first, PyAV second; samples that are already in memory."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from tessonance.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Decoder", "Song", "open_decoder"]

Song: TypeAlias = "str | Path | tuple[NDArray[Any], int]"

BLOCK = 15_000  # frames read at once: about a batch of hops; a fault in a file costs at most so many before it
LOWEST_RATE, HIGHEST_RATE, MOST_CHANNELS = 4_000, 768_000, 8
# WAV, RF64, AIFF, FLAC, Ogg, CAF, AU, W64. Anything else PyAV alone reads: libsndfile takes what it does not know for
# MP3, gives up at the first bad frame of one, and writes to standard error.
SOUNDFILE_FIRST = (b"RIFF", b"RF64", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"riff")
# libsndfile hands on the channels of Ogg files in Vorbis' order, L C R …; this makes it WAV's, L R C LFE ….
FROM_VORBIS = {3: (0, 2, 1), 5: (0, 2, 1, 3, 4), 6: (0, 2, 1, 5, 3, 4), 7: (0, 2, 1, 6, 5, 3, 4)}
FROM_VORBIS[8] = (0, 2, 1, 7, 5, 6, 3, 4)

log = logging.getLogger(__name__)


class Decoder(Protocol):
    """A song that can be read from any of its frames, as often as wanted."""

    where: str
    rate: int
    channels: int
    seconds: float

    def frames(self, start: int) -> Iterator[NDArray[np.float32]]:
        """Read on from a frame to the end, or to the fault where the file breaks off.

        Parameters
        ----------
        start : int
            At the song's own rate.

        Yields
        ------
        ndarray of float32, shape (n, channels)
            Full scale at 1.
        """
        ...


def open_decoder(song: Song) -> Decoder:
    """Find out how a song can be read.

    Parameters
    ----------
    song : path-like or (ndarray, int)
        A file, or samples of shape (n,) or (n, channels) with their rate.

    Returns
    -------
    Decoder

    Raises
    ------
    SoundError
        If it is missing, no sound, empty, or of a rate or number of channels that no song has.
    """
    if isinstance(song, tuple):
        return _fitting(_Samples(*song))
    path = Path(song)
    kinds: list[type[_Soundfile] | type[_PyAV]] = [_Soundfile, _PyAV]
    reason = ""
    for kind in kinds if _beginning(path) in SOUNDFILE_FIRST else kinds[1:]:
        try:
            return _fitting(kind(path))
        except _NotMine as error:
            reason = str(error)
    raise SoundError(
        "is no sound that can be decoded",
        where=path,
        wanted="WAV, FLAC, OGG, Opus, MP3, M4A, or a video with sound",
        got=reason,
        hint="play it in another program; if that works, convert it to WAV or FLAC",
    )


class _NotMine(Exception):
    """The file is for another decoder."""


def _beginning(path: Path) -> bytes:
    if path.is_dir():
        raise SoundError("is a folder", where=path, wanted="a sound file")
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
    except OSError as error:
        raise SoundError(f"cannot be read: {error.strerror}", where=path, wanted="a sound file") from None
    if not beginning:
        raise SoundError("is an empty file", where=path, wanted="a sound file", hint="was its download finished?")
    return beginning


def _fitting(decoder: Decoder) -> Decoder:
    """Return the decoder, or say what about the song is out of range."""
    if not LOWEST_RATE <= decoder.rate <= HIGHEST_RATE:
        wanted = f"{LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz"
        raise SoundError("has an absurd sampling rate", where=decoder.where, wanted=wanted, got=f"{decoder.rate:,} Hz")
    if not 1 <= decoder.channels <= MOST_CHANNELS:
        wanted = f"1 to {MOST_CHANNELS}"
        raise SoundError("has too many channels", where=decoder.where, wanted=wanted, got=str(decoder.channels))
    if decoder.seconds <= 0:
        raise SoundError("holds no sound: it lasts 0 s", where=decoder.where, wanted="a song")
    return decoder


class _Samples:
    """Samples in memory."""

    where = "samples"

    def __init__(self, samples: NDArray[Any], rate: int) -> None:
        samples = np.asarray(samples)
        if samples.ndim not in (1, 2) or samples.dtype.kind not in "fi":
            got = f"{samples.dtype} of shape {samples.shape}"
            raise SoundError(
                "these are no samples", wanted="floats or integers of shape (n,) or (n, channels)", got=got
            )
        self._samples = samples[:, None] if samples.ndim == 1 else samples
        self.rate, self.channels = int(rate), self._samples.shape[1]
        self.seconds = len(samples) / rate if rate > 0 else 0.0

    def frames(self, start: int) -> Iterator[NDArray[np.float32]]:
        for first in range(start, len(self._samples), BLOCK):
            yield _as_float(self._samples[first : first + BLOCK])


class _Soundfile:
    """A file that libsndfile reads."""

    def __init__(self, path: Path) -> None:
        import soundfile

        self.where, self._path = str(path), path
        try:
            with soundfile.SoundFile(_for_soundfile(path)) as file:
                self.rate, self.channels = file.samplerate, file.channels
                self.seconds = file.frames / file.samplerate
                # Opus and MP3 frames lean on those before; in Vorbis, seeking near the end lands elsewhere.
                self._seekable = file.seekable() and file.format != "OGG" and not file.subtype.startswith("MPEG")
                self._order = FROM_VORBIS.get(file.channels) if file.format == "OGG" else None
        except (soundfile.SoundFileError, OSError) as error:
            raise _NotMine(str(error)) from None

    def frames(self, start: int) -> Iterator[NDArray[np.float32]]:
        import soundfile

        at = 0
        try:
            with soundfile.SoundFile(_for_soundfile(self._path)) as file:
                if self._seekable:
                    at = file.seek(min(start, file.frames))
                while len(frames := file.read(BLOCK, dtype="float32", always_2d=True)):
                    kept = frames[max(start - at, 0) :]
                    at += len(frames)
                    yield kept if self._order is None else kept[:, self._order]
        except (soundfile.SoundFileError, OSError) as error:
            _warn(self, at, error)


class _PyAV:
    """The first stream of sound in a file that FFmpeg reads.

    Frames are put one after the other, whatever their time stamps say: an MP3's first one is at 25 ms though its sound
    begins at 0.
    """

    def __init__(self, path: Path) -> None:
        import av

        self.where, self._path = str(path), path
        try:
            with av.open(path, **_lenient()) as container:
                if not container.streams.audio:
                    hint = "take the song itself, or a video with sound"
                    raise SoundError("has no sound in it", where=path, got="no audio stream", hint=hint)
                stream = container.streams.audio[0]
                said = float((stream.duration or 0) * (stream.time_base or 0))
                self.seconds = said or (container.duration or 0) / 1e6
                # What the stream says may be half of what is decoded (HE-AAC); the first frame knows.
                first = next((frame for packet in container.demux(stream) for frame in _decoded(packet) or ()), None)
                if first is None:
                    raise _NotMine("nothing in it can be decoded")
                self.rate, self.channels = first.sample_rate, first.layout.nb_channels
                self.seconds = self.seconds or _count_seconds(path)
        except (av.FFmpegError, OSError) as error:
            raise _NotMine(getattr(error, "strerror", None) or str(error)) from None

    def frames(self, start: int) -> Iterator[NDArray[np.float32]]:
        at, waiting, size = 0, [], 0
        for frames in self._all():
            kept = frames[max(start - at, 0) :]
            at += len(frames)
            waiting.append(kept)
            size += len(kept)
            if size >= BLOCK:
                yield np.concatenate(waiting)
                waiting, size = [], 0
        if size:
            yield np.concatenate(waiting)

    def _all(self) -> Iterator[NDArray[np.float32]]:
        import av

        at = 0
        try:
            with av.open(self._path, **_lenient()) as container:
                for packet in container.demux(container.streams.audio[0]):
                    for frames in self._heard(packet, silence=at > 0):
                        at += len(frames)
                        yield frames
        except (av.FFmpegError, OSError) as error:
            _warn(self, at, error)

    def _heard(self, packet: Any, *, silence: bool) -> Iterator[NDArray[np.float32]]:
        decoded = _decoded(packet)
        if decoded is None:  # damaged: what follows keeps its time
            missing = float((packet.duration or 0) * (packet.time_base or 0)) if silence else 0.0
            yield np.zeros((round(min(missing, 1.0) * self.rate), self.channels), np.float32)
            return
        for frame in decoded:
            if (frame.sample_rate, frame.layout.nb_channels) != (self.rate, self.channels):
                raise OSError("its rate or its channels change")
            values = frame.to_ndarray()
            yield _as_float(values.T if frame.format.is_planar else values.reshape(-1, self.channels))


def _decoded(packet: Any) -> list[Any] | None:
    """Return a packet's frames, None if it is damaged."""
    import av

    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return None


def _count_seconds(path: Path) -> float:
    """Add up the packets of a file that does not say how long it is."""
    import av

    with av.open(path, **_lenient()) as container:
        stream = container.streams.audio[0]
        return float(sum((packet.duration or 0) * (packet.time_base or 0) for packet in container.demux(stream)))


def _as_float(samples: NDArray[Any]) -> NDArray[np.float32]:
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    middle = 128 if samples.dtype == np.uint8 else 0
    return ((samples.astype(np.float64) - middle) / 2.0 ** (8 * samples.dtype.itemsize - 1)).astype(np.float32)


def _warn(decoder: Decoder, at: int, error: Exception) -> None:
    log.warning("%s cannot be read beyond %.1f s: %s", decoder.where, at / decoder.rate, error)


def _lenient() -> dict[str, Any]:
    """Return what lets PyAV open a song whose tags are no UTF-8: from version 19 on it needs no telling."""
    import av

    return {"metadata_errors": "ignore"} if int(av.__version__.partition(".")[0]) < 19 else {}


def _for_soundfile(path: str | Path) -> str | bytes:
    """Return a name that soundfile takes, even if it is no UTF-8, as on old memory sticks."""
    return str(path) if os.name == "nt" else os.fsencode(path)
