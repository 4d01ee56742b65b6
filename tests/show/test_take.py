"""Takes: written while a show goes on, read with suspicion, and heard again to the same coordinates."""

from __future__ import annotations

import errno
import json
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessonance.errors import OutputExists, SoundError, TessError
from tessonance.grid import Axis, Grid
from tessonance.project import Idle, Route, Sound
from tessonance.show import take_blocks
from tessonance.show.changes import Beat, Blackout, End, Hold, Play, Release, Routes, SetAxis, SetFeature, Show, Tap
from tessonance.show.ensemble import Ensemble
from tessonance.show.take import Piece, TakeWriter
from tessonance.show.take_reader import Take, read_take, replay

RATE = 48_000
ONE = Grid([Axis(name="bloom", steps=9), Axis(name="ring", steps=8, closed=True)])
TWO = Grid([Axis(name="petals", start=-1, stop=2, steps=4)])
PIECES = (Piece("flower", ONE), Piece("tide", TWO))
FIRST = Routes((Route(feature="low", axis="bloom"), Route(feature=(2000, 9000), axis="ring", act="speed", edge="wrap")))
SECOND = Routes((Route(feature="onset", axis="petals", act="step", gain=0.2),), Sound(hop=128), Idle(speed=0.2))
LOUDER = Routes((Route(feature="loudness", axis="bloom", gain=1.3),), Sound(automatic_level=False, start_level_db=-12))


