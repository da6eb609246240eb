"""Complaints by ISO week, before and after a measure."""

from datetime import date, datetime, timedelta

from services.dispatch.rules.weeks import Series, around, count_weeks, monday_of, week_name
from shared.domain.calendar import CITY_ZONE

MONDAY = date(2022, 6, 6)


def at(day: int, hour: int = 10, month: int = 6) -> datetime:
    return datetime(2022, month, day, hour, tzinfo=CITY_ZONE)


def test_a_week_begins_on_monday_in_the_city() -> None:
    assert monday_of(at(6, 0)) == MONDAY
    assert monday_of(at(5, 23)) == MONDAY - timedelta(weeks=1)
    assert week_name(MONDAY) == "2022-W23"
    assert week_name(date(2022, 1, 3) - timedelta(weeks=1)) == "2021-W52"


def test_weeks_without_complaints_count_nothing() -> None:
    received = [at(6), at(8), at(27)]

    assert count_weeks(received, since=MONDAY, until=date(2022, 6, 27)) == Series(
        MONDAY, (2, 0, 0, 1)
    )


def test_the_week_of_a_measure_is_parted_at_its_instant() -> None:
    received = [at(1), at(8, 9), at(8, 11), at(22)]
    before, after = around(received, at(8), now=at(28))

    assert before.counts == (0, 0, 0, 0, 0, 0, 0, 1, 1)
    assert (after.since, after.counts) == (MONDAY, (1, 0, 1, 0))
