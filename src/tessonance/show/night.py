"""The film of a night: what a take kept of a show, frame by frame."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from tessonance.errors import ProjectError
from tessonance.sampling.fit import check_fit
from tessonance.sampling.fit import fit as fitted
from tessonance.show.calm import Calm
from tessonance.show.changes import Blackout, Play, Show
from tessonance.show.fades import CrossFade, Ramp
from tessonance.show.filming import (
    LASTING,
    Part,
    RenderReport,
    film_path,
    film_sink,
    not_the_song,
    opened,
    pump,
    sampler_of,
)
from tessonance.show.governing import governors
from tessonance.show.hud import Hud
from tessonance.show.state import FilmStates
from tessonance.show.take_reader import read_take, replay
from tessonance.sinks.format import frame_rate, frame_size
from tessonance.sound.spectrum import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from tessonance.motion import Path as MotionPath
    from tessonance.show.changes import Change
    from tessonance.show.frames import Sampler
    from tessonance.show.frames import Stage as FrameStage
    from tessonance.show.take_reader import Take
    from tessonance.sinks import Sink
    from tessonance.sound.track import FeatureTrack
    from tessonance.store import Tesseract

__all__ = ["NightFrames", "disagreement", "render_take"]


def render_take(
    tesseracts: Sequence[Tesseract | str | Path],
    take: Take | str | Path,
    path: str | Path | None,
    *,
    size: tuple[int, int] = (1280, 720),
    fps: float | Fraction = 30,
    start: float = 0.0,
    stop: float | None = None,
    method: str | None = None,
    fit: str = "cover",
    hud: bool = False,
    encoder: str = "auto",
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    sink: Sink | None = None,
    flash_limit: bool = True,
) -> RenderReport:
    """Make the film of a night out of its take: its sound, its coordinates, its fades.

    See `tessonance.render` for the film of a song, and for the parameters that are not named here.

    Parameters
    ----------
    tesseracts : sequence of Tesseract or path-like
        Those of the show, in its order. Finer ones do, if their axes have the same names.
    take : Take or path-like
    path : path-like or None
        The film; None where a sink is given.

    Returns
    -------
    RenderReport

    Raises
    ------
    ProjectError
        If these are not the tesseracts of the take.
    TessError
        As `tessonance.render`.
    """
    dimensions, rate = frame_size(size), frame_rate(fps)
    check_fit(fit)
    not_the_song(path, take if isinstance(take, str | Path) else take.path)
    film = film_path(path, force=force) if sink is None else None
    took = read_take(take) if isinstance(take, str | Path) else take
    with ExitStack() as stack:
        there = [stack.enter_context(opened(each)) if isinstance(each, str | Path) else each for each in tesseracts]
        _check(took, there)
        cut_to = dimensions if fit == "cover" else None
        samplers = [sampler_of(tesseract, method=method, cut_to=cut_to) for tesseract in there]
        part = Part.of((took.samples, RATE), start=start, stop=stop, fps=rate)
        out = film_sink(path, part, size=dimensions, encoder=encoder, force=force) if sink is None else sink
        calm = Calm() if flash_limit else None
        try:
            fitting = "stretch" if cut_to else fit
            stages = (calm,) if calm else ()
            maker = NightFrames(took, samplers, size=dimensions, fit=fitting, hud=hud, stages=stages, lasting=LASTING)
            pump(maker, part, out, progress)
            out.close()
        except BaseException:
            out.abandon()
            raise
    calmed = calm.limiter.calmed if calm else 0
    return RenderReport(part.frames, float(part.frames / rate), film, dimensions, rate, calmed)


def disagreement(take: Take, tesseracts: Sequence[Tesseract | str | Path] = ()) -> float:
    """Hear a take again, and return how far at most its coordinates are from those that were kept.

    Where it is not far below 1e-6, the take was made by a version of tessonance that hears or moves otherwise, or of
    tesseracts that were baked otherwise.

    Parameters
    ----------
    take : Take
    tesseracts : sequence of Tesseract or path-like
        Those of the show, in its order: a governor needs them.
    """
    furthest = 0.0
    with ExitStack() as stack:
        there = [stack.enter_context(opened(each)) if isinstance(each, str | Path) else each for each in tesseracts]
        heard = replay(take, governor=governors(there))
    for kept, again in zip(take.moves, heard, strict=False):
        count = min(len(kept.coordinates), len(again.coordinates))
        way = kept.coordinates[:count] - again.coordinates[:count]
        closed = take.pieces[kept.piece].grid.closed
        way = np.where(closed, way - np.rint(way), way)
        furthest = max(furthest, float(np.abs(way).max(initial=0.0)))
    return furthest


class NightFrames:
    """Makes the frames of a night, one after the other, from any second on.

    Parameters
    ----------
    take : Take
    samplers : sequence of Sampler
        One per tesseract of the show.
    size : (int, int)
        Width and height of a frame.
    fit : {"cover", "contain", "stretch"}
    hud : bool
    stages : sequence of callable
        What each frame passes; see `FrameMaker`.
    lasting : int
        How many frames stay as they are.
    """

    def __init__(
        self,
        take: Take,
        samplers: Sequence[Sampler],
        *,
        size: tuple[int, int],
        fit: str = "cover",
        hud: bool = False,
        stages: Sequence[FrameStage] = (),
        lasting: int = 1,
    ) -> None:
        self._take, self._samplers, self._size, self._fit = take, tuple(samplers), size, fit
        self._paths = [(moves.piece, moves.path(take.pieces[moves.piece].grid)) for moves in take.moves]
        self._fade, self._black = CrossFade(), Ramp()
        self._changes = list(reversed(take.changes))
        self._stages = tuple(stages)
        self._huds = _Huds(take, size) if hud else None
        self._memory = cycle([np.empty((size[1], size[0], 3), np.uint8) for _ in range(lasting)])

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """Return the frame of a time of the take, shape ``(height, width, 3)``; times come in order."""
        self._catch_up(seconds)
        piece, before, mix = self._fade.showing(seconds)
        memory = next(self._memory)
        frame = self._picture(piece, seconds, memory)
        if before is not None:
            other = self._picture(before, seconds, np.empty_like(memory))
            frame = np.asarray(cv2.addWeighted(other, 1 - mix, frame, mix, 0.0, dst=memory), np.uint8)
        for stage in self._stages:
            frame = stage(frame, seconds)
        if (dark := _smooth(self._black.at(seconds))) > 0:
            frame = np.asarray(cv2.convertScaleAbs(frame, dst=memory, alpha=1 - dark), np.uint8)
        if self._huds is not None and (path := self._path(piece, seconds)) is not None:
            if not frame.flags.writeable:
                np.copyto(memory, frame)
                frame = memory
            self._huds.draw(frame, piece, path, seconds)
        return frame

    def _picture(self, piece: int, seconds: float, into: NDArray[np.uint8]) -> NDArray[np.uint8]:
        path = self._path(piece, seconds)
        grid = self._take.pieces[piece].grid
        place = np.full(len(grid.axes), 0.5) if path is None else path.at(seconds)
        return fitted(self._samplers[piece].frame(place), self._size, self._fit, into=into)

    def _path(self, piece: int, seconds: float) -> MotionPath | None:
        """Return the path that a tesseract was on at a time: the last that had begun, else its first."""
        own = [path for number, path in self._paths if number == piece]
        begun = [path for path in own if path.start_seconds <= seconds]
        return begun[-1] if begun else own[0] if own else None

    def _catch_up(self, seconds: float) -> None:
        """Do what was done to the show until a time."""
        while self._changes and self._changes[-1][0] / RATE <= seconds:
            sample, change = self._changes.pop()
            self._do(change, sample / RATE)
        self._fade.advance(seconds)

    def _do(self, change: Change, at: float) -> None:
        self._fade.advance(at)
        if isinstance(change, Show) and 0 <= change.piece < len(self._samplers):
            self._fade.choose(change.piece, seconds=change.seconds, now=at)
        elif isinstance(change, Blackout):
            self._black.go(float(change.on), seconds=change.seconds, now=at)


class _Of(NamedTuple):
    """What a HUD shows from some sample on."""

    sample: int
    piece: int
    play: Play


class _Huds:
    """The HUD of every mapping of a night, made when it is wanted."""

    def __init__(self, take: Take, size: tuple[int, int]) -> None:
        self._take, self._size = take, size
        plays = [(sample, change) for sample, change in take.changes if isinstance(change, Play)]
        self._plays = [_Of(sample, change.piece, change) for sample, change in plays]
        self._made: dict[int, tuple[Hud, FeatureTrack]] = {}
        self._states: tuple[object, FilmStates] | None = None

    def draw(self, frame: NDArray[np.uint8], piece: int, path: MotionPath, seconds: float) -> None:
        """Draw the HUD of a time on a frame, in place."""
        hud, track = self._of(piece, seconds)
        if self._states is None or self._states[0] != (id(path), id(track)):
            self._states = (id(path), id(track)), FilmStates(path, track, track.names)
        hud.draw(frame, self._states[1].at(seconds))

    def _of(self, piece: int, seconds: float) -> tuple[Hud, FeatureTrack]:
        mine = [each for each in self._plays if each.piece == piece]
        played = [each for each in mine if each.sample / RATE <= seconds]
        chosen = played[-1] if played else mine[0]
        names = chosen.play.routes.on(self._take.pieces[piece].grid).feature_names
        key = next(k for k, each in enumerate(self._plays) if each.piece == piece and self._names(each) == names)
        if key not in self._made:
            self._made[key] = self._make(self._plays[key])
        return self._made[key]

    def _names(self, of: _Of) -> tuple[str, ...]:
        return of.play.routes.on(self._take.pieces[of.piece].grid).feature_names

    def _make(self, of: _Of) -> tuple[Hud, FeatureTrack]:
        from tessonance.sound import features

        mapping = of.play.routes.on(self._take.pieces[of.piece].grid)
        track = features((self._take.samples, RATE), mapping.feature_names, sound=mapping.sound)
        return Hud(mapping.grid, mapping, self._size), track


def _check(take: Take, tesseracts: Sequence[Tesseract]) -> None:
    """Refuse tesseracts that are not those of the show."""
    wanted = ", ".join(piece.name for piece in take.pieces)
    if len(tesseracts) != len(take.pieces):
        got = ", ".join(tesseract.name for tesseract in tesseracts)
        raise ProjectError("the show had other tesseracts", where=take.path, wanted=wanted, got=got)
    for piece, tesseract in zip(take.pieces, tesseracts, strict=True):
        theirs, mine = (tuple((axis.name, axis.closed) for axis in grid.axes) for grid in (piece.grid, tesseract.grid))
        if theirs != mine:
            raise ProjectError(
                f"the axes are not those of {piece.name}",
                where=tesseract.where,
                wanted=", ".join(name for name, _ in theirs),
                got=", ".join(name for name, _ in mine),
            )


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)
