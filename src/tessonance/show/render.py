"""A film of a song: the whole show, offline."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tessonance.sampling.fit import check_fit
from tessonance.show.calm import Calm
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
from tessonance.show.frames import FrameMaker
from tessonance.show.governing import ungoverned
from tessonance.show.hud import Hud
from tessonance.show.rehearsal import rehearse, routes_for
from tessonance.show.state import FilmStates
from tessonance.sinks.format import frame_rate, frame_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.project import Mapping
    from tessonance.show.frames import Stage
    from tessonance.show.rehearsal import Rehearsal
    from tessonance.sinks import Sink
    from tessonance.sound.decoders import Song
    from tessonance.store import Tesseract

__all__ = ["RenderReport", "render"]


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
    method: str | None = None,
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
    method : {"nearest", "blend", "morph"}, optional
        ``morph`` unless given where the tesseract is baked, else ``blend``.
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
    not_the_song(path, song)
    film = film_path(path, force=force) if sink is None else None  # refused before anything long begins
    with ExitStack() as stack:
        if isinstance(tesseract, str | Path):
            tesseract = stack.enter_context(opened(tesseract))
        sampler = sampler_of(tesseract, method=method, cut_to=size if fit == "cover" else None)
        fitting = "stretch" if fit == "cover" else fit  # what was cut has the frame's proportions
        routes = routes_for(tesseract, mapping)
        part = Part.of(song, start=start, stop=stop, fps=rate)
        out = film_sink(path, part, size=size, encoder=encoder, force=force) if sink is None else sink
        calm = Calm() if flash_limit else None
        passed: list[Stage] = [*stages, calm] if calm else [*stages]
        try:
            rehearsal = rehearse(tesseract, part, routes)
            shown = _hud(routes, rehearsal, size) if hud else None
            path_taken = rehearsal.path
            maker = FrameMaker(sampler, path_taken, size=size, fit=fitting, stages=passed, hud=shown, lasting=LASTING)
            pump(maker, part, out, progress)
            out.close()
        except BaseException:
            out.abandon()
            raise
        trouble = ungoverned(tesseract, routes)
    calmed = calm.limiter.calmed if calm else 0
    return RenderReport(part.frames, float(part.frames / rate), film, size, rate, calmed, trouble)


def _hud(routes: Mapping, rehearsal: Rehearsal, size: tuple[int, int]) -> tuple[Hud, FilmStates]:
    states = FilmStates(rehearsal.path, rehearsal.track, routes.feature_names)
    return Hud(routes.grid, routes, size), states
