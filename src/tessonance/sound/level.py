"""Automatic level: what was usual in the last four seconds, so that loud and quiet songs move a picture alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.sound.spectrum import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.project import Sound

__all__ = [
    "MEMORY_SECONDS",
    "AutomaticLevel",
    "History",
    "Memory",
    "Usual",
    "audible",
    "loudness_of",
    "rounded",
    "scaled",
]

MEMORY_SECONDS = 4.0
RISE = 0.15  # of the memory: what has just been heard counts little, so that a hit does not duck itself
SPREAD_AT_START = 0.4  # of the mean, the spread of the bands of most music
STEADY_SPREAD = 0.14  # of the mean: a steady sound is not stretched until its ripple shows
EMPTY = 0.5  # of what is typical at this level, a tenth of its power: emptier bands are not blown up
REACH = 2.0  # spreads from the mean to either end of 0..1
KNEE = 0.75  # above it, peaks are rounded off rather than cut
SILENT_DB, CLEAR_DB = -50.0, -35.0  # against what was usual: where features that know no level fade
ROOM = 1024  # hops that a history takes before it moves itself to the front
TINY = 1e-30  # a power far below any sound's
LOUDNESS_POWER = 0.3  # of power, so 0.6 of amplitude: Stevens' law of loudness


class History:
    """The last values of a stream, so that a batch of hops can look back as if it were one long array.

    Parameters
    ----------
    start : ndarray, shape (columns, memory)
        What to find before the beginning.
    """

    def __init__(self, start: NDArray[np.float64]) -> None:
        self.memory = start.shape[1]
        self._room = np.concatenate([start, np.empty((len(start), ROOM))], axis=1)
        self._end = self.memory

    def extended(self, new: NDArray[np.float64]) -> NDArray[np.float64]:
        """Append some values, and return them with the `memory` before them; valid until the next call.

        Parameters
        ----------
        new : ndarray, shape (columns, hops)
            At most `ROOM` hops.

        Returns
        -------
        ndarray, shape (columns, memory + hops)
        """
        hops = new.shape[1]
        if self._end + hops > self._room.shape[1]:
            self._room[:, : self.memory] = self._room[:, self._end - self.memory : self._end]
            self._end = self.memory
        self._room[:, self._end : self._end + hops] = new
        self._end += hops
        return self._room[:, self._end - hops - self.memory : self._end]

    def windows(self, new: NDArray[np.float64]) -> NDArray[np.float64]:
        """Append some values, and return for each hop the `memory` values before it and its own.

        Returns
        -------
        ndarray, shape (columns, hops, memory + 1)
            A view, oldest first. (Made by hand: numpy's own sliding windows take longer than what is done with them.)
        """
        self.extended(new)
        column, hop = self._room.strides
        first = self._end - new.shape[1] - self.memory
        shape = (*new.shape, self.memory + 1)
        return np.ndarray(shape, self._room.dtype, self._room, first * hop, (column, hop, hop))


class Memory:
    """The mean of some values over the last seconds that sounded, weighted with the loudness.

    What is older has no influence at all: two streams that agree for so long agree from there on. The weight keeps a
    song's pauses and its end from counting as much as its music; without it the last reverberation was blown up.

    Parameters
    ----------
    start : ndarray, shape (columns,)
        What to remember at the beginning, and for ever where automatic level is off.
    sound : Sound
    seconds : float
        How far back it reaches.
    """

    def __init__(self, start: NDArray[np.float64], *, sound: Sound, seconds: float = MEMORY_SECONDS) -> None:
        self._automatic, self._gate = sound.automatic_level, _power(sound.gate_db)
        self._weights = _weights(max(8, round(seconds * RATE / sound.hop)))
        weighted = _power(sound.start_level_db) ** LOUDNESS_POWER * np.concatenate([[1.0], start])
        self._history = History(np.repeat(weighted[:, None], len(self._weights) - 1, axis=1))
        self._row = start[None]

    def advance(self, values: NDArray[np.float64], power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean as it stands at each hop, shape (hops, columns).

        Parameters
        ----------
        values : ndarray, shape (columns, hops)
        power : ndarray, shape (hops,)
            Mean square; hops below the gate are not remembered.
        """
        if not self._automatic:
            return np.repeat(self._row, len(power), axis=0)
        sounding = power >= self._gate
        weighted = np.concatenate([np.ones((1, len(power))), values]) * loudness_of(power)
        sums = np.einsum("ctw,w->tc", self._history.windows(weighted[:, sounding]), self._weights)
        rows = np.concatenate([self._row, sums[:, 1:] / sums[:, :1]])
        self._row = rows[-1:]
        return rows[np.cumsum(sounding)]  # a hop that does not sound has the row of the last one that did


@dataclass(frozen=True)
class Usual:
    """What was usual when each hop came.

    Parameters
    ----------
    power : ndarray, shape (hops,)
        Mean square.
    mean, spread : ndarray, shape (hops, columns)
        Of each loudness: the mean and the standard deviation.
    """

    power: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]


