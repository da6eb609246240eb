"""When clocks start, warn and are due: contract rulings 3, 4, 5 and 8."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.calendar import CITY_ZONE
from shared.domain.limits import (
    Due,
    due_after,
    parse_limit,
    parse_window,
    reply_due,
    unit_due,
    warn_at,
)
from shared.domain.official import load_official_calendar

CALENDAR = load_official_calendar()
NORMAL, EMERGENCY = "08:30-17:30", "06:00-24:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def due_of(start: str, limit: str, duty: str = NORMAL) -> Due:
    return due_after(at(start), parse_limit(limit), CALENDAR, parse_window(duty))


@pytest.mark.parametrize(
    ("received", "duty", "start", "due"),
    [
        ("2026-11-18 10:00", NORMAL, "2026-11-18 10:00", "2026-11-18 11:00"),
        ("2026-11-18 17:10", NORMAL, "2026-11-18 17:10", "2026-11-18 18:10"),
        ("2026-11-18 17:30", NORMAL, "2026-11-19 08:30", "2026-11-19 09:30"),
        ("2026-11-18 20:00", NORMAL, "2026-11-19 08:30", "2026-11-19 09:30"),
        ("2026-11-18 20:00", EMERGENCY, "2026-11-18 20:00", "2026-11-18 21:00"),
        ("2026-11-18 03:00", EMERGENCY, "2026-11-18 06:00", "2026-11-18 07:00"),
        ("2026-11-18 23:59:59", EMERGENCY, "2026-11-18 23:59:59", "2026-11-19 00:59:59"),
        ("2026-11-19 00:00", EMERGENCY, "2026-11-19 06:00", "2026-11-19 07:00"),
        ("2026-10-02 20:00", NORMAL, "2026-10-03 08:30", "2026-10-03 09:30"),  # in the holiday
    ],
)
def test_an_urgent_clock_waits_for_duty_and_then_runs_on_wall_time(
    received: str, duty: str, start: str, due: str
) -> None:
    assert due_of(received, "1h", duty) == (at(start), at(due))


def test_minutes_run_as_hours_do() -> None:
    assert due_of("2026-11-18 17:20", "15min") == (at("2026-11-18 17:20"), at("2026-11-18 17:35"))
    assert due_of("2026-11-21 06:00", "30min") == (at("2026-11-21 08:30"), at("2026-11-21 09:00"))


@pytest.mark.parametrize("duty", [NORMAL, EMERGENCY])
def test_workdays_and_working_hours_know_no_duty_window(duty: str) -> None:
    assert due_of("2026-11-18 20:00", "1wd", duty) == (
        at("2026-11-18 20:00"),
        at("2026-11-19 23:59:59"),
    )
    assert due_of("2026-11-18 20:00", "2wh", duty) == (
        at("2026-11-18 20:00"),
        at("2026-11-19 11:00"),
    )
    assert due_of("2026-11-18 20:00", "30d", duty).due == at("2026-12-18 20:00")


def test_the_start_may_come_from_any_zone() -> None:
    utc = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai

    assert due_after(utc, parse_limit("1h"), CALENDAR, parse_window(NORMAL)) == (
        at("2026-11-19 08:30"),
        at("2026-11-19 09:30"),
    )


@pytest.mark.parametrize(
    ("start", "due", "unit"),
    [
        # more than a workday: a workday earlier, at the same time of day
        ("2026-11-18 09:12", "2026-11-25 23:59:59", "2026-11-24 23:59:59"),
        ("2026-11-18 09:12", "2026-11-23 12:00", "2026-11-20 12:00"),
        ("2026-09-30 16:00", "2026-10-09 23:59:59", "2026-10-08 23:59:59"),
        ("2026-09-28 16:00", "2026-10-08 10:00", "2026-09-30 10:00"),
        ("2026-11-18 09:12", "2026-11-20 00:00", "2026-11-19 00:00"),
        # a workday or less: a quarter of the time there is
        ("2026-11-18 00:00", "2026-11-19 00:00", "2026-11-18 18:00"),
        ("2026-11-18 07:59:59", "2026-11-19 23:59:59", "2026-11-19 13:59:59"),
        ("2026-11-18 10:00", "2026-11-18 12:00", "2026-11-18 11:30"),
        ("2026-09-30 23:59:59", "2026-10-08 23:59:59", "2026-10-06 23:59:59"),
        # due before it started: nothing to share out
        ("2026-11-18 10:00", "2026-11-18 09:00", "2026-11-18 09:00"),
    ],
)
def test_the_unit_must_answer_before_the_ticket_is_due(start: str, due: str, unit: str) -> None:
    assert unit_due(at(start), at(due), CALENDAR) == at(unit)


@pytest.mark.parametrize(
    ("feedback", "due"),
    [
        (None, "2026-11-25 23:59:59"),
        ("2026-11-19 10:00", "2026-11-20 23:59:59"),
        ("2026-11-20 10:00", "2026-11-23 23:59:59"),  # over the weekend
        ("2026-11-24 10:00", "2026-11-25 23:59:59"),
        ("2026-11-25 10:00", "2026-11-25 23:59:59"),  # completion comes first
        ("2026-11-27 10:00", "2026-11-25 23:59:59"),
    ],
)
def test_the_reply_follows_the_feedback_within_a_workday(feedback: str | None, due: str) -> None:
    complete_due = at("2026-11-25 23:59:59")
    feedback_at = at(feedback) if feedback else None
    assert reply_due(complete_due, feedback_at, CALENDAR) == at(due)


@pytest.mark.parametrize(
    ("start", "due", "warned"),
    [
        # a workday is shorter than a quarter
        ("2026-11-18 09:12", "2026-11-25 23:59:59", "2026-11-24 23:59:59"),
        ("2026-11-02 00:00", "2026-11-20 12:00", "2026-11-19 12:00"),
        # a quarter is shorter than a workday
        ("2026-11-18 00:00", "2026-11-19 00:00", "2026-11-18 18:00"),
        ("2026-11-18 23:59:59", "2026-11-20 23:59:59", "2026-11-20 11:59:59"),
        ("2026-11-18 10:00", "2026-11-18 11:00", "2026-11-18 10:45"),
        # over a weekend a workday is three days long and a quarter of a week is less
        ("2026-11-16 23:59:59", "2026-11-23 23:59:59", "2026-11-22 05:59:59"),
        # red from the start
        ("2026-11-18 10:00", "2026-11-17 10:00", "2026-11-17 10:00"),
    ],
)
def test_the_light_turns_yellow_a_workday_or_a_quarter_before_the_due(
    start: str, due: str, warned: str
) -> None:
    assert warn_at(at(start), at(due), CALENDAR) == at(warned)


@pytest.mark.parametrize("limit", ["15min", "1h", "2wh", "1wd", "3wd", "5wd", "15wd"])
def test_every_warning_and_unit_due_lies_between_start_and_due(limit: str) -> None:
    for hours in range(0, 24 * 400, 7):
        start, due = due_after(
            at("2026-01-01 00:00") + timedelta(hours=hours),
            parse_limit(limit),
            CALENDAR,
            parse_window(NORMAL),
        )
        assert start < warn_at(start, due, CALENDAR) < due
        assert start < unit_due(start, due, CALENDAR) < due
