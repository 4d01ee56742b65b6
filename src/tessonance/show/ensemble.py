"""Everything that moves in a show: one voice for each tesseract that plays."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import structs

from tessonance.errors import GridError, TessError
from tessonance.project import ANALYSIS_RATE
from tessonance.show.changes import Blackout, End, Hold, Play, Show
from tessonance.show.hearing import Ear, Hearing, warm_up_from
from tessonance.show.live_path import LivePath
from tessonance.show.live_state import LiveTrack
from tessonance.show.performer import Performer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tessonance.grid import Grid
    from tessonance.motion import Governor
    from tessonance.project import Mapping
    from tessonance.show.changes import Change

__all__ = ["Ensemble", "Record", "Voice"]

WARM_UP_AT_ONCE = 24_000  # samples: a few milliseconds of work


class Record(Protocol):
    """Who is told of everything that is heard and changed, in its order; a take."""

    def heard(self, samples: NDArray[np.float32]) -> None:
        """Keep some more samples."""
        ...

    def moved(self, piece: int, hop: int, first_hop: int, coordinates: NDArray[np.float64]) -> None:
        """Keep where these samples led a tesseract, in hops of so many samples."""
        ...

    def changed(self, sample: int, change: Change) -> None:
        """Keep a change, and before which sample it was made."""
        ...


class Voice(NamedTuple):
    """One tesseract of a show while it plays; whoever shows it reads its path.

    Parameters
    ----------
    piece : int
        The number of the tesseract in the show.
    performer : Performer
    path : LivePath
    track : LiveTrack
        What the features were lately.
    """

    piece: int
    performer: Performer
    path: LivePath
    track: LiveTrack


class _Coming(NamedTuple):
    """A mapping that warms up."""

    mapping: Mapping
    hearing: Hearing


class Ensemble:
    """Hears samples and moves every voice; the same in a show and where its take is heard again.

    A mapping that hears other features warms up first, a part with each `hear`, so that no frame has to wait for five
    seconds of sound; then it plays, and then it is recorded.

    Parameters
    ----------
    grids : sequence of Grid
        The tesseracts' grids, in the order of the show.
    governor : callable, optional
        Number of a tesseract and mapping → what limits its speed.
    record : Record, optional
    also : sequence of str
        Features to hear besides those that the mappings need.

    Attributes
    ----------
    ear : Ear
    voices : tuple of Voice
        Replaced whole, so that another thread may read it.
    """

    def __init__(
        self,
        grids: Sequence[Grid],
        *,
        governor: Callable[[int, Mapping], Governor | None] = lambda piece, mapping: None,
        record: Record | None = None,
        also: Sequence[str] = (),
    ) -> None:
        self.ear = Ear()
        self.voices: tuple[Voice, ...] = ()
        self._grids, self._governor, self._record = tuple(grids), governor, record
        self._also = tuple(also)
        self._coming: dict[int, tuple[Play, _Coming]] = {}
        self._held = False

    def voice(self, piece: int) -> Voice | None:
        """Return the voice of a tesseract; None where it does not play."""
        return next((voice for voice in self.voices if voice.piece == piece), None)

    @property
    def known_seconds(self) -> float:
        """Up to which second of the sound all paths are known."""
        heard = self.ear.position / ANALYSIS_RATE
        return min((path.stop_seconds for _, _, path, _ in self.voices), default=heard)

    @property
    def samples_to_hop(self) -> int:
        """How many more samples complete the next hop of a voice; 1 where none plays."""
        position = self.ear.position
        return min((performer.hop - position % performer.hop for _, performer, _, _ in self.voices), default=1)

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Hear some more, mono at 48 kHz."""
        if self._record is not None:
            self._record.heard(samples)
        for piece, performer, path, track in self.voices:
            first = performer.first_hop + len(path)
            performed = performer.push(samples)
            track.append(performed.features)
            path.append(performed.coordinates)
            if self._record is not None:
                self._record.moved(piece, performer.hop, first, performed.coordinates)
        self.ear.hear(samples)
        for piece, (change, coming) in list(self._coming.items()):
            if coming.hearing.catch_up(self.ear, most=len(samples) + WARM_UP_AT_ONCE):
                del self._coming[piece]
                self._play(change, coming)

    def change(self, change: Change) -> None:
        """Apply a change before the next sample: to every voice, or to the one it names.

        Raises
        ------
        TessError
            If it cannot be; nothing is changed then.
        """
        if isinstance(change, Play):
            self._prepare(change)
            return
        if isinstance(change, End):
            self._coming.pop(change.piece, None)
            self.voices = tuple(voice for voice in self.voices if voice.piece != change.piece)
        elif not isinstance(change, Show | Blackout):
            self._apply(change)
        self._note(change)

    def _note(self, change: Change) -> None:
        if self._record is not None:
            self._record.changed(self.ear.position, change)

    def _apply(self, change: Change) -> None:
        """Apply a change where it fits: not every tesseract has every axis."""
        if isinstance(change, Hold):
            self._held = change.on
        refused = []
        for voice in self.voices:
            try:
                voice.performer.change(change)
            except TessError as error:
                refused.append(error)
        if refused and len(refused) == len(self.voices):
            raise refused[0]

    def _prepare(self, change: Play) -> None:
        """Let a mapping play at once, or warm up where it hears otherwise."""
        if not 0 <= change.piece < len(self._grids):
            raise GridError("there is no such tesseract in the show", got=f"number {change.piece}")
        mapping, voice = change.routes.on(self._grids[change.piece]), self.voice(change.piece)
        if voice is not None:
            voice.performer.check(mapping)
            if not voice.performer.needs_to_hear(mapping):
                self._coming.pop(change.piece, None)
                self._play(change, None)
                return
        hop, position = mapping.sound.hop, self.ear.position
        since = warm_up_from(position, hop=hop) if change.since is None else max(0, change.since) // hop * hop
        coming = _Coming(mapping, Hearing(mapping, since=min(since, position // hop * hop), also=self._also))
        # Of a take, what the show did over some frames is done at once.
        if coming.hearing.catch_up(self.ear, most=WARM_UP_AT_ONCE if change.since is None else None):
            self._coming.pop(change.piece, None)
            self._play(change, coming)
        else:
            self._coming[change.piece] = change, coming

    def _play(self, change: Play, coming: _Coming | None) -> None:
        voice = self.voice(change.piece)
        if coming is None or voice is not None:
            assert voice is not None
            mapping = change.routes.on(self._grids[change.piece])
            voice.performer.play(mapping, None if coming is None else coming.hearing)
            if mapping.feature_names != voice.track.names:
                path = voice.path
                names = mapping.feature_names
                track = LiveTrack(names, hop_seconds=path.hop_seconds, start_seconds=path.stop_seconds)
                now = voice._replace(track=track)
                self.voices = tuple(now if each is voice else each for each in self.voices)
        else:
            self.voices = (*self.voices, self._new_voice(change.piece, coming))
        self._note(change if coming is None else structs.replace(change, since=coming.hearing.since))

    def _new_voice(self, piece: int, coming: _Coming) -> Voice:
        performer = Performer(coming.mapping, coming.hearing, governor=partial(self._governor, piece))
        if self._held:
            performer.change(Hold(True))
        start, hop = performer.first_hop * performer.hop_seconds, performer.hop_seconds
        path = LivePath(performer.place, hop_seconds=hop, start_seconds=start, closed=performer.closed)
        track = LiveTrack(coming.mapping.feature_names, hop_seconds=hop, start_seconds=start)
        return Voice(piece, performer, path, track)