def song(seconds: float = 6.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    hiss = np.random.default_rng(0).normal(0, 0.05, len(t)) * (t % 0.4 < 0.1)
    return (0.3 * np.sin(2 * np.pi * 70 * t) * (t % 0.5 < 0.2) + hiss).astype(np.float32)


NIGHT: tuple[tuple[float, Any], ...] = (
    (0.0, Play(0, FIRST)),
    (1.0, Hold(True)),
    (1.3, Hold(False)),
    (1.50001, Play(0, LOUDER)),
    (2.0, Play(1, SECOND)),
    (2.0, Show(1, 1.5)),
    (2.2, SetAxis("bloom", 0.25)),
    (3.5, End(0)),
    (4.0, Blackout(True, 0.5)),
    (4.5, Tap(4.48)),
    (5.0, Play(0, FIRST)),
)


def unheard(change: Any) -> Any:
    """A change as it was asked for, without what it had heard before it was made."""
    return msgspec.structs.replace(change, since=None) if isinstance(change, Play) else change


def perform(path: Path, *, block: int = 200, until: float | None = None) -> TakeWriter:
    """Play a night, block by block."""
    writer = TakeWriter(path, PIECES)
    ensemble, samples, at = Ensemble([ONE, TWO], record=writer), song(), 0
    waiting = list(NIGHT)
    while at < len(samples) and (until is None or at < until * RATE):
        while waiting and waiting[0][0] * RATE <= at:
            ensemble.change(waiting.pop(0)[1])
        ensemble.hear(samples[at : at + block])
        at += block
    return writer


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of six seconds, two tesseracts and eleven changes."""
    path = tmp_path_factory.mktemp("take") / "night.tessrec"
    perform(path).close()
    return path


def test_it_keeps_the_samples_the_changes_and_the_names(night: Path) -> None:
    take = read_take(night)
    np.testing.assert_array_equal(take.samples, song())
    assert take.whole
    assert take.seconds == 6.0
    kept = [(sample, unheard(change)) for sample, change in take.changes]
    assert len(kept) == len(NIGHT)
    for when, change in NIGHT:
        late = [sample - when * RATE for sample, each in kept if each == change and sample >= when * RATE]
        assert min(late) <= (2_600 if isinstance(change, Play) else 200)  # other features warm up over some blocks
    assert [piece.name for piece in take.pieces] == ["flower", "tide"]
    assert [piece.grid.axes for piece in take.pieces] == [ONE.axes, TWO.axes]


def test_heard_again_it_leads_to_the_same_coordinates(night: Path) -> None:
    take = read_take(night)
    again = replay(take)
    assert [(moves.piece, moves.hop) for moves in take.moves] == [(0, 256), (1, 128), (0, 256)]
    for moves, begun in zip(take.moves, (0.0, 2.0, 5.0), strict=True):
        assert 0 <= moves.first_hop * moves.hop / RATE - begun < 0.06
    for mine, theirs in zip(take.moves, again, strict=True):
        assert (mine.piece, mine.hop, mine.first_hop) == (theirs.piece, theirs.hop, theirs.first_hop)
        np.testing.assert_array_equal(mine.coordinates, theirs.coordinates)
        assert np.ptp(mine.coordinates, axis=0).max() > 0.05
    assert len(take.moves[0].coordinates) == pytest.approx(3.5 * RATE / 256, abs=2)


def test_its_paths_are_in_seconds_of_the_take(night: Path) -> None:
    moves = read_take(night).moves[2]
    path = moves.path(ONE)
    assert path.start_seconds == pytest.approx(5.03, abs=0.03)
    np.testing.assert_allclose(path.at(path.seconds[10]), moves.coordinates[10], atol=1e-12)


def test_a_take_that_exists_is_replaced_only_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "a.tessrec"
    path.write_text("mine")
    with pytest.raises(OutputExists, match="exists already"):
        TakeWriter(path, PIECES)
    assert path.read_text() == "mine"
    perform(tmp_path / "b.tessrec", until=2.0).close()
    long = (tmp_path / "b.tessrec").stat().st_size
    TakeWriter(tmp_path / "b.tessrec", PIECES, force=True).close()
    assert (tmp_path / "b.tessrec").stat().st_size < long


def test_what_is_no_take_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_text("my only copy")
    with pytest.raises(OutputExists, match="is no take"):
        TakeWriter(path, PIECES, force=True)
    assert path.read_text() == "my only copy"


def test_a_take_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="cannot be written"):
        TakeWriter(tmp_path / "nowhere" / "a.tessrec", PIECES)


def test_it_is_on_the_disk_while_the_show_goes_on(tmp_path: Path) -> None:
    writer = perform(tmp_path / "a.tessrec", until=3.0)
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline and read_or_none(writer.path) is None:
        time.sleep(0.02)
    take = read_take(writer.path)
    assert take.seconds > 2.4
    writer.close()
    writer.close()
    assert read_take(writer.path).seconds > 2.99


def read_or_none(path: Path) -> Take | None:
    try:
        take = read_take(path)
    except SoundError:
        return None
    return take if take.seconds > 2.4 else None


class FullDisk:
    """A file on a disk that is full."""

    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None: ...
    def close(self) -> None: ...


def test_a_full_disk_ends_the_take_not_the_show(tmp_path: Path) -> None:
    writer = TakeWriter(tmp_path / "a.tessrec", PIECES)
    file, writer._file = writer._file, FullDisk()  # type: ignore[assignment]
    for _ in range(100):
        writer.heard(np.zeros(2_000, np.float32))
    writer.close()
    file.close()
    assert "No space left on device; the take ends here" in writer.trouble


@settings(max_examples=60)
@given(share=st.floats(0, 1))
def test_cut_anywhere_it_is_good_up_to_the_last_whole_block(night: Path, tmp_path_factory: Any, share: float) -> None:
    raw = night.read_bytes()
    path = tmp_path_factory.mktemp("cut") / "cut.tessrec"
    path.write_bytes(raw[: round(share * len(raw))])
    try:
        take = read_take(path)
    except SoundError:
        assert share < 0.06
        return
    np.testing.assert_array_equal(take.samples, song()[: len(take.samples)])
    assert take.seconds > 6.0 * share - 0.6
    for mine, theirs in zip(take.moves, replay(take), strict=False):
        np.testing.assert_array_equal(mine.coordinates, theirs.coordinates[: len(mine.coordinates)])


@settings(max_examples=60)
@given(places=st.dictionaries(st.integers(0, 999_999), st.integers(1, 255), min_size=1, max_size=4))
def test_damaged_anywhere_it_is_refused_or_read_up_to_there(
    night: Path, tmp_path_factory: Any, places: dict[int, int]
) -> None:
    raw = bytearray(night.read_bytes())
    for place, change in places.items():
        raw[place] ^= change
    path = tmp_path_factory.mktemp("bad") / "bad.tessrec"
    path.write_bytes(raw)
    try:
        take = read_take(path)
    except SoundError:
        return
    assert not take.whole
    np.testing.assert_array_equal(take.samples, song()[: len(take.samples)])


def block(kind: bytes, payload: bytes) -> bytes:
    return struct.pack("<4sII", kind, len(payload), zlib.crc32(kind + payload)) + payload


HEAD = take_blocks.head(
    {"rate": RATE, "pieces": [{"name": "a", "axis": [{"name": "bloom", "from": 0.0, "to": 1.0, "steps": 3}]}]}
)
SOUND = take_blocks.samples(0, np.zeros(1000, np.float32))


def changed(sample: Any, change: Any) -> bytes:
    return block(b"CHNG", json.dumps({"sample": sample, "change": change}).encode())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "this is no take"),
        (b"RIFF....", "this is no take"),
        (take_blocks.MAGIC, "damaged from its beginning"),
        (take_blocks.MAGIC + block(b"HEAD", b"[]"), "not what it should be"),
        (take_blocks.MAGIC + block(b"HEAD", b"[" * 100_000), "not what it should be"),
        (take_blocks.MAGIC + block(b"HEAD", b'{"version": 2}'), "of another version"),
        (take_blocks.MAGIC + block(b"HEAD", b'{"version": 1, "rate": 8}'), "does not say what was played"),
        (take_blocks.head({"rate": RATE, "pieces": [7]}), "does not say what was played"),
        (
            take_blocks.head({"rate": RATE, "pieces": [{"name": "a", "axis": [{"steps": 0}]}]}),
            "the grid of a tesseract",
        ),
        (HEAD, "nothing was heard"),
        (HEAD + take_blocks.samples(5, np.zeros(10, np.float32)), "sound of this take is damaged"),
        (HEAD + take_blocks.samples(0, np.full(10, np.nan, np.float32)), "sound of this take is damaged"),
        (HEAD + block(b"SAMP", b"123"), "sound of this take is damaged"),
        (HEAD + SOUND + take_blocks.moved(1, 256, 0, np.zeros((1, 1))), "a path in this take is damaged"),
        (HEAD + SOUND + take_blocks.moved(0, 256, 0, np.zeros((1, 2))), "a path in this take is damaged"),
        (HEAD + SOUND + take_blocks.moved(0, 7, 0, np.zeros((1, 1))), "a path in this take is damaged"),
        (HEAD + SOUND + take_blocks.moved(0, 256, 0, np.array([[1.5]])), "a path in this take is damaged"),
        (HEAD + SOUND + take_blocks.moved(0, 256, 0, np.array([[np.nan]])), "a path in this take is damaged"),
        (HEAD + SOUND + block(b"PATH", b"1"), "a path in this take is damaged"),
        (HEAD + SOUND + changed(999, {"type": "tap", "seconds": 1.0}), "out of its order"),
        (HEAD + SOUND + changed("x", {"type": "tap", "seconds": 1.0}), "out of its order"),
        (HEAD + SOUND + changed(1000, {"type": "explode"}), "there is no such change"),
        (HEAD + SOUND + changed(1000, {"type": "hold"}), "this is no change"),
        (HEAD + SOUND + changed(1000, {"type": "hold", "on": True, "x": 1}), "this is no change"),
        (HEAD + SOUND + changed(1000, {"type": "play", "piece": 0, "routes": 3}), "this is no change"),
        (
            HEAD + SOUND + changed(1000, {"type": "play", "piece": 0, "routes": {"routes": [{"feature": "x"}]}}),
            "this is no change",
        ),
        (HEAD + SOUND + changed(1000, [1]), "this is no change"),
    ],
)
def test_what_cannot_be_is_refused_with_one_clear_error(raw: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.tessrec"
    path.write_bytes(raw)
    with pytest.raises(SoundError, match=text):
        read_take(path)


def test_a_play_of_a_tesseract_that_was_not_there_is_refused_as_it_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "bad.tessrec"
    play = {"type": "play", "piece": 3, "routes": {}}
    path.write_bytes(HEAD + SOUND + changed(1000, play))
    with pytest.raises(TessError, match="no such tesseract"):
        replay(read_take(path))


def test_every_change_survives_being_kept(tmp_path: Path) -> None:
    changes = [
        *(change for _, change in NIGHT),
        Play(0, FIRST, since=512),
        SetFeature("low", 0.5),
        Release(),
        Beat(4.5),
        Beat(5.0, 121.5, first=True),
        SetAxis("bloom", None),
    ]
    writer = TakeWriter(tmp_path / "a.tessrec", PIECES)
    writer.heard(np.zeros(10, np.float32))
    for change in changes:
        writer.changed(10, change)
    writer.close()
    assert [change for _, change in read_take(writer.path).changes] == changes
