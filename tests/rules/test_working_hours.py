"""Working time: the lunch break, nights, holidays, and agreement with a minute-by-minute count."""

import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.domain.official import load_official_calendar

CALENDAR = load_official_calendar()
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

# The notice for 2026, written out a second time so that the data is not compared with itself.
REST_2026 = [
    ("01-01", "01-03"),
    ("02-15", "02-23"),
    ("04-04", "04-06"),
    ("05-01", "05-05"),
    ("06-19", "06-21"),
    ("09-25", "09-27"),
    ("10-01", "10-07"),
]
WORKED_2026 = {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}
FIRST_MINUTE = datetime(2026, 1, 1, tzinfo=CITY_ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def is_workday_by_notice(day: date) -> bool:
    text = f"{day:%m-%d}"
    if text in WORKED_2026:
        return True
    return day.weekday() < 5 and not any(first <= text <= last for first, last in REST_2026)


def working_minutes_of_2026() -> Iterator[int]:
    """Every working minute of the year, by its distance from New Year."""
    for number in range(365):
        if is_workday_by_notice(date(2026, 1, 1) + timedelta(days=number)):
            for minute in range(24 * 60):
                if 9 * 60 <= minute < 12 * 60 or 13 * 60 <= minute < 17 * 60 + 30:
                    yield number * 24 * 60 + minute


WORKING_MINUTES = list(working_minutes_of_2026())


def test_the_notice_makes_248_workdays() -> None:
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    assert [CALENDAR.is_workday(day) for day in year] == [is_workday_by_notice(day) for day in year]
    assert sum(map(CALENDAR.is_workday, year)) == 248
    assert len(WORKING_MINUTES) == 248 * 450


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-18 09:12", 2 * HOUR, "2026-11-18 11:12"),
        ("2026-11-18 10:00", 2 * HOUR, "2026-11-18 12:00"),  # fits: ends at the closing
        ("2026-11-18 10:01", 2 * HOUR, "2026-11-18 13:01"),  # over lunch
        ("2026-11-18 12:00", 2 * HOUR, "2026-11-18 15:00"),  # closed at 12:00 sharp
        ("2026-11-18 12:30", 2 * HOUR, "2026-11-18 15:00"),
        ("2026-11-18 13:00", 2 * HOUR, "2026-11-18 15:00"),
        ("2026-11-18 15:30", 2 * HOUR, "2026-11-18 17:30"),
        ("2026-11-18 16:30", 2 * HOUR, "2026-11-19 10:00"),
        ("2026-11-18 17:30", 2 * HOUR, "2026-11-19 11:00"),
        ("2026-11-18 03:00", 2 * HOUR, "2026-11-18 11:00"),
        ("2026-11-20 17:00", 2 * HOUR, "2026-11-23 10:30"),  # over a weekend
        ("2026-11-21 10:00", 2 * HOUR, "2026-11-23 11:00"),
        ("2026-09-30 16:30", 2 * HOUR, "2026-10-08 10:00"),  # over the National Day
        ("2026-10-09 17:00", 2 * HOUR, "2026-10-10 10:30"),  # into a make-up Saturday
        ("2026-11-18 09:00", 4 * HOUR, "2026-11-18 14:00"),
        ("2026-11-18 09:00", 7.5 * HOUR, "2026-11-18 17:30"),
        ("2026-11-18 09:00", 15 * HOUR, "2026-11-19 17:30"),
        ("2026-11-18 17:30", 7.5 * HOUR, "2026-11-19 17:30"),
        ("2026-12-31 16:30", 2 * HOUR, "2027-01-04 10:00"),  # into the provisional year
        ("2026-11-18 11:59:59.999999", timedelta(microseconds=1), "2026-11-18 12:00"),
        ("2026-11-18 12:00", timedelta(microseconds=1), "2026-11-18 13:00:00.000001"),
    ],
)
def test_working_time_runs_in_working_hours_only(start: str, span: timedelta, end: str) -> None:
    assert CALENDAR.add_working_time(at(start), span) == at(end)


