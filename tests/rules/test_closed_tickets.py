"""A 督办 on a closed ticket raises its level and keeps nothing from the archive."""

import pytest

from shared.domain import events, fold
from shared.domain.words import ClockName
from tests.scoring.histories import History, at, completed, handled

ARCHIVE_AT = at("12-24 17:00")


def supervised(history: History, when: str) -> History:
    return history.add(when, events.TicketSupervised(level=2, due=at("11-27 12:00")))


@pytest.mark.parametrize(
    "closed",
    [
        completed().follow_up("11-25 10:00"),
        completed().follow_up("11-25 10:00").add("12-24 17:00", events.TicketArchived()),
    ],
    ids=["followed up", "archived"],
)
def test_a_closed_ticket_keeps_its_archive_day_and_its_verdict(closed: History) -> None:
    before = closed.ticket
    after = supervised(closed, "12-25 09:00").ticket

    assert (after.supervision_level, after.is_supervised) == (2, False)
    assert after.archive_due == before.archive_due
    assert after.clock(ClockName.COMPLETE) == before.clock(ClockName.COMPLETE)
    assert after.supervised_due is None


def test_supervised_between_completion_and_follow_up_it_is_archived_all_the_same() -> None:
    history = supervised(completed(), "11-24 18:00").follow_up("11-25 10:00")

    assert history.ticket.archive_due == ARCHIVE_AT


def test_supervised_while_open_it_is_archived_once_completed() -> None:
    history = supervised(handled(), "11-24 16:30")
    assert history.ticket.is_supervised

    done = history.complete("11-24 17:00").follow_up("11-25 10:00").ticket
    assert (done.is_supervised, done.archive_due) == (False, ARCHIVE_AT)


def test_a_new_round_of_it_is_supervised_anew_only_by_a_new_word() -> None:
    history = supervised(completed(), "11-24 18:00").rework("11-25 10:00")

    assert (history.ticket.is_supervised, history.ticket.supervision_level) == (False, 2)
    assert supervised(history, "11-25 11:00").ticket.is_supervised
    assert fold.fold(7, history.entries) == history.ticket
