"""Frames kept in memory."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.errors import RenderError
from tessonance.sinks import MemorySink

FRAME = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def test_it_keeps_copies_of_what_was_written() -> None:
    sink, frame = MemorySink(), FRAME.copy()
    sink.write(frame)
    frame[:] = 0
    sink.close()
    np.testing.assert_array_equal(sink.frames, [FRAME])


def test_abandoning_forgets_the_frames_but_not_those_of_a_closed_sink() -> None:
    kept, forgotten = MemorySink(), MemorySink()
    for sink in (kept, forgotten):
        sink.write(FRAME)
    kept.close()
    for sink in (kept, forgotten):
        sink.abandon()
    assert (len(kept.frames), len(forgotten.frames)) == (1, 0)


def test_it_takes_no_frames_after_its_end() -> None:
    sink = MemorySink()
    sink.close()
    with pytest.raises(RenderError, match="takes no more frames"):
        sink.write(FRAME)
