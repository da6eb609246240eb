"""Periods of retention, and what stands in the way of erasing a ticket."""

from dataclasses import replace
from datetime import datetime

import pytest

from shared.domain import events
from shared.domain.calendar import CITY_ZONE
from shared.domain.erasure import Obstacle, Period, obstacles, parse_period, retention_of
from shared.domain.limits import BadLimit
from shared.domain.official import load_default_limits
from shared.domain.ticket import Ticket
from shared.domain.words import ErasurePart, ExclusionReason, TicketState
from tests.rules.courses import Course


def city(*given: int) -> datetime:
    return datetime(*given).replace(tzinfo=CITY_ZONE)  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "now", "bound"),
    [
        ("3y", city(2029, 11, 18, 10), city(2026, 11, 18, 10)),
        ("1y", city(2028, 2, 29, 8), city(2027, 2, 28, 8)),
        ("4y", city(2028, 2, 29, 8), city(2024, 2, 29, 8)),
        ("183d", city(2027, 1, 1), city(2026, 7, 2)),
    ],
)
def test_a_period_is_of_days_or_of_the_calendar(text: str, now: datetime, bound: datetime) -> None:
    assert parse_period("retention.caller", text).before(now) == bound


@pytest.mark.parametrize("text", ["0d", "3m", "3", "", "-1y", "101y", "3y "])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadLimit):
        parse_period("retention.caller", text)


def test_no_register_can_ask_for_less_than_half_a_year_of_the_record_of_looks() -> None:
    assert parse_period("retention.log", "183d") == Period(183, is_years=False)
    assert parse_period("retention.caller", "30d") == Period(30, is_years=False)
    with pytest.raises(BadLimit, match="183"):
        parse_period("retention.log", "182d")


def test_a_register_from_before_goes_by_what_ships() -> None:
    shipped = load_default_limits()
    old = {name: value for name, value in shipped.values.items() if "retention" not in name}

    assert retention_of(replace(shipped, values=old)) == retention_of(shipped)
    assert set(retention_of(shipped).periods) == {*ErasurePart}


@pytest.mark.parametrize("state", list(TicketState))
def test_only_what_has_ended_may_be_erased(state: TicketState) -> None:
    ticket = replace(Course().ticket, state=state)
    ended = {"archived", "voided", "merged", "returned_upstream"}

    assert obstacles(ticket, {}, ()) == (() if state in ended else (Obstacle.OPEN,))


def voided() -> Ticket:
    return Course().add("11-18 10:00", events.TicketVoided()).ticket


def test_what_waits_for_an_answer_keeps_its_reasons() -> None:
    asked = Course().add("11-18 10:00", events.ExclusionRequested(ExclusionReason.UNTRUE))
    ticket = asked.add("11-18 10:00", events.TicketVoided()).ticket
    answered = events.ExclusionDecided(granted=False, reason_code=ExclusionReason.UNTRUE)
    decided = asked.add("11-18 11:00", answered).ticket

    assert obstacles(ticket, {}, ()) == (Obstacle.UNDECIDED,)
    assert obstacles(decided, {}, ()) == ()


def test_a_merged_ticket_waits_for_its_master_and_for_that_one_s_master() -> None:
    top = replace(Course().ticket, no="T-top")
    middle = replace(voided(), no="T-middle", merged_into="T-top", state=TicketState.MERGED)
    merged = replace(middle, no="T-low", merged_into="T-middle")
    masters = {one.no: one for one in (top, middle)}
    ended = {**masters, "T-top": replace(top, state=TicketState.ARCHIVED)}

    assert obstacles(merged, masters, ()) == (Obstacle.MASTER_OPEN,)
    assert obstacles(merged, ended, ()) == ()


def test_a_hold_stands_in_the_way() -> None:
    ticket = voided()

    assert obstacles(ticket, {}, {ticket.ticket_id}) == (Obstacle.HELD,)
    assert obstacles(ticket, {}, {ticket.ticket_id + 1}) == ()
