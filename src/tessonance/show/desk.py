"""The artist's desk: what keys, other programs and edited files do to a show."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tessonance.project import TEMPO, Mapping
from tessonance.show.changes import Beat, Blackout, End, Hold, Play, Routes, Show, Tap
from tessonance.show.fades import CrossFade, Ramp
from tessonance.show.hands import Hands, shaped
from tessonance.show.hearing import SILENCE_DB
from tessonance.show.keys import action_of, piece_of
from tessonance.show.mapping_file import Saved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tessonance.show.changes import Change
    from tessonance.show.fades import Shown
    from tessonance.show.keys import Action
    from tessonance.show.listener import Listener
    from tessonance.show.mapping_file import MappingFile

__all__ = ["Desk", "LivePiece"]

CROSS_FADE_SECONDS = 2.0
BLACKOUT_SECONDS = 1.0
TURN_SECONDS = 0.2  # between two turns of a fade: five changes a second are two and a half flashes
NOTE_SECONDS, NOTES = 6.0, 3  # how long something is to be read, and how much of it at once
LEAVE_SECONDS = 2.0  # within which the key must come twice


@dataclass
class LivePiece:
    """One tesseract of a show, with what the artist did to its mapping.

    Parameters
    ----------
    name : str
    mapping : Mapping
        As its file has it.
    file : MappingFile
        Where it is saved, whether it exists yet or not.
    hands : Hands
    saving : Hands
        As they were when they were asked to be saved last.
    """

    name: str
    mapping: Mapping
    file: MappingFile
    hands: Hands = field(default_factory=Hands)
    saving: Hands = field(default_factory=Hands)

    @property
    def played(self) -> Mapping:
        """The mapping as the artist's hands make it."""
        return shaped(self.mapping, self.hands)


