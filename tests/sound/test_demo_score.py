"""The score of the demo song."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tessonance.sound.demo_score import BAR_STEPS, CHORDS, SONG, Sheet, midi_pitch

DRUMS = ("kick", "clap", "hat", "open_hat", "keys")


@pytest.mark.parametrize(("name", "pitch"), [("C4", 60), ("Eb5", 75), ("Ab5", 80), ("Bb5", 82), ("C6", 84)])
def test_names_of_notes_are_midi_pitches(name: str, pitch: int) -> None:
    assert midi_pitch(name) == pitch


@pytest.mark.parametrize("part", SONG, ids=lambda part: part.name)
def test_every_bar_of_every_pattern_has_sixteen_steps_and_known_characters(part: object) -> None:
    known = {**dict.fromkeys(DRUMS, "123456789.-"), "bass": "rfo.-", "pluck": "0123456789.-"}
    for voice, characters in known.items():
        bars = getattr(part, voice).split("|")
        assert all(len(bar) in (0, BAR_STEPS) for bar in bars), (voice, bars)
        assert set("".join(bars)) <= set(characters)


def test_every_phrase_of_the_melody_fits_its_bar() -> None:
    for _, _, phrase in Sheet(30, 48_000).bars("lead"):
        assert sum(int(word.split(":")[1]) for word in phrase.split()) in (0, 12, BAR_STEPS)


@pytest.mark.parametrize("voice", ["kick", "hat", "bass", "pluck"])
def test_the_notes_written_back_are_the_patterns(voice: str) -> None:
    sheet = Sheet(40, 48_000)
    patterns = list(sheet.bars(voice))
    written = ["."] * (len(patterns) * BAR_STEPS)
    for note in sheet.notes(voice):
        written[note.step : note.step + note.steps] = note.symbol + "-" * (note.steps - 1)
    for _, start, pattern in patterns:
        assert "".join(written[start : start + BAR_STEPS]) == pattern.ljust(BAR_STEPS, ".")


def test_chords_follow_one_another_without_a_gap_and_their_voices_move_by_steps() -> None:
    chords = list(Sheet(30, 48_000).chords())
    at = 0
    for step, steps, _ in chords:
        assert step == at
        at += steps
    assert at == 15 * BAR_STEPS
    for (*_, before), (*_, after) in pairwise(chords):
        assert all(abs(a - b) <= 2 for a, b in zip(before.pad, after.pad, strict=True))


def test_pads_stay_clear_of_the_lows_and_basses_of_the_mids() -> None:
    for chord in CHORDS.values():
        assert min(chord.pad) >= 63
        assert 27 <= chord.root <= 39


def test_every_second_sixteenth_swings() -> None:
    sheet = Sheet(30, 48_000)
    assert [sheet.swung(step) - sheet.at(step) for step in range(4)] == [0, 896, 0, 896]
    assert sheet.at(BAR_STEPS) == 102_400
