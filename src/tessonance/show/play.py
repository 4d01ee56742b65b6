"""The live show: sound in, pictures out, all night."""

from __future__ import annotations

import gc
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tessonance.errors import ProjectError, RenderError, SoundError
from tessonance.project import TEMPO, mapping_beside, mapping_for
from tessonance.sampling.fit import check_fit
from tessonance.show.desk import Desk, LivePiece
from tessonance.show.flash import FlashLimiter
from tessonance.show.governing import governors, ungoverned, unheld
from tessonance.show.listener import Listener
from tessonance.show.mapping_file import MappingFile
from tessonance.show.player import Player
from tessonance.show.remote import Remote
from tessonance.show.take import Piece, TakeWriter, check_take
from tessonance.sinks.format import frame_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tessonance.control.osc import OscIn, OscOut
    from tessonance.show.player import ShowReport
    from tessonance.show.stage import Stage
    from tessonance.sinks.surface import Surface
    from tessonance.sound.inputs import Input
    from tessonance.store import Tesseract

__all__ = ["OSC", "Look", "open_input", "play"]

OSC, OSC_NAME = "osc", "OSC"  # the word for no sound at all: everything comes from other programs
LAYER_BYTES = 256 * 2**20  # of pictures that are ready, for all tesseracts of a show together
MOST_DELAY_MS = 10_000.0  # of the past, and of the future of a song, no more is kept
SWITCH_SECONDS = 0.001  # how long the interpreter's lock may be held against a thread that wants it


@dataclass(frozen=True)
class Look:
    """How a show looks.

    Parameters
    ----------
    size : (int, int)
        Width and height of the window.
    fullscreen : bool
    monitor : int
        Which one, counted as `tess devices` does.
    fps : float
        From 1 to 240.
    vsync : bool
    fit : {"cover", "contain", "stretch"}
    method : {"nearest", "blend", "morph"}, optional
        ``morph`` unless given where a tesseract is baked, else ``blend`` until it is.
    delay_ms : float
        How much later than the sound the pictures come, at most ten seconds; less than 0 for earlier, where they are
        known so early.
    hud : bool
        Whether the panels are there from the beginning.
    flash_limit : bool
        Whether frames are held below the flash thresholds of WCAG 2.3.1.

    Raises
    ------
    RenderError
        If something of it cannot be.
    """

    size: tuple[int, int] = (1280, 720)
    fullscreen: bool = False
    monitor: int = 0
    fps: float = 60.0
    vsync: bool = True
    fit: str = "cover"
    method: str | None = None
    delay_ms: float = 0.0
    hud: bool = False
    flash_limit: bool = True

    def __post_init__(self) -> None:
        check_fit(self.fit)
        frame_rate(self.fps)
        if not abs(self.delay_ms) <= MOST_DELAY_MS:
            wanted = f"-{MOST_DELAY_MS:g} to {MOST_DELAY_MS:g} ms"
            raise RenderError("pictures cannot be so late", where="--delay-ms", wanted=wanted, got=str(self.delay_ms))


def play(
    tesseracts: Sequence[str | Path],
    source: str | Input | None = None,
    *,
    output: str | None = None,
    start: float = 0.0,
    loop: bool = False,
    mappings: Sequence[str | Path] = (),
    look: Look | None = None,
    record: str | Path | None = None,
    force: bool = False,
    osc_in: str | None = None,
    osc_out: str | None = None,
    seconds: float | None = None,
    say: Callable[[str], object] = lambda text: None,
    surface: Surface | None = None,
) -> ShowReport:
    """Play tesseracts live in a window, until it is closed.

    For a film of a song see `tessonance.render`; for the loop alone, `tessonance.show.player.Player`.

    Parameters
    ----------
    tesseracts : sequence of path-like
        The first is shown; number keys fade to the others.
    source : str or Input, optional
        A sound device by name or number, ``"system"`` for what the machine plays, a song file, or ``"osc"`` for no
        sound at all. The default input device unless given.
    output : str, optional
        The device through which a song is heard; the default one unless given.
    start : float
        Where in a song to begin, in seconds.
    loop : bool
        Whether a song begins again when it ends.
    mappings : sequence of path-like
        A file of routes for each tesseract, in their order. Else ``NAME.toml`` beside it, else what is stored inside.
    look : Look, optional
    record : path-like, optional
        A take to write; see `tessonance.show.take.TakeWriter`.
    force : bool
        Whether to replace a take that exists.
    osc_in, osc_out : str, optional
        Where other programs are listened to and told of every frame: a port, or HOST:PORT; see `OscIn` and `OscOut`.
    seconds : float, optional
        How long to play; until the window is closed unless given.
    say : callable
        Told what is noted during the show.
    surface : Surface, optional
        Where to show it; a window of its own unless given. It is left open.

    Returns
    -------
    ShowReport

    Raises
    ------
    TessError
        If there is no such tesseract, mapping, device, song, monitor or display, or nothing moves.
    """
    look = look or Look()
    with ExitStack() as stack:
        opened = [stack.enter_context(_opened(path)) for path in tesseracts]
        pieces = [_piece(each, mapping, source) for each, mapping in _with_mappings(opened, mappings)]
        if source is None or isinstance(source, str):
            source = open_input(source, output=output, start=start, loop=loop)
            stack.callback(source.close)
            if source.heard(0.0) is None and (output is not None or start or loop):
                say(f"--output, --from and --loop are for songs; {source.name} is heard as it comes")
        if record is not None:
            check_take(record, force=force)
        hearing, telling = _others(stack, osc_in, osc_out)
        screen = surface or stack.enter_context(_window(look, pieces[0].name))
        stages = _stages(stack, screen, opened, look)
        writer = None
        if record is not None:  # at last: a show that cannot begin replaces no take
            writer = TakeWriter(record, [Piece(piece.name, piece.mapping.grid) for piece in pieces], force=force)
            stack.callback(writer.close)
        also = TEMPO if osc_out is not None else ()
        grids = [piece.mapping.grid for piece in pieces]
        limits = governors(opened, [piece.mapping for piece in pieces])
        listener = Listener(source, grids, governor=limits, record=writer, also=also)
        stack.callback(listener.close)
        desk = Desk(pieces, listener, hud=look.hud, say=say, doubt=unheld([piece.name for piece in pieces], limits))
        others = Remote(desk, hearing=hearing, telling=telling, features=source.name == OSC_NAME)
        player = Player(
            desk,
            listener,
            stages,
            screen,
            limiter=FlashLimiter() if look.flash_limit else None,
            fit=look.fit,
            delay_seconds=look.delay_ms / 1000,
            others=others,
        )
        for piece, tesseract in zip(pieces, opened, strict=True):
            if trouble := ungoverned(tesseract, piece.mapping):
                say(trouble)
            piece.file.start()
            stack.callback(piece.file.close)
        desk.begin()
        say(f"{source.name} is heard; in the window H shows the keys, and Q twice ends the show")
        if source.name == OSC_NAME and osc_in is None:
            say("no program can reach this show; --osc-in 9000 listens to them")
        listener.start()
        with _undisturbed():
            _run(player, desk, writer, seconds)
        if writer is None:
            return player.report()
        listener.close()
        writer.close()
        return replace(player.report(), take_trouble=writer.trouble)


