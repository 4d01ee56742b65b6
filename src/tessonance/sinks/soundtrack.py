"""The sound of a film, laid under its frames sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import numpy as np

from tessonance.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["RATE", "Soundtrack"]

RATE = 48_000
BITS_PER_SECOND = 256_000
CHANNELS = 2


class Soundtrack:
    """Encodes sound as AAC, exactly as far as it is asked to.

    Parameters
    ----------
    container : av.container.OutputContainer
        Where the stream is added.
    blocks : iterable of ndarray of float32, shape (n, 2)
        Sound at 48 kHz from the film's beginning. Where it ends early, silence goes on; where it is longer than the
        film, the rest is never asked for.
    """

    def __init__(self, container: Any, blocks: Iterable[NDArray[np.float32]]) -> None:
        self._container = container
        self._stream = container.add_stream("aac", rate=RATE, layout="stereo")
        self._stream.bit_rate = BITS_PER_SECOND
        self._blocks: Iterator[NDArray[np.float32]] = iter(blocks)
        self._waiting = np.zeros((0, CHANNELS), np.float32)
        self._samples = 0

    def until(self, sample: int) -> None:
        """Encode up to a sample, counted from the film's beginning."""
        while self._samples < sample:
            part = self._take(sample - self._samples)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.T), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, self._samples
            self._samples += len(part)
            self._container.mux(self._stream.encode(frame))

    def finish(self, sample: int) -> None:
        """Encode up to the film's last sample, and what the encoder still holds."""
        self.until(sample)
        self._container.mux(self._stream.encode(None))

    def _take(self, most: int) -> NDArray[np.float32]:
        """Return the next samples, at least one and at most so many."""
        while not len(self._waiting):
            block = next(self._blocks, None)
            if block is None:
                return np.zeros((most, CHANNELS), np.float32)
            self._waiting = _checked(block)
        part, self._waiting = self._waiting[:most], self._waiting[most:]
        return part


def _checked(block: NDArray[np.float32]) -> NDArray[np.float32]:
    if block.ndim != 2 or block.shape[1] != CHANNELS:
        raise RenderError("this is no sound for a film", wanted="blocks of shape (n, 2)", got=f"shape {block.shape}")
    # AAC refuses what is no number or far beyond full scale, and players cut at full scale anyway.
    return np.clip(np.nan_to_num(block.astype(np.float32, copy=False)), -1.0, 1.0)
