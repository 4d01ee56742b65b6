"""Where in the bar the music is, and how fast it goes: what is believed about both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BEATS", "FASTEST", "SLOWEST", "BarPointer", "Reading"]

SLOWEST, FASTEST = 50.0, 200.0  # beats a minute
TEMPO_STEP = 1.02  # from one tempo to the next
BEATS = 4  # in a bar
PLACES = 64  # of a beat
USUAL_BPM, USUAL_OCTAVES = 120.0, 0.9  # the middle and the spread of the tempi of music

NARROW = 0.05  # beats: how exactly notes are played
BETWEEN = 0.55  # what is expected between the parts of a beat, against the heights below
TRUST = 0.35  # neighbouring hops hear the same hit: each counts in part
SPREAD_SECONDS = 0.2  # so often what is believed runs over into what is near it:
TEMPO_SPREAD = 0.04  # … from a tempo to each of its neighbours,
PLACE_SPREAD = 0.04  # … from a place to each of its neighbours,
HALF_BEAT = 2e-4  # … to the place half a beat on, where many a tracker stays in error,
ANYWHERE = 1e-4  # … and to everywhere: less is never believed, and so an error is never final
SET_TEMPO, SET_PLACE = 0.02, 0.05  # the spreads of what somebody says: of the logarithm of the tempo, of beats, …
KEPT_TEMPO = 0.15  # how far the tempo may go from there, for a while: 15 %


class Pattern(NamedTuple):
    """What drums and all the rest usually do on each part of a beat, in the lows, the mids and the highs.

    The heights are relative within a row; a beat has `parts`, and the beats that are written come round again. `share`
    is how often such music is met; `rare` is by how much it must fit better in each step, in nats, to be believed.
    """

    share: float
    rare: float
    parts: int
    low: tuple[float, ...]
    mid: tuple[float, ...]
    high: tuple[float, ...]


PATTERNS = (
    Pattern(  # a bass drum on one and three, a snare on two and four, hats on all of them and between
        share=0.6,
        rare=0.0,
        parts=4,
        low=(1.9, 0.8, 1.1, 0.8, 1.2, 0.8, 1.1, 0.8, 1.5, 0.8, 1.1, 0.8, 1.2, 0.8, 1.1, 0.8),
        mid=(1.3, 0.8, 1.1, 0.8, 1.9, 0.8, 1.1, 0.8, 1.1, 0.8, 1.1, 0.8, 1.9, 0.8, 1.1, 0.8),
        high=(2.4, 0.8, 1.8, 0.8, 2.2, 0.8, 1.8, 0.8, 2.1, 0.8, 1.8, 0.8, 2.2, 0.8, 1.8, 0.8),
    ),
    Pattern(  # the bass drum on every beat, the snare between
        share=0.1,
        rare=0.0,
        parts=4,
        low=(1.6, 0.8, 0.9, 0.8),
        mid=(1.0, 0.8, 1.7, 0.8),
        high=(2.0, 0.8, 2.2, 0.8),
    ),
    Pattern(  # sixteenths all through
        share=0.1,
        rare=0.0,
        parts=4,
        low=(1.7, 0.9, 1.1, 0.9, 1.3, 0.9, 1.1, 0.9),
        mid=(1.2, 0.9, 1.1, 0.9, 1.8, 0.9, 1.1, 0.9),
        high=(2.2, 1.5, 1.9, 1.5, 2.2, 1.5, 1.9, 1.5),
    ),
    Pattern(  # four on the floor: the open hat between
        share=0.1,
        rare=0.01,
        parts=4,
        low=(2.0, 0.8, 1.2, 0.8, 2.0, 0.8, 1.2, 0.8),
        mid=(1.2, 0.8, 1.0, 0.8, 1.8, 0.8, 1.0, 0.8),
        high=(1.9, 0.8, 2.2, 0.8, 1.9, 0.8, 2.2, 0.8),
    ),
    Pattern(  # shuffle
        share=0.1,
        rare=0.08,
        parts=3,
        low=(1.6, 0.8, 1.0),
        mid=(1.4, 0.8, 1.0),
        high=(2.2, 0.9, 1.6),
    ),
)


@dataclass(frozen=True)
class Reading:
    """What is believed at one time.

    Parameters
    ----------
    bpm : float
    beat : float
        Beats since the last one, 0..1.
    bar : int
        Which beat of the bar that was, 0..3.
    bar_share : float
        How much of the belief goes for that beat of the bar, 0..1.
    confidence : float
        How much of it is near this tempo and this phase, 0..1.
    """

    bpm: float
    beat: float
    bar: int
    bar_share: float
    confidence: float


class BarPointer:
    """The bar pointer: a probability for each tempo and each place in the bar, renewed with what is heard.

    This is the forward algorithm on the state space of Whiteley, Cemgil and Godsill, "Bayesian Modelling of Temporal
    Structure in Musical Audio" (ISMIR 2006), with patterns of the flux in several bands as what is expected (Krebs,
    Böck and Widmer, "Rhythmic Pattern Modeling for Beat and Downbeat Tracking in Musical Audio", ISMIR 2013), but a few
    written by hand instead of learned. The flux is taken as exponentially distributed about what is expected. It looks
    back only.

    Parameters
    ----------
    seconds : float
        From one step to the next.
    """

    def __init__(self, *, seconds: float) -> None:
        self._advance = _tempi() * (seconds / 60 * PLACES)
        self._turned = np.zeros((len(PATTERNS), len(self._advance)))
        self._at = np.zeros(self._turned.shape, np.intp)
        self._banks = [_Bank(*each) for each in zip(PATTERNS, self._turned, self._at, strict=True)]
        self._sizes = np.array([[bank.size] for bank in self._banks])
        self._spread_every = max(1, round(SPREAD_SECONDS / seconds))
        self._steps = 0
        self._base = _usual()

    def advance(self, strengths: NDArray[np.float64], weight: float) -> None:
        """Go on by one step.

        Parameters
        ----------
        strengths : ndarray, shape (3,)
            The flux in the lows, the mids and the highs, relative to its mean.
        weight : float
            How much it counts, 0..1: nothing in silence, where the pointer just goes on.
        """
        self._turned += self._advance
        self._turned %= self._sizes
        self._at[...] = self._turned
        if weight <= 0:
            return
        for bank in self._banks:
            bank.hear(strengths, weight * TRUST)
        self._steps += 1
        if self._steps % self._spread_every == 0:
            total = sum(float(bank.tempi().sum()) for bank in self._banks)
            for bank in self._banks:
                bank.spread(1 / total, self._base)

    def set(self, bpm: float, beat: float, bar: int | None = None) -> None:
        """Believe what somebody says, and from here on only in tempi near it.

        Parameters
        ----------
        bpm : float
        beat : float
            Beats since the last one.
        bar : int, optional
            Which beat of the bar that was.
        """
        away = np.log(_tempi() / bpm)
        self._base = np.where(np.abs(away) < KEPT_TEMPO, _usual(), 0.0)
        for bank in self._banks:
            bank.set(np.exp(-0.5 * (away / SET_TEMPO) ** 2), beat, bar)

    def free(self) -> None:
        """Believe in any tempo again."""
        self._base = _usual()

    def read(self, near: float) -> Reading:
        """Return what is believed; of places equally likely, the one near a phase, 0..1."""
        tempi = np.sum([bank.tempi() for bank in self._banks], axis=0)
        best = int(np.argmax(tempi))
        rows = slice(max(0, best - 2), best + 3)
        bpm = float((_tempi()[rows] * tempi[rows]).sum() / tempi[rows].sum())
        places = np.sum([bank.places(rows) for bank in self._banks], axis=0)
        beats = places.reshape(BEATS, PLACES).sum(axis=0)
        beat, share = _peak(beats, near)
        whose = (np.floor(_PLACE - beat + 0.5) % BEATS).astype(np.intp)
        bars = np.bincount(whose, places, BEATS)
        bar = int(np.argmax(bars))
        turns = int(np.floor(beat))
        return Reading(
            bpm, beat - turns, (bar + turns) % BEATS, float(bars[bar] / bars.sum()), share / float(tempi.sum())
        )


class _Bank:
    """The probabilities of one pattern, shape (tempi, places).

    They stay where they are, and the places turn under them: no interpolation, and any tempo is met exactly. How far
    they have turned, shape (tempi,), and the whole of that, are kept by the bar pointer.
    """

    def __init__(self, pattern: Pattern, turned: NDArray[np.float64], at: NDArray[np.intp]) -> None:
        expected = _expected(pattern)
        self.size = expected.shape[1]
        self._slope, self._constant = 1 - 1 / expected, -np.log(expected).sum(axis=0) - pattern.rare
        self._turned, self._at = turned, at
        self._share = np.float32(pattern.share / self.size)
        self._belief = np.repeat((_usual() * self._share).astype(np.float32)[:, None], self.size, axis=1)
        rows = np.arange(len(at))
        self._neighbours = np.minimum(rows + 1, rows[-1]), np.maximum(rows - 1, 0)
        self._twice = np.empty(2 * self.size, np.float32)
        self._likelihood = np.lib.stride_tricks.sliding_window_view(self._twice, self.size)
        self._around = np.empty((len(rows), 2 * self.size), np.float32)
        self._turned_on = np.lib.stride_tricks.sliding_window_view(self._around, self.size, axis=1)

    def hear(self, strengths: NDArray[np.float64], trust: float) -> None:
        low, mid, high = strengths.tolist()
        slope = self._slope
        fit = np.exp(trust * (low * slope[0] + mid * slope[1] + high * slope[2] + self._constant))
        self._twice[: self.size] = self._twice[self.size :] = fit
        self._belief *= self._likelihood[self._at]

    def spread(self, factor: float, base: NDArray[np.float64]) -> None:
        """Scale what is believed, and let it run over into what is near it and, a little, to everywhere."""
        at, size = self._at, self.size
        twice, turned = self._around, self._turned_on
        twice[:, :size] = twice[:, size:] = self._belief
        faster, slower = self._neighbours
        near = turned[faster, (at - at[faster]) % size]
        near += turned[slower, (at - at[slower]) % size]
        near *= np.float32(TEMPO_SPREAD)
        near += np.float32(PLACE_SPREAD) * (twice[:, 1 : size + 1] + twice[:, size - 1 : -1])
        near += np.float32(HALF_BEAT) * twice[:, PLACES // 2 : PLACES // 2 + size]
        self._belief *= np.float32(1 - 2 * TEMPO_SPREAD - 2 * PLACE_SPREAD - HALF_BEAT)
        self._belief += near
        self._belief *= np.float32(factor)
        self._belief += (base * (ANYWHERE * self._share)).astype(np.float32)[:, None]
        self._belief[base == 0] = 0

    def set(self, tempi: NDArray[np.float64], beat: float, bar: int | None) -> None:
        places = (np.arange(self.size) + self._turned[:, None]) / PLACES
        period = 1 if bar is None else self.size // PLACES
        away = (places - beat - (bar or 0) + period / 2) % period - period / 2
        belief = tempi[:, None] * np.exp(-0.5 * (away / SET_PLACE) ** 2) * self._share
        self._belief = belief.astype(np.float32)

    def tempi(self) -> NDArray[np.float32]:
        """Return how likely each tempo is, not scaled, shape (tempi,)."""
        return np.asarray(self._belief.sum(axis=1))

    def places(self, rows: slice) -> NDArray[np.float64]:
        """Return how likely each place of four beats is, at some tempi together, shape (4 * PLACES,)."""
        at = self._at[rows, None]
        found = self._belief[rows][np.arange(len(at))[:, None], (_NUMBERS - at) % self.size]
        likely: NDArray[np.float64] = found.sum(axis=0, dtype=np.float64) * (self.size / (BEATS * PLACES))
        return likely


def _peak(beats: NDArray[np.float64], near: float) -> tuple[float, float]:
    """Return where the belief about the beat is highest, and how much of it is there.

    What is near a phase counts half as much again, so that two equal peaks do not take turns.
    """
    turns = _TURN - near
    favoured = beats * (1.0 + 0.5 * np.maximum(np.cos(2 * np.pi * turns), 0.0))
    top = int(np.argmax(favoured))
    around = (np.arange(top - PLACES // 8, top + PLACES // 8 + 1)) % PLACES
    offsets = (np.arange(len(around)) - PLACES // 8) / PLACES
    here = beats[around]
    share = float(here.sum())
    return top / PLACES + float((here * offsets).sum()) / max(share, 1e-30), share


@cache
def _tempi() -> NDArray[np.float64]:
    count = int(np.ceil(np.log(FASTEST / SLOWEST) / np.log(TEMPO_STEP))) + 1
    return np.asarray(np.geomspace(SLOWEST, FASTEST, count), np.float64)


@cache
def _usual() -> NDArray[np.float64]:
    share = np.exp(-0.5 * (np.log2(_tempi() / USUAL_BPM) / USUAL_OCTAVES) ** 2)
    return np.asarray(share / share.sum(), np.float64)


def _expected(pattern: Pattern) -> NDArray[np.float64]:
    """Return the flux that a pattern expects at each place, its mean being 1, shape (3, places)."""
    heights = np.array([pattern.low, pattern.mid, pattern.high])
    beats = heights.shape[1] // pattern.parts
    away = np.arange(beats * PLACES)[:, None] / PLACES - np.arange(heights.shape[1]) / pattern.parts
    away = (away + beats / 2) % beats - beats / 2
    bumps = np.exp(-0.5 * (away / NARROW) ** 2)
    expected = (BETWEEN + (heights[:, None, :] - BETWEEN) * bumps).max(axis=2)
    return np.asarray(expected / expected.mean(axis=1, keepdims=True), np.float64)


_TURN = np.arange(PLACES) / PLACES
_NUMBERS = np.arange(BEATS * PLACES)
_PLACE = _NUMBERS / PLACES