class AutomaticLevel:
    """Follows the mean and the spread of some loudnesses over the last four seconds that were above the gate.

    Below the gate the level stands still.

    Parameters
    ----------
    typical : ndarray, shape (columns,)
        The share of the whole power that each column usually has.
    sound : Sound
    """

    def __init__(self, typical: NDArray[np.float64], *, sound: Sound) -> None:
        start_power = _power(sound.start_level_db)
        mean = loudness_of(start_power * typical)
        start = np.concatenate([[start_power], mean, mean**2 * (1 + SPREAD_AT_START**2)])
        self._memory, self._columns = Memory(start, sound=sound), len(typical)

    def advance(self, power: NDArray[np.float64], loudness: NDArray[np.float64]) -> Usual:
        """Hear some hops.

        Parameters
        ----------
        power : ndarray, shape (hops,)
            Mean square.
        loudness : ndarray, shape (hops, columns)

        Returns
        -------
        Usual
            As it stands at each hop.
        """
        moments = self._memory.advance(np.concatenate([power[None], loudness.T, loudness.T**2]), power)
        mean, square = moments[:, 1 : 1 + self._columns], moments[:, 1 + self._columns :]
        return Usual(moments[:, 0], mean, np.sqrt(np.maximum(square - mean**2, 0.0)))


def loudness_of(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn mean squares into loudnesses by Stevens' power law, 0.6 of the amplitude."""
    return np.power(power, LOUDNESS_POWER)


def scaled(loudness: NDArray[np.float64], usual: Usual, typical: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale loudnesses to 0..1, the mean of what was usual at about 0.5 and its extremes near the ends.

    Parameters
    ----------
    loudness : ndarray, shape (hops, columns)
    usual : Usual
    typical : ndarray, shape (columns,)
        The loudness of each column's typical share of a power of 1.

    Returns
    -------
    ndarray, shape (hops, columns)
    """
    spread = np.maximum(usual.spread, STEADY_SPREAD * usual.mean)
    spread = np.maximum(spread, EMPTY * loudness_of(usual.power)[:, None] * typical - usual.mean)
    bottom = np.maximum(usual.mean - REACH * spread, 0.0)
    value = np.maximum((loudness - bottom) / (usual.mean + REACH * spread - bottom), 0.0)
    return rounded(value)


def rounded(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring values from 0 upwards to 0..1: unchanged up to the knee, then ever closer to 1, so that peaks differ."""
    return np.where(value > KNEE, KNEE + (1 - KNEE) * np.tanh((value - KNEE) / (1 - KNEE)), value)


def audible(power: NDArray[np.float64], usual: Usual) -> NDArray[np.float64]:
    """Return 0 where it is silent, 1 where there is music, and what is between for a fade, shape (hops,).

    It is relative to what was usual: a song and the same song more quietly played fade at the same place.
    """
    decades = np.log10(np.maximum(power, TINY) / np.maximum(usual.power, TINY))
    share = np.clip((decades * 10 - SILENT_DB) / (CLEAR_DB - SILENT_DB), 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _power(decibels: float) -> float:
    return float(10 ** (decibels / 10))


def _weights(hops: int) -> NDArray[np.float64]:
    """How much each hop of the memory counts, oldest first: nothing at either end, smooth between, 1 in all."""
    age = (np.arange(hops)[::-1] + 0.5) / hops
    rising = np.sin(np.pi / 2 * age / RISE) ** 2
    falling = np.cos(np.pi / 2 * (age - RISE) / (1 - RISE)) ** 2
    weights = np.where(age < RISE, rising, falling)
    return np.asarray(weights / weights.sum(), np.float64)
