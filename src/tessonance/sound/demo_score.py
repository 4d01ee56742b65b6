"""The score of the demo song: its chords, its parts, and the sample at which each note falls."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BPM", "SONG", "Chord", "Note", "Part", "Sheet"]

BPM = 112.5  # a sixteenth is exactly 6400 samples at 48 kHz and 5880 at 44.1 kHz
BAR_STEPS = 16  # sixteenths
STEP_SECONDS = 60 / BPM / 4
SWING = 0.14  # how late every second sixteenth comes, in sixteenths


class Chord(NamedTuple):
    """What the bass and the pad play, as MIDI pitches; the pad stays well above middle C, clear of the lows."""

    root: int
    pad: tuple[int, int, int, int]


# From one chord to the next most voices stay, and the others go one step.
CHORDS = {
    "Fm9": Chord(29, (63, 67, 68, 72)),
    "Dbmaj9": Chord(37, (63, 65, 68, 72)),
    "Abmaj9": Chord(32, (63, 67, 70, 72)),
    "Eb69": Chord(39, (65, 67, 70, 72)),
    "C7sus": Chord(36, (65, 67, 70, 72)),
    "C7b9": Chord(36, (64, 67, 70, 73)),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section of the song.

    A character of a pattern is a sixteenth: ``.`` rests, ``-`` holds the note before it, anything else is a note.
    ``|`` parts the bars, which come round again. What the notes mean:

    ==================================  ==================================================================
    ``kick clap hat open_hat keys``     how hard, 1 to 9
    ``bass``                            (r)oot, (f)ifth, (o)ctave
    ``pluck``                           a voice of the chord: 0 to 3, an octave higher 4 to 7, 8 and 9 above
    ``lead``                            pitches and their sixteenths: ``Eb5:3``
    ``chords``                          names; two in a bar share it
    ==================================  ==================================================================

    `pad` is the level of the pad, `glow` how open its filter is at the end of the part, `shine` how bright the
    plucks are, all from 0 to 1; `beater` is how much of the kick's knock is heard.
    """

    name: str
    bars: int
    chords: str
    pad: float = 0.0
    glow: float = 0.0
    kick: str = ""
    beater: float = 1.0
    clap: str = ""
    hat: str = ""
    open_hat: str = ""
    bass: str = ""
    keys: str = ""
    pluck: str = ""
    shine: float = 0.5
    lead: str = ""
    crash: bool = False
    riser: bool = False


SONG = (
    Part(
        name="intro",
        bars=2,
        chords="Fm9|Dbmaj9",
        pad=0.7,
        glow=0.03,
        pluck="..1.....3...2...|..0.....2...3...",
        shine=0.0,
    ),
    Part(
        name="hats",
        bars=2,
        chords="Abmaj9|Eb69",
        pad=0.6,
        hat="7.....5...7.....|7...4.6...7.4.57",
        open_hat="....8.......8...|....8.......8...",
    ),
    Part(
        name="bass",
        bars=2,
        chords="Fm9|Dbmaj9",
        kick="9.........9.....|9.....7...9.....",
        beater=0.0,
        bass="..r-..o-....r-f-|..r-o-....r-f.o.",
    ),
    Part(
        name="groove",
        bars=2,
        chords="Abmaj9|Eb69",
        pad=0.75,
        glow=0.45,
        kick="9.....9...9.....",
        clap="....8.......8...",
        hat="4.....3.4...3..5",
        open_hat="..8...8...8...8.",
        bass="..r-....r-...r.o|..r-....r-......",
        keys="...8..6.......7.",
        pluck="4..5..7..6..4.5.",
        shine=0.6,
        crash=True,
    ),
    Part(
        name="break",
        bars=1,
        chords="C7sus C7b9",
        pad=0.85,
        glow=1.0,
        clap="............246.",
        pluck="4.5.6.7.5.6.7.8.",
        shine=0.8,
        riser=True,
    ),
    Part(
        name="full",
        bars=4,
        chords="Fm9|Dbmaj9|Abmaj9|C7sus C7b9",
        pad=0.85,
        glow=0.6,
        kick="9...9...9...9...|9...9...9.....7.|9...9...9...9...|9...9...9.......",
        clap="....8.......8...|....8.......8..3|....8.......8...|....8.......8.46",
        hat="4.3...3.4.3...34",
        open_hat="..8...8...8...8.",
        bass="..r...r-..r..o.f|..r...r-..r-....|..r...r-..r..o.f|..r...r-..r-....",
        keys="...8..6.......7.|...8..6.......7.|...8..6.......7.|...8..6...8...7.",
        pluck="4..5..7..6..4.5.",
        shine=0.5,
        lead="C5:3 Eb5:3 G5:6 F5:2 Eb5:2|Eb5:3 F5:3 Ab5:6 G5:2 F5:2|G5:6 Bb5:4 C6:6|Bb5:3 G5:3 F5:4 E5:6",
        crash=True,
    ),
    Part(
        name="end",
        bars=2,
        chords="Fm9",
        pad=0.7,
        kick="9...............|................",
        bass="r---------------|................",
        keys="8...............|................",
        pluck="7..6..5...4.....|..........7.....",
        shine=0.4,
        lead="F5:12|",
        crash=True,
    ),
)


