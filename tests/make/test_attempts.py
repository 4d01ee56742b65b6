"""Failures: tried again after a while, alone, then given up; and hopeless is told early."""

from tessonance.errors import GeneratorError
from tessonance.make.attempts import DOUBTFUL, HOPELESS, Attempts

ERROR = GeneratorError("the well is dry")


def test_a_cell_is_tried_again_after_a_pause_that_doubles() -> None:
    attempts = Attempts(most=3, pause_seconds=1.0)
    assert attempts.failed([7], ERROR, now=10.0) == []
    assert attempts.due(now=10.9) is None
    assert attempts.due(now=11.0) == 7
    assert attempts.failed([7], ERROR, now=20.0) == []
    assert attempts.due(now=21.9) is None
    assert attempts.due(now=22.0) == 7


def test_the_last_attempt_gives_a_cell_up_with_its_reason() -> None:
    attempts = Attempts(most=2)
    attempts.failed([7, 8], ERROR, now=0.0)
    assert attempts.failed([7], ERROR, now=5.0) == [7]
    assert attempts.given_up == {7: ERROR}
    assert attempts.waiting


def test_cells_that_fail_one_and_all_are_hopeless_but_one_success_is_hope() -> None:
    attempts = Attempts(most=1)
    attempts.failed(range(HOPELESS), ERROR, now=0.0)
    assert attempts.hopeless
    attempts.any_worked = True
    assert not attempts.hopeless


def test_cells_lost_with_their_worker_are_due_at_once_and_not_blamed() -> None:
    attempts = Attempts(most=1)
    attempts.lost([7, 8], now=10.0)
    assert not attempts.is_due(now=9.9)
    assert attempts.is_due(now=10.0)
    assert [attempts.due(now=10.0), attempts.due(now=10.0), attempts.due(now=10.0)] == [7, 8, None]
    assert attempts.failed([9], ERROR, now=10.0) == [9]


def test_after_many_failures_and_no_success_these_are_tried_again_before_any_other() -> None:
    attempts = Attempts(most=2, pause_seconds=1.0)
    attempts.failed(range(DOUBTFUL - 1), ERROR, now=0.0)
    assert not attempts.doubtful
    attempts.failed([DOUBTFUL], ERROR, now=0.0)
    assert attempts.doubtful
    attempts.any_worked = True
    assert not attempts.doubtful
