"""The show loop: a frame's own time → coordinate → pictures → the screen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tessonance.project import TEMPO
from tessonance.show.effort import Effort
from tessonance.show.flash_estimate import coded, framed, linear
from tessonance.show.overlays import Overlays
from tessonance.show.pacing import FrameTimes
from tessonance.show.panels import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from moderngl import Texture
    from numpy.typing import ArrayLike, NDArray

    from tessonance.show.desk import Desk
    from tessonance.show.ensemble import Voice
    from tessonance.show.flash import FlashLimiter
    from tessonance.show.listener import Listener
    from tessonance.show.pacing import Pace
    from tessonance.show.stage import Counts, Drawn
    from tessonance.sinks.presenter import Panel

__all__ = ["Others", "Player", "Screen", "ShowReport", "Stage"]

BEHIND_SECONDS = 0.05  # over which the velocity is taken
BLENDING = "morph is too much here: cross-fading"
PLAIN = "a fine morph is too much here: a plain one"
AHEAD_SECONDS = (0.017, 0.033, 0.067, 0.1, 0.15, 0.2)  # where a path may be known already: that of a song


class Stage(Protocol):
    """What draws one tesseract; see `tessonance.show.stage.Stage`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        ...

    @property
    def counts(self) -> Counts:
        """What has happened so far."""
        ...

    @property
    def morphs(self) -> bool:
        """Whether there is something to move pictures by."""
        ...

    @property
    def problem(self) -> str:
        """What the last reading that failed said."""
        ...

    def prepare(
        self, coordinate: ArrayLike, velocity: Sequence[float] | None = None, known: Iterable[Sequence[float]] = ()
    ) -> None:
        """Ask for the pictures that will be needed."""
        ...

    def draw(
        self,
        coordinate: ArrayLike,
        *,
        shown_in: tuple[int, int] | None = None,
        strength: float = 1.0,
        fineness: float = 1.0,
    ) -> Drawn:
        """Draw the frame of a coordinate with what is there; at a strength of 0 nothing moves."""
        ...

    def estimate(self, coordinate: ArrayLike) -> NDArray[np.float32]:
        """Return how much light that frame has where."""
        ...

    def refresh(self) -> bool:
        """Play a finer level, if one has been completed."""
        ...


