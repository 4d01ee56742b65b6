"""A film: frames and sound in one file, under its final name only when it is whole."""

from __future__ import annotations

import errno
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error

from tessonance.errors import OutputExists, RenderError, nearest
from tessonance.sinks.encoders import available_encoders, check_encoder, encoder_options, own_pace, pixel_format
from tessonance.sinks.format import frame_rate, frame_size
from tessonance.sinks.soundtrack import RATE, Soundtrack
from tessonance.sinks.yuv import Bt709Planes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["VideoSink", "available_encoders", "check_output"]

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
BT709, NARROW_RANGE = 1, 1  # code points of Rec. ITU-T H.273


class VideoSink:
    """Writes a film: H.264 and AAC in an MP4 file unless told otherwise.

    The file is written beside its final name and renamed when it is closed, so nothing half-written ever stands there.

    Parameters
    ----------
    path : path-like
        ``.mp4``, ``.m4v``, ``.mov`` or ``.mkv``.
    size : (int, int)
        Width and height, even numbers from 16 to 8192.
    fps : int, float or Fraction
        Frames per second; see `frame_rate`.
    audio : iterable of ndarray of float32, shape (n, 2), optional
        Sound at 48 kHz from the first frame on. It is cut, or filled up with silence, to the length of the pictures.
    encoder : str
        ``"auto"`` is libx264; see `available_encoders`.
    crf : int
        Quality on x264's scale, 0 (lossless) to 51.
    preset : str
        Of x264 and x265: ``ultrafast`` to ``veryslow``.
    force : bool
        Whether to replace a film that exists.

    Raises
    ------
    OutputExists
        If the film exists and `force` is not set.
    RenderError
        If the path, the size, the frame rate or the encoder cannot be, or the folder cannot be written.

    Notes
    -----
    Frames are converted to, and tagged as, BT.709 in the narrow range. The index stands at the file's beginning.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        fps: float | Fraction,
        *,
        audio: Iterable[NDArray[np.float32]] | None = None,
        encoder: str = "auto",
        crf: int = 20,
        preset: str = "veryfast",
        force: bool = False,
    ) -> None:
        self._path, self._force = Path(path), force
        self._fps = frame_rate(fps)
        self._size = frame_size(size)
        check_output(self._path, force=force)
        self._encoder = check_encoder(encoder)
        self._frames, self._open = 0, True
        self._container: Any = None
        self._planes = Bt709Planes(self._size)
        self._part = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.part")
        try:
            with self._refusing():
                self._begin(audio, encoder_options(self._encoder, crf, preset))
        except BaseException:
            self.abandon()
            raise

    def _begin(self, audio: Iterable[NDArray[np.float32]] | None, options: dict[str, str]) -> None:
        kind = CONTAINERS[self._path.suffix.lower()]
        movflags = {} if kind == "matroska" else {"movflags": "+faststart"}
        # An absolute path, or FFmpeg takes what stands before a colon for a protocol.
        self._container = av.open(str(self._part.absolute()), "w", format=kind, options=movflags)
        self._stream = self._container.add_stream(self._encoder, rate=self._fps, options=options)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = pixel_format(self._encoder)
        context = self._stream.codec_context
        context.time_base = 1 / self._fps
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = NARROW_RANGE
        self._sound = None if audio is None else Soundtrack(self._container, audio)
        with own_pace():
            self._container.start_encoding()

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Encode one frame and the sound that belongs to it; see `Sink.write`.

        Parameters
        ----------
        frame : ndarray of uint8, shape (height, width, 3)

        Raises
        ------
        RenderError
            If the frame has another size, or cannot be written; then abandon the film.
        """
        width, height = self._size
        if not self._open:
            raise RenderError("takes no more frames", where=self._path, hint="open a new one")
        if frame.shape != (height, width, 3):
            got = "×".join(map(str, frame.shape))
            raise RenderError("a frame has the wrong size", where=self._path, wanted=f"{height}×{width}×3", got=got)
        picture = av.VideoFrame.from_ndarray(self._planes(frame), format="yuv420p")
        picture.pts, picture.time_base = self._frames, 1 / self._fps
        with self._refusing():
            self._container.mux(self._stream.encode(picture))
            self._frames += 1
            if self._sound is not None:
                self._sound.until(self._samples)

    def close(self) -> None:
        """Finish the film and give it its name.

        Raises
        ------
        RenderError
            If it cannot be finished, or has no frame; then nothing is left.
        OutputExists
            If a file of its name has appeared meanwhile; the finished film stands beside it.
        """
        if not self._open:
            return
        try:
            if not self._frames:
                raise RenderError("there are no frames to write", where=self._path)
            with self._refusing():
                self._container.mux(self._stream.encode(None))
                if self._sound is not None:
                    self._sound.finish(self._samples)
                self._container.close()
        except BaseException:
            self.abandon()
            raise
        self._open = False
        self._name()

    def abandon(self) -> None:
        """Stop, and leave nothing."""
        if not self._open:
            return
        self._open = False
        if self._container is not None:
            with suppress(av.error.FFmpegError, OSError):
                self._container.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    @property
    def _samples(self) -> int:
        """How many samples of sound the frames so far are long."""
        return round(self._frames / self._fps * RATE)

    def _name(self) -> None:
        waiting = f"the finished film is {self._part}; rename it"
        if self._path.exists() and not self._force:
            raise OutputExists("has appeared meanwhile", where=self._path, hint=waiting)
        try:
            self._part.replace(self._path)
        except OSError as error:
            raise RenderError(f"cannot be replaced: {error.strerror}", where=self._path, hint=waiting) from None

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn what the encoder and the operating system say into a RenderError."""
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise RenderError(
                f"cannot be written: {error.strerror}",
                where=self._path,
                hint="make room, or write elsewhere; nothing was left behind" if full else None,
            ) from None


def check_output(path: str | Path, *, force: bool = False) -> None:
    """Refuse a path that no film can be written to, before hours are spent on its frames.

    Parameters
    ----------
    path : path-like
    force : bool
        Whether a film that exists may be replaced.

    Raises
    ------
    OutputExists
        If it exists and `force` is not set.
    RenderError
        If its ending is no film's, or its folder is not there.
    """
    path = Path(path)
    if path.suffix.lower() not in CONTAINERS:
        raise RenderError(
            "this is no name for a film",
            where=path,
            wanted="a name that ends in " + ", ".join(CONTAINERS),
            hint=nearest(path.suffix, CONTAINERS) if path.suffix else f"{path.name}.mp4",
        )
    if not path.parent.is_dir():
        raise RenderError("the folder is not there", where=path.parent, hint="make it, or write elsewhere")
    if path.is_dir():
        raise RenderError("is a folder", where=path, wanted="a file, or nothing yet")
    if path.exists() and not force:
        raise OutputExists("exists already", where=path, hint="another name, or --force to replace it")
