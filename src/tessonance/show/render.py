"""A film of a song: the whole show, offline."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tessonance.errors import ProjectError, RenderError
from tessonance.motion import motion
from tessonance.project import ANALYSIS_RATE, Mapping, load_mapping, mapping_beside
from tessonance.sampling.cpu import CpuSampler
from tessonance.sampling.fit import check_fit, cut
from tessonance.show.ahead import ahead
from tessonance.show.calm import Calm
from tessonance.show.frames import FrameMaker
from tessonance.show.hud import Hud
from tessonance.show.state import FilmStates
from tessonance.sinks.format import frame_rate, frame_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.grid import Cell
    from tessonance.motion import Path as MotionPath
    from tessonance.show.frames import Stage
    from tessonance.sinks import Sink
    from tessonance.sound.decoders import Song
    from tessonance.store import Tesseract

__all__ = ["RenderReport", "render"]

FRAMES_AHEAD = 8
IN_HAND = 2  # the frame that is being made and the one that is being written
SETTLE_SECONDS = 5.0  # of sound before the film begins, so that followers do not have to start from silence


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
    """

    frames: int
    seconds: float
    path: Path | None
    size: tuple[int, int]
    fps: Fraction
    calmed: int = 0


def render(
    tesseract: Tesseract | str | Path,
    song: Song,
    path: str | Path | None,
    *,
    mapping: Mapping | str | Path | None = None,
    size: tuple[int, int] = (1280, 720),
    fps: float | Fraction = 30,
    start: float = 0.0,
    stop: float | None = None,
    method: str = "blend",
    fit: str = "cover",
    hud: bool = False,
    encoder: str = "auto",
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    sink: Sink | None = None,
    stages: Sequence[Stage] = (),
    flash_limit: bool = True,
) -> RenderReport:
    """Let a song play a tesseract, into a film with sound.

    A tesseract that is still being made plays at its finest complete level. The same inputs give the same frames. For
    the frames alone, see `tessonance.show.frames.FrameMaker`.

    Parameters
    ----------
    tesseract : Tesseract or path-like
    song : path-like or (ndarray, int)
        Any audio file, a film whose sound is taken, or samples with their rate.
    path : path-like or None
        The film; see `VideoSink`. None where a sink is given.
    mapping : Mapping or path-like, optional
        The routes, or a file of them. Else ``NAME.toml`` beside the tesseract, else what is stored inside.
    size : (int, int)
        Width and height in pixels, even numbers.
    fps : int, float or Fraction
        From 1 to 240; 23.976 means 24000/1001.
    start, stop : float, optional
        The part of the song, in seconds; all of it unless given.
    method : {"blend", "nearest"}
    fit : {"cover", "contain", "stretch"}
        How pictures of other proportions get into the frame.
    hud : bool
        Whether to draw the parameters and the place in the tesseract.
    encoder : str
        See `available_encoders`.
    force : bool
        Whether to replace a film that exists.
    progress : callable, optional
        Called with the frames done and the frames there are.
    sink : Sink, optional
        Takes the frames instead of a film; closed at the end, abandoned on any error.
    stages : sequence of callable, optional
        What each frame passes after sampling and before the HUD; see `FrameMaker`.
    flash_limit : bool
        Whether frames that would flash more than three times a second, over a quarter of a third of the frame each way,
        are calmed (WCAG 2.3.1); see `tessonance.show.flash.FlashLimiter`. It comes last of the stages. Without it,
        people with photosensitive epilepsy can be harmed by what is shown.

    Returns
    -------
    RenderReport

    Raises
    ------
    OutputExists
        If the film exists and `force` is not set.
    RenderError
        If nothing can be rendered as asked, or the film cannot be written.
    TessError
        Of another kind, for a tesseract, a song or a mapping that is not as it should be.
    """
    size, rate = frame_size(size), frame_rate(fps)
    check_fit(fit)
    _not_the_song(path, song)
    film = _film_path(path, force=force) if sink is None else None  # refused before anything long begins
    with ExitStack() as stack:
        if isinstance(tesseract, str | Path):
            tesseract = stack.enter_context(_opened(tesseract))
        sampler = _sampler(tesseract, method=method, cut_to=size if fit == "cover" else None)
        fitting = "stretch" if fit == "cover" else fit  # what was cut has the frame's proportions
        routes = _routes(tesseract, mapping)
        take = _Take.of(song, start=start, stop=stop, fps=rate)
        out = _film(path, take, size=size, encoder=encoder, force=force) if sink is None else sink
        calm = Calm() if flash_limit else None
        passed: list[Stage] = [*stages, calm] if calm else [*stages]
        try:
            path_taken, shown = _played(take, routes, hud_size=size if hud else None)
            lasting = FRAMES_AHEAD + IN_HAND
            maker = FrameMaker(sampler, path_taken, size=size, fit=fitting, stages=passed, hud=shown, lasting=lasting)
            _pump(maker, take, out, progress)
            out.close()
        except BaseException:
            out.abandon()
            raise
    calmed = calm.limiter.calmed if calm else 0
    return RenderReport(take.frames, float(take.frames / rate), film, size, rate, calmed)


