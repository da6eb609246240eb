"""A follow-up before completion is kept and counted; the state waits (ruling 25)."""

import pytest

from shared.domain import fold
from shared.domain.words import ClockName, ClockOutcome, Reached, TicketState
from tests.scoring.histories import handled


def test_the_state_waits_for_completion_and_then_moves_on() -> None:
    early = handled().follow_up("11-24 16:30")
    assert early.ticket.state is TicketState.REPLIED
    assert len(early.ticket.follow_ups) == 1

    done = early.complete("11-24 17:00")
    clock = done.ticket.clock(ClockName.FOLLOW_UP)

    assert done.ticket.state is TicketState.FOLLOWED_UP
    assert clock is not None
    assert (clock.outcome, clock.stopped_at) == (ClockOutcome.MET, done.ticket.completed_at)
    assert fold.fold(7, done.entries) == done.ticket


@pytest.mark.parametrize("tries", [1, 2])
def test_tries_that_reached_nobody_leave_it_to_be_asked_again(tries: int) -> None:
    history = handled()
    for minute in range(tries):
        history = history.follow_up(f"11-24 16:3{minute}", reached=Reached.UNREACHABLE)

    assert history.complete("11-24 17:00").ticket.state is TicketState.COMPLETED
