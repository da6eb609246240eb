"""Contract §7 rulings 1 to 9 and the vectors of domain §11, each by its name, on whole courses."""

from typing import Any

import pytest

from shared.domain import events
from shared.domain.limits import due_after, parse_limit, parse_window
from shared.domain.words import (
    AppealType,
    ClockName,
    ClockOutcome,
    ExtensionReason,
    TicketKind,
    Urgency,
)
from tests.rules.courses import OFFICIAL, OTHER, UNIT, Course, at

DESK, CONTACT, ACCEPT = ClockName.DESK_ACCEPT, ClockName.FIRST_CONTACT, ClockName.UNIT_ACCEPT
DONE, COMPLETE, REPLY = ClockName.UNIT_COMPLETE, ClockName.COMPLETE, ClockName.REPLY
FOLLOW_UP = ClockName.FOLLOW_UP
NORMAL, EMERGENCY = parse_window("08:30-17:30"), parse_window("06:00-24:00")


def handled() -> Course:
    course = Course().triage("11-18 09:40").contact("11-18 10:05").dispatch("11-18 10:10", OTHER)
    return course.accept("11-18 11:00").dispose("11-20 15:30")


def extend(course: Course, *, granted: bool, due: str | None = None) -> Course:
    course.add("11-19 10:00", events.ExtensionRequested(ExtensionReason.COMPLEX, 3, UNIT))
    course.add("11-19 11:00", events.ExtensionDecided(granted=True))
    moved = at(due) if due else None
    return course.add("11-20 10:00", events.ExtensionDecided(granted, upstream=True, due=moved))


# Domain §11


@pytest.mark.parametrize(
    ("received", "limit", "due"),
    [
        ("09-30 16:00", "1wd", "10-08"),
        ("09-30 16:00", "5wd", "10-13"),
        ("09-19 10:00", "1wd", "09-20"),  # a Saturday, and the make-up Sunday after it
        ("02-13 10:00", "5wd", "02-27"),
        ("02-14 10:00", "1wd", "02-24"),  # a make-up Saturday, received and not counted
        ("04-30 10:00", "5wd", "05-11"),
        ("11-23 10:00", "15wd", "12-14"),
    ],
)
def test_domain_11_vectors(received: str, limit: str, due: str) -> None:
    found = due_after(at(received), parse_limit(limit), OFFICIAL, NORMAL)
    assert found.due == at(f"{due} 23:59:59")


def test_domain_11_the_vectors_hold_for_tickets() -> None:
    complex_one = Course("11-23 10:00", complex_approved=True)
    consult = Course("09-30 16:00", appeal_type=AppealType.CONSULT)

    assert Course("09-30 16:00").due(COMPLETE) == at("10-13 23:59:59")
    assert complex_one.due(COMPLETE) == at("12-14 23:59:59")
    assert consult.due(COMPLETE) == at("10-08 23:59:59")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("11-18 09:00", "11-18 11:00"),
        ("11-18 11:30", "11-18 14:30"),  # over lunch
        ("11-20 16:40", "11-23 10:10"),  # over the weekend
        ("10-10 16:40", "10-12 10:10"),  # a make-up Saturday works
        ("10-01 10:00", "10-08 11:00"),  # a holiday does not
    ],
)
def test_domain_11_working_hours(start: str, due: str) -> None:
    assert due_after(at(start), parse_limit("2wh"), OFFICIAL, NORMAL).due == at(due)


# Rulings


def test_ruling_1_own_clocks_start_when_the_platform_sent_it_down() -> None:
    late = Course("11-18 15:00", dispatched_at=at("11-18 09:00"))

    assert {late.clock(name).start for name in (DESK, CONTACT, COMPLETE)} == {at("11-18 09:00")}
    assert Course().clock(COMPLETE).start == at("11-18 09:12")


