"""How long a frame may give the threads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tessonance.show.patience import REST_FRAMES, Patience

happenings = st.lists(st.sampled_from(["rewarded", "in_vain", "rested"]), max_size=300)


@given(happenings, st.sampled_from([0.0, 0.004, 0.1]))
def test_it_is_never_more_than_was_said(happened: list[str], most: float) -> None:
    patience = Patience(most)
    for name in happened:
        getattr(patience, name)()
        assert 0.0 <= patience.seconds <= most


def test_in_vain_it_is_lost_soon() -> None:
    patience, waited = Patience(0.004), 0.0
    for _ in range(1000):
        waited += patience.seconds
        patience.in_vain()
    assert waited < 0.008
    assert patience.seconds == 0.0


def test_in_quiet_times_it_comes_back() -> None:
    patience = Patience(0.004)
    for _ in range(20):
        patience.in_vain()
    for _ in range(REST_FRAMES):
        patience.rested()
    assert patience.seconds > 0.0039


def test_where_it_is_rewarded_it_stays() -> None:
    patience = Patience(0.004)
    for _ in range(50):
        patience.in_vain()
        patience.rewarded()
    assert patience.seconds == 0.004