@dataclass(frozen=True)
class _Take:
    """A part of a song, and the frames that show it."""

    song: Song
    start: float
    stop: float
    fps: Fraction

    @classmethod
    def of(cls, song: Song, *, start: float, stop: float | None, fps: Fraction) -> _Take:
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
        return max(1, round((self.stop - self.start) * self.fps))

    def times(self) -> Iterator[float]:
        return (self.start + float(k / self.fps) for k in range(self.frames))


def _not_the_song(path: str | Path | None, song: Song) -> None:
    """Refuse to write the film over the song, whatever else may be replaced."""
    if path is None or not isinstance(song, str | Path):
        return
    if Path(path).exists() and Path(song).exists() and Path(path).samefile(song):
        raise RenderError("this is the song itself", where=path, hint="give the film another name")


def _film_path(path: str | Path | None, *, force: bool) -> Path:
    from tessonance.sinks.video import check_output

    if path is None:
        raise RenderError("it is not said where the film goes", wanted="a path, or a sink")
    check_output(path, force=force)
    return Path(path)


def _film(path: str | Path | None, take: _Take, *, size: tuple[int, int], encoder: str, force: bool) -> Sink:
    from tessonance.sinks.video import VideoSink
    from tessonance.sound import blocks

    sound = blocks(take.song, start=take.start, stop=take.stop, channels=2)
    return VideoSink(_film_path(path, force=force), size, take.fps, audio=sound, encoder=encoder, force=force)


def _opened(path: str | Path) -> Tesseract:
    from tessonance.store import open_tesseract

    return open_tesseract(path)


def _routes(tesseract: Tesseract, mapping: Mapping | str | Path | None) -> Mapping:
    beside = mapping_beside(tesseract.path)
    if mapping is None and beside.is_file():
        mapping = beside
    if isinstance(mapping, str | Path):
        routes = load_mapping(mapping, tesseract.grid)
    else:
        given = mapping or tesseract.project.mapping
        routes = Mapping(tesseract.grid, given.routes, given.sound, given.idle)
    if not routes.routes:
        raise ProjectError(
            "there are no routes, so the picture would stand still",
            where=mapping if isinstance(mapping, str | Path) else tesseract.where,
            hint="a [[route]] with a feature and an axis, in the mapping or the project file",
        )
    return routes


def _sampler(tesseract: Tesseract, *, method: str, cut_to: tuple[int, int] | None) -> CpuSampler:
    """Return a sampler of pictures that are cut as soon as they are read: what no frame shows is not blended either."""

    def read(cell: Cell) -> NDArray[np.uint8]:
        picture = tesseract.picture(cell)
        return picture if cut_to is None else cut(picture, cut_to).copy()

    return CpuSampler(read, tesseract.grid, tesseract.knots(), method=method)


def _played(
    take: _Take, routes: Mapping, *, hud_size: tuple[int, int] | None
) -> tuple[MotionPath, tuple[Hud, FilmStates] | None]:
    """Hear the song: where it leads, and what a HUD shows of it."""
    from tessonance.sound import features

    hop_seconds = routes.sound.hop / ANALYSIS_RATE
    settled = max(0.0, take.start - SETTLE_SECONDS)
    begin = int(settled / hop_seconds) * hop_seconds  # on the hops of the whole song, so that a part is cut out of it
    track = features(take.song, routes.feature_names, start=begin, stop=take.stop, sound=routes.sound)
    path = motion(routes, track)
    if hud_size is None:
        return path, None
    return path, (Hud(routes.grid, routes, hud_size), FilmStates(path, track, routes.feature_names))


def _pump(maker: FrameMaker, take: _Take, sink: Sink, progress: Callable[[int, int], None] | None) -> None:
    """Hand the frames to the sink; the next ones are made meanwhile, since both let go of the interpreter."""
    frames: Iterator[NDArray[np.uint8]] = map(maker.frame, take.times())
    with closing(ahead(frames, depth=FRAMES_AHEAD)) as waiting:
        for done, frame in enumerate(waiting, 1):
            sink.write(frame)
            if progress is not None:
                progress(done, take.frames)
