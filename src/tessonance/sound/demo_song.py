"""The demo's own song: a short piece of house music in F minor whose lows and highs take turns, then meet."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError
from tessonance.outputs import replacing
from tessonance.sound import demo_desk as desk
from tessonance.sound import demo_voices as voices
from tessonance.sound.demo_score import BPM, SONG, Sheet

if TYPE_CHECKING:
    import os

    from numpy.random import Generator as Random

    from tessonance.sound.demo_voices import Sound

__all__ = ["BPM", "demo_sections", "demo_song", "write_demo_song"]

PEAK = 10 ** (-1.5 / 20)  # of full scale
FADERS = {
    "kick": 0.54,
    "clap": 0.3,
    "hat": 0.23,
    "open_hat": 0.19,
    "crash": 0.15,
    "riser": 0.15,
    "bass": 0.2,
    "pad": 0.036,
    "keys": 0.085,
    "pluck": 0.155,
    "lead": 0.11,
}
PAD_CUTOFFS_HZ = (700.0, 6000.0)  # closed and open
INTERVALS = {"r": 0, "f": 7, "o": 12}


def demo_sections(*, seconds: float = 30.0) -> list[tuple[str, float, float]]:
    """Say which part of the song sounds when.

    Parameters
    ----------
    seconds : float
        As given to `demo_song`.

    Returns
    -------
    list of (name, start_seconds, stop_seconds)
        ``intro``: pad and a few plucks; ``hats``: only they move; ``bass``: bass drum and bass alone; ``groove``:
        everything; ``break``: a riser; ``full``: everything and a melody; ``end``. Each ends where the next begins.

    Raises
    ------
    SoundError
        If `seconds` is out of range.
    """
    sheet = Sheet(seconds, 48_000)
    return [(part.name, sheet.seconds(start), sheet.seconds(start + steps)) for part, start, steps in sheet.parts]


def demo_song(*, seconds: float = 30.0, rate: int = 48_000, seed: int = 0) -> Sound:
    """Play the demo's song.

    `write_demo_song` puts it in a file; `demo_sections` says what happens when.

    Parameters
    ----------
    seconds : float
        At least how long, from 17 to 120; the song has whole bars of 2.133 s, so that 30 makes 32.
    rate : int
        Samples per second, from 8000 to 192,000.
    seed : int
        Draws the noises and where the pad's saws begin. The notes stay.

    Returns
    -------
    ndarray of float32, shape (samples, 2)
        Left and right within -1 dBFS, about -14 LUFS; the same bits each time on one machine.

    Raises
    ------
    SoundError
        If `seconds` or `rate` is out of range.
    """
    sheet = Sheet(seconds, rate)
    random = np.random.default_rng(seed)
    pump = desk.ducking([sheet.swung(note.step) for note in sheet.notes("kick")], sheet.samples, rate=rate)
    low = _kicks(sheet, random) + desk.duck(_bass(sheet), pump, depth=0.9)
    pad = desk.duck(_pad(sheet, random), pump, depth=0.6)
    keys = desk.duck(_keys(sheet), pump, depth=0.6)
    plucks = desk.duck(_plucks(sheet), pump, depth=0.4)
    lead, claps = _lead(sheet), _claps(sheet, random)
    echoes = desk.ping_pong(plucks + 0.7 * lead, sheet.at(3), feedback=0.5)
    sent = 0.35 * pad + 0.4 * (keys + plucks + lead + claps + echoes)
    room = desk.duck(desk.reverb(sent, rate=rate, seconds=2.2, random=random), pump, depth=0.5)
    mix = low + pad + keys + plucks + lead + claps + _cymbals(sheet, random) + echoes + room
    master = desk.limit(desk.saturate(mix, 0.8), PEAK, rate=rate)
    return np.ascontiguousarray(desk.fade_out(master, sheet.at(16)).T)


def write_demo_song(path: str | os.PathLike[str], *, seconds: float = 30.0, rate: int = 48_000, seed: int = 0) -> Path:
    """Play the demo's song into a file of 24 bits.

    Parameters
    ----------
    path : path-like
        Ends in ``.wav`` or ``.flac``. Replaced if it exists, once the new file is complete.
    seconds, rate, seed
        As for `demo_song`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SoundError
        If the name ends otherwise, or `seconds` or `rate` is out of range.
    TessError
        If the file cannot be written.
    """
    import soundfile

    path = Path(path)
    kind = path.suffix[1:].upper()
    if kind not in ("WAV", "FLAC"):
        raise SoundError("cannot be written", where=path, wanted="a name ending in .wav or .flac")
    song = demo_song(seconds=seconds, rate=rate, seed=seed)
    with replacing(path) as file:
        soundfile.write(file, song, rate, subtype="PCM_24", format=kind)
    return path


def _kicks(sheet: Sheet, random: Random) -> Sound:
    tape = desk.Tape(sheet.samples)
    drums = {part.beater: voices.kick(rate=sheet.rate, beater=part.beater, random=random) for part in SONG}
    for note in sheet.notes("kick"):
        tape.lay(drums[note.part.beater], sheet.swung(note.step), gain=FADERS["kick"] * int(note.symbol) / 9)
    return tape.sound


def _claps(sheet: Sheet, random: Random) -> Sound:
    tape = desk.Tape(sheet.samples)
    clap = voices.clap(rate=sheet.rate, random=random)
    for note in sheet.notes("clap"):
        tape.lay(clap, sheet.swung(note.step), gain=FADERS["clap"] * int(note.symbol) / 9, pan=0.05)
    return tape.sound


def _cymbals(sheet: Sheet, random: Random) -> Sound:
    tape = desk.Tape(sheet.samples)
    for voice, decay_seconds, pan in (("hat", 0.03, 0.25), ("open_hat", 0.11, -0.2)):
        hats = [voices.hat(rate=sheet.rate, decay_seconds=decay_seconds, random=random) for _ in range(3)]
        for index, note in enumerate(sheet.notes(voice)):
            gain = FADERS[voice] * int(note.symbol) / 9
            tape.lay(hats[index % len(hats)], sheet.swung(note.step), gain=gain, pan=pan)
    crash = voices.crash(rate=sheet.rate, random=random)
    for part, start, steps in sheet.parts:
        if part.crash:
            tape.lay(crash, sheet.at(start), gain=FADERS["crash"])
        if part.riser:
            riser = voices.riser(rate=sheet.rate, seconds=sheet.seconds(steps - 1), random=random)
            tape.lay(riser, sheet.at(start), gain=FADERS["riser"])
    return tape.sound


def _bass(sheet: Sheet) -> Sound:
    tape = desk.Tape(sheet.samples)
    for note in sheet.notes("bass"):
        hz = voices.tone_hz(sheet.chord_at(note.step).root + INTERVALS[note.symbol])
        sound = voices.bass(hz, rate=sheet.rate, seconds=sheet.seconds(note.steps) + 0.04)
        tape.lay(sound, sheet.swung(note.step), gain=FADERS["bass"])
    return tape.sound


def _keys(sheet: Sheet) -> Sound:
    """Strike the pad's chord, two of its voices an octave lower, for body."""
    tape = desk.Tape(sheet.samples)
    string = cache(lambda pitch: voices.pluck(voices.tone_hz(pitch), rate=sheet.rate, shine=0.35))
    for note in sheet.notes("keys"):
        first, second, third, fourth = sheet.chord_at(note.step).pad
        for pitch, pan in ((second - 12, 0.0), (fourth - 12, -0.3), (first, 0.3), (third, 0.0)):
            tape.lay(string(pitch), sheet.swung(note.step), gain=FADERS["keys"] * int(note.symbol) / 9, pan=pan)
    return tape.sound


