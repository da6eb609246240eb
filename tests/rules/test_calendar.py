"""Counting workdays: the vectors of the domain reference, and every edge of the calendar."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import pytest

from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.domain.official import load_official_calendar

CALENDAR = load_official_calendar()
PLAIN = WorkCalendar(version="plain", exceptions={})
ONE_DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """A Shanghai time, written as "2026-09-30 16:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def end_of(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(23, 59, 59), tzinfo=CITY_ZONE)


def days_between(first: date, last: date) -> list[date]:
    return [first + ONE_DAY * n for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("received", "workdays", "due"),
    [
        ("2026-09-30 16:00", 1, "2026-10-08"),
        ("2026-09-30 16:00", 5, "2026-10-13"),
        ("2026-09-19 10:00", 1, "2026-09-20"),
        ("2026-02-13 10:00", 5, "2026-02-27"),
        ("2026-02-14 10:00", 1, "2026-02-24"),
        ("2026-04-30 10:00", 5, "2026-05-11"),
        ("2026-11-23 10:00", 15, "2026-12-14"),
    ],
)
def test_a_due_is_the_end_of_the_nth_workday_after_receipt(
    received: str, workdays: int, due: str
) -> None:
    assert CALENDAR.end_of_workday_after(at(received), workdays) == end_of(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-18 00:00", "2026-11-19"),
        ("2026-11-18 23:59:59.999999", "2026-11-19"),
        ("2026-11-19 00:00", "2026-11-20"),
        ("2026-11-20 23:59:59", "2026-11-23"),
        ("2026-02-27 18:00", "2026-02-28"),  # into a make-up Saturday
        ("2026-02-28 09:00", "2026-03-02"),  # out of it
    ],
)
def test_the_day_of_receipt_does_not_count_from_midnight_to_midnight(
    received: str, due: str
) -> None:
    assert CALENDAR.end_of_workday_after(at(received), 1) == end_of(due)


def test_the_day_of_receipt_is_the_day_in_shanghai() -> None:
    late_evening_in_utc = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)  # 00:00 of the 19th

    assert CALENDAR.end_of_workday_after(late_evening_in_utc, 1) == end_of("2026-11-20")
    assert CALENDAR.end_of_workday_after(
        late_evening_in_utc - timedelta(microseconds=1), 1
    ) == end_of("2026-11-19")


def test_answers_are_in_the_city_zone() -> None:
    received = datetime(2026, 11, 18, 1, 12, tzinfo=UTC)
    answers = [
        CALENDAR.end_of_workday_after(received, 1),
        CALENDAR.same_time_workdays_after(received, 1),
        CALENDAR.same_time_workdays_before(received, 1),
        CALENDAR.next_working_time(received),
        CALENDAR.add_working_time(received, timedelta(hours=2)),
        CALENDAR.end_of_nth_workday_of_month(2026, 11, 5),
    ]

    assert {answer.tzinfo for answer in answers} == {CITY_ZONE}


@pytest.mark.parametrize(
    ("received", "workdays", "due"),
    [
        ("2026-12-31 10:00", 1, "2027-01-04"),  # 01-01 is a Friday
        ("2026-12-30 10:00", 5, "2027-01-07"),
        ("2025-12-31 10:00", 1, "2026-01-04"),  # a make-up Sunday
        ("2022-12-30 10:00", 1, "2023-01-03"),
    ],
)
def test_counting_runs_over_the_end_of_a_year(received: str, workdays: int, due: str) -> None:
    assert CALENDAR.end_of_workday_after(at(received), workdays) == end_of(due)


@pytest.mark.parametrize("year", [2022, 2023, 2024, 2025, 2026, 2027])
def test_counting_equals_stepping_day_by_day(year: int) -> None:
    ordinary_days = days_between(date(year, 1, 1), date(year, 12, 31))
    for day in ordinary_days:
        for n in (1, 2, 5, 15):
            assert CALENDAR.workday_after(day, n) == stepped(day, n, CALENDAR, ONE_DAY)
            assert CALENDAR.workday_before(day, n) == stepped(day, n, CALENDAR, -ONE_DAY)


def stepped(day: date, n: int, calendar: WorkCalendar, step: timedelta) -> date:
    while n:
        day += step
        n -= calendar.is_workday(day)
    return day


def test_exceptions_that_repeat_the_weekday_change_nothing() -> None:
    spelled_out = {
        day: day.weekday() < 5 for day in days_between(date(2026, 3, 1), date(2026, 4, 30))
    }
    wordy = WorkCalendar(version="wordy", exceptions=spelled_out)

    for day in days_between(date(2026, 2, 15), date(2026, 5, 15)):
        assert wordy.workday_after(day, 3) == PLAIN.workday_after(day, 3)


def test_the_order_of_the_exceptions_does_not_matter() -> None:
    backwards = WorkCalendar(
        version="backwards", exceptions=dict(reversed(list(CALENDAR.exceptions.items())))
    )

    assert backwards.end_of_workday_after(at("2026-09-30 16:00"), 5) == end_of("2026-10-13")
    assert backwards.end_of_workday_after(at("2022-09-30 16:00"), 1) == end_of("2022-10-08")


