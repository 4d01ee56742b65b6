"""Video files → single frames, found by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.errors import GeneratorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SUFFIXES", "Clip"]

SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg"})
MOST_FRAMES = 1_000_000
MOST_PIXELS = 8192 * 8192
HD_HEIGHT = 720  # from this height on, frames that say nothing of their colours are BT.709, below BT.601
_BT709, _UNSPECIFIED = 1, 2


class Clip:
    """A video file whose frames are numbered from 0.

    Parameters
    ----------
    path : Path
    where : object
        What to call it in errors.

    Attributes
    ----------
    frames : int
        How many there are.
    seconds : float
        From the first frame to the last one.
    size : (int, int)
        Width and height, as it is turned.

    Raises
    ------
    GeneratorError
        If it is no video, or too long.
    """

    def __init__(self, path: Path, *, where: object) -> None:
        import av

        self._where = where
        try:
            # Playlists could name other files, or other hosts.
            self._container: Any = av.open(str(path), options={"protocol_whitelist": "file"}, metadata_errors="replace")
            self._stream: Any = self._container.streams.video[0]
            self._times, self._starts = self._list_frames()
        except (av.FFmpegError, OSError, IndexError) as error:
            raise GeneratorError("this is no video that can be read", where=where, got=str(error)[:200]) from None
        if not self._times:
            self.close()
            raise GeneratorError("this video has no frames", where=where)
        self.frames = len(self._times)
        self.seconds = float(self._times[-1] - self._times[0]) * float(self._stream.time_base or 0)
        self._pending: Iterator[Any] = iter(())
        self._last = -2  # the frame decoded last; the next one needs no search
        self.size = self._size()

    def frame(self, number: int) -> NDArray[np.uint8]:
        """Return one frame; the next one after that is found fastest.

        Parameters
        ----------
        number : int
            From 0 to `frames` - 1.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            sRGB, top row first.

        Raises
        ------
        GeneratorError
            If it cannot be decoded.
        """
        import av

        wanted = self._times[number]
        try:
            if number != self._last + 1:
                self._container.seek(self._start_for(wanted), stream=self._stream, backward=True)
                self._pending = self._container.decode(self._stream)
            for frame in self._pending:
                if frame.pts is not None and frame.pts >= wanted:
                    self._last = number
                    return _as_rgb(frame)
        except (av.FFmpegError, OSError) as error:
            raise GeneratorError(f"frame {number} cannot be decoded", where=self._where, got=str(error)[:200]) from None
        raise GeneratorError(f"frame {number} cannot be decoded", where=self._where, got="the end of the video")

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _start_for(self, wanted: int) -> int:
        """Return when a key frame is decoded that is not shown after the wanted frame.

        Frames that are shown before a key frame may stand behind it in the file, and need the key frame before it.
        """
        starts = [start for shown, start in self._starts if shown <= wanted]
        return starts[-1] if starts else wanted

    def _list_frames(self) -> tuple[list[int], list[tuple[int, int]]]:
        """List when each frame is shown, and when each key frame is shown and decoded, without decoding one."""
        times, starts = set(), []
        for packet in self._container.demux(self._stream):
            if packet.pts is not None and packet.size:
                times.add(packet.pts)
                if packet.is_keyframe:
                    starts.append((packet.pts, packet.pts if packet.dts is None else packet.dts))
            if len(times) > MOST_FRAMES:
                raise GeneratorError("this video is too long", where=self._where, wanted=f"{MOST_FRAMES:,} frames")
        return sorted(times), sorted(starts)

    def _size(self) -> tuple[int, int]:
        if self._stream.width * self._stream.height > MOST_PIXELS:
            raise GeneratorError("this video is too large", where=self._where, wanted=f"{MOST_PIXELS:,} pixels a frame")
        height, width = self.frame(0).shape[:2]
        return width, height


def _as_rgb(frame: Any) -> NDArray[np.uint8]:
    told = int(frame.colorspace)
    space = _BT709 if told == _UNSPECIFIED and frame.height >= HD_HEIGHT else told
    picture = frame.reformat(format="rgb24", src_colorspace=space).to_ndarray()
    turned = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turned)) if turned else picture
