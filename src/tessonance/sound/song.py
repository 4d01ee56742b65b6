"""A whole song's features in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import SoundError
from tessonance.project import FEATURES, TEMPO, Sound
from tessonance.sound.decode import blocks, probe
from tessonance.sound.spectrum import RATE
from tessonance.sound.stream import FeatureStream
from tessonance.sound.track import FeatureTrack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tessonance.sound.decoders import Song

__all__ = ["features"]

WARM_UP_SECONDS = 10  # heard before the beginning, so that the automatic level is what it would be …
TEMPO_SECONDS = 30  # … and the beat mostly


def features(
    song: Song,
    names: Iterable[str | tuple[float, float]] | None = None,
    *,
    start: float = 0.0,
    stop: float | None = None,
    sound: Sound | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> FeatureTrack:
    """Hear the features of a song, or of a part of it.

    Give `FeatureStream` the samples yourself to hear them live.

    Parameters
    ----------
    song : path-like or (ndarray, int)
        A sound file, a video with sound, or samples of shape (n,) or (n, channels) with their rate.
    names : iterable of str or (float, float), optional
        Which features: names out of `tessonance.project.FEATURES`, and bands in Hz as (lo, hi) or ``"40-90Hz"``. All
        named ones unless given.
    start, stop : float, optional
        In seconds. The ten seconds before `start` are heard too, thirty for the beat, but not given.
    sound : Sound, optional
        Automatic level and hop.
    progress : callable, optional
        Called with the seconds heard and the seconds to hear, whole numbers both.

    Returns
    -------
    FeatureTrack
        One row per hop; a last hop that the song does not fill is left out.

    Raises
    ------
    SoundError
        If the song cannot be heard.
    ProjectError
        For a feature that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> hum = np.sin(np.arange(48_000) * 0.01)
    >>> features((hum, 48_000), ["low", (40, 90)]).values.shape
    (187, 2)
    """
    stream = FeatureStream(FEATURES if names is None else names, sound=sound)
    blocks(song, start=start, stop=stop)  # refuses at once what it would refuse for this part of the song
    first = round(start * RATE)
    warm_up_seconds = TEMPO_SECONDS if set(TEMPO) & set(stream.names) else WARM_UP_SECONDS
    warm_up_hops = min(first, warm_up_seconds * RATE) // stream.hop
    begin = (first - warm_up_hops * stream.hop) / RATE
    seconds = probe(song).seconds
    total = round((seconds if stop is None else min(stop, seconds)) - begin)
    rows, heard = [np.zeros((0, len(stream.names)), np.float32)], 0
    for block in blocks(song, start=begin, stop=stop, channels=1):
        rows.append(stream.push(block[:, 0]))
        heard += len(block)
        if progress:
            progress(min(heard // RATE, total), total)
    if begin + heard / RATE <= start:
        raise SoundError("breaks off before that", where=song, got=f"a beginning at {start:g} s")
    return FeatureTrack(stream.names, np.concatenate(rows)[warm_up_hops:], stream.hop / RATE, start)
