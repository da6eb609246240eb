"""A corrected calendar or limit: which clocks and verdicts change, and which never do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from services.scoring.rules.facts import fold_facts
from shared.domain.calendar import WorkCalendar
from shared.domain.corrections import corrections
from shared.domain.limits import Limits
from shared.domain.rulebook import Rulebook, Valid
from shared.domain.words import ClockName, ClockOutcome, Urgency
from tests.rules.courses import OFFICIAL, UNIT, Course, at, make_rulebook

COMPLETE = ClockName.COMPLETE
LOADED = "12-31 18:00"


def confirmed(*, rest: str = "", worked: str = "") -> WorkCalendar:
    """2027 as published: further days of rest, and make-up days."""
    told = {date.fromisoformat(day): False for day in rest.split()}
    told |= {date.fromisoformat(day): True for day in worked.split()}
    years = OFFICIAL.provisional_years - {2027}
    return WorkCalendar("2027.1", {**OFFICIAL.exceptions, **told}, years)


def with_calendar(calendar: WorkCalendar, since: str = LOADED) -> Rulebook:
    before = make_rulebook()
    return replace(before, calendars=(*before.calendars, Valid(calendar, at(since))))


def with_limits(values: Mapping[str, str], since: str) -> Rulebook:
    before = make_rulebook()
    limits = Limits("second", {**before.limits[0].value.values, **values})
    return replace(before, limits=(*before.limits, Valid(limits, at(since))))


def dues(course: Course, rulebook: Rulebook, when: str = LOADED) -> dict[str, datetime | None]:
    found = corrections(course.ticket, rulebook, at=at(when))
    return {one.after.name.value: one.after.due for one in found}


def test_a_confirmed_year_lengthens_the_clocks_that_cross_into_it() -> None:
    course = Course("12-29 10:00").triage("12-29 10:30").dispatch("12-29 11:00")
    rulebook = with_calendar(confirmed(rest="2027-01-04"))
    assert course.due(COMPLETE) == at("2027-01-06 23:59:59")

    found = dues(course, rulebook)

    assert found == {
        "complete": at("2027-01-07 23:59:59"),
        "reply": at("2027-01-07 23:59:59"),
        "unit_complete": at("2027-01-06 23:59:59"),
    }


def test_a_confirmed_year_never_shortens_a_running_clock() -> None:
    course = Course("12-29 10:00").triage("12-29 10:30").dispatch("12-29 11:00")
    rulebook = with_calendar(confirmed(worked="2027-01-02 2027-01-03"))

    assert dues(course, rulebook) == {}


def test_a_clock_ended_in_time_is_not_made_late_by_a_year_confirmed_since() -> None:
    course = Course("12-29 10:00").triage("12-29 10:30").dispatch("12-29 11:00")
    course.accept("12-29 12:00").dispose("12-30 10:00").feedback("12-31 10:00")
    course.reply("2027-01-06 09:00").complete("2027-01-06 10:00")
    rulebook = with_calendar(confirmed(worked="2027-01-02 2027-01-03"), "2027-01-07 09:00")

    assert dues(course, rulebook, "2027-01-07 09:00") == {}


def test_a_day_wrongly_counted_as_worked_takes_the_blame_back() -> None:
    course = Course("12-29 10:00").triage("12-29 10:30").dispatch("12-29 11:00")
    course.accept("12-29 12:00").dispose("12-30 10:00").feedback("2027-01-06 10:00")
    course.reply("2027-01-06 11:00").complete("2027-01-07 10:00")
    assert course.clock(COMPLETE).outcome is ClockOutcome.LATE
    course.rulebook = with_calendar(confirmed(rest="2027-01-04"), "2027-01-08 09:00")

    course.correct("2027-01-08 09:00")

    assert course.clock(COMPLETE).outcome is ClockOutcome.MET
    assert course.clock(COMPLETE).calendar == "2027.1"
    before, after = fold_facts(7, course.entries[:-1])[0], fold_facts(7, course.entries)[0]
    assert (before.complete_due, after.complete_due) == (
        at("2027-01-06 23:59:59"),
        at("2027-01-07 23:59:59"),
    )
    assert after.completed_at is not None
    assert after.complete_due is not None
    assert after.completed_at <= after.complete_due


def test_a_correction_made_twice_changes_nothing_more() -> None:
    course = Course("12-29 10:00").triage("12-29 10:30").dispatch("12-29 11:00")
    course.rulebook = with_calendar(confirmed(rest="2027-01-04"))
    course.correct(LOADED)

    assert dues(course, course.rulebook) == {}
    assert course.correct(LOADED).entries[-1].clocks == ()


def test_a_kept_due_outlives_changes_that_do_not_concern_it() -> None:
    course = Course("12-29 10:00")
    course.rulebook = with_calendar(confirmed(worked="2027-01-02 2027-01-03"))

    course.triage("12-31 19:00", Urgency.URGENT)

    assert course.due(COMPLETE) == at("2027-01-06 23:59:59")
    assert course.due(ClockName.REPLY) == at("2027-01-06 23:59:59")


def test_a_clock_set_anew_after_the_notice_uses_it() -> None:
    course = Course("12-29 10:00")
    course.rulebook = with_calendar(confirmed(rest="2027-01-04"))

    course.update("12-31 19:00", complex_approved=True)

    assert course.due(COMPLETE) == at("2027-01-21 23:59:59")
    assert course.clock(COMPLETE).calendar == "2027.1"


def test_a_missed_clock_that_is_not_due_any_more_may_be_missed_again() -> None:
    course = Course("12-29 10:00")
    clock = course.clock(COMPLETE)
    swept = replace(clock, warned=True, missed=True)
    others = tuple(one for one in course.ticket.clocks if one.name is not COMPLETE)
    course.ticket = replace(course.ticket, clocks=(swept, *others))
    rulebook = with_calendar(confirmed(rest="2027-01-04"), "2027-01-07 09:00")

    found = corrections(course.ticket, rulebook, at=at("2027-01-07 09:00"))

    after = next(one.after for one in found if one.after.name is COMPLETE)
    assert (swept.state(at("2027-01-07 09:00")), after.state(at("2027-01-07 09:00"))) == (
        "missed",
        "running",
    )
    assert after.alarm_at == after.due == at("2027-01-07 23:59:59")


@pytest.mark.parametrize(
    ("given", "because"),
    [
        ({"upstream_due": at("2027-01-05 12:00")}, "the platform gave the due"),
        ({"is_anonymous": True, "has_phone": False, "upstream_due": at("12-30 12:00")}, "exempt"),
    ],
)
def test_a_due_that_was_given_is_nobodys_to_correct(given: dict[str, Any], because: str) -> None:
    course = Course("12-29 10:00", **given)

    assert dues(course, with_calendar(confirmed(rest="2027-01-04"))) == {}, because


def test_a_cancelled_clock_stays_as_it_was() -> None:
    course = Course("12-29 10:00").triage("12-29 10:30").dispatch("12-29 11:00")
    course.accept("12-29 12:00").dispose("12-29 13:00").feedback("12-30 09:00").reject(
        "12-30 10:00"
    )

    found = corrections(course.ticket, with_calendar(confirmed(rest="2027-01-04")), at=at(LOADED))

    moved = [one.after for one in found if one.after.unit == UNIT]
    assert [one.ordinal for one in moved] == [2]


def test_corrected_limits_hold_for_the_clocks_that_began_under_them() -> None:
    earlier = Course("11-18 09:12")
    later = Course("11-20 09:12")
    rulebook = with_limits({"limit.complaint": "3wd"}, "11-19 00:00")

    assert dues(earlier, rulebook, "11-20 10:00") == {}
    assert dues(later, rulebook, "11-20 10:00") == {
        "complete": at("11-25 23:59:59"),
        "reply": at("11-25 23:59:59"),
    }


def test_what_corrected_limits_make_late_is_told_as_a_changed_verdict() -> None:
    course = Course("11-18 09:12").triage("11-18 12:30")
    assert course.clock(ClockName.DESK_ACCEPT).outcome is ClockOutcome.LATE
    rulebook = with_limits({"accept.desk": "4wh"}, "11-01 00:00")

    found = corrections(course.ticket, rulebook, at=at("11-20 10:00"))

    one = next(one for one in found if one.after.name is ClockName.DESK_ACCEPT)
    assert (one.before.outcome, one.after.outcome) == (ClockOutcome.LATE, ClockOutcome.MET)
    assert (one.after.rule, one.after.limits) == ("accept.desk=4wh", "second")