class Note(NamedTuple):
    """A note of a pattern: in which part, at which sixteenth of the song, for how many, and its character."""

    part: Part
    step: int
    steps: int
    symbol: str


class Sheet:
    """The score laid out in time.

    Parameters
    ----------
    seconds : float
        At least how long, from 17 to 120. Parts that are longer than written begin again.
    rate : int
        Samples per second, from 8000 to 192,000.

    Raises
    ------
    SoundError
        If either is out of range.
    """

    def __init__(self, seconds: float, rate: int) -> None:
        if not 17.0 <= seconds <= 120.0:
            raise SoundError("the demo song cannot be that long", wanted="17 to 120 seconds", got=f"{seconds:g}")
        if not 8000 <= rate <= 192_000:
            raise SoundError("the rate is out of range", wanted="8000 to 192000 samples per second", got=f"{rate}")
        bars = math.ceil(seconds / (BAR_STEPS * STEP_SECONDS) - 1e-9)
        ends = np.cumsum([part.bars for part in SONG])
        ends = np.rint(ends * bars / ends[-1]).astype(int)
        starts = [0, *ends.tolist()[:-1]]
        self.rate = rate
        self.samples = self.at(bars * BAR_STEPS)
        self.parts = [
            (part, first * BAR_STEPS, (stop - first) * BAR_STEPS)
            for part, first, stop in zip(SONG, starts, ends.tolist(), strict=True)
        ]

    def at(self, step: float) -> int:
        """Return the sample at which a sixteenth of the song begins."""
        return round(step * STEP_SECONDS * self.rate)

    def swung(self, step: int) -> int:
        """Return the sample at which a note on that sixteenth is played."""
        return self.at(step + SWING * (step % 2))

    def seconds(self, steps: float) -> float:
        """Return how long so many sixteenths last."""
        return steps * STEP_SECONDS

    def bars(self, voice: str) -> Iterator[tuple[Part, int, str]]:
        """Read one voice bar by bar: the part, the step at which the bar begins, and what it says."""
        for part, start, steps in self.parts:
            texts = getattr(part, voice).split("|")
            for bar in range(steps // BAR_STEPS):
                yield part, start + bar * BAR_STEPS, texts[bar % len(texts)]

    def notes(self, voice: str) -> Iterator[Note]:
        """Read the notes of one voice from its patterns."""
        for part, first, pattern in self.bars(voice):
            for match in re.finditer(r"[^.\-]-*", pattern):
                yield Note(part, first + match.start(), len(match[0]), match[0][0])

    def melody(self) -> Iterator[tuple[int, int, int]]:
        """Read the lead: step, sixteenths and MIDI pitch of each note."""
        for _, step, phrase in self.bars("lead"):
            for word in phrase.split():
                name, steps = word.split(":")
                yield step, int(steps), midi_pitch(name)
                step += int(steps)

    def chords(self) -> Iterator[tuple[int, int, Chord]]:
        """Read the chords: first step, number of sixteenths, chord."""
        for _, first, bar in self.bars("chords"):
            names = bar.split()
            steps = BAR_STEPS // len(names)
            for index, name in enumerate(names):
                yield first + index * steps, steps, CHORDS[name]

    def chord_at(self, step: int) -> Chord:
        """Return the chord that sounds at a step."""
        return next(chord for first, steps, chord in self.chords() if first <= step < first + steps)


def midi_pitch(name: str) -> int:
    """Return the MIDI pitch of a name such as ``Eb5``; C4 is 60."""
    return 12 * (int(name[-1]) + 1) + "C D EF G A B".index(name[0]) - name.count("b", 1)
