"""Any stream's frames brought to what features hear: mono at 48 kHz, finite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.sound.spectrum import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Mono"]

LOUDEST = 16.0  # 24 dB over full scale: beyond it is no sound, but a driver's accident
QUALITY = "LQ"  # soxr's better ones hand out blocks of 20 ms; this one 0.5 ms at 44.1 kHz, flat to 17 kHz


class Mono:
    """Mixes and resamples frames block by block.

    Parameters
    ----------
    rate : int
        Frames per second that come in.
    picks : sequence of int
        Which channels are heard, counted from 0: their mean.
    """

    def __init__(self, rate: int, picks: Sequence[int]) -> None:
        self._picks, self._resampler = list(picks), _resampler(rate)

    def mix(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix some more.

        Parameters
        ----------
        frames : ndarray of float32, shape (n, channels)

        Returns
        -------
        ndarray of float32, shape (m,)
            At 48 kHz; what is no number is silence.
        """
        picked = np.nan_to_num(frames[:, self._picks], copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        mono: NDArray[np.float32] = picked.clip(-LOUDEST, LOUDEST).mean(axis=1, dtype=np.float32)
        return mono if self._resampler is None else np.asarray(self._resampler.resample_chunk(mono), np.float32)


def _resampler(rate: int) -> Any:
    if rate == RATE:
        return None
    import soxr

    return soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality=QUALITY)
