"""Feature tracks."""

from __future__ import annotations

import numpy as np
import pytest

from tessonance.errors import SoundError
from tessonance.sound import FeatureTrack


def track() -> FeatureTrack:
    return FeatureTrack(("low", "40-90Hz"), np.array([[0, 1], [0.5, 0.25], [1, 0]], np.float32), 0.25, 10.0)


def test_a_hop_is_known_at_its_end() -> None:
    assert track().times.tolist() == [10.25, 10.5, 10.75]
    assert track().seconds == 0.75


def test_a_column_by_its_name() -> None:
    assert track().column("40-90Hz").tolist() == [1, 0.25, 0]


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(SoundError, match="the track holds no feature 'lo'\n  try: did you mean 'low'"):
        track().column("lo")


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        track().names = ()  # type: ignore[misc]