@pytest.mark.parametrize(
    ("start", "opening"),
    [
        ("2026-11-18 09:00", "2026-11-18 09:00"),
        ("2026-11-18 08:59:59", "2026-11-18 09:00"),
        ("2026-11-18 11:59:59", "2026-11-18 11:59:59"),
        ("2026-11-18 12:00", "2026-11-18 13:00"),
        ("2026-11-18 17:29:59", "2026-11-18 17:29:59"),
        ("2026-11-18 17:30", "2026-11-19 09:00"),
        ("2026-11-21 10:00", "2026-11-23 09:00"),
        ("2026-09-19 10:00", "2026-09-20 09:00"),
    ],
)
def test_a_start_outside_the_hours_moves_to_the_next_opening(start: str, opening: str) -> None:
    assert CALENDAR.next_working_time(at(start)) == at(opening)
    assert CALENDAR.add_working_time(at(start), timedelta(0)) == at(opening)


def test_working_time_only_runs_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_working_time(at("2026-11-18 09:12"), -MINUTE)


@pytest.mark.parametrize(
    ("start", "end", "worked"),
    [
        ("2026-11-18 09:00", "2026-11-18 17:30", 7.5 * HOUR),
        ("2026-11-18 11:30", "2026-11-18 13:30", HOUR),
        ("2026-11-18 12:00", "2026-11-18 13:00", 0 * HOUR),
        ("2026-11-18 17:30", "2026-11-19 09:00", 0 * HOUR),
        ("2026-11-20 17:00", "2026-11-23 09:30", HOUR),
        ("2026-10-01 00:00", "2026-10-08 09:00", 0 * HOUR),
        ("2026-01-01 00:00", "2027-01-01 00:00", 248 * 7.5 * HOUR),
    ],
)
def test_working_time_between_two_instants(start: str, end: str, worked: timedelta) -> None:
    assert CALENDAR.working_time_between(at(start), at(end)) == worked
    assert CALENDAR.working_time_between(at(end), at(start)) == -worked


def test_both_agree_with_a_count_minute_by_minute() -> None:
    generator = random.Random(12345)
    minutes_of_ten_months = 300 * 24 * 60
    for _ in range(4_000):
        start = generator.randrange(minutes_of_ten_months)
        needed = generator.choice((1, 15, 30, 120, 180, 240, 270, 450, 900, 4500))
        needed += generator.choice((0, 0, generator.randrange(450)))
        position = bisect_left(WORKING_MINUTES, start)
        end = WORKING_MINUTES[position + needed - 1] + 1
        other = generator.randrange(minutes_of_ten_months)
        worked = bisect_left(WORKING_MINUTES, other) - position

        begin = FIRST_MINUTE + start * MINUTE
        assert CALENDAR.add_working_time(begin, needed * MINUTE) == FIRST_MINUTE + end * MINUTE
        there = FIRST_MINUTE + other * MINUTE
        assert CALENDAR.working_time_between(begin, there) == worked * MINUTE


@given(
    offset=st.timedeltas(timedelta(0), timedelta(days=6 * 365)),
    span=st.timedeltas(timedelta(microseconds=1), timedelta(days=5)),
)
def test_added_working_time_is_found_again_and_not_a_moment_later(
    offset: timedelta, span: timedelta
) -> None:
    begin = datetime(2022, 1, 1, tzinfo=CITY_ZONE) + offset
    end = CALENDAR.add_working_time(begin, span)
    just_before = end - timedelta(microseconds=1)

    assert CALENDAR.working_time_between(begin, end) == span
    assert CALENDAR.working_time_between(begin, just_before) < span


def test_hours_belong_to_the_calendar() -> None:
    summer = WorkCalendar(version="summer", exceptions={}, hours=((time(8), time(18)),))

    assert summer.add_working_time(at("2026-11-18 11:00"), 2 * HOUR) == at("2026-11-18 13:00")
    assert summer.add_working_time(at("2026-11-18 17:00"), 2 * HOUR) == at("2026-11-19 09:00")
