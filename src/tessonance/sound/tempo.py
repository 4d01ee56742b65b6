"""The beat and the tempo as they come: a clock that the music, taps or another program set right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tessonance.sound.bar_pointer import BEATS, FASTEST, SLOWEST, USUAL_BPM, BarPointer
from tessonance.sound.onset import onset_bands
from tessonance.sound.spectrum import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["TempoTracker", "bpm_feature"]

STEP_SECONDS = 0.0213  # of the bar pointer: every fourth hop of 256 …
STEPS_A_READING = 2  # … and every other time it is asked
LOWS, MIDS = 180.0, 1_500.0  # Hz: bass drum and bass below, snare, voices and guitars, cymbals above
USUAL_SECONDS = 4.0  # what the flux is relative to
LEAST_FLUX = 1e-3
HIGHEST = 6.0  # times the mean: a louder hit is no surer
LATE_SECONDS = 0.012  # after a hit, its flux is in the middle of where it is heard
PULL = 0.2  # of the error is taken off until the next reading, …
SLOWEST_RATE, FASTEST_RATE = 0.5, 2.0  # … within these bounds of the clock's pace: the beat never jumps
BAR_SURE, BAR_SECONDS = 0.6, 2.0  # how sure, and for how long, before the bar is counted from elsewhere
SILENT_SECONDS, SILENT = 1.5, 0.05  # silence is believed so slowly: that nothing is played between two hits counts, too

TAPS, TAP_GAP_SECONDS, LEAST_TAPS = 8, 2.0, 3
TAP_HOLDS_SECONDS = 30.0  # so long tempi far from the tapped one are not considered
LEAD_BEATS = 4.0  # so long after its last beat another program still leads


class TempoTracker:
    """Follows the beat: no look ahead, no jumps, and on it goes in silence.

    A clock gives the phase of every hop. It is pulled towards where the `BarPointer` believes the music to be: it goes
    faster or slower until it is there. Taps set the bar pointer; another program's beats set the clock, and
    the music is not heard while they come.

    Parameters
    ----------
    hop : int
        Samples at 48 kHz.

    Attributes
    ----------
    bpm : float
        Beats a minute, 50 to 200 where music or taps decide.
    confidence : float
        How sure the tracker is of tempo and phase, 0..1; it falls in silence.
    """

    def __init__(self, *, hop: int) -> None:
        self._hop_seconds = hop / RATE
        self._hops_a_step = max(1, round(STEP_SECONDS / self._hop_seconds))
        step_seconds = self._hops_a_step * self._hop_seconds
        self._pointer = BarPointer(seconds=step_seconds)
        self._late = LATE_SECONDS + (step_seconds - self._hop_seconds) / 2
        self._usual = _Usual(step_seconds)
        self._fading = math.exp(-step_seconds / SILENT_SECONDS)
        self._bar_readings = round(BAR_SECONDS / (STEPS_A_READING * step_seconds))
        self._waiting = np.zeros((0, 4))
        self._hops, self._steps = 0, 0
        self.bpm, self.confidence = USUAL_BPM, 0.0
        self._place = 0.0  # beats since the bar began
        self._pace = self._paced(USUAL_BPM)
        self._present = 0.0
        self._bar_off, self._bar_off_readings = 0, 0
        self._taps: list[float] = []
        self._tapped, self._tapped_until = 0.0, -math.inf
        self._lead = _Lead()

    @property
    def beat(self) -> float:
        """Beats since the last beat, 0..1."""
        return self._place % 1.0

    @property
    def bar(self) -> float:
        """The share of the bar of four beats that is over, 0..1."""
        return self._place / BEATS

    @property
    def seconds(self) -> float:
        """How much it has heard: the second of the sound that is now."""
        return self._hops * self._hop_seconds

    def advance(self, rises: NDArray[np.float64], audible: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hear some hops.

        Parameters
        ----------
        rises : ndarray, shape (hops, bands)
            How much each of `onset_bands` rises; what is no number counts as 0.
        audible : ndarray, shape (hops,)
            0 in silence, 1 in music.

        Returns
        -------
        ndarray, shape (hops, 3)
            ``beat``, ``bar`` and ``bpm``, each 0..1.
        """
        flux = np.add.reduceat(np.nan_to_num(rises, nan=0.0, posinf=0.0, neginf=0.0), _STARTS, axis=1) / _COUNTS
        heard = np.concatenate([flux, audible[:, None]], axis=1)
        rows = np.concatenate([self._waiting, heard])
        every, waited = self._hops_a_step, len(self._waiting)
        values = np.empty((len(heard), 3))
        tempo = bpm_feature(self.bpm)
        for hop in range(len(heard)):
            self._hops += 1
            self._place = (self._place + self._pace) % BEATS
            values[hop] = self._place % 1.0, self._place / BEATS, tempo
            end = waited + hop + 1
            if end % every == 0:
                self._step(rows[end - every : end])
                tempo = bpm_feature(self.bpm)
        self._waiting = rows[len(rows) // every * every :].copy()
        return values

    def tap(self, seconds: float) -> None:
        """Take a tap on the beat; the third in a row sets tempo and phase, and each one after it corrects them.

        The music then leads on from there, within some percent of that tempo for half a minute.

        Parameters
        ----------
        seconds : float
            The second of the sound that was heard at the tap. What is no number, or no later than the last tap, is
            passed over; after two seconds without a tap they count anew.
        """
        if not _follows(seconds, self._taps):
            return
        if self._taps and seconds - self._taps[-1] > TAP_GAP_SECONDS:
            self._taps.clear()
        self._taps = [*self._taps, seconds][-TAPS:]
        if len(self._taps) >= LEAST_TAPS:
            self._tapped, interval = _regular(self._taps)
            bpm = _in_range(60 / interval)
            self._set(bpm, (self.seconds - self._tapped) * bpm / 60)
            self._tapped_until = self.seconds + TAP_HOLDS_SECONDS

    def follow(self, seconds: float, *, bpm: float | None = None, bar: int | None = None) -> None:
        """Take a beat of another program, which leads until four beats after its last.

        Parameters
        ----------
        seconds : float
            The second of the sound that was heard at the beat; passed over as in `tap`.
        bpm : float, optional
            Its tempo; from the last beats unless given.
        bar : int, optional
            Which beat of the bar it is, 0..3.
        """
        if not _follows(seconds, self._lead.beats) or not (bpm is None or (math.isfinite(bpm) and bpm > 0)):
            return
        self._lead.take(seconds, bpm, self.bpm)
        self.bpm = self._lead.bpm
        since = self._lead.place(self.seconds)
        self._set(_in_range(self.bpm), since, bar)
        if bar is not None:
            off = round((bar + since - self._place) % BEATS) % BEATS
            self._place = (self._place + off) % BEATS

    def _set(self, bpm: float, beats: float, bar: int | None = None) -> None:
        """Let the bar pointer believe that `beats` have gone by since a beat."""
        self.bpm = self._lead.bpm if self._lead.leads(self.seconds) else bpm
        self._pointer.set(bpm, beats - self._late * bpm / 60, bar)
        self._bar_off_readings = 0

    def _step(self, rows: NDArray[np.float64]) -> None:
        """Hear the hops of one step, and set the pace of the next."""
        mean = rows.sum(axis=0) / len(rows)
        self._present = max(float(mean[3]), self._present * self._fading)
        weight = self._present if self._present > SILENT else 0.0
        leads = self._lead.leads(self.seconds)
        if self.seconds >= self._tapped_until and not leads:
            self._pointer.free()
        self._pointer.advance(self._usual.relative(mean[:3], weight), 0.0 if leads else weight)
        self._steps += 1
        if self._steps % STEPS_A_READING == 0:
            if leads:
                error, self.confidence = _nearest(self._lead.place(self.seconds) - self._place), 1.0
            else:
                error = weight * self._read() if weight > 0 else self._rest()
            pace = self._paced(self.bpm)
            pull = PULL * error / (STEPS_A_READING * self._hops_a_step)
            self._pace = min(max(pace + pull, SLOWEST_RATE * pace), FASTEST_RATE * pace)

    def _read(self) -> float:
        """Take tempo and bar from the bar pointer; return how many beats the clock is behind it."""
        late = self._late * self.bpm / 60
        reading = self._pointer.read((self._place - late) % 1.0)
        self.bpm = reading.bpm
        self.confidence = reading.confidence * self._present
        behind = reading.bar + reading.beat + late - self._place
        error = _nearest(behind)
        self._count_bar(round(behind - error) % BEATS, sure=reading.bar_share > BAR_SURE)
        return error

    def _rest(self) -> float:
        """Go on freely, or as was tapped, trusted less and less; return how many beats the clock is behind the taps."""
        self.confidence *= self._fading**STEPS_A_READING
        if self.seconds >= self._tapped_until:
            return 0.0
        return _nearest((self.seconds - self._tapped) * self.bpm / 60 - self._place)

    def _count_bar(self, off: int, *, sure: bool) -> None:
        """Count the bar from elsewhere once the bar pointer has wanted the same for long enough."""
        wanted = sure and off != 0
        self._bar_off_readings = self._bar_off_readings + 1 if wanted and off == self._bar_off else 0
        self._bar_off = off
        if self._bar_off_readings >= self._bar_readings:
            self._place = (self._place + off) % BEATS
            self._bar_off_readings = 0

    def _paced(self, bpm: float) -> float:
        return bpm / 60 * self._hop_seconds


class _Usual:
    """The mean of the flux, and the flux relative to it."""

    def __init__(self, step_seconds: float) -> None:
        self._share = 1 - math.exp(-step_seconds / USUAL_SECONDS)
        self._sum, self._weight = np.zeros(3), 0.0

    def relative(self, flux: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
        share = self._share * weight
        self._sum += share * (flux - self._sum)
        self._weight += share * (1 - self._weight)
        usual = self._sum / max(self._weight, 1e-12)  # while it knows little, the mean of what it knows
        return np.asarray(np.minimum(flux / np.maximum(usual, LEAST_FLUX), HIGHEST), np.float64)


class _Lead:
    """Another program's beats."""

    def __init__(self) -> None:
        self.beats: list[float] = []
        self.bpm = USUAL_BPM

    def take(self, seconds: float, bpm: float | None, before: float) -> None:
        if self.beats and seconds - self.beats[-1] > TAP_GAP_SECONDS:
            self.beats.clear()
        self.beats = [*self.beats, seconds][-TAPS:]
        if bpm is not None:
            self.bpm = bpm
        else:
            self.bpm = 60 / _regular(self.beats)[1] if len(self.beats) > 1 else before

    def leads(self, seconds: float) -> bool:
        return bool(self.beats) and self.place(seconds) < LEAD_BEATS

    def place(self, seconds: float) -> float:
        """Return how many beats have gone by since the last one."""
        return (seconds - self.beats[-1]) * self.bpm / 60


def bpm_feature(bpm: float) -> float:
    """Return a tempo as a feature: 0 at 50 beats a minute, 0.5 at 100, 1 at 200."""
    return min(max(math.log2(bpm / SLOWEST) / math.log2(FASTEST / SLOWEST), 0.0), 1.0)


def _follows(seconds: float, times: Sequence[float]) -> bool:
    return math.isfinite(seconds) and (not times or seconds > times[-1])


def _regular(times: Sequence[float]) -> tuple[float, float]:
    """Return the last beat and the interval of the regular beats that fit some times best; some may be left out."""
    heard = np.asarray(times)
    usual = float(np.median(np.diff(heard)))
    numbers = np.rint((heard - heard[-1]) / usual)
    centre, middle = numbers.mean(), heard.mean()
    interval = float(((numbers - centre) * (heard - middle)).sum() / ((numbers - centre) ** 2).sum())
    return float(middle - centre * interval), interval


def _in_range(bpm: float) -> float:
    """Return a tempo, whole octaves away where it is too slow or too fast."""
    slower, faster = math.ceil(math.log2(bpm / FASTEST)), math.ceil(math.log2(SLOWEST / bpm))
    return bpm * 2.0 ** (max(faster, 0) - max(slower, 0))


def _nearest(beats: float) -> float:
    """Return beats without the whole ones, -0.5..0.5."""
    return (beats + 0.5) % 1.0 - 0.5


_EDGES = [low for low, _ in onset_bands()]
_STARTS = np.array([0, *(sum(edge < limit for edge in _EDGES) for limit in (LOWS - 1, MIDS))])
_COUNTS = np.diff([*_STARTS, len(_EDGES)])
