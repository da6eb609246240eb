"""Limits, windows and numbers as text: what is read, and what is refused."""

from datetime import datetime, time, timedelta

import pytest

from shared.domain.calendar import CITY_ZONE
from shared.domain.limits import (
    BadLimit,
    Limit,
    Limits,
    LimitUnit,
    UnknownLimit,
    Window,
    parse_limit,
    parse_window,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("1wd", 1, LimitUnit.WORKDAY),
        ("15wd", 15, LimitUnit.WORKDAY),
        ("2wh", 2, LimitUnit.WORKING_HOUR),
        ("15min", 15, LimitUnit.MINUTE),
        ("1h", 1, LimitUnit.HOUR),
        ("30d", 30, LimitUnit.DAY),
    ],
)
def test_a_limit_is_a_number_and_a_unit(text: str, amount: int, unit: LimitUnit) -> None:
    assert parse_limit(text) == Limit(amount, unit)
    assert str(parse_limit(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "wd",
        "5 wd",
        "5WD",
        "0wd",
        "-1wd",
        "05wd",
        "1.5h",
        "5wd\n",
        "10000wd",
        "５wd",
        "٥wd",
    ],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(BadLimit, match="无法识别的时限"):
        parse_limit(text)


def test_a_span_is_the_length_of_hours_minutes_and_days() -> None:
    assert parse_limit("2wh").span == timedelta(hours=2)
    assert parse_limit("2h").span == timedelta(hours=2)
    assert parse_limit("15min").span == timedelta(minutes=15)
    assert parse_limit("30d").span == timedelta(days=30)
    with pytest.raises(ValueError, match="counted by the calendar"):
        assert parse_limit("5wd").span


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("08:30-17:30", Window(time(8, 30), time(17, 30))),
        ("06:00-24:00", Window(time(6), time(0))),
        ("00:00-24:00", Window(time(0), time(0))),
        ("00:00-00:01", Window(time(0), time(0, 1))),
        ("23:59-24:00", Window(time(23, 59), time(0))),
    ],
)
def test_a_window_lies_within_one_day(text: str, window: Window) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    "text",
    [
        "",
        "08:30",
        "8:30-17:30",
        "08:30-24:01",
        "08:30-25:00",
        "24:00-24:00",
        "08:60-17:30",
        "17:30-08:30",
        "08:30-08:30",
        "08:30-00:00",
        "08:30 - 17:30",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(BadLimit):
        parse_window(text)


@pytest.mark.parametrize(
    ("window", "moment", "opening"),
    [
        ("08:30-17:30", "2026-11-18 08:29:59.999999", "2026-11-18 08:30"),
        ("08:30-17:30", "2026-11-18 08:30", "2026-11-18 08:30"),
        ("08:30-17:30", "2026-11-18 17:29:59.999999", "2026-11-18 17:29:59.999999"),
        ("08:30-17:30", "2026-11-18 17:30", "2026-11-19 08:30"),
        ("08:30-17:30", "2026-11-20 20:00", "2026-11-21 08:30"),  # Saturdays too
        ("08:30-17:30", "2026-12-31 20:00", "2027-01-01 08:30"),  # holidays too
        ("06:00-24:00", "2026-11-18 23:59:59.999999", "2026-11-18 23:59:59.999999"),
        ("06:00-24:00", "2026-11-19 00:00", "2026-11-19 06:00"),
        ("00:00-24:00", "2026-11-19 00:00", "2026-11-19 00:00"),
        ("00:00-24:00", "2026-11-19 03:00", "2026-11-19 03:00"),
    ],
)
def test_a_window_is_open_from_its_first_moment_until_just_before_its_last(
    window: str, moment: str, opening: str
) -> None:
    hours = parse_window(window)

    assert hours.next_opening(at(moment)) == at(opening)
    assert (at(moment) in hours) is (moment == opening)


def test_only_times_are_in_a_window() -> None:
    assert time(9) not in parse_window("08:30-17:30")


def test_the_register_reads_each_value_as_what_it_is() -> None:
    limits = Limits(
        version="t-1",
        values={"limit.help": "5wd", "rework_max": "2", "duty": "06:00-24:00", "mode": "strict"},
    )

    assert limits.limit("limit.help") == Limit(5, LimitUnit.WORKDAY)
    assert limits.number("rework_max") == 2
    assert limits.window("duty") == (time(6), time(0))
    assert limits.text("mode") == "strict"


def test_a_value_of_another_kind_is_refused() -> None:
    limits = Limits(version="t-1", values={"limit.help": "5wd", "rework_max": "2", "max": "-1"})

    with pytest.raises(BadLimit, match="应为整数"):
        limits.number("limit.help")
    with pytest.raises(BadLimit, match="应为整数"):
        limits.number("max")
    with pytest.raises(BadLimit):
        limits.limit("rework_max")
    with pytest.raises(BadLimit):
        limits.window("limit.help")


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(UnknownLimit, match=r"limit\.unheard_of"):
        Limits(version="t-1", values={}).limit("limit.unheard_of")


def test_a_register_keeps_its_own_copy() -> None:
    values = {"rework_max": "2"}
    limits = Limits(version="t-1", values=values)
    values["rework_max"] = "9"

    assert limits.number("rework_max") == 2