def test_a_long_closure_is_crossed_in_both_directions() -> None:
    closed = dict.fromkeys(days_between(date(2026, 3, 1), date(2026, 6, 30)), False)
    calendar = WorkCalendar(version="closed", exceptions=closed)

    assert calendar.workday_after(date(2026, 2, 27), 1) == date(2026, 7, 1)
    assert calendar.workday_before(date(2026, 7, 1), 1) == date(2026, 2, 27)
    assert calendar.workday_after(date(2026, 4, 15), 2) == date(2026, 7, 2)
    assert calendar.workday_before(date(2026, 4, 15), 2) == date(2026, 2, 26)


@pytest.mark.parametrize(
    ("moment", "workdays", "before", "after"),
    [
        ("2026-11-25 23:59:59", 1, "2026-11-24 23:59:59", "2026-11-26 23:59:59"),
        ("2026-11-23 10:30", 1, "2026-11-20 10:30", "2026-11-24 10:30"),
        ("2026-10-08 12:00", 1, "2026-09-30 12:00", "2026-10-09 12:00"),
        ("2026-09-21 08:00", 1, "2026-09-20 08:00", "2026-09-22 08:00"),
        ("2026-11-22 08:00", 1, "2026-11-20 08:00", "2026-11-23 08:00"),
        ("2026-09-30 16:00", 10, "2026-09-16 16:00", "2026-10-20 16:00"),
    ],
)
def test_workdays_are_added_and_taken_at_the_same_time_of_day(
    moment: str, workdays: int, before: str, after: str
) -> None:
    assert CALENDAR.same_time_workdays_before(at(moment), workdays) == at(before)
    assert CALENDAR.same_time_workdays_after(at(moment), workdays) == at(after)


@pytest.mark.parametrize(
    ("year", "month", "freeze_day"),
    [
        (2022, 1, "2022-01-10"),
        (2026, 1, "2026-01-08"),  # 01-04 is a make-up Sunday
        (2026, 2, "2026-02-06"),
        (2026, 10, "2026-10-13"),
        (2026, 12, "2026-12-07"),
        (2027, 1, "2027-01-08"),
    ],
)
def test_the_freeze_day_is_the_fifth_workday_of_the_month(
    year: int, month: int, freeze_day: str
) -> None:
    assert CALENDAR.end_of_nth_workday_of_month(year, month, 5) == end_of(freeze_day)


def test_a_month_has_no_more_workdays_than_it_has() -> None:
    assert CALENDAR.end_of_nth_workday_of_month(2026, 2, 16) == end_of("2026-02-28")
    with pytest.raises(ValueError, match="fewer than 17 workdays"):
        CALENDAR.end_of_nth_workday_of_month(2026, 2, 17)


@pytest.mark.parametrize("n", [0, -1])
def test_a_deadline_is_at_least_one_workday_away(n: int) -> None:
    for count in (
        CALENDAR.end_of_workday_after,
        CALENDAR.same_time_workdays_after,
        CALENDAR.same_time_workdays_before,
    ):
        with pytest.raises(ValueError, match="at least one workday"):
            count(at("2026-11-18 09:12"), n)


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="without an offset"):
        CALENDAR.end_of_workday_after(datetime(2026, 11, 18, 9, 12), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="without an offset"):
        CALENDAR.working_time_between(
            at("2026-11-18 09:12"),
            datetime(2026, 11, 18),  # noqa: DTZ001
        )


@pytest.mark.parametrize(
    "hours",
    [
        (),
        ((time(9), time(9)),),
        ((time(12), time(9)),),
        ((time(9), time(12)), (time(12), time(17))),
        ((time(13), time(17)), (time(9), time(12))),
    ],
)
def test_working_hours_must_be_openings_in_order(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="working hours"):
        WorkCalendar(version="bad", exceptions={}, hours=hours)


@pytest.mark.parametrize(
    ("day", "provisional"),
    [
        (date(2022, 1, 1), False),
        (date(2026, 12, 31), False),
        (date(2027, 1, 1), True),
        (date(2027, 12, 31), True),
        (date(2028, 1, 3), True),
    ],
)
def test_years_without_a_notice_are_provisional(day: date, *, provisional: bool) -> None:
    assert CALENDAR.is_provisional(day) is provisional


def test_a_calendar_of_weekdays_alone_is_not_provisional() -> None:
    assert not PLAIN.is_provisional(date(2026, 1, 1))


def test_a_calendar_keeps_its_own_copy_of_the_days() -> None:
    days = {date(2026, 11, 19): False}
    calendar = WorkCalendar(version="own", exceptions=days)
    days.clear()

    assert not calendar.is_workday(date(2026, 11, 19))
    assert isinstance(calendar.exceptions, MappingProxyType)


def test_equal_calendars_are_equal_and_hash_alike() -> None:
    other = load_official_calendar()
    moved: Mapping[date, bool] = {**CALENDAR.exceptions, date(2026, 11, 19): False}

    assert (CALENDAR, hash(CALENDAR)) == (other, hash(other))
    assert WorkCalendar(version="2026.1", exceptions=moved) != CALENDAR
