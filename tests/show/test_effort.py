"""Whether pictures are moved, and read finely, by what frames take."""

from __future__ import annotations

from itertools import groupby

from tessonance.show.effort import LONGEST_REST, PROOF_FRAMES, REST_FRAMES, RISE_FRAMES, TRIAL_FRAMES, Effort

PERIOD = 1 / 60
GIVEN_UP = 12  # frames, of which the first show that they cannot be read finely, and the others that they cannot move


def show(effort: Effort, frames: int, *, moved: float) -> list[float]:
    """Show frames that take a share of the period where they move; return how far each was moved."""
    return [strength for strength, _ in watch(effort, frames, moved=moved)]


def watch(effort: Effort, frames: int, *, moved: float) -> list[tuple[float, float]]:
    """Show frames that take a share of the period where they move, twice of it where they are read finely."""
    seen = []
    for _ in range(frames):
        seen.append((effort.strength, effort.fineness))
        moving, fine = effort.strength > 0, effort.fineness > 0
        effort.note((moved * (1 + fine) if moving else 0.3) * PERIOD, PERIOD, moved=moving)
    return seen


def fine(effort: Effort, frames: int, *, moved: float) -> list[float]:
    """Show frames; return how finely each was read."""
    return [fineness for _, fineness in watch(effort, frames, moved=moved)]


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
    assert show(Effort(), 40, moved=1.2).count(0.0) == 40 - GIVEN_UP


def test_it_comes_back_little_by_little_once_there_is_room() -> None:
    effort = Effort()
    show(effort, GIVEN_UP, moved=1.2)
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
    show(effort, GIVEN_UP, moved=1.2)
    assert len(rests(show(effort, 10 * REST_FRAMES, moved=0.9))) > 1
    effort = Effort()
    show(effort, GIVEN_UP, moved=1.2)
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


def test_what_fits_finely_is_read_so_for_ever() -> None:
    effort = Effort()
    assert set(watch(effort, 5000, moved=0.39)) == {(1.0, 1.0)}
    assert not effort.plain


def test_reading_finely_is_given_up_before_moving_is() -> None:
    effort = Effort()
    seen = watch(effort, 3000, moved=0.9)
    assert [fineness for _, fineness in seen[:6]] == [1.0] * 4 + [0.0] * 2
    assert set(seen[4:]) == {(1.0, 0.0)}
    assert effort.plain


def test_it_comes_back_little_by_little_once_plain_frames_leave_room_for_it() -> None:
    effort = Effort()
    fine(effort, 4, moved=0.6)
    assert effort.plain
    assert set(fine(effort, 1000, moved=0.41)) == {0.0}
    seen = fine(effort, REST_FRAMES + RISE_FRAMES + 2, moved=0.39)
    assert seen[:REST_FRAMES] == [0.0] * REST_FRAMES
    rising = [fineness for fineness in seen if 0 < fineness < 1]
    assert len(rising) >= RISE_FRAMES - 2
    assert rising == sorted(rising)
    assert seen[-1] == 1.0


def test_a_plain_frame_without_room_now_and_then_does_not_keep_it_away() -> None:
    effort = Effort()
    fine(effort, 4, moved=0.6)
    for _ in range(20):
        fine(effort, 19, moved=0.3)
        if effort.plain:
            effort.note(PERIOD, PERIOD, moved=True)
    assert effort.fineness == 1.0


def test_each_time_reading_finely_is_in_vain_it_waits_twice_as_long() -> None:
    effort, waits = Effort(), list[int]()
    for _ in range(3):
        for _ in range(4):
            effort.note(PERIOD, PERIOD, moved=True)
        assert effort.plain
        waits.append(0)
        while effort.plain:
            effort.note(0.3 * PERIOD, PERIOD, moved=True)
            waits[-1] += 1
    assert waits == [REST_FRAMES, 2 * REST_FRAMES, 4 * REST_FRAMES]
    for _ in range(PROOF_FRAMES):
        effort.note(0.5 * PERIOD, PERIOD, moved=True)
    for _ in range(4):
        effort.note(PERIOD, PERIOD, moved=True)
    fine(effort, REST_FRAMES, moved=0.3)
    assert effort.fineness > 0


def test_what_is_taken_up_again_moves_plainly_first() -> None:
    effort = Effort()
    show(effort, GIVEN_UP, moved=1.2)
    assert not effort.plain  # nothing moves
    seen = watch(effort, REST_FRAMES + 5, moved=0.3)
    assert seen[-1][0] > 0
    assert seen[-1][1] == 0
    assert effort.plain


def test_where_the_processor_draws_nothing_is_ever_read_finely() -> None:
    effort = Effort(fine=False)
    assert set(watch(effort, 5000, moved=0.1)) == {(1.0, 0.0)}
    assert effort.plain
