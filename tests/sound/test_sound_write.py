"""Feature tracks on disk."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tessonance.sound import FeatureTrack, write_csv, write_npz
from tessonance.sound.write import ROWS


def track(hops: int) -> FeatureTrack:
    values = np.random.default_rng(0).random((hops, 3), np.float32)
    return FeatureTrack(("low", "40-90Hz", "chroma_fs"), values, 256 / 48_000, 60.0)


@pytest.mark.parametrize("hops", [0, 1, ROWS, ROWS + 1])
def test_csv_has_a_heading_and_a_line_per_hop_beginning_with_its_time(tmp_path: Path, hops: int) -> None:
    path, wanted = tmp_path / "song.csv", track(hops)
    write_csv(wanted, path)
    with path.open(newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["seconds", "low", "40-90Hz", "chroma_fs"]
    numbers = np.array(rows, float).reshape(hops, 4)
    np.testing.assert_allclose(numbers[:, 0], wanted.times, atol=1e-6)
    np.testing.assert_allclose(numbers[:, 1:], wanted.values, atol=1e-5)


def test_npz_gives_everything_back_exactly_and_needs_no_pickle(tmp_path: Path) -> None:
    path, wanted = tmp_path / "song.npz", track(50)
    write_npz(wanted, path)
    with np.load(path, allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["values"], wanted.values)
        np.testing.assert_array_equal(stored["times"], wanted.times)
        assert tuple(stored["names"]) == wanted.names
        assert float(stored["hop_seconds"]) == wanted.hop_seconds
        assert float(stored["start_seconds"]) == 60.0
