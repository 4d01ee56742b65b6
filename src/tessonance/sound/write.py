"""Feature tracks on disk: CSV and NPZ, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.outputs import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from tessonance.sound.track import FeatureTrack

__all__ = ["write_csv", "write_npz"]

ROWS = 4096  # written at a time


def write_csv(track: FeatureTrack, path: str | Path) -> None:
    """Write a track as text: a heading, then one line per hop.

    The first column is the time in seconds of the song when the hop was known, the others are the features.

    Parameters
    ----------
    track : FeatureTrack
    path : path-like
        Replaced if it exists, once the new file is complete.

    Raises
    ------
    TessError
        If the file cannot be written.
    """
    line = ",".join(["%.6f", *["%.5f"] * len(track.names)]) + "\n"
    with replacing(path) as file:
        file.write((",".join(["seconds", *track.names]) + "\n").encode())
        for first in range(0, len(track.values), ROWS):
            rows = zip(
                track.times[first : first + ROWS].tolist(), track.values[first : first + ROWS].tolist(), strict=True
            )
            file.write("".join(line % (time, *values) for time, values in rows).encode())


def write_npz(track: FeatureTrack, path: str | Path) -> None:
    """Write a track as arrays ``values``, ``names``, ``times``, ``hop_seconds`` and ``start_seconds`` for `numpy.load`.

    Parameters
    ----------
    track : FeatureTrack
    path : path-like
        Replaced if it exists, once the new file is complete.

    Raises
    ------
    TessError
        If the file cannot be written.
    """
    with replacing(path) as file:
        np.savez_compressed(
            file,
            values=track.values,
            names=np.array(track.names),
            times=track.times,
            hop_seconds=np.float64(track.hop_seconds),
            start_seconds=np.float64(track.start_seconds),
        )
