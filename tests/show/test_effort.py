"""Whether pictures are moved, by what frames take."""

from __future__ import annotations

from itertools import groupby

from tessonance.show.effort import LONGEST_REST, PROOF_FRAMES, REST_FRAMES, RISE_FRAMES, TRIAL_FRAMES, Effort

PERIOD = 1 / 60


def show(effort: Effort, frames: int, *, moved: float) -> list[float]:
    """Show frames that take a share of the period where they move; return how far each was moved."""
    strengths = []
    for _ in range(frames):
        strengths.append(effort.strength)
        moving = effort.strength > 0
        effort.note((moved if moving else 0.3) * PERIOD, PERIOD, moved=moving)
    return strengths


def rests(strengths: list[float]) -> list[int]:
    """Return how many frames in a row nothing moved, each time."""
    return [len(list(run)) for resting, run in groupby(strengths, key=lambda strength: strength == 0) if resting]


def test_what_fits_goes_on_for_ever() -> None:
    assert set(show(Effort(), 5000, moved=0.9)) == {1.0}


def test_a_long_frame_now_and_then_is_no_reason_to_give_up() -> None:
    effort = Effort()
    for _ in range(200):
        show(effort, 1, moved=3.0)
        show(effort, 11, moved=0.5)
    assert effort.strength == 1.0


def test_too_much_is_given_up_within_a_few_frames() -> None:
    assert show(Effort(), 40, moved=1.2).count(0.0) >= 30


def test_it_comes_back_little_by_little_once_there_is_room() -> None:
    effort = Effort()
    show(effort, 8, moved=1.2)
    assert effort.resting
    strengths = show(effort, REST_FRAMES + RISE_FRAMES + 2, moved=0.6)
    assert rests(strengths) == [REST_FRAMES]
    rising = [strength for strength in strengths if 0 < strength < 1]
    assert len(rising) >= RISE_FRAMES - 2
    assert rising == sorted(rising)
    assert strengths[-1] == 1.0


def test_each_time_in_vain_it_rests_twice_as_long_up_to_five_minutes() -> None:
    strengths = show(Effort(), 4 * LONGEST_REST, moved=1.2)
    took = rests(strengths)
    assert took[:4] == [REST_FRAMES, 2 * REST_FRAMES, 4 * REST_FRAMES, 8 * REST_FRAMES]
    assert max(took) == LONGEST_REST
    assert sum(strength > 0 for strength in strengths) < 100


def test_what_only_just_fits_is_not_taken_up_again() -> None:
    effort = Effort()
    show(effort, 8, moved=1.2)
    assert len(rests(show(effort, 10 * REST_FRAMES, moved=0.9))) > 1
    effort = Effort()
    show(effort, 8, moved=1.2)
    show(effort, REST_FRAMES + TRIAL_FRAMES + 2, moved=0.7)
    assert min(show(effort, 1000, moved=0.9)) == 1.0


def test_after_a_good_minute_rests_are_short_again() -> None:
    effort = Effort()
    show(effort, 2000, moved=1.2)
    while effort.resting:
        show(effort, 1, moved=0.5)
    show(effort, PROOF_FRAMES + 1, moved=0.5)
    strengths = show(effort, 2 * REST_FRAMES, moved=1.2)
    assert rests(strengths)[0] == REST_FRAMES


def test_frames_that_move_nothing_say_nothing() -> None:
    effort = Effort()
    for _ in range(500):
        effort.note(2 * PERIOD, PERIOD, moved=False)
    assert effort.strength == 1.0