def open_input(wanted: str | None, *, output: str | None = None, start: float = 0.0, loop: bool = False) -> Input:
    """Open what a show listens to, by what the user calls it; see `play`.

    Raises
    ------
    SoundError
        If there is nothing of that name.
    """
    from tessonance.sound import Silence, opening

    if wanted is not None and wanted.strip().lower() == OSC and not Path(wanted).is_file():
        return Silence(name=OSC_NAME)
    try:
        return opening.open_input(wanted, output=output, start=start, loop=loop)
    except SoundError as error:
        if wanted is not None:
            raise
        first = f"{error.hint}; or " if error.hint else ""
        hint = f"{first}--input SONG plays a song file, --input NAME listens to a device; `tess devices` lists them"
        raise SoundError(f"nothing to listen to: {error.problem}", where=error.where, hint=hint) from error


def _opened(path: str | Path) -> Tesseract:
    from tessonance.store import open_tesseract

    return open_tesseract(path)


def _with_mappings(
    opened: Sequence[Tesseract], mappings: Sequence[str | Path]
) -> Iterator[tuple[Tesseract, str | Path | None]]:
    if not opened:
        raise ProjectError("no tesseract was named, so there is nothing to show")
    if len(mappings) > len(opened):
        wanted, got = f"at most one for each of {len(opened)} tesseracts", str(len(mappings))
        raise ProjectError("there are more mappings than tesseracts", wanted=wanted, got=got)
    return zip(opened, [*mappings, *[None] * (len(opened) - len(mappings))], strict=True)


def _piece(tesseract: Tesseract, mapping: str | Path | None, source: str | Input | None) -> LivePiece:
    routes = mapping_for(tesseract.path, tesseract.project, mapping=mapping)
    if not routes.routes and source != OSC:
        raise ProjectError(
            "there are no routes, so the picture would stand still",
            where=mapping or tesseract.where,
            hint="a [[route]] with a feature and an axis, in the mapping or the project file; or --input osc",
        )
    beside = mapping_beside(tesseract.path)
    file = Path(mapping) if mapping is not None else beside if beside.is_file() else tesseract.beside(".toml")
    return LivePiece(tesseract.name, routes, MappingFile(file, tesseract.grid))


def _window(look: Look, name: str) -> Surface:
    from tessonance.sinks.window import Window

    return Window(
        look.size,
        title=f"{name} · tessonance",
        fullscreen=look.fullscreen,
        monitor=look.monitor,
        fps=look.fps,
        vsync=look.vsync,
    )


def _stages(stack: ExitStack, screen: Surface, opened: Sequence[Tesseract], look: Look) -> list[Stage]:
    from tessonance.show.stage import Stage

    share = LAYER_BYTES // len(opened)
    return [
        stack.enter_context(Stage(screen.context, tesseract, method=look.method, layer_bytes=share))
        for tesseract in opened
    ]


def _others(stack: ExitStack, osc_in: str | None, osc_out: str | None) -> tuple[OscIn | None, OscOut | None]:
    from tessonance.control.osc import OscIn, OscOut

    hearing = stack.enter_context(OscIn(osc_in)) if osc_in is not None else None
    telling = stack.enter_context(OscOut(osc_out)) if osc_out is not None else None
    return hearing, telling


def _run(player: Player, desk: Desk, writer: TakeWriter | None, seconds: float | None) -> None:
    until = None if seconds is None else time.perf_counter() + seconds
    try:
        while player.frame():
            now = time.perf_counter()
            if writer is not None:
                desk.tell_once("take", writer.trouble, now, lasting=True)
            if until is not None and now >= until:
                return
    except KeyboardInterrupt:  # the usual end of a show that was begun in a terminal
        return


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the interpreter from holding up frames: what is there already is no garbage, and threads yield soon."""
    interval = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.unfreeze()