def _plucks(sheet: Sheet) -> Sound:
    tape = desk.Tape(sheet.samples)
    string = cache(lambda pitch, shine: voices.pluck(voices.tone_hz(pitch), rate=sheet.rate, shine=shine))
    for index, note in enumerate(sheet.notes("pluck")):
        octave, voice = divmod(int(note.symbol), 4)
        pitch = sheet.chord_at(note.step).pad[voice] + 12 * octave
        gain = FADERS["pluck"] * (0.6 + 0.4 * note.part.shine)
        tape.lay(string(pitch, note.part.shine), sheet.swung(note.step), gain=gain, pan=(-0.3, 0.3)[index % 2])
    return tape.sound


def _lead(sheet: Sheet) -> Sound:
    tape = desk.Tape(sheet.samples)
    for step, steps, pitch in sheet.melody():
        sound = voices.lead(voices.tone_hz(pitch), rate=sheet.rate, seconds=sheet.seconds(steps))
        tape.lay(sound, sheet.swung(step), gain=FADERS["lead"])
    return tape.sound


def _pad(sheet: Sheet, random: Random) -> Sound:
    """Let every pitch sound endlessly and the chords open and shut its gate: common tones are held through."""
    chords = list(sheet.chords())
    level, glow = _pad_curves(sheet)
    tape = desk.Tape(sheet.samples)
    for pitch in sorted({pitch for *_, chord in chords for pitch in chord.pad}):
        held = [(start, start + steps, 1.0) for start, steps, chord in chords if pitch in chord.pad]
        gate = _switched(sheet, held, soft_seconds=0.12) * level
        loops = voices.pad(voices.tone_hz(pitch), rate=sheet.rate, cutoffs_hz=PAD_CUTOFFS_HZ, random=random)
        for loop, weight in zip(loops, (gate * (1 - glow), gate * glow), strict=True):
            for side, saws in zip(tape.sound, loop, strict=True):
                side += weight * np.resize(saws, sheet.samples)
    return tape.sound


def _pad_curves(sheet: Sheet) -> tuple[Sound, Sound]:
    """Return the pad's level and how open its filter is, which goes straight from part to part and breathes."""
    now = np.arange(sheet.samples)
    level = _switched(sheet, [(start, start + steps, part.pad) for part, start, steps in sheet.parts], soft_seconds=0.4)
    swell = np.minimum(1, now / sheet.at(16))
    ends = [0, *(sheet.at(start + steps) for _, start, steps in sheet.parts)]
    breath = 0.85 + 0.15 * np.sin(2 * np.pi * now / sheet.at(40))
    glow = np.interp(now, ends, [0.0, *(part.glow for part in SONG)]) * breath
    return (FADERS["pad"] * level * swell).astype(np.float32), glow.astype(np.float32)


def _switched(sheet: Sheet, spans: list[tuple[int, int, float]], *, soft_seconds: float) -> Sound:
    """Return a gain that has each value from its first step to its last, and 0 elsewhere, with soft corners."""
    gain = np.zeros(sheet.samples, np.float32)
    for start, stop, value in spans:
        gain[sheet.at(start) : sheet.at(stop)] = value
    return desk.soften(gain, round(soft_seconds * sheet.rate))
