"""The day lists and the register of limits that ship with the product."""

from datetime import date, timedelta

import pytest

from shared.domain.limits import Limit, LimitUnit
from shared.domain.official import (
    calendar_of,
    load_calendar_years,
    load_default_limits,
    load_default_register,
    load_official_calendar,
    read_calendar_year,
)

YEARS = {year.year: year for year in load_calendar_years()}
HOLIDAYS = {"元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"}


def test_six_years_are_known_and_only_the_last_is_provisional() -> None:
    assert list(YEARS) == [2022, 2023, 2024, 2025, 2026, 2027]
    assert [year for year, list_ in YEARS.items() if list_.provisional] == [2027]
    assert load_official_calendar().version == "2026.1"


@pytest.mark.parametrize(
    ("year", "workdays"),
    [(2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248), (2027, 254)],
)
def test_each_year_has_its_number_of_workdays(year: int, workdays: int) -> None:
    calendar = load_official_calendar()
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    assert sum(map(calendar.is_workday, days)) == workdays


@pytest.mark.parametrize(
    ("year", "made_up"),
    [
        (2022, "01-29 01-30 04-02 04-24 05-07 10-08 10-09"),
        (2023, "01-28 01-29 04-23 05-06 06-25 10-07 10-08"),
        (2024, "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12"),
        (2025, "01-26 02-08 04-27 09-28 10-11"),
        (2026, "01-04 02-14 02-28 05-09 09-20 10-10"),
        (2027, ""),
    ],
)
def test_every_make_up_day_is_a_worked_weekend_day(year: int, made_up: str) -> None:
    days = [entry.day for entry in YEARS[year].days if entry.is_workday]

    assert [f"{day:%m-%d}" for day in days] == made_up.split()
    assert all(day.weekday() >= 5 for day in days)


def test_the_rest_days_of_2026_are_those_of_the_notice() -> None:
    rest = {entry.day for entry in YEARS[2026].days if not entry.is_workday}
    spans = [
        ((1, 1), (1, 3)),
        ((2, 15), (2, 23)),
        ((4, 4), (4, 6)),
        ((5, 1), (5, 5)),
        ((6, 19), (6, 21)),
        ((9, 25), (9, 27)),
        ((10, 1), (10, 7)),
    ]
    expected = set()
    for first, last in spans:
        day = date(2026, *first)
        while day <= date(2026, *last):
            expected.add(day)
            day += timedelta(days=1)

    assert rest == expected


def test_the_provisional_year_has_the_thirteen_statutory_days_alone() -> None:
    days = [entry.day for entry in YEARS[2027].days]

    assert [f"{day:%m-%d}" for day in days] == [
        *("01-01", "02-05", "02-06", "02-07", "02-08", "04-05", "05-01", "05-02"),
        *("06-09", "09-15", "10-01", "10-02", "10-03"),
    ]


@pytest.mark.parametrize("year", list(YEARS))
def test_every_day_is_named_once_and_in_order(year: int) -> None:
    days = [entry.day for entry in YEARS[year].days]

    assert days == sorted(set(days))
    assert {entry.name for entry in YEARS[year].days} == HOLIDAYS
    assert YEARS[year].source


def test_a_day_of_another_year_is_refused() -> None:
    data = {
        "year": 2026,
        "provisional": False,
        "source": "误录",
        "days": [{"day": "2027-01-01", "is_workday": False, "name": "元旦"}],
    }
    with pytest.raises(ValueError, match="outside 2026"):
        read_calendar_year(data)


def test_a_calendar_may_be_made_of_some_years() -> None:
    calendar = calendar_of("2022 alone", iter([YEARS[2022]]))

    assert calendar.names[date(2022, 10, 1)] == "国庆节"
    assert not calendar.is_workday(date(2022, 10, 3))
    assert calendar.is_workday(date(2026, 10, 5))
    assert not calendar.is_provisional(date(2022, 12, 31))
    assert calendar.is_provisional(date(2023, 1, 1))


@pytest.mark.parametrize(
    ("key", "limit"),
    [
        ("accept.desk", Limit(2, LimitUnit.WORKING_HOUR)),
        ("accept.unit", Limit(2, LimitUnit.WORKING_HOUR)),
        ("accept.sub_urgent", Limit(30, LimitUnit.MINUTE)),
        ("accept.urgent", Limit(15, LimitUnit.MINUTE)),
        ("first_contact.normal", Limit(1, LimitUnit.WORKDAY)),
        ("first_contact.sub_urgent", Limit(2, LimitUnit.HOUR)),
        ("first_contact.urgent", Limit(1, LimitUnit.HOUR)),
        ("limit.consult", Limit(1, LimitUnit.WORKDAY)),
        ("limit.suggestion", Limit(1, LimitUnit.WORKDAY)),
        ("limit.help", Limit(5, LimitUnit.WORKDAY)),
        ("limit.complaint", Limit(5, LimitUnit.WORKDAY)),
        ("limit.report", Limit(5, LimitUnit.WORKDAY)),
        ("limit.praise", Limit(5, LimitUnit.WORKDAY)),
        ("limit.other", Limit(5, LimitUnit.WORKDAY)),
        ("limit.complex", Limit(15, LimitUnit.WORKDAY)),
        ("limit.supervised", Limit(3, LimitUnit.WORKDAY)),
        ("limit.rework", Limit(3, LimitUnit.WORKDAY)),
        ("lead_time", Limit(1, LimitUnit.WORKDAY)),
        ("return.window", Limit(4, LimitUnit.WORKING_HOUR)),
        ("unit_return.window", Limit(2, LimitUnit.WORKING_HOUR)),
        ("appeal.window", Limit(3, LimitUnit.WORKDAY)),
        ("extension.days", Limit(10, LimitUnit.WORKDAY)),
        ("extension.before", Limit(1, LimitUnit.WORKDAY)),
        ("follow_up.within", Limit(2, LimitUnit.WORKDAY)),
        ("repeat.window", Limit(30, LimitUnit.DAY)),
        ("repeat.after_completion", Limit(15, LimitUnit.DAY)),
        ("backdate.unit", Limit(10, LimitUnit.MINUTE)),
        ("backdate.desk", Limit(1, LimitUnit.WORKDAY)),
        ("freeze_day", Limit(5, LimitUnit.WORKDAY)),
    ],
)
def test_the_default_limits_are_those_of_the_register(key: str, limit: Limit) -> None:
    assert load_default_limits().limit(key) == limit


def test_the_default_numbers_are_those_of_the_register() -> None:
    limits = load_default_limits()
    numbers = {
        "return.max": 1,
        "extension.max": 1,
        "follow_up.attempts": 3,
        "rework_max": 2,
        "archive_days": 30,
        "cluster.min": 3,
        "rank.min_sample": 5,
    }

    assert {key: limits.number(key) for key in numbers} == numbers
    assert limits.version == "default-1"


def test_every_default_says_what_it_means_and_rests_on() -> None:
    register = load_default_register()

    assert len({entry.key for entry in register}) == len(register)
    assert all(entry.remark and entry.evidence for entry in register)
    sourced = {entry.key for entry in register if entry.evidence != "default"}
    assert {"first_contact.normal", "limit.complaint", "duty.emergency"} <= sourced
