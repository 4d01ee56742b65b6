"""Idle motion: where there is no sound the picture drifts slowly, and it wakes with the sound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.project import Idle

__all__ = ["IdleMotion"]

GOLDEN = (math.sqrt(5) - 1) / 2  # no two axes keep time with one another, so the drift never repeats itself


class IdleMotion:
    """Moves the coordinate while nothing sounds, once per hop; pure.

    It falls asleep after a while of silence: the drift begins at the place where the music left off and gains its speed
    slowly. On an open axis it swings from end to end as a pendulum does, on a closed one it goes round. The first hop
    that sounds begins to wake it, and the coordinate glides to where the music wants it.

    Parameters
    ----------
    settings : Idle
    closed : ndarray of bool, shape (N,)
        Which axes are closed.
    hop_seconds : float
    """

    def __init__(self, settings: Idle, *, closed: NDArray[np.bool_], hop_seconds: float) -> None:
        self._closed, self._hop_seconds = closed, hop_seconds
        self._below = 10 ** (settings.below_db / 10)
        self._after_hops = max(1, round(settings.after_seconds / hop_seconds))
        self._falling = min(1.0, hop_seconds / settings.fall_seconds) if settings.fall_seconds else 1.0
        self._waking = min(1.0, hop_seconds / settings.wake_seconds) if settings.wake_seconds else 1.0
        axes = np.arange(len(closed))
        self._speed = settings.speed * (1 + 0.5 * ((axes * GOLDEN) % 1.0)) if settings.speed else None
        self._silent_hops = 0
        self._depth = 0.0  # of sleep, 0..1
        self._away = self._place = np.zeros(len(closed))
        self._phase = np.zeros(len(closed))

    @property
    def depth(self) -> float:
        """How deep asleep it is: 0 where the music moves the picture, 1 where the drift does."""
        return self._depth

    def step(self, place: NDArray[np.float64], power: float) -> NDArray[np.float64]:
        """Advance by one hop.

        Parameters
        ----------
        place : ndarray of float64, shape (N,)
            Where the music wants the coordinate.
        power : float
            The mean square of the hop's samples.

        Returns
        -------
        ndarray of float64, shape (N,)
            0..1 along each axis.
        """
        self._silent_hops = 0 if power >= self._below else self._silent_hops + 1
        asleep = self._speed is not None and self._silent_hops >= self._after_hops
        if not asleep and self._depth == 0.0:
            return place
        if self._depth == 0.0:
            self._fall_asleep(place)
        elif not asleep and self._depth == 1.0:
            self._away = self._short(self._away)
        self._depth = min(1.0, self._depth + self._falling) if asleep else max(0.0, self._depth - self._waking)
        return self._drifted(place)

    def _fall_asleep(self, place: NDArray[np.float64]) -> None:
        self._phase = np.where(self._closed, place, np.arccos(1 - 2 * np.clip(place, 0, 1)) / (2 * math.pi))
        self._away, self._place = np.zeros(len(place)), place

    def _drifted(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        assert self._speed is not None
        smooth = self._depth * self._depth * (3 - 2 * self._depth)
        before = self._swing()
        # A pendulum is fastest in its middle; half a turn takes it from end to end.
        self._phase = self._phase + smooth * self._hop_seconds * self._speed * np.where(self._closed, 1.0, 0.5)
        moved = self._swing() - before
        self._away = self._away + moved - self._short(place - self._place)
        self._place = place
        there = place + smooth * self._away
        inside: NDArray[np.float64] = np.where(self._closed, there % 1.0, np.clip(there, 0.0, 1.0))
        return inside

    def _swing(self) -> NDArray[np.float64]:
        swung: NDArray[np.float64] = np.where(self._closed, self._phase, (1 - np.cos(2 * math.pi * self._phase)) / 2)
        return swung

    def _short(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        shortest: NDArray[np.float64] = np.where(self._closed, way - np.rint(way), way)
        return shortest