class Screen(Protocol):
    """Where frames are seen; see `tessonance.sinks.surface.Surface`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    @property
    def period(self) -> float:
        """Seconds from frame to frame."""
        ...

    @property
    def work(self) -> float:
        """Seconds that the work of the last frame took, from `begin` until everything was drawn."""
        ...

    @property
    def software(self) -> bool:
        """Whether the processor draws, for lack of a graphics card."""
        ...

    @property
    def closed(self) -> bool:
        """Whether somebody closed the window."""
        ...

    @property
    def fullscreen(self) -> bool:
        """Whether it fills the monitor."""
        ...

    def toggle_fullscreen(self) -> None:
        """Fill the monitor, or be a window again."""
        ...

    def poll(self) -> list[str]:
        """Return the keys that were typed since the last call."""
        ...

    def begin(self) -> float:
        """Wait until the next frame has to be made, and return when it will be seen."""
        ...

    def flush(self) -> None:
        """Let what is drawn into textures begin now."""
        ...

    def present(
        self,
        picture: Texture,
        *,
        over: Texture | None = None,
        mix: float = 0.0,
        fit: str = "cover",
        calm: float = 0.0,
        fade: float = 0.0,
        panels: Sequence[Panel] = (),
    ) -> None:
        """Draw what is to be seen next."""
        ...

    def swap(self) -> float:
        """Show it when it is due, and return when that was."""
        ...


class Others(Protocol):
    """Who else has a say in a show, and hears of it; see `tessonance.show.remote.Remote`."""

    @property
    def text(self) -> str:
        """How it stands with them; empty where there is nothing to say."""
        ...

    def attend(self, now: float) -> None:
        """Do what they said since the last frame."""
        ...

    def tell(self, voice: Voice, coordinate: NDArray[np.float64], seconds: float) -> None:
        """Tell them of a frame: what plays, where it is, and the second of the sound that it shows."""
        ...


@dataclass(frozen=True)
class ShowReport:
    """How a show went.

    Parameters
    ----------
    pace : Pace
        How its frames followed one another.
    late_share : float
        Share of the frames for which a picture was not ready.
    replaced : int
        Pictures that another one stood in for.
    failed : int
        Pictures that could not be read.
    calmed : int
        Frames that the flash limiter changed.
    overflows : int
        How often sound was lost.
    unmoved : int
        Frames in which a picture stood still because its field was not ready.
    blended : int
        Frames whose pictures were cross-faded, because moving them was more than the machine holds.
    plain : int
        Frames whose pictures moved and were read plainly, because reading them finely was more than that.
    take_trouble : str
        Why the take ends before the show does; empty where it does not.
    """

    pace: Pace
    late_share: float
    replaced: int
    failed: int
    calmed: int
    overflows: int
    unmoved: int = 0
    blended: int = 0
    plain: int = 0
    take_trouble: str = ""


class Player:
    """Shows frames, one after the other, and never waits for anything but the screen.

    Parameters
    ----------
    desk : Desk
    listener : Listener
    stages : sequence of Stage
        One per tesseract, in the order of the show.
    screen : Screen
    limiter : FlashLimiter or None
    fit : {"cover", "contain", "stretch"}
    delay_seconds : float
        How much later than the sound the pictures come.
    others : Others, optional
        Who else has a say in the show, and hears of it.
    clock : callable
        The seconds of the host.
    """

    def __init__(
        self,
        desk: Desk,
        listener: Listener,
        stages: Sequence[Stage],
        screen: Screen,
        *,
        limiter: FlashLimiter | None = None,
        fit: str = "cover",
        delay_seconds: float = 0.0,
        others: Others | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._desk, self._listener, self._stages, self._screen = desk, listener, tuple(stages), screen
        self._limiter, self._fit, self._delay = limiter, fit, delay_seconds
        self._clock, self._times, self._others = clock, FrameTimes(), others
        self._overlays = Overlays(desk, self._status)
        self._effort, self._moved = Effort(fine=not screen.software), False
        self._places = [np.full(1, 0.5)] * len(self._stages)

    def frame(self) -> bool:
        """Show one frame; return whether the show goes on."""
        now = self._clock()
        self._attend(now)
        if self._desk.leaving or self._screen.closed:
            return False
        self._prepare(now)
        prepared = self._clock() - now
        due = self._screen.begin()
        self._listener.advance(due)
        self._draw(due)
        self._times.add(self._screen.swap())
        self._effort.note(prepared + self._screen.work, self._screen.period, moved=self._moved)
        return True

    def report(self) -> ShowReport:
        """Return how the show went so far."""
        counts = [stage.counts for stage in self._stages]
        drawn = sum(each.frames for each in counts)
        return ShowReport(
            self._times.pace(),
            sum(each.late for each in counts) / drawn if drawn else 0.0,
            sum(each.replaced for each in counts),
            sum(each.failed for each in counts),
            0 if self._limiter is None else self._limiter.calmed,
            self._listener.source.state.overflows,
            sum(each.unmoved for each in counts),
            sum(each.blended for each in counts),
            sum(each.plain for each in counts),
        )

    def _attend(self, now: float) -> None:
        """See to keys and news."""
        for key in self._screen.poll():
            self._desk.press(key, now)
        for wish in self._desk.screen:
            if wish == "fullscreen" or self._screen.fullscreen:
                self._screen.toggle_fullscreen()
        self._desk.screen.clear()
        if self._others is not None:
            self._others.attend(now)
        self._desk.look(now)

    def _prepare(self, now: float) -> None:
        """Use the time that is left of the last frame to get the pictures of the next."""
        seconds = self._seconds(now)
        for piece in self._shown(now):
            voice, stage = self._listener.voice(piece), self._stages[piece]
            if voice is None:
                continue
            stage.refresh()
            ahead = [seconds + step for step in AHEAD_SECONDS if seconds + step <= voice.path.stop_seconds]
            places = voice.path.at([seconds - BEHIND_SECONDS, seconds, *ahead])
            way = places[1] - places[0]
            way = np.where(voice.path.closed, way - np.rint(way), way)
            stage.prepare(places[1], (way / BEHIND_SECONDS).tolist(), places[2:].tolist())
            self._desk.tell_once(f"stage {piece}", stage.problem, now)

    def _draw(self, due: float) -> None:
        """Draw what is to be seen at a time, with the newest sound there is."""
        seconds, size = self._seconds(due), self._screen.size
        piece, before, mix = self._desk.showing(due)
        pieces = (piece,) if before is None else (before, piece)
        shown_in = size if self._fit == "cover" else None
        drawn = [self._drawn(each, seconds, shown_in) for each in pieces]
        self._moved = any(each.moved for each in drawn)
        self._screen.flush()
        voice = self._listener.voice(piece)
        if voice is not None and self._others is not None:
            self._others.tell(voice, self._places[piece], seconds)
        self._screen.present(
            drawn[0].texture,
            over=None if before is None else drawn[1].texture,
            mix=0.0 if before is None else mix,
            fit=self._fit,
            calm=self._calm(pieces, mix, due),
            fade=self._desk.darkness(due),
            panels=self._overlays.panels(voice, seconds, size, due),
        )

    def _drawn(self, piece: int, seconds: float, shown_in: tuple[int, int] | None) -> Drawn:
        place = self._place(piece, seconds)
        strength, fineness = self._effort.strength, self._effort.fineness
        return self._stages[piece].draw(place, shown_in=shown_in, strength=strength, fineness=fineness)

    def _calm(self, pieces: Sequence[int], mix: float, now: float) -> float:
        if self._limiter is None:
            return 0.0
        light = [self._light(each) for each in pieces]
        if len(light) == 1:
            return self._limiter.step(light[0], now)
        return self._limiter.step(linear((1 - mix) * coded(light[0]) + mix * coded(light[1])), now)

    def _light(self, piece: int) -> NDArray[np.float32]:
        """Return the light of what the screen shows of a frame: what is cut off must not make a flash look smaller."""
        stage = self._stages[piece]
        return framed(stage.estimate(self._places[piece]), stage.size, self._screen.size, self._fit)

    def _place(self, piece: int, seconds: float) -> NDArray[np.float64]:
        voice = self._listener.voice(piece)
        if voice is not None:
            self._places[piece] = voice.path.at(seconds)
        elif len(self._places[piece]) != len(self._desk.pieces[piece].mapping.grid.axes):
            self._places[piece] = np.full(len(self._desk.pieces[piece].mapping.grid.axes), 0.5)
        return self._places[piece]

    def _seconds(self, host_seconds: float) -> float:
        return (self._listener.seconds(host_seconds) or 0.0) - self._delay

    def _shown(self, now: float) -> tuple[int, ...]:
        piece, over, _ = self._desk.showing(now)
        return (piece,) if over is None else (piece, over)

    def _status(self, now: float) -> Status:
        state = self._listener.source.state
        report = self.report()
        heard = self._listener.source.name + ("" if state.status == "playing" else f" ({state.status})")
        others = "" if self._others is None else self._others.text
        less = (BLENDING,) if self._effort.resting else (PLAIN,) if self._effort.plain else ()
        less = less if any(self._stages[piece].morphs for piece in self._shown(now)) else ()
        lines = (*less, *self._desk.lines, *self._heard_lines(now), *((others,) if others else ()))
        return Status(self._times.fps, report.late_share, state.level_db, heard, lines, self._desk.notes(now))

    def _heard_lines(self, now: float) -> tuple[str, ...]:
        """Say what is made of the sound, where that cannot be seen otherwise."""
        voice = self._listener.voice(self._shown(now)[0])
        if voice is None:
            return ()
        beat = voice.performer.beat(self._seconds(now)) if set(TEMPO) & set(voice.track.names) else None
        said = [f"{beat[1]:.0f} beats a minute"] if beat is not None else []
        return (*said, "no sound: the picture drifts") if voice.performer.asleep else tuple(said)
