"""Feature tracks on disk: CSV and NPZ, whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tessonance.sound.track import FeatureTrack

__all__ = ["replacing", "write_csv", "write_npz"]

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
    SoundError
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
    SoundError
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


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its name only when it is complete.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    binary file
        A temporary file beside `path`; it becomes `path` at the end, or vanishes if an exception passes.

    Raises
    ------
    SoundError
        If it cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        hint = "write it into a folder that exists" if isinstance(error, FileNotFoundError) else None
        raise SoundError(f"cannot be written: {error.strerror or error}", where=path, hint=hint) from None
    finally:
        temporary.unlink(missing_ok=True)