def test_ruling_1_unit_clocks_start_at_the_dispatch_and_the_follow_up_at_completion() -> None:
    course = handled().feedback("11-24 10:00").reply("11-24 16:20").complete("11-24 17:00")

    assert {course.clock(one, UNIT).start for one in (ACCEPT, DONE)} == {at("11-18 10:10")}
    assert course.clock(FOLLOW_UP).start == at("11-24 17:00")
    assert course.due(FOLLOW_UP) == at("11-26 23:59:59")


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({"appeal_type": AppealType.CONSULT}, "11-19"),
        ({"appeal_type": AppealType.SUGGESTION}, "11-19"),
        ({"appeal_type": AppealType.HELP}, "11-25"),
        ({"appeal_type": AppealType.REPORT}, "11-25"),
        ({"appeal_type": AppealType.PRAISE}, "11-25"),
        ({"appeal_type": AppealType.OTHER}, "11-25"),
        ({"ticket_kind": TicketKind.SUPERVISED}, "11-23"),
        ({"ticket_kind": TicketKind.REWORK}, "11-23"),
        ({"ticket_kind": TicketKind.STATE_COUNCIL, "appeal_type": AppealType.CONSULT}, "11-19"),
        ({"complex_approved": True}, "12-09"),
        ({"complex_approved": True, "ticket_kind": TicketKind.SUPERVISED}, "11-23"),
    ],
)
def test_ruling_2_limits_by_kind_and_type(values: dict[str, Any], due: str) -> None:
    assert Course(**values).due(COMPLETE) == at(f"{due} 23:59:59")


def test_ruling_2_sub_urgent_is_accepted_in_half_an_hour_by_desk_and_unit() -> None:
    course = Course(urgency=Urgency.SUB_URGENT).triage("11-18 09:20").dispatch("11-18 09:30")

    assert (course.due(DESK), course.due(ACCEPT, UNIT)) == (at("11-18 09:42"), at("11-18 10:00"))


def test_ruling_2_every_clock_stops_at_its_own_deed() -> None:
    course = handled().feedback("11-24 10:00").reply("11-24 16:20").complete("11-24 17:00")
    course.follow_up("11-26 10:00")

    stopped = {name: course.clock(name).stopped_at for name in (DESK, COMPLETE, REPLY, FOLLOW_UP)}
    assert stopped == {
        DESK: at("11-18 09:40"),
        COMPLETE: at("11-24 17:00"),
        REPLY: at("11-24 16:20"),
        FOLLOW_UP: at("11-26 10:00"),
    }
    assert course.clock(ACCEPT, UNIT).stopped_at == at("11-18 11:00")
    assert course.clock(DONE, UNIT).stopped_at == at("11-24 10:00")


@pytest.mark.parametrize("given", ["11-20 12:00", "12-20 12:00"])
def test_ruling_2_an_upstream_due_wins_earlier_or_later_given_or_updated(given: str) -> None:
    updated = Course().update("11-18 10:00", upstream_due=at(given).isoformat())

    assert Course(upstream_due=at(given)).due(COMPLETE) == at(given)
    assert updated.due(COMPLETE) == at(given)


def test_ruling_2_a_supervision_counts_where_it_is_the_earlier() -> None:
    later = Course(upstream_due=at("11-20 12:00")).supervise("11-19 10:00", "11-24 23:59:59")
    earlier = Course(upstream_due=at("11-24 12:00")).supervise("11-19 10:00", "11-20 18:00")

    assert (later.due(COMPLETE), earlier.due(COMPLETE)) == (at("11-20 12:00"), at("11-20 18:00"))
    assert earlier.supervise("11-19 11:00", "11-23 18:00").due(COMPLETE) == at("11-20 18:00")


def test_ruling_3_the_unit_is_due_a_workday_earlier_at_the_same_time_assists_too() -> None:
    course = Course(upstream_due=at("11-23 12:00")).triage("11-18 09:40")
    course.dispatch("11-18 10:10", OTHER)

    assert course.due(DONE, UNIT) == course.due(DONE, OTHER) == at("11-20 12:00")


def test_ruling_3_a_quarter_earlier_where_the_limit_is_a_workday_or_less() -> None:
    course = Course("11-18 08:00", upstream_due=at("11-18 20:00")).triage("11-18 09:00")

    assert course.dispatch("11-18 10:10").due(DONE, UNIT) == at("11-18 17:00")


def test_ruling_3_it_may_already_be_past() -> None:
    course = Course().triage("11-18 09:40").dispatch("11-25 10:00")

    assert course.due(DONE, UNIT) == at("11-24 23:59:59")
    assert course.clock(DONE, UNIT).state(at("11-25 10:00")) == "missed"


def test_ruling_4_the_reply_follows_the_feedback_that_stands() -> None:
    course = handled()
    assert course.due(REPLY) == course.due(COMPLETE) == at("11-25 23:59:59")
    assert course.feedback("11-20 16:00").due(REPLY) == at("11-23 23:59:59")
    assert course.reject("11-20 17:00").due(REPLY) == at("11-25 23:59:59")
    assert course.feedback("11-23 10:00").due(REPLY) == at("11-24 23:59:59")