class Desk:
    """Holds how a show stands, and changes it.

    Parameters
    ----------
    pieces : sequence of LivePiece
        At least one.
    listener : Listener
    hud : bool
        Whether the panels are to be seen at the beginning.
    say : callable
        Told every note, for those who do not look at the screen.
    doubt : callable
        Number of a tesseract and the mapping that was read anew → what of it is in vain; empty where nothing is.

    Attributes
    ----------
    hud, help, frozen : bool
    leaving : bool
        Whether the show is to end.
    screen : list of {"fullscreen", "window"}
        What the window is asked for; whoever does it clears the list.
    """

    def __init__(
        self,
        pieces: Sequence[LivePiece],
        listener: Listener,
        *,
        hud: bool = False,
        say: Callable[[str], object] = lambda text: None,
        doubt: Callable[[int, Mapping], str] = lambda piece, mapping: "",
    ) -> None:
        self.pieces, self._listener, self._say, self._doubt = tuple(pieces), listener, say, doubt
        self.hud, self.help, self.frozen, self.leaving = hud, False, False, False
        self.screen: list[Action] = []
        self._fade, self._black, self._dark = CrossFade(), Ramp(), False
        self._fading, self._fade_seconds, self._turned_at = False, BLACKOUT_SECONDS, -1e9
        self._notes: deque[tuple[float, str]] = deque(maxlen=NOTES)
        self._leave_until = -1e9
        self._told: dict[str, str] = {}
        self._standing: dict[str, str] = {}  # what is wrong, until it is right

    @property
    def dark(self) -> bool:
        """Whether the picture is faded out, or on the way there."""
        return self._dark

    @property
    def piece(self) -> LivePiece:
        """The tesseract that is shown."""
        return self.pieces[self._fade.piece]

    def begin(self) -> None:
        """Let the first tesseract play."""
        self._play(0)
        self._listener.send(Show(0, 0.0))

    def press(self, name: str, now: float) -> None:
        """Do what a key does, by the window's name for it."""
        action = action_of(name)
        if action == "choose":
            self.choose(piece_of(name), now)
        elif action is not None:
            self.act(action, now)

    def act(self, action: Action, now: float) -> None:
        """Do something out of the table of keys."""
        if action in ("fullscreen", "window"):
            self.screen.append(action)
        elif action == "help":
            self.help = not self.help
        elif action == "hud":
            self.hud = not self.hud
        elif action == "freeze":
            self.freeze(not self.frozen, now)
        elif action == "blackout":
            self.blackout(not self._dark, now)
        elif action == "save":
            self.piece.saving = self.piece.hands
            self.piece.file.save(self.piece.played)
        elif action == "tap":
            self._tap(now)
        elif action == "next":
            self.choose((self._fade.piece + 1) % len(self.pieces), now)
        elif action == "leave":
            self._leave(now)
        else:
            self._turn(action, now)

    def freeze(self, on: bool, now: float) -> None:
        """Let the picture stand still, or go on."""
        if on == self.frozen:
            return
        self.frozen = on
        self._listener.send(Hold(on))
        self._say("frozen" if on else "going on")  # the panel has a line for it

    def blackout(self, on: bool, now: float, *, seconds: float = BLACKOUT_SECONDS) -> None:
        """Fade the picture out, or in again; asked for too often, it turns round only a little later."""
        self._dark, self._fade_seconds = on, seconds
        self._black_out(now)

    def choose(self, piece: int, now: float, *, seconds: float = CROSS_FADE_SECONDS) -> None:
        """Fade to a tesseract, counted from 0; one that is not there is passed over."""
        if not 0 <= piece < len(self.pieces):
            self.note(f"there is no tesseract {piece + 1}", now)
        elif self._fade.choose(piece, seconds=seconds, now=now):
            self._show(piece, seconds, now)

    def beat(self, now: float, *, bpm: float | None = None, first: bool = False) -> None:
        """Take a beat that another program tells, with its tempo if that is known, and whether it begins a bar."""
        if (seconds := self._listener.then(now)) is not None:
            self._listener.send(Beat(seconds, bpm, first))

    def set_hands(self, hands: Hands) -> None:
        """Set gain, smoothing and level of the tesseract that is shown."""
        self.piece.hands = hands
        self._play(self._fade.piece)

    def send(self, change: Change) -> None:
        """Pass on what concerns the coordinate alone."""
        self._listener.send(change)

    def look(self, now: float) -> None:
        """See what happened meanwhile: edited files, troubles, fades that are over."""
        for number, piece in enumerate(self.pieces):
            while not piece.file.news.empty():
                self._hear_of(number, piece, piece.file.news.get(), now)
        while not self._listener.problems.empty():
            self.note(self._listener.problems.get(), now)
        self._look_at_input(now)
        self._black_out(now)
        gone, begins = self._fade.advance(now)
        if gone is not None and gone != self._fade.piece:
            self._listener.send(End(gone))
        if begins is not None:
            self._show(begins, CROSS_FADE_SECONDS, now)

    def showing(self, now: float) -> Shown:
        """Return which tesseracts are to be seen."""
        return self._fade.showing(now)

    def darkness(self, now: float) -> float:
        """Return how far the picture is faded out, 0..1."""
        share = self._black.at(now)
        return share * share * (3 - 2 * share)

    def note(self, text: str, now: float) -> None:
        """Have something read on the screen for some seconds; what is there already is read longer, not twice."""
        self._notes = deque((each for each in self._notes if each[1] != text), maxlen=NOTES)
        self._notes.append((now + NOTE_SECONDS, text))
        self._say(text)

    def tell_once(self, about: str, text: str, now: float, *, lasting: bool = False) -> None:
        """Note what is new about something; an empty text means that all is well with it.

        What is `lasting` is to be read until then.
        """
        if text == self._told.get(about, ""):
            return
        self._told[about] = text
        if lasting:
            self._stand(about, text)
        elif text:
            self.note(text, now)

    def notes(self, now: float) -> tuple[str, ...]:
        """Return what is to be read now: what is wrong, then what happened lately, the oldest first."""
        return (*self._standing.values(), *(text for until, text in self._notes if until > now))

    @property
    def lines(self) -> tuple[str, ...]:
        """How the show stands otherwise than at its beginning, a line each."""
        number, many = self._fade.piece, len(self.pieces)
        said = [f"{number + 1} of {many}: {self.pieces[number].name}"] if many > 1 else []
        said += ["frozen; Space lets it go on"] if self.frozen else []
        said += ["black; B brings the picture back"] if self._dark else []
        return (*said, self.hands_text) if self.hands_text else tuple(said)

    @property
    def hands_text(self) -> str:
        """How the artist has set gain, smoothing and level; empty where as in the file."""
        hands = self.piece.hands
        parts = [f"gain {hands.gain:.2f}"] if hands.gain != 1 else []
        parts += [f"smoothing {hands.smoothing:.2f}"] if hands.smoothing != 1 else []
        if hands.automatic_level is not None:
            parts.append("automatic level" if hands.automatic_level else f"level held at {hands.start_level_db:g} dB")
        return ", ".join(parts)

    def _turn(self, action: Action, now: float) -> None:
        hands = self.piece.hands
        if action == "automatic level":
            on, level_db = not self.piece.played.sound.automatic_level, self._listener.level_db()
            if not on and level_db <= SILENCE_DB:
                self.note("nothing sounds, so there is no level to hold: press A in a loud part", now)
                return
            hands = hands.levelled(on, level_db=level_db)
        elif action == "reset":
            hands = Hands()
        else:
            more = 1 if action.startswith("more") else -1
            hands = hands.turned(**{action.split()[1]: more})
        self.set_hands(hands)
        self._say(self.hands_text or "gain, smoothing and level as in the file")  # the panel has a line for it

    def _play(self, piece: int) -> None:
        self._listener.send(Play(piece, Routes.of(self.pieces[piece].played)))

    def _show(self, piece: int, seconds: float, now: float) -> None:
        self._play(piece)
        self._listener.send(Show(piece, seconds))
        self._say(f"{piece + 1}: {self.pieces[piece].name}")  # the panel has a line for it

    def _hear_of(self, number: int, piece: LivePiece, news: Mapping | Saved | str, now: float) -> None:
        about = f"mapping {number}"
        if isinstance(news, str):
            self._stand(about, news)
            return
        mapping = news.mapping if isinstance(news, Saved) else news
        if mapping.sound.hop != piece.mapping.sound.hop:
            self._stand(about, f"{piece.file.path.name}: the hop stays as it is in a show; the mapping before goes on")
            return
        if piece.mapping.routes and not mapping.routes:  # an editor empties a file, then writes; so may a full disk
            self._stand(about, f"{piece.file.path.name}: there are no routes in it; the mapping before goes on")
            return
        self._stand(about, "")
        played, piece.mapping = Routes.of(piece.played), mapping
        if isinstance(news, Saved):
            piece.hands = piece.hands.beyond(piece.saving)
            piece.saving = Hands()
        if Routes.of(piece.played) != played and number in (self._fade.piece, self._fade.showing(now).over):
            self._play(number)
        done = "saved to {}" if isinstance(news, Saved) else "{} was read again"
        self.note(done.format(piece.file.path.name), now)
        if doubt := self._doubt(number, mapping):
            self.note(doubt, now)

    def _black_out(self, now: float) -> None:
        """Let the fade go where it is wanted. What turns round more than three times a second would flash."""
        if self._fading != self._dark and now - self._turned_at >= TURN_SECONDS:
            self._fading, self._turned_at = self._dark, now
            self._black.go(float(self._dark), seconds=self._fade_seconds, now=now)
            self._listener.send(Blackout(self._dark, self._fade_seconds))

    def _look_at_input(self, now: float) -> None:
        message, away = self._listener.source.state.message, "input" in self._standing
        self.tell_once("input", message, now, lasting=True)
        if away and not message:
            self.note(f"{self._listener.source.name} is heard again", now)

    def _stand(self, about: str, text: str) -> None:
        """Say what is wrong, and have it read until it is right, which an empty text tells."""
        self._standing.pop(about, None)
        if text:
            self._standing[about] = text
            self._say(text)

    def _tap(self, now: float) -> None:
        if not set(TEMPO) & set(self.piece.played.feature_names):
            self.note("no route follows the beat: a feature of it is beat, bar or bpm", now)
        elif (seconds := self._listener.then(now)) is not None:
            self._listener.send(Tap(seconds))

    def _leave(self, now: float) -> None:
        self.leaving = now < self._leave_until
        self._leave_until = now + LEAVE_SECONDS
        if not self.leaving:
            self.note("once more ends the show", now)
