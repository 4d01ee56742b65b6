"""How well the beat is followed, live: songs whose beats somebody charted.

    python benchmarks/beats.py FOLDER [FOLDER …]

A folder holds songs of Frets on Fire, each in a folder of its own: `song.ogg`, mostly without the guitar, which is in
`guitar.ogg`, and `notes.mid`, whose tempo map gives the beats. The sound goes through `FeatureStream` as it would live;
a beat counts when the phase wraps, at the end of that hop, and no sooner. The score is the F-measure of mir_eval
(`pip install mir_eval`) with its usual settings: within 70 ms, the first five seconds left out. `tempo` is the share of
the time within 4 % of the charted tempo; `octave` lets its double and its half count, too; `bars` is the F-measure of
the first beats of the bars.

Charts are made by ear and by hand, some begin late. `chart` is by how much the notes of the chart come before the
onsets of the guitar, `shifted` the F-measure after the beats were moved by it. `late` is the median by which the beats
that were found come after those.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tessonance.sound import FeatureStream, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WANTED = 0.62
RATE, HOP = 48_000, 256
EXPERT = range(96, 101)  # the notes of the hardest level
LAGS = np.arange(-20, 21)  # hops


class Chart(NamedTuple):
    """The tempo map of a MIDI file, and its notes in beats."""

    ticks: NDArray[np.float64]  # in beats
    seconds: NDArray[np.float64]
    notes: NDArray[np.float64]

    def at(self, beats: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the seconds at which some beats come; the last tempo goes on."""
        return np.interp(beats, self.ticks, self.seconds)


def read_chart(path: Path) -> Chart:
    """Read tempi and notes: the format is SMF 1.0, all that is needed of it."""
    data = path.read_bytes()
    division = int.from_bytes(data[12:14], "big")
    tempi, notes = {0: 500_000}, set()
    for tick, status, event in events(data):
        if status == 0x51:
            tempi[tick] = int.from_bytes(event, "big")
        elif status & 0xF0 == 0x90 and event[1] and event[0] in EXPERT:
            notes.add(tick)
    changes = np.array([*sorted(tempi), 100_000 * division], np.float64) / division
    lasting = np.diff(changes) * [tempi[tick] / 1e6 for tick in sorted(tempi)]
    return Chart(changes, np.concatenate([[0.0], np.cumsum(lasting)]), np.array(sorted(notes)) / division)


def events(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Read all tracks: the tick, the status (of a meta event its type) and the data of each event."""
    place = 14
    while place < len(data):
        end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "big")
        place, tick, status = place + 8, 0, 0
        while place < end:
            wait, place = number(data, place)
            tick += wait
            if data[place] & 0x80:
                status, place = data[place], place + 1
            kind, size = status, 1 if status & 0xE0 == 0xC0 else 2
            if status == 0xFF:
                kind, place = data[place], place + 1
            if status >= 0xF0:
                size, place = number(data, place)
            yield tick, kind, data[place : place + size]
            place += size


def number(data: bytes, place: int) -> tuple[int, int]:
    """Read a number of seven bits a byte."""
    value = 0
    while data[place] & 0x80:
        value, place = value << 7 | data[place] & 0x7F, place + 1
    return value << 7 | data[place], place + 1


def heard(path: Path) -> NDArray[np.float32]:
    """Decode a file, mono."""
    return np.concatenate(list(blocks(path, channels=1)))[:, 0]


def mixed(folder: Path) -> NDArray[np.float32]:
    """Mix the song and its guitar."""
    tracks = [heard(path) for path in (folder / "song.ogg", folder / "guitar.ogg") if path.exists()]
    song = np.zeros(max(map(len, tracks)), np.float32)
    for track in tracks:
        song[: len(track)] += track
    return song


def chart_offset(folder: Path, chart: Chart) -> float:
    """Return by how many seconds the notes of the chart come before the onsets of the guitar."""
    if not (folder / "guitar.ogg").exists() or not len(chart.notes):
        return 0.0
    onset = FeatureStream(["onset"]).push(heard(folder / "guitar.ogg"))[:, 0]
    hops = np.rint(chart.at(chart.notes) * RATE / HOP).astype(int)[:, None] + LAGS
    strength = onset[np.clip(hops, 0, len(onset) - 1)].mean(axis=0)
    return float(LAGS[np.argmax(strength)]) * HOP / RATE


def wraps(phase: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return when a phase began anew: the end of the hop."""
    return (np.flatnonzero(np.diff(phase) < -0.5) + 2) * HOP / RATE


def f_measure(true: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """Return mir_eval's F-measure of beats."""
    from mir_eval import beat

    return float(beat.f_measure(beat.trim_beats(true), beat.trim_beats(found)))


def follow(folder: Path) -> tuple[float, ...]:
    """Follow one song; return the row of the table."""
    song, chart = mixed(folder), read_chart(folder / "notes.mid")
    began = time.process_time()
    values = FeatureStream(["beat", "bar", "bpm"]).push(song)
    took = (time.process_time() - began) / (len(song) / RATE)
    beats = chart.at(np.arange(100_000.0))
    beats, offset = beats[beats < len(song) / RATE], chart_offset(folder, chart)
    found, bpm = wraps(values[:, 0]), 60 / np.median(np.diff(beats))
    octaves = np.log2(50 * 4 ** values[:, 2] / bpm)
    near = np.abs(octaves) < np.log2(1.04)
    octave = near | (np.abs(np.abs(octaves) - 1) < np.log2(1.04))
    late = (found[:, None] - beats - offset)[
        np.arange(len(found)), np.abs(found[:, None] - beats - offset).argmin(axis=1)
    ]
    return (
        f_measure(beats, found),
        f_measure(beats + offset, found),
        near.mean(),
        octave.mean(),
        f_measure(beats[::4] + offset, wraps(values[:, 1])),
        offset * 1000,
        float(np.median(late[np.abs(late) < 0.07])) * 1000,
        float(bpm),
        took,
    )


def main() -> None:
    """Print the table; exit with 1 where the mean is too low."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+", help="a song's folder, or one of such folders")
    given = parser.parse_args()
    songs = sorted({path.parent for folder in given.folder for path in folder.rglob("notes.mid")})
    if not songs:
        parser.error("no notes.mid there")
    print(f"{'':26}     F  shifted  tempo  octave  bars   chart    late   bpm  core")
    rows = []
    for folder in songs:
        rows.append(follow(folder))
        score, shifted, near, octave, bars, offset, late, bpm, took = rows[-1]
        line = f"{folder.name:26} {score:5.2f} {shifted:8.2f} {near:6.0%} {octave:7.0%} {bars:5.2f}"
        print(f"{line} {offset:4.0f} ms {late:4.0f} ms {bpm:5.0f} {took:4.1%}", flush=True)
    mean = np.mean(rows, axis=0)
    print(f"{'mean':26} {mean[0]:5.2f} {mean[1]:8.2f} {mean[2]:6.0%} {mean[3]:7.0%} {mean[4]:5.2f}")
    print(f"\nF {mean[0]:.2f}, wanted {WANTED}: {'reached' if mean[0] >= WANTED else 'NOT reached'}")
    raise SystemExit(int(mean[0] < WANTED))


if __name__ == "__main__":
    main()
