"""What every film is made with, whether of a song or of a take."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tessonance.errors import RenderError
from tessonance.sampling.cpu import CpuSampler
from tessonance.sampling.fit import kept
from tessonance.show.ahead import ahead
from tessonance.show.methods import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.sinks import Sink
    from tessonance.sound.decoders import Song
    from tessonance.store import Tesseract

__all__ = [
    "LASTING",
    "Maker",
    "Part",
    "RenderReport",
    "film_path",
    "film_sink",
    "not_the_song",
    "opened",
    "pump",
    "sampler_of",
]

FRAMES_AHEAD = 8
LASTING = FRAMES_AHEAD + 2  # and the frame that is being made, and the one that is being written


@dataclass(frozen=True)
class RenderReport:
    """What was rendered.

    Parameters
    ----------
    frames : int
    seconds : float
        Length of the film.
    path : Path or None
        Where it is; None where another sink took the frames.
    size : (int, int)
        Width and height.
    fps : Fraction
    calmed : int
        How many frames would have flashed too often, and were blended into those before them.
    trouble : str
        Why the mapping's governor could not do its work; empty where it did, or where there is none.
    """

    frames: int
    seconds: float
    path: Path | None
    size: tuple[int, int]
    fps: Fraction
    calmed: int = 0
    trouble: str = ""


@dataclass(frozen=True)
class Part:
    """A part of a song, and the frames that show it."""

    song: Song
    start: float
    stop: float
    fps: Fraction

    @classmethod
    def of(cls, song: Song, *, start: float, stop: float | None, fps: Fraction) -> Part:
        """Take a part of a song. Raises RenderError where there is nothing of it there."""
        from tessonance.sound import probe

        length = probe(song).seconds
        end = length if stop is None else min(stop, length)
        if not 0 <= start < end:
            raise RenderError(
                "there is nothing to film",
                where=song if isinstance(song, str | Path) else None,
                wanted=f"a part of its {length:.1f} s, from before to",
                got=f"from {start:g} to {length if stop is None else stop:g}",
            )
        return cls(song, start, end, fps)

    @property
    def frames(self) -> int:
        """How many frames show it."""
        return max(1, round((self.stop - self.start) * self.fps))

    def times(self) -> Iterator[float]:
        """Yield the time of each, in seconds of the song."""
        return (self.start + float(k / self.fps) for k in range(self.frames))


class Maker(Protocol):
    """Time → frame, asked for one after the other."""

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """Return the frame of a time, shape ``(height, width, 3)``."""
        ...


def not_the_song(path: str | Path | None, song: Song) -> None:
    """Refuse to write the film over the song, whatever else may be replaced."""
    if path is None or not isinstance(song, str | Path):
        return
    if Path(path).exists() and Path(song).exists() and Path(path).samefile(song):
        raise RenderError("this is the song itself", where=path, hint="give the film another name")


def film_path(path: str | Path | None, *, force: bool) -> Path:
    """Return where a film goes; refuse what would replace another unless `force` is set."""
    from tessonance.sinks.video import check_output

    if path is None:
        raise RenderError("it is not said where the film goes", wanted="a path, or a sink")
    check_output(path, force=force)
    return Path(path)


def film_sink(path: str | Path | None, part: Part, *, size: tuple[int, int], encoder: str, force: bool) -> Sink:
    """Return a film that is to be written, with the part's own sound."""
    from tessonance.sinks.video import VideoSink
    from tessonance.sound import blocks

    sound = blocks(part.song, start=part.start, stop=part.stop, channels=2)
    return VideoSink(film_path(path, force=force), size, part.fps, audio=sound, encoder=encoder, force=force)


def opened(path: str | Path) -> Tesseract:
    """Open a tesseract."""
    from tessonance.store import open_tesseract

    return open_tesseract(path)


def sampler_of(tesseract: Tesseract, *, method: str | None, cut_to: tuple[int, int] | None) -> CpuSampler:
    """Return a sampler of what the frames of a film show of the pictures: the rest is not weighed either.

    Parameters
    ----------
    tesseract : Tesseract
    method : str or None
        See `tessonance.show.methods.chosen`.
    cut_to : (int, int) or None
        Width and height of frames that are to be covered; None where all of a picture is shown.
    """
    method, fields = chosen(tesseract, method)
    picture = tesseract.project.picture
    region = None if cut_to is None else kept((picture.width, picture.height), cut_to)
    knots = tesseract.knots()
    return CpuSampler(tesseract.picture, tesseract.grid, knots, method=method, fields=fields, region=region)


def pump(maker: Maker, part: Part, sink: Sink, progress: Callable[[int, int], None] | None) -> None:
    """Hand the frames to the sink; the next ones are made meanwhile, since both let go of the interpreter."""
    frames: Iterator[NDArray[np.uint8]] = map(maker.frame, part.times())
    with closing(ahead(frames, depth=FRAMES_AHEAD)) as waiting:
        for done, frame in enumerate(waiting, 1):
            sink.write(frame)
            if progress is not None:
                progress(done, part.frames)