@pytest.mark.parametrize(
    ("received", "window", "due"),
    [
        ("11-18 10:00", NORMAL, "11-18 11:00"),
        ("11-18 17:10", NORMAL, "11-18 18:10"),
        ("11-18 20:00", NORMAL, "11-19 09:30"),
        ("11-18 20:00", EMERGENCY, "11-18 21:00"),
        ("11-18 03:00", EMERGENCY, "11-18 07:00"),
    ],
)
def test_ruling_5_urgent_first_contact(received: str, window: Any, due: str) -> None:
    assert due_after(at(received), parse_limit("1h"), OFFICIAL, window).due == at(due)


def test_ruling_5_working_hours_know_no_window() -> None:
    for window in (NORMAL, EMERGENCY):
        found = due_after(at("11-18 20:00"), parse_limit("2wh"), OFFICIAL, window)
        assert found == (at("11-18 20:00"), at("11-19 11:00"))


def test_ruling_6_three_tries_in_two_half_days_are_enough() -> None:
    course = Course()
    for when in ("11-18 10:00", "11-18 11:00", "11-18 11:59"):
        course.contact(when, reached=False)
    assert course.clock(CONTACT).is_running

    course.contact("11-18 12:00", reached=False)

    clock = course.clock(CONTACT)
    assert (clock.outcome, clock.stopped_at) == (ClockOutcome.UNREACHED, at("11-18 12:00"))
    assert clock.state(at("11-20 00:00")) == "met"


def test_ruling_7_unmet_clocks_are_recomputed_from_the_same_start() -> None:
    course = Course("11-18 14:00").triage("11-18 14:05", Urgency.URGENT)

    assert course.clock(DESK).due == at("11-18 16:00")  # met by the triage, and stands
    assert (course.clock(CONTACT).start, course.due(CONTACT)) == (
        at("11-18 14:00"),
        at("11-18 15:00"),
    )
    consult = course.update("11-18 14:10", appeal_type="consult")
    assert consult.due(COMPLETE) == at("11-19 23:59:59")


def test_ruling_7_met_and_missed_clocks_stand() -> None:
    course = Course("11-18 08:40", urgency=Urgency.URGENT).contact("11-18 09:00")
    missed = Course("11-18 08:40", urgency=Urgency.URGENT)

    course.update("11-18 10:00", urgency="normal")
    missed.update("11-18 10:00", urgency="normal")

    assert course.due(CONTACT) == missed.due(CONTACT) == at("11-18 09:40")
    assert missed.clock(CONTACT).state(at("11-18 10:00")) == "missed"


def test_ruling_7_goes_for_the_unit_and_its_start_is_the_dispatch() -> None:
    course = Course().triage("11-18 09:40").dispatch("11-18 10:10")

    course.update("11-18 10:15", urgency="sub_urgent", appeal_type="consult")

    assert course.due(ACCEPT, UNIT) == at("11-18 10:40")
    complete = course.clock(COMPLETE)
    assert complete.due == at("11-19 23:59:59")
    assert course.due(DONE, UNIT) == complete.due - (complete.due - complete.start) / 4


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({}, "11-24 23:59:59"),  # a workday is the shorter
        ({"appeal_type": AppealType.CONSULT}, "11-19 14:17:59.250000"),  # a quarter is
        ({"upstream_due": at("11-18 13:12")}, "11-18 12:12"),
    ],
)
def test_ruling_8_yellow_a_workday_or_a_quarter_before(values: Any, warned: str) -> None:
    assert Course(**values).clock(COMPLETE).warn == at(warned)


def test_ruling_9_a_grant_of_the_platform_moves_complete_and_the_unit_follows() -> None:
    course = extend(handled_until_accepted(), granted=True, due="12-01 23:59:59")

    assert course.due(COMPLETE) == at("12-01 23:59:59")
    assert course.due(DONE, UNIT) == at("11-30 23:59:59")
    assert course.due(CONTACT) == at("11-19 23:59:59")


def test_ruling_9_a_refusal_and_a_leaders_grant_move_nothing() -> None:
    course = extend(handled_until_accepted(), granted=False)

    assert course.due(COMPLETE) == at("11-25 23:59:59")
    assert all(entry.clocks == () for entry in course.entries[-3:])


def handled_until_accepted() -> Course:
    return Course().triage("11-18 09:40").dispatch("11-18 10:10").accept("11-18 11:00")
